"""The sources and the analysis of an investigation, as this process has them."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import Callable
from dataclasses import replace

import structlog

from bot import clock
from bot.integrations import started
from bot.runtime.side_by_side import side_by_side
from warroom.capabilities import LanguageModel, LogSource, MetricSource
from warroom.errors import Rejected, WarroomError
from warroom.investigation.looks import Found, Look, Request, Sources, looks
from warroom.investigation.model import Answer, Findings, NotLookedAt
from warroom.investigation.sources import FactSource
from warroom.investigation.usecases import Progress, collect, evident, quietly
from warroom.policy import Policy
from warroom.ports import Clock
from warroom.registry import Integrations
from warroom.stores import Store

log = structlog.get_logger(__name__)

Analysis = Callable[[Findings], Answer]
"""Pure, and takes processor time."""

NEEDS = "numpy"
"""What the extra brings."""


def sources_of(integrations: Integrations) -> Sources:
    """Everybody who can be asked and is set up."""
    usable = [each for each in integrations if not each.missing()]
    return Sources(
        metrics={each.name: each for each in usable if isinstance(each, MetricSource)},
        logs={each.name: each for each in usable if isinstance(each, LogSource)},
        facts={each.name: each for each in usable if isinstance(each, FactSource)},
        titles={each.name: each.title for each in integrations},
    )


def model_of(integrations: Integrations) -> LanguageModel | None:
    """The first language model that is set up; None where there is none."""
    usable = (each for each in integrations if not each.missing())
    return next((each for each in usable if isinstance(each, LanguageModel)), None)


def missing_extra() -> str:
    """What is not installed, as a sentence without its end; "" when nothing is missing."""
    return "" if importlib.util.find_spec(NEEDS) else f"an investigation needs {NEEDS}"


INSTALL = "Install the extra “investigate”, see docs/dependencies.md."


def built_in(findings: Findings) -> Answer:
    """The analysis, loaded when the first one is asked for. Raises Rejected where the extra is not installed."""
    if why := missing_extra():
        raise Rejected(why, code="no_extra", advice=INSTALL)
    from warroom.investigation.rules import investigate

    return investigate(findings)


async def source_problems(integrations: Integrations, policy: Policy, now_clock: Clock) -> list[str]:
    """Why the policy's signals and logs could not be looked at, as sentences: each is asked for its last few steps."""
    said = policy.investigate
    wanted = {each.source for each in said.signals.values()} | ({said.logs.source} if said.logs else set())
    titles = {each.name: each for each in integrations if each.name in wanted}
    found = [f"investigate: {each.title} is not used: {each.missing()}" for each in titles.values() if each.missing()]
    if said.used and (why := missing_extra()):
        found.insert(0, f"investigate: {why}. {INSTALL}")
    usable = Integrations(*(each for each in titles.values() if not each.missing()))
    try:
        async with started(usable, policy, now_clock):
            now = now_clock.now()
            short = policy.copy_with(
                services={}, investigate=said.copy_with(window=said.step * 5, baseline=said.step * 5)
            )
            request = Request("warroom-check", now, now)
            sources = replace(sources_of(usable), titles={each.name: each.title for each in integrations})
            missed = await side_by_side(looks(request, short, sources, None), _nobody)
    except WarroomError as error:
        return [*found, f"investigate: {error}"]
    not_used = {each.title for each in titles.values() if each.missing()}
    found += [
        f"investigate: {each.source}: {each.why}"
        for each in missed
        if isinstance(each, NotLookedAt) and not any(f"({title})" in each.source for title in not_used)
    ]
    return found


async def _nobody(_look: Look, _came: Found | NotLookedAt) -> None:
    """Nobody waits for progress."""


async def investigated(
    request: Request,
    policy: Policy,
    sources: Sources,
    store: Store | None,
    progress: Progress = quietly,
    analysis: Analysis = built_in,
) -> tuple[Answer, Findings]:
    """(what it says, what it was said from). Raises Rejected where the analysis cannot be run."""
    began = clock.steady()
    findings = await collect(request, policy, sources, store, side_by_side, progress)
    # Beside the event loop: it takes seconds where there are hundreds of services.
    try:
        answer = await asyncio.to_thread(analysis, findings)
    except WarroomError:
        raise
    except Exception as error:
        # Of any kind, a bug: the same findings would fail again, so whoever asked is told, and the log says more.
        log.exception("the analysis failed", service=request.service)
        raise Rejected(
            "the analysis failed", code="fault", advice="This is a fault in Warroom; its log says more."
        ) from error
    return evident(answer).copy_with(took_seconds=round(clock.steady() - began, 2)), findings
