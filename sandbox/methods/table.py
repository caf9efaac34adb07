"""The table of Web API methods: who may call them how often, and which of the arguments are honoured.

Rates and scopes: docs.slack.dev, each method's page, and slackapi/java-slack-sdk rate_limit_tiers.json.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.arguments import Arguments
from sandbox.errors import SlackError
from sandbox.model import Channel, Json
from sandbox.workspace import Workspace

Handler = Callable[[Workspace, Arguments], Json]

TIER_2, TIER_3, TIER_4, SPECIAL = 20, 50, 100, 600
"""Calls a minute. The special tier is "hundreds": 600 is what Slack's own Java SDK plans with."""

KINDS = ("channels", "groups", "im", "mpim")
_SCOPE_OF = {"public_channel": "channels", "private_channel": "groups", "im": "im", "mpim": "mpim"}


@dataclass(frozen=True)
class Method:
    """One method. Any one of `scopes` suffices to call it; some need more by the channel's type."""

    name: str
    handler: Handler
    per_minute: int
    scopes: tuple[str, ...]
    honoured: str
    """The arguments that make a difference here, in words."""
    app_token: bool = False


METHODS: dict[str, Method] = {}


def method(
    name: str, per_minute: int, *scopes: str, honours: str = "", app_token: bool = False
) -> Callable[[Handler], Handler]:
    """Enter a function into the table."""

    def enter(handler: Handler) -> Handler:
        METHODS[name] = Method(name, handler, per_minute, scopes, honours, app_token)
        return handler

    return enter


def every(kind: str) -> tuple[str, ...]:
    """The four scopes of a kind: channels:read, groups:read, im:read, mpim:read."""
    return tuple(f"{prefix}:{kind}" for prefix in KINDS)


MANAGE = ("channels:manage", "channels:write", "groups:write", "im:write", "mpim:write")


def need(ws: Workspace, *any_of: str) -> None:
    """Raises missing_scope unless the app has one of them."""
    if any_of and not ws.app.scopes.intersection(any_of):
        raise SlackError("missing_scope", needed=any_of[0], provided=",".join(sorted(ws.app.scopes)))


def _manageable(ws: Workspace, channel: Channel, *narrower: str) -> None:
    """Raises missing_scope unless the app may change that type of channel, or only the `narrower` part of it."""
    prefix = _SCOPE_OF[channel.type]
    whole = ("channels:manage", "channels:write") if prefix == "channels" else (f"{prefix}:write",)
    need(ws, *whole, *(f"{prefix}:write.{part}" for part in narrower))


def _no_direct(channel: Channel) -> None:
    """Raises method_not_supported_for_channel_type for direct conversations."""
    if channel.kind != "channel":
        raise SlackError("method_not_supported_for_channel_type")


def read_scope(channel_type: str, what: str = "read") -> str:
    """The scope to read a channel of that type, or its history."""
    return f"{_SCOPE_OF[channel_type]}:{what}"


def visible(ws: Workspace, args: Arguments, name: str = "channel") -> Channel:
    """The channel named by the argument. One the app cannot see is channel_not_found."""
    channel = ws.channels.get(args.required(name))
    if channel is None or (channel.type != "public_channel" and ws.app.bot_user not in channel.members):
        raise SlackError("channel_not_found")
    return channel


def joined(ws: Workspace, args: Arguments, name: str = "channel", archived: str = "is_archived") -> Channel:
    """As `visible`, and the app is a member and the channel is in use; `archived` is the code when it is not."""
    channel = visible(ws, args, name)
    if channel.is_archived:
        raise SlackError(archived)
    if ws.app.bot_user not in channel.members:
        raise SlackError("not_in_channel")
    return channel


def managed(ws: Workspace, args: Arguments) -> Channel:
    """As `visible`, and the app may change it; direct conversations are refused."""
    channel = visible(ws, args)
    _manageable(ws, channel)
    _no_direct(channel)
    return channel


def managed_inside(ws: Workspace, args: Arguments, *narrower: str) -> Channel:
    """As `joined`, and the app may change it, or only the `narrower` part of it; direct conversations are refused."""
    _manageable(ws, visible(ws, args), *narrower)
    channel = joined(ws, args)
    _no_direct(channel)
    return channel


def coverage() -> str:
    """The table as Markdown, for docs/sandbox.md."""
    rows = [
        f"| `{name}` | {this.per_minute} | {_scopes(this)} | {this.honoured or '–'} |"
        for name, this in sorted(METHODS.items())
    ]
    return "\n".join(["| method | a minute | scope, one of | honoured |", "|---|---|---|---|", *rows])


def _scopes(this: Method) -> str:
    if this.app_token:
        return "app-level token"
    return ", ".join(f"`{scope}`" for scope in this.scopes) or "–"
