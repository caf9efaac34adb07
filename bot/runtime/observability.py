"""Logs and meters: the incident on every line, a secret on none."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable, MutableMapping
from datetime import datetime
from typing import Any

import structlog
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web import RequestPayloadError
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from warroom.outbox.changes import AlertDecision, Claim, StoreStats

SECRET = re.compile(r"xox[a-z]-[\w-]+|xoxe[\w.-]+|xapp-[\w-]+|(?<=://)[^/\s:@]*:[^/\s?#]+(?=@)")
"""Slack's tokens by their prefixes, and the user and password of a URL."""
PARAMETER = re.compile(
    r"([?&](?:pwd|passwd|password|(?:access_|auth_)?token|secret|api_?key|key|sig|signature)=)[^&#\s\"']+",
    re.IGNORECASE,
)
"""A parameter of a URL whose name says that it opens something."""

SHORTEST_SECRET = 6
"""Characters; hiding a shorter one would hide half of every line."""

ACK_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0)
"""Seconds; Slack gives up after 3."""

_SECRETS: set[str] = set()


def hide_secrets(secrets: Iterable[str]) -> None:
    """From now on none of them is ever shown by `hide`, whatever it looks like."""
    _SECRETS.update(secret for secret in secrets if len(secret) >= SHORTEST_SECRET)


def hide(text: str) -> str:
    """The text without anything that looks like a secret."""
    for secret in sorted(_SECRETS, key=len, reverse=True):
        text = text.replace(secret, "[hidden]")
    return PARAMETER.sub(r"\1[hidden]", SECRET.sub("[hidden]", text))


def _hide_all(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: _hidden(value) for key, value in event.items()}


def _hidden(value: Any) -> Any:
    """Numbers and the like as they are; everything else as text, for nobody knows how it prints itself."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, list | tuple):
        return [_hidden(each) for each in value]
    return hide(str(value))


class _HideInRecords(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = hide(record.getMessage()), None
        return True


def _errors(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.ERROR


class _NoNoise(logging.Filter):
    """Leaves out what strangers can cause at will: bytes at the port that are no HTTP or no body, each with its traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        return not isinstance(error, HttpProcessingError | RequestPayloadError)


def set_up_logging(level: str, style: str) -> None:
    """Structured lines on standard error: for people (`console`) or machines (`json`). Libraries' loggers go the same way."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _hide_all,
    ]
    drawn: Any = structlog.processors.JSONRenderer() if style == "json" else structlog.dev.ConsoleRenderer(colors=False)
    structlog.configure(
        processors=[*shared, drawn],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    # Bolt warns of a token beside `authorize`, and of each delivery without a listener; the inbox tells of the latter.
    # A level would not do: Bolt gives its logger the root's when the app is made.
    logging.getLogger("slack_bolt.AsyncApp").addFilter(_errors)
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_NoNoise())
    handler.addFilter(_HideInRecords())
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processor=drawn, foreign_pre_chain=shared))
    logging.basicConfig(
        level=max(logging.getLevelNamesMapping()[level], logging.WARNING), handlers=[handler], force=True
    )


class Meters:
    """What is counted and measured, in a registry of its own."""

    def __init__(self) -> None:
        ours = self.registry = CollectorRegistry()
        ProcessCollector(registry=ours)
        self._work = Counter("warroom_work_total", "Timers and effects by outcome", ["kind", "outcome"], registry=ours)
        lateness = "How long after its due time a timer was worked off"
        self._late = Histogram("warroom_timer_lateness_seconds", lateness, ["kind"], registry=ours)
        taken = "How long after it was due an effect was done, put off or given up"
        self._taken = Histogram("warroom_effect_seconds", taken, ["kind"], registry=ours)
        self._calls = Counter("warroom_slack_calls_total", "Calls of Slack", ["method", "outcome"], registry=ours)
        acked = "From the arrival of a delivery of Slack to its acknowledgement"
        self._acked = Histogram("warroom_ack_seconds", acked, ["kind"], buckets=ACK_BUCKETS, registry=ours)
        self._alerts = Counter("warroom_alerts_received_total", "Alerts received, by source", ["source"], registry=ours)
        self._alerts_decided = Counter(
            "warroom_alerts_total", "Alerts by what became of them", ["outcome"], registry=ours
        )
        self._open = Gauge("warroom_open_incidents", "Open incidents", ["severity"], registry=ours)
        self._waiting = Gauge("warroom_outbox_waiting", "Effects not done yet", registry=ours)
        self._age = Gauge("warroom_outbox_age_seconds", "Age of the oldest effect not done yet", registry=ours)
        self._dead_letters = Gauge(
            "warroom_outbox_dead_letters", "Effects that failed for good; python -m bot outbox", registry=ours
        )
        self._undecided = Gauge("warroom_alerts_undecided", "Alerts accepted and not decided yet", registry=ours)
        self._useless = Gauge("warroom_quarantined", "What arrived and could not be used", registry=ours)
        self._database = Gauge(
            "warroom_database_up", "1 when the database answers and can be written to", registry=ours
        )
        self._connected = Gauge("warroom_sockets_connected", "Connections of Socket Mode", registry=ours)
        self._processes = Gauge("warroom_processes", "Processes that share the record", registry=ours)

    def work(self, kind: str, outcome: str, claim: Claim, now: datetime) -> None:
        """One claim ended."""
        kind = kind.split(":")[0]
        self._work.labels(kind, outcome).inc()
        took = self._late if claim.timer else self._taken
        took.labels(kind).observe(max(0.0, (now - claim.due_at).total_seconds()))

    def alerts(self, source: str, count: int) -> None:
        """So many alerts were read from a delivery."""
        self._alerts.labels(source).inc(count)

    def alert_decided(self, alert_decision: AlertDecision) -> None:
        """It is known what becomes of an alert."""
        self._alerts_decided.labels(alert_decision.outcome.value).inc()

    def called(self, method: str, outcome: str) -> None:
        """Slack was called: "ok", "limited" or "failed"."""
        self._calls.labels(method, outcome).inc()

    def acked(self, kind: str, seconds: float) -> None:
        """A delivery of Slack was acknowledged."""
        self._acked.labels(kind).observe(seconds)

    def connected(self, sockets: int) -> None:
        """So many connections of Socket Mode there are."""
        self._connected.set(sockets)

    def processes(self, living: int) -> None:
        """So many processes share the record."""
        self._processes.set(living)

    def database(self, usable: bool) -> None:
        """Whether the database answers and can be written to."""
        self._database.set(usable)

    def store_stats(self, found: StoreStats, now: datetime) -> None:
        """What is open, waiting, dead or quarantined."""
        self._open.clear()
        for severity, count in found.open_incidents:
            self._open.labels(severity).set(count)
        self._waiting.set(found.waiting)
        since = found.waiting_since
        self._age.set(max(0.0, (now - since).total_seconds()) if since else 0.0)
        self._dead_letters.set(found.dead_letters)
        self._undecided.set(found.undecided)
        self._useless.set(found.quarantined)

    def text(self) -> bytes:
        """Everything in Prometheus' text format."""
        return generate_latest(self.registry)
