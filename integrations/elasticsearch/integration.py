"""Elasticsearch behind the port ("Search API", "Query string query"); OpenSearch answers the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel, Field, SecretStr

from integrations.http import HttpClient
from warroom.capabilities import LogLine
from warroom.errors import Rejected, Retryable
from warroom.integration import Integration
from warroom.policy import Policy
from warroom.policy.kinds import Text, Url
from warroom.policy.section import Section
from warroom.ports import Clock
from warroom.queries import filled, in_search

NAME = "elasticsearch"
TITLE = "Elasticsearch"
MOST_LINES = 5_000
"""Its own limit on one answer is 10,000 (index.max_result_window)."""
LONGEST_LINE = 4_000
SEARCH_WITHIN = "8s"
ADVICE = {
    400: "Check investigate.logs.query and the fields in the section elasticsearch.",
    401: "Check ELASTICSEARCH_API_KEY.",
    403: "Give ELASTICSEARCH_API_KEY the privilege read on the index of the section elasticsearch.",
    404: "Check the index in the section elasticsearch.",
}


class ElasticsearchSettings(BaseModel):
    """Where it is, and a key that may read."""

    elasticsearch_url: str | None = Field(default=None, pattern=r"^https?://[^\s/@]+(/\S*)?$")
    elasticsearch_api_key: SecretStr | None = None


class ElasticsearchPolicy(Section):
    """Where the logs are in it."""

    reads = ("logs",)
    index: Text = "logs-*"
    """Names and patterns, several with commas."""
    time_field: Text = "@timestamp"
    message_field: Text = "message"
    page: Url | None = None
    """The address of the Kibana that shows them. None: no links."""


class Elasticsearch(Integration[ElasticsearchSettings]):
    """Elasticsearch. A LogSource."""

    name = NAME
    title = TITLE
    policy = ElasticsearchPolicy
    settings = ElasticsearchSettings

    def __init__(self, settings: ElasticsearchSettings) -> None:
        super().__init__(settings)
        self._http: HttpClient | None = None
        self._section = ElasticsearchPolicy()

    def missing(self) -> str:
        """The address."""
        return "" if self.configured.elasticsearch_url else "set ELASTICSEARCH_URL"

    async def start(self, policy: Policy, clock: Clock) -> None:
        """Open the client where there is an address."""
        url, key = self.configured.elasticsearch_url, self.configured.elasticsearch_api_key
        if url is None:
            return
        headers = {"Authorization": f"ApiKey {key.get_secret_value()}"} if key else {}
        self._http = HttpClient(TITLE, url, clock, headers=headers, advice=ADVICE)
        self._section = policy.section(NAME, ElasticsearchPolicy)

    async def stop(self) -> None:
        """Close the client."""
        if self._http:
            await self._http.close()

    async def check(self, policy: Policy) -> Sequence[str]:
        """Searches for nothing in the index."""
        answer = await self._search({"size": 0, "query": {"match_all": {}}, "track_total_hits": False})
        shards = answer.get("_shards") or {}
        if not shards.get("total"):
            return [f"there is no index {self._section.index}. {ADVICE[404]}"]
        return ()

    async def lines(self, query: str, since: datetime, until: datetime, limit: int) -> Sequence[LogLine]:
        """The newest lines that fit, oldest first. Raises Retryable or Rejected."""
        said = self._section
        spans = {"gte": since.isoformat(), "lte": until.isoformat(), "format": "strict_date_optional_time"}
        answer = await self._search(
            {
                "size": min(limit, MOST_LINES),
                "query": {
                    "bool": {"filter": [{"query_string": {"query": query}}, {"range": {said.time_field: spans}}]}
                },
                "sort": [{said.time_field: {"order": "desc"}}],
                "_source": [said.time_field, said.message_field],
                "timeout": SEARCH_WITHIN,
                "track_total_hits": False,
            }
        )
        return sorted(lines_in(answer, said), key=lambda line: line.at)

    async def _search(self, body: dict[str, Any]) -> dict[str, Any]:
        self.ensure_configured()
        if self._http is None:
            raise Rejected(f"{TITLE} is not started", code="not_started")
        answer = await self._http.post("Searching the log", self._section.index, "_search", json=body)
        if not isinstance(answer, dict) or not isinstance(answer.get("hits"), dict):
            raise Retryable("Elasticsearch answered something that is not a search result")
        if answer.get("timed_out"):
            raise Retryable(f"the search took longer than {SEARCH_WITHIN}")
        if failed := (answer.get("_shards") or {}).get("failed"):
            raise Retryable(f"{failed} shards could not be searched")
        return answer

    def filled(self, query: str, values: Mapping[str, str]) -> str:
        """The query with names in it. Raises Rejected."""
        return filled(query, values, in_search, quotes='"')

    def page_of(self, query: str, since: datetime, until: datetime) -> str:
        """Kibana's Discover; its addresses hold values in Rison."""
        if self._section.page is None:
            return ""
        span = f"(time:(from:{_rison(since.isoformat())},to:{_rison(until.isoformat())}))"
        asked = f"(query:(language:lucene,query:{_rison(query)}))"
        return f"{self._section.page.rstrip('/')}/app/discover#/?_g={quote(span)}&_a={quote(asked)}"


def _rison(text: str) -> str:
    """A text of Rison, in which ! and ' are written behind a !."""
    return "'" + text.replace("!", "!!").replace("'", "!'") + "'"


def lines_in(answer: Mapping[str, Any], said: ElasticsearchPolicy) -> Iterator[LogLine]:
    """Every hit that says when it was and something."""
    for hit in answer["hits"].get("hits") or ():
        source = hit.get("_source") or {}
        at = _moment(_at(source, said.time_field))
        text = _at(source, said.message_field)
        if at is not None and text is not None:
            yield LogLine(at=at, text=str(text)[:LONGEST_LINE], labels={"index": str(hit.get("_index", ""))})


def _at(source: Any, path: str) -> Any:
    """The value at a dotted path; each part of it may itself hold dots. None where there is none."""
    if not isinstance(source, Mapping):
        return None
    if path in source:
        found = source[path]
        return found[0] if isinstance(found, list) and found else found
    parts = path.split(".")
    for split in range(1, len(parts)):
        inner = _at(source.get(".".join(parts[:split])), ".".join(parts[split:]))
        if inner is not None:
            return inner
    return None


def _moment(said: Any) -> datetime | None:
    """The time that a document says: ISO 8601, or milliseconds since 1970."""
    try:
        if isinstance(said, int | float):
            return datetime.fromtimestamp(said / 1000, UTC)
        at = datetime.fromisoformat(str(said))
    except (ValueError, OverflowError, OSError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
