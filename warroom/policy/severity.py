"""Severities: the built-in table, and how a file's own entries are laid over it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from warroom.durations import Duration
from warroom.people.model import normal
from warroom.policy.hours import Hours
from warroom.policy.kinds import Text, Texts
from warroom.value import Value


class Severity(Value):
    """How bad, and what that asks of people. None switches the rule off (`postmortem_within` None: optional)."""

    name: Text
    acknowledge_within: Duration
    update_every: Duration | None = None
    postmortem_within: Duration | None = None
    stale_after: Duration | None = None
    """None: as the workspace says."""
    repeat_every: Duration | None = None
    """How often the last level is paged again while nobody acknowledges.

    None: as the workspace says, else `update_every`, else `acknowledge_within`.
    """
    page_hours: Hours = ()
    """When people are paged, on the clock of each of them; outside it waits for their morning. Empty: at any time."""
    repage_after: Duration | None = None
    """After an acknowledgement: so long nobody has posted an update, written in the channel or done anything else, then the
    commander is paged, and after them the escalation policy. None: never.
    """
    aliases: Texts = ()
    description: Text | None = None
    """The sentence that defines it, shown where a severity is chosen."""


BUILT_IN: dict[str, dict[str, Any]] = {
    "SEV-1": {
        "name": "Critical",
        "description": "Customers cannot use the product, or data is at risk",
        "acknowledge_within": "5m",
        "update_every": "15m",
        "postmortem_within": "48h",
        "aliases": ["critical", "P1", "emergency", "urgent", "fatal", "blocker"],
    },
    "SEV-2": {
        "name": "High",
        "description": "An important function fails or is slow for many customers",
        "acknowledge_within": "15m",
        "update_every": "30m",
        "postmortem_within": "48h",
        "aliases": ["high", "P2", "major", "error"],
    },
    "SEV-3": {
        "name": "Moderate",
        "description": "Some customers are affected, or there is a workaround",
        "acknowledge_within": "1h",
        "update_every": "60m",
        "aliases": ["medium", "moderate", "P3", "warning", "warn"],
    },
    "SEV-4": {
        "name": "Low",
        "description": "Little or no effect on customers",
        "acknowledge_within": "4h",
        "aliases": ["low", "info", "P4", "P5", "SEV-5", "minor", "informational", "notice"],
    },
}
"""The policy without a file, as a file would write it."""


def merged_defaults(written: Mapping[str, Any]) -> dict[str, Any]:
    """The severities that a file's `severities:` means, most severe first.

    A built-in one is merged per key, `null` removes it. What the file names stands in the file's order; a built-in
    severity that it does not name follows the built-in one before it. A built-in alias gives way to the same word in
    the file. Values are not validated here.
    """
    merged: dict[str, Any] = {}
    for key, entry in written.items():
        if isinstance(entry, Mapping):
            merged[key] = {**BUILT_IN.get(key, {"name": key}), **entry}
        elif entry is not None or key not in BUILT_IN:
            merged[key] = entry
    order = list(merged)
    built_in = list(BUILT_IN)
    for place, key in enumerate(built_in):
        if key not in written:
            before = next((order.index(known) + 1 for known in reversed(built_in[:place]) if known in order), 0)
            order.insert(before, key)
            merged[key] = BUILT_IN[key]
    taken = {word for key, entry in written.items() for word in _words_written(key, entry)}
    return {key: _drop_overridden_aliases(merged[key], written.get(key), taken) for key in order}


def _words_written(key: str, entry: Any) -> set[str]:
    if not isinstance(entry, Mapping):
        return set()
    aliases = entry.get("aliases")
    aliases = [aliases] if isinstance(aliases, str) else aliases if isinstance(aliases, list | tuple) else []
    return {normal(word) for word in (key, entry.get("name"), *aliases) if isinstance(word, str)}


def _drop_overridden_aliases(entry: Any, written: Any, taken: set[str]) -> Any:
    if not isinstance(entry, Mapping) or (isinstance(written, Mapping) and "aliases" in written):
        return entry
    own = _words_written("", written)
    aliases = entry.get("aliases", ())
    return {**entry, "aliases": [word for word in aliases if normal(word) not in taken - own]}


def number_of(key: str) -> str | None:
    """The number at the end of a severity's key, without leading zeros: "1" of SEV-1."""
    found = re.search(r"0*([0-9]+)$", key)
    return found.group(1) if found else None
