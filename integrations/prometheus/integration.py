"""Prometheus behind the port."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlencode

from pydantic import BaseModel, Field, SecretStr

from integrations.http import HttpClient
from integrations.prometheus import queries
from warroom.capabilities import Series
from warroom.errors import Rejected
from warroom.integration import Integration
from warroom.policy import Policy
from warroom.policy.kinds import Url
from warroom.policy.section import Section
from warroom.ports import Clock
from warroom.queries import filled, in_selector

NAME = "prometheus"
TITLE = "Prometheus"
ADVICE = {
    401: "Check PROMETHEUS_TOKEN.",
    403: "Check PROMETHEUS_TOKEN.",
    404: "Check PROMETHEUS_URL: it is the address without /api/v1.",
}


class PrometheusSettings(BaseModel):
    """Where it is, and the token of a proxy in front of it where there is one."""

    prometheus_url: str | None = Field(default=None, pattern=r"^https?://[^\s/@]+(/\S*)?$")
    prometheus_token: SecretStr | None = None


class PrometheusPolicy(Section):
    """Where people look at what it knows."""

    reads = ("metrics",)
    page: Url | None = None
    """Its own pages as people reach them. None: PROMETHEUS_URL."""


class Prometheus(Integration[PrometheusSettings]):
    """Prometheus. A MetricSource."""

    name = NAME
    title = TITLE
    policy = PrometheusPolicy
    settings = PrometheusSettings

    def __init__(self, settings: PrometheusSettings) -> None:
        super().__init__(settings)
        self._http: HttpClient | None = None
        self._page = (settings.prometheus_url or "").rstrip("/")

    def missing(self) -> str:
        """The address."""
        return "" if self.configured.prometheus_url else "set PROMETHEUS_URL"

    async def start(self, policy: Policy, clock: Clock) -> None:
        """Open the client where there is an address."""
        url, token = self.configured.prometheus_url, self.configured.prometheus_token
        if url is None:
            return
        headers = {"Authorization": f"Bearer {token.get_secret_value()}"} if token else {}
        self._http = HttpClient(TITLE, url, clock, headers=headers, advice=ADVICE)
        self._page = (policy.section(NAME, PrometheusPolicy).page or url).rstrip("/")

    async def stop(self) -> None:
        """Close the client."""
        if self._http:
            await self._http.close()

    async def check(self, policy: Policy) -> Sequence[str]:
        """Asks for the number one."""
        assert self._http is not None, "nothing is missing"
        queries.data_in(await self._http.get("Asking a query", "api", "v1", "query", query="vector(1)"), "vector")
        return ()

    async def series(self, query: str, since: datetime, until: datetime, step: timedelta) -> Sequence[Series]:
        """What the query yields. Raises Retryable or Rejected."""
        self.ensure_configured()
        if self._http is None:
            raise Rejected(f"{TITLE} is not started", code="not_started")
        return await queries.series(self._http, query, since, until, step)

    def filled(self, query: str, values: Mapping[str, str]) -> str:
        """The query with names in it. Raises Rejected."""
        return filled(query, values, in_selector)

    def page_of(self, query: str, since: datetime, until: datetime) -> str:
        """Its page of graphs ("g0.…" are what that page itself puts into its address)."""
        if not self._page:
            return ""
        minutes = max(1, round((until - since).total_seconds() / 60))
        shown = {"expr": query, "tab": "0", "range_input": f"{minutes}m", "end_input": f"{until:%Y-%m-%d %H:%M:%S}"}
        return f"{self._page}/graph?{urlencode({f'g0.{name}': value for name, value in shown.items()})}"
