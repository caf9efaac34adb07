"""What an investigation looks at: the services and what they call, the signals that tell how they do, their logs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from warroom.durations import Duration
from warroom.people.model import normal
from warroom.policy.kinds import Text, Texts
from warroom.policy.mistake import Mistake, Wrong, did_you_mean, shown, unknown_name
from warroom.value import Value

MOST_STEPS = 11_000
"""Samples of one series in the window and its baseline: what common systems give at most."""
FEWEST_STEPS = 5
"""Samples in the window."""
SERVICE_PLACE = "{service}"


def _health(said: str) -> str:
    try:
        parts = urlsplit(said)
        # Asking for the port raises where it is none.
        has_port = parts.port is not None
        web = parts.scheme in ("http", "https") and bool(parts.hostname)
        port = parts.scheme == "tcp" and bool(parts.hostname) and has_port and not parts.path.strip("/")
    except ValueError:
        web = port = False
    if not (web or port) or re.search(r"[\s<>|\x00-\x1f]", said):
        hint = "write https://host/path, or tcp://host:port where there is only a port"
        raise Wrong(f"{shown(said)} cannot be checked", hint)
    if parts.username or parts.password:
        raise Wrong("holds a password", "a health check needs none; take it out")
    return said


def _label(said: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.@/-]*", said):
        raise Wrong(f"{shown(said)} is no label", "the name by which the query tells services apart, as in: service")
    return said


def _log_query(said: str) -> str:
    if SERVICE_PLACE not in said:
        raise Wrong("lacks {service}, which is replaced by the name of each service", "for example service:{service}")
    return said


class ServicePolicy(Value):
    """One service. Its name is the key."""

    team: Text | None = None
    depends_on: Texts = ()
    """Services that it calls."""
    tags: dict[Text, Text] = Field(default_factory=dict)
    health: Annotated[Text, AfterValidator(_health)] | None = None
    """Asked while an incident is investigated: an address of the web, or tcp://host:port."""


class Signal(Value):
    """One query for all services."""

    source: Text
    query: Text
    label: Annotated[Text, AfterValidator(_label)] = "service"
    """The label by which its series are told apart."""
    bad: Literal["up", "down", "both"] = "up"


class Logs(Value):
    """One query for the log of each service."""

    source: Text
    query: Annotated[Text, AfterValidator(_log_query)]


class InvestigationPolicy(Value):
    """When and how incidents are investigated."""

    auto: Texts = ()
    """Severities that are investigated by themselves."""
    window: Duration = timedelta(minutes=30)
    """How long before the first alert the cause is looked for."""
    baseline: Duration = timedelta(days=1)
    """What lies before the window, and is normal."""
    step: Duration = timedelta(minutes=1)
    """Between two samples."""
    signals: dict[Text, Signal] = Field(default_factory=dict)
    logs: Logs | None = None

    @property
    def used(self) -> bool:
        """Whether there is anything to look at beside the record."""
        return bool(self.signals or self.logs)


def service_mistakes(services: Mapping[Any, Any], teams: list[str]) -> Iterator[Mistake]:
    """Mistakes in the section `services` as it is written."""
    for name, service in services.items():
        path = f"services.{name}"
        if isinstance(name, str) and not normal(name):
            hint = "people have to type it"
            yield Mistake(path=path, problem="a service's name needs a letter or digit", suggestion=hint)
        if not isinstance(service, Mapping):
            continue
        yield from unknown_name(f"{path}.team", service.get("team"), "team", teams)
        said = service.get("depends_on")
        for place, called in enumerate([said] if isinstance(said, str) else said if isinstance(said, list) else []):
            if isinstance(called, str) and isinstance(name, str) and called == name:
                yield Mistake(
                    path=f"{path}.depends_on[{place}]", problem="is the service itself", suggestion="take it out"
                )


def investigate_mistakes(
    written: Mapping[Any, Any], words: list[str], keys: list[str], sources: Mapping[str, tuple[str, ...]]
) -> Iterator[Mistake]:
    """Mistakes in the section `investigate` as it is written. `sources` are the integrations and what each can be asked for."""
    said = written.get("auto")
    for place, word in enumerate([said] if isinstance(said, str) else said if isinstance(said, list) else []):
        yield from unknown_name(f"investigate.auto[{place}]", word, "severity", words, keys)
    signals = written.get("signals")
    for name, signal in signals.items() if isinstance(signals, Mapping) else ():
        if isinstance(signal, Mapping):
            yield from _source(f"investigate.signals.{name}.source", signal.get("source"), "metrics", sources)
    logs = written.get("logs")
    if isinstance(logs, Mapping):
        yield from _source("investigate.logs.source", logs.get("source"), "logs", sources)


def _source(path: str, said: Any, what: str, sources: Mapping[str, tuple[str, ...]]) -> Iterator[Mistake]:
    able = sorted(name for name, reads in sources.items() if what in reads)
    if not isinstance(said, str) or said in able:
        return
    if sources.get(said):
        problem = f"{shown(said)} has no {what}"
    else:
        problem = f"there is no source {shown(said)}"
    yield Mistake(path=path, problem=problem, suggestion=did_you_mean(said, able) or f"write {', '.join(able)}")


def span_mistakes(investigate: InvestigationPolicy) -> Iterator[Mistake]:
    """Times that do not fit together."""
    said = investigate
    if said.step * FEWEST_STEPS > said.window:
        hint = "a shorter step or a longer window"
        yield Mistake(
            path="investigate.step", problem=f"leaves fewer than {FEWEST_STEPS} samples in the window", suggestion=hint
        )
    if said.baseline < said.window:
        yield Mistake(path="investigate.baseline", problem="is shorter than the window", suggestion="for example 1d")
    if (said.baseline + said.window) / said.step > MOST_STEPS:
        problem = f"makes more than {MOST_STEPS:,} samples of each series"
        yield Mistake(path="investigate.step", problem=problem, suggestion="a longer step or a shorter baseline")


def service_warnings(
    services: Mapping[str, ServicePolicy], investigate: InvestigationPolicy, by_team: Mapping[str, str]
) -> Iterator[Mistake]:
    """What is allowed but looks like an oversight. `by_team` says by service (normal) which team names it."""
    names = {normal(name): name for name in services}
    for name, service in services.items():
        for place, called in enumerate(service.depends_on):
            hint = did_you_mean(called, list(services))
            if normal(called) not in names and hint.startswith("did you mean"):
                problem = f"{shown(called)} is no service of the policy"
                yield Mistake(path=f"services.{name}.depends_on[{place}]", problem=problem, suggestion=hint)
        owner = by_team.get(normal(name))
        if service.team and owner and normal(owner) != normal(service.team):
            problem = f"says {service.team}, but teams.{owner}.services has it too; its incidents go to {service.team}"
            yield Mistake(path=f"services.{name}.team", problem=problem, suggestion="keep one of the two")
    if investigate.auto and not investigate.used:
        problem = "nothing can be looked at but our own record"
        yield Mistake(path="investigate.auto", problem=problem, suggestion="add signals or logs")
