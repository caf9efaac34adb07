"""What is said, in channels and to people."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar, Literal

from warroom.incident.notices import Notice
from warroom.incident.parts import DirectPurpose
from warroom.outbox.effects.base import EffectBase
from warroom.value import Moment


class Place(StrEnum):
    """Where a notice is posted."""

    ROOM = "room"
    CARD_THREAD = "card thread"
    ANNOUNCEMENT = "announcement thread"


class Announce(EffectBase):
    """Post the announcement in the broadcast channel, or redraw it. Its result is Announced, when it was posted."""

    weight: ClassVar[int] = 3
    coalescing: ClassVar[bool] = True
    kind: Literal["announce"] = "announce"
    channel: str
    """A channel name or id as the policy wrote it."""


class TellTeam(EffectBase):
    """Post the line in the team's own channel, or redraw it. Its result is TeamTold, when it was posted."""

    weight: ClassVar[int] = 4
    coalescing: ClassVar[bool] = True
    kind: Literal["tell_team"] = "tell_team"
    channel: str


class TellEverybody(EffectBase):
    """One line in a channel about trouble that is no incident's: what it is and what to do about it."""

    kind: Literal["tell_everybody"] = "tell_everybody"
    channel: str
    what: str
    advice: str = ""


class Post(EffectBase):
    """Say something in the room or a thread. With a slot it takes the place of the slot's last message; then its result is Posted.

    `in_place` redraws that message instead, where there is one.
    """

    weight: ClassVar[int] = 2
    kind: Literal["post"] = "post"
    place: Place
    notice: Notice
    slot: str | None = None
    in_place: bool = False


class Withdraw(EffectBase):
    """Delete a message of the bot's: one in a slot, the announcement, or a direct message that a newer one replaced."""

    kind: Literal["withdraw"] = "withdraw"
    ts: str
    channel: str | None = None
    """Where it is; None: in the room."""
    thread: bool = False
    """What the bot said in its thread is deleted too."""


class PrivateReply(EffectBase):
    """Answer one person: by `response_url` while it lives, else privately in the channel, else directly.

    Either `text` and `blocks`, which are finished (escaped and cut), or a `notice` about the incident, drawn at delivery.
    """

    weight: ClassVar[int] = 0
    kind: Literal["private_reply"] = "private_reply"
    user: str
    channel: str | None = None
    response_url: str | None = None
    text: str = ""
    blocks: tuple[dict[str, Any], ...] = ()
    notice: Notice | None = None
    replace_original: bool = False


class SendDirect(EffectBase):
    """Write to one person about the incident; it takes the place of the last such message. Its result is DirectlySent.

    In doubt it is not sent twice: who is paged is mentioned in the room too.
    """

    weight: ClassVar[int] = 2
    kind: Literal["send_direct"] = "send_direct"
    user: str
    purpose: DirectPurpose
    by: str | None = None
    """Who paged them."""
    why: str = ""


class TellMorning(EffectBase):
    """Tell one person of all incidents whose page waited for their morning, in one message."""

    weight: ClassVar[int] = 2
    kind: Literal["tell_morning"] = "tell_morning"
    user: str
    morning: Moment
    """Until when they waited."""


class RedrawDirect(EffectBase):
    """Redraw the direct message of that purpose to that person, if there is one."""

    coalescing: ClassVar[bool] = True
    kind: Literal["redraw_direct"] = "redraw_direct"
    user: str
    purpose: DirectPurpose


class ReplyToSource(EffectBase):
    """Say below the message that an incident was declared from where its channel is."""

    kind: Literal["reply_to_source"] = "reply_to_source"
    channel: str
    ts: str


MessageEffect = (
    Announce
    | TellTeam
    | TellEverybody
    | Post
    | Withdraw
    | PrivateReply
    | SendDirect
    | TellMorning
    | RedrawDirect
    | ReplyToSource
)
