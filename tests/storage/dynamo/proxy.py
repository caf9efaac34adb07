"""A proxy before DynamoDB that loses requests and answers, as a network does, and answers with DynamoDB's own errors."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any

from aiohttp import ClientSession, web

CANCELED = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException"
JSON = "application/x-amz-json-1.0"

Plan = Callable[[str, Any], "Trouble | None"]
"""What goes wrong with a request of that operation with that body; None: nothing."""


class Trouble:
    """What happens to one request."""

    def __init__(self, *, heard: bool, code: str | None = None, reasons: Sequence[str] = (), status: int = 400) -> None:
        self.heard = heard
        """Whether DynamoDB gets it."""
        self.code, self.reasons, self.status = code, reasons, status
        """What is answered; without it the connection is cut."""

    def body(self) -> dict[str, Any]:
        """As DynamoDB says it."""
        said: dict[str, Any] = {"__type": self.code, "message": "made up by the test"}
        if self.reasons:
            said["CancellationReasons"] = [{"Code": each, "Message": "made up"} for each in self.reasons]
        return said


LOST = Trouble(heard=False)
UNANSWERED = Trouble(heard=True)


def canceled(*reasons: str) -> Trouble:
    """A transaction that is cancelled for these reasons, one for each of its items."""
    return Trouble(heard=False, code=CANCELED, reasons=reasons)


class Proxy:
    """Passes requests on, except those for which `plan` has something else."""

    def __init__(self, behind: str) -> None:
        self.address = ""
        self.plan: Plan = lambda _operation, _body: None
        self.seen: list[tuple[str, Any]] = []
        """Every request: (operation, body)."""
        self._behind = behind

    @contextlib.contextmanager
    def planned(self, plan: Plan) -> Iterator[None]:
        """While the context lasts."""
        before, self.plan = self.plan, plan
        try:
            yield
        finally:
            self.plan = before

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[Proxy]:
        """Until the context is left."""
        app = web.Application(client_max_size=64 * 1024 * 1024)
        async with ClientSession() as self._session:
            app.router.add_route("*", "/{path:.*}", self._handle)
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
            try:
                yield self
            finally:
                await runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        content = await request.read()
        operation = request.headers.get("X-Amz-Target", "").rpartition(".")[2]
        body = json.loads(content or b"{}")
        self.seen.append((operation, body))
        trouble = self.plan(operation, body)
        if trouble is None or trouble.heard:
            answer = await self._pass_on(request, content)
        if trouble is None:
            return answer
        if trouble.code is not None:
            return web.json_response(trouble.body(), status=trouble.status, content_type=JSON)
        assert request.transport is not None
        request.transport.abort()
        await asyncio.Event().wait()
        raise AssertionError

    async def _pass_on(self, request: web.Request, content: bytes) -> web.Response:
        kept = {
            name: value for name, value in request.headers.items() if name.lower() not in ("host", "content-length")
        }
        async with self._session.post(self._behind + request.path, data=content, headers=kept) as answer:
            return web.Response(body=await answer.read(), status=answer.status, content_type=JSON)


def cut_after(count: int, trouble: Trouble = LOST) -> Plan:
    """The first `count` requests pass, and the endpoint is away from then on."""
    left = [count]

    def plan(_operation: str, _body: Any) -> Trouble | None:
        left[0] -= 1
        return None if left[0] >= 0 else trouble

    return plan


def first(operation: str, *troubles: Trouble) -> Plan:
    """The first requests of that operation meet these troubles, one each."""
    left = list(troubles)

    def plan(asked: str, _body: Any) -> Trouble | None:
        return left.pop(0) if asked == operation and left else None

    return plan
