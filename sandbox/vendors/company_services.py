"""The company's services at their own addresses: metrics to be scraped, and health checks."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from aiohttp import web

from sandbox.company import Company
from sandbox.company.metrics import exposition
from sandbox.company.services import NAMES
from sandbox.vendors.system import FakeSystem


@dataclass
class CompanyServices(FakeSystem):
    """`/metrics` of all services together, in Prometheus' text format; `/services/NAME/healthz` of each."""

    company: Company = field(kw_only=True)

    def routes(self, router: web.UrlDispatcher) -> None:
        """Both."""
        router.add_get("/metrics", self._metrics)
        router.add_get("/services/{name}/healthz", self._health)

    async def _metrics(self, request: web.Request) -> web.Response:
        text = await asyncio.to_thread(exposition, self.company)
        return web.Response(body=text.encode(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})

    async def _health(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in NAMES:
            return web.Response(status=404, text="no such service\n")
        wrong = await asyncio.to_thread(self.company.unhealthy, name)
        return web.Response(status=503, text=f"{wrong}\n") if wrong else web.Response(text="ok\n")
