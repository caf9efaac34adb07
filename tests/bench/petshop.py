"""Reads a directory of recorded incidents of a microservice benchmark (see docs/investigation-measured.md for its layout)."""

from __future__ import annotations

import csv
import json
import sys
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml

from warroom.investigation.model import Bad, Findings, ObservedSeries

STEP = timedelta(minutes=5)
BAD: dict[str, Bad] = {"latency": "up", "requests": "both", "availability": "down"}
Columns = dict[tuple[str, str], dict[int, float]]
"""By service and signal: values by Unix time."""


@dataclass(frozen=True)
class Case:
    """One incident: what can be seen of it, and the service that truly caused it."""

    name: str
    findings: Findings
    cause: str


def columns(path: Path) -> Columns:
    """The samples of one file. Empty cells are absent."""
    with path.open(newline="") as file:
        rows = list(csv.reader(file))
    services, metrics, statistics = rows[0], rows[1], rows[2]
    read: Columns = {}
    for index in range(1, len(services)):
        name = metrics[index] if metrics[index] != "latency" else f"latency_{statistics[index].lower()}"
        read[services[index], name] = {
            int(float(row[0])): float(row[index])
            for row in rows[3:]
            if row and row[0][:1].isdigit() and index < len(row) and row[index] not in ("", "nan")
        }
    return read


def graph(path: Path) -> dict[str, tuple[str, ...]]:
    """By service, what it calls."""
    with path.open(newline="") as file:
        head, *rows = list(csv.reader(file))
    return {row[0]: tuple(head[i] for i in range(1, len(row)) if row[i] and float(row[i]) > 0) for row in rows}


def findings(
    normal: Columns,
    seen: Columns,
    edges: dict[str, tuple[str, ...]],
    service: str,
    at: datetime | None = None,
    baseline: timedelta = timedelta(days=1),
    window: timedelta = timedelta(minutes=30),
) -> Findings:
    """What would be collected: the normal days, shifted so that they end where the incident begins, then the incident."""
    began = min(moment for column in seen.values() for moment in column)
    ended = max(moment for column in seen.values() for moment in column)
    shift = began - int(STEP.total_seconds()) - max(moment for column in normal.values() for moment in column)
    at = at or datetime.fromtimestamp(began, UTC)
    since = (at - window - baseline).timestamp()
    joined: dict[tuple[str, str], dict[int, float]] = defaultdict(dict)
    for key, column in normal.items():
        joined[key] |= {moment + shift: value for moment, value in column.items() if moment + shift >= since}
    for key, column in seen.items():
        joined[key] |= column
    return Findings(
        service=service,
        at=at,
        until=datetime.fromtimestamp(ended, UTC),
        window=window,
        baseline=baseline,
        step=STEP,
        depends_on=edges,
        series=tuple(
            ObservedSeries(
                service=key[0],
                signal=key[1],
                bad=BAD[key[1].partition("_")[0]],
                points=tuple((datetime.fromtimestamp(moment, UTC), column[moment]) for moment in sorted(column)),
            )
            for key, column in sorted(joined.items())
            if column
        ),
    )


def cases(folder: Path, late: timedelta = timedelta(0), baseline: timedelta = timedelta(days=1)) -> list[Case]:
    """Every incident below the directory, in the order of their names. `late`: how much later than told it was noticed."""
    found = []
    for level in sorted(path.parent for path in folder.rglob("normal.csv")):
        normal, edges = columns(level / "normal.csv"), graph(level / "graph.csv")
        for target in sorted(level.rglob("target.json")):
            told = json.loads(target.read_text())
            seen = columns(target.parent / "metrics.csv")
            at = datetime.fromtimestamp(told["target"]["timestamp"], UTC) + late
            made = findings(normal, seen, edges, told["target"]["node"], at, baseline)
            found.append(Case(f"{level.name}/{target.parent.name}", made, told["root_cause"]["node"]))
    return found


def healthy(folder: Path, service: str, each: int = 12) -> list[Case]:
    """Windows of five samples cut from the second normal day, with what lay before as their past."""
    found = []
    for level in sorted(path.parent for path in folder.rglob("normal.csv")):
        normal, edges = columns(level / "normal.csv"), graph(level / "graph.csv")
        moments = sorted({moment for column in normal.values() for moment in column})
        for place in range(len(moments) // 2 + 10, len(moments) - 5, each):
            first, last = moments[place], moments[place + 4]
            past = {key: {m: v for m, v in column.items() if m < first} for key, column in normal.items()}
            seen = {key: {m: v for m, v in column.items() if first <= m <= last} for key, column in normal.items()}
            made = findings(past, seen, edges, service, datetime.fromtimestamp(moments[place + 1], UTC))
            found.append(Case(f"{level.name}/normal {place}", made, ""))
    return found


def export(incident: Path, to: Path) -> Findings:
    """Write one incident for a real Prometheus: the samples as OpenMetrics, and the part of the policy that is needed."""
    normal, edges = columns(incident.parent / "normal.csv"), graph(incident.parent / "graph.csv")
    told = json.loads((incident / "target.json").read_text())["target"]
    at = datetime.fromtimestamp(told["timestamp"], UTC)
    found = findings(normal, columns(incident / "metrics.csv"), edges, told["node"], at, timedelta(days=2))
    to.mkdir(parents=True, exist_ok=True)
    signals = sorted({each.signal for each in found.series})
    with (to / "metrics.om").open("w") as file:
        for signal in signals:
            file.write(f"# TYPE petshop_{signal} gauge\n")
            for each in found.series:
                if each.signal == signal:
                    label = each.service.replace("\\", "\\\\").replace('"', '\\"')
                    file.writelines(
                        f'petshop_{signal}{{service="{label}"}} {value!r} {moment.timestamp():.0f}\n'
                        for moment, value in each.points
                    )
        file.write("# EOF\n")
    names = sorted({each.service for each in found.series} | set(edges))
    policy = {
        "services": {name: {"depends_on": list(edges.get(name, ()))} for name in names},
        "investigate": {
            "window": "30m",
            "baseline": "1d",
            "step": "5m",
            "signals": {
                signal: {
                    "source": "prometheus",
                    "query": f"petshop_{signal}",
                    "label": "service",
                    "bad": BAD[signal.partition("_")[0]],
                }
                for signal in signals
            },
        },
    }
    (to / "warroom.yml").write_text(yaml.safe_dump(policy, sort_keys=False, width=1000))
    return found


if __name__ == "__main__":
    asked = export(Path(sys.argv[1]), Path(sys.argv[2]))
    print(f"--service {asked.service!r} --at {asked.at:%Y-%m-%dT%H:%M:%SZ}")  # noqa: T201
