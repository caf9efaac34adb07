"""Runs every measurement, or those named: `python -m tests.bench rooms names`."""

from __future__ import annotations

import asyncio
import sys

from tests.bench import (
    afterwards,
    alerts,
    clicks,
    crowd,
    functions,
    growth,
    investigation,
    names,
    process,
    replay,
    rooms,
    schedules,
    stores,
    timers,
    volume,
)
from tests.bench.report import show

MEASURES = {
    "rooms": rooms.measure,
    "clicks": clicks.measure,
    "crowd": crowd.measure,
    "alerts": alerts.measure,
    "postgresql": alerts.measure_postgresql,
    "stores": stores.measure,
    "volume": volume.measure,
    "timers": timers.measure,
    "functions": functions.measure,
    "names": names.measure,
    "schedules": schedules.measure,
    "replay": replay.measure,
    "process": process.measure,
    "growth": growth.measure,
    "afterwards": afterwards.measure,
    "investigation": investigation.measure,
}


def main() -> None:
    """Print the table; nothing is asserted."""
    wanted = sys.argv[1:] or list(MEASURES)
    unknown = [name for name in wanted if name not in MEASURES]
    if unknown:
        sys.exit(f"There is no measurement {', '.join(unknown)}; there are {', '.join(MEASURES)}.")
    figures = []
    for name in wanted:
        figures += asyncio.run(MEASURES[name]())
    show(figures)


main()
