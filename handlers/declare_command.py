"""`/incident declare`: the form, or at once in one line; and what the declarer is told."""

from __future__ import annotations

from blocks import forms
from blocks.answers import understood
from blocks.form_fields import About
from blocks.kit import Card
from handlers import audit, parse_command
from handlers.answers import open_form
from handlers.command_context import CommandContext
from warroom.incident.declaration import Declare
from warroom.incident.declare import DeclareResult, declare
from warroom.incident.model import Origin

IN_ONE_LINE = "/incident declare checkout returns 500s --sev 1 --team commerce @ada"


async def declare_now(context: CommandContext) -> Card | None:
    """declare [TITLE] [--sev LEVEL] [--team NAME] [--service NAME] [--private] [WHO…]"""
    wanted = parse_command.declaration(context.text)
    if wanted.empty:
        form = forms.declare_form(context.world.policy, carried=About(channel=context.actor.channel))
        await open_form(context.world, context.client, context.actor, form, instead=IN_ONE_LINE)
        return None
    what = Declare(
        origin=Origin.COMMAND,
        origin_key=f"command:{context.actor.key}",
        title=wanted.title,
        severity=wanted.severity,
        team=wanted.team,
        services=wanted.services,
        people=wanted.people,
        private=wanted.private,
        by=context.user,
    )
    declared = await declare(context.world, what)
    audit.about(declared.incident)
    return declared_card(declared)


def declared_card(declared: DeclareResult) -> Card:
    """What the declarer is told: the number, and how the names were understood."""
    text = f"{declared.incident.name} is declared; you are being invited to its room."
    return understood(declared.incident, declared.people, text)
