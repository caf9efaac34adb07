"""On call: `/incident oncall` and its buttons: who it is, cover, swaps; and whom the escalation policy of a team calls."""

from __future__ import annotations

import re

from blocks import ids
from blocks.answers import Called, on_call, said
from blocks.kit import Card
from blocks.oncall import overview_card
from blocks.usage import NoTeams
from handlers import parse_command
from handlers.actions import ActionContext, Run
from handlers.command_context import CommandContext
from handlers.dates import period
from handlers.people import one_person
from warroom.errors import Refused
from warroom.oncall import usecases as oncall
from warroom.people.resolution import resolve
from warroom.refusals import OnCallProblem, OnCallRefused, UnknownTeam
from warroom.text import as_typed

_VERB = re.compile(r"(cover|override|swap)\b\s*(.*)", re.IGNORECASE | re.DOTALL)


async def show(context: CommandContext) -> Card:
    """oncall [SCHEDULE | TEAM | cover SCHEDULE FROM to UNTIL [@who] | override … @who | swap SCHEDULE @who]"""
    policy = context.world.policy
    if verb := _VERB.fullmatch(context.text.strip()):
        run = {"cover": _cover, "override": _override, "swap": _swap}[verb[1].casefold()]
        return await run(context, verb[2])
    typed = as_typed(parse_command.unquote(context.text))
    meant = policy.schedule_meant(typed) or (policy.schedule_meant(f"schedule:{typed}") if typed else None)
    if meant and meant.schedule in policy.schedules:
        return overview_card(await oncall.overview(context.world, [meant.schedule]), context.now)
    if not typed and policy.schedules:
        return overview_card(await oncall.overview(context.world, policy.schedules), context.now)
    return await _escalation(context, typed)


async def _escalation(context: CommandContext, typed: str) -> Card:
    """Who would be called: the escalation policy of a team, with its names resolved to the people of this moment."""
    policy = context.world.policy
    team = policy.team_named(typed)
    if not policy.teams:
        raise Refused(NoTeams())
    if typed and team is None:
        raise Refused(UnknownTeam(said=typed, known=(*policy.teams, *policy.schedules)))
    called = []
    for name in (team,) if team else policy.teams:
        for level in policy.teams[name].escalation:
            people = await resolve(level.notify, context.world.directory, policy, only_exact=True)
            called.append(Called(team=name, after=level.after, only=level.only, people=people))
    return on_call(called)


async def _cover(context: CommandContext, text: str) -> Card:
    schedule, rest, person = await _parts(context, text)
    start, end = period(rest, context.now, _zone(context, schedule))
    await oncall.ask_cover(context.world, schedule, start, end, context.user, person)
    asked = f"<@{person}> is" if person else "The team is"
    return said(f"{asked} asked for cover in {schedule}. You are told when somebody takes it.")


async def _override(context: CommandContext, text: str) -> Card:
    schedule, rest, person = await _parts(context, text)
    if person is None:
        raise Refused(OnCallRefused(problem=OnCallProblem.USAGE))
    start, end = period(rest, context.now, _zone(context, schedule))
    await oncall.assign(context.world, schedule, start, end, context.user, person)
    return said(
        f"<@{person}> is on call in {schedule} then, and is told. /incident oncall {schedule} shows it, with Undo."
    )


async def _swap(context: CommandContext, text: str) -> Card:
    schedule, _, person = await _parts(context, text)
    if person is None:
        raise Refused(OnCallRefused(problem=OnCallProblem.USAGE))
    await oncall.ask_swap(context.world, schedule, context.user, person)
    return said(f"<@{person}> is asked to swap your next shifts in {schedule}. You are told when they agree.")


async def _parts(context: CommandContext, text: str) -> tuple[str, str, str | None]:
    """(schedule, the words in between, the person). Raises Refused."""
    words = [found[0] for found in parse_command.words(text)]
    if not words:
        raise Refused(OnCallRefused(problem=OnCallProblem.USAGE))
    schedule = oncall.schedule_named(context.world, as_typed(parse_command.unquote(words[0])))
    people = [found for word in words[1:] if (found := parse_command.person(word))]
    if len(people) > 1:
        raise Refused(OnCallRefused(problem=OnCallProblem.USAGE))
    person = await one_person(context.world, people[0], context.user) if people else None
    return schedule, " ".join(word for word in words[1:] if not parse_command.person(word)), person


def _zone(context: CommandContext, schedule: str) -> str:
    return context.world.policy.schedules[schedule].timezone or context.world.policy.workspace.timezone


async def take_cover(context: ActionContext) -> Card:
    """Take it, Swap"""
    taken = await oncall.take(context.world, context.seen, context.user)
    return said(f"Thank you. <@{taken.person}> is on call in {taken.schedule} then.")


async def undo_cover(context: ActionContext) -> Card:
    """Undo"""
    undone = await oncall.undo(context.world, context.seen, context.user)
    return said(f"Undone: {undone.schedule} is as the schedule says.")


BUTTONS: dict[str, Run] = {
    ids.TAKE_COVER: take_cover,
    ids.UNDO_COVER: undo_cover,
}
