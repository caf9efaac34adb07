"""GitHub on loopback: issues of one repository, and webhooks.

What is required, allowed and answered is as in GitHub's OpenAPI document (github.com/github/rest-api-description) and on
docs.github.com ("REST API endpoints for issues", "Webhook events and payloads", "Validating webhook deliveries").
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta

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
    deployments: list[Body] = field(default_factory=list)
    releases: list[Body] = field(default_factory=list)
    services: tuple[str, ...] = ("example/shop",)
    """Repositories of what runs."""
    used_up: bool = False
    """The token was used too often within the hour."""

    def routes(self, router: web.UrlDispatcher) -> None:
        """Those that are called."""
        router.add_get("/repos/{owner}/{name}", self._repository)
        router.add_get("/repos/{owner}/{name}/deployments", self._deployments)
        router.add_get("/repos/{owner}/{name}/releases", self._releases)
        router.add_get("/repos/{owner}/{name}/issues", self._list)
        router.add_post("/repos/{owner}/{name}/issues", self._create)
        router.add_get("/repos/{owner}/{name}/issues/{number}", self._get)
        router.add_patch("/repos/{owner}/{name}/issues/{number}", self._update)

    def refused(self, request: web.Request) -> web.Response | None:
        """Whoever has no token, and repositories that they may not see."""
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return _message(401, "Bad credentials")
        if self.used_up:
            reset = datetime.fromisoformat(self.today()) + timedelta(minutes=10)
            headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(round(reset.timestamp()))}
            return _message(403, "API rate limit exceeded for user ID 1.", headers)
        if "/".join(request.path.split("/")[2:4]) not in (REPOSITORY, *self.services):
            return _message(404, "Not Found")
        return None

    def close(self, number: int, who: str, state: str = "closed") -> Body:
        """Somebody closes an issue, or opens it again."""
        closed = state == "closed"
        self.issues[number] |= {
            "state": state,
            "closed_by": {"login": who} if closed else None,
            "updated_at": self.today(),
        }
        self.issues[number] |= {"closed_at": self.today() if closed else None}
        return self.issues[number]

    def deploy(self, sha: str, environment: str = "production", who: str = "grace") -> Body:
        """Something is deployed."""
        found = {
            "id": len(self.deployments) + 1,
            "sha": sha,
            "ref": "main",
            "task": "deploy",
            "environment": environment,
        }
        found |= {"description": "", "creator": {"login": who}, "created_at": self.today(), "updated_at": self.today()}
        self.deployments.insert(0, found)
        return found

    def release(self, tag: str, who: str = "grace") -> Body:
        """Something is released."""
        url = f"https://github.example.com/{self.services[0]}/releases/tag/{tag}"
        found = {"id": len(self.releases) + 1, "tag_name": tag, "name": tag, "draft": False, "prerelease": False}
        found |= {"author": {"login": who}, "html_url": url, "created_at": self.today(), "published_at": self.today()}
        self.releases.insert(0, found)
        return found

    async def _repository(self, request: web.Request) -> web.Response:
        name = "/".join(request.path.split("/")[2:4])
        rights = {"admin": False, "push": False, "pull": True, "triage": False, "maintain": False}
        return web.json_response(repository(name) | {"has_issues": True, "archived": False, "permissions": rights})

    async def _deployments(self, request: web.Request) -> web.Response:
        return web.json_response(self.deployments[: int(request.query.get("per_page", 30))])

    async def _releases(self, request: web.Request) -> web.Response:
        return web.json_response(self.releases[: int(request.query.get("per_page", 30))])

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
            "id": 1000 + number,
            "url": f"{self.url}/repos/{REPOSITORY}/issues/{number}",
            "repository_url": f"{self.url}/repos/{REPOSITORY}",
            "user": {"login": "warroom"},
            "html_url": f"https://github.example.com/{REPOSITORY}/issues/{number}",
            "labels": [{"name": name} for name in wanted.get("labels", [])],
            "locked": False,
            "comments": 0,
            "closed_at": None,
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


def _message(status: int, text: str, headers: dict[str, str] | None = None) -> web.Response:
    said = {"message": text, "documentation_url": "https://docs.github.com/rest"}
    return web.json_response(said, status=status, headers=headers)
