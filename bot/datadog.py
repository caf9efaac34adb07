"""Datadog in the process: opened where its keys are set, its effects led to it, its monitors read now and then."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from typing import Any

import structlog

from bot import clock
from bot.runtime.dispatcher import Perform
from bot.settings import Settings
from integrations.datadog.client import Datadog
from integrations.datadog.performer import PERFORMERS, DatadogPerformer
from warroom.errors import Rejected, Retryable, StoreUnavailable
from warroom.outbox.changes import Claim
from warroom.outbox.effects import Effect
from warroom.outbox.results import EffectResult, MonitorRead, MonitorsRead
from warroom.policy import Policy
from warroom.policy.datadog import Mirroring
from warroom.ports import World
from warroom.usecases import mirroring, monitors

log = structlog.get_logger(__name__)

NO_KEYS = "Datadog's keys are not set"
ADVICE = "Set DD_API_KEY and DD_APP_KEY, or remove what asks for them."

FOLLOW_EVERY = 60.0
"""Seconds between looks at Datadog's incidents."""
WAITS = (1.0, 2.0, 4.0)
"""Seconds the command line waits between tries; the running bot leaves that to the outbox."""


def open_datadog(settings: Settings, policy: Policy) -> Datadog | None:
    """The client; None without both keys. Must be called in a running event loop. Raises NoLibrary."""
    if settings.dd_api_key is None or settings.dd_app_key is None:
        if settings.dd_api_key or settings.dd_app_key or policy.datadog.incidents is not Mirroring.OFF:
            log.warning("Datadog is not used: it needs both DD_API_KEY and DD_APP_KEY")
        return None
    return Datadog(
        settings.dd_api_key.get_secret_value(),
        settings.dd_app_key.get_secret_value(),
        site=settings.dd_site,
        url=settings.dd_api_url,
    )


async def problems(settings: Settings, policy: Policy) -> list[str]:
    """Why Datadog would not work, as sentences; none where it is not used. Raises NoLibrary."""
    datadog = open_datadog(settings, policy)
    if datadog is None:
        return []
    asked: list[tuple[str, str, dict[str, Any]]] = [("Reading monitors", "list_monitors", {"page": 0, "page_size": 1})]
    if policy.datadog.incidents is not Mirroring.OFF:
        asked.append(("Reading incidents", "search_incidents", {"query": "state:(active)", "page_size": 1}))
        asked.append(("Reading people", "list_users", {"page_size": 1}))
    found = []
    try:
        for what, operation, how in asked:
            try:
                await datadog.call(what, operation, **how)
            except (Rejected, Retryable) as error:
                found.append(f"{error}. {error.advice if isinstance(error, Rejected) else ''}".strip())
    finally:
        await datadog.close()
    return list(dict.fromkeys(found))


def leading(chat: Perform, datadog: DatadogPerformer | None) -> Perform:
    """Every effect to whom it is for."""

    async def perform(claim: Claim, effect: Effect) -> EffectResult | None:
        if effect.kind not in PERFORMERS:
            return await chat(claim, effect)
        if datadog is None and effect.kind == "mirror_incident":
            return None  # the policy asks for it, the keys do not allow it: said once at the start
        if datadog is None:
            raise Rejected(NO_KEYS, code="no_keys", advice=ADVICE)
        return await datadog.perform(effect, outcome_unknown=claim.outcome_unknown)

    return perform


async def read_all(world: World, datadog: DatadogPerformer) -> tuple[int, int]:
    """Every page and every monitor that fires here, at once. Returns (groups firing, monitors asked about).

    Raises Rejected, StoreUnavailable, or Retryable when waiting did not help.
    """
    waiting: list[Effect] = [monitors.first_page()]
    firing = asked = 0
    while waiting:
        effect = waiting.pop(0)
        result = await _patiently(datadog, effect)
        assert isinstance(result, MonitorsRead | MonitorRead)
        if isinstance(result, MonitorsRead):
            firing += len(monitors.firing_in(world, result))
        else:
            asked += 1
        waiting += await monitors.take(world, result)
    return firing, asked


async def _patiently(datadog: DatadogPerformer, effect: Effect) -> EffectResult | None:
    for wait in WAITS:
        try:
            return await datadog.perform(effect)
        except Retryable as error:
            log.info("asking again soon", why=str(error))
            await clock.sleep(error.after if error.after is not None else wait)
    return await datadog.perform(effect)


async def keep_reading(world: World, every: timedelta) -> None:
    """Ask for the monitors now and every so often, for ever."""
    while True:
        with contextlib.suppress(StoreUnavailable):
            await monitors.ask_monitors(world)
        await clock.sleep(every.total_seconds())


async def keep_following(world: World) -> None:
    """Look for what changed in Datadog's incidents every so often, for ever."""
    while True:
        with contextlib.suppress(StoreUnavailable):
            await mirroring.ask_incidents(world)
        await clock.sleep(FOLLOW_EVERY)
