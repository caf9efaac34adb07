"""One alert, whatever source it came from."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from warroom.value import Stored


class Kind(StrEnum):
    """What a delivery speaks of."""

    MONITOR = "monitor"
    INCIDENT = "incident"
    SECURITY = "security"
    GENERIC = "generic"


class Transition(StrEnum):
    """What happened to the monitor's group, in one spelling for every source."""

    TRIGGER = "trigger"
    RETRIGGER = "retrigger"
    RENOTIFY = "renotify"
    WARN = "warn"
    REWARN = "rewarn"
    NO_DATA = "no_data"
    RE_NO_DATA = "re_no_data"
    RECOVER = "recover"
    UPDATE = "update"


class AlertState(StrEnum):
    """The state the alert is in after the transition."""

    ALERT = "alert"
    WARN = "warn"
    NO_DATA = "no_data"
    OK = "ok"
    UNKNOWN = "unknown"


class Alert(Stored):
    """What an alert says, cleaned: a missing or unsubstituted value is None, text is plain (not escaped), times are aware UTC.

    `dedup_key` names the thing that fires (versioned, e.g. "1:cycle:…"): a trigger, its repeats and its recovery share it.
    `keys` holds every key a recovery may match on, `dedup_key` first. `delivery_id` names this one delivery: the same
    delivery twice has the same value.
    """

    kind: Kind = Kind.MONITOR
    delivery_id: str
    dedup_key: str
    keys: tuple[str, ...] = ()
    title: str
    text: str = ""
    transition: Transition = Transition.TRIGGER
    state: AlertState = AlertState.ALERT
    event_id: str | None = None
    monitor_id: str | None = None
    priority: str | None = None
    """"P1" to "P5"."""
    severity: str | None = None
    """A severity word the sender wrote ("critical", "SEV-1"); the policy's aliases decide what it means."""
    group: str | None = None
    hosts: tuple[str, ...] = ()
    service: str | None = None
    env: str | None = None
    team: str | None = None
    tags: tuple[str, ...] = ()
    metric: str | None = None
    query: str | None = None
    link: str | None = None
    snapshot: str | None = None
    source: str = ""
    """The system that it came from: as the sender names it, else that of the address it was sent to."""
    people: tuple[str, ...] = ()
    """Whom the sender wants notified (emails, names), to be resolved like any other name."""
    facts: tuple[tuple[str, str], ...] = ()
    """Further labelled facts worth showing, in the sender's order ("error rate", "15.2%")."""
    test: bool = False
    occurred_at: datetime | None = None
    """When it happened by the sender's clock; None when the sender did not say."""
