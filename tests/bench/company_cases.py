"""Made-up incidents of the sandbox's company as an investigation would collect them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from sandbox.company import reading
from sandbox.company.made_incidents import MadeIncident, incidents
from sandbox.company.services import NAMES, graph
from warroom.capabilities import LogLine
from warroom.changes.model import Change
from warroom.investigation.model import Bad, Fact, FactKind, Findings, ObservedLogs, ObservedSeries

BAD: dict[str, Bad] = {"requests": "both"}
WINDOW = 1800.0
BASELINE = 86400.0
EVENTS: dict[str, FactKind] = {"OOMKilled": "out_of_memory", "BackOff": "restart", "Unhealthy": "health"}


def findings(made: MadeIncident) -> Findings:
    """What the sources would say of it: metrics, error lines, changes, the cluster's events and the alerts."""
    since = made.at - WINDOW - BASELINE
    company = made.company
    return Findings(
        service=made.noticed,
        at=_time(made.at),
        until=_time(made.until),
        depends_on=graph(),
        series=tuple(
            ObservedSeries(
                service=line.service,
                signal=line.signal,
                bad=BAD.get(line.signal, "up"),
                points=tuple(zip(map(_time, line.times.tolist()), line.values.tolist(), strict=True)),
                query=line.query,
            )
            for line in reading.series(company, since, made.until)
        ),
        logs=tuple(
            ObservedLogs(
                service=name,
                lines=tuple(
                    LogLine(at=_time(each.at), text=each.text)
                    for each in reading.logs(company, name, made.at - 4 * WINDOW, made.until)
                ),
            )
            for name in NAMES
        ),
        changes=tuple(
            Change(
                id=each.id,
                at=_time(each.at),
                service=each.service,
                kind=each.kind,
                text=each.text,
                version=each.version,
            )
            for each in reading.changes(company, since, made.until)
        ),
        facts=tuple(
            Fact(service=each.service, kind=EVENTS.get(each.reason, "event"), at=_time(each.at), text=each.text)
            for each in company.events(made.at - WINDOW * 1.5, made.until)
        )
        + tuple(Fact(service=each.service, kind="alert", at=_time(each.at), text=each.title) for each in made.alerts),
    )


def cases(seed: int, count: int, **more: object) -> Iterator[tuple[MadeIncident, Findings]]:
    """So many incidents of every kind, and healthy windows; see `incidents` for what may be asked for besides."""
    for made in incidents(seed, count, **more):  # type: ignore[arg-type]
        yield made, findings(made)


def _time(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC) + timedelta(0)
