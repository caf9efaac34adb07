"""The message of a run of a runbook: one, redrawn as the run goes on."""

from __future__ import annotations

from blocks.run_message import run_card
from integrations.slack.performers.performer import EffectContext
from integrations.slack.performers.posts import redraw, room_of, say
from warroom.outbox.effects import ShowRun
from warroom.outbox.results import Posted


async def show_run(context: EffectContext[ShowRun]) -> Posted | None:
    """Post it, or redraw it where it was posted. Raises Retryable while the room is not open."""
    incident = await context.incident()
    run = await context.deps.store.run(context.effect.run_id)
    if run is None:
        return None
    channel, slot = await room_of(context, incident), f"run:{run.number}"
    card = run_card(run, await context.view(incident), context.now)
    previous = incident.room.slot(slot)
    if previous is not None and await redraw(context, channel, previous, card):
        return None
    _, ts = await say(context, channel, card)
    return Posted(slot=slot, ts=ts, replaced=previous)
