"""People are paged, have roles and are invited."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from warroom.incident.events import PageReason
from warroom.value import Stored


class Paged(Stored):
    """People are called to the incident. `level` counts from 1; 0 when no level of the escalation policy is meant."""

    kind: Literal["paged"] = "paged"
    people: tuple[str, ...]
    level: int
    reason: PageReason
    by: str | None = None
    why: str = ""
    again: bool = False
    """They are the last level, which was paged before."""


class OnItNotice(Stored):
    """Somebody is on it; it takes the place of the page about silence."""

    kind: Literal["on_it"] = "on_it"
    by: str


class RoleAssignedNotice(Stored):
    """Somebody has a role now."""

    kind: Literal["role_assigned"] = "role_assigned"
    by: str | None
    role: str
    person: str


class RoleIsYours(Stored):
    """For whoever has a role now because somebody else gave it to them: what it is."""

    kind: Literal["role_is_yours"] = "role_is_yours"
    by: str
    role: str


class Unanswered(Stored):
    """Every level was paged and nobody acknowledged; said to everybody in the broadcast channel."""

    kind: Literal["unanswered"] = "unanswered"
    rounds: int
    since: datetime


class PageWaitsNotice(Stored):
    """Nobody of the next level is paged at this hour for this severity."""

    kind: Literal["page_waits"] = "page_waits"
    people: tuple[str, ...]
    until: datetime


class LeadWanted(Stored):
    """Somebody has it and nobody commands. Carries the button Take command."""

    kind: Literal["lead_wanted"] = "lead_wanted"
    since: datetime
    """Since when nobody does."""


class HandedOver(Stored):
    """Somebody else commands from now on; where things stand is said with it."""

    kind: Literal["handed_over"] = "handed_over"
    by: str
    person: str
    before: str | None = None
    """Who commanded until then."""


class NobodyFound(Stored):
    """Names in the escalation policy or the declaration led to nobody, or could be several people."""

    kind: Literal["nobody_found"] = "nobody_found"
    names: tuple[str, ...]


class CouldNotInvite(Stored):
    """People could not be brought into the room. `people` are shown by mention without calling them."""

    kind: Literal["could_not_invite"] = "could_not_invite"
    people: tuple[str, ...]
    reason: str
    """What the chat said, in the words of its integration."""


PeopleNotice = (
    Paged
    | OnItNotice
    | RoleAssignedNotice
    | RoleIsYours
    | Unanswered
    | PageWaitsNotice
    | LeadWanted
    | HandedOver
    | NobodyFound
    | CouldNotInvite
)
