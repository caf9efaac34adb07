"""conversations.list, .info, .members and users.conversations. https://docs.slack.dev/reference/methods?family=conversations"""

from __future__ import annotations

from sandbox import api_objects
from sandbox.arguments import Arguments
from sandbox.errors import SlackError
from sandbox.methods.registry import (
    TIER_2,
    TIER_3,
    TIER_4,
    method,
    read_scope,
    require_scope,
    scopes_for_all_types,
    visible_channel,
)
from sandbox.model import Channel, Json
from sandbox.pagination import paginate
from sandbox.workspace import WorkspaceState

TYPES = ("public_channel", "private_channel", "mpim", "im")


def _listed(ws: WorkspaceState, args: Arguments, channels: list[Channel]) -> Json:
    wanted = args.ids("types") or ["public_channel"]
    if any(kind not in TYPES for kind in wanted):
        raise SlackError("invalid_types")
    for kind in wanted:
        require_scope(ws, read_scope(kind))
    # Slack filters after paging: a page may be short, or empty, before the end.
    items, metadata = paginate(ws, args, channels)
    shown = [
        channel
        for channel in items
        if channel.type in wanted and not (channel.is_archived and args.flag("exclude_archived"))
    ]
    return {"channels": [api_objects.channel(ws, each, ws.app.bot_user, counted=True) for each in shown]} | metadata


@method("conversations.list", TIER_2, *scopes_for_all_types("read"), arguments="types, exclude_archived, limit, cursor")
def list_channels(ws: WorkspaceState, args: Arguments) -> Json:
    seen = [c for c in ws.channels.values() if c.type == "public_channel" or ws.app.bot_user in c.members]
    return _listed(ws, args, seen)


@method(
    "users.conversations",
    TIER_3,
    *scopes_for_all_types("read"),
    arguments="types, exclude_archived, limit, cursor, user",
)
def list_joined(ws: WorkspaceState, args: Arguments) -> Json:
    user = args.text("user") or ws.app.bot_user
    seen = [c for c in ws.channels.values() if c.type == "public_channel" or ws.app.bot_user in c.members]
    return _listed(ws, args, [channel for channel in seen if user in channel.members])


@method("conversations.info", TIER_3, *scopes_for_all_types("read"), arguments="channel, include_num_members")
def info(ws: WorkspaceState, args: Arguments) -> Json:
    channel = visible_channel(ws, args)
    require_scope(ws, read_scope(channel.type))
    return {"channel": api_objects.channel(ws, channel, ws.app.bot_user, counted=args.flag("include_num_members"))}


@method("conversations.members", TIER_4, *scopes_for_all_types("read"), arguments="channel, limit, cursor")
def members(ws: WorkspaceState, args: Arguments) -> Json:
    channel = visible_channel(ws, args)
    require_scope(ws, read_scope(channel.type))
    items, metadata = paginate(ws, args, channel.members)
    return {"members": list(items)} | metadata
