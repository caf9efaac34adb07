"""A server that answers as Bell's API would, on loopback, with faults on demand."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass, field

from aiohttp import web

from sandbox.vendors.system import Body, FakeSystem

TOKEN, SECRET = "obviously-not-a-token", "obviously-not-a-secret"


@dataclass
class FakeBell(FakeSystem):
    """The pages of one customer, by id. Bell has no idempotency: the same page posted twice is two pages."""

    pages: dict[str, Body] = field(default_factory=dict)
    queues: tuple[str, ...] = ("night",)

    def routes(self, router: web.UrlDispatcher) -> None:
        """Those that the integration calls."""
        router.add_get("/queues/{name}", self._queue)
        router.add_get("/pages", self._list)
        router.add_post("/pages", self._create)
        router.add_put("/pages/{id}", self._update)

    def refused(self, request: web.Request) -> web.Response | None:
        """Whoever has no token."""
        known = request.headers.get("Authorization") == f"Bearer {TOKEN}"
        return None if known else web.json_response({"error": {"message": "who are you?"}}, status=401)

    def answer(self, page: str, by: str) -> Body:
        """Somebody answers the page on their phone."""
        self.pages[page] |= {"answered": True, "by": by}
        return self.pages[page]

    def signed(self, body: Body) -> tuple[bytes, dict[str, str]]:
        """What Bell's webhook posts about a page, and its headers."""
        sent = json.dumps(body).encode()
        signature = hmac.new(SECRET.encode(), sent, hashlib.sha256).hexdigest()
        return sent, {"X-Bell-Signature": f"sha256={signature}", "Content-Type": "application/json"}

    async def _queue(self, request: web.Request) -> web.Response:
        if (name := request.match_info["name"]) in self.queues:
            return web.json_response({"name": name})
        return web.json_response({"error": {"message": f"there is no queue {name}"}}, status=404)

    async def _list(self, request: web.Request) -> web.Response:
        found = [
            page
            for page in self.pages.values()
            if request.query.get("key") in (None, page["key"]) and (page["answered"] or "answered" not in request.query)
        ]
        return web.json_response(found)

    async def _create(self, request: web.Request) -> web.Response:
        page = str(len(self.pages) + 1)
        self.pages[page] = await request.json() | {
            "id": page,
            "url": f"https://bell.example.com/pages/{page}",
            "answered": False,
            "by": None,
        }
        return web.json_response(self.pages[page], status=201)

    async def _update(self, request: web.Request) -> web.Response:
        self.pages[request.match_info["id"]] |= await request.json()
        return web.json_response(self.pages[request.match_info["id"]])
