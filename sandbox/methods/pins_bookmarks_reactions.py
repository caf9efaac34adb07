"""pins.*, bookmarks.*, reactions.*: https://docs.slack.dev/reference/methods"""

from __future__ import annotations

import re

from emoji import emojize

from sandbox import api_objects, channel_operations
from sandbox.arguments import Arguments
from sandbox.errors import SlackError
from sandbox.methods.registry import TIER_2, TIER_3, joined_channel, method, visible_channel
from sandbox.model import NOTICES, Bookmark, Channel, Json, SlackMessage
from sandbox.workspace import WorkspaceState

MAX_PINS = 100
MAX_BOOKMARKS = 100
MAX_EMOJI = 50
MAX_EMOJI_PER_USER = 23
SLACK_ONLY_EMOJI = {
    "large_green_circle", "large_yellow_circle", "large_orange_circle", "large_purple_circle", "large_brown_circle",
    "simple_smile", "thumbsup_all", "slack",
}  # fmt: skip
"""Emoji names that only Slack has."""


def _message(ws: WorkspaceState, args: Arguments, channel: Channel) -> SlackMessage:
    ts = args.text("timestamp")
    if not ts:
        raise SlackError("no_item_specified")
    if not re.fullmatch(r"\d+\.\d+", ts):
        raise SlackError("bad_timestamp")
    message = ws.find_message(channel, ts)
    if message is None:
        raise SlackError("message_not_found")
    return message


@method("pins.add", TIER_2, "pins:write", arguments="channel, timestamp")
def add_pin(ws: WorkspaceState, args: Arguments) -> Json:
    channel = joined_channel(ws, args, archived="restricted_action")
    message = _message(ws, args, channel)
    if message.subtype in NOTICES:
        raise SlackError("not_pinnable")
    if any(pin.message is message for pin in channel.pins):
        raise SlackError("already_pinned")
    if len(channel.pins) >= MAX_PINS:
        raise SlackError("too_many_pins")
    channel_operations.pin(ws, channel, message, ws.app.bot_user)
    return {}


@method("pins.list", TIER_2, "pins:read", arguments="channel")
def list_pins(ws: WorkspaceState, args: Arguments) -> Json:
    channel = visible_channel(ws, args)
    return {
        "items": [
            {"type": "message", "channel": channel.id, "created": pin.created, "created_by": pin.user,
             "message": api_objects.message(ws, pin.message)}
            for pin in reversed(channel.pins)
        ]
    }  # fmt: skip


@method("pins.remove", TIER_2, "pins:write", arguments="channel, timestamp")
def remove_pin(ws: WorkspaceState, args: Arguments) -> Json:
    channel = joined_channel(ws, args, archived="restricted_action")
    message = _message(ws, args, channel)
    if all(pin.message is not message for pin in channel.pins):
        raise SlackError("no_pin")
    channel_operations.unpin(ws, channel, message, ws.app.bot_user)
    return {}


def _bookmark_channel(ws: WorkspaceState, args: Arguments) -> Channel:
    channel = visible_channel(ws, args, "channel_id")
    if ws.app.bot_user not in channel.members or channel.is_archived:
        raise SlackError("permission_denied")
    return channel


def _link(args: Arguments) -> str:
    link = args.text("link")
    if not re.match(r"https?://[^\s/]+", link):
        raise SlackError("invalid_link")
    return link


def _emoji(args: Arguments) -> str:
    emoji = args.text("emoji")
    if emoji and not re.fullmatch(r":[a-z0-9_+'-]+:", emoji):
        raise SlackError("invalid_emoji")
    return emoji


@method("bookmarks.add", TIER_2, "bookmarks:write", arguments="channel_id, title, type, link, emoji")
def add_bookmark(ws: WorkspaceState, args: Arguments) -> Json:
    channel = _bookmark_channel(ws, args)
    title = args.required("title")
    if args.required("type") != "link":
        raise SlackError("invalid_bookmark_type")
    if len(channel.bookmarks) >= MAX_BOOKMARKS:
        raise SlackError("too_many_bookmarks")
    mark = Bookmark(ws.new_id("Bk"), title, _link(args), ws.app.bot_user, ws.now_seconds, _emoji(args))
    channel.bookmarks.append(mark)
    ws.changed.notify()
    return {"bookmark": api_objects.bookmark(mark, channel.id)}


def _find_bookmark(args: Arguments, channel: Channel) -> Bookmark:
    wanted = args.required("bookmark_id")
    for mark in channel.bookmarks:
        if mark.id == wanted:
            return mark
    raise SlackError("not_found")


@method("bookmarks.edit", TIER_2, "bookmarks:write", arguments="channel_id, bookmark_id, title, link, emoji")
def edit_bookmark(ws: WorkspaceState, args: Arguments) -> Json:
    channel = _bookmark_channel(ws, args)
    mark = _find_bookmark(args, channel)
    mark.title = args.text("title") or mark.title
    mark.link = _link(args) if "link" in args else mark.link
    mark.emoji = _emoji(args) if "emoji" in args else mark.emoji
    mark.updated = ws.now_seconds
    ws.changed.notify()
    return {"bookmark": api_objects.bookmark(mark, channel.id)}


@method("bookmarks.list", TIER_3, "bookmarks:read", arguments="channel_id")
def list_bookmarks(ws: WorkspaceState, args: Arguments) -> Json:
    channel = visible_channel(ws, args, "channel_id")
    return {"bookmarks": [api_objects.bookmark(mark, channel.id) for mark in channel.bookmarks]}


@method("bookmarks.remove", TIER_2, "bookmarks:write", arguments="channel_id, bookmark_id")
def remove_bookmark(ws: WorkspaceState, args: Arguments) -> Json:
    channel = _bookmark_channel(ws, args)
    channel.bookmarks.remove(_find_bookmark(args, channel))
    ws.changed.notify()
    return {}


def _emoji_name(args: Arguments) -> str:
    name = args.text("name")
    if not re.fullmatch(r"[a-z0-9_+'-]+(::skin-tone-[2-6])?", name):
        raise SlackError("invalid_name")
    base = name.partition("::")[0]
    if base not in SLACK_ONLY_EMOJI and emojize(f":{base}:", language="alias") == f":{base}:":
        raise SlackError("invalid_name")
    return name


@method("reactions.add", TIER_3, "reactions:write", arguments="channel, timestamp, name")
def add_reaction(ws: WorkspaceState, args: Arguments) -> Json:
    name = _emoji_name(args)
    channel = joined_channel(ws, args)
    message = _message(ws, args, channel)
    own = [n for n, people in message.reactions.items() if ws.app.bot_user in people]
    if name not in message.reactions and len(message.reactions) >= MAX_EMOJI:
        raise SlackError("too_many_emoji")
    if name not in own and len(own) >= MAX_EMOJI_PER_USER:
        raise SlackError("too_many_reactions")
    if not channel_operations.react(ws, channel, message, ws.app.bot_user, name):
        raise SlackError("already_reacted")
    return {}


@method("reactions.remove", TIER_2, "reactions:write", arguments="channel, timestamp, name")
def remove_reaction(ws: WorkspaceState, args: Arguments) -> Json:
    name = _emoji_name(args)
    channel = joined_channel(ws, args)
    if not channel_operations.unreact(ws, channel, _message(ws, args, channel), ws.app.bot_user, name):
        raise SlackError("no_reaction")
    return {}
