"""Finding people: one order of looking for everything that names a person, a group or a team. What is not certain is asked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from warroom.people.fuzzy import CLEAR, CUTOFF, FuzzyIndex
from warroom.people.model import Group, Person, names_of, normal
from warroom.policy import Policy
from warroom.value import Value

__all__ = [
    "Ambiguity",
    "Directory",
    "FuzzyIndex",
    "Match",
    "MatchKind",
    "Resolution",
    "Unknown",
    "Why",
    "resolve",
]

MARGIN = 8.0
"""A fuzzy match must be so much better than the next person."""
CANDIDATES = 5
"""So many people are offered where the name is not clear."""


class MatchKind(StrEnum):
    """What a name was matched by, in the order of trying."""

    MENTION = "mention"
    EMAIL = "email"
    DISPLAY = "display name"
    REAL = "real name"
    USER = "user name"
    LOCAL = "email local part"
    FUZZY = "fuzzy"


_EXACT = (
    ("display", MatchKind.DISPLAY),
    ("real", MatchKind.REAL),
    ("user", MatchKind.USER),
    ("local", MatchKind.LOCAL),
)


class Why(StrEnum):
    """Why a name led to nobody."""

    NOT_FOUND = "not_found"
    NO_SUCH_EMAIL = "no_such_email"
    DEACTIVATED = "deactivated"
    BOT = "bot"
    GUEST = "guest"
    NO_SUCH_GROUP = "no_such_group"
    GROUP_DISABLED = "group_disabled"
    GROUP_EMPTY = "group_empty"
    NO_LEVELS = "no_levels"
    LOOP = "loop"
    SCHEDULE = "schedule"
    EVERYBODY = "everybody"


class Match(Value):
    """A person who was found. `via` is the team or group that led there, outermost first."""

    person: Person
    said: str
    matched_by: MatchKind
    via: tuple[str, ...] = ()


class Ambiguity(Value):
    """Who could be meant, likeliest first, at most five; to be asked."""

    said: str
    candidates: tuple[Person, ...]
    via: tuple[str, ...] = ()


class Unknown(Value):
    """A name that led to nobody."""

    said: str
    why: Why
    via: tuple[str, ...] = ()


class Resolution(Value):
    """How names were understood: people once each, in the order named."""

    found: tuple[Match, ...] = ()
    ambiguous: tuple[Ambiguity, ...] = ()
    unknown: tuple[Unknown, ...] = ()


class Directory(Protocol):
    """The people and groups of the workspace. Names are given in their comparison form (`warroom.people.normal`)."""

    async def person(self, user_id: str) -> Person | None: ...
    async def group(self, id_or_handle: str) -> Group | None:
        """By id, or by the comparison form of its handle."""
        ...

    async def by_email(self, email: str) -> Sequence[Person]:
        """Compared without case."""
        ...

    async def by_name(self, normal: str) -> Sequence[Person]:
        """Everybody who has it as display, real or user name, or before the @ of the email."""
        ...

    async def candidates(self, normal: str, limit: int) -> Sequence[tuple[Person, str, float]]:
        """(person, kind, score up to 100) of the nearest names from score 70 on, best first."""
        ...


_Answer = Match | Ambiguity | Unknown

_MENTION = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>")
_GROUP = re.compile(r"<!subteam\^(S[A-Z0-9]+)(?:\|[^>]*)?>")
_EVERYBODY = re.compile(r"<[!#][^>]*>|@?(?:here|channel|everyone)", re.IGNORECASE)
_MAILTO = re.compile(r"<?mailto:([^|>]+)(?:\|[^>]*)?>?", re.IGNORECASE)
_EMAIL = re.compile(r"[^\s@<>|]+@[^\s@<>|]+\.[^\s@<>|]+")
_ID = re.compile(r"[UW][A-Z0-9]{2,}")
_GROUP_ID = re.compile(r"S[A-Z0-9]{2,}")
_SCHEDULE = re.compile(r"schedule|on-?call|\brota", re.IGNORECASE)


async def resolve(names: Sequence[str], directory: Directory, policy: Policy) -> Resolution:
    """Who is meant by the names, as people type them or Slack writes them. Raises what the directory raises."""
    answers: list[_Answer] = []
    for said in dict.fromkeys(name.strip() for name in names):
        if said:
            answers += await _one(said, directory, policy, (), frozenset())
    found: dict[str, Match] = {}
    for answer in answers:
        if isinstance(answer, Match):
            found.setdefault(answer.person.id, answer)
    return Resolution(
        found=tuple(found.values()),
        ambiguous=tuple(dict.fromkeys(answer for answer in answers if isinstance(answer, Ambiguity))),
        unknown=tuple(dict.fromkeys(answer for answer in answers if isinstance(answer, Unknown))),
    )


async def _one(
    said: str, directory: Directory, policy: Policy, via: tuple[str, ...], teams: frozenset[str]
) -> list[_Answer]:
    """Looks for one name. `teams` are those being expanded already."""
    if mention := _MENTION.fullmatch(said):
        return [await _by_id(mention.group(1), said, directory, via)]
    if mention := _GROUP.fullmatch(said):
        group = await directory.group(mention.group(1))
        return await _members(group, said, directory, via) if group else [_nobody(said, Why.NO_SUCH_GROUP, via)]
    if _EVERYBODY.fullmatch(said):
        return [_nobody(said, Why.EVERYBODY, via)]
    mail = _MAILTO.fullmatch(said)
    plain = mail.group(1).strip() if mail else said
    if _EMAIL.fullmatch(plain):
        return [await _by_email(plain, said, directory, via)]
    if _ID.fullmatch(said) and await directory.person(said):
        return [await _by_id(said, said, directory, via)]
    if _GROUP_ID.fullmatch(said) and (group := await directory.group(said)):
        return await _members(group, said, directory, via)
    team = policy.team_named(plain)
    if team and team not in teams:
        return await _team(team, said, directory, policy, via, teams | {team})
    key = normal(plain)
    if key and (group := await directory.group(key)):
        return await _members(group, said, directory, via)
    answer = await _by_name(key, said, directory, via)
    if isinstance(answer, Unknown) and answer.why is Why.NOT_FOUND and team:
        return [_nobody(said, Why.LOOP, via)]
    return [answer]


def _nobody(said: str, why: Why, via: tuple[str, ...]) -> Unknown:
    return Unknown(said=said, why=why, via=via)


async def _by_id(user_id: str, said: str, directory: Directory, via: tuple[str, ...]) -> _Answer:
    """Slack wrote the id, so whom the directory has not read yet is somebody all the same."""
    person = await directory.person(user_id) or Person(id=user_id)
    if why := _unfit(person, guests=True):
        # By name: an id says nothing to people, and a form's errors are shown without markup.
        return _nobody(_shown(person), why, via)
    return Match(person=person, said=said, matched_by=MatchKind.MENTION, via=via)


def _shown(person: Person) -> str:
    return person.display_name or person.real_name or person.name or person.id


def _unfit(person: Person, *, guests: bool = False) -> Why | None:
    """Why this person is never matched, or None. Slackbot says of itself that it is no bot (users.list)."""
    if person.deleted:
        return Why.DEACTIVATED
    if person.is_bot or person.id == "USLACKBOT":
        return Why.BOT
    return Why.GUEST if person.is_guest and not guests else None


async def _by_email(email: str, said: str, directory: Directory, via: tuple[str, ...]) -> _Answer:
    everybody = await directory.by_email(email)
    people = [person for person in everybody if not _unfit(person, guests=True)]
    if len(people) == 1:
        return Match(person=people[0], said=said, matched_by=MatchKind.EMAIL, via=via)
    if not everybody:
        # The same name at another domain may be another person: worth a question, never a match.
        people = _called(await directory.by_name(local := normal(email.partition("@")[0])), "local", local)
        people = [person for person in people if not _unfit(person)]
    if people:
        return Ambiguity(said=said, candidates=tuple(people[:CANDIDATES]), via=via)
    why = next((why for person in everybody if (why := _unfit(person, guests=True))), Why.NO_SUCH_EMAIL)
    return _nobody(said, why, via)


async def _members(group: Group, said: str, directory: Directory, via: tuple[str, ...]) -> list[_Answer]:
    if group.disabled:
        return [_nobody(said, Why.GROUP_DISABLED, via)]
    if not group.members:
        return [_nobody(said, Why.GROUP_EMPTY, via)]
    answers: list[_Answer] = []
    for member in group.members:
        person = await directory.person(member) or Person(id=member)
        inner = (*via, f"@{group.handle}")
        why = _unfit(person)
        answers.append(
            _nobody(_shown(person), why, inner)
            if why
            else Match(person=person, said=said, matched_by=MatchKind.MENTION, via=inner)
        )
    return answers


async def _team(
    team: str, said: str, directory: Directory, policy: Policy, via: tuple[str, ...], teams: frozenset[str]
) -> list[_Answer]:
    """Whoever the team's escalation policy pages first."""
    levels = policy.teams[team].escalation
    first = [level for level in levels if level.after == timedelta(0)] or levels[:1]
    if not first:
        return [_nobody(said, Why.NO_LEVELS, via)]
    answers: list[_Answer] = []
    for name in dict.fromkeys(name for level in first for name in level.notify):
        answers += await _one(name, directory, policy, (*via, team), teams)
    return answers


async def _by_name(key: str, said: str, directory: Directory, via: tuple[str, ...]) -> _Answer:
    if not key:
        return _nobody(said, Why.NOT_FOUND, via)
    unfit: Why | None = None
    named = await directory.by_name(key)
    for kind, matched_by in _EXACT:
        everybody = _called(named, kind, key)
        people = [person for person in everybody if not _unfit(person)]
        if len(people) == 1:
            return Match(person=people[0], said=said, matched_by=matched_by, via=via)
        if people:
            return Ambiguity(said=said, candidates=tuple(people[:CANDIDATES]), via=via)
        unfit = unfit or next((why for person in everybody if (why := _unfit(person))), None)
    if unfit:
        return _nobody(said, unfit, via)
    return await _nearly(key, said, directory, via)


def _called(people: Sequence[Person], kind: str, key: str) -> list[Person]:
    """Those for whom it is that kind of name."""
    return [person for person in people if (kind, key) in names_of(person)]


async def _nearly(key: str, said: str, directory: Directory, via: tuple[str, ...]) -> _Answer:
    best: dict[str, tuple[Person, float]] = {}
    for person, _, score in await directory.candidates(key, 2 * CANDIDATES):
        if score >= CUTOFF and not _unfit(person) and score > best.get(person.id, (person, 0.0))[1]:
            best[person.id] = (person, score)
    ranked = sorted(best.values(), key=lambda found: -found[1])
    if not ranked:
        return _nobody(said, Why.SCHEDULE if _SCHEDULE.search(said) else Why.NOT_FOUND, via)
    runner_up = ranked[1][1] if len(ranked) > 1 else 0.0
    if ranked[0][1] >= CLEAR and ranked[0][1] - runner_up >= MARGIN:
        return Match(person=ranked[0][0], said=said, matched_by=MatchKind.FUZZY, via=via)
    return Ambiguity(said=said, candidates=tuple(person for person, _ in ranked[:CANDIDATES]), via=via)
