"""The app as installed in the workspace: its tokens, scopes, event subscriptions, commands and shortcuts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ALL_SCOPES = (
    "app_mentions:read", "bookmarks:read", "bookmarks:write", "canvases:read", "canvases:write", "channels:history",
    "channels:join", "channels:manage", "channels:read", "chat:write", "commands", "files:read", "files:write",
    "groups:history", "groups:read", "groups:write", "im:history", "im:read", "im:write", "mpim:history", "mpim:read",
    "mpim:write", "pins:read", "pins:write", "reactions:read", "reactions:write", "usergroups:read",
    "usergroups:write", "users:read", "users:read.email",
)  # fmt: skip

EVENT_SCOPES: dict[str, tuple[str, ...]] = {
    "app_home_opened": (),
    "app_mention": ("app_mentions:read",),
    "app_uninstalled": (),
    "tokens_revoked": (),
    "message.channels": ("channels:history",),
    "message.groups": ("groups:history",),
    "message.im": ("im:history",),
    "message.mpim": ("mpim:history",),
    "member_joined_channel": ("channels:read", "groups:read"),
    "member_left_channel": ("channels:read", "groups:read"),
    "reaction_added": ("reactions:read",),
    "reaction_removed": ("reactions:read",),
    "pin_added": ("pins:read",),
    "pin_removed": ("pins:read",),
    "channel_created": ("channels:read",),
    "channel_rename": ("channels:read",),
    "channel_archive": ("channels:read",),
    "channel_unarchive": ("channels:read",),
    "group_rename": ("groups:read",),
    "group_archive": ("groups:read",),
    "group_unarchive": ("groups:read",),
    "file_shared": ("files:read",),
    "team_join": ("users:read",),
    "user_change": ("users:read",),
    "subteam_created": ("usergroups:read",),
    "subteam_updated": ("usergroups:read",),
    "subteam_members_changed": ("usergroups:read",),
}
"""Every event that the sandbox can emit, with the scopes of which one is needed to receive it."""


@dataclass
class Installation:
    """The one app of the workspace. Without a manifest it has every scope and receives every event."""

    name: str = "warroom"
    app_id: str = "A0SANDBOX"
    bot_id: str = "B0SANDBOX"
    bot_token: str = "xoxb-sandbox"
    app_token: str = "xapp-sandbox"
    bot_user: str = ""
    scopes: set[str] = field(default_factory=lambda: set(ALL_SCOPES))
    events: set[str] = field(default_factory=lambda: set(EVENT_SCOPES))
    commands: dict[str, bool] | None = None
    """Registered slash commands and their should_escape; None means any command, unescaped."""
    hints: dict[str, str] = field(default_factory=dict)
    """The usage hint of each command."""
    shortcut_names: dict[str, str] = field(default_factory=dict)
    """The menu texts of message shortcuts, by callback id."""
    shortcuts: set[str] | None = None
    """Registered shortcut callback ids; None means any."""
    home_enabled: bool = True
    messages_tab_enabled: bool = True
    socket_mode: bool = True
    revoked: bool = False

    @classmethod
    def from_manifest(cls, manifest: Mapping[str, Any]) -> Installation:
        """The app as an app manifest (already parsed) installs it: scopes, events, commands, shortcuts and tabs."""
        features, settings = manifest.get("features", {}), manifest.get("settings", {})
        home = features.get("app_home", {})
        return cls(
            name=str(manifest["display_information"]["name"]).lower(),
            scopes=set(manifest.get("oauth_config", {}).get("scopes", {}).get("bot", ())),
            events=set(settings.get("event_subscriptions", {}).get("bot_events", ())),
            commands={c["command"]: bool(c.get("should_escape")) for c in features.get("slash_commands", ())},
            hints={c["command"]: str(c.get("usage_hint", "")) for c in features.get("slash_commands", ())},
            shortcut_names={
                s["callback_id"]: str(s["name"]) for s in features.get("shortcuts", ()) if s["type"] == "message"
            },
            shortcuts={s["callback_id"] for s in features.get("shortcuts", ())},
            home_enabled=bool(home.get("home_tab_enabled")),
            messages_tab_enabled=bool(home.get("messages_tab_enabled", True)),
            socket_mode=bool(settings.get("socket_mode_enabled")),
        )

    def receives(self, event: str) -> bool:
        """Whether the app subscribed to the event and has a scope for it."""
        needed = EVENT_SCOPES[event]
        return event in self.events and (not needed or any(scope in self.scopes for scope in needed))
