"""conversations.*: create, archive, rename, topic and purpose. https://docs.slack.dev/reference/methods?family=conversations"""

from __future__ import annotations

import unicodedata

from sandbox import api_objects, channel_operations
from sandbox.arguments import Arguments
from sandbox.errors import SlackError
from sandbox.events import emit, emit_channel_change
from sandbox.methods.registry import (
    MANAGE_SCOPES,
    TIER_2,
    joined_managed_channel,
    managed_channel,
    method,
    require_scope,
)
from sandbox.model import Channel, Json, Note
from sandbox.workspace import WorkspaceState

TOPIC_LIMIT = 250
NAME_LIMIT = 80
RESERVED = {"here", "channel", "everyone", "me", "archive", "slack", "group", "user", "team"}


def check_name(ws: WorkspaceState, args: Arguments, own: Channel | None = None) -> str:
    """The name given. Raises invalid_name_… and name_taken. https://docs.slack.dev/reference/methods/conversations.create"""
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


@method("conversations.create", TIER_2, *MANAGE_SCOPES, arguments="name, is_private")
def create(ws: WorkspaceState, args: Arguments) -> Json:
    private = args.flag("is_private")
    require_scope(ws, "groups:write" if private else "channels:manage")
    name = check_name(ws, args)
    channel = Channel(ws.new_id("C"), name, ws.app.bot_user, ws.now_seconds, is_private=private)
    ws.channels[channel.id] = channel
    if not private:
        emit_channel_change(ws, "created", channel, ws.app.bot_user, as_object=True)
    channel_operations.add_member(ws, channel, ws.app.bot_user)
    return {"channel": api_objects.channel(ws, channel, ws.app.bot_user)}


@method("conversations.archive", TIER_2, *MANAGE_SCOPES, arguments="channel")
def archive(ws: WorkspaceState, args: Arguments) -> Json:
    channel = managed_channel(ws, args)
    if channel.is_archived:
        raise SlackError("already_archived")
    if channel.is_general:
        raise SlackError("cant_archive_general")
    if ws.app.bot_user not in channel.members:
        raise SlackError("not_in_channel")
    channel_operations.archive(ws, channel, ws.app.bot_user)
    return {}


@method("conversations.unarchive", TIER_2, *MANAGE_SCOPES, arguments="channel; always refused to a bot, as in Slack")
def unarchive(ws: WorkspaceState, args: Arguments) -> Json:
    channel = managed_channel(ws, args)
    if not channel.is_archived:
        raise SlackError("not_archived")
    # Archiving drops the bot, and it cannot join an archived channel (slack-go/slack issue 1066).
    raise SlackError("not_in_channel")


@method("conversations.rename", TIER_2, *MANAGE_SCOPES, arguments="channel, name")
def rename(ws: WorkspaceState, args: Arguments) -> Json:
    channel = joined_managed_channel(ws, args)
    if channel.creator != ws.app.bot_user:
        raise SlackError("not_authorized")
    channel_operations.rename(ws, channel, check_name(ws, args, own=channel), ws.app.bot_user)
    return {"channel": api_objects.channel(ws, channel, ws.app.bot_user)}


@method(
    "conversations.setTopic",
    TIER_2,
    *MANAGE_SCOPES,
    "channels:write.topic",
    "groups:write.topic",
    arguments="channel, topic",
)
def set_topic(ws: WorkspaceState, args: Arguments) -> Json:
    channel, value = _topic_or_purpose(ws, args, "topic")
    channel.topic_note = Note(value, ws.app.bot_user, ws.now_seconds)
    text = f"<@{ws.app.bot_user}> set the channel topic: {value}"
    channel_operations.notice(ws, channel, "topic", ws.app.bot_user, text, topic=value)
    return {"channel": api_objects.channel(ws, channel, ws.app.bot_user)}


@method("conversations.setPurpose", TIER_2, *MANAGE_SCOPES, "channels:write.topic", "groups:write.topic",
        arguments="channel, purpose")  # fmt: skip
def set_purpose(ws: WorkspaceState, args: Arguments) -> Json:
    channel, value = _topic_or_purpose(ws, args, "purpose")
    channel.purpose_note = Note(value, ws.app.bot_user, ws.now_seconds)
    text = f"<@{ws.app.bot_user}> set the channel description: {value}"
    channel_operations.notice(ws, channel, "purpose", ws.app.bot_user, text, purpose=value)
    return {"channel": api_objects.channel(ws, channel, ws.app.bot_user)}


def _topic_or_purpose(ws: WorkspaceState, args: Arguments, name: str) -> tuple[Channel, str]:
    channel = joined_managed_channel(ws, args, "topic")
    value = args.text(name)
    if len(value) > TOPIC_LIMIT:
        raise SlackError("too_long")
    return channel, value


def created_by_person(ws: WorkspaceState, name: str, user: str, *, private: bool = False) -> Channel:
    """A channel that a person creates; the app is not a member."""
    channel = Channel(ws.new_id("C"), name, user, ws.now_seconds, is_private=private, members=[user])
    ws.channels[channel.id] = channel
    if not private:
        emit(ws, {"type": "channel_created", "channel": {"id": channel.id, "name": name, "created": channel.created,
                                                         "creator": user}})  # fmt: skip
    return channel
