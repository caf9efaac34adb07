"""The company: its records, how it behaves, and what can be done to it."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.company import cluster_view
from sandbox.company.model import HISTORY, Act, Event, Records, Trouble, Workload, known
from sandbox.company.physics import Physics
from sandbox.company.troubles import KINDS, ended_at


class Company(Records):
    """The company from `now()` on, and `history` seconds before it, from a midnight on.

    Whatever can be seen of it (metrics, logs, events) is a pure function of the seed, a time and its records, so a day of
    normal operation costs nothing until somebody asks for it.
    """

    def __init__(self, seed: int, now: Callable[[], float], *, level: float = 1.0, history: float = HISTORY) -> None:
        super().__init__(seed, now, level=level, history=history)
        self.physics = Physics(self)

    def workload(self, service: str) -> Workload:
        """The service as the cluster runs it now."""
        return cluster_view.workload(self, self.physics, known(service), self.now())

    def workloads(self) -> list[Workload]:
        """Every service as the cluster runs it now."""
        return [self.workload(each.name) for each in self.services]

    def events(self, since: float, until: float) -> list[Event]:
        """What the cluster noticed in [since, until], oldest first: OOM kills, containers that do not start, failed probes."""
        return cluster_view.events(self, since, until)

    def certificate_ends(self, service: str) -> float:
        """When its certificate expires, seconds since 1970."""
        return cluster_view.certificate_ends(self.physics, known(service), self.now())

    def unhealthy(self, service: str) -> str:
        """Why its health check fails now; "" where it does not."""
        return cluster_view.unhealthy(self.physics, known(service), self.now())

    def start_trouble(
        self, kind: str, service: str | None = None, *, at: float | None = None, strength: float = 1.0,
        by_change: bool | None = None,
    ) -> Trouble:  # fmt: skip
        """Something goes wrong. Without `service` it is a usual place for it; `by_change` says whether a change causes it.

        ValueError for a place or a cause that this kind of trouble does not have.
        """
        if kind not in KINDS:
            raise ValueError(f"{kind} is no trouble; there are {', '.join(KINDS)}")
        shape = KINDS[kind]
        place = shape.places[0] if service is None else known(service).name
        if place not in shape.places:
            raise ValueError(f"{shape.title} cannot begin at {place}; take one of {', '.join(shape.places)}")
        caused = shape.changes[0] if by_change is None else by_change
        if caused not in shape.changes:
            raise ValueError(f"{shape.title} {'is not' if caused else 'is always'} caused by a change")
        if strength <= 0:
            raise ValueError(f"{strength} is no strength; 1 is usual")
        moment = self.now() if at is None else at
        change = shape.cause(self, place, moment) if caused else None
        trouble = Trouble(self.new_id("trouble"), shape.kind, place, moment, strength, change.id if change else None)
        self.troubles.append(trouble)
        self.added(trouble)
        return trouble

    def end_trouble(self, trouble: str) -> list[Act]:
        """Undo what caused it, as an attentive engineer would. ValueError for one that does not exist or has ended."""
        found = self.trouble(trouble)
        shape = KINDS[found.kind]
        if (over := ended_at(self, found)) is not None and over <= self.now():
            raise ValueError(f"{shape.title} at {found.service} has ended already")
        return shape.undo(self, found)

    def going_on(self, at: float | None = None) -> list[Trouble]:
        """What is wrong at that time, oldest first."""
        moment = self.now() if at is None else at
        return [
            each for each in self.troubles
            if each.at <= moment and ((over := ended_at(self, each)) is None or over > moment)
        ]  # fmt: skip
