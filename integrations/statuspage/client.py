"""Statuspage's Manage API (developer.statuspage.io): incidents, their updates, components."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.http import HttpClient
from integrations.statuspage.model import Draft, PageIncident
from integrations.statuspage.policy import TITLE, StatuspageSettings
from warroom.ports import Clock

ADVICE = {
    401: "Check STATUSPAGE_API_KEY.",
    403: "The key of STATUSPAGE_API_KEY belongs to another organisation.",
    404: "Compare statuspage.page with the page's id in Statuspage.",
    422: "Compare statuspage.components with the ids of the page's components.",
}


class StatuspageClient:
    """One page. One for a whole process. An API key may call once a second ("Rate Limiting")."""

    def __init__(self, settings: StatuspageSettings, page: str, clock: Clock) -> None:
        key = settings.statuspage_api_key.get_secret_value() if settings.statuspage_api_key else ""
        headers = {"Authorization": f"OAuth {key}"}
        self._http = HttpClient(
            TITLE, settings.statuspage_api_url, clock, headers=headers, secrets=(key,), advice=ADVICE
        )
        self._path = ("pages", page)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()

    async def page(self) -> None:
        """Returns when there is such a page. Raises Retryable or Rejected."""
        await self._http.get("Looking for the page", *self._path)

    async def components(self) -> dict[str, str]:
        """Names by id. Raises Retryable or Rejected."""
        found = await self._http.get("Reading the components", *self._path, "components", per_page="100")
        return {str(each["id"]): str(each["name"]) for each in found}

    async def incident(self, name: str) -> Mapping[str, Any]:
        """One incident of the page with its updates. Raises Retryable or Rejected."""
        found: Mapping[str, Any] = await self._http.get("Reading the status page", *self._path, "incidents", name)
        return found

    async def made_for(self, incident_id: str) -> Mapping[str, Any] | None:
        """The incident that an earlier try made: its metadata names ours. Raises Retryable or Rejected."""
        found = await self._http.get("Looking for the incident", *self._path, "incidents", limit="100")
        mine = (
            each
            for each in found
            if ((each.get("metadata") or {}).get(NAME_IN_METADATA) or {}).get("incident") == incident_id
        )
        return next(mine, None)

    async def create(self, draft: Draft, incident_id: str) -> Mapping[str, Any]:
        """A new incident on the page. Raises Retryable or Rejected."""
        body = _body(draft) | {"name": draft.name, "metadata": {NAME_IN_METADATA: {"incident": incident_id}}}
        made: Mapping[str, Any] = await self._http.post("Publishing", *self._path, "incidents", json={"incident": body})
        return made

    async def update(self, name: str, draft: Draft) -> Mapping[str, Any]:
        """An update of an incident of the page. Raises Retryable or Rejected."""
        changed: Mapping[str, Any] = await self._http.call(
            "PATCH", "Publishing", *self._path, "incidents", name, json={"incident": _body(draft)}
        )
        return changed


NAME_IN_METADATA = "warroom"
"""Top-level values of the metadata must be objects ("Create an incident")."""


def _body(draft: Draft) -> dict[str, Any]:
    known = {"status": draft.status.value, "body": draft.body, "deliver_notifications": draft.notify}
    touched = {"components": draft.components, "component_ids": [*draft.components]} if draft.components else {}
    return known | touched


def updates(found: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The updates, oldest first."""
    return sorted(found["incident_updates"], key=lambda each: (str(each["created_at"]), str(each["id"])))


def shown(found: Mapping[str, Any]) -> PageIncident:
    """The incident as it is on the page."""
    newest = updates(found)[-1] if found["incident_updates"] else {"id": "", "body": ""}
    url = str(found.get("shortlink") or "")
    return PageIncident(
        id=str(found["id"]),
        url=url if url.startswith(("https://", "http://")) else "",
        status=str(found["status"]),
        latest=str(newest["id"]),
        body=str(newest.get("body") or ""),
    )
