"""Which door reads what: the one place that knows them all."""

from __future__ import annotations

from warroom.changes import Quarantined
from warroom.normalise import Parsed, parse
from warroom.usecases import alert_channels


def read_again(kept: Quarantined) -> Parsed:
    """What is in something that could not be used when it came, read as if it came at that time."""
    if kept.door == alert_channels.DOOR:
        return alert_channels.read_kept(kept)
    return parse(kept.body, kept.content_type, kept.received_at)
