"""Catch up: where an incident stands, for whoever asks; `/incident catchup` and the buttons."""

from __future__ import annotations

from blocks import ids
from blocks.catch_up import catch_up_card
from blocks.kit import Card
from handlers.actions import ActionContext, Run
from handlers.command_context import IncidentCommandContext
from warroom.incident import record


async def catch_up(context: IncidentCommandContext) -> Card:
    """catchup [N]"""
    found = await record.catch_up(context.world, context.incident.id, context.user)
    return catch_up_card(found.view, found.entries, found.since, context.now)


async def press(context: ActionContext) -> Card:
    """Catch up"""
    found = await record.catch_up(context.world, context.incident_id, context.user)
    return catch_up_card(found.view, found.entries, found.since, context.world.clock.now())


BUTTONS: dict[str, Run] = {ids.CATCH_UP: press}
