"""Jira Cloud's REST API, version 3 (developer.atlassian.com, "The Jira Cloud platform REST API")."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from integrations.http import HttpClient
from integrations.jira.policy import TITLE, JiraSettings
from warroom.errors import Rejected
from warroom.ports import Clock

API = ("rest", "api", "3")
ADVICE = {
    401: "Check JIRA_EMAIL and JIRA_API_TOKEN.",
    403: "Give the user of JIRA_EMAIL the permission in that project.",
    404: "Check that it exists and that the user of JIRA_EMAIL may see it.",
    400: "Compare the section jira of the policy with the project's fields and issue types.",
}
DONE = "done"
"""The category of statuses in which nothing is left to do ("Workflow statuses": statusCategory)."""


class JiraClient:
    """One for a whole process."""

    def __init__(self, settings: JiraSettings, clock: Clock) -> None:
        token = settings.jira_api_token.get_secret_value() if settings.jira_api_token else ""
        basic = base64.b64encode(f"{settings.jira_email}:{token}".encode()).decode()
        self.url = (settings.jira_url or "").rstrip("/")
        headers = {"Authorization": f"Basic {basic}"}
        self._http = HttpClient(TITLE, self.url, clock, headers=headers, secrets=(token,), advice=ADVICE)
        self._me: str | None = None

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()

    def page(self, key: str) -> str:
        """Where people read the issue."""
        return f"{self.url}/browse/{key}"

    async def get(self, what: str, *path: str, **params: str) -> Any:
        """What stands there. Raises Retryable or Rejected."""
        return await self._http.get(what, *API, *path, **params)

    async def post(self, what: str, *path: str, json: Mapping[str, Any]) -> Any:
        """What making it answers. Raises Retryable or Rejected."""
        return await self._http.post(what, *API, *path, json=json)

    async def me(self) -> str:
        """The account id of JIRA_EMAIL's user. Raises Retryable or Rejected."""
        if self._me is None:
            self._me = str((await self.get("Asking who we are", "myself"))["accountId"])
        return self._me

    async def labelled(self, name: str) -> str | None:
        """The key of the issue with that label. Jira finds a new issue seconds after it was made ("Search for issues using JQL
        enhanced search"). Raises Retryable or Rejected.
        """
        found = await self.get(
            "Looking for the issue", "search", "jql", jql=f'labels = "{name}"', fields="labels", maxResults="5"
        )
        return next((str(each["key"]) for each in found["issues"]), None)

    async def status(self, key: str) -> tuple[str, bool]:
        """(the name of the issue's status, whether it counts as done). Raises Retryable or Rejected."""
        return status_of(await self.get("Reading the issue", "issue", key, fields="status"))

    async def move(self, key: str, name: str | None, *, again: bool = False) -> tuple[str, bool]:
        """The issue follows the transition of that name, or into the status of that name; None: into one that counts as done.
        Returns the status it is in then. `again`: an earlier try may have moved it, and then the transition is not offered any
        more. Raises Retryable, and Rejected where there is no such transition.
        """
        status = await self.status(key)
        if (name is None and status[1]) or (name is not None and status[0].casefold() == name.casefold()):
            return status
        offered = (await self.get("Reading the transitions", "issue", key, "transitions"))["transitions"]
        for each in offered:
            to, done = status_name(each["to"])
            if (name is None and done) or (
                name is not None and name.casefold() in (each["name"].casefold(), to.casefold())
            ):
                body = {"transition": {"id": str(each["id"])}}
                await self.post("Moving the issue", "issue", key, "transitions", json=body)
                return to, done
        if again:
            return status
        known = ", ".join(f"“{each['name']}”" for each in offered) or "none"
        wanted = f"“{name}”" if name else "that ends it"
        advice = f"From “{status[0]}” there are: {known}. Correct jira.transitions, or move {key} there."
        raise Rejected(f"there is no transition {wanted} for {key}", code="no_transition", advice=advice)


def status_of(issue: Mapping[str, Any]) -> tuple[str, bool]:
    """(the name of the issue's status, whether it counts as done)."""
    return status_name(issue["fields"]["status"])


def status_name(status: Mapping[str, Any]) -> tuple[str, bool]:
    """(the name of a status, whether it counts as done)."""
    return str(status["name"]), (status.get("statusCategory") or {}).get("key") == DONE
