"""The base of every simulated system: a server on loopback that remembers what it was asked, with faults on demand."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Body = dict[str, Any]


@dataclass
class Fault:
    """What a request meets instead of, or (`after`) on top of, its answer."""

    path: str
    method: str
    status: int = 0
    body: bytes = b'{"errors": ["made up"]}'
    headers: dict[str, str] = field(default_factory=dict)
    hang: bool = False
    drop: bool = False
    after: bool = False
    """The act happens, only its answer is lost."""
    do: Callable[[], None] | None = None
    """Done first, or after the act when `late`."""
    late: bool = False
    passes: bool = False
    """After `do` the request is answered as if nothing had happened."""


@dataclass(frozen=True)
class Exchange:
    """One request and its answer."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: dict[str, str]
    body: Any
    status: int
    answer: Any


@dataclass
class FakeSystem:
    """`asked` lists every request as (method, path, query)."""

    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)
    """What was asked and answered where nothing was made to fail."""
    faults: deque[Fault] = field(default_factory=deque)
    url: str = ""
    on_asked: Callable[[], None] = lambda: None
    """Called after every request that met a fault of `faults`."""
    on_change: Callable[[], None] = lambda: None
    """Called after every request that is no mere reading."""
    today: Callable[[], str] = lambda: "2026-11-21T03:00:00+00:00"
    """When something is created."""
    runner: web.AppRunner | None = None
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)

    def routes(self, router: web.UrlDispatcher) -> None:
        """Add the system's own routes."""
        raise NotImplementedError

    def refused(self, request: web.Request) -> web.Response | None:
        """What a stranger is answered; None for whoever has the right keys."""
        return None

    def fail(self, method: str, path: str, status: int = 0, **more: Any) -> None:
        """The next request of that method whose path begins so fails."""
        self.faults.append(Fault(path=path, method=method, status=status, **more))

    def count(self, method: str, path: str) -> int:
        """How often that was asked."""
        return sum(1 for m, p, _ in self.asked if (m, p) == (method, path))

    async def start(self) -> web.AppRunner:
        """Listen on a free port."""
        app = web.Application(middlewares=[self._middleware])
        self.routes(app.router)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        self.runner = runner
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        return runner

    @property
    def connections(self) -> int:
        """How many are open."""
        assert self.runner is not None
        assert self.runner.server is not None
        return len(self.runner.server.connections)

    async def stop(self, runner: web.AppRunner) -> None:
        """Let go of whoever hangs, and close."""
        self._stopping.set()
        await runner.cleanup()

    @web.middleware
    async def _middleware(self, request: web.Request, handler: Callable[[web.Request], Any]) -> web.StreamResponse:
        self.asked.append((request.method, request.path, dict(request.query)))
        if refused := self.refused(request):
            return refused
        fault = next((f for f in self.faults if request.method == f.method and request.path.startswith(f.path)), None)
        if fault:
            self.faults.remove(fault)
            if fault.do and not fault.late:
                fault.do()
            if fault.passes:
                passed: web.StreamResponse = await handler(request)
                return passed
            if fault.after:
                await handler(request)
            if fault.do and fault.late:
                fault.do()
            self.on_asked()
            return await self._fail(request, fault)
        answer: web.StreamResponse = await handler(request)
        self.exchanges.append(
            Exchange(
                request.method,
                request.path,
                tuple(request.query.items()),
                dict(request.headers),
                _json(await request.text()),
                answer.status,
                _json(answer.text) if isinstance(answer, web.Response) else None,
            )
        )
        if request.method != "GET":
            self.on_change()
        return answer

    async def _fail(self, request: web.Request, fault: Fault) -> web.StreamResponse:
        if fault.hang:
            await self._stopping.wait()
        if fault.drop or fault.hang:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        headers = {"Content-Type": "application/json"} | fault.headers
        return web.Response(status=fault.status, body=fault.body, headers=headers)


def _json(text: str | None) -> Any:
    """None where it is empty, or no JSON."""
    try:
        return json.loads(text or "null")
    except ValueError:
        return None
