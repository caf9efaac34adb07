"""Pictures as files: drawn beside the event loop, uploaded in Slack's three steps."""

from __future__ import annotations

import asyncio

from blocks import charts
from integrations.slack.performers.context import EffectContext
from integrations.slack.performers.documents import upload
from warroom.metrics.usecases import report_for
from warroom.outbox.effects import SendChart


async def send_chart(context: EffectContext[SendChart]) -> None:
    """The chart of what this person may see now. A repeat after doubt is harmless: only they see it."""
    effect, desk = context.effect, context.desk
    if not charts.available():
        return
    report = await report_for(
        desk.store, desk.policy, effect.user, since=effect.since, until=effect.until, team=effect.team
    )
    content = await asyncio.to_thread(charts.metrics_chart, report, tuple(desk.policy.severities))
    # A file needs the id of the conversation, which the first message of it brings.
    said = await context.call("chat.postMessage", channel=effect.user, text="The chart you asked for:")
    ticket = await upload(context, "incidents.png", content)
    await context.call(
        "files.completeUploadExternal",
        files=[{"id": ticket, "title": "Incidents in numbers"}],
        channel_id=said["channel"],
    )
