"""One object of a body as an Alert: which field says what, under all the names that senders give it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from warroom.alerts.model import Alert, Transition
from warroom.alerts.parsing import keys, links
from warroom.alerts.parsing.body import Unusable
from warroom.alerts.parsing.clean import TEXT_LIMIT, TITLE_LIMIT, cut
from warroom.alerts.parsing.fields import Fields
from warroom.alerts.parsing.heading import Heading, split_title, without_scope
from warroom.alerts.parsing.identity import Identity, identified, kind_of
from warroom.alerts.parsing.labels import labelled, tagged_severity
from warroom.alerts.parsing.rest import facts_of
from warroom.alerts.parsing.times import OLDEST, occurred
from warroom.alerts.parsing.words import happened

_TITLES = ("alert_title", "incident_title", "security_signal_title", "signal_title", "title", "event_title")
_NAMES = ("monitor_name", "alert_name", "labels_alertname", "annotations_summary", "summary", "rule_name", "name")
_TEXTS = ("text_only_msg", "event_msg", "security_signal_msg", "body", "description", "annotations_description")
_OTHER_TEXTS = (
    "message",
    "text",
    "alert_message",
    "event_message",
    "event_text",
    "annotations_summary",
    "incident_msg",
)
_LINKS = ("link", "alert_url", "event_url", "monitor_url", "incident_url", "alert_link", "url", "generator_url")
_TIMES = ("date", "event_date", "occurred_at", "timestamp", "event_time", "time", "last_updated", "created_at")
_PEOPLE = ("notification_teams", "notify", "people", "incident_commander_email")
_SEVERITIES = ("severity", "incident_severity", "security_signal_severity", "alert_severity", "labels_severity")
_GROUP_LIMIT = 1000
_PRIORITY = re.compile(r"P?([1-5])", re.IGNORECASE)
_EVENT_PRIORITIES = frozenset({"normal", "low"})
_FOOTER = re.compile(r"\n[ \t]*- - -[ \t]*(?:\n|\Z)")
_TEST = re.compile(r"test notification triggered by", re.IGNORECASE)


def read(item: Mapping[str, object], received_at: datetime, oldest: timedelta = OLDEST) -> Alert:
    """What `item` says. Raises Unusable when it has neither a title nor an id."""
    fields = Fields(item)
    text = fields.text(*_TEXTS, *_OTHER_TEXTS, limit=None) or ""
    markdown = fields.text("event_msg", "body", "message", limit=None) or text
    link = fields.word(*_LINKS, limit=links.LINK_LIMIT + 1)
    from_link = _either(links.from_link(link), links.from_link(markdown))
    heading = _heading(fields)
    labels = labelled(fields, heading.scope, from_link.group)
    ids = identified(fields, from_link)
    transition, state, unknown_word = happened(fields, heading.word)
    title = _title(fields, heading.name, ids, text)
    source = fields.word("source", limit=80) or ("alertmanager" if fields.word("fingerprint") else "datadog")
    priority, severity = _urgency(fields, heading.priority)
    found_keys = keys.dedup_keys(ids, source=source, title=title, group=labels.group)
    snapshot = fields.word("snapshot", "snapshot_url", "image_url", limit=links.LINK_LIMIT + 1)
    times = [occurred(fields.word(name), received_at, oldest) for name in _times(transition)]
    strange = (("transition", unknown_word),) if unknown_word else ()
    return Alert(
        kind=kind_of(fields, ids),
        delivery_id=keys.delivery_id(item, ids.event, transition),
        dedup_key=found_keys[0],
        keys=found_keys,
        title=title,
        text=cut(_FOOTER.split(text, maxsplit=1)[0].rstrip(), TEXT_LIMIT),
        transition=transition,
        state=state,
        event_id=ids.event,
        monitor_id=ids.monitor,
        priority=priority,
        severity=severity or tagged_severity(labels),
        group=cut(labels.group, _GROUP_LIMIT) or None,
        hosts=labels.hosts,
        service=labels.service,
        env=labels.env,
        team=labels.team,
        tags=labels.tags,
        metric=fields.word("alert_metric", "metric", "metric_name"),
        query=fields.word("alert_query", "query", "monitor_query", limit=2000),
        link=links.safe(link) or from_link.link,
        snapshot=links.safe(snapshot) or links.image_in(markdown),
        source=source,
        people=fields.items(*_PEOPLE),
        test=heading.test or fields.word("test") == "1" or item.get("test") is True or bool(_TEST.search(text)),
        occurred_at=next((at for at in times if at), None),
        # Last, because it takes what nobody above has read.
        facts=(*strange, *facts_of(fields)),
    )


def _heading(fields: Fields) -> Heading:
    """The parts of all titles; the name is that of the first."""
    titles = (fields.word(name, limit=4 * TITLE_LIMIT) for name in _TITLES)
    found = [split_title(title) for title in titles if title]
    return Heading(
        name=found[0].name if found else "",
        word=next((each.word for each in found if each.word), None),
        scope=next((each.scope for each in found if each.scope), None),
        priority=next((each.priority for each in found if each.priority), None),
        test=any(each.test for each in found),
    )


def _title(fields: Fields, name: str, ids: Identity, text: str) -> str:
    scope = fields.word("alert_scope", "scope", limit=4 * TITLE_LIMIT)
    first_line = text.partition("\n")[0].strip()
    own = ids.own or ids.incident or ids.signal
    found = (
        (without_scope(name, scope) if name else None)
        or fields.word(*_NAMES, limit=TITLE_LIMIT)
        or first_line
        or (f"Monitor {ids.monitor}" if ids.monitor else None)
        or (f"Alert {own}" if own else None)
    )
    if not found:
        raise Unusable(
            "has neither a title, a message nor an id; send at least a title, "
            "or paste the README's template as the webhook's payload"
        )
    return cut(found, TITLE_LIMIT)


def _urgency(fields: Fields, in_title: str | None) -> tuple[str | None, str | None]:
    """(priority, severity word). A priority that is a word ("high") is a severity; an event's "normal" is neither."""
    said = fields.word("alert_priority", "monitor_priority", "priority", limit=80)
    level = _PRIORITY.fullmatch(said) if said else None
    severity = fields.word(*_SEVERITIES, limit=80)
    if level is None and said and said.lower() not in _EVENT_PRIORITIES:
        severity = severity or said
    return (f"P{level[1]}" if level else in_title), severity


def _times(transition: Transition) -> tuple[str, ...]:
    """Alertmanager says when it began and when it ended."""
    own = ("ends_at",) if transition is Transition.RECOVER else ("starts_at",)
    return (*_TIMES, *own)


def _either(first: links.FromLink, second: links.FromLink) -> links.FromLink:
    """What the first says, filled up by the second where both speak of one monitor."""
    if first.monitor_id and second.monitor_id and first.monitor_id != second.monitor_id:
        return first
    return links.FromLink(*(one or other for one, other in zip(first, second, strict=True)))
