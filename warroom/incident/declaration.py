"""What is declared, before it is an incident."""

from __future__ import annotations

from datetime import timedelta

from warroom.incident.model import Origin
from warroom.incident.parts import AlertSummary, Link, ReplyTo
from warroom.value import Value


class Declare(Value):
    """What somebody, or an alert, declares. Names are as typed; `origin_key` makes a repeat harmless."""

    origin: Origin
    origin_key: str
    title: str
    severity: str | None = None
    """Any word the policy knows; None takes the middle of the policy's severities."""
    team: str | None = None
    services: tuple[str, ...] = ()
    description: str = ""
    people: tuple[str, ...] = ()
    private: bool = False
    by: str | None = None
    commander: str | None = None
    """A name; whoever is found behind it commands from the start."""
    fields: tuple[tuple[str, str], ...] = ()
    links: tuple[Link, ...] = ()
    source_message: str | None = None
    source_channel: str | None = None
    source_ts: str | None = None
    """The message it was declared from; its thread is told of the incident."""
    template: str | None = None
    reply_to: ReplyTo | None = None
    alerts: AlertSummary = AlertSummary()
    group_key: str | None = None
    group_window: timedelta | None = None
    auto_resolve_after: timedelta | None = None
