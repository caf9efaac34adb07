"""The post-mortem as a file in the room, in Slack's three steps (files.getUploadURLExternal)."""

from __future__ import annotations

import aiohttp

from blocks.postmortem_document import markdown
from integrations.slack.failures import SlackDeclined, failure
from integrations.slack.performers.context import EffectContext
from integrations.slack.performers.posts import GONE
from warroom.errors import Rejected, Retryable
from warroom.incident.model import Incident
from warroom.incident.timeline import current
from warroom.incident.view import DocumentView
from warroom.outbox.effects import ShareDocument
from warroom.postmortem.usecases import people_in


async def share_document(context: EffectContext[ShareDocument]) -> None:
    """Share the document, built from the record as it is now; in doubt the file is looked for in the room first."""
    incident = await context.incident()
    if incident.room.channel_id is None:
        return
    filename = f"post-mortem-inc-{incident.number}-r{context.effect.revision}.md"
    if context.outcome_unknown and await _is_shared(context, incident.room.channel_id, filename):
        return
    content = (await _document(context, incident)).encode()
    ticket = await context.call("files.getUploadURLExternal", filename=filename, length=len(content))
    await _upload(context, ticket["upload_url"], content)
    await context.call(
        "files.completeUploadExternal",
        files=[{"id": ticket["file_id"], "title": f"Post-mortem {incident.name}"}],
        channel_id=incident.room.channel_id,
    )


async def _upload(context: EffectContext[ShareDocument], url: str, content: bytes) -> None:
    """Nothing is visible before the last step, so a failure here leaves no doubt. The address is a secret."""
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


async def _is_shared(context: EffectContext[ShareDocument], channel: str, filename: str) -> bool:
    try:
        async for message in context.items(
            "conversations.history", "messages", channel=channel, oldest=context.since()
        ):
            names = [file.get("name") for file in message.get("files") or []]
            if message.get("user") == context.deps.bot_user_id and filename in names:
                return True
    except SlackDeclined as refusal:
        if refusal.code not in GONE:
            raise
    return False


async def _document(context: EffectContext[ShareDocument], incident: Incident) -> str:
    view = await context.view(incident)
    entries = tuple(current(await context.deps.store.timeline(incident.id)))
    names: dict[str, str] = {}
    for user_id in people_in(view, entries):
        person = await context.deps.store.person(user_id)
        if person is not None:
            names[user_id] = person.display_name or person.real_name or person.name
    return markdown(DocumentView(view=view, entries=entries, names=names, written_at=context.now))
