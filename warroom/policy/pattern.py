"""Patterns with * and ?, compared without case. Nothing else is special: monitor titles are full of brackets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

TEXT_LIMIT = 2_000
"""So many characters of an outside text are compared."""


@lru_cache(maxsize=1_024)
def _compiled(pattern: str) -> re.Pattern[str]:
    first, *rest = [re.escape(piece).replace(r"\?", ".") for piece in pattern.casefold().split("*")]
    if not rest:
        return re.compile(first, re.DOTALL)
    *middle, last = rest
    # Atomic groups: each piece is looked for once, from the left, so that no title can make this slow.
    sought = "".join(f"(?>.*?{piece})" for piece in middle if piece)
    return re.compile(f"{first}{sought}.*{last}", re.DOTALL)


def matches(pattern: str, text: str) -> bool:
    """Whether the whole text fits the pattern."""
    return _compiled(pattern).fullmatch(text[:TEXT_LIMIT].casefold()) is not None


def any_matches(patterns: Sequence[str], texts: Iterable[str]) -> bool:
    """Whether some text fits one of the patterns and none fits a pattern that begins with "!".

    With only "!" patterns, having no text at all fits.
    """
    texts = tuple(texts)
    wanted = [pattern for pattern in patterns if not pattern.startswith("!")]
    return not _refused(patterns, texts) and (
        not wanted or any(matches(pattern, text) for pattern in wanted for text in texts)
    )


def all_match(patterns: Sequence[str], texts: Iterable[str]) -> bool:
    """Whether each pattern fits some text and none fits a pattern that begins with "!"."""
    texts = tuple(texts)
    wanted = [pattern for pattern in patterns if not pattern.startswith("!")]
    return not _refused(patterns, texts) and all(any(matches(pattern, text) for text in texts) for pattern in wanted)


def _refused(patterns: Sequence[str], texts: Sequence[str]) -> bool:
    return any(matches(pattern[1:], text) for pattern in patterns if pattern.startswith("!") for text in texts)
