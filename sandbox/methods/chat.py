"""chat.*: https://docs.slack.dev/reference/methods?family=chat"""

from __future__ import annotations

from typing import Any

from sandbox import api_objects, channel_operations
from sandbox.arguments import Arguments
from sandbox.blockkit import MESSAGE_TEXT, problems, text_length
from sandbox.errors import SlackError
from sandbox.methods.registry import SPECIAL, TIER_3, TIER_4, joined_channel, method, require_scope, visible_channel
from sandbox.model import Channel, Json, SlackMessage
from sandbox.workspace import WorkspaceState

UPDATE_LIMIT = 4_000


def message_content(args: Arguments) -> Json:
    """The text, blocks and attachments given, validated; those not given are absent. Raises SlackError."""
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
    """The blocks, if a message may have them. Raises invalid_blocks_format, invalid_blocks, msg_blocks_too_long."""
    if not isinstance(blocks, list):
        raise SlackError("invalid_blocks_format")
    if found := problems(blocks, "message"):
        raise SlackError("invalid_blocks", errors=found, response_metadata={"messages": found})
    if text_length(blocks) > MESSAGE_TEXT:
        raise SlackError("msg_blocks_too_long")
    checked: list[Json] = blocks
    return checked


def _custom_author(ws: WorkspaceState, args: Arguments) -> Json:
    """The name and icon that replace the app's own, which need the scope chat:write.customize."""
    given = {name: args.text(name) for name in ("username", "icon_emoji", "icon_url") if args.text(name)}
    if given:
        require_scope(ws, "chat:write.customize")
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


def _thread(ws: WorkspaceState, args: Arguments, channel: Channel) -> SlackMessage | None:
    ts = args.text("thread_ts")
    if not ts:
        return None
    parent = next((m for m in channel.log if m.ts == ts), None)
    if parent is None:
        raise SlackError("cannot_reply_to_message")
    if parent.thread_ts and parent.thread_ts != parent.ts:
        raise SlackError("cannot_reply_to_message")
    return parent


def _destination(ws: WorkspaceState, args: Arguments) -> Channel:
    named = args.required("channel")
    if named in ws.people:
        person = ws.people[named]
        if person.deleted or person.is_bot:
            raise SlackError("channel_not_found")
        if not ws.app.messages_tab_enabled:
            raise SlackError("messages_tab_disabled")
        return channel_operations.open_direct(ws, [ws.app.bot_user, named])
    if named not in ws.channels and (by_name := ws.channel_named(named.removeprefix("#"))):
        args = Arguments(args.given | {"channel": by_name.id})
    channel = visible_channel(ws, args)
    if channel.is_archived:
        raise SlackError("is_archived")
    if ws.app.bot_user not in channel.members and "chat:write.public" not in ws.app.scopes:
        raise SlackError("not_in_channel")
    if channel.read_only:
        raise SlackError("restricted_action_read_only_channel")
    return channel


@method("chat.postMessage", SPECIAL, "chat:write", arguments="channel (id, name or person), text, markdown_text, blocks, "
        "attachments, thread_ts, reply_broadcast, metadata, username, icon_emoji, icon_url")  # fmt: skip
def post_message(ws: WorkspaceState, args: Arguments) -> Json:
    _not_as_user(args)
    channel = _destination(ws, args)
    found = _not_empty(message_content(args))
    message = channel_operations.post(
        ws,
        channel,
        ws.app.bot_user,
        found.get("text", ""),
        blocks=found.get("blocks"),
        attachments=found.get("attachments"),
        thread=_thread(ws, args, channel),
        broadcast=args.flag("reply_broadcast"),
        metadata=_metadata(args),
        extra=_custom_author(ws, args),
    )
    return {"channel": channel.id, "ts": message.ts, "message": api_objects.message(ws, message)}


def _metadata(args: Arguments) -> Json | None:
    metadata = args.nested("metadata", "invalid_metadata_format")
    if metadata is None:
        return None
    if not isinstance(metadata, dict) or not isinstance(metadata.get("event_payload"), dict):
        raise SlackError("invalid_metadata_format")
    if not metadata.get("event_type"):
        raise SlackError("invalid_metadata_schema")
    return metadata


def _own(ws: WorkspaceState, channel: Channel, ts: str, code: str) -> SlackMessage:
    message = ws.find_message(channel, ts)
    if message is None:
        raise SlackError("message_not_found")
    if message.user != ws.app.bot_user or message.subtype not in (None, "thread_broadcast", "file_share"):
        raise SlackError(code)
    return message


@method("chat.update", TIER_3, "chat:write", arguments="channel (id), ts, text, blocks, attachments, metadata")
def update(ws: WorkspaceState, args: Arguments) -> Json:
    _not_as_user(args)
    channel = visible_channel(ws, args)
    if channel.is_archived:
        raise SlackError("is_inactive")
    message = _own(ws, channel, args.required("ts"), "cant_update_message")
    found = message_content(args)
    if not found:
        raise SlackError("no_text")
    if len(found.get("text", "")) > UPDATE_LIMIT:
        raise SlackError("msg_too_long")
    if "text" in found and "blocks" not in found:
        found["blocks"] = []
    _not_empty({key: found.get(key, getattr(message, key)) for key in ("text", "blocks", "attachments")})
    if "metadata" in args:
        found["metadata"] = _metadata(args)
    channel_operations.edit(ws, channel, message, found)
    return {"channel": channel.id, "ts": message.ts, "text": message.text, "message": api_objects.message(ws, message)}


@method("chat.delete", TIER_3, "chat:write", arguments="channel, ts")
def delete(ws: WorkspaceState, args: Arguments) -> Json:
    channel = visible_channel(ws, args)
    message = _own(ws, channel, args.required("ts"), "cant_delete_message")
    channel_operations.delete(ws, channel, message)
    return {"channel": channel.id, "ts": message.ts}


@method("chat.postEphemeral", TIER_4, "chat:write", arguments="channel, user, text, blocks, attachments, thread_ts")
def post_ephemeral(ws: WorkspaceState, args: Arguments) -> Json:
    channel = joined_channel(ws, args)
    user = args.required("user")
    if user not in channel.members:
        raise SlackError("user_not_in_channel")
    found = _not_empty(message_content(args))
    return {"message_ts": channel_operations.post_ephemeral(ws, channel, user, found, _thread(ws, args, channel)).ts}


@method("chat.getPermalink", SPECIAL, arguments="channel, message_ts")
def get_permalink(ws: WorkspaceState, args: Arguments) -> Json:
    channel = visible_channel(ws, args)
    message = ws.find_message(channel, args.required("message_ts"))
    if message is None:
        raise SlackError("message_not_found")
    link = f"{ws.url}archives/{channel.id}/p{message.ts.replace('.', '')}"
    if message.thread_ts and message.thread_ts != message.ts:
        link += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}
