"""The integrations: one line for each. Settings, sections of the policy, routes, checks, background tasks and the menus of the
card follow from this tuple.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator, Sequence
from functools import cache
from typing import Any, ClassVar, cast

from pydantic import create_model

from bot.runtime.observability import hide_secrets
from bot.settings import Settings, named_secret
from integrations.alertmanager import Alertmanager
from integrations.calls import Calls
from integrations.changes import Changes
from integrations.datadog import Datadog
from integrations.elasticsearch import Elasticsearch
from integrations.github import GitHub
from integrations.grafana import Grafana
from integrations.health import Health
from integrations.jira import Jira
from integrations.kubernetes import Kubernetes
from integrations.loki import Loki
from integrations.pagerduty import PagerDuty
from integrations.prometheus import Prometheus
from integrations.sources import Sources
from integrations.statuspage import Statuspage
from warroom.errors import Rejected, WarroomError
from warroom.integration import Integration
from warroom.policy import Policy
from warroom.policy.kinds import SECRET_NAME
from warroom.policy.section import sections_of, with_sections
from warroom.ports import Clock
from warroom.registry import Integrations

Kinds = tuple[type[Integration[Any]], ...]

INTEGRATIONS: Kinds = (
    *(Datadog, Alertmanager, Grafana, PagerDuty, Jira, Statuspage, GitHub, Changes, Sources),
    *(Prometheus, Loki, Elasticsearch, Health, Kubernetes, Calls),
)


def policy_model(kinds: Kinds = INTEGRATIONS) -> type[Policy]:
    """The type of the policy with a section for each integration that has one."""
    return with_sections({kind.name: kind.policy for kind in kinds})


@cache
def settings_model(kinds: Kinds = INTEGRATIONS) -> type[Settings]:
    """The type of the settings with those of each integration. Raises ValueError when two have a setting of the same name."""
    taken = set(Settings.model_fields)
    for kind in kinds:
        if twice := taken & kind.settings.model_fields.keys():
            raise ValueError(f"{kind.name} has settings that exist already: {', '.join(sorted(twice))}")
        taken |= kind.settings.model_fields.keys()
    bases: Any = (_Composed, *dict.fromkeys(kind.settings for kind in kinds))
    model: Any = create_model("Settings", __base__=bases, kinds=(ClassVar[Kinds], kinds))
    return cast("type[Settings]", model)


class _Composed(Settings):
    """Settings of a type that is made here: another process finds the type again by its integrations."""

    kinds: ClassVar[Kinds] = ()

    def __reduce__(self) -> tuple[Any, ...]:
        return _blank, (self.kinds,), self.__getstate__()


def _blank(kinds: Kinds) -> Settings:
    model = settings_model(kinds)
    return model.__new__(model)


def alone(kinds: Kinds = INTEGRATIONS) -> dict[str, Any]:
    """The integrations' settings as they are when nothing is set, whatever the environment says: it belongs to real systems, and
    a sandbox must not talk to them.
    """
    return {
        name: field.get_default(call_default_factory=True)
        for kind in kinds
        for name, field in kind.settings.model_fields.items()
    }


def integrations_of(settings: Settings, kinds: Kinds = INTEGRATIONS, policy: Policy | None = None) -> Integrations:
    """Each integration with its own settings and the secrets that the policy names, not started: its rules work, its calls do
    not.
    """
    made = [kind(_own(settings, kind)) for kind in kinds]
    for each in made:
        each.named = named_secret
    hide_secrets(found for name in secret_names(policy) if (found := named_secret(name)))
    return Integrations(*made, policy=policy)


def secret_names(policy: Policy | None) -> list[str]:
    """What the policy's schedules and the sections of integrations write as env:NAME, each once."""
    if policy is None:
        return []
    sections = [policy.section(name, kind).model_dump(mode="json") for name, kind in sections_of(type(policy)).items()]
    sections += [schedule.model_dump(mode="json") for schedule in policy.schedules.values()]
    return sorted({text for section in sections for text in _texts(section) if SECRET_NAME.fullmatch(text)})


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)


def _own(settings: Settings, kind: type[Integration[Any]]) -> Any:
    known = {name: getattr(settings, name) for name in kind.settings.model_fields if hasattr(settings, name)}
    return kind.settings.model_validate(known)


def unused(integrations: Integrations, policy: Policy) -> list[str]:
    """Sentences about sections that the policy has for integrations whose settings are missing."""
    return [
        f"{each.title}: the policy has a section for it, but it is not used: {each.missing()}"
        for each in integrations
        if each.missing() and policy.section(each.name, each.policy) != each.policy()
    ]


@contextlib.asynccontextmanager
async def started(integrations: Integrations, policy: Policy, clock: Clock) -> AsyncIterator[Integrations]:
    """The integrations with whatever they need opened, closed at the end. Raises WarroomError."""
    async with contextlib.AsyncExitStack() as stack:
        for each in integrations:
            await each.start(policy, clock)
            stack.push_async_callback(each.stop)
        yield integrations


async def problems(integrations: Integrations, policy: Policy, clock: Clock) -> list[str]:
    """Why they would not work, as sentences. Each is started for it and stopped."""
    found = unused(integrations, policy)
    found += [
        f"The policy names {name}, but the environment variable {name.removeprefix('env:')} is not set"
        for name in secret_names(policy)
        if not (named_secret(name) or "").strip()
    ]
    for each in integrations:
        if each.missing():
            continue
        try:
            async with started(Integrations(each), policy, clock):
                found += [f"{each.title}: {problem}" for problem in await each.check(policy)]
        except WarroomError as error:
            advice = error.advice if isinstance(error, Rejected) else ""
            found.append(f"{each.title}: {error}. {advice}".strip())
    return found


def register_upgrades(kinds: Sequence[type[Integration[Any]]] = INTEGRATIONS) -> None:
    """Tell the codec how to read what integrations stored in earlier releases. Called before a store is opened."""
    from storage import upgrade_with  # slow to import, and only needed where there is a database

    for kind in kinds:
        for format_name, version, step in kind.upgrades.steps:
            upgrade_with(format_name, version, step)
