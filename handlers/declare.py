"""`/incident declare`: the form, or at once in one line; and what the declarer is asked and told."""

from __future__ import annotations

import contextlib
import logging
import re

from blocks import declare_form, done, ids, kit
from blocks.declare_form import DeclareInput, Forecast
from blocks.form_fields import About, FormMistakes
from blocks.kit import Block, Card
from blocks.lists import refusal
from blocks.refusals import refusal_words
from handlers import gestures, parse_command
from handlers.actions import ActionContext, Run
from handlers.command_context import CommandContext
from handlers.gestures import Actor, open_form
from handlers.submissions import Submit
from warroom.alerts import channels
from warroom.errors import Refused, StoreUnavailable
from warroom.incident.declaration import Declare
from warroom.incident.declare import (
    DeclareResult,
    WouldCall,
    check_services,
    declare,
    similar_open,
    similar_to,
    who_is_called,
)
from warroom.incident.model import Incident, Origin
from warroom.incident.parts import ReplyTo
from warroom.incident.title import TitleWords, read_title
from warroom.people.model import Resolution
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
    gestures.about(declared.incident)
    if (card := declared_card(declared)) is not None:
        return card
    await _say_what_is_similar(context, declared.incident)
    return None


AFTER_ANSWERS = 5
"""The priority of a remark that nobody waits for, behind every answer."""


async def _say_what_is_similar(context: CommandContext, incident: Incident) -> None:
    """What is open and may be the same: in one line nobody saw the form that says so. It is declared, whatever this finds."""
    step_aside()
    try:
        if found := await similar_to(context.world, incident, context.user):
            card = done.similar_to(incident, found)
            await gestures.answer(context.world, context.actor, card, priority=AFTER_ANSWERS)
    except StoreUnavailable as error:
        log.warning("%s: similar incidents were not looked for: %s", incident.name, error)


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
        called = await who_is_called(world, what)
    except Refused:  # a team or severity that the policy no longer knows; sending the form says so
        called = WouldCall(people=Resolution(), team=None)
    similar = await similar_open(world, user, filled.title, filled.services, filled.about.message)
    return Forecast(called=called.people, team=called.team, similar=tuple(similar), by=user)


async def declare_text(context: ActionContext) -> Card | None:
    """The command again, with the service that was meant."""
    return await declare_now(CommandContext(context.world, context.client, context.actor, context.seen))


async def declare_from_home(context: ActionContext) -> None:
    """Declare incident, on the App Home."""
    asked = CommandContext(context.world, context.client, context.actor, "")
    await open_declare_form(context.world, asked, DeclareInput(about=About(channel=context.actor.channel)))


async def submit(world: World, actor: Actor, view: Block) -> Card | FormMistakes | None:
    """Declare incident"""
    wanted = declare_form.read_declare(view, world.policy)
    if isinstance(wanted, FormMistakes):
        return wanted
    try:
        check_services(world, wanted.services, wanted.sure)
    except Refused as refused:
        if isinstance(refused.reason, UnknownService):
            return declare_form.unknown_service(refused.reason.said, refused.reason.near)
        raise
    declared = await _declare(world, actor, wanted)
    gestures.about(declared.incident)
    return declared_card(declared)


async def _declare(world: World, actor: Actor, wanted: DeclareInput) -> DeclareResult:
    words = title_words(world, wanted.title, wanted.severity if _chosen(world, wanted) else None)
    what = Declare(
        origin=Origin.SHORTCUT if wanted.about.by_shortcut else Origin.FORM,
        origin_key=f"form:{actor.key}",
        title=words.title or wanted.title,
        severity=words.severity or wanted.severity,
        team=wanted.team,
        services=wanted.services,
        description=wanted.description,
        people=tuple(f"<@{person}>" for person in wanted.people),
        private=wanted.private,
        by=actor.user,
        source_message=wanted.about.message,
        source_channel=wanted.about.channel if wanted.about.message_ts else None,
        source_ts=wanted.about.message_ts,
        template=declare_form.template_of(world.policy, wanted),
        fields=wanted.fields,
        reply_to=reply_to(actor, wanted.about.channel),
    )
    alert = wanted.about.alert
    if alert is not None:
        return await channels.declare_with(world, what, alert)
    return await declare(world, what)


def _chosen(world: World, wanted: DeclareInput) -> bool:
    """Whether the severity was chosen: the one that the form begins with gives way to one in the title."""
    return wanted.severity != world.policy.default_severity()


BUTTONS: dict[str, Run] = {
    ids.DECLARE_TEXT: declare_text,
    ids.DECLARE: declare_from_home,
}


FORMS: dict[str, Submit] = {ids.FORM_DECLARE: submit}
