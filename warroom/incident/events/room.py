"""The channel, and what failed for good in it or in another system."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from warroom.incident.events.base import EventBase


class RoomOpened(EventBase):
    """Its channel exists."""

    kind: Literal["room_opened"] = "room_opened"
    name: str
    """Without #."""
    channel_id: str | None = None


class RoomArchived(EventBase):
    """Its channel was archived."""

    kind: Literal["room_archived"] = "room_archived"


class RoomUnarchived(EventBase):
    """Its archived channel is open again."""

    kind: Literal["room_unarchived"] = "room_unarchived"


class EffectKind(StrEnum):
    """The effects about an incident whose failure is said in its room; each is the kind of an effect."""

    OPEN_ROOM = "open_room"
    RENAME_ROOM = "rename_room"
    ARCHIVE_ROOM = "archive_room"
    UNARCHIVE_ROOM = "unarchive_room"
    SHOW_CARD = "show_card"
    PIN_CARD = "pin_card"
    INVITE = "invite"
    SET_TOPIC = "set_topic"
    SET_PURPOSE = "set_purpose"
    ADD_BOOKMARK = "add_bookmark"
    ANNOUNCE = "announce"
    TELL_TEAM = "tell_team"
    POST = "post"
    POST_UNDER_ANNOUNCEMENT = "post_under_announcement"
    """A post whose place is the thread of the announcement."""
    WITHDRAW = "withdraw"
    SEND_DIRECT = "send_direct"
    REDRAW_DIRECT = "redraw_direct"
    REPLY_TO_SOURCE = "reply_to_source"
    SHARE_DOCUMENT = "share_document"
    SHARE_CANVAS = "share_canvas"
    SHARE_PICTURE = "share_picture"
    RUN_STEP = "run_step"
    LOOK_AT_RUN = "look_at_run"
    BEGIN_RUNBOOKS = "begin_runbooks"
    SHOW_RUN = "show_run"
    INVESTIGATE = "investigate"
    NARRATE = "narrate"
    SHOW_INVESTIGATION = "show_investigation"
    SHARE_FINDINGS = "share_findings"
    EXTERNAL = "external"
    """An operation of an integration, which says in its own words what did not happen."""


class EffectFailed(EventBase):
    """Something that was asked of another system failed for good."""

    kind: Literal["effect_failed"] = "effect_failed"
    effect: EffectKind
    what: str = ""
    """Of an integration's operation: what did not happen, in its own words."""
    channel: str = ""
    """Where it should have been done, as the policy names the channel."""
    error: str
    """What the other system said, in the words of its integration."""
    code: str = ""
    """The other system's code for it."""
    advice: str = ""
    """The next step for a person, in the words of the integration."""


RoomEvent = RoomOpened | RoomArchived | RoomUnarchived | EffectFailed
