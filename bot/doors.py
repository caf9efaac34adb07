"""Which door reads what: the one place that knows them all."""

from __future__ import annotations

from warroom.changes import Quarantined
from warroom.normalise import Parsed, parse


def read_again(kept: Quarantined) -> Parsed:
    """What is in something that could not be used when it came, read as if it came at that time."""
    return parse(kept.body, kept.content_type, kept.received_at)
