"""Answers that one person sees: something was done, and how the names in it were understood."""

from __future__ import annotations

from blocks import finding, kit, text
from blocks.kit import Card
from warroom.incident import Incident
from warroom.responders import Resolution


def said(what: str) -> Card:
    """One line. People and channels in it are mentioned, which calls nobody: only the asker sees it."""
    line = text.spoken(what)
    return kit.card(line, [kit.section(line)])


def understood(incident: Incident, people: Resolution, what: str) -> Card:
    """`what` was done; below it who was found and by which rung, who was not, and a button for each who could be meant."""
    head = text.spoken(what)
    if people.ambiguous:
        asked = finding.candidates(incident.id, people.ambiguous, people.found, people.unknown)
        return kit.card(f"{head} {asked.text}", [kit.section(head), *asked.blocks])
    lines = finding.resolution_lines(people.found, people.unknown)
    shown = [kit.section("\n".join(lines[i : i + 15])) for i in range(0, len(lines), 15)]
    return kit.card("\n".join([head, *lines]), [kit.section(head), *shown])
