"""The data of a workspace: people, user groups, channels, messages, files, canvases and views."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

from sandbox import block_contents

Json = dict[str, Any]

NOTICES = {
    "channel_join", "channel_leave", "channel_topic", "channel_purpose", "channel_name", "channel_archive",
    "channel_unarchive", "group_join", "group_leave", "group_topic", "group_purpose", "group_name", "group_archive",
    "group_unarchive", "pinned_item", "tombstone",
}  # fmt: skip
"""Subtypes of system messages, which Slack itself writes into a channel."""


@dataclass(eq=False)
class SlackUser:
    """A user of the workspace, bots included. `name` is the handle, as in "ada"."""

    id: str
    name: str
    real_name: str
    email: str = ""
    display_name: str = ""
    title: str = ""
    is_bot: bool = False
    deleted: bool = False
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    is_admin: bool = False
    tz: str = "Europe/Berlin"
    tz_offset: int = 3600
    bot_id: str = ""
    app_id: str = ""
    updated: int = 0


@dataclass(eq=False)
class UserGroup:
    """A user group such as @sre-oncall; `users` are ids."""

    id: str
    handle: str
    name: str
    users: list[str] = field(default_factory=list)
    disabled: bool = False
    updated: int = 0


@dataclass(eq=False)
class File:
    """An uploaded file of `length` bytes. `shares` are (channel id, ts) of the messages that show it."""

    id: str
    name: str
    length: int
    user: str
    created: int
    title: str = ""
    content: bytes | None = None
    completed: bool = False
    snippet_type: str = ""
    alt_text: str = ""
    """What a picture shows, for whoever does not see it."""
    key: str = ""
    """The secret in its upload URL."""
    shares: list[tuple[str, str]] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The content as text."""
        return (self.content or b"").decode()


@dataclass
class CanvasSection:
    """A section of a canvas: the Markdown between two blank lines."""

    id: str
    text: str


@dataclass(eq=False)
class Canvas:
    """A canvas. `access` maps the id of a channel or person to read, write or owner."""

    id: str
    title: str
    sections: list[CanvasSection] = field(default_factory=list)
    access: dict[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The whole canvas as Markdown."""
        return "\n\n".join(section.text for section in self.sections)


@dataclass(eq=False)
class SlackMessage:
    """A message in its current state. An ephemeral one has `only_for`, a thread reply the `thread_ts` of its parent."""

    ts: str
    channel: str
    user: str
    text: str = ""
    blocks: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    metadata: Json | None = None
    thread_ts: str | None = None
    subtype: str | None = None
    by_app: bool = False
    only_for: str | None = None
    broadcast: bool = False
    extra: Json = field(default_factory=dict)
    files: list[File] = field(default_factory=list)
    replies: list[SlackMessage] = field(default_factory=list)
    reactions: dict[str, list[str]] = field(default_factory=dict)
    state: Json = field(default_factory=dict)
    edits: int = 0
    edited: Json | None = None
    deleted: bool = False

    def labels(self) -> list[str]:
        """The texts of its buttons and of its menus' options."""
        return block_contents.labels(self.blocks)

    def plain(self) -> str:
        """All its visible text. Where there are blocks, `text` is only the notification and is left out."""
        shown = block_contents.plain(self.blocks) if self.blocks else self.text
        extras = [block_contents.plain(self.attachments), *(file.title or file.name for file in self.files)]
        return "\n".join(piece for piece in [shown, *extras] if piece)

    def snapshot(self) -> SlackMessage:
        """A copy that later edits do not change, as on the screen of a client that has not been updated."""
        return copy.copy(self)


@dataclass(eq=False)
class Pin:
    """A pinned message."""

    message: SlackMessage
    user: str
    created: int

    @property
    def ts(self) -> str:
        return self.message.ts

    @property
    def text(self) -> str:
        return self.message.text


@dataclass(eq=False)
class Bookmark:
    """A bookmark of a channel."""

    id: str
    title: str
    link: str
    user: str
    created: int
    emoji: str = ""
    updated: int = 0


@dataclass(eq=False)
class Note:
    """A channel's topic or purpose."""

    value: str = ""
    creator: str = ""
    last_set: int = 0


@dataclass(eq=False)
class Channel:
    """A conversation. `kind` is channel, im or mpim; `members` are user ids in the order in which they joined."""

    id: str
    name: str
    creator: str
    created: int
    kind: str = "channel"
    is_private: bool = False
    is_archived: bool = False
    is_general: bool = False
    read_only: bool = False
    members: list[str] = field(default_factory=list)
    topic_note: Note = field(default_factory=Note)
    purpose_note: Note = field(default_factory=Note)
    log: list[SlackMessage] = field(default_factory=list)
    pins: list[Pin] = field(default_factory=list)
    bookmarks: list[Bookmark] = field(default_factory=list)
    previous_names: list[str] = field(default_factory=list)
    canvas: str = ""
    updated: int = 0

    @property
    def topic(self) -> str:
        return self.topic_note.value

    @property
    def purpose(self) -> str:
        return self.purpose_note.value

    @property
    def type(self) -> str:
        """Slack's name of the kind of conversation: public_channel, private_channel, im or mpim."""
        if self.kind != "channel":
            return self.kind
        return "private_channel" if self.is_private else "public_channel"

    @property
    def messages(self) -> list[SlackMessage]:
        """What people and apps posted, oldest first, without thread replies, deleted and system messages."""
        return [m for m in self.log if not m.deleted and m.subtype not in NOTICES and (not m.thread_ts or m.broadcast)]

    @property
    def notices(self) -> list[SlackMessage]:
        """The system messages: who joined, new topics, and so on."""
        return [m for m in self.log if m.subtype in NOTICES and not m.deleted]

    def messages_by_bot(self) -> list[SlackMessage]:
        """What the app posted, oldest first, without thread replies, deleted messages and files."""
        return [m for m in self.messages if m.by_app and not m.files]

    @property
    def files(self) -> list[File]:
        """The files shared here, oldest first."""
        return [file for m in self.log if not m.deleted for file in m.files]


@dataclass(eq=False)
class View:
    """A modal or a Home tab of one person. `body` is what the app sent, with ids filled in."""

    id: str
    user: str
    body: Json
    hash: str
    root: str
    previous: str | None = None
    state: dict[str, dict[str, Json]] = field(default_factory=dict)
    is_open: bool = True

    @property
    def blocks(self) -> list[Json]:
        blocks: list[Json] = self.body["blocks"]
        return blocks

    @property
    def type(self) -> str:
        return str(self.body["type"])
