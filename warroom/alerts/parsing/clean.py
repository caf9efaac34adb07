"""One way to read a value of an alert: plain text, or None where there is nothing to say."""

from __future__ import annotations

from warroom.text import cut, line_in, text_in

__all__ = ["TEXT_LIMIT", "TITLE_LIMIT", "WORD_LIMIT", "clean", "clean_text", "cut"]

TITLE_LIMIT = 500
TEXT_LIMIT = 8000
WORD_LIMIT = 255


def clean(value: object, limit: int = WORD_LIMIT) -> str | None:
    """`value` as one line of at most `limit` characters; None when it says nothing (`warroom.text.line_in`)."""
    return line_in(value, limit)


def clean_text(value: object, limit: int | None = TEXT_LIMIT) -> str | None:
    """As `clean`, but lines stay lines. `limit=None` keeps it whole."""
    return text_in(value, limit)
