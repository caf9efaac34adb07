"""Who would be called: the escalation policy of a team, with its names resolved to the people of this moment."""

from __future__ import annotations

from blocks.answers import Called, on_call
from blocks.kit import Card
from blocks.usage import NoTeams
from handlers import slack_text
from handlers.command_context import CommandContext
from warroom.errors import Refused
from warroom.people.resolution import resolve
from warroom.refusals import UnknownTeam
from warroom.text import as_typed


async def show(context: CommandContext) -> Card:
    """oncall [TEAM]"""
    policy = context.world.policy
    said = as_typed(slack_text.unquote(context.text))
    team = policy.team_named(said)
    if not policy.teams:
        raise Refused(NoTeams())
    if said and team is None:
        raise Refused(UnknownTeam(said=said, known=tuple(policy.teams)))
    called = []
    for name in (team,) if team else policy.teams:
        for level in policy.teams[name].escalation:
            people = await resolve(level.notify, context.world.directory, policy, only_exact=True)
            called.append(Called(team=name, after=level.after, only=level.only, people=people))
    return on_call(called)
