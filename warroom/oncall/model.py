"""What is known of who is on call besides the policy's schedules: overrides; and what follows from both: shifts."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from warroom.value import Stored, Value


class OverrideState(StrEnum):
    """Where an override stands."""

    ASKED = "asked"
    """Somebody is looked for."""
    TAKEN = "taken"
    """It holds."""
    UNDONE = "undone"
    """It was taken back; who was on call meanwhile stays as it was."""


class Override(Stored):
    """Somebody is on call in place of whom the layers name, from `start` up to, not including, `end` (aware UTC)."""

    id: str
    schedule: str
    start: datetime
    end: datetime
    person: str | None = None
    """Id of who is on call; None while somebody is looked for."""
    instead_of: str | None = None
    """A name of the schedule, as the policy writes it: only this one of several is replaced. None: all are."""
    state: OverrideState = OverrideState.TAKEN
    by: str | None = None
    """Id of who asked for it; None for the command line."""
    asked: str | None = None
    """Id of the one person who was asked to take it; None: anybody may."""
    swapped_with: str | None = None
    """Id of the other half of a swap."""
    undone_by: str | None = None
    messages: tuple[tuple[str, str, str], ...] = ()
    """Where it is shown: (person or channel as it was asked for, channel id, ts)."""
    made_at: datetime
    """When it was made: of two at the same time the later one holds."""
    version: int = 0
    """Guards against two writers; 0 for one that is not stored yet."""

    @property
    def name(self) -> str | None:
        """The person in the form in which names are resolved."""
        return f"<@{self.person}>" if self.person else None

    def holds(self, at: datetime) -> bool:
        """Whether it says who is on call then."""
        return self.state is OverrideState.TAKEN and self.person is not None and self.start <= at < self.end


class CalendarShift(Stored):
    """An event of a calendar: who is on call from `start` up to, not including, `end` (aware UTC)."""

    start: datetime
    end: datetime
    people: tuple[str, ...]
    """Names: email addresses where the event has any."""


class Calendar(Stored):
    """The calendar of a schedule as it was read last."""

    schedule: str
    shifts: tuple[CalendarShift, ...] = ()
    read_at: datetime | None = None
    """When it was read last; None when it never was."""
    problem: str = ""
    """Why it could not be read the last time; empty when it could."""


class ScheduleState(Stored):
    """What was last said and done about who is on call in a schedule. One for each schedule."""

    schedule: str
    people: tuple[str, ...] = ()
    """Ids of who was on call when it was looked at last; empty in a gap."""
    since: datetime
    """When that was seen first."""
    group: tuple[str, ...] | None = None
    """The members of the user group as they were set last; None before the first time."""
    group_by_hand: tuple[str, ...] | None = None
    """The members that somebody set by hand since, of which people were told."""
    group_problem: str = ""
    """Why the user group could not be set the last time, in Slack's word; empty when it could."""
    version: int = 0
    """Guards against two writers; 0 for one that is not stored yet."""


class FeedLink(Stored):
    """A link under which somebody's calendar reads shifts. What stands in it is kept only as a digest."""

    id: str
    """The first part of its key."""
    person: str
    """Id of who asked for it."""
    schedule: str | None = None
    """Of which the shifts are; None: those of the person, in all schedules."""
    digest: str
    """SHA-256 of the second part of its key, in hexadecimal digits."""
    made_at: datetime


class Shift(Value):
    """Who is on call from `start` up to, not including, `end` (aware UTC)."""

    start: datetime
    end: datetime
    people: tuple[str, ...]
    """Names, as the policy writes them; of overrides mentions such as "<@U1>". Empty: nobody is."""
    overrides: tuple[str, ...] = ()
    """Ids of the overrides by which it is so."""
