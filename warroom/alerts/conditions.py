"""Whether an alert meets a rule's conditions, and which one it does not. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from warroom.alerts.model import Alert
from warroom.policy.pattern import all_match, any_matches
from warroom.policy.rule import When

_SHOWN = 5


def fits(alert: Alert, when: When, local: datetime | None = None) -> bool:
    """Whether every condition holds. `local` is the time by the policy's clock."""
    return unmet(alert, when, local) is None


def unmet(alert: Alert, when: When, local: datetime | None = None) -> str | None:
    """The first condition that does not hold, as a phrase; None when all do."""
    return next(_unmet(alert, when, local), None)


def _unmet(alert: Alert, when: When, local: datetime | None) -> Iterator[str]:
    words = (
        ("state", when.state, alert.state),
        ("transition", when.transition, alert.transition),
        ("priority", when.priority, (alert.priority or "").upper()),
    )
    for name, wanted, said in words:
        if wanted and said not in wanted:
            yield _phrase(name, wanted, (said,))
    patterns = (
        ("monitor", when.monitor, "monitor"),
        ("hosts", when.hosts, "host"),
        ("service", when.service, "service"),
        ("env", when.env, "env"),
        ("team", when.team, "team"),
        ("query", when.query, "query"),
        ("source", when.source, "source"),
    )
    for name, texts, field in patterns:
        if texts and not any_matches(texts, values(alert, field)):
            yield _phrase(name, texts, values(alert, field))
    if when.tags and not all_match(when.tags, _tags(alert)):
        yield _phrase("tags", when.tags, _tags(alert))
    if when.days and (local is None or local.isoweekday() not in {day.number for day in when.days}):
        yield _phrase("days", [day.value for day in when.days], (f"{local:%a}".lower(),) if local else ())
    if when.hours and (local is None or not any(span.holds(local.time()) for span in when.hours)):
        yield _phrase("hours", [str(span) for span in when.hours], (f"{local:%H:%M}",) if local else ())


def _phrase(name: str, wanted: Sequence[str], said: Iterable[str]) -> str:
    return f"{name} is {_list(said) or 'not said'}, wanted {_list(wanted)}"


def _list(texts: Iterable[str]) -> str:
    said = list(dict.fromkeys(str(text)[:100] for text in texts if text))
    more = f" and {len(said) - _SHOWN} more" if len(said) > _SHOWN else ""
    return ", ".join(said[:_SHOWN]) + more


def values(alert: Alert, name: str) -> tuple[str, ...]:
    """What the alert says under that name: a field, or else the values of a tag ("tag:region" or "region")."""
    field = name.casefold()
    plain: dict[str, tuple[str | None, ...]] = {
        "monitor": (alert.title,),
        "group": (alert.group,),
        "host": alert.hosts,
        "hosts": alert.hosts,
        "service": (alert.service,),
        "env": (alert.env,),
        "team": (alert.team,),
        "query": (alert.query,),
        "source": (alert.source,),
        "priority": (alert.priority,),
    }
    said = tuple(value for value in plain.get(field, ()) if value)
    return said or _tag_values(alert, field.removeprefix("tag:"))


def _tag_values(alert: Alert, key: str) -> tuple[str, ...]:
    pairs = (tag.partition(":") for tag in alert.tags)
    return tuple(value for name, _, value in pairs if name.casefold() == key and value)


def _tags(alert: Alert) -> tuple[str, ...]:
    """The alert's tags, and its own fields in the form of tags: senders give the service one way or the other."""
    fields = (("service", alert.service), ("env", alert.env), ("team", alert.team))
    return (*alert.tags, *(f"{name}:{value}" for name, value in fields if value))
