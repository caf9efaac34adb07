"""Which door reads what: the one place that knows them all."""

from __future__ import annotations

from warroom.alerts import channels
from warroom.alerts.parsing import Parsed, parse
from warroom.outbox.changes import Quarantined


def read_again(kept: Quarantined) -> Parsed:
    """What is in something that could not be used when it came, read as if it came at that time."""
    if kept.source == channels.SOURCE:
        return channels.read_kept(kept)
    return parse(kept.body, kept.content_type, kept.received_at)
