"""`python -m bot investigate`: why something is broken, for people or as JSON."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from enum import IntEnum
from typing import Annotated, Any

import typer
from rich.progress import Progress as Bar
from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

from blocks.investigation import plain_answer
from bot.cli.terminal import do, err, fail, number_in, policy_of, printable, say, settings_or_exit
from bot.clock import SystemClock
from bot.integrations import integrations_of, started
from bot.settings import Settings
from warroom.errors import StoreUnavailable
from warroom.incident.lookup import by_number_or_room
from warroom.investigation.looks import Request
from warroom.investigation.model import Answer, Cause, Evidence, NotLookedAt
from warroom.investigation.usecases import Progress, request_for, until_when
from warroom.policy import Policy
from warroom.stores import Store


class ExitStatus(IntEnum):
    """What the program ends with."""

    CAUSE = 0
    ERROR = 1
    """Nothing could be said: the incident is not there, an extra is missing."""
    MISUSED = 2
    """The call, a setting or the policy is wrong."""
    INCONCLUSIVE = 3


def investigate(
    number: Annotated[str | None, typer.Argument(metavar="[N]", help="The incident: 12, #12 or INC-12.")] = None,
    service: Annotated[
        str | None, typer.Option(help="A service instead of an incident, or another one than its own.")
    ] = None,
    at: Annotated[
        str | None, typer.Option(help="When it was noticed, as in 2026-11-21T03:00:00Z; now without it.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, as docs/investigation.md says.")] = False,
) -> None:
    """Find out why it is broken. Only reads. Exit status: 0 a cause, 3 inconclusive, 1 and 2 errors."""
    service = (service or "").strip()
    if number is None and not service:
        fail("Say what: an incident's number, or --service NAME with --at TIME.", ExitStatus.MISUSED)
    settings = settings_or_exit()
    policy = policy_of(settings)
    wanted = None if number is None else number_in(number)
    noticed = None if at is None else _time(at)
    answer = do(investigate_offline(settings, policy, wanted, service, noticed, progress=not as_json))
    say(json.dumps(answer_object(answer), indent=2) if as_json else plain_answer(answer))
    raise typer.Exit(ExitStatus.CAUSE if answer.verdict == "cause" else ExitStatus.INCONCLUSIVE)


EARLIEST, LATEST = datetime(1971, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
"""Between these every baseline and window can be reckoned with."""


def _time(said: str) -> datetime:
    try:
        found = (
            datetime.fromtimestamp(float(said), UTC)
            if said.replace(".", "", 1).isdigit()
            else datetime.fromisoformat(said)
        )
        found = found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        found = None
    if found is None or not EARLIEST <= found <= LATEST:
        fail(f"{said} is not a time. Write it as in 2026-11-21T03:00:00Z.", ExitStatus.MISUSED)
    return found


async def investigate_offline(
    settings: Settings, policy: Policy, number: int | None, service: str, at: datetime | None, *, progress: bool
) -> Answer:
    """What the investigation says. Without a number it works without a database too. Raises NotFound, Rejected, SettingsError,
    StoreUnavailable.
    """
    from bot.cli.offline import world_without_chat
    from bot.runtime.investigation import investigated, sources_of

    clock = SystemClock()
    async with contextlib.AsyncExitStack() as stack:
        store, missed = await _record(stack, settings, needed=number is not None)
        integrations = integrations_of(settings, policy=policy)
        await stack.enter_async_context(started(integrations, policy, clock))
        now = clock.now()
        noticed = min(at or now, now)
        request = Request(service, noticed, until_when(noticed, now, policy.investigate.window))
        if number is not None and store is not None:
            world = world_without_chat(settings, store, policy, clock)
            incident = await by_number_or_room(world, number, None)
            asked = await request_for(incident, store, policy, now, service)
            request = asked if at is None else Request(asked.service, noticed, request.until, incident)
        with _shown(progress) as told:
            answer, _ = await investigated(request, policy, sources_of(integrations), store, told)
        return answer.copy_with(not_looked_at=(*answer.not_looked_at, *missed))


async def _record(
    stack: contextlib.AsyncExitStack, settings: Settings, *, needed: bool
) -> tuple[Store | None, list[NotLookedAt]]:
    """(our own record, why it is not looked at). Raises StoreUnavailable where it is needed."""
    from bot.cli.offline import opened_store

    try:
        return await stack.enter_async_context(opened_store(settings)), []
    except StoreUnavailable as error:
        if needed:
            raise
        return None, [NotLookedAt(source="our own record", why=str(error))]


@contextlib.contextmanager
def _shown(wanted: bool) -> Iterator[Progress]:
    """Progress on standard error, where that is a terminal."""
    with Bar(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=err,
        transient=True,
        disable=not wanted,
    ) as bar:
        task = bar.add_task("Looking …")

        async def told(looked: Sequence[str], waiting: Sequence[str], failed: Sequence[NotLookedAt]) -> None:
            left = f", waiting for {', '.join(waiting[:4])}" if waiting else ", analysing"
            without = f", {len(failed)} without an answer" if failed else ""
            bar.update(task, description=printable(f"{len(looked)} looked at{without}{left}"))

        yield told


def answer_object(answer: Answer) -> dict[str, Any]:
    """The answer as `--json` writes it; docs/investigation.md lists its keys."""
    return {
        "service": answer.service,
        "at": _moment(answer.at),
        "verdict": answer.verdict,
        "causes": [_cause(each) for each in answer.causes],
        "ruled_out": [{"service": each.service, "why": each.why} for each in answer.ruled_out],
        "not_looked_at": [{"source": each.source, "why": each.why} for each in answer.not_looked_at],
        "similar": [each.model_dump(mode="json") for each in answer.similar],
        "next_steps": list(answer.next_steps),
        "took_seconds": answer.took_seconds,
    }


def _cause(cause: Cause) -> dict[str, Any]:
    return {
        "service": cause.service,
        "signal": cause.signal,
        "score": cause.score,
        "confidence": cause.confidence,
        "onset": _moment(cause.onset),
        "change": cause.change.model_dump(mode="json") if cause.change else None,
        "evidence": [_evidence(each) for each in cause.evidence],
        "against": [_evidence(each) for each in cause.against],
    }


def _evidence(evidence: Evidence) -> dict[str, Any]:
    return {
        "kind": evidence.kind,
        "text": evidence.text,
        "query": evidence.query,
        "from": _moment(evidence.since),
        "to": _moment(evidence.until),
        "url": evidence.url,
    }


def _moment(at: datetime | None) -> str | None:
    """ISO 8601 in UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None
