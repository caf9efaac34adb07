"""The post-mortem as a file in the room, in Slack's three steps (files.getUploadURLExternal)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import structlog

from blocks import charts
from blocks.incident_picture import incident_picture
from blocks.postmortem_document import markdown
from integrations.slack.client import Answer
from integrations.slack.failures import SlackDeclined, failure
from integrations.slack.performers.performer import SEARCH_KEPT, SLACK_MAY_BE_BEHIND, EffectContext
from integrations.slack.performers.posts import GONE
from warroom.errors import Rejected, Retryable
from warroom.incident.model import Incident
from warroom.incident.timeline import current
from warroom.incident.view import DocumentView
from warroom.outbox.effects import ShareDocument
from warroom.postmortem.usecases import people_in
from warroom.similar.usecases import without_private

log = structlog.get_logger(__name__)

ALT_TEXT = 1000
"""Characters of the description of a picture (docs.slack.dev, files.getUploadURLExternal)."""


async def share_document(context: EffectContext[ShareDocument]) -> None:
    """Share the document, built from the record as it is now, and remove the message with the one before it. Nothing when a
    newer revision waits to be shared; in doubt the file is looked for in the room first.
    """
    incident = await context.incident()
    written = incident.postmortem
    if incident.room.channel_id is None or (written and written.revision > context.effect.revision):
        return
    filename = f"{_name(incident)}-r{context.effect.revision}.md"
    if not (context.outcome_unknown and await is_shared(context, incident.room.channel_id, filename)):
        await _share(context, incident, incident.room.channel_id, filename)
    if written and written.revision > 1:
        await _withdraw_others(context, incident, incident.room.channel_id, filename)


def _name(incident: Incident) -> str:
    return f"post-mortem-inc-{incident.number}"


async def _share(context: EffectContext[ShareDocument], incident: Incident, channel: str, filename: str) -> None:
    document = await document_of(context, incident)
    files = []
    if charts.available():
        severities = tuple(context.deps.policy.severities)
        picture = await asyncio.to_thread(incident_picture, document, severities)
        file_id = await _uploaded_once(context, filename.replace(".md", ".png"), picture)
        files.append({"id": file_id, "title": f"Timeline of {incident.name}"})
    file_id = await upload(context, filename, markdown(document).encode())
    files.append({"id": file_id, "title": f"Post-mortem {incident.name}"})
    context.deps.uploads.pop(context.key, None)
    await context.call("files.completeUploadExternal", files=files, channel_id=channel)


async def _uploaded_once(context: EffectContext[ShareDocument], filename: str, content: bytes) -> str:
    """As `upload`, for the first of two files: while the second waits for its turn, the first must not take that turn each time."""
    uploads, now = context.deps.uploads, context.now
    for key in [key for key, (_, at) in uploads.items() if now - at > SEARCH_KEPT]:
        del uploads[key]
    if context.key not in uploads:
        uploads[context.key] = (await upload(context, filename, content), now)
    return uploads[context.key][0]


async def _withdraw_others(
    context: EffectContext[ShareDocument], incident: Incident, channel: str, filename: str
) -> None:
    """Remove our messages with other revisions of the file. One that cannot be removed stays: the newest is there all the same."""
    written = incident.postmortem
    assert written is not None
    oldest = f"{(written.created_at - SLACK_MAY_BE_BEHIND).timestamp():.6f}"
    try:
        async for message in context.items("conversations.history", "messages", channel=channel, oldest=oldest):
            names = [str(file.get("name")) for file in message.get("files") or []]
            ours = message.get("user") == context.deps.bot_user_id and any(
                name.startswith(f"{_name(incident)}-r") for name in names
            )
            if ours and filename not in names:
                await context.call("chat.delete", channel=channel, ts=message["ts"])
    except SlackDeclined as refusal:
        log.info("an earlier post-mortem was not removed", incident=incident.name, why=str(refusal))


async def upload(context: EffectContext[Any], filename: str, content: bytes, alt: str = "") -> str:
    """The id of the file, whose bytes Slack has now. Nobody sees it before `files.completeUploadExternal`.

    `alt` says what a picture shows, for whoever does not see it. Raises Retryable or Rejected; neither leaves a doubt, for an upload
    that is not completed is dropped.
    """
    shown = {"alt_txt": alt[:ALT_TEXT]} if alt else {}
    ticket = await context.call("files.getUploadURLExternal", filename=filename, length=len(content), **shown)
    await _send(context, ticket["upload_url"], content)
    return str(ticket["file_id"])


async def _send(context: EffectContext[Any], url: str, content: bytes) -> None:
    """The address is a secret."""
    session = context.deps.client.session
    if session is None:
        raise Retryable("the connection to Slack is closed")
    try:
        async with session.post(url, data=content, proxy=context.deps.client.proxy) as answer:
            status = answer.status
    except (aiohttp.ClientError, OSError) as error:
        raise Retryable(str(failure("the upload", error))) from error
    if status == 429 or status >= 500:
        raise Retryable(f"Slack had trouble taking the file (HTTP {status})")
    if status >= 400:
        raise Rejected(f"Slack did not take the file (HTTP {status})", code="upload_failed", advice="Paste it by hand.")


async def is_shared(context: EffectContext[Any], channel: str, filename: str, thread_ts: str | None = None) -> bool:
    """Whether we shared a file of that name in the channel since the effect was asked for. Raises Retryable or Rejected."""
    try:
        async for message in _messages(context, channel, thread_ts):
            names = [file.get("name") for file in message.get("files") or []]
            if message.get("user") == context.deps.bot_user_id and filename in names:
                return True
    except SlackDeclined as refusal:
        if refusal.code not in GONE:
            raise
    return False


def _messages(context: EffectContext[Any], channel: str, thread_ts: str | None) -> AsyncIterator[Answer]:
    wanted = {"channel": channel, "oldest": context.since()}
    if thread_ts is None:
        return context.items("conversations.history", "messages", **wanted)
    return context.items("conversations.replies", "messages", **wanted, ts=thread_ts)


async def document_of(context: EffectContext[Any], incident: Incident) -> DocumentView:
    """What the incident's document and picture are made of."""
    view = await context.view(await without_private(context.deps.store, incident))
    entries = tuple(current(await context.deps.store.timeline(incident.id)))
    names: dict[str, str] = {}
    for user_id in people_in(view, entries):
        person = await context.deps.store.person(user_id)
        if person is not None:
            names[user_id] = person.display_name or person.real_name or person.name
    template = context.deps.policy.document_template(incident.template)
    return DocumentView(view=view, entries=entries, names=names, written_at=context.now, template=template)
