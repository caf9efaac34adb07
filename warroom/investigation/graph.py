"""Who calls whom: from the policy, else from what moves together. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Graph:
    """By service, what it calls. `known` is False when nobody said and it was inferred or nothing is known."""

    calls: Mapping[str, tuple[str, ...]]
    known: bool = True

    def below(self, service: str) -> dict[str, int]:
        """Everything that the service calls, directly or not, with the number of calls between; itself with 0. Cycles are fine."""
        found = {service: 0}
        waiting = deque([service])
        while waiting:
            here = waiting.popleft()
            for callee in self.calls.get(here, ()):
                if callee not in found:
                    found[callee] = found[here] + 1
                    waiting.append(callee)
        return found

    def above(self, service: str) -> dict[str, int]:
        """Everything that calls the service, directly or not, with the number of calls between; itself with 0."""
        return self.turned().below(service)

    def turned(self) -> Graph:
        """The same with every arrow turned round."""
        turned: dict[str, list[str]] = {}
        for caller in sorted(self.calls):
            for callee in self.calls[caller]:
                turned.setdefault(callee, []).append(caller)
        return Graph({callee: tuple(callers) for callee, callers in turned.items()}, self.known)

    def paths(self, service: str, others: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """By service that can be reached, a shortest way to it, both ends included."""
        before: dict[str, str] = {}
        found = {service}
        waiting = deque([service])
        while waiting:
            here = waiting.popleft()
            for callee in self.calls.get(here, ()):
                if callee not in found:
                    found.add(callee)
                    before[callee] = here
                    waiting.append(callee)
        ways = {}
        for other in others:
            if other in found:
                way = [other]
                while way[-1] != service:
                    way.append(before[way[-1]])
                ways[other] = tuple(reversed(way))
        return ways


def graph_of(depends_on: Mapping[str, tuple[str, ...]], service: str) -> Graph:
    """The policy's graph in a fixed order, without services that depend on themselves.

    It is known when anything is said of the service in question: what it calls, or who calls it.
    """
    calls = {
        caller: tuple(sorted({callee for callee in depends_on[caller] if callee != caller}))
        for caller in sorted(depends_on)
    }
    known = bool(calls.get(service)) or any(service in callees for callees in calls.values())
    return Graph(calls, known)
