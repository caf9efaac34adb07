"""People in what was typed: who is meant, everybody to invite or page, a role and its holder, an action item and its owner."""

from __future__ import annotations

import re
from collections.abc import Callable

from blocks.usage import PersonNotFound, RoleUnclear, SeveralCandidates, SeveralPeople
from handlers.parse_command import person, unquote, words
from warroom.errors import Refused
from warroom.incident.declare import ids, unfound
from warroom.incident.parts import ActionPriority
from warroom.incident.roles import is_role_of
from warroom.people.model import Resolution, normal
from warroom.people.resolution import resolve
from warroom.policy import Policy
from warroom.ports import World
from warroom.text import as_typed
from warroom.value import Value

ME = ("me", "@me", "myself")
_UNLABELLED = re.compile(r"<@([UW][A-Z0-9]+)(?:\|([^<>]*))?>")


async def one_person(world: World, said: str, actor: str, *, only_exact: bool = False) -> str:
    """The id of the one person that is meant. Raises Refused when it is nobody, or could be several.

    With `only_exact` a misspelt name is not enough.
    """
    if said.casefold() in ME:
        return actor
    people = await resolve((said,), world.directory, world.policy, only_exact=only_exact)
    found = ids(people)
    if len(found) == 1 and not unfound(people):
        return found[0]
    if people.ambiguous:
        raise WhoIsMeant(people)
    if found:
        raise Refused(SeveralPeople(said=said, count=len(found)))
    raise Refused(PersonNotFound(said=said))


class WhoIsMeant(Refused):
    """The name could be several people, or is nearly somebody's: `people` has the candidates."""

    def __init__(self, people: Resolution) -> None:
        asked = people.ambiguous[0]
        names = tuple(candidate.display_name or candidate.name for candidate in asked.candidates)
        super().__init__(SeveralCandidates(said=asked.said, names=names))
        self.people = people


class NamesAndReason(Value):
    """Whom somebody pages, and the reason behind the names."""

    names: tuple[str, ...] = ()
    why: str = ""


async def names_and_reason(world: World, text: str) -> NamesAndReason:
    """`linus please help` is linus, because “please help”: names come first, what follows the last of them is the reason.

    Mentions, emails, @handles and names in quotes are names; plain words are while they are a team's or a person's, up to
    LONGEST_NAME words together. Where none of them is, the first word (up to a comma) is the name.
    """
    typed, names, at = words(text), [], 0
    while at < len(typed):
        word = typed[at][0]
        if at and word.casefold() == "and":
            at += 1
            continue
        certain = person(word) or (unquote(word.rstrip(",;")) if typed[at]["quoted"] else None)
        if certain:
            names.append(certain)
            at += 1
            continue
        length = await _name_length(world, [match[0] for match in typed[at:]], continues=bool(names))
        if not length:
            break
        names.append(as_typed(" ".join(match[0] for match in typed[at : at + length]).strip(",; ")))
        ended = typed[at + length - 1][0][-1] in ",;"
        at += length
        if not ended and not await _all_names(world, [match[0] for match in typed[at:]]):
            break
    why = text[typed[at].start() :] if at < len(typed) else ""
    return NamesAndReason(names=tuple(dict.fromkeys(names)), why=(await readable(world, why)).strip(" ,;:–—-"))


LONGEST_NAME = 4


async def _name_length(world: World, said: list[str], *, continues: bool) -> int:
    """How many of the first words are one name, at least one for the first name of all; 0 where the reason begins."""
    end = next((n for n, word in enumerate(said, 1) if word[-1] in ",;"), len(said))
    for length in range(min(end, LONGEST_NAME), 0, -1):
        if await _is_name(world, " ".join(said[:length]).strip(",; ")):
            return length
    if end < len(said) and end <= LONGEST_NAME:
        return end  # a comma ends a name, known or not
    return 0 if continues else 1


async def _is_name(world: World, said: str) -> bool:
    """Whether it is exactly the name of a team, a group or somebody."""
    if world.policy.team_named(said):
        return True
    key = normal(said)
    return bool(key) and bool(await world.directory.group(key) or await world.directory.by_name(key))


async def _all_names(world: World, said: list[str]) -> bool:
    """Whether every word that is left is a name too, so that none is a reason."""
    return bool(said) and all([person(word) is not None or await _is_name(world, word.strip(",;")) for word in said])


async def readable(world: World, text: str) -> str:
    """Free text as a person reads it: mentions as names, Slack's markup as plain text."""
    names = {}
    for user, label in _UNLABELLED.findall(text):
        known = None if label else await world.directory.person(user)
        names[user] = label or (known and (known.display_name or known.real_name or known.name)) or user
    return as_typed(_UNLABELLED.sub(lambda found: f"@{names[found[1]]}", text)).strip()


class Role(Value):
    """Who takes which role."""

    role: str
    person: str


class ActionWords(Value):
    """An action item: its text, the owner as typed, the date as typed."""

    text: str
    owner: str | None = None
    due: str | None = None
    priority: ActionPriority | None = None


def names_in(text: str) -> tuple[str, ...]:
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


def role_in(text: str, policy: Policy) -> Role:
    """The role and the person: `commander @ada`, `comms lead ada`, `@ada scribe`. Raises Refused without either."""
    typed = [match[0] for match in words(text)]
    certain = [n for n, word in enumerate(typed) if person(word)]
    if not certain and len(typed) > 2:
        # "comms lead ada lovelace": the longest beginning that is a role, and the rest is a name.
        for length in range(len(typed) - 1, 0, -1):
            if is_role_of(said := " ".join(typed[:length]), policy):
                return Role(role=as_typed(said), person=as_typed(" ".join(typed[length:])))
    if len(typed) < 2 or len(certain) > 1:
        raise Refused(RoleUnclear())
    at = certain[0] if certain else len(typed) - 1
    who = person(typed[at]) or as_typed(unquote(typed[at]))
    return Role(role=as_typed(" ".join(typed[:at] + typed[at + 1 :])), person=who)


def action_in(text: str, is_date: Callable[[str], bool]) -> ActionWords:
    """An action item's words: a person, `due` with a date and `priority` with a level at its end, in any order; a person also
    at its start.
    """
    text, priority = _priority_at_end(text.strip())
    text, owner = _owner_at_end(text)
    if priority is None:
        text, priority = _priority_at_end(text)
    due = None
    for mark in reversed(list(re.finditer(r"\s+due:?\s+", text, re.I))):
        if is_date(text[mark.end() :]):
            text, due = text[: mark.start()], text[mark.end() :]
            break
    if priority is None:
        text, priority = _priority_at_end(text)
    if owner is None:
        text, owner = _owner_at_end(text)
    if priority is None:
        text, priority = _priority_at_end(text)
    typed = words(text)
    if owner is None and len(typed) > 1 and (owner := person(typed[0][0])):
        text = text[typed[0].end() :].strip()
    return ActionWords(text=text, owner=owner, due=due, priority=priority)


_LEVELS = {
    ActionPriority.HIGH: ("high", "urgent", "critical", "highest", "p1"),
    ActionPriority.MEDIUM: ("medium", "normal", "p2"),
    ActionPriority.LOW: ("low", "lowest", "p3"),
}
_PRIORITY = re.compile(r"(?:^|\s)(?:prio(?:rity)?:?\s+|!)(?P<level>\w+)\s*$", re.I)


def priority_named(said: str) -> ActionPriority | None:
    """The priority of an action item that is meant: "high", "urgent" and "P1" are the same; None for any other word."""
    word = said.strip().casefold()
    return next((level for level, names in _LEVELS.items() if word in names), None)


def _priority_at_end(text: str) -> tuple[str, ActionPriority | None]:
    found = _PRIORITY.search(text)
    level = priority_named(found["level"]) if found else None
    return (text[: found.start()].strip(), level) if found and level else (text, None)


def _owner_at_end(text: str) -> tuple[str, str | None]:
    typed = words(text)
    if len(typed) < 2 or not (said := person(typed[-1][0])):
        return text, None
    return text[: typed[-1].start()].strip(), said
