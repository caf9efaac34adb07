"""Answers that one person sees: something was done, and how the names in it were understood."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from blocks import ids, kit, labels, name_matches, text
from blocks.kit import Block, Card
from warroom.incident.model import Incident
from warroom.incident.roles import COMMANDER, ROLES
from warroom.incident.view import IncidentView
from warroom.people.model import Resolution
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


def linked(incident: Incident) -> str:
    """ " → #channel"; "" while there is none."""
    return f" → {text.channel_link(incident.room.channel_id)}" if incident.room.channel_id else ""


def with_link(card: Card, incident: Incident) -> Card:
    """The answer with the way to the incident's channel, where it does not show it already."""
    channel = incident.room.channel_id
    if channel is None or f"<#{channel}>" in str(card.blocks):
        return card
    first = card.blocks[0] if len(card.blocks) == 1 else {}
    if first.get("type") == "section" and "text" in first:
        line = f"{first['text']['text']}{linked(incident)}"
        return kit.card(f"{card.text}{linked(incident)}", [kit.section(line)])
    return kit.card(card.text, [*card.blocks, kit.context(f"{incident.name}{linked(incident)}")])


def unclear(
    incident: Incident, people: Resolution, action_id: str = ids.INVITE_CANDIDATE, rest: str = ""
) -> Card | None:
    """A button for each person who could be meant, and which names led to nobody; None when every name was clear.

    `action_id` is what the button does, `rest` what it carries besides the person: the reason or the role.
    """
    if not people.ambiguous and not people.unknown:
        return None
    return name_matches.candidates(incident.id, people.ambiguous, people.unknown, action_id, rest)


_INTO = {"Paged": "for", "Invited": "to"}


def named(incident: Incident, people: Resolution, did: str, action_id: str, why: str = "") -> Card:
    """Who was paged or invited, in one line with the channel's link; below it what was not clear."""
    who = name_matches.who(people.found)
    head = f"{did} {who} {_INTO[did]} {incident.name}{linked(incident)}" if who else f"Nobody was {did.lower()} yet."
    asked = unclear(incident, people, action_id, why)
    more = asked.blocks if asked else []
    return kit.card(f"{head} {asked.text}" if asked else head, [kit.section(head), *more])


class Called(Value):
    """One level of a team's escalation policy, with the people behind its names."""

    team: str
    after: timedelta
    only: tuple[str, ...] = ()
    people: Resolution


def on_call(levels: Sequence[Called]) -> Card:
    """Whom the escalation policies page and when, team by team. The mentions notify nobody: only the actor sees it."""
    if not levels:
        return said("The policy file has no escalation policy, so only the declarer is paged.")
    shown = []
    for team in dict.fromkeys(level.team for level in levels):
        lines = [f"*{kit.line(team, 100)}*", *(_level(level) for level in levels if level.team == team)]
        shown.append(kit.section("\n".join(lines)))
    return kit.card("Who is paged, and when", shown)


def _level(level: Called) -> str:
    when = f"after {text.duration(level.after)}" if level.after else "at once"
    only = f" ({kit.line(', '.join(level.only), 100)} only)" if level.only else ""
    unclear = [f"“{kit.line(each.said, 60)}” could be several people" for each in level.people.ambiguous]
    nobody = [f"“{kit.line(each.said, 60)}”: {labels.NOBODY[each.why]}" for each in level.people.unknown]
    who = text.mentions(match.person.id for match in level.people.found)
    return f"{when}{only}: {', '.join(filter(None, [who, *unclear, *nobody]))}"


def merged(incident: Incident, into: Incident) -> Card:
    """What a merge did, with the way to where it goes on."""
    return said(
        f"{incident.name} is merged into {into.name}{linked(into)} Undo: /incident merge {incident.number} undo"
    )


def role_list(view: IncidentView) -> Card:
    """Every role, what it is for and who has it."""
    incident = view.incident
    held = {COMMANDER: incident.commander} | dict(incident.roles)
    names = dict.fromkeys((*ROLES, *view.roles, *held))
    lines = [
        " · ".join(
            filter(
                None,
                (
                    f"*{kit.line(role.capitalize(), 60)}* {labels.person(held.get(role), 'nobody')}",
                    kit.line(labels.role_description(role, view), 150),
                ),
            )
        )
        for role in list(names)[:30]
    ]
    head = f"*Roles of {incident.name}*"
    how = f"`/incident role #{incident.number} scribe @who` assigns one."
    return kit.card(f"Roles of {incident.name}", [kit.section("\n".join([head, *lines])), kit.context(how)])
