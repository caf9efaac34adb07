"""GitHub on loopback: issues of one repository, and webhooks.

What is required, allowed and answered is as in GitHub's OpenAPI document (github.com/github/rest-api-description) and on
docs.github.com ("REST API endpoints for issues", "Webhook events and payloads", "Validating webhook deliveries").
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass, field

from aiohttp import web

from sandbox.vendors.system import Body, FakeSystem

TOKEN, SECRET, REPOSITORY = "obviously-not-a-token", "obviously-not-a-secret", "example/operations"
CREATED = {"title", "body", "labels", "assignees", "milestone", "type"}
CHANGED = CREATED | {"state", "state_reason"}
REASONS = ("completed", "not_planned", "duplicate", "reopened", None)


@dataclass
class GitHubSystem(FakeSystem):
    """One repository."""

    issues: dict[int, Body] = field(default_factory=dict)

    def routes(self, router: web.UrlDispatcher) -> None:
        """Those that are called."""
        router.add_get("/repos/{owner}/{name}", self._repository)
        router.add_get("/repos/{owner}/{name}/issues", self._list)
        router.add_post("/repos/{owner}/{name}/issues", self._create)
        router.add_get("/repos/{owner}/{name}/issues/{number}", self._get)
        router.add_patch("/repos/{owner}/{name}/issues/{number}", self._update)

    def refused(self, request: web.Request) -> web.Response | None:
        """Whoever has no token, and repositories that they may not see."""
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return _message(401, "Bad credentials")
        if "/".join(request.path.split("/")[2:4]) != REPOSITORY:
            return _message(404, "Not Found")
        return None

    def close(self, number: int, who: str, state: str = "closed") -> Body:
        """Somebody closes an issue, or opens it again."""
        closed_by = {"login": who} if state == "closed" else None
        self.issues[number] |= {"state": state, "closed_by": closed_by, "updated_at": self.today()}
        return self.issues[number]

    async def _repository(self, _request: web.Request) -> web.Response:
        return web.json_response({"id": 1, "full_name": REPOSITORY, "has_issues": True})

    async def _list(self, request: web.Request) -> web.Response:
        if request.query.get("state", "open") not in ("open", "closed", "all"):
            return _message(422, "Validation Failed")
        return web.json_response([*self.issues.values()][::-1][: int(request.query.get("per_page", 30))])

    async def _create(self, request: web.Request) -> web.Response:
        wanted = await request.json()
        if (
            wanted.keys() - CREATED
            or not isinstance(wanted.get("title"), str)
            or len(wanted.get("body") or "") > 65_536
        ):
            return _message(422, "Validation Failed")
        number = len(self.issues) + 1
        self.issues[number] = wanted | {
            "number": number,
            "state": "open",
            "html_url": f"https://github.example.com/{REPOSITORY}/issues/{number}",
            "created_at": self.today(),
            "updated_at": self.today(),
            "closed_by": None,
        }
        return web.json_response(self.issues[number], status=201)

    async def _get(self, request: web.Request) -> web.Response:
        found = self.issues.get(int(request.match_info["number"]))
        return web.json_response(found) if found else _message(404, "Not Found")

    async def _update(self, request: web.Request) -> web.Response:
        wanted = await request.json()
        if (
            wanted.keys() - CHANGED
            or wanted.get("state") not in ("open", "closed")
            or wanted.get("state_reason") not in REASONS
        ):
            return _message(422, "Validation Failed")
        return web.json_response(self.close(int(request.match_info["number"]), "warroom", wanted["state"]))


def webhook(event: str, body: Body) -> tuple[bytes, dict[str, str]]:
    """The body and headers of a delivery."""
    sent = json.dumps(body).encode()
    signature = hmac.new(SECRET.encode(), sent, hashlib.sha256).hexdigest()
    return sent, {
        "X-Hub-Signature-256": f"sha256={signature}",
        "X-GitHub-Event": event,
        "Content-Type": "application/json",
    }


def repository(name: str = "example/checkout") -> Body:
    """The repository as every event shows it."""
    short, url = name.partition("/")[2], f"https://github.example.com/{name}"
    return {
        "id": 42,
        "name": short,
        "full_name": name,
        "default_branch": "main",
        "html_url": url,
        "pushed_at": 1795226340,
    }


def _message(status: int, text: str) -> web.Response:
    return web.json_response({"message": text, "documentation_url": "https://docs.github.com/rest"}, status=status)
