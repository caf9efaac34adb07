"""How names were understood, and the question where one could be several people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from blocks import ids, kit, labels, text
from blocks.kit import Block, Card
from warroom.people.model import Ambiguity, Match, MatchKind, Person, Unknown

PRECISE = (MatchKind.MENTION, MatchKind.EMAIL)
"""Nobody needs to hear how these led to a person."""


def who(found: Sequence[Match]) -> str:
    """Everybody who was found, by mention, with the group or team that led there and how a name matched that was not exact.

    For example "@ada @ben (@sre-oncall), @grace (grace h: fuzzy)".
    """
    by_way: dict[str, list[str]] = {}
    for match in found:
        by_way.setdefault(_how(match), []).append(match.person.id)
    return ", ".join(f"{text.mentions(people)}{how}" for how, people in by_way.items())


def _how(match: Match) -> str:
    if match.via:
        return f" ({kit.line(' → '.join(match.via), 150)})"
    plain = match.said.removeprefix("@").casefold()
    named = plain in (
        match.person.name.casefold(),
        match.person.display_name.casefold(),
        match.person.real_name.casefold(),
    )
    if match.matched_by in PRECISE or named:
        return ""
    return f" ({match.matched_by.value} “{kit.line(match.said, 100)}”)"


def candidates(
    incident_id: str,
    ambiguities: Sequence[Ambiguity],
    unknown: Sequence[Unknown] = (),
    action_id: str = ids.INVITE_CANDIDATE,
    rest: str = "",
) -> Card:
    """Who is meant? A button for each person who could be, and which names led to nobody."""
    lines = [f"⚠️ “{kit.line(name.said, 100)}”: {labels.NOBODY[name.why]}{_via(name.via)}" for name in unknown]
    pages = [kit.section("\n".join(lines[i : i + 15])) for i in range(0, len(lines), 15)]
    questions = list(_questions(incident_id, ambiguities, action_id, rest))
    asked = [_question(each) for each in ambiguities[:15]]
    return kit.card(" ".join([*lines, *asked]), [*pages, *questions])


def _via(path: tuple[str, ...]) -> str:
    return f" (through {kit.line(' → '.join(path), 150)})" if path else ""


def _question(asked: Ambiguity) -> str:
    name = f"“{kit.line(asked.said, 100)}”{_via(asked.via)}"
    if len(asked.candidates) == 1:
        return f"Is this who you mean by {name}?"
    return f"Which {name} do you mean?"


def _questions(incident_id: str, ambiguities: Sequence[Ambiguity], action_id: str, rest: str) -> Iterator[Block | None]:
    number = 0
    for each in ambiguities[:15]:
        who_is = _question(each)
        yield kit.section(who_is if each.candidates else f"{who_is} Nobody comes close; mention the person.")
        buttons = []
        for person in each.candidates[:10]:
            carried = ids.carry(incident_id, f"{person.id}:{rest}" if rest else person.id)
            teams = [team for user_id, team in each.teams if user_id == person.id]
            buttons.append(kit.button(label(person, teams), ids.nth(action_id, number), carried))
            number += 1
        yield kit.actions(buttons)


def label(person: Person, teams: Sequence[str] = ()) -> str:
    """What tells two people with nearly one name apart: "Ada (@ada.l · Database engineer · platform)"."""
    name = person.display_name or person.real_name or person.name or person.id
    real = person.real_name if person.real_name != name and not person.title else ""
    domain = "" if person.title or teams or real else (person.email or "").rpartition("@")[2]
    apart = [f"@{person.name}" if person.name else "", person.title or real or domain, ", ".join(teams)]
    more = " · ".join(filter(None, apart))
    return f"{name} ({more})" if more else name
