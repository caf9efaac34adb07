"""On call: `/incident oncall` and its buttons: who it is, cover, swaps; and whom the escalation policy of a team calls."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta

from blocks import charts, done, ids
from blocks.answers import Called, on_call
from blocks.kit import Card
from blocks.oncall import feed_known, feed_view, overview_card
from blocks.oncall_report import on_call_report
from blocks.usage import NoTeams
from handlers import parse_command
from handlers.actions import ActionContext, Run
from handlers.command_context import CommandContext
from handlers.dates import known_zone, period
from handlers.gestures import GestureContext, open_form
from handlers.people import one_person
from warroom.durations import parse_duration
from warroom.errors import Refused
from warroom.oncall import feeds
from warroom.oncall import usecases as oncall
from warroom.oncall.load import load_report
from warroom.oncall.public_holidays import holidays_of
from warroom.outbox.changes import Changeset
from warroom.outbox.effects import ChartOf, SendChart
from warroom.people import usecases as replies
from warroom.people.resolution import resolve
from warroom.refusals import OnCallProblem, OnCallRefused, UnknownTeam
from warroom.text import as_typed

_VERB = re.compile(r"(cover|override|swap|report|calendar)\b\s*(.*)", re.IGNORECASE | re.DOTALL)
USUAL_SPAN, LONGEST_SPAN = timedelta(days=30), timedelta(days=366)
"""What a report covers where nobody says it, and the most it covers."""


async def show(context: CommandContext) -> Card | None:
    """oncall [SCHEDULE | TEAM | cover … | override … | swap … | report [30d | next 90d] | calendar [SCHEDULE | revoke]]"""
    policy = context.world.policy
    if verb := _VERB.fullmatch(context.text.strip()):
        return await _VERBS[verb[1].casefold()](context, verb[2])
    typed = as_typed(parse_command.unquote(context.text))
    meant = policy.schedule_meant(typed) or (policy.schedule_meant(f"schedule:{typed}") if typed else None)
    if meant and meant.schedule in policy.schedules:
        return overview_card(await oncall.overview(context.world, [meant.schedule]), context.now, context.user)
    if not typed and policy.schedules:
        return overview_card(await oncall.overview(context.world, policy.schedules), context.now, context.user)
    return await _escalation(context, typed)


async def _escalation(context: CommandContext, typed: str) -> Card:
    """Who would be called: the escalation policy of a team, with its names resolved to the people of this moment."""
    policy = context.world.policy
    team = policy.team_named(typed)
    if not policy.teams:
        raise Refused(NoTeams())
    if typed and team is None:
        raise Refused(
            UnknownTeam(said=typed, known=tuple({**policy.teams, **policy.schedules}), what="team or schedule")
        )
    called = []
    for name in (team,) if team else policy.teams:
        for level in policy.teams[name].escalation:
            people = await resolve(level.notify, context.world.directory, policy, only_exact=True)
            called.append(Called(team=name, after=level.after, only=level.only, people=people))
    return on_call(called)


async def _cover(context: CommandContext, text: str) -> Card:
    schedule, rest, person = await _parts(context, text)
    zone = await _zone(context, schedule)
    start, end = period(rest, context.now, zone)
    await oncall.ask_cover(context.world, schedule, start, end, context.user, person)
    return done.cover_asked(schedule, person, start, end, zone)


async def _override(context: CommandContext, text: str) -> Card:
    schedule, rest, person = await _parts(context, text)
    if person is None:
        raise Refused(OnCallRefused(problem=OnCallProblem.USAGE))
    zone = await _zone(context, schedule)
    start, end = period(rest, context.now, zone)
    await oncall.assign(context.world, schedule, start, end, context.user, person)
    return done.overridden(schedule, person, start, end, zone)


async def _swap(context: CommandContext, text: str) -> Card:
    schedule, _, person = await _parts(context, text)
    if person is None:
        raise Refused(OnCallRefused(problem=OnCallProblem.USAGE))
    await oncall.ask_swap(context.world, schedule, context.user, person)
    return done.swap_asked(schedule, person)


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


async def _zone(context: CommandContext, schedule: str) -> str:
    """On whose clock typed times are: that of whoever types, else the schedule's."""
    person = await context.world.directory.person(context.user)
    if person is not None and person.tz and known_zone(person.tz):
        return person.tz
    return context.world.policy.schedules[schedule].timezone or context.world.policy.workspace.timezone


async def _report(context: CommandContext, text: str) -> Card:
    """Everybody's hours and pages of a span that is over, or with "next" of one to come; a chart where it can be drawn."""
    world, now = context.world, context.now
    if not world.policy.schedules:
        raise Refused(OnCallRefused(problem=OnCallProblem.NO_SCHEDULES))
    words = as_typed(parse_command.unquote(text)).casefold().split()
    ahead = words[:1] in (["next"], ["ahead"])
    span = _span(words[1:] if ahead else words)
    since, until = (now, now + span) if ahead else (now - span, now)
    if any(schedule.country for schedule in world.policy.schedules.values()):
        await asyncio.to_thread(holidays_of, "DE", now.year)  # loading the library takes half a second
    loads = await load_report(world, since, until, holidays_of, seen_by=context.user)
    drawn = charts.available() and bool(loads)
    if drawn:
        key = f"{context.actor.key}:chart"
        effect = SendChart(key=key, user=context.user, since=since, until=until, what=ChartOf.ON_CALL, priority=1)
        await world.commit(Changeset(now=now, effects=(effect,)))
    return on_call_report(loads, since, until, world.policy.workspace.timezone, chart=drawn)


def _span(words: list[str]) -> timedelta:
    """Raises Refused."""
    if not words:
        return USUAL_SPAN
    try:
        span = parse_duration("".join(words))
    except ValueError:
        span = timedelta(0)
    if not timedelta(0) < span <= LONGEST_SPAN:
        raise Refused(OnCallRefused(problem=OnCallProblem.SPAN_UNCLEAR))
    return span


async def _calendar(context: CommandContext, text: str) -> Card | None:
    """The link to a calendar, for whoever asks alone; "revoke" ends all that they have."""
    said = as_typed(parse_command.unquote(text)).strip()
    if said.casefold() in ("revoke", "off", "stop"):
        return done.feeds_revoked(await feeds.revoke(context.world, context.user, everything=True))
    mine = said.casefold() in ("", "me", "mine", "my")
    return await _feed(context, None if mine else oncall.schedule_named(context.world, said))


async def _feed(context: GestureContext, schedule: str | None) -> Card | None:
    if not context.world.policy.schedules:
        raise Refused(OnCallRefused(problem=OnCallProblem.NO_SCHEDULES))
    known = await feeds.link_of(context.world, context.user, schedule)
    if known:
        return feed_known(known)
    await _new_feed(context, schedule)
    return None


async def _new_feed(context: GestureContext, schedule: str | None) -> None:
    """Shown in a form, so that the key is stored nowhere, in no answer that waits and in no channel."""
    key = await feeds.new_link(context.world, context.user, schedule)
    view = feed_view(schedule, context.user, key, context.world.policy.workspace.url)
    await open_form(context.world, context.client, context.actor, view, instead="oncall calendar")


async def open_feed(context: ActionContext) -> Card | None:
    """Calendar link"""
    return await _feed(context, context.seen or None)


async def new_feed(context: ActionContext) -> None:
    """New link: the one before is not valid any more"""
    schedule = context.seen or None
    if schedule is not None:
        oncall.schedule_named(context.world, schedule)
    await _new_feed(context, schedule)


async def revoke_feed(context: ActionContext) -> Card:
    """Revoke"""
    return done.feeds_revoked(await feeds.revoke(context.world, context.user, context.seen or None))


_VERBS: dict[str, Callable[[CommandContext, str], Awaitable[Card | None]]] = {
    "cover": _cover,
    "override": _override,
    "swap": _swap,
    "report": _report,
    "calendar": _calendar,
}


async def take_cover(context: ActionContext) -> Card:
    """Take it, Swap"""
    taken = await oncall.take(context.world, context.seen, context.user)
    if context.actor.channel is None:
        await replies.open_home(context.world, context.user)
    return done.cover_taken(taken.schedule, taken.person or context.user)


async def undo_cover(context: ActionContext) -> Card:
    """Undo"""
    undone = await oncall.undo(context.world, context.seen, context.user)
    if context.actor.channel is None:
        await replies.open_home(context.world, context.user)
    return done.cover_undone(undone.schedule)


BUTTONS: dict[str, Run] = {
    ids.TAKE_COVER: take_cover,
    ids.UNDO_COVER: undo_cover,
    ids.FEED: open_feed,
    ids.FEED_NEW: new_feed,
    ids.FEED_REVOKE: revoke_feed,
}
