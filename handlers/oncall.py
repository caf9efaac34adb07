"""Who would be called: the escalation chain of a team, with its names resolved to the people of this moment."""

from __future__ import annotations

from blocks.answers import Called, on_call
from blocks.kit import Card
from handlers import words
from handlers.ask import Ask
from warroom.errors import Refused
from warroom.responders import resolve


async def show(ask: Ask) -> Card:
    """oncall [TEAM]"""
    policy = ask.world.policy
    said = words.plain(words.unquote(ask.text))
    team = policy.team_named(said)
    if not policy.teams:
        raise Refused("There are no teams yet: they and their escalation chains are described in the policy file.")
    if said and team is None:
        raise Refused(f"There is no team “{said}”. Known teams: {', '.join(policy.teams)}.")
    called = []
    for name in (team,) if team else policy.teams:
        for level in policy.teams[name].escalation:
            people = await resolve(level.notify, ask.world.directory, policy)
            called.append(Called(team=name, after=level.after, only=level.only, people=people))
    return on_call(called)
