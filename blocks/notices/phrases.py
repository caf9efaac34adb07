"""Pieces of the sentences of notices."""

from __future__ import annotations

from blocks import kit, text


def to_whom(people: tuple[str, ...]) -> str:
    """The people, and a space; "" for nobody."""
    return f"{text.mentions(people)} " if people else ""


def by_whom(user_id: str | None, how: str) -> str:
    """`how`, such as " by", and the person; "" for nobody."""
    return f"{how} {text.mention(user_id)}" if user_id else ""


def quoted(words_of_somebody: str) -> str:
    """As a quotation; "" where they said nothing."""
    return kit.quote(words_of_somebody, 1500) if words_of_somebody.strip() else ""


def warning(what: str, advice: str) -> str:
    """What went wrong, and what to do about it."""
    return f"⚠️ {kit.line(what, 600).rstrip('.')}. {kit.line(advice, 400)}".strip()
