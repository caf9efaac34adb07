"""How the services behave, day by day: load flows down the graph, slowness and failures flow up.

One day is computed at a time, every `SCRAPE` seconds of it, with arrays. A day needs of the one before only how far its
counters had come, so days are computed in their order and kept until something is recorded that changes them.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from sandbox.company.model import DAY, Records, Trouble
from sandbox.company.noise import Floats, counted, key, normal, smooth, uniform
from sandbox.company.services import BUSIEST, BY_NAME, SERVICES, Dependency, Service
from sandbox.company.troubles import crashes, fillings, fresh_starts, intensity

SCRAPE = 15.0
"""Seconds between two samples."""
STEPS = int(DAY / SCRAPE)
KEPT_DAYS = 5
"""Days whose samples are kept; of others only the counters at their end."""
REFUSED = 0.002
"""Seconds until a caller knows that nobody listens."""
POOL_TIMEOUT = 1.0
"""Seconds that a request waits at most for a free place in the pool."""
KILLED_FOR = 40.0
"""Seconds in which requests fail after pods were killed."""
COUNTERS = ("ok", "failed", "seconds", "cpu")


@dataclass
class ServiceDay:
    """One service through one day. Rates are per second, times seconds, `ok`, `failed`, `seconds`, `cpu` grow until a reset."""

    rate: Floats
    """Requests that reach it."""
    errors: Floats
    """Share of them that fails."""
    latency: Floats
    down: Floats
    """Share of it that does not run."""
    refused: Floats
    """Share of its callers that do not accept its certificate."""
    memory: Floats
    """Working set of the fullest pod, bytes."""
    memory_limit: Floats
    in_use: Floats
    """Places of one replica's pool that are taken, on average."""
    waiting: Floats
    """Requests of one replica that wait; of a queue the messages that nobody took yet."""
    replicas: Floats
    restarts: Floats
    """Containers that were restarted since the last rollout."""
    certificate: Floats
    """When its certificate expires, seconds since 1970."""
    ok: Floats = field(default_factory=lambda: np.zeros(0))
    failed: Floats = field(default_factory=lambda: np.zeros(0))
    seconds: Floats = field(default_factory=lambda: np.zeros(0))
    cpu: Floats = field(default_factory=lambda: np.zeros(0))
    scraped: Floats = field(default_factory=lambda: np.zeros(0))
    """1 where its own metrics could be read."""


@dataclass
class _Load:
    """What troubles, restarts and the hour do to one service, before its neighbours are looked at."""

    slower: Floats
    cpu: Floats
    own_errors: Floats
    pool_lost: Floats
    down: Floats
    refused: Floats
    """Share of the callers that do not accept its certificate."""
    memory: Floats
    """What it holds beyond the usual, as a share of the room below the limit."""
    starved: Floats
    """How many times slower for want of CPU."""
    cores: Floats
    """CPU time per second that it takes beside its requests."""


class Physics:
    """The values of one company, computed when they are asked for."""

    def __init__(self, company: Records) -> None:
        self.company = company
        self._days: OrderedDict[int, dict[str, ServiceDay]] = OrderedDict()
        self._ends: dict[int, dict[str, dict[str, float]]] = {}
        """By day, how far each service's counters came."""
        self._lock = threading.Lock()
        self._seen = 0
        """How many of the company's records these days know of."""

    def day(self, number: int) -> dict[str, ServiceDay]:
        """Every service through the day that is `number` days after 1970; before the company began there is none: KeyError."""
        with self._lock:
            self._forget_what_changed()
            first = int(self.company.begins // DAY)
            if number < first:
                raise KeyError(number)
            if number in self._days:
                self._days.move_to_end(number)
                return self._days[number]
            for earlier in range(first, number):
                if earlier not in self._ends:
                    self._compute(earlier)
            return self._compute(number)

    def _forget_what_changed(self) -> None:
        # A trouble may be recorded at noon about something that began at noon: the whole day is computed again.
        new = self.company.recorded[self._seen :]
        if not new:
            return
        self._seen += len(new)
        changed = min(new)
        for number in [each for each in self._ends if (each + 1) * DAY > changed]:
            del self._ends[number]
            self._days.pop(number, None)

    def _compute(self, number: int) -> dict[str, ServiceDay]:
        times = np.arange(STEPS, dtype=np.float64) * SCRAPE + number * DAY
        index = np.asarray(np.arange(STEPS) + number * STEPS, dtype=np.int64)
        before = self._ends.get(number - 1, {})
        made = _Day(self.company, times, index, before).services()
        self._days[number] = made
        self._ends[number] = {
            name: {each: float(getattr(day, each)[-1]) for each in (*COUNTERS, "waiting")} for name, day in made.items()
        }
        while len(self._days) > KEPT_DAYS:
            self._days.popitem(last=False)
        return made


class _Day:
    def __init__(
        self, company: Records, times: Floats, index: np.ndarray[tuple[int], np.dtype[np.int64]],
        before: dict[str, dict[str, float]],
    ) -> None:  # fmt: skip
        self.company, self.times, self.index, self.before = company, times, index, before
        self.season = season(times)
        self.active = [each for each in company.troubles if each.at <= times[-1]]
        self.strength = {each.id: intensity(company, each, times) for each in self.active}
        self.replicas = {each.name: self._replicas(each) for each in SERVICES}
        self.load = {each.name: self._load(each) for each in SERVICES}

    def key(self, *words: object) -> int:
        return key(self.company.seed, *words)

    def services(self) -> dict[str, ServiceDay]:
        """The day. Who fails early calls nobody, so what is called and what fails are found in two rounds."""
        own_errors = {name: load.own_errors for name, load in self.load.items()}
        rates = self._rates(own_errors)
        answers = self._answers(rates)
        early = {name: 1 - (1 - own_errors[name]) * (1 - answers[name].refused) for name in own_errors}
        rates = self._rates(early)
        answers = self._answers(rates)
        return {each.name: self._service_day(each, rates[each.name], answers[each.name]) for each in SERVICES}

    # Load, from the callers down.

    def _rates(self, early: dict[str, Floats]) -> dict[str, Floats]:
        rates = {each.name: self._from_outside(each) for each in SERVICES}
        for each in SERVICES:
            load = self.load[each.name]
            served = rates[each.name] * (1 - load.down) * (1 - load.refused)
            rates[each.name] = rates[each.name] * (1 - load.refused)
            for to in each.depends_on:
                if not to.consumed:
                    rates[to.on] = rates[to.on] + served * (1 - early[each.name]) * to.calls
        # Whoever takes messages from the queue has as much to do as somebody puts there.
        rates["notifications"] = rates["notifications"] + rates["queue"] * (1 - self.load["notifications"].down)
        return rates

    def _from_outside(self, service: Service) -> Floats:
        if not service.load:
            return np.zeros_like(self.times)
        noise = (
            1 + 0.05 * smooth(self.key("load", service.name), self.times, 1800)
            + 0.03 * smooth(self.key("load5", service.name), self.times, 300)
        )  # fmt: skip
        wanted = service.load * self.company.level * noise
        if service.seasonal:
            wanted = wanted * self.season
        else:
            wanted = service.load * noise * np.where(self.times % 3600 < 300, 2.5, 1.0)
        return np.maximum(wanted, 0.0)

    # What is wrong with each service by itself.

    def _replicas(self, service: Service) -> Floats:
        found = np.full_like(self.times, float(self.company.replicas(service.name, float(self.times[0]))))
        for act in self.company.acts:
            if act.kind == "scale" and act.service == service.name and act.at <= self.times[-1]:
                found = np.where(self.times >= act.at, act.number, found)
        return found

    def _load(self, service: Service) -> _Load:
        zero = np.zeros_like(self.times)
        one = zero + 1
        load = _Load(one, one, zero, zero, np.where(self.replicas[service.name] < 1, 1.0, 0.0), zero, zero, one, zero)
        if service.kind == "database":
            backup = (self.times % DAY >= 2 * 3600) & (self.times % DAY < 2 * 3600 + 1200)
            load.slower, load.cpu = np.where(backup, 1.5, 1.0), np.where(backup, 1.6, 1.0)
        for trouble in self.active:
            self._trouble(service, trouble, self.strength[trouble.id], load)
        # New pods answer their first requests slowly.
        for at in fresh_starts(self.company, service.name, float(self.times[0]) - 120, float(self.times[-1])):
            warm = np.where(self.times >= at, np.exp(-np.clip(self.times - at, 0, 600) / 25.0), 0.0)
            load.slower = load.slower * (1 + 0.5 * warm)
        return load

    def _trouble(self, service: Service, trouble: Trouble, there: Floats, load: _Load) -> None:
        strength = trouble.strength
        if trouble.kind == "noisy_neighbour":
            source = BY_NAME[trouble.service]
            if service.name == source.name:
                load.cores = load.cores + 3 * strength * there
                load.slower = load.slower * (1 + 0.6 * strength * there)
                load.memory = load.memory + 0.1 * there
            elif service.node == source.node:
                usual = service.replicas / np.maximum(self.replicas[service.name], 1)
                load.starved = load.starved * (1 + 5 * strength * there * usual)
            return
        if trouble.service != service.name:
            return
        match trouble.kind:
            case "memory_leak":
                self._leak(trouble, load)
            case "slow_database":
                load.slower = load.slower * (1 + 40 * strength * there)
                load.cpu = load.cpu * (1 + 1.6 * strength * there)
            case "exhausted_pool":
                usual = service.replicas / np.maximum(self.replicas[service.name], 1)
                load.pool_lost = np.minimum(load.pool_lost + 1.02 * there * usual, 1.0)
            case "bad_configuration":
                load.own_errors = 1 - (1 - load.own_errors) * (1 - np.minimum(0.45 * strength, 0.95) * there)
            case "dependency_down":
                load.down = np.maximum(load.down, there)
            case "expired_certificate":
                load.refused = np.maximum(load.refused, there)
            case "false_alarm":
                pass

    def _leak(self, trouble: Trouble, load: _Load) -> None:
        for stretch in fillings(self.company, trouble, float(self.times[-1]) + SCRAPE):
            here = (self.times >= stretch.since) & (self.times < stretch.until)
            level = np.where(here, (stretch.level + (self.times - stretch.since) * stretch.rate) % 1.0, 0.0)
            load.memory = load.memory + level
            pressure = np.clip((level - 0.7) / 0.3, 0.0, 1.0) ** 2
            load.slower = load.slower * (1 + 4 * pressure)
            load.cpu = load.cpu * (1 + 1.5 * pressure)
            for at in stretch.killed(float(self.times[-1]) + SCRAPE):
                dead = (self.times >= at) & (self.times < at + KILLED_FOR)
                load.own_errors = np.maximum(load.own_errors, np.where(dead, 0.5, 0.0))

    # Answers, from the called up.

    def _answers(self, rates: dict[str, Floats]) -> dict[str, _Answer]:
        answers: dict[str, _Answer] = {}
        for service in reversed(SERVICES):
            answers[service.name] = self._answer(service, rates[service.name], answers)
        return answers

    def _answer(self, service: Service, rate: Floats, answers: dict[str, _Answer]) -> _Answer:
        load = self.load[service.name]
        replicas = np.maximum(self.replicas[service.name], 1)
        busy = np.clip(rate * service.cpu_seconds * load.cpu / replicas, 0.0, 0.9)
        own = service.own_seconds * load.slower * load.starved * (1 + 0.4 * busy / (1 - busy))
        own = own * (1 + 0.03 * smooth(self.key("slow", service.name), self.times, 420))
        waited, fine = np.zeros_like(self.times), np.ones_like(self.times)
        for to in service.depends_on:
            seconds, failed = self._call(to, answers[to.on])
            if not to.consumed:
                waited = waited + to.calls * seconds
            if not to.optional:
                fine = fine * (1 - min(to.calls, 1.0) * failed)
        inner = own + waited
        wanted = rate * inner / replicas
        # However many are lost, now and then one comes back: at most half of the requests find none.
        places = np.maximum(service.pool * (1 - load.pool_lost), np.maximum(wanted * 0.45, 1e-6))
        full = wanted / places
        waits = np.minimum(inner * 0.5 * full**6 / np.maximum(1 - full, 0.06), POOL_TIMEOUT)
        refused = np.clip(1 - 1 / np.maximum(full, 1.0), 0.0, 1.0)
        return _Answer(
            latency=inner + waits,
            errors=1 - (1 - load.own_errors) * fine * (1 - refused),
            refused=refused,
            in_use=np.minimum(wanted * (1 - refused) + service.pool * load.pool_lost, service.pool),
            waiting=rate / replicas * waits,
            reachable=(1 - load.down) * (1 - load.refused),
        )

    def _call(self, to: Dependency, answer: _Answer) -> tuple[Floats, Floats]:
        """(seconds that the caller waits, share of the calls that fail)."""
        late = np.exp(-to.timeout / np.maximum(answer.latency, 1e-6))
        waited = np.minimum(answer.latency, to.timeout)
        gone = 1 - answer.reachable
        return waited * (1 - gone) + REFUSED * gone, 1 - (1 - answer.errors) * (1 - late) * answer.reachable

    # What is measured of it.

    def _service_day(self, service: Service, rate: Floats, answer: _Answer) -> ServiceDay:
        name, load, replicas = service.name, self.load[service.name], self.replicas[service.name]
        requests = counted(self.key("requests", name), self.index, rate * SCRAPE)
        usual = 0.0004 * (1 + 0.5 * smooth(self.key("usual", name), self.times, 900))
        errors = np.clip(1 - (1 - answer.errors) * (1 - np.maximum(usual, 0)), 0, 1)
        failed = np.minimum(counted(self.key("failed", name), self.index, requests * errors), requests)
        spread = 0.6 / np.sqrt(np.maximum(requests, 1.0))
        latency = answer.latency * np.exp(spread * normal(self.key("latency", name), self.index) - spread**2 / 2)
        # Once in about two hours one sample is far off, and nobody ever finds out why.
        odd = uniform(self.key("odd", name), self.index) < 1 / 480
        latency = np.where(odd, latency * (1.5 + 3 * uniform(self.key("odder", name), self.index)), latency)
        cores = (rate * service.cpu_seconds * load.cpu + load.cores + 0.02 * np.maximum(replicas, 0)) * (
            1 + 0.05 * normal(self.key("cpu", name), self.index)
        )
        down = load.down
        day = ServiceDay(
            rate=rate, errors=errors, latency=latency, down=down, refused=load.refused,
            memory=self._memory(service, rate, load) * (down < 1),
            memory_limit=self._limit(service),
            in_use=np.clip(
                answer.in_use + np.sqrt(answer.in_use + 0.05) * 0.5 * normal(self.key("pool", name), self.index)
                / np.sqrt(np.maximum(replicas, 1)), 0, service.pool,
            ) * (down < 1),
            waiting=np.maximum(answer.waiting, 0),
            replicas=replicas * (down < 1),
            restarts=self._restarts(service),
            certificate=self._certificate(service),
        )  # fmt: skip
        if service.kind == "queue":
            day.waiting = self._backlog(name, rate)
        resets = self._resets(service)
        day.ok = self._total(name, "ok", (requests - failed) * (1 - down), resets)
        day.failed = self._total(name, "failed", failed * (1 - down), resets)
        day.seconds = self._total(name, "seconds", requests * latency * (1 - down), resets)
        day.cpu = self._total(name, "cpu", np.maximum(cores, 0.001) * SCRAPE * (1 - down), resets)
        day.scraped = self._scraped(name) * (down < 1)
        return day

    def _memory(self, service: Service, rate: Floats, load: _Load) -> Floats:
        at_rest = service.memory * (0.92 + 0.08 * rate / BUSIEST[service.name])
        saw = (self.times + key(service.name) % 997) % 440 / 440
        noise = 0.01 * smooth(self.key("memory", service.name), self.times, 1200)
        held = at_rest * (1 + 0.05 * saw + noise)
        limit = self._limit(service)
        return np.minimum(held + np.maximum(limit - service.memory, 0) * load.memory, limit)

    def _limit(self, service: Service) -> Floats:
        found = np.full_like(self.times, self.company.memory_limit(service.name, float(self.times[0])))
        for act in self.company.acts:
            if act.kind == "set_memory_limit" and act.service == service.name and act.at <= self.times[-1]:
                found = np.where(self.times >= act.at, act.number, found)
        return found

    def _killed(self, service: Service) -> list[float]:
        until = float(self.times[-1]) + SCRAPE
        leaks = [each for each in self.active if each.kind == "memory_leak" and each.service == service.name]
        return sorted(at for leak in leaks for stretch in fillings(self.company, leak, until)
                      for at in stretch.killed(until))  # fmt: skip

    def _restarts(self, service: Service) -> Floats:
        """Of the pods that run now: a rollout begins at 0."""
        begun = float(key(self.company.seed, "restarts", service.name) % 3)
        until = float(self.times[-1]) + SCRAPE
        rollouts = fresh_starts(self.company, service.name, self.company.begins, until)
        moments = self._killed(service)
        for trouble in self.active:
            if trouble.kind == "dependency_down" and trouble.service == service.name:
                moments += crashes(self.company, trouble, until)
        found = np.full_like(self.times, begun)
        edges = [-np.inf, *rollouts, np.inf]
        for begin, end in pairwise(edges):
            here = (self.times >= begin) & (self.times < end)
            happened = np.array(sorted(each for each in moments if begin <= each < end))
            base = begun if begin == -np.inf else 0.0
            found = np.where(here, base + np.searchsorted(happened, self.times, side="right"), found)
        return found

    def _certificate(self, service: Service) -> Floats:
        """Normally it is renewed long before; where it expires, nobody did."""
        found = (
            self.company.begins + DAY * (40 + key(self.company.seed, "certificate", service.name) % 40) + 0 * self.times
        )
        for trouble in self.company.troubles:
            if trouble.kind == "expired_certificate" and trouble.service == service.name:
                found = np.minimum(found, trouble.at)
        for act in self.company.acts:
            if act.kind == "renew" and act.service == service.name:
                found = np.where(self.times >= act.at, act.at + 90 * DAY, found)
        return found

    def _resets(self, service: Service) -> list[float]:
        """When its counters begin at 0."""
        until = float(self.times[-1]) + SCRAPE
        fresh = fresh_starts(self.company, service.name, float(self.times[0]) - SCRAPE, until)
        down = self.load[service.name].down > 0
        back = self.times[1:][down[:-1] & ~down[1:]]
        return sorted([*fresh, *self._killed(service), *(float(each) for each in back)])

    def _total(self, name: str, counter: str, more: Floats, resets: list[float]) -> Floats:
        """What a counter shows: what was added until then, since the last reset."""
        total = self.before.get(name, {}).get(counter, 0.0) + np.cumsum(more)
        for at in resets:
            first = int(np.searchsorted(self.times, at))
            if first < len(total):
                lost = total[first] - more[first]
                total[first:] = total[first:] - lost
        return total

    def _backlog(self, name: str, rate: Floats) -> Floats:
        """Messages that wait: what came and was not taken."""
        consumer = BY_NAME["notifications"]
        load = self.load["notifications"]
        able = (
            np.maximum(self.replicas[consumer.name], 0) * consumer.pool / (consumer.own_seconds * load.slower * load.starved)
            * np.maximum(1 - load.pool_lost, 0.02) * (1 - load.down) * (1 - load.own_errors)
        )  # fmt: skip
        gone = self.load[name].down
        excess = (rate * (1 - gone) - able) * SCRAPE
        held = np.cumsum(excess) + self.before.get(name, {}).get("waiting", 0.0)
        left = held - np.minimum(np.minimum.accumulate(held), 0.0)
        return np.asarray(np.rint(left + counted(self.key("backlog", name), self.index, rate * 0.2)))

    def _scraped(self, name: str) -> Floats:
        """A scrape in four hundred fails, and about twice a day a few minutes are missing."""
        missed = uniform(self.key("scrape", name), self.index) < 1 / 400
        hours = self.index // 240
        gap = uniform(self.key("gap", name), hours) < 1 / 12
        begin = np.floor(uniform(self.key("gap begins", name), hours) * 220)
        length = 4 + np.floor(uniform(self.key("gap lasts", name), hours) * 12)
        place = self.index % 240
        return np.where(missed | (gap & (place >= begin) & (place < begin + length)), 0.0, 1.0)


@dataclass
class _Answer:
    latency: Floats
    errors: Floats
    refused: Floats
    """Share of the requests that found no place in the pool."""
    in_use: Floats
    waiting: Floats
    reachable: Floats


def season(times: Floats) -> Floats:
    """The customers' day: little at night, most at noon and in the evening, less on weekends. At most about 1."""
    hour = times % DAY / 3600
    day = 0.25 + 0.45 * np.exp(-(((hour - 12.5) / 4.0) ** 2)) + 0.6 * np.exp(-(((hour - 19.0) / 2.6) ** 2))
    weekend = (times // DAY + 4) % 7 % 6 == 0
    return np.asarray(np.where(weekend, 0.8, 1.0) * day)
