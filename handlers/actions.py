"""Buttons and menus. What everybody sees on the card needs no answer; a refusal is said to whoever pressed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from blocks import correction_forms, done, forms, ids
from blocks.answers import named, with_link
from blocks.corrections import cancelled
from blocks.integration_form import integration_form
from blocks.kit import Block, Card
from handlers.gestures import Body, GestureContext, actor_of, admitted, answered, audited, open_form
from handlers.incident_commands import open_update_form
from warroom.incident import lookup
from warroom.incident import usecases as incidents
from warroom.incident.model import State
from warroom.incident.roles import COMMANDER, role_meant
from warroom.incident.view import IncidentView
from warroom.outbox.usecases import retry
from warroom.ports import World


@dataclass(frozen=True, slots=True)
class ActionContext(GestureContext):
    """Who pressed what, and what they saw when they did."""

    incident_id: str
    seen: str


Run = Callable[[ActionContext], Awaitable[Card | None]]


def listener(world: World, run: Run) -> Callable[..., Awaitable[None]]:
    """What Bolt calls."""

    async def on_action(ack: AsyncAck, body: Body, client: AsyncWebClient) -> None:
        await ack()
        actor = actor_of(body)
        assert actor is not None, "Slack says who pressed every button"
        pressed = body["actions"][0]
        value = pressed.get("value") or (pressed.get("selected_option") or {}).get("value") or ""
        context = ActionContext(world.for_gesture(actor.key), client, actor, *ids.carried(value))
        await answered(world, actor, pressed_button(world, context, str(pressed["action_id"]), run))

    return on_action


async def pressed_button(world: World, context: ActionContext, action_id: str, run: Run) -> Card | None:
    """Does what the button does, with a row in the audit trail."""
    async with audited(world, context.actor, f"button {action_id}", context.seen):
        await admitted(world, context.actor, context.incident_id)
        return await run(context)


async def acknowledge(context: ActionContext) -> None:
    """Acknowledge"""
    await incidents.acknowledge(context.world, context.incident_id, context.user)


async def on_it(context: ActionContext) -> None:
    """I'm on it"""
    await incidents.on_it(context.world, context.incident_id, context.user)


async def escalate(context: ActionContext) -> None:
    """Escalate: a second press of the same picture calls nobody."""
    seen = int(context.seen) if context.seen.isdecimal() else None
    await incidents.escalate(context.world, context.incident_id, context.user, seen=seen)


async def resolve(context: ActionContext) -> None:
    """Resolve: the form, with what fixed it."""
    incident = await lookup.by_id(context.world, context.incident_id)
    if not incident.state.open:
        # Says by whom it was resolved, or why it cannot be.
        await incidents.resolve_incident(context.world, incident.id, context.user)
    await show_form(context, correction_forms.resolve_form, "resolve what fixed it")


async def cancel(context: ActionContext) -> Card:
    """Cancel INC-12, the answer to the question."""
    return cancelled(await incidents.cancel(context.world, context.incident_id, context.user, context.seen))


async def reopen(context: ActionContext) -> Card | None:
    """Reopen, Undo cancel: its channel says so; below an answer that was read elsewhere, that answer."""
    # An answer keeps its button: long after it was reopened and resolved, Undo must not open it once more.
    takes_back = context.seen == State.CANCELLED
    incident = await incidents.reopen(context.world, context.incident_id, context.user, only_cancelled=takes_back)
    if context.actor.channel in (None, incident.room.channel_id):
        return None
    return with_link(done.reopened(incident), incident)


async def raise_severity(context: ActionContext) -> None:
    """Raise to …: never lowers what somebody raised further meanwhile."""
    await incidents.raise_severity(context.world, context.incident_id, context.user, context.seen)


async def snooze(context: ActionContext) -> None:
    """Snooze 15 min: a second press of the same reminder adds nothing."""
    await incidents.snooze(context.world, context.incident_id, context.user)


async def post_update(context: ActionContext) -> None:
    """Post update: the form, with a draft of what happened since the last one."""
    await open_update_form(context.world, context.client, context.actor, context.incident_id)


async def choose_severity(context: ActionContext) -> None:
    """Severity…"""
    policy = context.world.policy
    await show_form(context, lambda view: forms.severity_form(view, policy), "severity LEVEL")


async def choose_roles(context: ActionContext) -> None:
    """Roles…"""
    await show_form(context, forms.roles_form, "role commander @ada")


async def choose_page(context: ActionContext) -> None:
    """Page someone…"""
    policy = context.world.policy
    await show_form(context, lambda view: forms.page_form(view, policy), "page TEAM")


async def mitigate(context: ActionContext) -> None:
    """Mitigated"""
    await incidents.mitigate(context.world, context.incident_id, context.user)


async def alert_menu(context: ActionContext) -> None:
    """The menu beside the alerts: what an integration does, or a link that only wants to be acknowledged."""
    if context.seen.partition(":")[0] != ids.ALERT_MENU_LINK:
        await integration(context)


async def integration(context: ActionContext) -> None:
    """A button or an entry of a menu that an integration brought: it acts, or it asks with a form."""
    world, name = context.world, context.seen.partition(":")[0]
    asked = await world.integrations.choose(world, context.incident_id, context.seen, context.user)
    if asked is not None:
        await show_form(context, lambda view: integration_form(view, asked), name)


async def try_again(context: ActionContext) -> Card:
    """Try again, below what could not be done elsewhere."""
    incident = await retry(context.world, context.incident_id, context.seen, context.user)
    return done.tried_again(incident)


async def invite_candidate(context: ActionContext) -> Card:
    """One of several people who could have been meant."""
    people = await incidents.invite(context.world, context.incident_id, context.user, (f"<@{context.seen}>",))
    incident = await lookup.by_id(context.world, context.incident_id)
    return named(incident, people, "Invited", ids.INVITE_CANDIDATE)


async def page_candidate(context: ActionContext) -> Card:
    """One of several people who could have been meant by a page."""
    person, _, why = context.seen.partition(":")
    people = await incidents.page(context.world, context.incident_id, context.user, (f"<@{person}>",), why)
    incident = await lookup.by_id(context.world, context.incident_id)
    return named(incident, people, "Paged", ids.PAGE_CANDIDATE, why)


async def role_candidate(context: ActionContext) -> Card:
    """One of several people who could have been meant for a role."""
    person, _, role = context.seen.partition(":")
    incident = await incidents.assign_role(context.world, context.incident_id, context.user, role, person)
    view = await lookup.view(context.world, incident)
    return done.role_given(view, role_meant(role, context.world.policy), person)


async def take_command(context: ActionContext) -> None:
    """Take command: the clicker commands, unless somebody else was faster."""
    user = context.user
    await incidents.assign_role(context.world, context.incident_id, user, COMMANDER, user, vacant=True)


async def keep_channel(context: ActionContext) -> None:
    """Keep channel: it is not archived."""
    await incidents.keep_channel(context.world, context.incident_id, context.user)


async def join(context: ActionContext) -> Card:
    """Join: the clicker is invited to the channel."""
    incident = await incidents.join(context.world, context.incident_id, context.user)
    return done.joining(incident)


async def follow_link(_click: ActionContext) -> None:
    """A button that opens a page; Slack wants only the acknowledgement."""


async def show_form(context: ActionContext, form: Callable[[IncidentView], Block], command: str) -> None:
    view = await lookup.view(context.world, await lookup.by_id(context.world, context.incident_id))
    await open_form(context.world, context.client, context.actor, form(view), instead=f"/incident {command}")


async def choose_cancel(context: ActionContext) -> None:
    """Cancel…"""
    await show_form(context, correction_forms.cancel_form, "cancel WHY")


BUTTONS: dict[str, Run] = {
    ids.ACKNOWLEDGE: acknowledge,
    ids.ON_IT: on_it,
    ids.ESCALATE: escalate,
    ids.RESOLVE: resolve,
    ids.REOPEN: reopen,
    ids.RAISE: raise_severity,
    ids.SNOOZE: snooze,
    ids.POST_UPDATE: post_update,
    ids.ALERT_MENU: alert_menu,
    ids.INVITE_CANDIDATE: invite_candidate,
    ids.PAGE_CANDIDATE: page_candidate,
    ids.ROLE_CANDIDATE: role_candidate,
    ids.JOIN: join,
    ids.TAKE_COMMAND: take_command,
    ids.KEEP_CHANNEL: keep_channel,
    ids.OPEN_LINK: follow_link,
    ids.INTEGRATION: integration,
    ids.TRY_AGAIN: try_again,
    ids.CANCEL: cancel,
}
