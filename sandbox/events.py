"""Events API: the events that the app receives, its own actions included, in Slack's envelope.

https://docs.slack.dev/apis/events-api
"""

from __future__ import annotations

from sandbox.model import Channel, Json, SlackMessage
from sandbox.workspace import WorkspaceState

_MESSAGE_EVENTS = {"public_channel": "channels", "private_channel": "groups", "im": "im", "mpim": "mpim"}
CHANNEL_TYPES = {"public_channel": "channel", "private_channel": "group", "im": "im", "mpim": "mpim"}
_LETTERS = {"public_channel": "C", "private_channel": "G", "im": "D", "mpim": "G"}


def emit(ws: WorkspaceState, event: Json, *, channel: Channel | None = None, subscription: str | None = None) -> None:
    """Emit an event if the app subscribed to it, has a scope for it and, with `channel`, is a member there.

    `subscription` is the name to subscribe to where it differs from the event's type.
    """
    ws.changed.notify()
    if not ws.app.receives(subscription or event["type"]):
        return
    if channel is not None and ws.app.bot_user not in channel.members:
        return
    ws.deliver_event(_wrapped(ws, {"event_ts": ws.new_ts()} | event))


def emit_message(ws: WorkspaceState, channel: Channel, fields: Json) -> None:
    """Emit a message event for the channel's type."""
    event = {"type": "message", "channel": channel.id, "channel_type": CHANNEL_TYPES[channel.type]} | fields
    emit(ws, event, channel=channel, subscription=f"message.{_MESSAGE_EVENTS[channel.type]}")


def emit_member_change(ws: WorkspaceState, kind: str, channel: Channel, user: str, inviter: str | None = None) -> None:
    """Emit member_joined_channel or member_left_channel."""
    event: Json = {"type": kind, "user": user, "channel": channel.id, "channel_type": _LETTERS[channel.type],
                   "team": ws.team_id}  # fmt: skip
    if inviter:
        event["inviter"] = inviter
    emit(ws, event, channel=channel)


def emit_channel_change(ws: WorkspaceState, what: str, channel: Channel, user: str, *, as_object: bool = False) -> None:
    """Emit channel_`what` (group_`what` for a private channel, only to members).

    The event carries the channel's id, or with `as_object` an object with name and creator.
    """
    subject: object = channel.id
    if as_object:
        subject = {"id": channel.id, "name": channel.name, "created": channel.created, "creator": channel.creator}
    prefix = "group" if channel.is_private else "channel"
    event = {"type": f"{prefix}_{what}", "channel": subject, "user": user}
    emit(ws, event, channel=channel if channel.is_private else None)


def message_item(message: SlackMessage) -> Json:
    """The `item` with which reaction and pin events refer to a message."""
    return {"type": "message", "channel": message.channel, "ts": message.ts}


def rate_limited(ws: WorkspaceState, minute: int) -> Json:
    """The payload sent when events are dropped in that minute (seconds since 1970), whatever the app subscribed to.

    https://docs.slack.dev/reference/events/app_rate_limited. Slack's
    documentation does not say whether it is also sent over Socket Mode.
    """
    return {
        "token": "sandbox-verification", "type": "app_rate_limited", "team_id": ws.team_id,
        "minute_rate_limited": minute, "api_app_id": ws.app.app_id,
    }  # fmt: skip


def _wrapped(ws: WorkspaceState, event: Json) -> Json:
    bot = {"enterprise_id": None, "team_id": ws.team_id, "user_id": ws.app.bot_user, "is_bot": True,
           "is_enterprise_install": False}  # fmt: skip
    return {
        "token": "sandbox-verification", "team_id": ws.team_id, "enterprise_id": None, "context_team_id": ws.team_id,
        "context_enterprise_id": None, "api_app_id": ws.app.app_id, "event": event, "type": "event_callback",
        "event_id": ws.new_id("Ev"), "event_time": ws.now_seconds, "authorizations": [bot],
        "is_ext_shared_channel": False, "event_context": ws.new_secret(24),
    }  # fmt: skip
