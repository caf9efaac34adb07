"""**Add to timeline** and **Add action item** on any message: for the channel's own incident, else for one that is chosen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from blocks import action_items, correction_forms, ids
from blocks.answers import said
from blocks.kit import Card
from blocks.usage import NoOpenIncident
from handlers.gestures import Actor, Body, GestureContext, about, actor_of, answered, audited, open_form
from handlers.shortcuts import permalink, quoted
from warroom.errors import Refused
from warroom.incident import corrections, lookup, record
from warroom.incident.lookup import Filter
from warroom.incident.model import Incident
from warroom.incident.view import IncidentView, incident_view
from warroom.ports import World

CHOICES = 100
"""Incidents among which one can be chosen (Slack: options of a select)."""


@dataclass(frozen=True, slots=True)
class PressedMessage(GestureContext):
    """A message on which somebody used a shortcut."""

    text: str
    ts: str
    author: str | None


Use = Callable[[PressedMessage], Awaitable[Card | None]]


def listener(world: World, callback_id: str) -> Callable[..., Awaitable[None]]:
    """What Bolt calls."""

    async def on_shortcut(ack: AsyncAck, body: Body, client: AsyncWebClient) -> None:
        await ack()
        actor = actor_of(body)
        assert actor is not None, "Slack says who used every shortcut"
        await answered(world, actor, use_audited(world, client, actor, callback_id, body))

    return on_shortcut


async def use_audited(world: World, client: AsyncWebClient, actor: Actor, callback_id: str, body: Body) -> Card | None:
    """The shortcut, with a row in the audit trail."""
    async with audited(world, actor, f"shortcut {callback_id}"):
        message = body.get("message") or {}
        author = message.get("user")
        text = await quoted(world, message.get("text") or "")
        ts = str(message.get("ts") or body.get("message_ts") or "")
        pressed = PressedMessage(world.for_gesture(actor.key), client, actor, text, ts, str(author) if author else None)
        return await RUNS[callback_id](pressed)


async def add_to_timeline(pressed: PressedMessage) -> Card | None:
    """In an incident's channel the message is on its timeline at once; elsewhere the form asks which incident is meant."""
    incident = await _of_channel(pressed)
    if incident is None:
        form = correction_forms.note_form(await _choices(pressed), pressed.actor.channel, pressed.text)
        await open_form(pressed.world, pressed.client, pressed.actor, form, instead="/incident timeline add TEXT")
        return None
    about(incident)
    channel = pressed.actor.channel or ""
    message = corrections.Quoted(
        text=pressed.text,
        author=pressed.author,
        said_at=record.said_at(pressed.ts),
        link=await permalink(pressed.world, channel, pressed.ts),
        key=f"message:{pressed.ts}",
    )
    incident = await corrections.add_message(pressed.world, incident.id, pressed.actor.user, message)
    return said(f"The message is on the timeline of {incident.name}.")


async def add_action_item(pressed: PressedMessage) -> None:
    """The form of an action item with the message's words."""
    incident = await _of_channel(pressed)
    world, actor = pressed.world, pressed.actor
    choices = [await lookup.view(world, incident)] if incident else await _choices(pressed)
    form = action_items.action_form(choices, actor.channel, said=pressed.text, now=world.clock.now())
    await open_form(world, pressed.client, actor, form, instead="/incident action add TEXT")


async def _of_channel(pressed: PressedMessage) -> Incident | None:
    return await pressed.world.store.incident_in(pressed.actor.channel) if pressed.actor.channel else None


async def _choices(pressed: PressedMessage) -> list[IncidentView]:
    """The incidents that may be meant: open ones first, then those that ended last. Raises Refused when there is none."""
    found = await lookup.listed(pressed.world, pressed.actor.user, Filter(open=None))
    if not found:
        raise Refused(NoOpenIncident())
    return [incident_view(each, pressed.world.policy) for each in found[:CHOICES]]


RUNS: dict[str, Use] = {
    ids.SHORTCUT_TIMELINE: add_to_timeline,
    ids.SHORTCUT_ACTION: add_action_item,
}
"""What each of these shortcuts does."""
