"""What one person sees: the sidebar, a channel's messages, a thread."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from sandbox.model import NOTICES, Channel, SlackMessage, SlackUser
from sandbox.page.template_helpers import TemplateHelpers
from sandbox.workspace import WorkspaceState

TOGETHER = 300.0
"""Seconds within which messages of one author are grouped under one name."""
NEWEST = 200
"""How many messages of a channel are shown, the newest."""
JOINS = ("channel_join", "group_join")


@dataclass
class MessageRow:
    """A message as a row of the page. `joined` are the user ids of a row that says who joined."""

    message: SlackMessage
    day: str = ""
    compact: bool = False
    notice: bool = False
    joined: list[str] = field(default_factory=list)
    replies: list[SlackMessage] = field(default_factory=list)
    pinned: bool = False


@dataclass(frozen=True)
class SidebarEntry:
    """A conversation in the sidebar, with its numbers of unread messages and of mentions."""

    channel: Channel
    name: str
    unread: int
    mentioned: int


class ReadMarkers:
    """Up to which message each person has read each conversation."""

    def __init__(self, ws: WorkspaceState) -> None:
        self._ws = ws
        self._upto: dict[tuple[str, str], str] = {}

    def read(self, who: SlackUser, channel: Channel) -> None:
        """Mark everything in the channel as read by that person."""
        self._upto[who.id, channel.id] = channel.log[-1].ts if channel.log else ""

    def entry(self, draw: TemplateHelpers, channel: Channel) -> SidebarEntry:
        """The conversation with what is unread in it; system messages do not count."""
        who = draw.reader
        upto = self._upto.get((who.id, channel.id), "")
        new = [
            m
            for m in channel.messages[-NEWEST:]
            if m.ts > upto and m.user != who.id and (not m.thread_ts or m.broadcast)
        ]
        mine = [m for m in new if channel.kind != "channel" or _mentions(self._ws, who, m)]
        return SidebarEntry(channel, draw.channel(channel), len(new), len(mine))


def _mentions(ws: WorkspaceState, who: SlackUser, message: SlackMessage) -> bool:
    said = message.text + str(message.blocks)
    groups = [g.id for g in ws.groups.values() if who.id in g.users]
    words = [f"<@{who.id}", "<!channel>", "<!here>", "<!everyone>", *(f"<!subteam^{g}" for g in groups)]
    return any(word in said for word in words)


def sidebar(ws: WorkspaceState, draw: TemplateHelpers, markers: ReadMarkers) -> dict[str, list[SidebarEntry]]:
    """The reader's conversations: "mine" (joined), "open" (can be joined), "direct" and "archived"."""
    found: dict[str, list[SidebarEntry]] = {"mine": [], "open": [], "direct": [], "archived": []}
    for channel in ws.channels.values():
        inside = draw.reader.id in channel.members
        if channel.kind != "channel":
            if inside:
                found["direct"].append(markers.entry(draw, channel))
        elif channel.is_archived:
            if inside or not channel.is_private:
                found["archived"].append(markers.entry(draw, channel))
        elif inside:
            found["mine"].append(markers.entry(draw, channel))
        elif not channel.is_private and not draw.reader.is_restricted:
            found["open"].append(markers.entry(draw, channel))
    return {kind: sorted(entries, key=lambda e: e.name) for kind, entries in found.items()}


def channel_rows(ws: WorkspaceState, draw: TemplateHelpers, channel: Channel) -> list[MessageRow]:
    """The channel's messages as the reader sees them, oldest first, with ephemeral ones to them."""
    said = [m for m in channel.log[-NEWEST:] if _is_listed(m)]
    ephemeral = [m for m in ws.ephemerals if m.channel == channel.id and m.only_for == draw.reader.id and not m.deleted]
    return _rows(draw, channel, sorted([*said, *ephemeral], key=lambda m: m.ts))


def thread_rows(draw: TemplateHelpers, channel: Channel, parent: SlackMessage) -> list[MessageRow]:
    """A thread: its parent and the replies."""
    rows = _rows(draw, channel, [parent, *(m for m in parent.replies if not m.deleted)])
    for row in rows:
        row.replies, row.day = [], ""
    return rows


def _is_listed(message: SlackMessage) -> bool:
    if message.deleted:
        return message.subtype == "tombstone"
    return not message.thread_ts or message.broadcast


def _rows(draw: TemplateHelpers, channel: Channel, messages: Iterable[SlackMessage]) -> list[MessageRow]:
    rows: list[MessageRow] = []
    day = ""
    pinned = {pin.message.ts for pin in channel.pins}
    for message in messages:
        last = rows[-1] if rows else None
        if message.subtype in JOINS and last and last.joined and last.message.subtype in JOINS:
            last.joined.append(message.user)
            continue
        row = MessageRow(message, notice=message.subtype in NOTICES, pinned=message.ts in pinned)
        if row.notice and message.subtype in JOINS:
            row.joined = [message.user]
        today = draw.names.day(message.ts)
        row.day, day = (today if today != day else ""), today
        row.compact = last is not None and not row.day and _same_group(last.message, message)
        row.replies = [m for m in message.replies if not m.deleted]
        rows.append(row)
    return rows


def _same_group(before: SlackMessage, message: SlackMessage) -> bool:
    plain = before.subtype not in NOTICES and message.subtype not in NOTICES
    same = before.user == message.user and before.only_for == message.only_for
    return plain and same and not message.broadcast and float(message.ts) - float(before.ts) < TOGETHER
