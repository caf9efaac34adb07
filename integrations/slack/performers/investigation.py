"""The investigation in the thread of the card: its one message, and the picture of the series that matter."""

from __future__ import annotations

import asyncio

from blocks import charts
from blocks.investigation import investigation_card
from blocks.investigation_picture import alt_text, investigation_picture
from integrations.slack.performers.documents import is_shared, upload
from integrations.slack.performers.performer import EffectContext
from integrations.slack.performers.posts import redraw, say
from warroom.investigation.state import SLOT
from warroom.investigation.ways import ways_of
from warroom.outbox.effects import ShareFindings, ShowInvestigation
from warroom.outbox.results import Posted
from warroom.runbooks.situation import offers, situation


async def show_investigation(context: EffectContext[ShowInvestigation]) -> Posted | None:
    """Post the message, or redraw it whole, as the investigation is at delivery."""
    incident = await context.incident()
    room = incident.room
    if room.channel_id is None or (room.card_ts is None and not await context.never_came("show_card")):
        return None  # whoever shows the card asks for it again
    deps = context.deps
    open_ = incident.state.open and incident.investigation.answer is not None
    fitting = offers(deps.runbooks, await situation(deps.store, incident), deps.policy) if open_ else ()
    card = investigation_card(await context.view(incident), ways_of(incident, deps.policy, fitting), context.now)
    there = room.slot(SLOT)
    if there is not None and await redraw(context, room.channel_id, there, card):
        return None
    _, ts = await say(context, room.channel_id, card, thread_ts=room.card_ts, incident=incident)
    return Posted(slot=SLOT, ts=ts)


async def share_findings(context: EffectContext[ShareFindings]) -> None:
    """Share the picture below the card; in doubt the file is looked for in the thread first."""
    incident, effect = await context.incident(), context.effect
    channel, thread = incident.room.channel_id, incident.room.card_ts
    if channel is None or not charts.available():
        return
    filename = f"investigation-inc-{incident.number}-{effect.run}.png"
    if context.outcome_unknown and await is_shared(context, channel, filename, thread):
        return
    zone = context.deps.policy.workspace.timezone
    content = await asyncio.to_thread(investigation_picture, effect.pictures, zone)
    file_id = await upload(context, filename, content, alt_text(effect.pictures, zone))
    where = {"channel_id": channel} | ({"thread_ts": thread} if thread else {})
    title = f"What stands out in {incident.name}"
    await context.call("files.completeUploadExternal", files=[{"id": file_id, "title": title}], **where)
