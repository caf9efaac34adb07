"""`python -m bot oncall …`: who is on call, and what it costs them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from blocks.oncall import simulation_lines
from blocks.oncall_report import on_call_chart, report_rows
from bot.cli.terminal import TextTable, do, fail, out, policy_at, policy_of, save_chart, say, settings_or_exit
from bot.clock import SystemClock
from bot.settings import Settings
from warroom.durations import parse_duration
from warroom.incident.declare import ids
from warroom.oncall import feeds
from warroom.oncall import usecases as oncall
from warroom.oncall.directory import OnCallDirectory
from warroom.oncall.load import ALL_INCIDENTS, OnCallLoad, load_report
from warroom.oncall.model import FeedLink
from warroom.oncall.names import called
from warroom.oncall.public_holidays import holidays_of
from warroom.oncall.read_once import KnownOverrides, ReadOnce
from warroom.oncall.replay import MovedClock, ReplayedIncident
from warroom.oncall.rules import HORIZONS
from warroom.oncall.simulation import Simulation
from warroom.oncall.simulation import simulate as run_simulation
from warroom.oncall.usecases import ScheduleOverview
from warroom.outbox.changes import AlertDecision, ReceivedAlert
from warroom.people.model import Directory, Person, Resolution
from warroom.people.resolution import resolve
from warroom.policy import Policy
from warroom.stores import Store

PAGE = 1000
"""Alerts that are read at a time."""

oncall_cli = typer.Typer(no_args_is_help=True, help="Who is on call, and what it costs them.")

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]


@oncall_cli.command()
def show(
    schedules: Annotated[list[str] | None, typer.Argument(metavar="SCHEDULE…", help="Without any, all.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show who is on call now, until when, and who is next."""
    settings = settings_or_exit()
    found = do(_overview(settings, policy_of(settings), schedules or []))
    if as_json:
        for each in found:
            say(json.dumps(_as_json(each)))
        return
    now = SystemClock().now()
    table = TextTable("schedule", "now", "until (UTC)", "next", "from (UTC)")
    for each in found:
        following = each.next_shift
        table.add_row(
            each.name,
            _names(each.now) or "nobody",
            _time(each.shift.end) if each.shift.end - now < HORIZONS[-1] - timedelta(days=1) else "-",
            _names(each.next) or "-",
            _time(following.start) if following else "-",
        )
    out.print(table if table.row_count else "The policy has no schedules.")
    if any(lost for each in found for who in (each.now, each.next) for lost in (*who.unknown, *who.ambiguous)):
        say(
            "?: nobody was found by this name, or several people. Names are looked for where the running bot has read them."
        )


@oncall_cli.command()
def report(
    since: Annotated[str, typer.Option(help="How long back: 30d, 12h.")] = "30d",
    ahead: Annotated[str | None, typer.Option(help="Instead, the time to come: 90d.")] = None,
    as_json: AsJson = False,
    chart: Annotated[Path | None, typer.Option("--chart", help="Draw the chart into this PNG file too.")] = None,
) -> None:
    """Show everybody's hours on call, nights, weekends, holidays, pages and times to acknowledge."""
    settings = settings_or_exit()
    policy = policy_of(settings)
    now, back, forth = SystemClock().now(), _duration(since), _duration(ahead) if ahead else None
    start, end = (now, now + forth) if forth else (now - back, now)
    loads = do(_report(settings, policy, start, end))
    if chart is not None:
        save_chart(chart, lambda: on_call_chart(loads, start, end, policy.workspace.timezone))
    if as_json:
        for load in loads:
            say(load.model_dump_json())
        return
    columns = ("hours", "nights", "weekends", "holidays", "share", "pages", "at night", "acknowledged", "after")
    table = TextTable("person", *columns)
    for row in report_rows(loads):
        table.add_row(*row)
    out.print(table if table.row_count else "Nobody was on call, and nobody was paged.")


@oncall_cli.command()
def links(as_json: AsJson = False) -> None:
    """Show whose calendars read shifts, oldest link first. Their keys are nowhere stored."""
    found = do(_links(settings_or_exit()))
    if as_json:
        for link, _ in found:
            say(link.model_dump_json(exclude={"digest"}))
        return
    table = TextTable("person", "id", "shifts of", "since (UTC)")
    for link, person in found:
        closed = " (account closed)" if person and person.deleted else ""
        table.add_row(
            f"{called(person) if person else '?'}{closed}",
            link.person,
            link.schedule if link.schedule is not None else "their own",
            _time(link.made_at),
        )
    out.print(table if table.row_count else "There are no calendar links.")


@oncall_cli.command()
def revoke(
    person: Annotated[str, typer.Argument(help="Whose calendar links end: an email, @handle or id.")],
) -> None:
    """End every calendar link of a person."""
    settings = settings_or_exit()
    ended = do(_revoke(settings, policy_of(settings), person))
    if ended is None:
        fail(
            f"It is not clear who {person} is. `python -m bot oncall links` shows everybody with a link, with their id."
        )
    say(f"{ended} {'link' if ended == 1 else 'links'} ended.")


@oncall_cli.command()
def simulate(
    policy: Annotated[Path | None, typer.Option(help="The policy file to try; without one, the one in use.")] = None,
    since: Annotated[str, typer.Option(help="How long back: 90d, 12h.")] = "90d",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Show which rooms would have opened and who would have been paged and woken. Nothing is sent, nothing is written."""
    settings = settings_or_exit()
    tried = policy_at(policy) if policy else policy_of(settings)
    found, names = do(_simulated(settings, tried, _duration(since)))
    if as_json:
        say(found.model_dump_json())
        return
    for line in simulation_lines(found, names, tried.workspace.timezone):
        say(line)


async def _simulated(settings: Settings, policy: Policy, back: timedelta) -> tuple[Simulation, dict[str, str]]:
    from bot.cli.offline import opened_store, world_without_chat

    async with opened_store(settings) as store:
        until = SystemClock().now()
        clock = MovedClock(until - back)
        world = world_without_chat(settings, store, policy, clock)
        past = [
            ReplayedIncident(incident, await store.timeline(incident.id))
            for incident in await store.incidents(limit=ALL_INCIDENTS)
            if incident.declared_at >= clock.at
        ]
        known_overrides = await store.overrides(clock.at, until + HORIZONS[-1])
        calendars = [each for name in policy.schedules if (each := await store.calendar(name))]
        known = KnownOverrides(known_overrides, calendars)
        directory = OnCallDirectory(ReadOnce(world.directory), known, policy, clock)
        found = await run_simulation(policy, directory, clock, world.rooms, stored_alerts(store, clock.at), past, until)
        found = found.copy_with(not_found=await _not_found(policy, world.directory))
        people = {page.person for page in (*found.pages, *found.pages_added, *found.pages_gone)}
        named = await store.people_by_id(sorted(people))
        return found, {each.id: each.display_name or each.real_name or each.name or each.id for each in named}


async def _not_found(policy: Policy, directory: Directory) -> tuple[str, ...]:
    """Names that lead to nobody, or to several people, as the policy writes them."""
    scheduled = [each for schedule in policy.schedules.values() for group in schedule.groups for each in group]
    paged = [each for team in policy.teams.values() for level in team.escalation for each in level.notify]
    # What has a prefix is another list of people: a schedule of the policy, or one of another system.
    names = tuple(dict.fromkeys(each for each in (*scheduled, *paged) if ":" not in each))
    people = await resolve(names, directory, policy, only_exact=True)
    return (*(each.said for each in people.unknown), *(each.said for each in people.ambiguous))


async def stored_alerts(store: Store, since: datetime) -> AsyncIterator[tuple[ReceivedAlert, AlertDecision | None]]:
    seq = 0
    while page := await store.alerts_after(seq, since, PAGE):
        for received, decision in page:
            yield received, decision
        seq = page[-1][0].seq


async def _overview(settings: Settings, policy: Policy, names: list[str]) -> list[ScheduleOverview]:
    from bot.cli.offline import opened_store, world_without_chat

    async with opened_store(settings) as store:
        world = world_without_chat(settings, store, policy)
        wanted = [oncall.schedule_named(world, name) for name in names] or list(policy.schedules)
        return await oncall.overview(world, wanted)


async def _report(settings: Settings, policy: Policy, start: datetime, end: datetime) -> list[OnCallLoad]:
    from bot.cli.offline import opened_store, world_without_chat

    async with opened_store(settings) as store:
        return await load_report(world_without_chat(settings, store, policy), start, end, holidays_of)


async def _links(settings: Settings) -> list[tuple[FeedLink, Person | None]]:
    from bot.cli.offline import opened_store

    async with opened_store(settings) as store:
        links = await store.feed_links()
        known = {each.id: each for each in await store.people_by_id(sorted({link.person for link in links}))}
        return [(link, known.get(link.person)) for link in links]


async def _revoke(settings: Settings, policy: Policy, said: str) -> int | None:
    """How many links were ended; None where it is not clear who is meant."""
    from bot.cli.offline import leave_row, opened_store, world_without_chat

    async with opened_store(settings) as store:
        world = world_without_chat(settings, store, policy)
        owners = {link.person for link in await store.feed_links()}
        # By id also whoever left: nobody finds them by name any more.
        found = {said} & owners or set(ids(await resolve((said,), world.directory, policy, only_exact=True)))
        if len(found) != 1:
            return None
        (person,) = found
        ended = await feeds.revoke(world, person, everything=True)
        await leave_row(store, "oncall revoke", person, result=f"{ended} ended")
        return ended


def _as_json(each: ScheduleOverview) -> dict[str, Any]:
    following = each.next_shift
    return {
        "schedule": each.name,
        "now": [match.person.id for match in each.now.found],
        "unknown": [unknown.said for unknown in each.now.unknown],
        "until": each.shift.end.isoformat(),
        "next": [match.person.id for match in each.next.found],
        "from": following.start.isoformat() if following else None,
        "overrides": [json.loads(override.model_dump_json()) for override in each.overrides],
    }


def _names(people: Resolution) -> str:
    found = [match.person.display_name or match.person.real_name or match.person.id for match in people.found]
    lost = [each.said for each in people.unknown] + [each.said for each in people.ambiguous]
    return ", ".join([*found, *(f"{name}?" for name in lost)])


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"


def _duration(said: str) -> timedelta:
    try:
        return parse_duration(said)
    except ValueError as error:
        fail(f"{error}.", 2)
