"""Which permission each Slack method needs. Source: docs.slack.dev, "Bot scopes" of each method's page.

A test compares the methods with those the code calls, and the manifest with `needed_scopes`.
"""

from __future__ import annotations

from collections.abc import Mapping

_READ_CHANNELS = frozenset({"channels:read", "groups:read"})
_MANAGE_CHANNELS = frozenset({"channels:manage", "groups:write"})
_HISTORY = frozenset({"channels:history", "groups:history"})
_NONE: frozenset[str] = frozenset()

SCOPES: Mapping[str, frozenset[str]] = {
    "auth.test": _NONE,
    "bookmarks.add": frozenset({"bookmarks:write"}),
    "bookmarks.list": frozenset({"bookmarks:read"}),
    "canvases.edit": frozenset({"canvases:write"}),
    "canvases.sections.lookup": frozenset({"canvases:read"}),
    "chat.delete": frozenset({"chat:write"}),
    "chat.getPermalink": _NONE,
    "chat.postEphemeral": frozenset({"chat:write"}),
    "chat.postMessage": frozenset({"chat:write"}),
    "chat.update": frozenset({"chat:write"}),
    "conversations.archive": _MANAGE_CHANNELS,
    "conversations.canvases.create": frozenset({"canvases:write"}),
    "conversations.create": _MANAGE_CHANNELS,
    "conversations.history": _HISTORY,
    "conversations.info": _READ_CHANNELS,
    "conversations.invite": _MANAGE_CHANNELS,
    "conversations.join": frozenset({"channels:join"}),
    "conversations.list": frozenset({"channels:read"}),
    "conversations.members": _READ_CHANNELS,
    "conversations.rename": _MANAGE_CHANNELS,
    "conversations.replies": _HISTORY,
    "conversations.setPurpose": _MANAGE_CHANNELS,
    "conversations.setTopic": _MANAGE_CHANNELS,
    "conversations.unarchive": _MANAGE_CHANNELS,
    "files.completeUploadExternal": frozenset({"files:write"}),
    "files.getUploadURLExternal": frozenset({"files:write"}),
    "pins.add": frozenset({"pins:write"}),
    "usergroups.list": frozenset({"usergroups:read"}),
    "usergroups.users.list": frozenset({"usergroups:read"}),
    "usergroups.users.update": frozenset({"usergroups:write"}),
    "users.conversations": _READ_CHANNELS,
    "users.info": frozenset({"users:read"}),
    "users.list": frozenset({"users:read", "users:read.email"}),
    "users.lookupByEmail": frozenset({"users:read", "users:read.email"}),
    "views.publish": _NONE,
}
"""Method to the bot scopes it needs for public and private channels."""

ENTRY_POINTS: frozenset[str] = frozenset({"commands"})
"""Scopes for what comes in without a method: the slash command and the shortcut."""
HEARD: frozenset[str] = frozenset({"pins:read", "reactions:read"})
"""Scopes without which Slack does not tell of an event that nothing else depends on."""

NEEDED_FOR: Mapping[str, str] = {
    "bookmarks:read": "links at the top of an incident's channel",
    "bookmarks:write": "links at the top of an incident's channel",
    "canvases:read": "the post-mortem as a canvas",
    "canvases:write": "the post-mortem as a canvas",
    "channels:history": "alert channels; no message twice after a broken connection",
    "channels:join": "announcements and alert channels without inviting the bot",
    "channels:manage": "channels of public incidents",
    "channels:read": "channels by their name",
    "chat:write": "every message",
    "commands": "/incident and the shortcuts",
    "files:write": "the post-mortem, charts and pictures",
    "groups:history": "alert channels that are private; no message twice after a broken connection",
    "groups:read": "who is in the channel of a private incident",
    "groups:write": "channels of private incidents",
    "pins:read": "messages that people pin, on the timeline",
    "pins:write": "the pinned card",
    "reactions:read": "messages marked with a pushpin, on the timeline",
    "usergroups:read": "user groups in commands and in the policy",
    "usergroups:write": "user groups that follow a schedule",
    "users:read": "people",
    "users:read.email": "people by their email",
}
"""Bot scope to what does not work without it."""


KEEPING_GROUPS = frozenset({"usergroups.users.update"})
"""Methods that are called only where a schedule of the policy names a user group."""


def needed_scopes(*, keeps_groups: bool = False) -> frozenset[str]:
    """Every bot scope that this package's calls, the command and the shortcut need. Subscribed events need those of HEARD besides.

    `keeps_groups`: a schedule names a user group.
    """
    called = (scopes for method, scopes in SCOPES.items() if keeps_groups or method not in KEEPING_GROUPS)
    return ENTRY_POINTS.union(*called)
