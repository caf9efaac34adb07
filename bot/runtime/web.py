"""The web side: the webhook, health and metrics on aiohttp."""

from __future__ import annotations

import errno
from collections.abc import Awaitable, Callable, Iterable

from aiohttp import web

from bot.runtime.limits import BODY_LIMIT, HEADER_LIMIT, HEADERS, HEADERS_WITHIN, Limits
from bot.settings import SettingsError


class Web:
    """The server. `ready` returns the reasons why the process is not ready, none when it is; `metrics` Prometheus' text."""

    def __init__(
        self,
        host: str,
        port: int,
        ready: Callable[[], Awaitable[list[str]]],
        metrics: Callable[[], Awaitable[bytes]],
        hooks: Iterable[web.AbstractRouteDef],
        limits: Limits | None = None,
        headers_within: float = HEADERS_WITHIN,
    ) -> None:
        self._host, self._port, self._ready, self._measured = host, port, ready, metrics
        self.app = web.Application(client_max_size=BODY_LIMIT, middlewares=[(limits or Limits()).watched])
        self.app.router.add_get("/healthz", self._healthz)
        self.app.router.add_get("/readyz", self._readyz)
        self.app.router.add_get("/metrics", self._metrics)
        self.app.add_routes(hooks)
        self._runner = web.AppRunner(
            self.app,
            access_log=None,
            keepalive_timeout=headers_within,
            lingering_time=1.0,
            max_line_size=HEADER_LIMIT,
            max_field_size=HEADER_LIMIT,
            max_headers=HEADERS,
        )

    async def start(self) -> int:
        """Listen. Returns the port, which the system chose when it was 0. Raises SettingsError when it is taken."""
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port)
        try:
            await site.start()
        except OSError as error:
            await self._runner.cleanup()
            if error.errno == errno.EADDRINUSE:
                raise SettingsError(
                    f"Port {self._port} on {self._host} is in use by another process. Stop that one, or set PORT to a free port."
                ) from None
            raise SettingsError(
                f"Cannot listen on {self._host}:{self._port}: {error.strerror}. Check WEB_HOST and PORT."
            ) from None
        port: int = self._runner.addresses[0][1]
        return port

    async def stop(self) -> None:
        """Listen no more."""
        await self._runner.cleanup()

    async def _healthz(self, _request: web.Request) -> web.Response:
        return web.json_response({"ok": True})

    async def _readyz(self, _request: web.Request) -> web.Response:
        problems = await self._ready()
        return web.json_response({"ok": not problems, "problems": problems}, status=503 if problems else 200)

    async def _metrics(self, _request: web.Request) -> web.Response:
        text = await self._measured()
        return web.Response(body=text, headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})
