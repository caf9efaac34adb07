"""Events API: what the app is told, also about its own doings, wrapped as Slack wraps it.

https://docs.slack.dev/apis/events-api
"""

from __future__ import annotations

from sandbox.model import Channel, Json, Message
from sandbox.workspace import Workspace

_MESSAGE_EVENTS = {"public_channel": "channels", "private_channel": "groups", "im": "im", "mpim": "mpim"}
CHANNEL_TYPES = {"public_channel": "channel", "private_channel": "group", "im": "im", "mpim": "mpim"}
_LETTERS = {"public_channel": "C", "private_channel": "G", "im": "D", "mpim": "G"}


def tell(ws: Workspace, event: Json, *, channel: Channel | None = None, named: str | None = None) -> None:
    """Emit an event if the app subscribed to it, may hear it and, with `channel`, is a member there.

    `named` is the name to subscribe to where it differs from the event's type.
    """
    ws.pulse.beat()
    if not ws.app.hears(named or event["type"]):
        return
    if channel is not None and ws.app.bot_user not in channel.members:
        return
    ws.emit_to(_wrapped(ws, {"event_ts": ws.new_ts()} | event))


def tell_message(ws: Workspace, channel: Channel, fields: Json) -> None:
    """Emit a message event for the channel's type."""
    event = {"type": "message", "channel": channel.id, "channel_type": CHANNEL_TYPES[channel.type]} | fields
    tell(ws, event, channel=channel, named=f"message.{_MESSAGE_EVENTS[channel.type]}")


def member_change(ws: Workspace, kind: str, channel: Channel, user: str, inviter: str | None = None) -> None:
    """Emit member_joined_channel or member_left_channel."""
    event: Json = {"type": kind, "user": user, "channel": channel.id, "channel_type": _LETTERS[channel.type],
                   "team": ws.team_id}  # fmt: skip
    if inviter:
        event["inviter"] = inviter
    tell(ws, event, channel=channel)


def channel_change(ws: Workspace, what: str, channel: Channel, user: str, *, whole: bool = False) -> None:
    """Emit channel_`what` (or group_`what` for a private channel, which only a member hears)."""
    subject: object = channel.id
    if whole:
        subject = {"id": channel.id, "name": channel.name, "created": channel.created, "creator": channel.creator}
    prefix = "group" if channel.is_private else "channel"
    event = {"type": f"{prefix}_{what}", "channel": subject, "user": user}
    tell(ws, event, channel=channel if channel.is_private else None)


def item(message: Message) -> Json:
    """How reactions and pins point at a message."""
    return {"type": "message", "channel": message.channel, "ts": message.ts}


def rate_limited(ws: Workspace, minute: int) -> Json:
    """What the app is told when events are dropped in that minute, whatever it subscribed to.

    https://docs.slack.dev/reference/events/app_rate_limited; no page says that it comes over Socket Mode as well.
    """
    return {
        "token": "sandbox-verification", "type": "app_rate_limited", "team_id": ws.team_id,
        "minute_rate_limited": minute, "api_app_id": ws.app.app_id,
    }  # fmt: skip


def _wrapped(ws: Workspace, event: Json) -> Json:
    bot = {"enterprise_id": None, "team_id": ws.team_id, "user_id": ws.app.bot_user, "is_bot": True,
           "is_enterprise_install": False}  # fmt: skip
    return {
        "token": "sandbox-verification", "team_id": ws.team_id, "enterprise_id": None, "context_team_id": ws.team_id,
        "context_enterprise_id": None, "api_app_id": ws.app.app_id, "event": event, "type": "event_callback",
        "event_id": ws.new_id("Ev"), "event_time": ws.today, "authorizations": [bot],
        "is_ext_shared_channel": False, "event_context": ws.new_secret(24),
    }  # fmt: skip
