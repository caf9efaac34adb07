"""What one person sees of the workspace: the list of conversations, a room, a thread."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from sandbox.model import NOTICES, Channel, Message, Person
from sandbox.page.drawing import Drawing
from sandbox.workspace import Workspace

TOGETHER = 300.0
"""Seconds within which what one author says stands under one name."""
NEWEST = 200
"""How many messages of a room are drawn."""
JOINS = ("channel_join", "group_join")


@dataclass
class Row:
    """A message as it stands in a room. `joined` are those whose arrival it tells of, when it does."""

    message: Message
    day: str = ""
    compact: bool = False
    notice: bool = False
    joined: list[str] = field(default_factory=list)
    replies: list[Message] = field(default_factory=list)
    pinned: bool = False


@dataclass(frozen=True)
class Entry:
    """A line of the list of conversations."""

    channel: Channel
    name: str
    unread: int
    mentioned: int


class Reads:
    """Up to where each person has read each conversation."""

    def __init__(self, ws: Workspace) -> None:
        self._ws = ws
        self._upto: dict[tuple[str, str], str] = {}

    def read(self, who: Person, channel: Channel) -> None:
        """That person has seen everything there."""
        self._upto[who.id, channel.id] = channel.log[-1].ts if channel.log else ""

    def entry(self, draw: Drawing, channel: Channel) -> Entry:
        """The conversation with what is unread in it; Slack's own notices do not count."""
        who = draw.reader
        upto = self._upto.get((who.id, channel.id), "")
        new = [
            m
            for m in channel.messages[-NEWEST:]
            if m.ts > upto and m.user != who.id and (not m.thread_ts or m.broadcast)
        ]
        mine = [m for m in new if channel.kind != "channel" or _names(self._ws, who, m)]
        return Entry(channel, draw.channel(channel), len(new), len(mine))


def _names(ws: Workspace, who: Person, message: Message) -> bool:
    said = message.text + str(message.blocks)
    groups = [g.id for g in ws.groups.values() if who.id in g.users]
    words = [f"<@{who.id}", "<!channel>", "<!here>", "<!everyone>", *(f"<!subteam^{g}" for g in groups)]
    return any(word in said for word in words)


def rooms(ws: Workspace, draw: Drawing, reads: Reads) -> dict[str, list[Entry]]:
    """The conversations of the reader: channels they are in, those they may join, direct ones."""
    found: dict[str, list[Entry]] = {"mine": [], "open": [], "direct": [], "archived": []}
    for channel in ws.channels.values():
        inside = draw.reader.id in channel.members
        if channel.kind != "channel":
            if inside:
                found["direct"].append(reads.entry(draw, channel))
        elif channel.is_archived:
            if inside or not channel.is_private:
                found["archived"].append(reads.entry(draw, channel))
        elif inside:
            found["mine"].append(reads.entry(draw, channel))
        elif not channel.is_private and not draw.reader.is_restricted:
            found["open"].append(reads.entry(draw, channel))
    return {kind: sorted(entries, key=lambda e: e.name) for kind, entries in found.items()}


def room_rows(ws: Workspace, draw: Drawing, channel: Channel) -> list[Row]:
    """The room as the reader sees it, oldest first, with what only they were shown."""
    said = [m for m in channel.log[-NEWEST:] if _stands(m)]
    whispers = [m for m in ws.ephemerals if m.channel == channel.id and m.only_for == draw.reader.id and not m.deleted]
    return _rows(draw, channel, sorted([*said, *whispers], key=lambda m: m.ts))


def thread_rows(draw: Drawing, channel: Channel, parent: Message) -> list[Row]:
    """A thread: its parent and the replies."""
    rows = _rows(draw, channel, [parent, *(m for m in parent.replies if not m.deleted)])
    for row in rows:
        row.replies, row.day = [], ""
    return rows


def _stands(message: Message) -> bool:
    if message.deleted:
        return message.subtype == "tombstone"
    return not message.thread_ts or message.broadcast


def _rows(draw: Drawing, channel: Channel, messages: Iterable[Message]) -> list[Row]:
    rows: list[Row] = []
    day = ""
    pinned = {pin.message.ts for pin in channel.pins}
    for message in messages:
        last = rows[-1] if rows else None
        if message.subtype in JOINS and last and last.joined and last.message.subtype in JOINS:
            last.joined.append(message.user)
            continue
        row = Row(message, notice=message.subtype in NOTICES, pinned=message.ts in pinned)
        if row.notice and message.subtype in JOINS:
            row.joined = [message.user]
        today = draw.names.day(message.ts)
        row.day, day = (today if today != day else ""), today
        row.compact = last is not None and not row.day and _goes_on(last.message, message)
        row.replies = [m for m in message.replies if not m.deleted]
        rows.append(row)
    return rows


def _goes_on(before: Message, message: Message) -> bool:
    plain = before.subtype not in NOTICES and message.subtype not in NOTICES
    same = before.user == message.user and before.only_for == message.only_for
    return plain and same and not message.broadcast and float(message.ts) - float(before.ts) < TOGETHER
