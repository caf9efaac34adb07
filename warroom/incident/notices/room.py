"""The channel, and what could not be done in it or in another system."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from warroom.incident.events import EffectKind, Event
from warroom.incident.parts import LeftOpen
from warroom.value import Stored


class ArchiveAhead(Stored):
    """The channel is archived at that time. Carries the button Keep channel."""

    kind: Literal["archive_ahead"] = "archive_ahead"
    at: datetime
    actions: int = 0
    """Action items that are not done."""


class ArchiveKept(Stored):
    """Somebody asked that the channel is not archived; takes the place of that."""

    kind: Literal["archive_kept"] = "archive_kept"
    by: str


class NewRoom(Stored):
    """The incident was reopened and its archived channel could not be: it goes on in this new one."""

    kind: Literal["new_room"] = "new_room"
    earlier: str
    """Id of the archived channel."""


class EffectFailedNotice(Stored):
    """Something that was asked of another system failed for good. The texts are the integration's words."""

    kind: Literal["effect_failed"] = "effect_failed"
    effect: EffectKind
    what: str = ""
    """Of an integration's operation: what did not happen, in its own words."""
    channel: str = ""
    """Where it should have been done, as the policy names the channel."""
    error: str
    advice: str = ""
    retry: str = ""
    """The key of the effect, where somebody may ask for it again. Carries the button Try again."""


class OpenElsewhere(Stored):
    """The incident is over here, and what could not be closed in other systems is still open there. Carries the button Try again."""

    kind: Literal["open_elsewhere"] = "open_elsewhere"
    left: tuple[LeftOpen, ...]


OFFER_SLOT = "offer"
"""Where an integration offers something until it is done, or the incident is over."""


class Offered(Stored):
    """An integration offers something: what, and the button that does it or opens its form. In its own words."""

    kind: Literal["offered"] = "offered"
    integration: str
    action: str
    what: str
    label: str


class RoomNotOpened(Stored):
    """The incident is recorded, but it has no room; said to whoever declared it."""

    kind: Literal["room_not_opened"] = "room_not_opened"
    error: str
    advice: str = ""


class RoomLost(Stored):
    """Nothing can be said in the room any more; said where people look instead."""

    kind: Literal["room_lost"] = "room_lost"
    error: str = ""
    advice: str = ""
    archived_by: str | None = None
    """Who archived the channel while the incident was open."""


class IntegrationFault(Stored):
    """An integration's rule failed, so that its system does not hear of an event."""

    kind: Literal["integration_fault"] = "integration_fault"
    integration: str
    """How people call it."""
    event: Event


class Problem(Stored):
    """An integration could not do something: what it was and what to do about it, in its own words and in one line."""

    kind: Literal["problem"] = "problem"
    what: str
    advice: str = ""
    people: tuple[str, ...] = ()
    """People it concerns, shown by mention without calling them."""


RoomNotice = (
    ArchiveAhead
    | ArchiveKept
    | NewRoom
    | EffectFailedNotice
    | OpenElsewhere
    | Offered
    | RoomNotOpened
    | RoomLost
    | IntegrationFault
    | Problem
)
