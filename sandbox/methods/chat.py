"""chat.*: https://docs.slack.dev/reference/methods?family=chat"""

from __future__ import annotations

from typing import Any

from sandbox import shapes, speaking
from sandbox.arguments import Arguments
from sandbox.blockkit import MESSAGE_TEXT, problems, text_length
from sandbox.errors import SlackError
from sandbox.methods.table import SPECIAL, TIER_3, TIER_4, joined, method, need, visible
from sandbox.model import Channel, Json, Message, Scheduled
from sandbox.paging import page
from sandbox.workspace import Workspace

UPDATE_LIMIT = 4_000
FURTHEST = 120 * 86_400
"""Seconds ahead that a message can be scheduled."""
TOO_LATE = 60
"""Seconds before its time from which on a scheduled message cannot be taken back."""
AT_ONCE = 30
"""Scheduled messages of a channel in five minutes."""


def said(args: Arguments) -> Json:
    """The text, blocks and attachments given, validated. Those not given are absent."""
    found: Json = {}
    if "text" in args:
        found["text"] = args.text("text")
    if "markdown_text" in args:
        if "text" in args or "blocks" in args:
            raise SlackError("markdown_text_conflict")
        found["text"] = args.text("markdown_text")
    if "blocks" in args:
        found["blocks"] = checked_blocks(args.nested("blocks", "invalid_blocks_format") or [])
    if "attachments" in args:
        attachments = args.nested("attachments", "invalid_attachments") or []
        if not isinstance(attachments, list):
            raise SlackError("invalid_attachments")
        if len(attachments) > 100:
            raise SlackError("too_many_attachments")
        for attachment in attachments:
            if not isinstance(attachment, dict):
                raise SlackError("invalid_attachments")
            checked_blocks(attachment.get("blocks") or [])
        found["attachments"] = attachments
    return found


def checked_blocks(blocks: Any) -> list[Json]:
    """The blocks of a message. Raises invalid_blocks_format, invalid_blocks and msg_blocks_too_long."""
    if not isinstance(blocks, list):
        raise SlackError("invalid_blocks_format")
    if found := problems(blocks, "message"):
        raise SlackError("invalid_blocks", errors=found, response_metadata={"messages": found})
    if text_length(blocks) > MESSAGE_TEXT:
        raise SlackError("msg_blocks_too_long")
    checked: list[Json] = blocks
    return checked


def _signed(ws: Workspace, args: Arguments) -> Json:
    """Another name or picture than the app's own, which takes a scope."""
    given = {name: args.text(name) for name in ("username", "icon_emoji", "icon_url") if args.text(name)}
    if given:
        need(ws, "chat:write.customize")
    icons = {key.removeprefix("icon_").replace("url", "image_48"): given[key] for key in given if key != "username"}
    named = {"username": given["username"]} if "username" in given else {}
    return named | ({"icons": icons} if icons else {})


def _not_as_user(args: Arguments) -> None:
    if "as_user" in args:
        raise SlackError("as_user_not_supported")


def _not_empty(found: Json) -> Json:
    if not any(found.get(key) for key in ("text", "blocks", "attachments")):
        raise SlackError("no_text")
    return found


def _thread(ws: Workspace, args: Arguments, channel: Channel) -> Message | None:
    ts = args.text("thread_ts")
    if not ts:
        return None
    parent = next((m for m in channel.log if m.ts == ts), None)
    if parent is None:
        raise SlackError("cannot_reply_to_message")
    if parent.thread_ts and parent.thread_ts != parent.ts:
        raise SlackError("cannot_reply_to_message")
    return parent


def _destination(ws: Workspace, args: Arguments) -> Channel:
    named = args.required("channel")
    if named in ws.people:
        person = ws.people[named]
        if person.deleted or person.is_bot:
            raise SlackError("channel_not_found")
        if not ws.app.messages_tab_enabled:
            raise SlackError("messages_tab_disabled")
        return speaking.open_direct(ws, [ws.app.bot_user, named])
    if named not in ws.channels and (by_name := ws.channel_named(named.removeprefix("#"))):
        args = Arguments(args.given | {"channel": by_name.id})
    channel = visible(ws, args)
    if channel.is_archived:
        raise SlackError("is_archived")
    if ws.app.bot_user not in channel.members and "chat:write.public" not in ws.app.scopes:
        raise SlackError("not_in_channel")
    if channel.read_only:
        raise SlackError("restricted_action_read_only_channel")
    return channel


@method("chat.postMessage", SPECIAL, "chat:write", honours="channel (id, name or person), text, markdown_text, blocks, "
        "attachments, thread_ts, reply_broadcast, metadata, username, icon_emoji, icon_url")  # fmt: skip
def post_message(ws: Workspace, args: Arguments) -> Json:
    _not_as_user(args)
    channel = _destination(ws, args)
    found = _not_empty(said(args))
    message = speaking.post(
        ws,
        channel,
        ws.app.bot_user,
        found.get("text", ""),
        blocks=found.get("blocks"),
        attachments=found.get("attachments"),
        thread=_thread(ws, args, channel),
        broadcast=args.flag("reply_broadcast"),
        metadata=_metadata(args),
        extra=_signed(ws, args),
    )
    return {"channel": channel.id, "ts": message.ts, "message": shapes.message(ws, message)}


def _metadata(args: Arguments) -> Json | None:
    metadata = args.nested("metadata", "invalid_metadata_format")
    if metadata is None:
        return None
    if not isinstance(metadata, dict) or not isinstance(metadata.get("event_payload"), dict):
        raise SlackError("invalid_metadata_format")
    if not metadata.get("event_type"):
        raise SlackError("invalid_metadata_schema")
    return metadata


def _own(ws: Workspace, channel: Channel, ts: str, code: str) -> Message:
    message = ws.find_message(channel, ts)
    if message is None:
        raise SlackError("message_not_found")
    if message.user != ws.app.bot_user or message.subtype not in (None, "thread_broadcast", "file_share"):
        raise SlackError(code)
    return message


@method("chat.update", TIER_3, "chat:write", honours="channel (id), ts, text, blocks, attachments, metadata")
def update(ws: Workspace, args: Arguments) -> Json:
    _not_as_user(args)
    channel = visible(ws, args)
    if channel.is_archived:
        raise SlackError("is_inactive")
    message = _own(ws, channel, args.required("ts"), "cant_update_message")
    found = said(args)
    if not found:
        raise SlackError("no_text")
    if len(found.get("text", "")) > UPDATE_LIMIT:
        raise SlackError("msg_too_long")
    if "text" in found and "blocks" not in found:
        found["blocks"] = []
    _not_empty({key: found.get(key, getattr(message, key)) for key in ("text", "blocks", "attachments")})
    if "metadata" in args:
        found["metadata"] = _metadata(args)
    speaking.edit(ws, channel, message, found)
    return {"channel": channel.id, "ts": message.ts, "text": message.text, "message": shapes.message(ws, message)}


@method("chat.delete", TIER_3, "chat:write", honours="channel, ts")
def delete(ws: Workspace, args: Arguments) -> Json:
    channel = visible(ws, args)
    message = _own(ws, channel, args.required("ts"), "cant_delete_message")
    speaking.delete(ws, channel, message)
    return {"channel": channel.id, "ts": message.ts}


@method("chat.postEphemeral", TIER_4, "chat:write", honours="channel, user, text, blocks, attachments, thread_ts")
def post_ephemeral(ws: Workspace, args: Arguments) -> Json:
    channel = joined(ws, args)
    user = args.required("user")
    if user not in channel.members:
        raise SlackError("user_not_in_channel")
    found = _not_empty(said(args))
    return {"message_ts": speaking.whisper(ws, channel, user, found, _thread(ws, args, channel)).ts}


@method("chat.getPermalink", SPECIAL, honours="channel, message_ts")
def get_permalink(ws: Workspace, args: Arguments) -> Json:
    channel = visible(ws, args)
    message = ws.find_message(channel, args.required("message_ts"))
    if message is None:
        raise SlackError("message_not_found")
    link = f"{ws.url}archives/{channel.id}/p{message.ts.replace('.', '')}"
    if message.thread_ts and message.thread_ts != message.ts:
        link += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}


@method("chat.scheduleMessage", TIER_3, "chat:write", honours="channel, post_at, text, blocks, attachments, thread_ts")
def schedule_message(ws: Workspace, args: Arguments) -> Json:
    channel = _destination(ws, args)
    found = _not_empty(said(args))
    post_at = args.number("post_at", 0, "invalid_time")
    if post_at <= ws.today:
        raise SlackError("time_in_past")
    if post_at > ws.today + FURTHEST:
        raise SlackError("time_too_far")
    near = [s for s in ws.scheduled.values() if s.channel == channel.id and abs(s.post_at - post_at) < 300]
    if len(near) >= AT_ONCE:
        raise SlackError("restricted_too_many")
    thread = _thread(ws, args, channel)
    entry = Scheduled(ws.new_id("Q"), channel.id, post_at, found, thread.ts if thread else "", ws.today)
    ws.scheduled[entry.id] = entry
    ws.pulse.beat()
    return {"channel": channel.id, "scheduled_message_id": entry.id, "post_at": post_at, "message": found}


@method("chat.deleteScheduledMessage", TIER_3, "chat:write", honours="channel, scheduled_message_id")
def delete_scheduled(ws: Workspace, args: Arguments) -> Json:
    channel = visible(ws, args)
    entry = ws.scheduled.get(args.required("scheduled_message_id"))
    if entry is None or entry.channel != channel.id or entry.post_at - ws.today < TOO_LATE:
        raise SlackError("invalid_scheduled_message_id")
    del ws.scheduled[entry.id]
    return {}


@method("chat.scheduledMessages.list", TIER_3, honours="channel, oldest, latest, limit, cursor")
def list_scheduled(ws: Workspace, args: Arguments) -> Json:
    wanted = args.text("channel")
    oldest, latest = args.number("oldest", 0, "invalid_arguments"), args.number("latest", 0) or ws.today + 2 * FURTHEST
    due = sorted(ws.scheduled.values(), key=lambda entry: entry.post_at)
    found, metadata = page(
        ws, args, [s for s in due if (not wanted or s.channel == wanted) and oldest <= s.post_at <= latest]
    )
    listed = [
        {"id": s.id, "channel_id": s.channel, "post_at": s.post_at, "date_created": s.created,
         "text": s.said.get("text", "")}
        for s in found
    ]  # fmt: skip
    return {"scheduled_messages": listed} | metadata
