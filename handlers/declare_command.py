"""`/incident declare`: the form, or at once in one line; and what the declarer is asked and told."""

from __future__ import annotations

import contextlib
import logging
import re

from blocks import declare_form, done, ids, kit
from blocks.declare_form import DeclareInput, Forecast
from blocks.form_fields import About
from blocks.kit import Block, Card
from blocks.lists import refusal
from blocks.refusals import refusal_words
from handlers import audit, parse_command
from handlers.answers import Actor, open_form
from handlers.command_context import CommandContext
from warroom.errors import Refused, StoreUnavailable
from warroom.incident.declaration import Declare
from warroom.incident.declare import (
    DeclareResult,
    check_services,
    declare,
    similar_open,
    similar_to,
    who_is_called,
)
from warroom.incident.model import Incident, Origin, ReplyTo
from warroom.incident.title import TitleWords, read_title
from warroom.people.resolution import Resolution
from warroom.ports import World, step_aside
from warroom.refusals import UnknownService

log = logging.getLogger(__name__)

IN_ONE_LINE = "/incident declare checkout returns 500s --sev 1 --team commerce @ada"
MENTION = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^<>]*)?>")
BUTTON_VALUE = 1900
"""Characters of a command that a button carries; Slack takes 2,000."""


async def declare_now(context: CommandContext) -> Card | None:
    """declare [TITLE] [--sev LEVEL] [--team NAME] [--service NAME] [--private] [WHO…]"""
    world, wanted = context.world, parse_command.declaration(context.text)
    words = title_words(world, wanted.title, wanted.severity)
    if not words.title:
        await open_declare_form(world, context, _begun(world, context, wanted, words))
        return None
    try:
        check_services(world, wanted.services, wanted.sure)
    except Refused as refused:
        if isinstance(refused.reason, UnknownService):
            return _which_service(context.text, refused.reason)
        raise
    what = Declare(
        origin=Origin.COMMAND,
        origin_key=f"command:{context.actor.key}",
        title=words.title,
        severity=words.severity,
        team=wanted.team,
        services=wanted.services,
        people=wanted.people,
        private=wanted.private,
        by=context.user,
        reply_to=reply_to(context.actor),
    )
    declared = await declare(world, what)
    audit.about(declared.incident)
    return declared_card(declared) or await _similar_card(context, declared.incident)


async def _similar_card(context: CommandContext, incident: Incident) -> Card | None:
    """What is open and may be the same: in one line nobody saw the form that says so. It is declared, whatever this finds."""
    step_aside()
    try:
        found = await similar_to(context.world, incident, context.user)
    except StoreUnavailable as error:
        log.warning("%s: similar incidents were not looked for: %s", incident.name, error)
        return None
    return done.similar_to(incident, found) if found else None


def title_words(world: World, title: str, severity: str | None) -> TitleWords:
    """The title and the severity in it. A severity that was said apart counts; the title is kept where it names another."""
    if severity is None:
        return read_title(title, world.policy)
    with contextlib.suppress(Refused):
        words = read_title(title, world.policy)
        if words.severity == world.policy.severity_named(severity):
            return words.copy_with(severity=severity)
    return TitleWords(title=title, severity=severity)


def reply_to(actor: Actor, channel: str | None = None) -> ReplyTo:
    """Where the declarer is answered when the channel is open."""
    return ReplyTo(user=actor.user, key=actor.key, channel=channel or actor.channel, response_url=actor.response_url)


def declared_card(declared: DeclareResult) -> Card | None:
    """The answer when it was declared before. Otherwise the declarer is answered when the channel is open."""
    if declared.existed:
        return done.declared_before(declared.incident)
    return None


def _begun(world: World, context: CommandContext, wanted: parse_command.Declaration, words: TitleWords) -> DeclareInput:
    """What was said without a title, for the form."""
    policy = world.policy
    return DeclareInput(
        severity=policy.severity_named(words.severity) if words.severity else None,
        team=policy.team_named(wanted.team) if wanted.team else None,
        services=wanted.services,
        people=tuple(found[1] for said in wanted.people if (found := MENTION.fullmatch(said))),
        private=wanted.private,
        about=About(channel=context.actor.channel),
    )


def _which_service(text: str, reason: UnknownService) -> Card:
    """The question which service is meant, with the whole command behind each answer."""
    asked = refusal(refusal_words(reason), f"/incident declare {text}")
    buttons: list[Block | None] = []
    for number, (label, service) in enumerate(((reason.near, reason.near), (reason.said, f'"{reason.said}"'))):
        found = re.compile(rf"((?:--|—|–|-)service(?:\s+|=)\S*?){re.escape(reason.said)}", re.I)
        corrected = found.sub(rf"\g<1>{service}", text, count=1)
        if corrected != text and len(corrected) <= BUTTON_VALUE:
            value = ids.carry("", corrected)
            buttons.append(kit.button(f"Declare with {label}", ids.nth(ids.DECLARE_TEXT, number), value))
    row = kit.actions(buttons)
    return kit.card(asked.text, [*asked.blocks, row])


async def open_declare_form(world: World, context: CommandContext, filled: DeclareInput) -> None:
    """The form is open, or its opener knows what to type instead. Raises SlackApiError."""
    form = declare_form.declare_form(world.policy, filled, await forecast(world, context.user, filled))
    await open_form(world, context.client, context.actor, form, instead=IN_ONE_LINE)


async def forecast(world: World, user: str, filled: DeclareInput) -> Forecast:
    """Whom the form would call if it were sent now, and which open incidents are similar."""
    what = Declare(
        origin=Origin.FORM,
        origin_key="",
        title=filled.title,
        severity=filled.severity,
        team=filled.team,
        services=filled.services,
        people=tuple(f"<@{person}>" for person in filled.people),
        private=filled.private,
        by=user,
    )
    try:
        called, team = await who_is_called(world, what)
    except Refused:  # a team or severity that the policy no longer knows; sending the form says so
        called, team = Resolution(), None
    similar = await similar_open(world, user, filled.title, filled.services, filled.about.message)
    return Forecast(called=called, team=team, similar=tuple(similar), by=user)
