"""Incidents that exist: `/incident list`, open ones or those that fit; `show` and `find`."""

from __future__ import annotations

from datetime import datetime

from blocks import ids, lists
from blocks.kit import Card
from blocks.lists import ListQuery
from blocks.usage import ListUnclear, SearchEmpty
from handlers.actions import ActionContext, Run
from handlers.command_context import CommandContext, IncidentCommandContext
from handlers.dates import happened_at
from handlers.people import readable
from warroom.durations import parse_duration
from warroom.errors import Refused
from warroom.incident import lookup
from warroom.incident.lookup import Filter
from warroom.incident.view import incident_view
from warroom.policy import Policy
from warroom.text import as_typed

OPEN, CLOSED, ALL, MINE, SINCE = ("open",), ("closed", "resolved", "ended"), ("all",), ("mine", "me", "my"), "since"
NOISE = ("incidents", "incident", "and", ",")


async def show(context: CommandContext) -> Card:
    """list [open | closed | all] [mine] [SEV-1] [TEAM] [since 30d]"""
    return await page(context, as_typed(context.text), 0)


async def page(context: CommandContext, said: str, offset: int) -> Card:
    """One page of what fits. Raises Refused for words that are not understood."""
    world = context.world
    wanted = understood(said, context.now, world.policy)
    found = await lookup.listed(world, context.user, wanted)
    shown = [incident_view(each, world.policy) for each in found[offset : offset + lists.SHOWN]]
    query = ListQuery(said=" ".join(said.split()), offset=offset, open=wanted.open is True, mine=wanted.mine)
    return lists.incident_list(shown, context.now, query, len(found))


def understood(said: str, now: datetime, policy: Policy) -> Filter:
    """What the words ask for; any order, each narrows. Raises Refused, naming the first word that means nothing."""
    words = [word for word in said.replace(",", " ").split() if word.casefold() not in NOISE]
    wanted = Filter()
    while words:
        word, rest = words[0].casefold(), words[1:]
        if word == SINCE:
            since, taken = _since(rest, now, policy.workspace.timezone)
            wanted, words = wanted.copy_with(since=since), rest[taken:]
            if wanted.open is True:
                # "since 30d" asks what there was; what is open can be asked for by its word.
                wanted = wanted.copy_with(open=None)
            continue
        if word in (*OPEN, *CLOSED, *ALL):
            wanted = wanted.copy_with(open=None if word in ALL else word in OPEN)
        elif word in MINE:
            wanted = wanted.copy_with(mine=True)
        elif len(rest) and (key := policy.severity_named(f"{word} {rest[0]}")) and word.startswith("sev"):
            wanted, rest = wanted.copy_with(severity=key), rest[1:]
        elif team := policy.team_named(words[0]):
            wanted = wanted.copy_with(team=team)
        elif key := policy.severity_named(words[0]):
            wanted = wanted.copy_with(severity=key)
        else:
            raise Refused(ListUnclear(said=words[0], teams=tuple(policy.teams)))
        words = rest
    return wanted


def _since(words: list[str], now: datetime, timezone: str) -> tuple[datetime, int]:
    """(since when, how many of the words say so). Raises Refused."""
    for taken in (2, 1):
        said = " ".join(words[:taken])
        if len(words) < taken:
            continue
        try:
            return now - parse_duration(_short(said)), taken
        except ValueError:
            pass
        moment, rest = happened_at(said if ":" in said else f"{said} 00:00", now, timezone)
        if moment is not None and not rest.strip():
            return moment, taken
    raise Refused(ListUnclear(said=" ".join(["since", *words[:1]]), teams=()))


def _short(said: str) -> str:
    """ "30 days" as "30d", "2w" as "14d"."""
    number, unit = "".join(c for c in said if c.isdigit()), "".join(c for c in said if c.isalpha()).casefold()
    if not number or not unit or said.replace(" ", "").casefold() != f"{number}{unit}":
        return said
    if unit[0] == "w":
        return f"{int(number) * 7}d"
    return f"{number}{unit[0]}" if unit in ("d", "day", "days", "h", "hour", "hours", "m", "min", "minutes") else said


async def show_one(context: IncidentCommandContext) -> Card:
    """show [N]"""
    return lists.show(await lookup.view(context.world, context.incident), context.now)


async def search(context: CommandContext) -> Card:
    """find TEXT"""
    text = await readable(context.world, context.text)
    if not text:
        raise Refused(SearchEmpty())
    found = await lookup.matching(context.world, context.user, text)
    return lists.found(text, found, context.now)


async def list_more(context: ActionContext) -> Card:
    """Show more of a list: its next page."""
    offset, _, said_words = context.seen.partition(":")
    command = CommandContext(context.world, context.client, context.actor, said_words)
    return await page(command, said_words, int(offset) if offset.isdecimal() else 0)


BUTTONS: dict[str, Run] = {
    ids.LIST_MORE: list_more,
}
