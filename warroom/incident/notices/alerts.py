"""Alerts come, recover, flap and come in storms."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from warroom.value import Stored


class WorseAlert(Stored):
    """An alert is more severe than its incident. Carries the button that raises it."""

    kind: Literal["worse_alert"] = "worse_alert"
    severity: str
    title: str
    link: str | None = None


class AllRecovered(Stored):
    """Every attached alert recovered. Carries the button Resolve."""

    kind: Literal["all_recovered"] = "all_recovered"
    count: int
    auto_resolve_at: datetime | None = None


class Flapping(Stored):
    """An alert keeps going on and off; said once, and redrawn as the alert goes on and off. With the button Resolve while
    nothing fires.
    """

    kind: Literal["flapping"] = "flapping"
    title: str
    changes: int
    auto_resolve_at: datetime | None = None


class Muted(Stored):
    """A monitor, or only some of its groups, is silent until then."""

    kind: Literal["muted"] = "muted"
    monitor_id: str
    groups: tuple[str, ...] = ()
    until: datetime
    by: str


class Shower(Stored):
    """One of the things that fire in a storm, and how often it came."""

    title: str
    link: str | None = None
    count: int = 1
    recovered: bool = False


class StormGroup(Stored):
    """What one monitor brought to a storm."""

    title: str
    link: str | None = None
    firing: int = 0
    recovered: int = 0
    hosts: tuple[str, ...] = ()
    """Those that fire (when none does: those that did), by name; at most NAMED."""
    more: int = 0
    """How many more hosts there are."""


NAMED = 12
"""Hosts of a monitor that are named."""


class Storm(Stored):
    """Many alerts came in a short time: one message, redrawn as it grows."""

    kind: Literal["storm"] = "storm"
    alerts: int
    monitors: int
    lasted: timedelta
    newest: tuple[Shower, ...] = ()
    """The last ones, newest first."""
    more: int = 0
    """How many things (with `groups`: monitors) are not in the list."""
    groups: tuple[StormGroup, ...] = ()
    """By monitor, those that fire most first. Messages of an earlier release have `newest` instead."""


AlertNotice = WorseAlert | AllRecovered | Flapping | Muted | Storm
