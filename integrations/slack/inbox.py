"""What Slack delivered is kept before it is acknowledged, and worked off once.

Keys: an event keeps its event_id when it is delivered again; a command, click or shortcut has a trigger_id of its own.
"""

from __future__ import annotations

from datetime import datetime
from html import escape

from slack_sdk.socket_mode.request import SocketModeRequest

from warroom.outbox.changes import Envelope

EVENT = "events_api"
COMMAND = "slash_commands"
INTERACTIVE = "interactive"
ANSWERED_FIRST = frozenset({"view_submission", "view_closed", "block_suggestion"})
"""Interactions whose acknowledgement carries the answer, so the handlers come first."""


def answered_first(request: SocketModeRequest) -> bool:
    """Whether the acknowledgement is the answer."""
    return request.type == INTERACTIVE and request.payload.get("type") in ANSWERED_FIRST


def worthless(request: SocketModeRequest) -> bool:
    """Whether it is a message that nobody here reads: what people say, and what we say ourselves. It is not stored."""
    if request.type != EVENT:
        return False
    event = request.payload.get("event") or {}
    if event.get("type") != "message":
        return False
    said = event.get("message") or event
    if not isinstance(said, dict) or not (said.get("bot_id") or said.get("app_id")):
        return True
    return said.get("app_id") is not None and said.get("app_id") == request.payload.get("api_app_id")


def dropped(request: SocketModeRequest) -> bool:
    """Whether Slack says that it drops events, because there are more than it delivers in an hour."""
    return request.payload.get("type") == "app_rate_limited"


def envelope(request: SocketModeRequest, now: datetime) -> Envelope:
    """The delivery as it is stored."""
    payload = request.payload
    key = payload.get("event_id") or payload.get("trigger_id") or request.envelope_id
    return Envelope(key=str(key), kind=request.type, body=payload, received_at=now)


def not_stored(request: SocketModeRequest) -> dict[str, str] | None:
    """The acknowledgement while the database is away: what was typed is quoted back. None when there should be none:
    Slack delivers events again, and tells the person that a click failed.
    """
    if request.type != COMMAND or not request.accepts_response_payload:
        return None
    typed = f"{request.payload.get('command', '')} {request.payload.get('text', '')}".strip()
    text = (
        "Warroom cannot reach its database, so nothing was done. Try again in a minute. You typed:\n"
        f"```{escape(typed.replace('```', ''), quote=False)[:2000]}```"
    )
    return {"response_type": "ephemeral", "text": text}
