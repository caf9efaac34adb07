"""Which rules can never act, because an earlier one takes every alert they fit."""

from __future__ import annotations

from collections.abc import Sequence

from warroom.policy.pattern import matches
from warroom.policy.rule import Rule, When

_WORDS = ("state", "transition", "priority", "days")
_PATTERNS = ("monitor", "hosts", "service", "env", "team", "query", "source")

# What a pattern's own * may stand for, nothing or several characters that no pattern names.
_STARS = ("", "\ue000\ue001\ue002")


def shadows(rules: Sequence[Rule]) -> list[tuple[int, int]]:
    """(place of a rule that is never reached, place of the earlier one that takes its alerts). Finds plain cases only:
    what several earlier rules take together is not looked for.
    """
    found = []
    for place, rule in enumerate(rules):
        earlier = (other for other in range(place) if covers(rules[other].when, rule.when))
        if (taker := next(earlier, None)) is not None:
            found.append((place, taker))
    return found


def covers(wide: When, narrow: When) -> bool:
    """Whether every alert that fits `narrow` fits `wide` for certain."""
    for name in _WORDS:
        wanted, said = set(getattr(wide, name)), set(getattr(narrow, name))
        if wanted and not (said and said <= wanted):
            return False
    if any(not _any_covers(getattr(wide, name), getattr(narrow, name)) for name in _PATTERNS):
        return False
    if wide.hours and set(wide.hours) != set(narrow.hours):
        return False
    return all(_implied(tag, narrow.tags) for tag in wide.tags)


def _any_covers(wide: Sequence[str], narrow: Sequence[str]) -> bool:
    """For conditions of which one pattern must fit."""
    if not wide or set(wide) <= set(narrow) == set(wide):
        return True
    wanted = [pattern for pattern in narrow if not pattern.startswith("!")]
    excluded = {pattern for pattern in wide if pattern.startswith("!")}
    positive = [pattern for pattern in wide if pattern not in excluded]
    if not wanted or not excluded <= set(narrow):
        return False
    return not positive or all(any(_within(one, pattern) for pattern in positive) for one in wanted)


def _implied(tag: str, tags: Sequence[str]) -> bool:
    """Whether one of the tags makes sure that this condition holds."""
    if tag.startswith("!"):
        return tag in tags
    return any(_within(said, tag) for said in tags if not said.startswith("!"))


def _within(narrow: str, wide: str) -> bool:
    """Whether whatever fits the one pattern fits the other."""
    return all(matches(wide, narrow.replace("*", star).replace("?", "\ue003")) for star in _STARS)
