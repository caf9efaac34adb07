"""Buttons and menus. What everybody sees on the card needs no answer; a refusal is said to whoever pressed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from blocks import action_items, correction_forms, forms, ids, postmortem_document, postmortem_form, postmortem_review
from blocks.answers import linked, merged, named, said
from blocks.catch_up import catch_up_card
from blocks.corrections import cancelled
from blocks.declare_form import DeclareInput
from blocks.form_fields import About
from blocks.integration_form import integration_form
from blocks.kit import Block, Card
from handlers import list_command
from handlers.answers import Actor, Body, actor_of, answer, answered, open_form
from handlers.audit import admitted, audited
from handlers.command_context import CommandContext
from handlers.declare_command import declare_now, open_declare_form
from handlers.incident_commands import open_update_form
from warroom.errors import Refused
from warroom.incident import corrections, lookup, merging, record
from warroom.incident import usecases as incidents
from warroom.incident.model import State
from warroom.incident.view import IncidentView
from warroom.oncall import usecases as oncall
from warroom.outbox.retrying import retry
from warroom.people import usecases as replies
from warroom.ports import World
from warroom.postmortem import usecases as postmortems
from warroom.postmortem.actions import item_of
from warroom.refusals import MenuOutdated, NothingToLearn


@dataclass(frozen=True, slots=True)
class ActionContext:
    """Who pressed what, and what they saw when they did."""

    world: World
    client: AsyncWebClient
    actor: Actor
    incident_id: str
    seen: str

    @property
    def user(self) -> str:
        """Who pressed."""
        return self.actor.user


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
    await _form(context, correction_forms.resolve_form, "resolve what fixed it")


async def cancel(context: ActionContext) -> Card:
    """Cancel INC-12, the answer to the question."""
    return cancelled(await incidents.cancel(context.world, context.incident_id, context.user, context.seen))


async def set_visibility(context: ActionContext) -> Card:
    """Make it public, Make it private: the answer to the question."""
    private = context.seen == "private"
    incident = await corrections.set_visibility(context.world, context.incident_id, context.user, private=private)
    return said(f"{incident.name} is {'private' if incident.private else 'public'} now.")


async def action_menu(context: ActionContext) -> None:
    """The menu of an action item."""
    what, _, number = context.seen.partition(":")
    if not number.isdecimal():
        raise Refused(MenuOutdated())
    world, incident_id, by, n = context.world, context.incident_id, context.user, int(number)
    match what:
        case ids.ACTION_DONE | ids.ACTION_REOPEN:
            await corrections.settle_action(world, incident_id, by, n, done=what == ids.ACTION_DONE)
        case ids.ACTION_TAKE:
            await corrections.edit_action(world, incident_id, by, n, owner=by)
        case ids.ACTION_DELETE:
            await corrections.remove_action(world, incident_id, by, n)
        case ids.ACTION_EDIT:
            await _action_form(context, n)
            return
        case _:
            raise Refused(MenuOutdated())
    await _redrawn(context)


async def _redrawn(context: ActionContext) -> None:
    """Where the menu was, the list as it is now: a private answer is replaced, the App Home is drawn anew."""
    world = context.world
    if context.actor.channel is None:
        await replies.open_home(world, context.user)
        return
    view = await lookup.view(world, await lookup.by_id(world, context.incident_id))
    card = action_items.action_items(view, world.clock.now())
    await answer(world, context.actor, card, replace=True)


async def add_action(context: ActionContext) -> None:
    """Add action item"""
    await _action_form(context)


async def _action_form(context: ActionContext, number: int = 0) -> None:
    incident = await lookup.by_id(context.world, context.incident_id)
    item = item_of(incident, number) if number else None
    view, now, here = await lookup.view(context.world, incident), context.world.clock.now(), context.actor.channel
    form = correction_forms.action_form([view], here, item=item, now=now)
    await open_form(context.world, context.client, context.actor, form, instead="/incident action add TEXT")


async def _note_form(context: ActionContext) -> None:
    view = await lookup.view(context.world, await lookup.by_id(context.world, context.incident_id))
    form = correction_forms.note_form([view], context.actor.channel)
    await open_form(context.world, context.client, context.actor, form, instead="/incident timeline add 17:20 TEXT")


async def list_more(context: ActionContext) -> Card:
    """Show more of a list: its next page."""
    offset, _, said_words = context.seen.partition(":")
    command = CommandContext(context.world, context.client, context.actor, said_words)
    return await list_command.page(command, said_words, int(offset) if offset.isdecimal() else 0)


async def home_menu(context: ActionContext) -> Card | None:
    """The menu of an incident on the App Home, which is drawn anew afterwards."""
    match context.seen:
        case ids.HOME_ACKNOWLEDGE:
            await acknowledge(context)
        case ids.HOME_UPDATE:
            await post_update(context)
        case ids.HOME_RESOLVE:
            await resolve(context)
        case _:
            await menu(context)
    await replies.open_home(context.world, context.user)
    return None


async def reopen(context: ActionContext) -> None:
    """Reopen"""
    await incidents.reopen(context.world, context.incident_id, context.user)


async def raise_severity(context: ActionContext) -> None:
    """Raise to …: never lowers what somebody raised further meanwhile."""
    await incidents.raise_severity(context.world, context.incident_id, context.user, context.seen)


async def snooze(context: ActionContext) -> None:
    """Snooze 15 min: a second press of the same reminder adds nothing."""
    await incidents.snooze(context.world, context.incident_id, context.user)


async def post_update(context: ActionContext) -> None:
    """Post update: the form, with a draft of what happened since the last one."""
    await open_update_form(context.world, context.client, context.actor, context.incident_id)


async def menu(context: ActionContext) -> Card | None:
    """The card's menu. Afterwards the card is redrawn, so that the menu shows no choice any more."""
    chosen = MENU.get(context.seen)
    try:
        if chosen is None:
            raise Refused(MenuOutdated())
        return await chosen(context)
    finally:
        # Another gesture of its own: what was chosen may have changed the incident by this one.
        again = context.world.for_gesture(f"menu:{context.actor.key}")
        await record.menu_used(again, context.incident_id)


async def choose_severity(context: ActionContext) -> None:
    """Severity…"""
    policy = context.world.policy
    await _form(context, lambda view: forms.severity_form(view, policy), "severity LEVEL")


async def choose_roles(context: ActionContext) -> None:
    """Roles…"""
    await _form(context, forms.roles_form, "role commander @ada")


async def choose_page(context: ActionContext) -> None:
    """Page someone…"""
    policy = context.world.policy
    await _form(context, lambda view: forms.page_form(view, policy), "page TEAM")


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
        await _form(context, lambda view: integration_form(view, asked), name)


async def try_again(context: ActionContext) -> Card:
    """Try again, below what could not be done elsewhere."""
    incident = await retry(context.world, context.incident_id, context.seen, context.user)
    return said(f"It is being tried again for {incident.name}.")


async def write_postmortem(context: ActionContext) -> None:
    """The menu's Post-mortem: the draft the first time, the form once there is one."""
    incident = await lookup.by_id(context.world, context.incident_id)
    if incident.postmortem is not None:
        await edit_postmortem(context)
        return
    # Two presses of the same menu both find no draft; only one of them writes it.
    world = context.world.for_gesture(f"draft:{incident.id}")
    await postmortems.draft_postmortem(world, incident.id, context.user, postmortem_document.draft)


async def edit_postmortem(context: ActionContext) -> None:
    """Post-mortem, Edit post-mortem, Write post-mortem: the form, with what the record says until somebody wrote it."""
    world = context.world
    incident = await lookup.by_id(world, context.incident_id)
    if incident.state is State.CANCELLED:
        raise Refused(NothingToLearn(incident=incident.name))
    parts = postmortem_form.parts_of(incident.postmortem)
    if incident.postmortem is None:
        seen = await lookup.view(world, incident)
        summary, impact = postmortem_document.draft(seen, await record.timeline(world, incident), world.clock.now())
        parts |= {"summary": summary, "impact": impact}
    await _form(context, lambda view: postmortem_form.postmortem_form(view, parts), "postmortem")


async def publish_postmortem(context: ActionContext) -> Card | None:
    """Publish: when the checklist finds something weak, it is shown first."""
    world = context.world
    incident = await lookup.by_id(world, context.incident_id)
    written = incident.postmortem
    if context.seen != postmortem_review.ANYWAY and written and not written.missing and not written.published_at:
        found = await postmortems.check_postmortem(world, incident)
        if found.weak and incident.state is State.RESOLVED:
            return postmortem_review.checklist_card(await lookup.view(world, incident), found, asked=True)
    await postmortems.publish_postmortem(world, incident.id, context.user)
    return None


async def catch_up(context: ActionContext) -> Card:
    """Catch up: where it stands, for whoever asks"""
    found = await record.catch_up(context.world, context.incident_id, context.user)
    return catch_up_card(found.view, found.entries, found.since, context.world.clock.now())


async def merge(context: ActionContext) -> Card:
    """Merge into INC-12, below an open incident that is similar"""
    other = await lookup.by_number_or_room(context.world, int(context.seen), None)
    return merged(*await merging.merge(context.world, context.incident_id, other.id, context.user))


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
    return said(f"{incident.name}: <@{person}> is {role} now.")


async def join(context: ActionContext) -> Card:
    """Join: the clicker is invited to the channel."""
    incident = await incidents.join(context.world, context.incident_id, context.user)
    return said(f"You are being added to {incident.name}{linked(incident)}")


async def subscribe(context: ActionContext) -> Card:
    """Subscribe: updates as direct messages."""
    incident = await incidents.subscribe(context.world, context.incident_id, context.user)
    return said(f"You follow {incident.name}: updates and changes of state come to you as direct messages.")


async def unsubscribe(context: ActionContext) -> None:
    """Unsubscribe: the message that was pressed says so."""
    await incidents.unsubscribe(context.world, context.incident_id, context.user)


async def declare_text(context: ActionContext) -> Card | None:
    """The command again, with the service that was meant."""
    return await declare_now(CommandContext(context.world, context.client, context.actor, context.seen))


async def take_cover(context: ActionContext) -> Card:
    """Take it, Swap"""
    taken = await oncall.take(context.world, context.seen, context.user)
    return said(f"Thank you. <@{taken.person}> is on call in {taken.schedule} then.")


async def undo_cover(context: ActionContext) -> Card:
    """Undo"""
    undone = await oncall.undo(context.world, context.seen, context.user)
    return said(f"Undone: {undone.schedule} is as the schedule says.")


async def declare(context: ActionContext) -> None:
    """Declare incident, on the App Home."""
    asked = CommandContext(context.world, context.client, context.actor, "")
    await open_declare_form(context.world, asked, DeclareInput(about=About(channel=context.actor.channel)))


async def follow_link(_click: ActionContext) -> None:
    """A button that opens a page; Slack wants only the acknowledgement."""


async def _form(context: ActionContext, form: Callable[[IncidentView], Block], command: str) -> None:
    view = await lookup.view(context.world, await lookup.by_id(context.world, context.incident_id))
    await open_form(context.world, context.client, context.actor, form(view), instead=f"/incident {command}")


async def choose_edit(context: ActionContext) -> None:
    """Edit…"""
    policy = context.world.policy
    await _form(context, lambda view: correction_forms.edit_form(view, policy), "edit title …")


async def choose_timeline(context: ActionContext) -> None:
    """Add to timeline…"""
    await _note_form(context)


async def choose_action(context: ActionContext) -> None:
    """Action item…"""
    await _action_form(context)


async def choose_cancel(context: ActionContext) -> None:
    """Cancel…"""
    await _form(context, correction_forms.cancel_form, "cancel WHY")


MENU: dict[str, Run] = {
    ids.MENU_EDIT: choose_edit,
    ids.MENU_TIMELINE: choose_timeline,
    ids.MENU_ACTION: choose_action,
    ids.MENU_CANCEL: choose_cancel,
    ids.MENU_CATCH_UP: catch_up,
    ids.MENU_MITIGATE: mitigate,
    ids.MENU_REOPEN: reopen,
    ids.MENU_SEVERITY: choose_severity,
    ids.MENU_ROLES: choose_roles,
    ids.MENU_PAGE: choose_page,
    ids.MENU_POSTMORTEM: write_postmortem,
}
"""What each entry of `blocks.card_menu.ENTRIES` does."""

RUNS: dict[str, Run] = {
    ids.ACKNOWLEDGE: acknowledge,
    ids.ESCALATE: escalate,
    ids.RESOLVE: resolve,
    ids.REOPEN: reopen,
    ids.MERGE: merge,
    ids.CATCH_UP: catch_up,
    ids.RAISE: raise_severity,
    ids.SNOOZE: snooze,
    ids.POST_UPDATE: post_update,
    ids.MENU: menu,
    ids.ALERT_MENU: alert_menu,
    ids.EDIT_POSTMORTEM: edit_postmortem,
    ids.PUBLISH_POSTMORTEM: publish_postmortem,
    ids.INVITE_CANDIDATE: invite_candidate,
    ids.PAGE_CANDIDATE: page_candidate,
    ids.ROLE_CANDIDATE: role_candidate,
    ids.JOIN: join,
    ids.SUBSCRIBE: subscribe,
    ids.UNSUBSCRIBE: unsubscribe,
    ids.DECLARE_TEXT: declare_text,
    ids.TAKE_COVER: take_cover,
    ids.UNDO_COVER: undo_cover,
    ids.DECLARE: declare,
    ids.OPEN_LINK: follow_link,
    ids.INTEGRATION: integration,
    ids.TRY_AGAIN: try_again,
    ids.CANCEL: cancel,
    ids.VISIBILITY: set_visibility,
    ids.ACTION_MENU: action_menu,
    ids.ACTION_ADD: add_action,
    ids.HOME_MENU: home_menu,
    ids.LIST_MORE: list_more,
}
"""What each button does."""
