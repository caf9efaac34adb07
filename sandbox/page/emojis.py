"""Emoji characters by Slack's names."""

from __future__ import annotations

import emoji

_SLACK_ONLY = {
    "large_green_circle": "🟢", "large_yellow_circle": "🟡", "large_orange_circle": "🟠", "large_purple_circle": "🟣",
    "large_brown_circle": "🟤", "simple_smile": "🙂", "thumbsup_all": "👍", "slack": "💬",
}  # fmt: skip
"""Names that only Slack has."""


def glyph(name: str) -> str:
    """The character for a name without colons, or `:name:` when it is unknown."""
    base, _, _tone = name.partition("::")
    if base in _SLACK_ONLY:
        return _SLACK_ONLY[base]
    written = f":{base}:"
    return emoji.emojize(written, language="alias", variant="emoji_type")


QUICK_REACTIONS = ("white_check_mark", "eyes", "+1", "pushpin", "tada")
"""The reactions that the page offers in a message's menu."""


def replace_emoji_names(text: str) -> str:
    """The text with its :names: replaced by emoji."""
    return emoji.emojize(text, language="alias", variant="emoji_type")
