"""Group, tags, and what they say of hosts, service, environment and team."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from warroom.alerts.parsing.fields import MAX_ITEMS, Fields, items_of

_EVERYTHING = "*"
"""The group of a monitor without groups."""

_HOST = ("host", "hostname", "host.name", "host_name")
_SERVICE = ("service", "service.name", "service_name")
_ENV = ("env", "environment", "deployment.environment", "deployment.environment.name", "deployment_environment")
_TEAM = ("team",)
"""The tags that say it, the best first: the short names, then how OpenTelemetry and people call them."""


class LabelNames(NamedTuple):
    """Which fields of a sender's bodies say where it fires."""

    scopes: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    envs: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()


class Labels(NamedTuple):
    """Where it fires."""

    group: str
    """The group's parts, sorted and joined by commas, because monitors send them in any order; "" without."""
    tags: tuple[str, ...]
    hosts: tuple[str, ...]
    service: str | None
    env: str | None
    team: str | None
    known: frozenset[str]
    """Every part of the group, every tag, and what the fields say as tags ("host:db-1")."""


def labelled(fields: Fields, names: LabelNames, other_scopes: Iterable[str | None] = ()) -> Labels:
    """The labels; the group is taken from `other_scopes` (a title's, a link's) where no field says it.

    What a field says goes first, then the group, then the tags: the group is what fires, while an alert has the tags of
    everything that its monitor watches. Hosts are all that are named. Of several services the first is the service; the
    others stay as tags.
    """
    parts = fields.items(*names.scopes)
    for scope in other_scopes:
        parts = parts or items_of(scope)
    parts = tuple(sorted(part for part in parts if part != _EVERYTHING))
    hosts = fields.items(*names.hosts)
    said = {
        name: fields.names(*sources)
        for name, sources in (("service", names.services), ("env", names.envs), ("team", names.teams))
    }
    several = tuple(f"{name}:{each}" for name, values in said.items() if len(values) > 1 for each in values)
    sent = (*fields.items(*names.tags), *(part for part in parts if ":" in part), *several)
    tags = tuple(dict.fromkeys(sent))[:MAX_ITEMS]
    pairs = _pairs((*parts, *tags))
    known = {*parts, *tags, *(f"host:{host}" for host in hosts)}
    known.update(f"{name}:{value}" for name, values in said.items() for value in values)
    return Labels(
        group=",".join(parts),
        tags=tags,
        hosts=tuple(dict.fromkeys((*hosts, *_tagged(pairs, _HOST))))[:MAX_ITEMS],
        service=_first(said["service"], _tagged(pairs, _SERVICE)),
        env=_first(said["env"], _tagged(pairs, _ENV)),
        team=_first(said["team"], _tagged(pairs, _TEAM)),
        known=frozenset(known),
    )


def tagged_severity(labels: Labels) -> str | None:
    """The value of a `severity:` tag."""
    return _first(_tagged(_pairs(labels.tags), ("severity",)))


def _first(*found: tuple[str, ...]) -> str | None:
    return next((value for values in found for value in values), None)


def _pairs(tags: Iterable[str]) -> list[tuple[str, str]]:
    # Only the first colon separates: "url:http://h:9292" is the tag url.
    split = (tag.partition(":") for tag in tags)
    return [(name.strip().lower(), value.strip()) for name, _, value in split if value.strip()]


def _tagged(pairs: list[tuple[str, str]], names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(value for wanted in names for name, value in pairs if name == wanted)
