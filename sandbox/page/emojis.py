"""Emoji by Slack's names."""

from __future__ import annotations

import emoji

_SLACKS_OWN = {
    "large_green_circle": "🟢", "large_yellow_circle": "🟡", "large_orange_circle": "🟠", "large_purple_circle": "🟣",
    "large_brown_circle": "🟤", "simple_smile": "🙂", "thumbsup_all": "👍", "slack": "💬",
}  # fmt: skip
"""Those that Slack calls otherwise than everybody else."""


def glyph(name: str) -> str:
    """The character for a name without colons, or `:name:` when nobody knows it."""
    base, _, _tone = name.partition("::")
    if base in _SLACKS_OWN:
        return _SLACKS_OWN[base]
    written = f":{base}:"
    return emoji.emojize(written, language="alias", variant="emoji_type")


QUICK = ("white_check_mark", "eyes", "+1", "pushpin", "tada")
"""What the page offers for reacting with one click."""


def written(text: str) -> str:
    """A text with its :names: replaced."""
    return emoji.emojize(text, language="alias", variant="emoji_type")
