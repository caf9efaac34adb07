"""Putting things into a channel: messages, edits, people, pins, and the lines that Slack itself writes."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from sandbox import shapes
from sandbox.events import channel_change, item, member_change, tell, tell_message
from sandbox.model import Channel, File, Json, Message, Pin
from sandbox.workspace import Workspace

TEXT_LIMIT = 40_000
"""Characters of a message's text; the rest is cut without an error (docs.slack.dev, chat.postMessage)."""


def with_ids(ws: Workspace, blocks: list[Json]) -> list[Json]:
    """A copy in which every block and interactive element has an id, as Slack returns them."""
    copied = copy.deepcopy(blocks)
    for block in copied:
        block.setdefault("block_id", ws.new_secret(5))
        inside: list[Any] = list(block.get("elements", ())) if block.get("type") == "actions" else []
        inside += [block[key] for key in ("accessory", "element") if isinstance(block.get(key), dict)]
        for element in inside:
            if element.get("type") != "image":
                element.setdefault("action_id", ws.new_secret(5))
    return copied


def post(
    ws: Workspace,
    channel: Channel,
    user: str,
    text: str,
    *,
    blocks: list[Json] | None = None,
    attachments: list[Json] | None = None,
    thread: Message | None = None,
    broadcast: bool = False,
    metadata: Json | None = None,
    files: list[File] | None = None,
    extra: Json | None = None,
) -> Message:
    """A message by anybody, in the channel or in a thread. Tells the app about it."""
    message = Message(ws.new_ts(), channel.id, user, text[:TEXT_LIMIT])
    message.blocks, message.attachments = with_ids(ws, blocks or []), attachments or []
    message.metadata, message.files, message.extra = metadata, files or [], extra or {}
    message.by_app = user == ws.app.bot_user
    if thread is not None:
        message.thread_ts = thread.ts
        message.extra["parent_user_id"] = thread.user
        message.broadcast = broadcast
        if broadcast:
            message.subtype = "thread_broadcast"
        thread.replies.append(message)
    if files and not message.subtype:
        message.subtype = "file_share"
    channel.log.append(message)
    shown = shapes.message(ws, message) | {"event_ts": message.ts}
    tell_message(ws, channel, shown)
    if f"<@{ws.app.bot_user}>" in message.text and not message.by_app and channel.kind == "channel":
        # The same message comes twice: as what was said in the channel, and as a mention.
        tell(ws, shown | {"type": "app_mention", "channel": channel.id}, channel=channel)
    for file in message.files:
        tell(ws, {"type": "file_shared", "file_id": file.id, "user_id": user, "channel_id": channel.id,
                  "file": {"id": file.id}}, channel=channel)  # fmt: skip
    return message


def notice(ws: Workspace, channel: Channel, kind: str, user: str, text: str, **extra: Any) -> None:
    """A line that Slack writes: who joined, what the topic is now. `kind` is the part after channel_ or group_."""
    if channel.kind != "channel":
        return
    message = Message(ws.new_ts(), channel.id, user, text)
    message.subtype = f"{'group' if channel.is_private else 'channel'}_{kind}"
    message.extra = extra
    channel.log.append(message)
    tell_message(ws, channel, shapes.message(ws, message) | {"event_ts": message.ts})


def edit(ws: Workspace, channel: Channel, message: Message, fields: Json) -> None:
    """Change text, blocks or attachments of a message. Tells the app when anything is different."""
    before = shapes.message(ws, message)
    for name, value in fields.items():
        setattr(message, name, with_ids(ws, value) if name == "blocks" else value)
    message.edits += 1
    message.edited = {"user": message.user, "ts": ws.new_ts()}
    message.state = {}
    tell_message(
        ws, channel, {"subtype": "message_changed", "hidden": True, "ts": message.edited["ts"],
                      "message": shapes.message(ws, message), "previous_message": before}
    )  # fmt: skip


def delete(ws: Workspace, channel: Channel, message: Message) -> None:
    """Take a message away. A thread's parent leaves a tombstone."""
    before = shapes.message(ws, message)
    if any(not reply.deleted for reply in message.replies):
        message.subtype, message.text, message.blocks = "tombstone", "This message was deleted.", []
    message.deleted = True
    channel.pins = [pin for pin in channel.pins if pin.message is not message]
    tell_message(
        ws, channel, {"subtype": "message_deleted", "hidden": True, "deleted_ts": message.ts, "ts": ws.new_ts(),
                      "previous_message": before}
    )  # fmt: skip


def whisper(ws: Workspace, channel: Channel, user: str, said: Json, thread: Message | None = None) -> Message:
    """A message that only `user` sees. Slack keeps it nowhere, so it is not in the channel."""
    message = Message(ws.new_ts(), channel.id, ws.app.bot_user, said.get("text", "")[:TEXT_LIMIT])
    message.blocks, message.attachments = with_ids(ws, said.get("blocks") or []), said.get("attachments") or []
    message.by_app, message.only_for = True, user
    if thread is not None:
        message.thread_ts = thread.ts
    ws.ephemerals.append(message)
    ws.pulse.beat()
    return message


def rewrite(ws: Workspace, message: Message, said: Json) -> None:
    """Other content for a message that was answered through a response_url."""
    if message.only_for is None:
        edit(ws, ws.channels[message.channel], message, {"blocks": []} | said)
        return
    message.text, message.blocks = said.get("text", ""), with_ids(ws, said.get("blocks") or [])
    message.edits += 1
    ws.pulse.beat()


def open_direct(ws: Workspace, members: Sequence[str]) -> Channel:
    """The direct conversation of exactly these people, made if there is none."""
    found = ws.direct_channel(members)
    if found is None:
        kind = "im" if len(members) <= 2 else "mpim"
        found = Channel(
            ws.new_id("D" if kind == "im" else "G"),
            "",
            members[0],
            ws.today,
            kind=kind,
            is_private=True,
            members=list(members),
        )
        ws.channels[found.id] = found
    return found


def archive(ws: Workspace, channel: Channel, user: str) -> None:
    """Nobody writes there any more, and apps are dropped from it."""
    notice(ws, channel, "archive", user, "archived the channel")
    channel_change(ws, "archive", channel, user)
    channel.is_archived = True
    if ws.app.bot_user in channel.members:
        channel.members.remove(ws.app.bot_user)


def unarchive(ws: Workspace, channel: Channel, user: str) -> None:
    """In use again, as only a person can make it; apps have to be invited anew."""
    channel.is_archived = False
    notice(ws, channel, "unarchive", user, "un-archived the channel")
    channel_change(ws, "unarchive", channel, user)


def rename(ws: Workspace, channel: Channel, name: str, user: str) -> None:
    """Another name; the old one is remembered."""
    channel.previous_names.append(channel.name)
    old, channel.name = channel.name, name
    notice(ws, channel, "name", user, f'renamed the channel from "{old}" to "{name}"', old_name=old, name=name)
    channel_change(ws, "rename", channel, user, whole=True)


def add_member(ws: Workspace, channel: Channel, user: str, inviter: str | None = None) -> None:
    """Somebody is in the channel now; no effect when already there."""
    if user in channel.members:
        return
    channel.members.append(user)
    notice(ws, channel, "join", user, f"<@{user}> has joined the channel", **({"inviter": inviter} if inviter else {}))
    member_change(ws, "member_joined_channel", channel, user, inviter)


def remove_member(ws: Workspace, channel: Channel, user: str) -> None:
    """Somebody is gone. The app hears of it, also of its own leaving."""
    notice(ws, channel, "leave", user, f"<@{user}> has left the channel")
    member_change(ws, "member_left_channel", channel, user)
    channel.members.remove(user)


def pin(ws: Workspace, channel: Channel, message: Message, user: str) -> None:
    """Pin a message that is not pinned yet."""
    channel.pins.append(Pin(message, user, ws.today))
    tell(ws, {"type": "pin_added", "user": user, "channel_id": channel.id, "pin_count": len(channel.pins),
              "item": {"type": "message", "channel": channel.id, "created": ws.today, "created_by": user,
                       "message": shapes.message(ws, message)}}, channel=channel)  # fmt: skip


def unpin(ws: Workspace, channel: Channel, message: Message, user: str) -> None:
    """Take a pin off a message that has one."""
    channel.pins = [pin for pin in channel.pins if pin.message is not message]
    tell(ws, {"type": "pin_removed", "user": user, "channel_id": channel.id, "item": item(message),
              "pin_count": len(channel.pins), "has_pins": bool(channel.pins)}, channel=channel)  # fmt: skip


def react(ws: Workspace, channel: Channel, message: Message, user: str, name: str) -> bool:
    """Add a reaction; False when that person had it there already."""
    people = message.reactions.setdefault(name, [])
    if user in people:
        return False
    people.append(user)
    tell(ws, {"type": "reaction_added", "user": user, "reaction": name, "item": item(message),
              "item_user": message.user}, channel=channel)  # fmt: skip
    return True


def unreact(ws: Workspace, channel: Channel, message: Message, user: str, name: str) -> bool:
    """Take a reaction back; False when there was none."""
    people = message.reactions.get(name, [])
    if user not in people:
        return False
    people.remove(user)
    if not people:
        del message.reactions[name]
    tell(ws, {"type": "reaction_removed", "user": user, "reaction": name, "item": item(message),
              "item_user": message.user}, channel=channel)  # fmt: skip
    return True
