"""conversations.*: https://docs.slack.dev/reference/methods?family=conversations"""

from __future__ import annotations

import re
import unicodedata

from sandbox import shapes, speaking
from sandbox.arguments import Arguments
from sandbox.errors import SlackError
from sandbox.events import channel_change, tell
from sandbox.methods.table import (
    MANAGE,
    TIER_2,
    TIER_3,
    TIER_4,
    every,
    joined,
    manageable,
    method,
    need,
    no_direct,
    read_scope,
    visible,
)
from sandbox.model import Channel, Json, Message, Note
from sandbox.paging import page
from sandbox.workspace import Workspace

TOPIC_LIMIT = 250
NAME_LIMIT = 80
INVITED_AT_ONCE = 100
RESERVED = {"here", "channel", "everyone", "me", "archive", "slack", "group", "user", "team"}
TYPES = ("public_channel", "private_channel", "mpim", "im")


def check_name(ws: Workspace, args: Arguments, own: Channel | None = None) -> str:
    """The name given, if a channel may have it. https://docs.slack.dev/reference/methods/conversations.create"""
    name = args.text("name")
    if not name:
        raise SlackError("invalid_name_required")
    if len(name) > NAME_LIMIT:
        raise SlackError("invalid_name_maxlength")
    if not any(char.isalnum() for char in name):
        raise SlackError("invalid_name_punctuation")
    if not all(_allowed(char) for char in name):
        raise SlackError("invalid_name_specials")
    holders: list[object] = [ws.channel_named(name)]
    holders += [person for person in ws.people.values() if person.name == name and not person.deleted]
    holders += [group for group in ws.groups.values() if group.handle == name]
    if name in RESERVED or any(holder not in (None, own) for holder in holders):
        raise SlackError("name_taken")
    return name


def _allowed(char: str) -> bool:
    if char in "-_":
        return True
    return char == char.lower() and unicodedata.category(char) in ("Ll", "Lo", "Lm", "Nd", "Mn", "Mc")


@method("conversations.create", TIER_2, *MANAGE, honours="name, is_private")
def create(ws: Workspace, args: Arguments) -> Json:
    private = args.flag("is_private")
    need(ws, "groups:write" if private else "channels:manage")
    name = check_name(ws, args)
    channel = Channel(ws.new_id("C"), name, ws.app.bot_user, ws.today, is_private=private)
    ws.channels[channel.id] = channel
    if not private:
        channel_change(ws, "created", channel, ws.app.bot_user, whole=True)
    speaking.add_member(ws, channel, ws.app.bot_user)
    return {"channel": shapes.channel(ws, channel, ws.app.bot_user)}


@method(
    "conversations.invite",
    TIER_3,
    *MANAGE,
    "channels:write.invites",
    "groups:write.invites",
    honours="channel, users, force",
)
def invite(ws: Workspace, args: Arguments) -> Json:
    manageable(ws, visible(ws, args), "invites")
    channel = joined(ws, args)
    no_direct(channel)
    users = list(dict.fromkeys(args.ids("users")))
    if not users:
        raise SlackError("no_user")
    if len(users) > INVITED_AT_ONCE:
        raise SlackError("too_many_users")
    errors = [{"ok": False, "error": code, "user": user} for user in users if (code := _not_invited(ws, channel, user))]
    bad = {error["user"] for error in errors}
    if errors and (not args.flag("force") or len(bad) == len(users)):
        raise SlackError(str(errors[0]["error"]), errors=errors)
    for user in users:
        if user not in bad:
            speaking.add_member(ws, channel, user, ws.app.bot_user)
    answer: Json = {"channel": shapes.channel(ws, channel, ws.app.bot_user)}
    return answer | ({"errors": errors} if errors else {})


def _not_invited(ws: Workspace, channel: Channel, user: str) -> str:
    person = ws.people.get(user)
    if person is None:
        return "user_not_found"
    if user == ws.app.bot_user:
        return "cant_invite_self"
    if user in channel.members:
        return "already_in_channel"
    if person.is_ultra_restricted:
        return "ura_max_channels"
    if person.deleted or user == "USLACKBOT":
        return "cant_invite"
    return "user_is_restricted" if person.is_restricted and not channel.is_private else ""


@method("conversations.join", TIER_3, "channels:join", honours="channel")
def join(ws: Workspace, args: Arguments) -> Json:
    channel = visible(ws, args)
    if channel.type != "public_channel":
        raise SlackError("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise SlackError("is_archived")
    answer: Json = {"channel": shapes.channel(ws, channel, ws.app.bot_user)}
    if ws.app.bot_user in channel.members:
        return answer | {"warning": "already_in_channel", "response_metadata": {"warnings": ["already_in_channel"]}}
    speaking.add_member(ws, channel, ws.app.bot_user)
    return {"channel": shapes.channel(ws, channel, ws.app.bot_user)}


@method("conversations.leave", TIER_3, *MANAGE, honours="channel")
def leave(ws: Workspace, args: Arguments) -> Json:
    channel = visible(ws, args)
    manageable(ws, channel)
    no_direct(channel)
    if channel.is_archived:
        raise SlackError("is_archived")
    if ws.app.bot_user not in channel.members:
        return {"ok": False, "not_in_channel": True}  # without an error, as Slack does here
    if channel.is_general:
        raise SlackError("cant_leave_general")
    if channel.is_private and len(channel.members) == 1:
        raise SlackError("last_member")
    speaking.remove_member(ws, channel, ws.app.bot_user)
    return {}


@method("conversations.kick", TIER_3, *MANAGE, honours="channel, user")
def kick(ws: Workspace, args: Arguments) -> Json:
    manageable(ws, visible(ws, args))
    channel = joined(ws, args)
    no_direct(channel)
    user = args.required("user")
    if user not in ws.people:
        raise SlackError("user_not_found")
    if user == ws.app.bot_user:
        raise SlackError("cant_kick_self")
    if channel.is_general:
        raise SlackError("cant_kick_from_general")
    if user not in channel.members:
        raise SlackError("not_in_channel")
    speaking.remove_member(ws, channel, user)
    return {"errors": {}}


def _listed(ws: Workspace, args: Arguments, channels: list[Channel]) -> Json:
    wanted = args.ids("types") or ["public_channel"]
    if any(kind not in TYPES for kind in wanted):
        raise SlackError("invalid_types")
    for kind in wanted:
        need(ws, read_scope(kind))
    # Slack filters after paging: a page may be short, or empty, before the end.
    items, metadata = page(ws, args, channels)
    shown = [
        channel
        for channel in items
        if channel.type in wanted and not (channel.is_archived and args.flag("exclude_archived"))
    ]
    return {"channels": [shapes.channel(ws, each, ws.app.bot_user, counted=True) for each in shown]} | metadata


@method("conversations.list", TIER_2, *every("read"), honours="types, exclude_archived, limit, cursor")
def list_channels(ws: Workspace, args: Arguments) -> Json:
    seen = [c for c in ws.channels.values() if c.type == "public_channel" or ws.app.bot_user in c.members]
    return _listed(ws, args, seen)


@method("users.conversations", TIER_3, *every("read"), honours="types, exclude_archived, limit, cursor, user")
def list_joined(ws: Workspace, args: Arguments) -> Json:
    user = args.text("user") or ws.app.bot_user
    seen = [c for c in ws.channels.values() if c.type == "public_channel" or ws.app.bot_user in c.members]
    return _listed(ws, args, [channel for channel in seen if user in channel.members])


@method("conversations.info", TIER_3, *every("read"), honours="channel, include_num_members")
def info(ws: Workspace, args: Arguments) -> Json:
    channel = visible(ws, args)
    need(ws, read_scope(channel.type))
    return {"channel": shapes.channel(ws, channel, ws.app.bot_user, counted=args.flag("include_num_members"))}


@method("conversations.members", TIER_4, *every("read"), honours="channel, limit, cursor")
def members(ws: Workspace, args: Arguments) -> Json:
    channel = visible(ws, args)
    need(ws, read_scope(channel.type))
    items, metadata = page(ws, args, channel.members)
    return {"members": list(items)} | metadata


def _moment(args: Arguments, name: str, code: str) -> str:
    value = args.text(name)
    if value and value != "now" and not re.fullmatch(r"\d+(\.\d+)?", value):
        raise SlackError(code)
    if not value or value == "now" or float(value) == 0:
        return ""
    whole, _, fraction = value.partition(".")
    return f"{int(whole)}.{fraction:0<6}"


def _between(args: Arguments, messages: list[Message]) -> list[Message]:
    oldest = _moment(args, "oldest", "invalid_ts_oldest")
    latest = _moment(args, "latest", "invalid_ts_latest")
    inclusive = args.flag("inclusive")
    kept = []
    for message in messages:
        edge = message.ts in (oldest, latest)
        if (edge and inclusive) or (
            not edge and (not oldest or message.ts > oldest) and (not latest or message.ts < latest)
        ):
            kept.append(message)
    return kept


@method("conversations.history", TIER_3, *every("history"), honours="channel, oldest, latest, inclusive, limit, cursor, "
        "include_all_metadata")  # fmt: skip
def history(ws: Workspace, args: Arguments) -> Json:
    channel = visible(ws, args)
    need(ws, read_scope(channel.type, "history"))
    if ws.app.bot_user not in channel.members:
        raise SlackError("not_in_channel")
    # A deleted parent leaves its tombstone as long as there are replies.
    there = [m for m in channel.log if not m.deleted or m.subtype == "tombstone"]
    shown = [m for m in there if not m.thread_ts or m.broadcast]
    items, metadata = page(ws, args, list(reversed(_between(args, shown))))
    return {
        "messages": [shapes.message(ws, m, metadata=args.flag("include_all_metadata")) for m in items],
        "has_more": bool(metadata["response_metadata"]["next_cursor"]),
        "pin_count": len(channel.pins),
    } | metadata


@method("conversations.replies", TIER_3, *every("history"), honours="channel, ts, oldest, latest, inclusive, limit, "
        "cursor, include_all_metadata")  # fmt: skip
def replies(ws: Workspace, args: Arguments) -> Json:
    channel = visible(ws, args)
    need(ws, read_scope(channel.type, "history"))
    if ws.app.bot_user not in channel.members:
        raise SlackError("channel_not_found")
    ts = args.required("ts")
    parent = next((m for m in channel.log if m.ts == ts), None)
    if parent is not None and parent.thread_ts:
        parent = (
            next((m for m in channel.log if m.ts == parent.thread_ts), parent) if parent.thread_ts != ts else parent
        )
    if parent is None or (parent.deleted and parent.subtype != "tombstone"):
        raise SlackError("thread_not_found")
    living = _between(args, [reply for reply in parent.replies if not reply.deleted])
    items, metadata = page(ws, args, [parent, *living], default=1000, most=1000)
    if args.text("cursor"):
        items = [parent, *items]  # Slack repeats it on every page
    with_metadata = args.flag("include_all_metadata")
    return {
        "messages": [shapes.message(ws, m, metadata=with_metadata) for m in items],
        "has_more": bool(metadata["response_metadata"]["next_cursor"]),
    } | metadata


@method("conversations.archive", TIER_2, *MANAGE, honours="channel")
def archive(ws: Workspace, args: Arguments) -> Json:
    channel = visible(ws, args)
    manageable(ws, channel)
    no_direct(channel)
    if channel.is_archived:
        raise SlackError("already_archived")
    if channel.is_general:
        raise SlackError("cant_archive_general")
    if ws.app.bot_user not in channel.members:
        raise SlackError("not_in_channel")
    speaking.archive(ws, channel, ws.app.bot_user)
    return {}


@method("conversations.unarchive", TIER_2, *MANAGE, honours="channel; always refused to a bot, as in Slack")
def unarchive(ws: Workspace, args: Arguments) -> Json:
    channel = visible(ws, args)
    manageable(ws, channel)
    no_direct(channel)
    if not channel.is_archived:
        raise SlackError("not_archived")
    # Archiving drops the bot, and it cannot join an archived channel (slack-go/slack issue 1066).
    raise SlackError("not_in_channel")


@method("conversations.rename", TIER_2, *MANAGE, honours="channel, name")
def rename(ws: Workspace, args: Arguments) -> Json:
    manageable(ws, visible(ws, args))
    channel = joined(ws, args)
    no_direct(channel)
    if channel.creator != ws.app.bot_user:
        raise SlackError("not_authorized")
    speaking.rename(ws, channel, check_name(ws, args, own=channel), ws.app.bot_user)
    return {"channel": shapes.channel(ws, channel, ws.app.bot_user)}


@method(
    "conversations.setTopic", TIER_2, *MANAGE, "channels:write.topic", "groups:write.topic", honours="channel, topic"
)
def set_topic(ws: Workspace, args: Arguments) -> Json:
    channel, value = _described(ws, args, "topic")
    channel.topic_note = Note(value, ws.app.bot_user, ws.today)
    text = f"<@{ws.app.bot_user}> set the channel topic: {value}"
    speaking.notice(ws, channel, "topic", ws.app.bot_user, text, topic=value)
    return {"channel": shapes.channel(ws, channel, ws.app.bot_user)}


@method("conversations.setPurpose", TIER_2, *MANAGE, "channels:write.topic", "groups:write.topic",
        honours="channel, purpose")  # fmt: skip
def set_purpose(ws: Workspace, args: Arguments) -> Json:
    channel, value = _described(ws, args, "purpose")
    channel.purpose_note = Note(value, ws.app.bot_user, ws.today)
    text = f"<@{ws.app.bot_user}> set the channel description: {value}"
    speaking.notice(ws, channel, "purpose", ws.app.bot_user, text, purpose=value)
    return {"channel": shapes.channel(ws, channel, ws.app.bot_user)}


def _described(ws: Workspace, args: Arguments, name: str) -> tuple[Channel, str]:
    manageable(ws, visible(ws, args), "topic")
    channel = joined(ws, args)
    no_direct(channel)
    value = args.text(name)
    if len(value) > TOPIC_LIMIT:
        raise SlackError("too_long")
    return channel, value


@method("conversations.open", TIER_3, "im:write", "mpim:write", honours="users, channel, return_im, prevent_creation")
def open_direct(ws: Workspace, args: Arguments) -> Json:
    if "channel" in args:
        channel = visible(ws, args)
    else:
        users = [user for user in args.ids("users") if user != ws.app.bot_user]
        if not users:
            raise SlackError("users_list_not_supplied")
        if len(users) > 8:
            raise SlackError("too_many_users")
        for user in users:
            if user not in ws.people:
                raise SlackError("user_not_found")
            if ws.people[user].deleted:
                raise SlackError("user_disabled")
        need(ws, "im:write" if len(users) == 1 else "mpim:write")
        before = ws.direct_channel([ws.app.bot_user, *users])
        if before is None and args.flag("prevent_creation"):
            raise SlackError("channel_not_found")
        channel = speaking.open_direct(ws, [ws.app.bot_user, *users])
        if before is not None:
            return {"channel": {"id": channel.id}, "no_op": True, "already_open": True}
    if args.flag("return_im"):
        return {"channel": shapes.channel(ws, channel, ws.app.bot_user)}
    return {"channel": {"id": channel.id}}


def created_by_person(ws: Workspace, name: str, user: str, *, private: bool = False) -> Channel:
    """A channel that a person made; the app is not in it."""
    channel = Channel(ws.new_id("C"), name, user, ws.today, is_private=private, members=[user])
    ws.channels[channel.id] = channel
    if not private:
        tell(ws, {"type": "channel_created", "channel": {"id": channel.id, "name": name, "created": channel.created,
                                                         "creator": user}})  # fmt: skip
    return channel
