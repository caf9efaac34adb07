"""`python -m bot sync`: the monitoring systems are asked at once, without the outbox of the running bot."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from bot import clock
from bot.cli.offline import leave_row, opened_store, world_without_chat
from bot.integrations import integrations_of, started
from bot.runtime.external import ExternalPerformer
from bot.settings import Settings, SettingsError
from warroom.alerts.attach_rules import POLLED
from warroom.alerts.model import AlertState
from warroom.errors import Retryable
from warroom.integration import Poll
from warroom.outbox.effects import ExternalEffect
from warroom.outbox.incoming import Incoming
from warroom.outbox.remote import take
from warroom.outbox.results import EffectResult
from warroom.policy import Policy
from warroom.ports import World

log = structlog.get_logger(__name__)

WAITS = (1.0, 2.0, 4.0)
"""Seconds to wait between tries; the running bot leaves that to the outbox."""


@dataclass
class Found:
    """What asking one system brought."""

    firing: int = 0
    """Alerts that fire there."""
    asked: int = 0
    """Further questions, about what fires here."""


async def sync_offline(settings: Settings, policy: Policy) -> dict[str, Found]:
    """What fires and what recovered, accepted for the running bot; by the title of the integration that was asked.

    Raises SettingsError where none can be asked, WarroomError, Rejected, Retryable, StoreUnavailable.
    """
    found: dict[str, Found] = {}
    async with started(integrations_of(settings, policy=policy), policy, clock.SystemClock()) as integrations:
        able = [(each, poll) for each in integrations for poll in each.polls(policy) if poll.brings_alerts]
        ready = [(each, poll) for each, poll in able if not each.missing()]
        if not ready:
            ways = " or ".join(f"{each.title}: {each.missing()}" for each, _ in able)
            raise SettingsError(f"python -m bot sync reads monitors from {ways}.")
        async with opened_store(settings) as store:
            world = world_without_chat(settings, store, policy)
            performer = ExternalPerformer(integrations, world)
            for each, poll in ready:
                found[each.title] = await _asked(world, performer, poll)
            firing = sum(each.firing for each in found.values())
            await leave_row(store, "sync", "", result=f"done: {firing} firing")
    return found


async def _asked(world: World, performer: ExternalPerformer, poll: Poll) -> Found:
    """Every question of the poll, and those that follow from the answers."""
    found = Found()
    waiting = list(await poll.effects(world))
    first = {effect.operation for effect in waiting}
    while waiting:
        effect = waiting.pop(0)
        answer = await _patiently(performer, effect)
        found.asked += effect.operation not in first
        found.firing += sum(alert.state is not AlertState.OK for alert in answer.alerts)
        waiting += answer.effects
        await take(world, answer.copy_with(effects=()), POLLED)
    return found


async def _patiently(performer: ExternalPerformer, effect: ExternalEffect) -> Incoming:
    for wait in WAITS:
        try:
            return _incoming(await performer.perform(effect))
        except Retryable as error:
            log.info("asking again soon", why=str(error))
            await clock.sleep(error.after if error.after is not None else wait)
    return _incoming(await performer.perform(effect))


def _incoming(answer: EffectResult | Incoming | None) -> Incoming:
    return answer if isinstance(answer, Incoming) else Incoming()
