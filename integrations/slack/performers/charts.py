"""Pictures as files: drawn beside the event loop, uploaded in Slack's three steps."""

from __future__ import annotations

import asyncio

from blocks import charts
from blocks.incident_picture import incident_picture
from blocks.oncall_report import on_call_alt, on_call_chart
from blocks.review import review_card
from integrations.slack.performers.documents import document_of, is_shared, upload
from integrations.slack.performers.performer import EffectContext
from integrations.slack.performers.posts import say
from warroom.metrics.review import review_of
from warroom.metrics.usecases import report_for
from warroom.oncall.load import ReportSource, load_report
from warroom.oncall.public_holidays import holidays_of
from warroom.outbox.effects import ChartOf, PostReview, SendChart, SharePicture


async def share_picture(context: EffectContext[SharePicture]) -> None:
    """Share the picture of the timeline as it is now; in doubt the file is looked for in the room first."""
    incident = await context.incident()
    channel = incident.room.channel_id
    if channel is None or not charts.available():
        return
    filename = f"timeline-inc-{incident.number}-{context.effect.name}.png"
    if context.outcome_unknown and await is_shared(context, channel, filename):
        return
    document = await document_of(context, incident)
    content = await asyncio.to_thread(incident_picture, document, tuple(context.deps.policy.severities))
    file_id = await upload(context, filename, content)
    await context.call(
        "files.completeUploadExternal",
        files=[{"id": file_id, "title": f"Timeline of {incident.name}"}],
        channel_id=channel,
    )


async def post_review(context: EffectContext[PostReview]) -> None:
    """The review in the broadcast channel, its chart in the thread below; in doubt both are looked for first."""
    effect, deps = context.effect, context.deps
    review = await review_of(deps.store, deps.policy, since=effect.since, until=effect.until)
    found = await deps.channels.find(effect.channel, context.line)
    channel, ts = await say(context, found, review_card(review))
    if not review.report.declared or not charts.available():
        return
    filename = f"review-{effect.week}.png"
    if context.outcome_unknown and await is_shared(context, channel, filename, ts):
        return
    content = await asyncio.to_thread(charts.metrics_chart, review.report, tuple(deps.policy.severities))
    file_id = await upload(context, filename, content)
    await context.call(
        "files.completeUploadExternal",
        files=[{"id": file_id, "title": "The week in numbers"}],
        channel_id=channel,
        thread_ts=ts,
    )


async def send_chart(context: EffectContext[SendChart]) -> None:
    """The chart of what this person may see now. A repeat after doubt is harmless: only they see it."""
    effect, deps = context.effect, context.deps
    if not charts.available():
        return
    if effect.what is ChartOf.ON_CALL:
        name, title = "oncall.png", "On call in numbers"
        content, alt = await _on_call_chart(context)
    else:
        name, title, alt = "incidents.png", "Incidents in numbers", ""
        report = await report_for(
            deps.store, deps.policy, effect.user, since=effect.since, until=effect.until, team=effect.team
        )
        content = await asyncio.to_thread(charts.metrics_chart, report, tuple(deps.policy.severities))
    # A file needs the id of the conversation, which the first message of it brings.
    said = await context.call("chat.postMessage", channel=effect.user, text="The chart you asked for:")
    file_id = await upload(context, name, content, alt)
    await context.call(
        "files.completeUploadExternal", files=[{"id": file_id, "title": title}], channel_id=said["channel"]
    )


async def _on_call_chart(context: EffectContext[SendChart]) -> tuple[bytes, str]:
    """(the picture, what it shows in words)."""
    effect, deps = context.effect, context.deps
    assert deps.directory is not None, "the running bot has one"
    known = ReportSource(deps.store, deps.policy, deps.directory, deps.clock)
    loads = await load_report(known, effect.since, effect.until, holidays_of, seen_by=effect.user)
    timezone = deps.policy.workspace.timezone
    content = await asyncio.to_thread(on_call_chart, loads, effect.since, effect.until, timezone)
    return content, on_call_alt(loads)
