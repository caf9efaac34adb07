"""Changes to a channel: messages, edits, members, pins, reactions, and the system messages that Slack adds."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from sandbox import api_objects
from sandbox.events import emit, emit_channel_change, emit_member_change, emit_message, message_item
from sandbox.model import Channel, File, Json, Pin, SlackMessage
from sandbox.workspace import WorkspaceState

TEXT_LIMIT = 40_000
"""Characters of a message's text; the rest is cut without an error (docs.slack.dev, chat.postMessage)."""


def with_ids(ws: WorkspaceState, blocks: list[Json]) -> list[Json]:
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
    ws: WorkspaceState,
    channel: Channel,
    user: str,
    text: str,
    *,
    blocks: list[Json] | None = None,
    attachments: list[Json] | None = None,
    thread: SlackMessage | None = None,
    broadcast: bool = False,
    metadata: Json | None = None,
    files: list[File] | None = None,
    extra: Json | None = None,
) -> SlackMessage:
    """Post a message, in the channel or with `thread` as a reply, and emit its events."""
    message = SlackMessage(ws.new_ts(), channel.id, user, text[:TEXT_LIMIT])
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
    shown = api_objects.message(ws, message) | {"event_ts": message.ts}
    emit_message(ws, channel, shown)
    if f"<@{ws.app.bot_user}>" in message.text and not message.by_app and channel.kind == "channel":
        # Slack sends two events for it: message and app_mention.
        emit(ws, shown | {"type": "app_mention", "channel": channel.id}, channel=channel)
    for file in message.files:
        emit(ws, {"type": "file_shared", "file_id": file.id, "user_id": user, "channel_id": channel.id,
                  "file": {"id": file.id}}, channel=channel)  # fmt: skip
    return message


def notice(ws: WorkspaceState, channel: Channel, kind: str, user: str, text: str, **extra: Any) -> None:
    """Add a system message, such as "Ada has joined". `kind` is its subtype without channel_ or group_."""
    if channel.kind != "channel":
        return
    message = SlackMessage(ws.new_ts(), channel.id, user, text)
    message.subtype = f"{'group' if channel.is_private else 'channel'}_{kind}"
    message.extra = extra
    channel.log.append(message)
    emit_message(ws, channel, api_objects.message(ws, message) | {"event_ts": message.ts})


def edit(ws: WorkspaceState, channel: Channel, message: SlackMessage, fields: Json) -> None:
    """Change text, blocks or attachments of a message and emit message_changed."""
    before = api_objects.message(ws, message)
    for name, value in fields.items():
        setattr(message, name, with_ids(ws, value) if name == "blocks" else value)
    message.edits += 1
    message.edited = {"user": message.user, "ts": ws.new_ts()}
    message.state = {}
    emit_message(
        ws, channel, {"subtype": "message_changed", "hidden": True, "ts": message.edited["ts"],
                      "message": api_objects.message(ws, message), "previous_message": before}
    )  # fmt: skip


def delete(ws: WorkspaceState, channel: Channel, message: SlackMessage) -> None:
    """Delete a message. The parent of a thread with replies is replaced by a tombstone."""
    before = api_objects.message(ws, message)
    if any(not reply.deleted for reply in message.replies):
        message.subtype, message.text, message.blocks = "tombstone", "This message was deleted.", []
    message.deleted = True
    channel.pins = [pin for pin in channel.pins if pin.message is not message]
    emit_message(
        ws, channel, {"subtype": "message_deleted", "hidden": True, "deleted_ts": message.ts, "ts": ws.new_ts(),
                      "previous_message": before}
    )  # fmt: skip


def post_ephemeral(
    ws: WorkspaceState, channel: Channel, user: str, said: Json, thread: SlackMessage | None = None
) -> SlackMessage:
    """Post a message that only `user` sees. It is not part of the channel's history."""
    message = SlackMessage(ws.new_ts(), channel.id, ws.app.bot_user, said.get("text", "")[:TEXT_LIMIT])
    message.blocks, message.attachments = with_ids(ws, said.get("blocks") or []), said.get("attachments") or []
    message.by_app, message.only_for = True, user
    if thread is not None:
        message.thread_ts = thread.ts
    ws.ephemerals.append(message)
    ws.changed.notify()
    return message


def replace_content(ws: WorkspaceState, message: SlackMessage, said: Json) -> None:
    """Replace a message's text and blocks, as replace_original of a response_url does."""
    if message.only_for is None:
        edit(ws, ws.channels[message.channel], message, {"blocks": []} | said)
        return
    message.text, message.blocks = said.get("text", ""), with_ids(ws, said.get("blocks") or [])
    message.edits += 1
    ws.changed.notify()


def open_direct(ws: WorkspaceState, members: Sequence[str]) -> Channel:
    """The direct conversation of exactly these people; created when there is none."""
    found = ws.direct_channel(members)
    if found is None:
        kind = "im" if len(members) <= 2 else "mpim"
        found = Channel(
            ws.new_id("D" if kind == "im" else "G"),
            "",
            members[0],
            ws.now_seconds,
            kind=kind,
            is_private=True,
            members=list(members),
        )
        ws.channels[found.id] = found
    return found


def archive(ws: WorkspaceState, channel: Channel, user: str) -> None:
    """Archive the channel. The app is removed from it."""
    notice(ws, channel, "archive", user, "archived the channel")
    emit_channel_change(ws, "archive", channel, user)
    channel.is_archived = True
    if ws.app.bot_user in channel.members:
        channel.members.remove(ws.app.bot_user)


def unarchive(ws: WorkspaceState, channel: Channel, user: str) -> None:
    """Unarchive the channel. The app has to be invited again."""
    channel.is_archived = False
    notice(ws, channel, "unarchive", user, "un-archived the channel")
    emit_channel_change(ws, "unarchive", channel, user)


def rename(ws: WorkspaceState, channel: Channel, name: str, user: str) -> None:
    """Rename the channel; the old name is kept in previous_names."""
    channel.previous_names.append(channel.name)
    old, channel.name = channel.name, name
    notice(ws, channel, "name", user, f'renamed the channel from "{old}" to "{name}"', old_name=old, name=name)
    emit_channel_change(ws, "rename", channel, user, as_object=True)


def add_member(ws: WorkspaceState, channel: Channel, user: str, inviter: str | None = None) -> None:
    """Add a member; no effect when already in the channel."""
    if user in channel.members:
        return
    channel.members.append(user)
    notice(ws, channel, "join", user, f"<@{user}> has joined the channel", **({"inviter": inviter} if inviter else {}))
    emit_member_change(ws, "member_joined_channel", channel, user, inviter)


def remove_member(ws: WorkspaceState, channel: Channel, user: str) -> None:
    """Remove a member. The app gets the event also for its own removal."""
    notice(ws, channel, "leave", user, f"<@{user}> has left the channel")
    emit_member_change(ws, "member_left_channel", channel, user)
    channel.members.remove(user)


def pin(ws: WorkspaceState, channel: Channel, message: SlackMessage, user: str) -> None:
    """Pin a message that is not pinned yet."""
    channel.pins.append(Pin(message, user, ws.now_seconds))
    emit(ws, {"type": "pin_added", "user": user, "channel_id": channel.id, "pin_count": len(channel.pins),
              "item": {"type": "message", "channel": channel.id, "created": ws.now_seconds, "created_by": user,
                       "message": api_objects.message(ws, message)}}, channel=channel)  # fmt: skip


def unpin(ws: WorkspaceState, channel: Channel, message: SlackMessage, user: str) -> None:
    """Unpin a pinned message."""
    channel.pins = [pin for pin in channel.pins if pin.message is not message]
    emit(ws, {"type": "pin_removed", "user": user, "channel_id": channel.id, "item": message_item(message),
              "pin_count": len(channel.pins), "has_pins": bool(channel.pins)}, channel=channel)  # fmt: skip


def react(ws: WorkspaceState, channel: Channel, message: SlackMessage, user: str, name: str) -> bool:
    """Add a reaction; False when that person already has it on the message."""
    people = message.reactions.setdefault(name, [])
    if user in people:
        return False
    people.append(user)
    emit(ws, {"type": "reaction_added", "user": user, "reaction": name, "item": message_item(message),
              "item_user": message.user}, channel=channel)  # fmt: skip
    return True


def unreact(ws: WorkspaceState, channel: Channel, message: SlackMessage, user: str, name: str) -> bool:
    """Remove a reaction; False when that person does not have it on the message."""
    people = message.reactions.get(name, [])
    if user not in people:
        return False
    people.remove(user)
    if not people:
        del message.reactions[name]
    emit(ws, {"type": "reaction_removed", "user": user, "reaction": name, "item": message_item(message),
              "item_user": message.user}, channel=channel)  # fmt: skip
    return True
