"""The company's services in the browser: small charts, what is wrong, and what can be done about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from sandbox.company.metrics import SIGNALS
from sandbox.company.noise import Floats
from sandbox.company.promql_values import by_service
from sandbox.company.running import RunningCompany
from sandbox.company.services import NAMES
from sandbox.company.troubles import KINDS
from sandbox.model import SlackUser
from sandbox.systems import Button, Chart, Row, Table

SHOWN = 45 * 60.0
"""Seconds that a chart shows."""
COLUMNS = {
    "requests": ("Requests", "{:.0f}/s"), "errors": ("Errors", "{:.1%}"), "latency": ("Latency", "{:.0f} ms"),
    "memory": ("Memory", "{:.0%}"), "saturation": ("Pool", "{:.0%}"),
}  # fmt: skip
BAD = {"errors": 0.05, "memory": 0.9, "saturation": 0.9}
"""From where on a value is shown as bad."""
PLACES = 3
"""Services at which a trouble can be started with a button."""
WEEK = 7 * 86400.0
REFRESHED = 5.0
"""Seconds of the company's clock for which drawn charts are good."""


@dataclass
class CompanyPage:
    """Services, troubles, and buttons for both."""

    running: RunningCompany
    name: str = "company"
    title: str = "Services"
    note: str = (
        "What the company runs, under load. Start trouble, and watch where it shows; it ends when its cause is undone."
    )
    _drawn: tuple[object, tuple[Table, ...]] = field(default=(None, ()))

    def tables(self) -> Sequence[Table]:
        """What is wrong, the services, what can go wrong."""
        company = self.running.company
        state = (
            company.now() // REFRESHED, len(company.acts), len(company.troubles), len(company.changes),
            len(self.running.sent),
        )  # fmt: skip
        if self._drawn[0] != state:
            self._drawn = (state, (self._troubles(), self._services(), self._kinds()))
        return self._drawn[1]

    def _troubles(self) -> Table:
        going = self.running.company.going_on()
        rows = tuple(
            Row(
                each.id, (f"{KINDS[each.kind].title} at {each.service}", KINDS[each.kind].repair),
                (Button("Undo the cause", "end"),),
            )
            for each in going
        )  # fmt: skip
        return Table("What is wrong", ("Trouble", "What repairs it"), rows, "Nothing is wrong.")

    def _services(self) -> Table:
        company = self.running.company
        now = company.now()
        read = {signal: by_service(company, SIGNALS[signal], now - SHOWN, now) for signal in COLUMNS}
        rows = []
        nothing = np.zeros(0)
        for name in NAMES:
            workload = company.workload(name)
            state = workload.waiting or ("" if workload.ready else "scaled to 0")
            cells, charts = [name], [None]
            for signal, (title, form) in COLUMNS.items():
                times, values = read[signal].get(name, (nothing, nothing))
                cell, chart = _drawn(title, form, signal, times, values, now)
                cells.append(cell)
                charts.append(chart)  # type: ignore[arg-type]
            pods = f"{workload.replicas} × {workload.image.rpartition(':')[2]}"
            restarts = f", restarted {workload.restarts} ×" if workload.restarts else ""
            lines = tuple(text for text in (f"{pods}{restarts}", state) if text)
            offers = [Button("Restart", "restart"), Button("Roll back", "rollback"), Button("More pods", "more")]
            if company.revertible(name):
                offers.append(Button("Revert", "revert"))
            if company.certificate_ends(name) < now + WEEK:
                offers.append(Button("Renew certificate", "renew"))
            rows.append(Row(name, tuple(cells), tuple(offers), lines, tuple(charts)))
        return Table("Services", ("Service", *(title for title, _ in COLUMNS.values())), tuple(rows), "There are none.")

    def _kinds(self) -> Table:
        rows = tuple(
            Row(
                kind, (shape.title, shape.about), tuple(Button(f"At {place}", place) for place in shape.places[:PLACES])
            )
            for kind, shape in KINDS.items()
        )  # fmt: skip
        return Table("Start trouble", ("Trouble", "What happens"), rows, "")

    async def act(self, who: SlackUser, do: str, thing: str) -> None:
        """Start trouble at a place, undo its cause, or do something to a service. Raises ValueError."""
        running = self.running
        if thing in KINDS:
            await running.start_trouble(thing, do)
        elif do == "end":
            await running.end_trouble(thing)
        elif do == "more":
            await running.act("scale", thing, replicas=running.company.replicas(thing) + 2)
        else:
            await running.act(do, thing)


def _drawn(title: str, form: str, signal: str, times: Floats, values: Floats, now: float) -> tuple[str, Chart | None]:
    """(the newest value in words, the chart)."""
    if not len(times):
        return "—", None
    newest = float(values[-1])
    said = form.format(newest * 1000 if signal == "latency" else newest) if now - times[-1] < 300 else "—"
    usual = float(np.median(values[: max(len(values) // 3, 1)]))
    bad = newest > BAD[signal] if signal in BAD else signal == "latency" and newest > 3 * usual
    top = max(float(values.max()) * 1.1, BAD.get(signal, 0.0) if signal != "errors" else 0.1, 1e-9)
    across = 100 * (times - (now - SHOWN)) / SHOWN
    up = 23 - 22 * values / top
    breaks = np.flatnonzero(np.diff(times) > 150) + 1
    paths = tuple(
        "M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in zip(xs.tolist(), ys.tolist(), strict=True))
        for xs, ys in zip(np.split(across, breaks), np.split(up, breaks), strict=True)
    )
    return said, Chart(paths, f"{title}: {said}", bad)
