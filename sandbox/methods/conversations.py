"""conversations.*, a channel from its making to its end: https://docs.slack.dev/reference/methods?family=conversations"""

from __future__ import annotations

import unicodedata

from sandbox import shapes, speaking
from sandbox.arguments import Arguments
from sandbox.errors import SlackError
from sandbox.events import channel_change, tell
from sandbox.methods.table import MANAGE, TIER_2, managed, managed_inside, method, need
from sandbox.model import Channel, Json, Note
from sandbox.workspace import Workspace

TOPIC_LIMIT = 250
NAME_LIMIT = 80
RESERVED = {"here", "channel", "everyone", "me", "archive", "slack", "group", "user", "team"}


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


@method("conversations.archive", TIER_2, *MANAGE, honours="channel")
def archive(ws: Workspace, args: Arguments) -> Json:
    channel = managed(ws, args)
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
    channel = managed(ws, args)
    if not channel.is_archived:
        raise SlackError("not_archived")
    # Archiving drops the bot, and it cannot join an archived channel (slack-go/slack issue 1066).
    raise SlackError("not_in_channel")


@method("conversations.rename", TIER_2, *MANAGE, honours="channel, name")
def rename(ws: Workspace, args: Arguments) -> Json:
    channel = managed_inside(ws, args)
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
    channel = managed_inside(ws, args, "topic")
    value = args.text(name)
    if len(value) > TOPIC_LIMIT:
        raise SlackError("too_long")
    return channel, value


def created_by_person(ws: Workspace, name: str, user: str, *, private: bool = False) -> Channel:
    """A channel that a person made; the app is not in it."""
    channel = Channel(ws.new_id("C"), name, user, ws.today, is_private=private, members=[user])
    ws.channels[channel.id] = channel
    if not private:
        tell(ws, {"type": "channel_created", "channel": {"id": channel.id, "name": name, "created": channel.created,
                                                         "creator": user}})  # fmt: skip
    return channel
