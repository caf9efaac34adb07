"""`/incident declare`: the form, or at once in one line; and what the declarer is told."""

from __future__ import annotations

from blocks import forms
from blocks.answers import understood
from blocks.kit import Card
from handlers import grammar
from handlers.ask import Ask
from handlers.opening import open_form
from warroom.incident import Origin
from warroom.usecases.declare import Declare, Declared, declare

IN_ONE_LINE = "/incident declare checkout returns 500s --sev 1 --team commerce @ada"


async def declare_now(ask: Ask) -> Card | None:
    """declare [TITLE] [--sev LEVEL] [--team NAME] [--service NAME] [--private] [WHO…]"""
    wanted = grammar.declaration(ask.text)
    if wanted.empty:
        origin = forms.Origin(channel=ask.asker.channel)
        form = forms.declare_form(ask.world.policy, origin=origin)
        await open_form(ask.world, ask.client, ask.asker, form, instead=IN_ONE_LINE)
        return None
    what = Declare(
        origin=Origin.COMMAND,
        origin_key=f"command:{ask.asker.key}",
        title=wanted.title,
        severity=wanted.severity,
        team=wanted.team,
        services=wanted.services,
        people=wanted.people,
        private=wanted.private,
        by=ask.user,
    )
    return declared_card(await declare(ask.world, what))


def declared_card(declared: Declared) -> Card:
    """What the declarer is told: the number, and how the names were understood."""
    text = f"{declared.incident.name} is declared; you are being invited to its room."
    return understood(declared.incident, declared.people, text)
