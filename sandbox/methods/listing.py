"""conversations.* and users.conversations, which channels there are and who is in them: https://docs.slack.dev/reference/methods?family=conversations"""

from __future__ import annotations

from sandbox import shapes
from sandbox.arguments import Arguments
from sandbox.errors import SlackError
from sandbox.methods.table import TIER_2, TIER_3, TIER_4, every, method, need, read_scope, visible
from sandbox.model import Channel, Json
from sandbox.paging import page
from sandbox.workspace import Workspace

TYPES = ("public_channel", "private_channel", "mpim", "im")


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
