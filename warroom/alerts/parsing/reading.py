"""One object of a body as an Alert, whoever sent it: a sender's names say which of its fields says what."""

from __future__ import annotations

import re
from typing import NamedTuple, Self

from warroom.alerts.model import Alert, Kind, Transition
from warroom.alerts.parsing import keys, words
from warroom.alerts.parsing.body import Unusable
from warroom.alerts.parsing.fields import Fields
from warroom.alerts.parsing.formats import Arrival
from warroom.alerts.parsing.labels import LabelNames, Labels, labelled, tagged_severity
from warroom.alerts.parsing.values import LINK_LIMIT, TEXT_LIMIT, TITLE_LIMIT, occurred, safe_link
from warroom.text import cut

_GROUP_LIMIT = 1000
_PRIORITY = re.compile(r"P?([1-5])", re.IGNORECASE)
_EVENT_PRIORITIES = frozenset({"normal", "low"})


class FieldNames(NamedTuple):
    """Which fields of a sender's bodies say what, the best first."""

    titles: tuple[str, ...] = ()
    more_titles: tuple[str, ...] = ()
    """Names of rules, monitors and tests, where no title is sent."""
    title_scopes: tuple[str, ...] = ()
    """The group as it stands at the end of a title, letter by letter."""
    texts: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    snapshots: tuple[str, ...] = ()
    times: tuple[str, ...] = ()
    began: tuple[str, ...] = ()
    ended: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    severities: tuple[str, ...] = ()
    priorities: tuple[str, ...] = ()
    transitions: tuple[str, ...] = ()
    afterwards: tuple[str, ...] = ()
    """The state that a transition led to, where a body says it beside its kind."""
    statuses: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    queries: tuple[str, ...] = ()
    labels: LabelNames = LabelNames()

    def then(self, other: FieldNames) -> Self:
        """These names, and after them those of `other`."""
        joined = {name: tuple(dict.fromkeys(getattr(self, name) + getattr(other, name))) for name in self._fields[:-1]}
        labels = (tuple(dict.fromkeys(one + two)) for one, two in zip(self.labels, other.labels, strict=True))
        return self._replace(**joined, labels=LabelNames(*labels))


class Title(NamedTuple):
    """What the titles of a body say."""

    name: str = ""
    """What is left when everything else is taken away; "" without a title."""
    word: str | None = None
    """The transition, as the title words it."""
    scope: str | None = None
    priority: str | None = None
    """"P1" to "P5"."""
    test: bool = False


class Said(NamedTuple):
    """What a sender's own part of the parser found in a body, for the part that is the same for all."""

    item: object
    """The body's object, of which a delivery without an event id is named."""
    text: str
    kind: Kind
    source: str
    ids: keys.Identity
    event: str | None
    """The event's id as it is shown; `ids.event` names the delivery."""
    title: Title = Title()
    scopes: tuple[str | None, ...] = ()
    """Where the group is said, where no field says it: in a title, in a link."""
    link: str | None = None
    """The address to show where no field has one."""
    snapshot: str | None = None
    transition: str | None = None
    """The transition that the sender's shape implies where no field has one."""
    test: bool = False


def alert_of(fields: Fields, names: FieldNames, said: Said, arrival: Arrival) -> Alert:
    """The alert. Raises Unusable when the body has neither a title nor an id."""
    labels = labelled(fields, names.labels, said.scopes)
    word = fields.word(*names.transitions, limit=80) or said.transition
    transition, state, unknown_word = words.happened(
        word=word,
        after=fields.word(*names.afterwards, limit=80),
        statuses=(*fields.words(*names.statuses, limit=80),),
        in_title=said.title.word,
        kind=fields.word(*names.types),
    )
    sent, shown = _titles(fields, names, said, labels)
    priority, severity = _urgency(fields, names, said.title.priority)
    found_keys = keys.dedup_keys(said.ids, source=said.source, titles=(sent, shown), group=labels.group)
    strange = (("transition", unknown_word),) if unknown_word else ()
    link = fields.word(*names.links, limit=LINK_LIMIT + 1)
    snapshot = fields.word(*names.snapshots, limit=LINK_LIMIT + 1)
    ends = names.ended if transition is Transition.RECOVER else names.began
    times = [occurred(fields.word(name), arrival.received_at, arrival.oldest) for name in (*names.times, *ends)]
    return Alert(
        kind=said.kind,
        delivery_id=keys.delivery_id(said.item, said.ids.event, transition),
        dedup_key=found_keys[0],
        keys=found_keys,
        title=shown,
        text=cut(said.text, TEXT_LIMIT),
        transition=transition,
        state=state,
        event_id=said.event,
        monitor_id=said.ids.monitor,
        priority=priority,
        severity=severity or tagged_severity(labels),
        group=cut(labels.group, _GROUP_LIMIT) or None,
        hosts=labels.hosts,
        service=labels.service,
        env=labels.env,
        team=labels.team,
        tags=labels.tags,
        metric=fields.word(*names.metrics),
        query=fields.word(*names.queries, limit=2000),
        link=safe_link(link) or said.link,
        snapshot=safe_link(snapshot) or said.snapshot,
        source=said.source,
        people=fields.items(*names.people),
        test=said.title.test or said.test or fields.word("test") == "1" or fields.body.get("test") is True,
        occurred_at=next((at for at in times if at), None),
        # Last, because it takes what nobody above has read.
        facts=(*strange, *fields.facts()),
    )


def without_scope(title: str, known: frozenset[str]) -> str:
    """The title without " on <tags>" at its end, where all of these tags are `known`.

    Senders add them for monitors with groups, in any order, with or without braces and spaces. An end that names what
    the alert says nowhere else stays.
    """
    name, on, end = title.rpartition(" on ")
    parts = [part.strip() for part in end.strip("{} ").split(",")]
    is_scope = on and all(":" in part and part in known for part in parts)
    return name.rstrip() if is_scope and name.strip() else title


def _titles(fields: Fields, names: FieldNames, said: Said, labels: Labels) -> tuple[str, str]:
    """(the title as it was sent, the title as it is shown)."""
    scope = fields.word(*names.title_scopes, limit=4 * TITLE_LIMIT)
    name = said.title.name
    first_line = said.text.partition("\n")[0].strip()
    own = said.ids.own or said.ids.incident or said.ids.signal
    found = (
        ((name.removesuffix(f" on {scope}") if scope else name) or name)
        or fields.word(*names.more_titles, limit=TITLE_LIMIT)
        or first_line
        or (f"Monitor {said.ids.monitor}" if said.ids.monitor else None)
        or (f"Alert {own}" if own else None)
    )
    if not found:
        raise Unusable(
            "has neither a title, a message nor an id; send at least a title, "
            "or paste the README's template as the webhook's payload"
        )
    return cut(found, TITLE_LIMIT), cut(without_scope(found, labels.known), TITLE_LIMIT)


def _urgency(fields: Fields, names: FieldNames, in_title: str | None) -> tuple[str | None, str | None]:
    """(priority, severity word). A priority that is a word ("high") is a severity; an event's "normal" is neither."""
    said = fields.word(*names.priorities, limit=80)
    level = _PRIORITY.fullmatch(said) if said else None
    severity = fields.word(*names.severities, limit=80)
    if level is None and said and said.lower() not in _EVENT_PRIORITIES:
        severity = severity or said
    return (f"P{level[1]}" if level else in_title), severity
