"""Logs and meters: the incident on every line, a secret on none."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from datetime import datetime
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from warroom.changes import Claim

SECRET = re.compile(r"xox[a-z]-[\w-]+|xoxe[\w.-]+|xapp-[\w-]+|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)")
"""Slack's tokens by their prefixes, and the user and password of a URL."""


def hide(text: str) -> str:
    """The text without anything that looks like a secret."""
    return SECRET.sub("[hidden]", text)


def _hide_all(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: hide(value) if isinstance(value, str) else value for key, value in event.items()}


class _HideInRecords(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = hide(record.getMessage()), None
        return True


def _errors(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.ERROR


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
    handler.addFilter(_HideInRecords())
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processor=drawn, foreign_pre_chain=shared))
    logging.basicConfig(
        level=max(logging.getLevelNamesMapping()[level], logging.WARNING), handlers=[handler], force=True
    )


class Meters:
    """What is counted and measured, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._work = Counter(
            "warroom_work_total", "Timers and effects by outcome", ["kind", "outcome"], registry=self.registry
        )
        self._late = Histogram(
            "warroom_lateness_seconds",
            "How long after its due time a timer or effect was finished",
            ["kind"],
            registry=self.registry,
        )
        self._alerts = Counter(
            "warroom_alerts_total", "Alerts read from deliveries, by door", ["door"], registry=self.registry
        )
        self.connected = Gauge("warroom_socket_connected", "1 while Socket Mode is connected", registry=self.registry)
        self.open_incidents = Gauge("warroom_open_incidents", "Open incidents", registry=self.registry)

    def work(self, kind: str, outcome: str, claim: Claim, now: datetime) -> None:
        """One claim ended."""
        kind = kind.split(":")[0]
        self._work.labels(kind, outcome).inc()
        self._late.labels(kind).observe(max(0.0, (now - claim.due_at).total_seconds()))

    def alerts(self, door: str, count: int) -> None:
        """So many alerts were read from a delivery."""
        self._alerts.labels(door).inc(count)

    def text(self) -> bytes:
        """Everything in Prometheus' text format."""
        return generate_latest(self.registry)
