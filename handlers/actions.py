"""Buttons and menus. What everybody sees on the card needs no answer; a refusal is said to whoever pressed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from blocks import forms, ids, postmortem_form
from blocks.answers import understood
from blocks.fields import About
from blocks.kit import Block, Card
from handlers.answers import Asker, Body, answered, asker_of
from handlers.audit import audited
from handlers.declaring import IN_ONE_LINE
from handlers.once import once
from handlers.opening import open_form
from handlers.privacy import admitted
from warroom import document
from warroom.errors import AlreadyDone, Refused
from warroom.incident import State
from warroom.ports import World
from warroom.usecases import afterwards, find, monitors, progress, record
from warroom.views import IncidentView


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
        click = Click(once(world, asker.key), client, asker, *ids.carried(value))
        await answered(world, asker, pressed_button(world, click, str(pressed["action_id"]), run))

    return on_action


async def pressed_button(world: World, click: Click, action_id: str, run: Run) -> Card | None:
    """Does what the button does, with a row in the audit trail."""
    async with audited(world, click.asker, f"button {action_id}", click.seen):
        await admitted(world, click.asker, click.incident_id)
        return await run(click)


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


async def raise_severity(click: Click) -> None:
    """Raise to …: never lowers what somebody raised further meanwhile."""
    await progress.raise_severity(click.world, click.incident_id, click.user, click.seen)


async def snooze(click: Click) -> None:
    """Snooze 15 min: a second press of the same reminder adds nothing."""
    incident = await find.by_id(click.world, click.incident_id)
    if incident.slot("reminder") is None:
        raise AlreadyDone(f"The reminder of {incident.name} was snoozed or answered already.")
    await progress.snooze(click.world, click.incident_id, click.user)


async def post_update(click: Click) -> None:
    """Post update: the form."""
    await _form(click, forms.update_form, "update TEXT")


async def menu(click: Click) -> Card | None:
    """The card's menu."""
    world, policy = click.world, click.world.policy
    match click.seen:
        case ids.MENU_SEVERITY:
            await _form(click, lambda view: forms.severity_form(view, policy), "severity LEVEL")
        case ids.MENU_ROLES:
            await _form(click, forms.roles_form, "role commander @ada")
        case ids.MENU_PAGE:
            await _form(click, lambda view: forms.page_form(view, policy), "page TEAM")
        case ids.MENU_MITIGATE:
            await progress.mitigate(world, click.incident_id, click.user)
        case ids.MENU_REOPEN:
            await progress.reopen(world, click.incident_id, click.user)
        case ids.MENU_POSTMORTEM:
            await write_postmortem(click)
        case unknown:
            raise Refused(f"This menu offers “{unknown}” no more. The card is being redrawn; use the new one.")
    return None


async def monitor(click: Click) -> None:
    """The menu beside the alerts: mute, or a link that only wants to be acknowledged."""
    what, _, number = click.seen.partition(":")
    if what == ids.MONITOR_MUTE:
        await monitors.mute(click.world, click.incident_id, number, click.user)


async def write_postmortem(click: Click) -> None:
    """The menu's Post-mortem: the draft the first time, the form once there is one."""
    incident = await find.by_id(click.world, click.incident_id)
    if incident.postmortem is not None:
        await edit_postmortem(click)
        return
    # Two presses of the same menu both find no draft; only one of them writes it.
    await afterwards.draft_postmortem(once(click.world, f"draft:{incident.id}"), incident.id, click.user)


async def edit_postmortem(click: Click) -> None:
    """Post-mortem, Edit post-mortem, Write post-mortem: the form, with what the record says until somebody wrote it."""
    world = click.world
    incident = await find.by_id(world, click.incident_id)
    if incident.state is State.CANCELLED:
        raise Refused(f"{incident.name} was cancelled; there is nothing to learn from in a post-mortem.")
    parts = postmortem_form.parts_of(incident.postmortem)
    if incident.postmortem is None:
        seen = await find.view(world, incident)
        summary, impact = document.draft(seen, await record.timeline(world, incident), world.clock.now())
        parts |= {"summary": summary, "impact": impact}
    await _form(click, lambda view: postmortem_form.postmortem_form(view, parts), "postmortem")


async def publish_postmortem(click: Click) -> None:
    """Publish"""
    await afterwards.publish_postmortem(click.world, click.incident_id, click.user)


async def invite_candidate(click: Click) -> Card:
    """One of several people who could have been meant."""
    people = await progress.invite(click.world, click.incident_id, click.user, (f"<@{click.seen}>",))
    incident = await find.by_id(click.world, click.incident_id)
    return understood(incident, people, f"Thank you. Invited to {incident.name}:")


async def declare(click: Click) -> None:
    """Declare incident, on the App Home."""
    form = forms.declare_form(click.world.policy, carried=About(channel=click.asker.channel))
    await open_form(click.world, click.client, click.asker, form, instead=IN_ONE_LINE)


async def follow_link(_click: Click) -> None:
    """A button that opens a page; Slack wants to hear that it was pressed, and that is all."""


async def _form(click: Click, form: Callable[[IncidentView], Block], command: str) -> None:
    view = await find.view(click.world, await find.by_id(click.world, click.incident_id))
    await open_form(click.world, click.client, click.asker, form(view), instead=f"/incident {command}")


RUNS: dict[str, Run] = {
    ids.ACKNOWLEDGE: acknowledge,
    ids.ESCALATE: escalate,
    ids.RESOLVE: resolve,
    ids.REOPEN: reopen,
    ids.RAISE: raise_severity,
    ids.SNOOZE: snooze,
    ids.POST_UPDATE: post_update,
    ids.MENU: menu,
    ids.MONITOR: monitor,
    ids.EDIT_POSTMORTEM: edit_postmortem,
    ids.PUBLISH_POSTMORTEM: publish_postmortem,
    ids.INVITE_CANDIDATE: invite_candidate,
    ids.DECLARE: declare,
    ids.OPEN_LINK: follow_link,
}
"""What each button does."""
