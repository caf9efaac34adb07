"""conversations.invite, .join and .open. https://docs.slack.dev/reference/methods?family=conversations"""

from __future__ import annotations

from sandbox import api_objects, channel_operations
from sandbox.arguments import Arguments
from sandbox.errors import SlackError
from sandbox.methods.registry import (
    MANAGE_SCOPES,
    TIER_3,
    joined_managed_channel,
    method,
    require_scope,
    visible_channel,
)
from sandbox.model import Channel, Json
from sandbox.workspace import WorkspaceState

MAX_INVITED = 100


@method(
    "conversations.invite",
    TIER_3,
    *MANAGE_SCOPES,
    "channels:write.invites",
    "groups:write.invites",
    arguments="channel, users, force",
)
def invite(ws: WorkspaceState, args: Arguments) -> Json:
    channel = joined_managed_channel(ws, args, "invites")
    users = list(dict.fromkeys(args.ids("users")))
    if not users:
        raise SlackError("no_user")
    if len(users) > MAX_INVITED:
        raise SlackError("too_many_users")
    errors = [
        {"ok": False, "error": code, "user": user} for user in users if (code := _invite_error(ws, channel, user))
    ]
    bad = {error["user"] for error in errors}
    if errors and (not args.flag("force") or len(bad) == len(users)):
        raise SlackError(str(errors[0]["error"]), errors=errors)
    for user in users:
        if user not in bad:
            channel_operations.add_member(ws, channel, user, ws.app.bot_user)
    answer: Json = {"channel": api_objects.channel(ws, channel, ws.app.bot_user)}
    return answer | ({"errors": errors} if errors else {})


def _invite_error(ws: WorkspaceState, channel: Channel, user: str) -> str:
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


@method("conversations.join", TIER_3, "channels:join", arguments="channel")
def join(ws: WorkspaceState, args: Arguments) -> Json:
    channel = visible_channel(ws, args)
    if channel.type != "public_channel":
        raise SlackError("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise SlackError("is_archived")
    answer: Json = {"channel": api_objects.channel(ws, channel, ws.app.bot_user)}
    if ws.app.bot_user in channel.members:
        return answer | {"warning": "already_in_channel", "response_metadata": {"warnings": ["already_in_channel"]}}
    channel_operations.add_member(ws, channel, ws.app.bot_user)
    return {"channel": api_objects.channel(ws, channel, ws.app.bot_user)}


@method("conversations.open", TIER_3, "im:write", "mpim:write", arguments="users, channel, return_im, prevent_creation")
def open_direct(ws: WorkspaceState, args: Arguments) -> Json:
    if "channel" in args:
        channel = visible_channel(ws, args)
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
        require_scope(ws, "im:write" if len(users) == 1 else "mpim:write")
        before = ws.direct_channel([ws.app.bot_user, *users])
        if before is None and args.flag("prevent_creation"):
            raise SlackError("channel_not_found")
        channel = channel_operations.open_direct(ws, [ws.app.bot_user, *users])
        if before is not None:
            return {"channel": {"id": channel.id}, "no_op": True, "already_open": True}
    if args.flag("return_im"):
        return {"channel": api_objects.channel(ws, channel, ws.app.bot_user)}
    return {"channel": {"id": channel.id}}
