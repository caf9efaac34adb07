"""Finding people: one order of looking for everything that names a person, a group or a team. What is not certain is asked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta

from warroom.people.fuzzy import CLEAR, CUTOFF, misspelled, near
from warroom.people.model import (
    Ambiguity,
    Directory,
    Group,
    Match,
    MatchKind,
    OnCallNames,
    OnCallNaming,
    Person,
    Resolution,
    Unknown,
    Why,
    names_of,
    normal,
)
from warroom.policy import Policy

MARGIN = 8.0
"""A fuzzy match must be so much better than the next person."""
CANDIDATES = 5
"""So many people are offered where the name is not clear."""


_EXACT = (
    ("display", MatchKind.DISPLAY),
    ("real", MatchKind.REAL),
    ("user", MatchKind.USER),
    ("local", MatchKind.LOCAL),
)


_Answer = Match | Ambiguity | Unknown

_MENTION = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>")
_GROUP = re.compile(r"<!subteam\^(S[A-Z0-9]+)(?:\|[^>]*)?>")
_EVERYBODY = re.compile(r"<[!#][^>]*>|@?(?:here|channel|everyone)", re.IGNORECASE)
_MAILTO = re.compile(r"<?mailto:([^|>]+)(?:\|[^>]*)?>?", re.IGNORECASE)
_EMAIL = re.compile(r"[^\s@<>|]+@[^\s@<>|]+\.[^\s@<>|]+")
_ID = re.compile(r"[UW][A-Z0-9]{2,}")
_GROUP_ID = re.compile(r"S[A-Z0-9]{2,}")
_SCHEDULE = re.compile(r"schedule|on-?call|\brota", re.IGNORECASE)


_OFF_CALL = (Why.NO_SUCH_SCHEDULE, Why.NOBODY_ON_CALL, Why.ON_CALL_UNREACHABLE)


async def resolve(
    names: Sequence[str], directory: Directory, policy: Policy, *, only_exact: bool = False
) -> Resolution:
    """Who is meant by the names, as people type them or Slack writes them. Raises what the directory raises.

    With `only_exact` a misspelt name is asked about too: for whoever would be paged, or let into a private incident.
    """
    answers: list[_Answer] = []
    for said in dict.fromkeys(name.strip() for name in names):
        if said:
            answers += await _one(said, directory, policy, (), frozenset())
    found: dict[str, Match] = {}
    for answer in answers:
        if isinstance(answer, Match):
            found.setdefault(answer.person.id, answer)
    if only_exact:
        guessed = {match.said: match for match in found.values() if match.matched_by is MatchKind.FUZZY}
        answers += [Ambiguity(said=m.said, candidates=(m.person,), via=m.via) for m in guessed.values()]
        found = {id_: match for id_, match in found.items() if match.matched_by is not MatchKind.FUZZY}
    asked = dict.fromkeys(answer for answer in answers if isinstance(answer, Ambiguity))
    return Resolution(
        found=tuple(found.values()),
        ambiguous=tuple([await _with_teams(each, directory, policy) for each in asked]),
        unknown=tuple(dict.fromkeys(answer for answer in answers if isinstance(answer, Unknown))),
    )


async def _with_teams(asked: Ambiguity, directory: Directory, policy: Policy) -> Ambiguity:
    """The question with each candidate's teams, so that people of like names can be told apart."""
    wanted = {person.id: person for person in asked.candidates}
    found = []
    for team, described in policy.teams.items():
        for name in dict.fromkeys(name for level in described.escalation for name in level.notify):
            named = {name.casefold()} | {normal(name)}
            group = await directory.group(normal(name)) if name.startswith("@") else None
            for user_id, person in wanted.items():
                own = {key for _, key in names_of(person)} | {
                    (person.email or user_id).casefold(),
                    f"<@{user_id}>".casefold(),
                }
                if named & own or (group is not None and user_id in group.members):
                    found.append((user_id, team))
    return asked.copy_with(teams=tuple(dict.fromkeys(found))) if found else asked


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
    if isinstance(directory, OnCallNaming) and (named := await directory.on_call(said)):
        groups = (named.people,) if named.people else ()
        answers = await _on_call(named, groups, directory, policy, via, teams)
        if groups and not any(isinstance(answer, Match) for answer in answers):
            others = await directory.in_their_place(said)
            answers += await _on_call(named, others, directory, policy, via, teams)
        reached = any(isinstance(answer, Match) for answer in answers)
        if named.why:
            return [_nobody(said, named.why, via), *answers]
        return answers if reached else [*answers, _nobody(said, Why.NOBODY_ON_CALL, via)]
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


async def _on_call(
    named: OnCallNames,
    groups: Sequence[tuple[str, ...]],
    directory: Directory,
    policy: Policy,
    via: tuple[str, ...],
    teams: frozenset[str],
) -> list[_Answer]:
    """The first group in which anybody is found. Who was not found before is in the answer: it must not be silent."""
    answers: list[_Answer] = []
    for group in groups:
        for name in group:
            answers += await _one(name, directory, policy, (*via, named.via), teams)
        if any(isinstance(answer, Match) for answer in answers):
            break
    return answers


def nobody_on_call(people: Resolution) -> bool:
    """Whether nobody was found because schedules led to nobody."""
    return not people.found and any(each.why in _OFF_CALL for each in people.unknown)


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
        if (
            score >= CUTOFF
            and near(key, person)
            and not _unfit(person)
            and score > best.get(person.id, (person, 0.0))[1]
        ):
            best[person.id] = (person, score)
    ranked = sorted(best.values(), key=lambda found: -found[1])
    if not ranked:
        return _nobody(said, Why.SCHEDULE if _SCHEDULE.search(said) else Why.NOT_FOUND, via)
    runner_up = ranked[1][1] if len(ranked) > 1 else 0.0
    clear = ranked[0][1] >= CLEAR and ranked[0][1] - runner_up >= MARGIN
    if clear and any(misspelled(key, name) for _, name in names_of(ranked[0][0])):
        return Match(person=ranked[0][0], said=said, matched_by=MatchKind.FUZZY, via=via)
    return Ambiguity(said=said, candidates=tuple(person for person, _ in ranked[:CANDIDATES]), via=via)
