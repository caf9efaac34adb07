"""The registry of Web API methods: scopes, rate limits, and the arguments that have an effect here.

Rates and scopes: docs.slack.dev, each method's page, and slackapi/java-slack-sdk rate_limit_tiers.json.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.arguments import Arguments
from sandbox.errors import SlackError
from sandbox.model import Channel, Json
from sandbox.workspace import WorkspaceState

Handler = Callable[[WorkspaceState, Arguments], Json]

TIER_2, TIER_3, TIER_4, SPECIAL = 20, 50, 100, 600
"""Calls per minute. Slack documents "hundreds" for the special tier; its Java SDK uses 600."""

CONVERSATION_PREFIXES = ("channels", "groups", "im", "mpim")
_SCOPE_OF = {"public_channel": "channels", "private_channel": "groups", "im": "im", "mpim": "mpim"}


@dataclass(frozen=True)
class Method:
    """One method. One of `scopes` is needed to call it; some also need a scope for the type of channel."""

    name: str
    handler: Handler
    per_minute: int
    scopes: tuple[str, ...]
    arguments: str
    """The arguments that have an effect here, for docs/sandbox.md."""
    app_token: bool = False


METHODS: dict[str, Method] = {}


def method(
    name: str, per_minute: int, *scopes: str, arguments: str = "", app_token: bool = False
) -> Callable[[Handler], Handler]:
    """A decorator that registers a function as a Web API method."""

    def register(handler: Handler) -> Handler:
        METHODS[name] = Method(name, handler, per_minute, scopes, arguments, app_token)
        return handler

    return register


def scopes_for_all_types(kind: str) -> tuple[str, ...]:
    """The scopes of that kind for all conversation types: channels:read, groups:read, im:read, mpim:read."""
    return tuple(f"{prefix}:{kind}" for prefix in CONVERSATION_PREFIXES)


MANAGE_SCOPES = ("channels:manage", "channels:write", "groups:write", "im:write", "mpim:write")


def require_scope(ws: WorkspaceState, *any_of: str) -> None:
    """Raises missing_scope unless the app has one of these scopes."""
    if any_of and not ws.app.scopes.intersection(any_of):
        raise SlackError("missing_scope", needed=any_of[0], provided=",".join(sorted(ws.app.scopes)))


def _require_manage_scope(ws: WorkspaceState, channel: Channel, *narrower: str) -> None:
    """Raises missing_scope unless the app may change that type of channel, or only the `narrower` part of it."""
    prefix = _SCOPE_OF[channel.type]
    whole = ("channels:manage", "channels:write") if prefix == "channels" else (f"{prefix}:write",)
    require_scope(ws, *whole, *(f"{prefix}:write.{part}" for part in narrower))


def _refuse_direct(channel: Channel) -> None:
    """Raises method_not_supported_for_channel_type for direct conversations."""
    if channel.kind != "channel":
        raise SlackError("method_not_supported_for_channel_type")


def read_scope(channel_type: str, what: str = "read") -> str:
    """The scope to read a channel of that type, or its history."""
    return f"{_SCOPE_OF[channel_type]}:{what}"


def visible_channel(ws: WorkspaceState, args: Arguments, name: str = "channel") -> Channel:
    """The channel that the argument names. Raises channel_not_found, also for one that the app cannot see."""
    channel = ws.channels.get(args.required(name))
    if channel is None or (channel.type != "public_channel" and ws.app.bot_user not in channel.members):
        raise SlackError("channel_not_found")
    return channel


def joined_channel(
    ws: WorkspaceState, args: Arguments, name: str = "channel", archived: str = "is_archived"
) -> Channel:
    """As `visible_channel`; raises not_in_channel, and the code `archived` for an archived channel."""
    channel = visible_channel(ws, args, name)
    if channel.is_archived:
        raise SlackError(archived)
    if ws.app.bot_user not in channel.members:
        raise SlackError("not_in_channel")
    return channel


def managed_channel(ws: WorkspaceState, args: Arguments) -> Channel:
    """As `visible_channel`; raises missing_scope when the app may not change it, and refuses direct conversations."""
    channel = visible_channel(ws, args)
    _require_manage_scope(ws, channel)
    _refuse_direct(channel)
    return channel


def joined_managed_channel(ws: WorkspaceState, args: Arguments, *narrower: str) -> Channel:
    """As `joined_channel`; raises missing_scope when the app may change neither it nor its `narrower` part.

    Direct conversations are refused.
    """
    _require_manage_scope(ws, visible_channel(ws, args), *narrower)
    channel = joined_channel(ws, args)
    _refuse_direct(channel)
    return channel


def coverage_table() -> str:
    """All methods as a Markdown table, for docs/sandbox.md."""
    rows = [
        f"| `{name}` | {this.per_minute} | {_scopes(this)} | {this.arguments or '–'} |"
        for name, this in sorted(METHODS.items())
    ]
    return "\n".join(["| method | a minute | scope, one of | arguments |", "|---|---|---|---|", *rows])


def _scopes(this: Method) -> str:
    if this.app_token:
        return "app-level token"
    return ", ".join(f"`{scope}`" for scope in this.scopes) or "–"
