"""Answers that one person sees: something was done, and how the names in it were understood."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from blocks import kit, labels, name_matches, text
from blocks.kit import Block, Card
from warroom.incident.model import Incident
from warroom.people.resolution import Resolution
from warroom.value import Value

PIECE = 1_900
"""Characters of what was typed in one section: set apart and escaped it may grow by half."""


def said(what: str, quoted: str = "") -> Card:
    """One line, and what was typed without effect. People in it are mentioned, which notifies nobody: only the actor sees it."""
    line = text.spoken(what)
    return kit.card(line, [kit.section(line), *typed(quoted)])


def typed(quoted: str) -> list[Block]:
    """What somebody typed, so that it can be copied and sent again; long texts in several pieces."""
    pieces = [text.spoken(quoted[i : i + PIECE], 2900) for i in range(0, min(len(quoted), 5 * PIECE), PIECE)]
    shown = [kit.section(text.set_apart(piece, 3000)) for piece in pieces if piece]
    return [kit.context("You typed:"), *shown] if shown else []


def understood(incident: Incident, people: Resolution, what: str) -> Card:
    """`what` was done; below it who was found and how the name matched, who was not, and a button for each who could be meant."""
    head = text.spoken(what)
    if people.ambiguous:
        asked = name_matches.candidates(incident.id, people.ambiguous, people.found, people.unknown)
        return kit.card(f"{head} {asked.text}", [kit.section(head), *asked.blocks])
    lines = name_matches.resolution_lines(people.found, people.unknown)
    shown = [kit.section("\n".join(lines[i : i + 15])) for i in range(0, len(lines), 15)]
    return kit.card("\n".join([head, *lines]), [kit.section(head), *shown])


class Called(Value):
    """One level of a team's escalation policy, with the people behind its names."""

    team: str
    after: timedelta
    only: tuple[str, ...] = ()
    people: Resolution


def on_call(levels: Sequence[Called]) -> Card:
    """Whom the escalation policies page and when, team by team. The mentions notify nobody: only the actor sees it."""
    if not levels:
        return said("No escalation policy is described in the policy file, so nobody is called but the declarer.")
    shown = []
    for team in dict.fromkeys(level.team for level in levels):
        lines = [f"*{kit.line(team, 100)}*", *(_level(level) for level in levels if level.team == team)]
        shown.append(kit.section("\n".join(lines)))
    return kit.card("Who is called, and when", shown)


def _level(level: Called) -> str:
    when = f"after {text.duration(level.after)}" if level.after else "at once"
    only = f" ({kit.line(', '.join(level.only), 100)} only)" if level.only else ""
    unclear = [f"“{kit.line(each.said, 60)}” could be several people" for each in level.people.ambiguous]
    nobody = [f"“{kit.line(each.said, 60)}”: {labels.NOBODY[each.why]}" for each in level.people.unknown]
    who = text.mentions(match.person.id for match in level.people.found)
    return f"{when}{only}: {', '.join(filter(None, [who, *unclear, *nobody]))}"
