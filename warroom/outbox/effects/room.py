"""The channel of an incident, its card and its files."""

from __future__ import annotations

from typing import ClassVar, Literal

from warroom.outbox.effects.base import EffectBase


class OpenRoom(EffectBase):
    """Create the channel. Its result is ChannelCreated."""

    weight: ClassVar[int] = 0
    kind: Literal["open_room"] = "open_room"
    name: str
    private: bool = False


class ShowCard(EffectBase):
    """Post the incident card, or redraw it. Its result is CardShown, when it was posted."""

    weight: ClassVar[int] = 1
    coalescing: ClassVar[bool] = True
    kind: Literal["show_card"] = "show_card"


class RenameRoom(EffectBase):
    """Name the channel after the title as it is at delivery. Its result is ChannelRenamed."""

    coalescing: ClassVar[bool] = True
    kind: Literal["rename_room"] = "rename_room"


class ArchiveRoom(EffectBase):
    """Archive the channel of an incident that is over. Its result is ChannelArchived."""

    weight: ClassVar[int] = 9
    kind: Literal["archive_room"] = "archive_room"


class UnarchiveRoom(EffectBase):
    """Open the archived channel of an incident again. Its result is ChannelUnarchived, which says whether that was allowed."""

    weight: ClassVar[int] = 0
    kind: Literal["unarchive_room"] = "unarchive_room"


class PinCard(EffectBase):
    """Pin the card."""

    weight: ClassVar[int] = 3
    kind: Literal["pin_card"] = "pin_card"


class Invite(EffectBase):
    """Invite people into the room. Its result is PeopleAdded."""

    weight: ClassVar[int] = 1
    kind: Literal["invite"] = "invite"
    people: tuple[str, ...]


class SetTopic(EffectBase):
    """Set the room's topic from the state at delivery."""

    coalescing: ClassVar[bool] = True
    kind: Literal["set_topic"] = "set_topic"


class SetPurpose(EffectBase):
    """Set the room's purpose."""

    kind: Literal["set_purpose"] = "set_purpose"


class AddBookmark(EffectBase):
    """Add a link to the room's bookmarks."""

    kind: Literal["add_bookmark"] = "add_bookmark"
    title: str
    url: str
    emoji: str | None = None


class ShareDocument(EffectBase):
    """Share the post-mortem in the room as a Markdown file, built at delivery."""

    kind: Literal["share_document"] = "share_document"
    revision: int


class ShareCanvas(EffectBase):
    """Show the post-mortem as a canvas of the room, written whole at delivery. Its result is CanvasShown, when it was created."""

    coalescing: ClassVar[bool] = True
    kind: Literal["share_canvas"] = "share_canvas"


class SharePicture(EffectBase):
    """Share the picture of the incident's timeline in the room, drawn at delivery."""

    kind: Literal["share_picture"] = "share_picture"
    name: str
    """Tells this picture from the others of the incident, in its file's name."""


class ReadRoomMembers(EffectBase):
    """Read who is in the room of a private incident. Its result is RoomMembers."""

    coalescing: ClassVar[bool] = True
    kind: Literal["read_room_members"] = "read_room_members"


class ReadRoomActivity(EffectBase):
    """Read when a person last wrote in the room, in threads too. Its result is RoomActivity."""

    coalescing: ClassVar[bool] = True
    kind: Literal["read_room_activity"] = "read_room_activity"


RoomEffect = (
    OpenRoom
    | ShowCard
    | RenameRoom
    | ArchiveRoom
    | UnarchiveRoom
    | PinCard
    | Invite
    | SetTopic
    | SetPurpose
    | AddBookmark
    | ShareDocument
    | ShareCanvas
    | SharePicture
    | ReadRoomMembers
    | ReadRoomActivity
)
