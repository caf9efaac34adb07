"""conversations.*, who is in a channel: invite, join, leave, kick, open: https://docs.slack.dev/reference/methods?family=conversations"""

from __future__ import annotations

from sandbox import shapes, speaking
from sandbox.arguments import Arguments
from sandbox.errors import SlackError
from sandbox.methods.table import MANAGE, TIER_3, managed, managed_inside, method, need, visible
from sandbox.model import Channel, Json
from sandbox.workspace import Workspace

INVITED_AT_ONCE = 100


@method(
    "conversations.invite",
    TIER_3,
    *MANAGE,
    "channels:write.invites",
    "groups:write.invites",
    honours="channel, users, force",
)
def invite(ws: Workspace, args: Arguments) -> Json:
    channel = managed_inside(ws, args, "invites")
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
    channel = managed(ws, args)
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
    channel = managed_inside(ws, args)
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
