"""People acknowledge, are paged and invited, and have roles."""

from __future__ import annotations

from warroom.errors import Reason
from warroom.incident.model import State
from warroom.people.model import Unknown


class AlreadyAcknowledged(Reason):
    """Somebody has it. `by` None where that is nobody known here."""

    incident: str
    state: State
    by: str | None
    asked_by: str | None


class OnlyYourself(Reason):
    """Somebody would page nobody but themselves."""

    said: tuple[str, ...]


class InRoomAlready(Reason):
    """Somebody joins who is in the room."""

    incident: str


class SilenceEnded(Reason):
    """Somebody says that they are on it, and nobody asks any more."""

    incident: str


class UnknownTeam(Reason):
    """The policy knows no team of that name."""

    said: str
    known: tuple[str, ...]
    what: str = "team"
    """What was looked for, where it could have been something else too."""


class NoEscalationPolicy(Reason):
    """There are no levels that could be paged."""

    incident: str


class EscalatedMeanwhile(Reason):
    """Somebody escalated while the person looked at an older card."""

    incident: str


class RoleMissing(Reason):
    """A role without a name."""


class RoleHeld(Reason):
    """The person has that role already."""

    incident: str
    role: str
    person: str


class NobodyToInvite(Reason):
    """No name was given."""


class NobodyToPage(Reason):
    """No name was given."""

    teams: tuple[str, ...]


class PageFoundNobody(Reason):
    """Every name led to nobody."""

    unknown: tuple[Unknown, ...]


PeopleRefusal = (
    AlreadyAcknowledged
    | OnlyYourself
    | InRoomAlready
    | SilenceEnded
    | UnknownTeam
    | NoEscalationPolicy
    | EscalatedMeanwhile
    | RoleMissing
    | RoleHeld
    | NobodyToInvite
    | NobodyToPage
    | PageFoundNobody
)
