"""People in what was typed: everybody to invite, a role and its holder, an action item and its owner. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable

from blocks.usage import RoleUnclear
from handlers.slack_text import person, unquote, words
from warroom.errors import Refused
from warroom.incident.roles import is_role
from warroom.text import as_typed
from warroom.value import Value


class Role(Value):
    """Who takes which role."""

    role: str
    person: str


class ActionWords(Value):
    """An action item: its text, the owner as typed, the date as typed."""

    text: str
    owner: str | None = None
    due: str | None = None


def names(text: str) -> tuple[str, ...]:
    """Everybody named: mentions, emails, @names, "quoted names", words. Where there are commas they end a name."""
    with_commas = "," in text or ";" in text
    found: list[str] = []
    run: list[str] = []

    def end_run() -> None:
        if run:
            found.append(as_typed(" ".join(run)))
            run.clear()

    for match in words(text):
        word = match[0]
        certain = person(word) or (unquote(word.rstrip(",;")) if match["quoted"] else None)
        if certain:
            end_run()
            found.append(certain)
        else:
            pieces = re.split(r"[,;]", word)
            for position, piece in enumerate(pieces):
                if position or not with_commas:
                    end_run()
                if piece:
                    run.append(piece)
        if word[-1] in ",;" or (match.end() < len(text) and text[match.end()] in ",;"):
            end_run()
    end_run()
    return tuple(dict.fromkeys(name for name in found if name))


def role(text: str) -> Role:
    """The role and the person: `commander @ada`, `comms lead ada`, `@ada scribe`. Raises Refused without either."""
    typed = [match[0] for match in words(text)]
    certain = [n for n, word in enumerate(typed) if person(word)]
    if not certain and len(typed) > 2:
        # "comms lead ada lovelace": the longest beginning that is a role, and the rest is a name.
        for length in range(len(typed) - 1, 0, -1):
            if is_role(said := " ".join(typed[:length])):
                return Role(role=as_typed(said), person=as_typed(" ".join(typed[length:])))
    if len(typed) < 2 or len(certain) > 1:
        raise Refused(RoleUnclear())
    at = certain[0] if certain else len(typed) - 1
    who = person(typed[at]) or as_typed(unquote(typed[at]))
    return Role(role=as_typed(" ".join(typed[:at] + typed[at + 1 :])), person=who)


def action(text: str, is_date: Callable[[str], bool]) -> ActionWords:
    """An action item's words: a person and `due` with a date at its end, in any order; a person also at its start."""
    text, owner = _owner_at_end(text.strip())
    due = None
    for mark in reversed(list(re.finditer(r"\s+due:?\s+", text, re.I))):
        if is_date(text[mark.end() :]):
            text, due = text[: mark.start()], text[mark.end() :]
            break
    if owner is None:
        text, owner = _owner_at_end(text)
    typed = words(text)
    if owner is None and len(typed) > 1 and (owner := person(typed[0][0])):
        text = text[typed[0].end() :].strip()
    return ActionWords(text=text, owner=owner, due=due)


def _owner_at_end(text: str) -> tuple[str, str | None]:
    typed = words(text)
    if len(typed) < 2 or not (said := person(typed[-1][0])):
        return text, None
    return text[: typed[-1].start()].strip(), said
