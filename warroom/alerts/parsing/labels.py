"""Group, tags, and what they say of hosts, service, environment and team."""

from __future__ import annotations

from typing import NamedTuple

from warroom.alerts.parsing.fields import MAX_ITEMS, Fields, items_of

_EVERYTHING = "*"
"""The group of a monitor without groups."""


class Labels(NamedTuple):
    """Where it fires."""

    group: str
    """The group's parts, sorted and joined by commas, because Datadog sends them in any order; "" without."""
    tags: tuple[str, ...]
    hosts: tuple[str, ...]
    service: str | None
    env: str | None
    team: str | None


def labelled(fields: Fields, *other_scopes: str | None) -> Labels:
    """The labels; the group is taken from `other_scopes` (a title's, a link's) where no field says it."""
    parts = fields.items("alert_scope", "scope", "group", "monitor_group", "alert_group", "monitor_groups")
    for scope in other_scopes:
        parts = parts or items_of(scope)
    parts = tuple(sorted(part for part in parts if part != _EVERYTHING))
    sent = (*fields.items("tags", "event_tags", "alert_tags", "monitor_tags"), *fields.items("labels"))
    tags = tuple(dict.fromkeys((*sent, *(part for part in parts if ":" in part))))[:MAX_ITEMS]
    hosts = fields.items("hostname", "host", "hosts", "affected_hosts", "host_name", "labels_instance")
    return Labels(
        group=",".join(parts),
        tags=tags,
        hosts=hosts or _tagged(tags, "host"),
        service=fields.word("service", "service_name", "labels_service") or _first(tags, "service"),
        env=fields.word("env", "environment", "labels_env", "labels_environment") or _first(tags, "env"),
        team=fields.word("team", "labels_team") or _first(tags, "team"),
    )


def tagged_severity(labels: Labels) -> str | None:
    """The value of a `severity:` tag."""
    return _first(labels.tags, "severity")


def _first(tags: tuple[str, ...], name: str) -> str | None:
    return next(iter(_tagged(tags, name)), None)


def _tagged(tags: tuple[str, ...], name: str) -> tuple[str, ...]:
    # Only the first colon separates: "url:http://h:9292" is the tag url.
    pairs = (tag.partition(":") for tag in tags)
    return tuple(dict.fromkeys(value.strip() for key, _, value in pairs if key.lower() == name and value.strip()))
