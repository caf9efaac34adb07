"""Forms that were sent: what is wrong is shown in the form, and only what is stored closes it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from slack_bolt.context.ack.async_ack import AsyncAck

from blocks import correction_forms, forms, ids, update_form
from blocks.answers import named, said, with_link
from blocks.corrections import cancelled
from blocks.form_fields import FormMistakes, about, meant_in
from blocks.integration_form import integration_form, mistakes, read_integration_form
from blocks.kit import Block, Card
from blocks.refusals import refusal_words
from handlers import gestures
from handlers.dates import moment_ahead
from handlers.errors import typed
from handlers.gestures import Actor, Body, Gesture, actor_of, admitted, answer, audited
from handlers.incident_commands import resolved
from warroom.errors import AlreadyDone, Refused, StoreUnavailable
from warroom.incident import corrections, lookup
from warroom.incident import usecases as incidents
from warroom.incident.form import FormErrors, IntegrationForm
from warroom.incident.model import Incident
from warroom.ports import World
from warroom.refusals import Repeated

log = logging.getLogger(__name__)

ANSWER_WITHIN = 2.5
"""Seconds for storing what was sent; Slack gives up on a form after 3 ("Handling view submissions")."""
NOT_STORED = (
    "The database cannot be reached, so nothing is stored yet. Your text is still here: send it again in a minute."
)
TOO_SLOW = "The database is slow. Your text is still here: send it again. What was stored already is not done twice."


@dataclass(frozen=True, slots=True)
class NextForm:
    """The form that takes the place of the one that was sent."""

    view: Block


Submit = Callable[[World, Actor, Block], Awaitable[Card | FormMistakes | NextForm | None]]
"""Does what the form asks. Returns what is wrong, the form that follows, an answer for whoever sent it, or None."""


def listener(world: World, submit: Submit) -> Callable[..., Awaitable[None]]:
    """What Bolt calls."""

    async def on_submission(ack: AsyncAck, body: Body, view: Block) -> None:
        actor = actor_of(body)
        assert actor is not None, "Slack says who sent every form"
        async with audited(world, actor, f"form {view['callback_id']}", typed(body), kept=False) as gesture:
            wrong = await submitted(world, actor, view, submit, gesture)
            if wrong is None:
                await ack()
            elif isinstance(wrong, NextForm):
                gesture.result = gesture.result if gesture.result.startswith("refused") else "asked further"
                await ack(response_action="update", view=wrong.view)
            else:
                gesture.result = f"refused: {'; '.join(wrong.fields.values())}"
                await ack(response_action="errors", errors=wrong.fields)

    return on_submission


async def submitted(
    world: World, actor: Actor, view: Block, submit: Submit, gesture: Gesture
) -> FormMistakes | NextForm | None:
    """What is wrong with the form or which one follows, None when it is done and stored. A form that is sent twice does it once."""
    try:
        async with asyncio.timeout(ANSWER_WITHIN):
            await admitted(world, actor, about(view).incident_id)
            result = await submit(world.for_gesture(actor.key), actor, view)
    except Repeated:
        return None
    except AlreadyDone as already:
        words = refusal_words(already.reason)
        gesture.result = f"nothing to do: {words}"
        result = said(words)
    except Refused as refused:
        return _blamed(view, refusal_words(refused.reason), gesture)
    except StoreUnavailable as error:
        log.warning("%s of %s was not stored: %s", view["callback_id"], actor.user, error)
        return _blamed(view, NOT_STORED, gesture)
    except TimeoutError:
        log.warning("%s of %s was not stored in time", view["callback_id"], actor.user)
        return _blamed(view, TOO_SLOW, gesture)
    if isinstance(result, FormMistakes | NextForm):
        return result
    if result is not None:
        await _tell(world, replace(actor, channel=about(view).channel or actor.channel), result)
    return None


def _blamed(view: Block, why: str, gesture: Gesture) -> FormMistakes | NextForm:
    wrong = forms.blame(view, why)
    if isinstance(wrong, FormMistakes):
        return wrong
    gesture.result = f"refused: {why}"
    return NextForm(wrong)


async def _tell(world: World, actor: Actor, card: Card) -> None:
    """The work is stored, so the form closes even when its answer is lost."""
    try:
        async with asyncio.timeout(ANSWER_WITHIN / 10):
            await answer(world, actor, card)
    except (StoreUnavailable, TimeoutError) as error:
        log.warning("done, but %s could not be answered: %s", actor.user, error)


async def update(world: World, actor: Actor, view: Block) -> FormMistakes | None:
    """Post update"""
    incident = await lookup.by_id(world, about(view).incident_id)
    wanted = update_form.read_update(view, incident)
    if isinstance(wanted, FormMistakes):
        return wanted
    now, zone = world.clock.now(), world.policy.workspace.timezone
    next_at = moment_ahead(wanted.next_update, now, zone) if wanted.next_update else None
    if wanted.next_update and next_at is None:
        return update_form.next_update_unclear(wanted.next_update)
    more = corrections.StatusChange(state=wanted.state, severity=wanted.severity, impact=wanted.impact, next_at=next_at)
    await corrections.post_status(world, incident.id, actor.user, wanted.text, more)
    return None


async def resolve(world: World, actor: Actor, view: Block) -> Card | None:
    """Resolve: its channel says so. Whoever was second is told what became of the text."""
    incident = await lookup.by_id(world, about(view).incident_id)
    told = await resolved(world, incident.id, actor.user, correction_forms.read_resolve(view))
    return None if incident.state.open else told


async def cancel(world: World, actor: Actor, view: Block) -> Card:
    """Cancel"""
    why = correction_forms.read_cancel(view)
    return cancelled(await incidents.cancel(world, about(view).incident_id, actor.user, why))


async def severity(world: World, actor: Actor, view: Block) -> FormMistakes | None:
    """Severity"""
    level = forms.read_severity(view)
    if isinstance(level, FormMistakes):
        return level
    await incidents.set_severity(world, about(view).incident_id, actor.user, level)
    return None


async def roles(world: World, actor: Actor, view: Block) -> FormMistakes | None:
    """Roles"""
    given = forms.read_roles(view)
    if isinstance(given, FormMistakes):
        return given
    await incidents.assign_role(world, about(view).incident_id, actor.user, given.role, given.person)
    return None


async def page(world: World, actor: Actor, view: Block) -> Card | FormMistakes:
    """Page someone"""
    wanted = forms.read_page(view)
    if isinstance(wanted, FormMistakes):
        return wanted
    names = (*((wanted.team,) if wanted.team else ()), *(f"<@{person}>" for person in wanted.people))
    incident = await lookup.by_id(world, about(view).incident_id)
    people = await incidents.page(world, incident.id, actor.user, names, wanted.why)
    return named(incident, people, "Paged", ids.PAGE_CANDIDATE, wanted.why)


async def integration(world: World, actor: Actor, view: Block) -> FormMistakes | NextForm | None:
    """A form that an integration brought"""
    incident_id = about(view).incident_id
    result = await world.integrations.submit(world, incident_id, read_integration_form(view), actor.user)
    if isinstance(result, IntegrationForm):
        seen = await lookup.view(world, await lookup.by_id(world, incident_id))
        return NextForm(integration_form(seen, result))
    return mistakes(view, result) if isinstance(result, FormErrors) else None


def answered_elsewhere(view: Block, incident: Incident, card: Card) -> Card:
    """The answer, with the way to the incident's channel where the form was opened elsewhere."""
    return card if about(view).channel == incident.room.channel_id else with_link(card, incident)


async def meant(world: World, actor: Actor, view: Block) -> Incident:
    """The incident that was chosen in the form. Raises NotFound, also for one that the person may not know of."""
    incident = await lookup.by_id(world, meant_in(view))
    await admitted(world, actor, incident.id)
    gestures.about(incident)
    return incident


FORMS: dict[str, Submit] = {
    ids.FORM_UPDATE: update,
    ids.FORM_SEVERITY: severity,
    ids.FORM_ROLES: roles,
    ids.FORM_PAGE: page,
    ids.FORM_INTEGRATION: integration,
    ids.FORM_RESOLVE: resolve,
    ids.FORM_CANCEL: cancel,
}
