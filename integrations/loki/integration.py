"""Loki behind the port ("Loki HTTP API", query_range)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from pydantic import BaseModel, Field, SecretStr

from integrations.http import ODD, HttpClient
from warroom.capabilities import LogLine
from warroom.errors import Rejected, Retryable
from warroom.integration import Integration
from warroom.policy import Policy
from warroom.policy.kinds import Url
from warroom.policy.section import Section
from warroom.ports import Clock
from warroom.queries import filled, in_selector

NAME = "loki"
TITLE = "Loki"
MOST_LINES = 5_000
"""Loki's own limit on one answer (max_entries_limit_per_query), as it is delivered."""
LONGEST_LINE = 4_000
"""Characters of a line that are kept."""
ADVICE = {
    401: "Check LOKI_TOKEN and LOKI_TENANT.",
    403: "Check LOKI_TOKEN and LOKI_TENANT.",
    404: "Check LOKI_URL: it is the address without /loki/api.",
}


class LokiSettings(BaseModel):
    """Where it is; a token and a tenant where there are several."""

    loki_url: str | None = Field(default=None, pattern=r"^https?://[^\s/@]+(/\S*)?$")
    loki_token: SecretStr | None = None
    loki_tenant: str | None = Field(default=None, pattern=r"^[^\s]+$")


class LokiPolicy(Section):
    """Where people look at logs."""

    reads = ("logs",)
    page: Url | None = None
    """The address of the Grafana that shows them. None: no links."""
    datasource: str = NAME
    """How that Grafana calls it: the data source's uid."""


class Loki(Integration[LokiSettings]):
    """Loki. A LogSource."""

    name = NAME
    title = TITLE
    policy = LokiPolicy
    settings = LokiSettings

    def __init__(self, settings: LokiSettings) -> None:
        super().__init__(settings)
        self._http: HttpClient | None = None
        self._section = LokiPolicy()

    def missing(self) -> str:
        """The address."""
        return "" if self.configured.loki_url else "set LOKI_URL"

    async def start(self, policy: Policy, clock: Clock) -> None:
        """Open the client where there is an address."""
        known = self.configured
        if known.loki_url is None:
            return
        headers = {"Authorization": f"Bearer {known.loki_token.get_secret_value()}"} if known.loki_token else {}
        if known.loki_tenant:
            headers["X-Scope-OrgID"] = known.loki_tenant
        self._http = HttpClient(TITLE, known.loki_url, clock, headers=headers, advice=ADVICE)
        self._section = policy.section(NAME, LokiPolicy)

    async def stop(self) -> None:
        """Close the client."""
        if self._http:
            await self._http.close()

    async def check(self, policy: Policy) -> Sequence[str]:
        """Asks which labels there are."""
        assert self._http is not None, "nothing is missing"
        answer = await self._http.get("Reading the labels", "loki", "api", "v1", "labels")
        if not isinstance(answer, dict) or answer.get("status") != "success":
            raise Rejected("what answers at LOKI_URL is not Loki", code="not_loki", advice=ADVICE[404])
        return ()

    async def lines(self, query: str, since: datetime, until: datetime, limit: int) -> Sequence[LogLine]:
        """The newest lines that fit, oldest first. Raises Retryable or Rejected."""
        self.ensure_configured()
        if self._http is None:
            raise Rejected(f"{TITLE} is not started", code="not_started")
        answer = await self._http.get(
            "Reading the log",
            *("loki", "api", "v1", "query_range"),
            query=query,
            start=_nanoseconds(since),
            end=_nanoseconds(until),
            limit=str(min(limit, MOST_LINES)),
            direction="backward",
        )
        try:
            return sorted(lines_in(answer), key=lambda line: line.at)[-limit:]
        except ODD as error:
            why = "its answer holds something that is no line"
            raise Rejected(why, code="odd_answer", advice="Look at what the query yields.") from error

    def filled(self, query: str, values: Mapping[str, str]) -> str:
        """The query with names in it. Raises Rejected."""
        return filled(query, values, in_selector)

    def page_of(self, query: str, since: datetime, until: datetime) -> str:
        """Grafana's Explore ("Explore: share a link")."""
        if self._section.page is None:
            return ""
        source = self._section.datasource
        pane = {
            "datasource": source,
            "queries": [{"refId": "A", "expr": query, "datasource": {"type": NAME, "uid": source}}],
            "range": {name: str(round(at.timestamp() * 1000)) for name, at in (("from", since), ("to", until))},
        }
        asked = {"schemaVersion": "1", "panes": json.dumps({"logs": pane}, separators=(",", ":"))}
        return f"{self._section.page.rstrip('/')}/explore?{urlencode(asked)}"


def _nanoseconds(at: datetime) -> str:
    whole = int(at.timestamp())
    return str(whole * 1_000_000_000 + at.microsecond * 1000)


def lines_in(answer: Any) -> Iterator[LogLine]:
    """Every line of an answer. A third part of a value is what the line itself says by name ("structured metadata"). Raises
    Rejected for a query that counts lines, Retryable where the answer is none of Loki's.
    """
    if not isinstance(answer, dict) or answer.get("status") != "success":
        raise Retryable("Loki answered something that is not its API")
    data = answer.get("data") or {}
    if data.get("resultType") != "streams":
        why = f"the query yields a {data.get('resultType')} and no lines"
        raise Rejected(why, code="wrong_type", advice="Take rate(…) and count_over_time(…) out of investigate.logs.")
    for stream in data.get("result") or ():
        labels = {str(name): str(value) for name, value in (stream.get("stream") or {}).items()}
        for at, text, *more in stream.get("values") or ():
            own = labels | _own(more[0]) if more and isinstance(more[0], dict) else labels
            yield LogLine(at=_moment(int(at)), text=str(text)[:LONGEST_LINE], labels=own)


def _own(more: Mapping[str, Any]) -> dict[str, str]:
    """Structured metadata, which newer releases put under names of its own beside what a parser found."""
    found = {name: value for name, value in more.items() if isinstance(value, str)}
    for inner in ("structuredMetadata", "parsed"):
        if isinstance(more.get(inner), dict):
            found |= {str(name): str(value) for name, value in more[inner].items()}
    return found


def _moment(nanoseconds: int) -> datetime:
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    return datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=rest // 1000)
