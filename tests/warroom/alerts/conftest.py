"""Plain bodies as people send them, and the night they arrive in."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from warroom.alerts.model import Alert
from warroom.alerts.parsing import Arrival, Parsed, parse

NIGHT = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
SOURCE = "webhook"
FIXTURES = {path.stem: path for path in sorted(Path(__file__).with_name("bodies").glob("*.json"))}
"""A file for every body, by its name: the body, and what is said by each of its alerts (the fields that matter there).

`recovers` names the file whose alerts these are the recovery of. The bodies of integrations are in their tests.
"""
COLUMNS = [
    "kind",
    "event_id",
    "monitor_id",
    "title",
    "transition",
    "state",
    "priority",
    "severity",
    "group",
    "hosts",
    "service",
    "env",
    "team",
    "tags",
    "link",
    "snapshot",
    "occurred_at",
    "dedup_key",
]
"""What a row of an alert has, in order: other people's scripts count on it."""


def fixture(name: str) -> dict[str, Any]:
    """A body and what becomes of it."""
    read: dict[str, Any] = json.loads(FIXTURES[name].read_text("utf-8"))
    return read


def posted(body: bytes, content_type: str = "application/json", received_at: datetime = NIGHT) -> Parsed:
    """What these bytes say."""
    return parse(body, content_type, Arrival(received_at, source=SOURCE))


def sent(body: object, received_at: datetime = NIGHT) -> Parsed:
    """The body, posted as JSON."""
    return posted(json.dumps(body).encode(), received_at=received_at)


def alert(body: object, received_at: datetime = NIGHT) -> Alert:
    """The one alert of a body."""
    parsed = sent(body, received_at)
    assert parsed.refused == ()
    [only] = parsed.alerts
    return only
