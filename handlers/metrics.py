"""`/incident metrics`: figures at once, the chart a moment later in a direct message."""

from __future__ import annotations

import re
from datetime import timedelta

from blocks import charts
from blocks.kit import Card
from blocks.metrics import metrics_card
from blocks.review import review_card
from blocks.usage import SpanUnclear
from handlers import parse_command
from handlers.command_context import CommandContext
from warroom.durations import parse_duration
from warroom.errors import Refused
from warroom.metrics.review import WEEK, review_of
from warroom.metrics.usecases import LONGEST_SPAN, USUAL_SPAN, report_for
from warroom.outbox.changes import Changeset
from warroom.outbox.effects import SendChart
from warroom.text import as_typed

_LONG_UNITS = {"w": 7, "y": 365}
_LONG = re.compile(r"(\d{1,4})([wy])", re.IGNORECASE)


async def show(context: CommandContext) -> Card:
    """metrics [30d] [TEAM]"""
    span, team = _understood(context)
    since = context.now - span
    # Nobody but the person who asks sees the answer, so it counts what this person may see.
    found = await report_for(
        context.world.store, context.world.policy, context.user, since=since, until=context.now, team=team
    )
    drawn = charts.available() and found.declared > 0
    if drawn:
        effect = SendChart(
            key=f"{context.actor.key}:chart", user=context.user, since=since, until=context.now, team=team, priority=1
        )
        await context.world.commit(Changeset(now=context.now, effects=(effect,)))
    return metrics_card(found, chart=drawn)


async def review(context: CommandContext) -> Card:
    """review"""
    world, now = context.world, context.now
    return review_card(await review_of(world.store, world.policy, since=now - WEEK, until=now, user=context.user))


def _understood(context: CommandContext) -> tuple[timedelta, str | None]:
    """(the span, the team's key or None). Raises Refused."""
    policy = context.world.policy
    span, words = USUAL_SPAN, []
    for word in as_typed(parse_command.unquote(context.text)).split():
        found = _span(word)
        if found is None:
            words.append(word)
        else:
            span = found
    said = " ".join(words)
    team = policy.team_named(said) if said else None
    if said and team is None:
        raise Refused(SpanUnclear(said=said, known=tuple(policy.teams)))
    return span, team


def _span(word: str) -> timedelta | None:
    """The span that the word means, None when it is no span."""
    if long := _LONG.fullmatch(word):
        span = timedelta(days=int(long[1]) * _LONG_UNITS[long[2].casefold()])
    else:
        try:
            span = parse_duration(word)
        except ValueError:
            return None
    return span if timedelta(0) < span <= LONGEST_SPAN else None
