"""Buttons and menus. What everybody sees on the card needs no answer; a refusal is said to whoever pressed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from blocks import forms, ids
from blocks.kit import Block, Card
from handlers.answers import Asker, Body, answer, answered, asker_of, said
from handlers.declaring import IN_ONE_LINE
from handlers.opening import open_form
from handlers.people import understood
from warroom.errors import Refused
from warroom.incident import Incident
from warroom.ports import World
from warroom.usecases import afterwards, find, progress


@dataclass(frozen=True, slots=True)
class Click:
    """Who pressed what, and what they saw when they did."""

    world: World
    client: AsyncWebClient
    asker: Asker
    incident_id: str
    seen: str

    @property
    def user(self) -> str:
        """Who pressed."""
        return self.asker.user


Run = Callable[[Click], Awaitable[Card | None]]


def listener(world: World, run: Run) -> Callable[..., Awaitable[None]]:
    """What Bolt calls."""

    async def on_action(ack: AsyncAck, body: Body, client: AsyncWebClient) -> None:
        await ack()
        asker = asker_of(body)
        assert asker is not None, "Slack says who pressed every button"
        pressed = body["actions"][0]
        value = pressed.get("value") or (pressed.get("selected_option") or {}).get("value") or ""
        await answered(world, asker, run(Click(world, client, asker, *ids.carried(value))))

    return on_action


async def acknowledge(click: Click) -> None:
    """Acknowledge"""
    await progress.acknowledge(click.world, click.incident_id, click.user)


async def escalate(click: Click) -> None:
    """Escalate: a second press of the same picture calls nobody."""
    seen = int(click.seen) if click.seen.isdecimal() else None
    await progress.escalate(click.world, click.incident_id, click.user, seen=seen)


async def resolve(click: Click) -> None:
    """Resolve"""
    await progress.resolve_incident(click.world, click.incident_id, click.user)


async def reopen(click: Click) -> None:
    """Reopen"""
    await progress.reopen(click.world, click.incident_id, click.user)


async def snooze(click: Click) -> None:
    """Snooze 15 min"""
    await progress.snooze(click.world, click.incident_id, click.user)


async def post_update(click: Click) -> None:
    """Post update: the form."""
    incident = await find.by_id(click.world, click.incident_id)
    await _form(click, incident, forms.update_form, "update TEXT")


async def menu(click: Click) -> Card | None:
    """The card's menu."""
    world, incident = click.world, await find.by_id(click.world, click.incident_id)
    match click.seen:
        case ids.MENU_SEVERITY:
            await _form(click, incident, lambda view: forms.severity_form(view, world.policy), "severity LEVEL")
        case ids.MENU_ROLES:
            await _form(click, incident, forms.roles_form, "role commander @ada")
        case ids.MENU_PAGE:
            await _form(click, incident, lambda view: forms.page_form(view, world.policy), "page TEAM")
        case ids.MENU_MITIGATE:
            await progress.mitigate(world, incident.id, click.user)
        case ids.MENU_POSTMORTEM:
            await afterwards.draft_postmortem(world, incident.id, click.user)
        case unknown:
            raise Refused(f"This menu offers “{unknown}” no more. The card is being redrawn; use the new one.")
    return None
