"""Who may do it, and whether it is there to be done."""

from __future__ import annotations

from warroom.errors import AlreadyDone, Reason
from warroom.policy.permissions import Permission


class NothingToRetry(Reason):
    """What failed was done meanwhile, or is being tried again."""

    incident: str


class NoSuchIncident(Reason):
    """No incident has that number, or the person may not know of it."""

    number: int


class NotARoom(Reason):
    """The channel is no incident's room, and no number was given."""


class IncidentGone(Reason):
    """The incident of a button or a form is not in the record, or the person may not know of it."""


class LeftRoom(Reason):
    """The person left the room of a private incident."""


class NotInQuarantine(Reason):
    """Nothing in quarantine has that id."""

    id: str


class NotAllowed(Reason):
    """The policy leaves it to others."""

    permission: Permission
    may: tuple[str, ...]
    """Words of `Who` and names, as the policy wrote them."""
    incident: str | None = None
    has_commander: bool = False
    room: str | None = None
    """The name of a channel that the person could join and then may do it."""


class AccountClosed(Reason):
    """The person's account is deactivated."""


class GuestMayNotDeclare(Reason):
    """The person is a guest, and the policy lets no guests declare."""


class ChannelGone(Reason):
    """Its channel is archived."""

    incident: str


class ChannelKept(Reason):
    """Its channel is not going to be archived."""

    incident: str


class DoneBefore(Reason):
    """The same gesture was delivered twice."""


class MenuOutdated(Reason):
    """An entry of a menu that an older card offered."""


class RefusedByIntegration(Reason):
    """An integration refuses, in its own words."""

    text: str


class Repeated(AlreadyDone):
    """What the gesture does was done by it before: Slack delivered it again, or somebody pressed twice."""

    def __init__(self, gesture: str) -> None:
        super().__init__(DoneBefore())
        self.gesture = gesture


AccessRefusal = (
    NotAllowed
    | AccountClosed
    | GuestMayNotDeclare
    | LeftRoom
    | NoSuchIncident
    | NotARoom
    | IncidentGone
    | ChannelGone
    | ChannelKept
    | NothingToRetry
    | DoneBefore
    | MenuOutdated
    | RefusedByIntegration
    | NotInQuarantine
)
