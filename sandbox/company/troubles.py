"""Each kind of trouble: where it can begin, what causes it, how long it lasts given what was done, how it is undone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from sandbox.company.model import Act, Change, Records, Trouble, TroubleKind
from sandbox.company.noise import Floats
from sandbox.company.services import BY_NAME

FADES = 45.0
"""Seconds in which it fades after its cause was undone: pods are replaced one after the other."""
LEAK_FILLS = 40 * 60.0
"""Seconds in which a leak of strength 1 fills a pod's memory."""


@dataclass(frozen=True)
class Shape:
    """One kind."""

    kind: TroubleKind
    title: str
    about: str
    """For the page, in one sentence."""
    places: tuple[str, ...]
    changes: tuple[bool, ...]
    """Whether a change causes it; the first is usual."""
    cause: Callable[[Records, str, float], Change]
    ramp: Callable[[Trouble], float]
    """Seconds until it is there in full."""
    undo: Callable[[Records, Trouble], list[Act]]
    repair: str
    """What undoes it, in words."""


@dataclass(frozen=True)
class Span:
    """A time in which its cause is there. `until` is None while nobody has undone it."""

    since: float
    until: float | None


def _release(text: str) -> Callable[[Records, str, float], Change]:
    return lambda company, service, at: company.deploy(service, text, "ben", at=at)


def _no_release(kind: str, text: str) -> Callable[[Records, str, float], Change]:
    def cause(company: Records, service: str, at: float) -> Change:
        named = text.format(service=service)
        match kind:
            case "config":
                return company.change(service, "config", named, "ben", at=at)
            case "migration":
                return company.change(service, "migration", named, "ben", at=at)
            case _:
                return company.change(service, "monitor", named, "ben", at=at)

    return cause


def _undo_release(company: Records, trouble: Trouble) -> list[Act]:
    if trouble.change is None:
        return [company.restart(trouble.service)]
    bad, acts = bad_tags(company, trouble), []
    while company.tag(trouble.service) in bad:
        acts.append(company.rollback(trouble.service))
    return acts


def _undo_change(company: Records, trouble: Trouble) -> list[Act]:
    if trouble.change is None:
        return [company.restart(trouble.service)]
    return [company.revert(trouble.service, trouble.change)]


def _restart(company: Records, trouble: Trouble) -> list[Act]:
    return [company.restart(trouble.service)]


def _renew(company: Records, trouble: Trouble) -> list[Act]:
    return [company.renew(trouble.service)]


KINDS: dict[str, Shape] = {
    "memory_leak": Shape(
        "memory_leak", "Memory leak", "A release keeps what it should let go. Memory fills, the garbage collector works, pods are killed.",
        ("api", "checkout", "payments", "catalog", "orders", "cart", "web", "search", "inventory", "fraud"), (True,),
        _release("Cache request bodies for the retry queue"), lambda _: 60.0, _undo_release,
        "roll back the release; a restart helps until memory is full again",
    ),
    "slow_database": Shape(
        "slow_database", "Slow database", "Queries scan whole tables. Everything that waits for the database is slow.",
        ("db-main", "db-catalog"), (True, False),
        _no_release("migration", "Drop unused indexes of {service}"), lambda _: 60.0, _undo_change,
        "revert the migration; without one, restart the database, which ends the query that blocks it",
    ),
    "exhausted_pool": Shape(
        "exhausted_pool", "Exhausted pool", "Connections are not given back. Requests wait for one, and time out.",
        ("orders", "payments", "inventory", "catalog", "auth", "cart", "checkout", "fraud"), (True, False),
        _release("Open a transaction for each line item"), lambda trouble: 480.0 / trouble.strength, _undo_release,
        "roll back the release; a restart helps for a while; without a release a restart ends it; more replicas relieve it",
    ),
    "bad_configuration": Shape(
        "bad_configuration", "Bad configuration", "A setting is wrong. Most requests fail at once.",
        ("payments", "checkout", "search", "auth", "web", "inventory", "orders", "api"), (True,),
        _no_release("config", "Move the endpoints of {service} to the new region"), lambda _: 20.0, _undo_change,
        "revert the change",
    ),
    "dependency_down": Shape(
        "dependency_down", "A dependency is down", "Its process does not come up. Whoever calls it is refused.",
        ("cache", "fraud", "db-catalog", "inventory", "queue", "auth", "search", "payments", "db-main"), (False,),
        _release(""), lambda _: 0.0, _restart, "restart it",
    ),
    "noisy_neighbour": Shape(
        "noisy_neighbour", "Noisy neighbour", "A job takes the processor of its node. Whatever else runs there gets too little.",
        ("reports", "notifications"), (False,), _release(""), lambda _: 45.0, _restart,
        "restart the job, or scale it to 0; more replicas of the others relieve them",
    ),
    "expired_certificate": Shape(
        "expired_certificate", "Expired certificate", "Its certificate is no longer valid. Every caller refuses to talk to it.",
        ("payments", "auth", "catalog", "search", "inventory", "fraud", "checkout"), (False,), _release(""),
        lambda _: 0.0, _renew, "renew the certificate",
    ),
    "false_alarm": Shape(
        "false_alarm", "A monitor cries wolf", "A threshold is too low. It alerts, and nothing is wrong.",
        ("search", "cart", "catalog", "api", "web", "orders"), (True,),
        _no_release("monitor", "Alert earlier on the latency of {service}"), lambda _: 0.0, _undo_change,
        "revert the monitor's change",
    ),
}  # fmt: skip


def bad_tags(company: Records, trouble: Trouble) -> frozenset[str]:
    """The versions that contain it: the one that brought it, and those that were built on one of these."""
    guilty = next(each for each in company.changes if each.id == trouble.change)
    bad = {guilty.version}
    for change in company.changes:
        if change.service != trouble.service or change.kind != "deployment" or change.at <= guilty.at:
            continue
        if company.tag(trouble.service, change.at - 1e-3) in bad:
            bad.add(change.version)
    return frozenset(bad)


def spans(company: Records, trouble: Trouble) -> list[Span]:
    """When its cause was there, as far as what was done until now says."""
    acts = [each for each in company.acts if each.service == trouble.service and each.at >= trouble.at]
    if trouble.kind in ("memory_leak", "exhausted_pool") and trouble.change is not None:
        return _while_bad(company, trouble, acts)
    ends = [act.at for act in acts if _ends(trouble, act)]
    over = min(ends) if ends else None
    if trouble.kind == "noisy_neighbour":
        return _while_running(company, trouble, over)
    return [Span(trouble.at, over)]


def _ends(trouble: Trouble, act: Act) -> bool:
    if trouble.kind == "expired_certificate":
        return act.kind == "renew"
    if trouble.change is not None:
        return act.kind == "revert" and act.text == trouble.change
    return act.kind in ("restart", "set_image")


def ended_at(company: Records, trouble: Trouble) -> float | None:
    """When it ended for good, as far as what was done until now says; None while it goes on."""
    found = spans(company, trouble)
    return found[-1].until if found else trouble.at


def _while_bad(company: Records, trouble: Trouble, acts: list[Act]) -> list[Span]:
    bad = bad_tags(company, trouble)
    found: list[Span] = []
    since: float | None = trouble.at
    for act in acts:
        if act.kind != "set_image":
            continue
        if act.text in bad and since is None:
            since = act.at
        elif act.text not in bad and since is not None:
            found.append(Span(since, act.at))
            since = None
    return found if since is None else [*found, Span(since, None)]


def _while_running(company: Records, trouble: Trouble, over: float | None) -> list[Span]:
    """Interrupted while it is scaled to nothing."""
    found: list[Span] = []
    since: float | None = trouble.at
    for act in company.acts:
        if act.service != trouble.service or act.kind != "scale" or act.at < trouble.at:
            continue
        if over is not None and act.at >= over:
            break
        if act.number == 0 and since is not None:
            found.append(Span(since, act.at))
            since = None
        elif act.number > 0 and since is None:
            since = act.at
    return found if since is None else [*found, Span(since, over)]


def fresh_starts(company: Records, service: str, since: float, until: float) -> list[float]:
    """When all its pods were replaced within that time."""
    kinds = ("restart", "set_image", "set_memory_limit")
    return [
        each.at for each in company.acts if each.service == service and each.kind in kinds and since < each.at < until
    ]  # fmt: skip


def intensity(company: Records, trouble: Trouble, times: Floats) -> Floats:
    """How much of it there is at each time, 0 to 1. Where a restart clears it for a while it begins anew there."""
    ramp, found = KINDS[trouble.kind].ramp(trouble), np.zeros_like(times)
    for span in spans(company, trouble):
        until = np.inf if span.until is None else span.until
        begins = [span.since]
        if trouble.kind == "exhausted_pool":
            begins += fresh_starts(company, trouble.service, span.since, until)
        for begin, end in zip(begins, [*begins[1:], until], strict=True):
            here = (times >= begin) & (times < end)
            grown = np.ones_like(times) if ramp <= 0 else np.clip((times - begin) / ramp, 0.0, 1.0)
            found = np.where(here, grown, found)
        if span.until is not None and trouble.kind not in ("expired_certificate", "memory_leak"):
            last = 1.0 if ramp <= 0 else float(np.clip((until - begins[-1]) / ramp, 0.0, 1.0))
            found = np.maximum(found, np.where(times >= until, last * np.clip(1 - (times - until) / FADES, 0, 1), 0.0))
    return found


@dataclass(frozen=True)
class Filling:
    """A stretch in which a leak fills the pods' memory: `level` of the room for it at `since`, `rate` of it each second."""

    since: float
    until: float
    level: float
    rate: float

    def killed(self, until: float) -> list[float]:
        """When pods were killed for it, before `until`."""
        found, number = [], 1
        while self.rate > 0 and (at := self.since + (number - self.level) / self.rate) < min(self.until, until):
            found.append(at)
            number += 1
        return found


def fillings(company: Records, trouble: Trouble, until: float) -> list[Filling]:
    """How a leak fills memory until then."""
    service, found = BY_NAME[trouble.service], []
    for span in spans(company, trouble):
        end = until if span.until is None else min(span.until, until)
        fresh = set(fresh_starts(company, trouble.service, span.since, end))
        scaled = {
            each.at for each in company.acts
            if each.service == trouble.service and each.kind == "scale" and span.since < each.at < end
        }  # fmt: skip
        edges, level = [span.since, *sorted(fresh | scaled), end], 0.0
        for begin, stop in pairwise(edges):
            if begin in fresh:
                level = 0.0
            room = company.memory_limit(trouble.service, begin) - service.memory
            usual = service.memory_limit - service.memory
            spread = max(company.replicas(trouble.service, begin), 1) / service.replicas
            rate = trouble.strength / LEAK_FILLS * usual / max(room, usual * 0.05) / spread
            found.append(Filling(begin, stop, level, rate))
            level = (level + (stop - begin) * rate) % 1.0
    return found


def crashes(company: Records, trouble: Trouble, until: float) -> list[float]:
    """When a container that does not come up was started again, before `until`: soon at first, then every five minutes."""
    found: list[float] = []
    for span in spans(company, trouble):
        at, wait = span.since + 10, 10.0
        while at < min(until, np.inf if span.until is None else span.until):
            found.append(at)
            wait = min(wait * 2, 300.0)
            at += wait
    return found
