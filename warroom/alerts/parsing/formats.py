"""What one sender's alerts look like, as a value: how they are recognised and read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from warroom.alerts.model import Alert
from warroom.alerts.parsing.values import OLDEST


class Arrival(NamedTuple):
    """When a body came, and through which address."""

    received_at: datetime
    """Aware UTC."""
    oldest: timedelta = OLDEST
    """A time that lies further back is not believed."""
    source: str = ""
    """The source of alerts that do not name their sender. It is part of their keys, so it never changes for an address."""


class AlertFormat(NamedTuple):
    """The alerts of one sender."""

    name: str
    """By which an address of another integration may take them too."""
    recognises: Callable[[Mapping[str, Any]], bool]
    """Whether an object of a body is such an alert."""
    read: Callable[[Mapping[str, Any], Arrival], Alert]
    """What it says. Raises Unusable when it has neither a title nor an id."""
