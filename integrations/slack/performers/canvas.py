"""The post-mortem as the canvas of the incident's channel, where the plan has canvases (conversations.canvases.create)."""

from __future__ import annotations

import structlog

from blocks.postmortem_document import markdown
from integrations.slack.failures import SlackDeclined
from integrations.slack.performers.documents import document_of
from integrations.slack.performers.performer import EffectContext
from warroom.outbox.effects import ShareCanvas
from warroom.outbox.results import CanvasShown

log = structlog.get_logger(__name__)


async def share_canvas(context: EffectContext[ShareCanvas]) -> CanvasShown | None:
    """The canvas says what the record says now; the result is the canvas that was created.

    Without canvases (plan, scope, a setting of the workspace) nothing is done and nobody is told: the file is there. A canvas
    that people made themselves is never written into. Raises Retryable.
    """
    incident = await context.incident()
    channel = incident.room.channel_id
    if channel is None or incident.postmortem is None:
        return None
    title = f"Post-mortem {incident.name}"
    content = {"type": "markdown", "markdown": markdown(await document_of(context, incident))}
    known = incident.room.canvas_id
    try:
        if known is not None:
            await _write(context, known, content)
            return None
        made = await context.call(
            "conversations.canvases.create", channel_id=channel, title=title, document_content=content
        )
        return CanvasShown(canvas_id=str(made["canvas_id"]))
    except SlackDeclined as refusal:
        if refusal.code != "channel_canvas_already_exists" or not context.outcome_unknown:
            log.info("the incident has no canvas", incident=incident.name, why=str(refusal))
            return None
    return await _made_before(context, channel, title)


async def _made_before(context: EffectContext[ShareCanvas], channel: str, title: str) -> CanvasShown | None:
    """The channel's canvas, when an attempt whose answer was lost has made it; None for one of somebody else."""
    try:
        found = (await context.call("conversations.info", channel=channel))["channel"]
        canvas_id = ((found.get("properties") or {}).get("canvas") or {}).get("file_id")
        if not canvas_id:
            return None
        ours = await context.call("canvases.sections.lookup", canvas_id=canvas_id, criteria={"contains_text": title})
    except SlackDeclined as refusal:
        log.info("the canvas was not found again", title=title, why=str(refusal))
        return None
    return CanvasShown(canvas_id=str(canvas_id)) if ours.get("sections") else None


async def _write(context: EffectContext[ShareCanvas], canvas_id: str, content: dict[str, str]) -> None:
    await context.call(
        "canvases.edit", canvas_id=canvas_id, changes=[{"operation": "replace", "document_content": content}]
    )
