"""What kind of thing a signal measures, as far as its name tells. A name that says nothing is a kind of its own, and does no harm."""

from __future__ import annotations

import re
from typing import Literal

Kind = Literal["latency", "errors", "load", "consumption", "queueing", "other"]

_KINDS: tuple[tuple[Kind, str], ...] = (
    ("errors", "error|fail|5xx|4xx|exception|availab|success|uptime|reject|dropped|timeout|slo"),
    ("queueing", "pool|queue|connection|thread|saturat|lag|backlog|waiting|pending|in.?use"),
    ("latency", r"latenc|duration|response.?time|elapsed|delay|_ms$|apdex|p50|p9\d|slow"),
    ("consumption", "cpu|mem|heap|rss|disk|gc|throttl|descriptor|load.?avg|swap|iops|restart"),
    ("load", "request|traffic|throughput|rps|qps|hits|calls|load|volume|invocation|count"),
)
_PATTERNS = tuple((kind, re.compile(pattern, re.I)) for kind, pattern in _KINDS)

SYMPTOMS: tuple[Kind, ...] = ("latency", "errors", "other")
"""What a caller feels. Load, consumption and queueing are what may lie behind it, or follow from it."""


def kind_of(signal: str) -> Kind:
    """The kind that the signal's name speaks of, the first that matches: "request errors" are errors."""
    return next((kind for kind, pattern in _PATTERNS if pattern.search(signal)), "other")


def is_count(signal: str) -> bool:
    """Whether a signal of errors counts them (failures a second), and is not a share of the requests."""
    name = signal.lower()
    return kind_of(signal) == "errors" and not any(
        word in name for word in ("availab", "success", "ratio", "share", "percent", "rate", "uptime", "slo")
    )
