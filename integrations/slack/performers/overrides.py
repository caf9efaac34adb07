"""An override where people are asked and told: in a channel, or directly."""

from __future__ import annotations

import re

from blocks.oncall import override_card
from integrations.slack.performers.performer import EffectContext
from integrations.slack.performers.posts import redraw, say
from warroom.outbox.effects import ShowOverride
from warroom.outbox.results import OverrideShown

_PERSON = re.compile(r"[UW][A-Z0-9]{2,}")


async def show_override(context: EffectContext[ShowOverride]) -> OverrideShown | None:
    """Post it, or redraw it where it was posted; one that is gone is left gone unless it is news."""
    effect, store = context.effect, context.deps.store
    override = await store.override(effect.override_id)
    if override is None:
        return None
    other = await store.override(override.swapped_with) if override.swapped_with else None
    schedule = context.deps.policy.schedules.get(override.schedule)
    card = override_card(override, (schedule and schedule.timezone) or context.deps.policy.workspace.timezone, other)
    there = next(((channel, ts) for to, channel, ts in override.messages if to == effect.to), None)
    person = _PERSON.fullmatch(effect.to) is not None
    if there and not (effect.news and person):
        # In a channel the message stays the one message about it: everybody has it before their eyes already.
        if await redraw(context, *there, card) or not effect.news:
            return None
    elif not effect.news:
        return None
    channel = effect.to if person else await context.deps.channels.find(effect.to, context.line)
    channel_id, ts = await say(context, channel, card)
    return OverrideShown(override_id=override.id, to=effect.to, channel_id=channel_id, ts=ts)
