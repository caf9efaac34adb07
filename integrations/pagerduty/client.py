"""PagerDuty's two APIs: events (developer.pagerduty.com, "Send an alert event") and REST ("Authentication", "Rate limits")."""

from __future__ import annotations

from typing import Any

from integrations.http import HttpClient
from integrations.pagerduty.policy import TITLE, PagerDutySettings
from warroom.ports import Clock

PAGE = 100
"""The most that one page of an answer holds ("Pagination")."""
MOST_PAGES = 10
ADVICE = {
    401: "Check PAGERDUTY_API_TOKEN.",
    402: "The PagerDuty account does not have what is asked for.",
    403: "Give the token of PAGERDUTY_API_TOKEN access to it.",
    404: "Compare the id in the policy with the page's address in PagerDuty.",
}
EVENT_ADVICE = {400: "Compare the routing key with the integration key of the Events API v2 integration in PagerDuty."}


class PagerDutyClient:
    """Both APIs. One for a whole process."""

    def __init__(self, settings: PagerDutySettings, clock: Clock) -> None:
        token = settings.pagerduty_api_token.get_secret_value() if settings.pagerduty_api_token else ""
        headers = {
            "Accept": "application/vnd.pagerduty+json;version=2",
            "Content-Type": "application/json",
            "Authorization": f"Token token={token}",
        }
        self.rest = HttpClient(
            TITLE, settings.pagerduty_api_url, clock, headers=headers, secrets=(token,), advice=ADVICE
        )
        self._events = HttpClient(TITLE, settings.pagerduty_events_url, clock, advice=EVENT_ADVICE)
        self._from = settings.pagerduty_from

    async def close(self) -> None:
        """Close the connections."""
        await self.rest.close()
        await self._events.close()

    async def event(self, what: str, routing_key: str, action: str, dedup_key: str, **more: Any) -> None:
        """Send an event. The same one twice changes nothing there. Raises Retryable or Rejected."""
        body = {"routing_key": routing_key, "event_action": action, "dedup_key": dedup_key} | more
        await self._events.post(what, "enqueue", json=body)

    async def incident_with(self, key: str) -> dict[str, Any] | None:
        """The newest incident with that dedup key, with whoever acknowledged it. Raises Retryable or Rejected."""
        params = {"incident_key": key, "date_range": "all", "include[]": "acknowledgers", "sort_by": "created_at:desc"}
        found = await self.rest.call("GET", "Looking for the incident", "incidents", params=params)
        newest = sorted(found["incidents"], key=lambda each: str(each["created_at"]))
        return newest[-1] if newest else None

    async def incident(self, remote_id: str) -> dict[str, Any]:
        """One incident, with whoever acknowledged it. Raises Retryable or Rejected."""
        params = {"include[]": "acknowledgers"}
        found = await self.rest.call("GET", "Reading the incident", "incidents", remote_id, params=params)
        return dict(found["incident"])

    async def set_status(self, what: str, remote_id: str, status: str) -> None:
        """Change an incident that PagerDuty had first. Raises Retryable or Rejected."""
        body = {"incident": {"type": "incident", "status": status}}
        await self.rest.call("PUT", what, "incidents", remote_id, json=body, headers=self.sender)

    async def listed(self, what: str, *path: str, key: str, **params: str) -> list[dict[str, Any]]:
        """Everything of a list that comes in pages, at most MOST_PAGES of them. Raises Retryable or Rejected."""
        found: list[dict[str, Any]] = []
        for page in range(MOST_PAGES):
            asked = {"limit": str(PAGE), "offset": str(page * PAGE)} | params
            answer = await self.rest.call("GET", what, *path, params=asked)
            found += answer[key]
            if not answer.get("more"):
                break
        return found

    async def email_of(self, user_id: str) -> str | None:
        """A user's email. Raises Retryable or Rejected."""
        answer = await self.rest.get("Looking up who it was", "users", user_id)
        email = answer["user"].get("email")
        return str(email) if email else None

    @property
    def writes(self) -> bool:
        """Whether there is somebody in whose name the REST API may write."""
        return bool(self._from)

    @property
    def sender(self) -> dict[str, str]:
        """The header that the REST API wants with every write ("Authentication": the From header)."""
        return {"From": self._from or ""}
