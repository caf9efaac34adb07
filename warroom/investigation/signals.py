"""What kind of thing a signal measures, as far as its name tells. A name that says nothing is a kind of its own, and does no harm."""

from __future__ import annotations

import re
from typing import Literal

Kind = Literal["latency", "errors", "load", "resource", "other"]

_KINDS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("errors", re.compile(r"error|fail|5xx|4xx|exception|availab|success|uptime|reject|dropped|timeout|slo", re.I)),
    ("latency", re.compile(r"latenc|duration|response.?time|elapsed|delay|_ms$|apdex|p50|p9\d|slow", re.I)),
    ("resource", re.compile(r"cpu|mem|heap|rss|disk|gc|pool|queue|connection|thread|saturat|throttl|lag|backlog|descriptor|load.?avg", re.I)),
    ("load", re.compile(r"request|traffic|throughput|rps|qps|hits|calls|load|volume|invocation|count", re.I)),
)  # fmt: skip

SYMPTOMS: tuple[Kind, ...] = ("latency", "errors", "other")
"""What a caller feels. Load and resources are what may lie behind it."""


def kind_of(signal: str) -> Kind:
    """The kind that the signal's name speaks of, the first that matches: "request errors" are errors."""
    return next((kind for kind, pattern in _KINDS if pattern.search(signal)), "other")
