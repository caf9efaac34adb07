"""How names were understood, and the question where one could be several people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from blocks import ids, kit, labels, text
from blocks.kit import Block, Card
from warroom.people.model import Person
from warroom.people.resolution import Ambiguity, Match, MatchKind, Unknown


def resolution_lines(found: Sequence[Match], unknown: Sequence[Unknown]) -> list[str]:
    """A line for everybody who was found, with what of them matched, and for every name that led to nobody."""
    lines = [f"✅ {text.mention(match.person.id)} {_how(match)}" for match in found]
    return lines + [f"⚠️ “{kit.line(name.said, 100)}”: {labels.NOBODY[name.why]}{_via(name.via)}" for name in unknown]


def _how(match: Match) -> str:
    if match.matched_by is MatchKind.MENTION and not match.via:
        return "as mentioned"
    return f"by {match.matched_by.value} “{kit.line(match.said, 100)}”{_via(match.via)}"


def _via(path: tuple[str, ...]) -> str:
    return f" (through {kit.line(' → '.join(path), 150)})" if path else ""


def candidates(
    incident_id: str, ambiguities: Sequence[Ambiguity], found: Sequence[Match] = (), unknown: Sequence[Unknown] = ()
) -> Card:
    """Who is meant? A button for each person who could be, and what became of the other names."""
    names = ", ".join(f"“{kit.line(each.said, 60)}”" for each in ambiguities)
    lines = resolution_lines(found, unknown)
    blocks = [kit.section("\n".join(lines)) if lines else None, *_questions(incident_id, ambiguities)]
    return kit.card(f"Who is meant by {names}?" if names else "\n".join(lines), blocks)


def _questions(incident_id: str, ambiguities: Sequence[Ambiguity]) -> Iterator[Block | None]:
    number = 0
    for each in ambiguities[:15]:
        who = f"Whom do you mean by “{kit.line(each.said, 100)}”{_via(each.via)}?"
        yield kit.section(who if each.candidates else f"{who} Nobody comes close; invite them by mention.")
        buttons = []
        for person in each.candidates[:10]:
            carried = ids.carry(incident_id, person.id)
            buttons.append(kit.button(label(person), ids.nth(ids.INVITE_CANDIDATE, number), carried))
            number += 1
        yield kit.actions(buttons)


def label(person: Person) -> str:
    """What tells two people with nearly one name apart: "Ada (@ada.l · example.com)"."""
    name = person.display_name or person.real_name or person.name or person.id
    domain = (person.email or "").rpartition("@")[2]
    apart = [f"@{person.name}" if person.name else "", domain or (person.real_name if person.real_name != name else "")]
    more = " · ".join(filter(None, apart))
    return f"{name} ({more})" if more else name
