"""Forms that say whom they will call: redrawn when what decides about it is chosen."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from blocks import declare_form, forms, ids
from blocks.form_fields import about
from blocks.kit import Block
from handlers.declare import forecast
from handlers.gestures import Actor, Body, actor_of, admitted
from warroom.errors import NotFound
from warroom.incident import lookup
from warroom.people.model import Resolution
from warroom.people.resolution import resolve
from warroom.ports import World

log = logging.getLogger(__name__)

OUTDATED = ("hash_conflict", "not_found", "view_not_found")
"""The form was redrawn, sent or closed meanwhile."""


def listener(world: World) -> Callable[..., Awaitable[None]]:
    """What Bolt calls when something is chosen in a form."""

    async def on_choice(ack: AsyncAck, body: Body, client: AsyncWebClient) -> None:
        await ack()
        actor, view = actor_of(body), body.get("view")
        assert actor is not None, "Slack says who filled in every form"
        if view:
            await redraw(world, client, actor, view)

    return on_choice


async def redraw(world: World, client: AsyncWebClient, actor: Actor, view: Block) -> None:
    """The form shows whom it would call now. Raises SlackApiError."""
    shown = await _redrawn(world, actor, view)
    if shown is None:
        return
    try:
        await client.views_update(view_id=view["id"], hash=view.get("hash"), view=shown)
    except SlackApiError as error:
        code = error.response.get("error") if isinstance(error.response.data, dict) else None
        if code not in OUTDATED:
            raise
        log.info("form not redrawn: %s", code)


async def _redrawn(world: World, actor: Actor, view: Block) -> Block | None:
    match view.get("callback_id"):
        case ids.FORM_DECLARE:
            filled = declare_form.read_filled(view, world.policy)
            return declare_form.declare_form(world.policy, filled, await forecast(world, actor.user, filled))
        case ids.FORM_PAGE:
            return await _page(world, actor, view)
    return None


async def _page(world: World, actor: Actor, view: Block) -> Block | None:
    incident_id, chosen = about(view).incident_id, forms.chosen_to_page(view)
    try:
        await admitted(world, actor, incident_id)
        incident = await lookup.by_id(world, incident_id)
    except NotFound:
        return None
    names = (*((chosen.team,) if chosen.team else ()), *(f"<@{person}>" for person in chosen.people))
    called = await resolve(names, world.directory, world.policy, only_exact=True) if names else Resolution()
    others = tuple(match for match in called.found if match.person.id != actor.user)
    shown = await lookup.view(world, incident)
    return forms.page_form(shown, world.policy, called.copy_with(found=others), chosen)
