"""What runs in the company, what was changed, what is wrong, and what was done about it. Times are seconds since 1970."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import count
from typing import Literal

from sandbox.company.services import BY_NAME, SERVICES, Service

TroubleKind = Literal[
    "memory_leak", "slow_database", "exhausted_pool", "bad_configuration", "dependency_down", "noisy_neighbour",
    "expired_certificate", "false_alarm",
]  # fmt: skip
ActKind = Literal["restart", "scale", "set_image", "set_memory_limit", "revert", "renew"]
ChangeKind = Literal["deployment", "config", "migration", "monitor"]

FIRST_RELEASE = 40
"""Every service has been released this often when the company begins, as version 1.4.40 for example."""
DAY = 86400.0
HISTORY = 3 * DAY
"""The company has metrics and logs from so long before its start."""


@dataclass(frozen=True)
class Change:
    """Something that was changed in what runs."""

    id: str
    at: float
    service: str
    kind: ChangeKind
    text: str
    author: str
    version: str = ""
    url: str = ""
    environment: str = "prod"


@dataclass(frozen=True)
class Act:
    """Something that was done to a service: by a person, by a runbook, by Kubernetes."""

    at: float
    kind: ActKind
    service: str
    number: float = 0.0
    """Of `scale` the replicas, of `set_memory_limit` bytes."""
    text: str = ""
    """Of `set_image` the tag, of `revert` the change's id."""


@dataclass(frozen=True)
class Trouble:
    """Something that is wrong from a time on. When it ends follows from what is done (`sandbox.company.troubles`)."""

    id: str
    kind: TroubleKind
    service: str
    """The service in which it has its cause: what an investigation should name. For a false alarm the one that is blamed."""
    at: float
    strength: float = 1.0
    change: str | None = None
    """The id of the change that caused it."""


@dataclass(frozen=True)
class Workload:
    """A service as the cluster runs it now."""

    service: str
    image: str
    """With its tag."""
    replicas: int
    memory_limit: float
    """Bytes of one replica."""
    memory: float
    """Working set of the fullest replica, bytes; 0 when it does not run."""
    restarts: int
    """How often its containers were restarted since the last rollout."""
    rolled_out_at: float
    """When its pods were last replaced: a new image, a restart."""
    ready: bool
    """Its pods run and answer their readiness probe."""
    waiting: str = ""
    """Why they do not run, in Kubernetes' word, such as CrashLoopBackOff."""


@dataclass(frozen=True)
class Event:
    """Something that the cluster noticed, in Kubernetes' words."""

    at: float
    service: str
    reason: str
    """Such as OOMKilled, BackOff, Unhealthy."""
    text: str
    warning: bool = True


Record = Act | Change | Trouble


class Records:
    """What is known of the company. Its past never changes: whatever is done is done now.

    `now` says the time; the sandbox's clock in general. Services are named as in `sandbox.company.services`.
    Every method that names a service raises ValueError for one that does not exist.
    """

    def __init__(self, seed: int, now: Callable[[], float], *, level: float = 1.0, history: float = HISTORY) -> None:
        self.seed, self.now, self.level = seed, now, level
        """`level`: the load against that of a usual day."""
        self.start = now()
        self.begins = (self.start - history) // DAY * DAY
        """The first moment of which there is anything to see."""
        self.services: tuple[Service, ...] = SERVICES
        self.changes: list[Change] = []
        self.acts: list[Act] = []
        self.troubles: list[Trouble] = []
        self.listeners: list[Callable[[Record], None]] = []
        """Called with each record after it was added: a cluster that mirrors the rollouts, the bot that hears of changes."""
        self.recorded: list[float] = []
        """The time that each record is about, in the order in which they were added; only ever appended to."""
        self._numbers = count(1)

    # What runs, at a time.

    def tag(self, service: str, at: float | None = None) -> str:
        """The version of its image, such as "1.4.40"."""
        found = f"1.4.{FIRST_RELEASE}"
        for act in self._acts(service, at, "set_image"):
            found = act.text
        return found

    def image(self, service: str, at: float | None = None) -> str:
        """Its image with the tag."""
        return f"{known(service).image}:{self.tag(service, at)}"

    def tags(self, service: str) -> list[str]:
        """Every version of it that was ever built, oldest first. Three are older than the company's history."""
        first = [f"1.4.{number}" for number in range(FIRST_RELEASE - 3, FIRST_RELEASE + 1)]
        built = [each.version for each in self.changes if each.service == service and each.version]
        return list(dict.fromkeys([*first, *built]))

    def replicas(self, service: str, at: float | None = None) -> int:
        """How many pods it should have."""
        found = known(service).replicas
        for act in self._acts(service, at, "scale"):
            found = int(act.number)
        return found

    def memory_limit(self, service: str, at: float | None = None) -> float:
        """Bytes of one pod."""
        found = known(service).memory_limit
        for act in self._acts(service, at, "set_memory_limit"):
            found = act.number
        return found

    def rolled_out_at(self, service: str, at: float | None = None) -> float:
        """When its pods were last replaced. When the company begins they have run for some days."""
        found = self.begins
        for act in self._acts(service, at, "restart", "set_image", "set_memory_limit"):
            found = act.at
        return found

    # What people, runbooks and the cluster do.

    def restart(self, service: str) -> Act:
        """Replace its pods by new ones of the same image."""
        return self._did(Act(self.now(), "restart", known(service).name))

    def scale(self, service: str, replicas: int) -> Act:
        """Give it so many pods. ValueError for a number below 0 or above 100."""
        if not 0 <= replicas <= 100:
            raise ValueError(f"{replicas} is no number of replicas; take 0 to 100")
        return self._did(Act(self.now(), "scale", known(service).name, number=replicas))

    def set_image(self, service: str, image: str) -> Act:
        """Roll out another version; `image` with or without the repository. ValueError for one that was never built."""
        tag = image.rpartition(":")[2]
        if tag not in self.tags(service):
            raise ValueError(f"there is no image {image}; there are {', '.join(self.tags(service))}")
        return self._did(Act(self.now(), "set_image", known(service).name, text=tag))

    def set_memory_limit(self, service: str, limit: float) -> Act:
        """Give each of its pods so many bytes; they are replaced."""
        if limit <= 0:
            raise ValueError(f"{limit} bytes is no memory limit")
        return self._did(Act(self.now(), "set_memory_limit", known(service).name, number=limit))

    def rollback(self, service: str) -> Act:
        """Roll out the version before the one that runs. ValueError where none was built before it."""
        built = self.tags(service)
        here = built.index(self.tag(service))
        if here == 0:
            raise ValueError(f"{service} has no version before {built[0]}")
        return self.set_image(service, built[here - 1])

    def revertible(self, service: str) -> list[Change]:
        """Its changes of configuration, schema and monitor that nobody undid, oldest first."""
        undone = {each.text for each in self.acts if each.kind == "revert"}
        name = known(service).name
        return [
            each for each in self.changes
            if each.service == name and each.kind != "deployment" and each.id not in undone
        ]  # fmt: skip

    def revert(self, service: str, change: str | None = None) -> Act:
        """Undo a change of its configuration, its schema or its monitor; the newest without `change`. ValueError without one."""
        found = [each for each in self.revertible(service) if change in (None, each.id)]
        if not found:
            raise ValueError(f"there is nothing to revert at {service}")
        return self._did(Act(self.now(), "revert", service, text=found[-1].id))

    def renew(self, service: str) -> Act:
        """Give it a new certificate."""
        return self._did(Act(self.now(), "renew", known(service).name))

    def act(self, kind: str, service: str, **more: int | float | str) -> Act:
        """One of restart, scale, set_image, set_memory_limit, rollback, revert, renew, by its name. ValueError for another."""
        acts: dict[str, Callable[..., Act]] = {
            "restart": self.restart, "scale": self.scale, "set_image": self.set_image, "rollback": self.rollback,
            "set_memory_limit": self.set_memory_limit, "revert": self.revert, "renew": self.renew,
        }  # fmt: skip
        if kind not in acts:
            raise ValueError(f"{kind} is no act; there are {', '.join(acts)}")
        return acts[kind](service, **more)

    def deploy(self, service: str, text: str, author: str = "grace", *, at: float | None = None) -> Change:
        """A new version is built and rolled out, now, or `at` a time when a story is laid out before it is looked at."""
        newest = max(int(tag.rpartition(".")[2]) for tag in self.tags(service))
        change = self.change(service, "deployment", text, author, at=at, version=f"1.4.{newest + 1}")
        self._did(Act(change.at, "set_image", service, text=change.version))
        return change

    def change(
        self, service: str, kind: ChangeKind, text: str, author: str = "grace", *, at: float | None = None,
        version: str = "",
    ) -> Change:  # fmt: skip
        """Something is changed. By itself it does nothing; a trouble may name it as its cause."""
        name = self.new_id("change")
        url = f"https://github.example.com/example/{known(service).name}/changes/{name}"
        change = Change(name, self.now() if at is None else at, service, kind, text, author, version, url)
        self.changes.append(change)
        self.changes.sort(key=lambda each: each.at)
        self.added(change)
        return change

    def trouble(self, name: str) -> Trouble:
        """The one with that id. ValueError without one."""
        for each in self.troubles:
            if each.id == name:
                return each
        raise ValueError(f"there is no {name}")

    def _acts(self, service: str, at: float | None, *kinds: ActKind) -> Iterable[Act]:
        name, moment = known(service).name, self.now() if at is None else at
        return (each for each in self.acts if each.service == name and each.kind in kinds and each.at <= moment)

    def _did(self, act: Act) -> Act:
        self.acts.append(act)
        self.acts.sort(key=lambda each: each.at)
        self.added(act)
        return act

    def new_id(self, kind: str) -> str:
        """The id of the next record."""
        return f"{kind}-{next(self._numbers)}"

    def added(self, record: Record) -> None:
        """Something was recorded: whoever listens is told."""
        self.recorded.append(record.at)
        for each in self.listeners:
            each(record)


def known(service: str) -> Service:
    """The service of that name. ValueError without one."""
    if service not in BY_NAME:
        raise ValueError(f"there is no service {service}; there are {', '.join(BY_NAME)}")
    return BY_NAME[service]
