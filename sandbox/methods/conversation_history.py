"""conversations.history and conversations.replies: https://docs.slack.dev/reference/methods?family=conversations"""

from __future__ import annotations

import re

from sandbox import api_objects
from sandbox.arguments import Arguments
from sandbox.errors import SlackError
from sandbox.methods.registry import TIER_3, method, read_scope, require_scope, scopes_for_all_types, visible_channel
from sandbox.model import Json, SlackMessage
from sandbox.pagination import paginate
from sandbox.workspace import WorkspaceState


def _moment(args: Arguments, name: str, code: str) -> str:
    value = args.text(name)
    if value and value != "now" and not re.fullmatch(r"\d+(\.\d+)?", value):
        raise SlackError(code)
    if not value or value == "now" or float(value) == 0:
        return ""
    whole, _, fraction = value.partition(".")
    return f"{int(whole)}.{fraction:0<6}"


def _between(args: Arguments, messages: list[SlackMessage]) -> list[SlackMessage]:
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


@method("conversations.history", TIER_3, *scopes_for_all_types("history"), arguments="channel, oldest, latest, inclusive, limit, cursor, "
        "include_all_metadata")  # fmt: skip
def history(ws: WorkspaceState, args: Arguments) -> Json:
    channel = visible_channel(ws, args)
    require_scope(ws, read_scope(channel.type, "history"))
    if ws.app.bot_user not in channel.members:
        raise SlackError("not_in_channel")
    # A deleted parent is listed as a tombstone while it has replies.
    there = [m for m in channel.log if not m.deleted or m.subtype == "tombstone"]
    shown = [m for m in there if not m.thread_ts or m.broadcast]
    items, metadata = paginate(ws, args, list(reversed(_between(args, shown))))
    return {
        "messages": [api_objects.message(ws, m, metadata=args.flag("include_all_metadata")) for m in items],
        "has_more": bool(metadata["response_metadata"]["next_cursor"]),
        "pin_count": len(channel.pins),
    } | metadata


@method("conversations.replies", TIER_3, *scopes_for_all_types("history"), arguments="channel, ts, oldest, latest, inclusive, limit, "
        "cursor, include_all_metadata")  # fmt: skip
def replies(ws: WorkspaceState, args: Arguments) -> Json:
    channel = visible_channel(ws, args)
    require_scope(ws, read_scope(channel.type, "history"))
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
    not_deleted = _between(args, [reply for reply in parent.replies if not reply.deleted])
    items, metadata = paginate(ws, args, [parent, *not_deleted], default=1000, most=1000)
    if args.text("cursor"):
        items = [parent, *items]  # Slack repeats the parent on every page
    with_metadata = args.flag("include_all_metadata")
    return {
        "messages": [api_objects.message(ws, m, metadata=with_metadata) for m in items],
        "has_more": bool(metadata["response_metadata"]["next_cursor"]),
    } | metadata
