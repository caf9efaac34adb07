"""What is measured of one incident. Everything a report adds up is in it, so that a report reads no timeline.

A report reads ten thousand of them at once: they are plain records that are read without a check of every value, for nobody but
`measured` writes them, and every change of what is measured counts FORMAT up.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from warroom.incident.model import State

FORMAT = 2
"""Counts up when what is measured, or how, changes: figures that were kept in an earlier format are measured anew."""


@dataclass(frozen=True, slots=True)
class PageFigures:
    """People were called at that time."""

    at: datetime
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WorkFigures:
    """How long one person worked on the incident, in seconds."""

    person: str
    seconds: float


@dataclass(frozen=True, slots=True)
class ActionItemFigures:
    """One action item."""

    created_at: datetime
    due_at: datetime | None = None
    done_at: datetime | None = None
    owner: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentFigures:
    """One incident in numbers. docs/metrics.md defines each; times are aware UTC."""

    number: int
    severity: str
    state: State
    team: str | None = None
    services: tuple[str, ...] = ()
    monitors: tuple[str, ...] = ()
    """Ids of the monitors that fired in it, sorted."""
    private: bool = False
    audience: tuple[str, ...] = ()
    """Who may know of it, where it is private. Slack user ids, sorted."""
    declared_at: datetime
    first_alert_at: datetime | None = None
    """When the first of its alerts fired, by the sender's clock; None where none fired before it was declared."""
    acknowledged_at: datetime | None = None
    mitigated_at: datetime | None = None
    resolved_at: datetime | None = None
    reopened: int = 0
    """How often."""
    updates_kept: int = 0
    updates_missed: int = 0
    pages: tuple[PageFigures, ...] = ()
    work: tuple[WorkFigures, ...] = ()
    postmortem_required_by: datetime | None = None
    postmortem_published_at: datetime | None = None
    actions: tuple[ActionItemFigures, ...] = ()
    investigated: bool = False
    """It was looked into, and there was an answer."""
    cause_named: bool = False
    """The last answer named a cause."""
    cause_right: bool | None = None
    """What people said of it, if they did."""

    detect: float | None = field(init=False)
    acknowledge: float | None = field(init=False)
    mitigate: float | None = field(init=False)
    resolve: float | None = field(init=False)
    """Its four times in seconds, by the names of `Measure`; None for one that it does not have, as a false alarm has none."""

    def __post_init__(self) -> None:
        counts = self.state is not State.CANCELLED
        since = self.declared_at
        for name, start, end in (
            ("detect", self.first_alert_at, since),
            ("acknowledge", since, self.acknowledged_at),
            ("mitigate", since, self.mitigated_at),
            ("resolve", since, self.resolved_at),
        ):
            both = counts and start is not None and end is not None
            object.__setattr__(self, name, (end - start).total_seconds() if both else None)  # type: ignore[operator]

    def shown_to(self, user: str | None) -> bool:
        """Whether the person may know of it; None is whoever runs the bot, who may know of everything."""
        return user is None or not self.private or user in self.audience

    def to_json(self) -> str:
        """For the store."""
        kept = {each.name: getattr(self, each.name) for each in dataclasses.fields(self) if each.init}
        return json.dumps(kept, default=_plain, separators=(",", ":"))


def figures_from(body: str) -> IncidentFigures:
    """The opposite of `IncidentFigures.to_json`. Names that a newer version added are left out.

    Raises ValueError, KeyError or TypeError where it is something else.
    """
    kept: dict[str, Any] = json.loads(body)
    for name in _MOMENTS:
        if (said := kept.get(name)) is not None:
            kept[name] = datetime.fromisoformat(said)
    kept["state"] = _STATES[kept["state"]]
    for name in _NAMES:
        kept[name] = tuple(kept.get(name, ()))
    kept["pages"] = tuple(
        PageFigures(datetime.fromisoformat(each["at"]), tuple(each["people"])) for each in kept.get("pages", ())
    )
    kept["work"] = tuple(WorkFigures(each["person"], each["seconds"]) for each in kept.get("work", ()))
    kept["actions"] = tuple(
        ActionItemFigures(
            datetime.fromisoformat(each["created_at"]), _at(each, "due_at"), _at(each, "done_at"), each.get("owner")
        )
        for each in kept.get("actions", ())
    )
    if kept.keys() - _KNOWN:
        kept = {name: value for name, value in kept.items() if name in _KNOWN}
    return IncidentFigures(**kept)


_KNOWN = frozenset(each.name for each in dataclasses.fields(IncidentFigures) if each.init)
_MOMENTS = tuple(name for name in sorted(_KNOWN) if name.endswith(("_at", "_by")))
_NAMES = ("services", "monitors", "audience")
_STATES = {state.value: state for state in State}


def _at(kept: dict[str, Any], name: str) -> datetime | None:
    said = kept.get(name)
    return None if said is None else datetime.fromisoformat(said)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return {each.name: getattr(value, each.name) for each in dataclasses.fields(value)}
