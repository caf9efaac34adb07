"""Bodies made of the variables of Datadog's webhooks, under Datadog's names or those that people give them.

Outside source: https://docs.datadoghq.com/integrations/webhooks/ (variables, event types).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from integrations.datadog.parsing import shapes, texts
from warroom.alerts.model import Alert, Kind
from warroom.alerts.parsing.fields import Fields
from warroom.alerts.parsing.formats import AlertFormat, Arrival
from warroom.alerts.parsing.generic import NAMES as PLAIN
from warroom.alerts.parsing.keys import Identity
from warroom.alerts.parsing.labels import LabelNames
from warroom.alerts.parsing.reading import FieldNames, Said, alert_of
from warroom.alerts.parsing.values import LINK_LIMIT, TITLE_LIMIT, safe_link

VARIABLES = frozenset(
    {
        *("AGGREG_KEY", "ALERT_CYCLE_KEY", "ALERT_ID", "ALERT_METRIC", "ALERT_PRIORITY", "ALERT_QUERY", "ALERT_SCOPE"),
        *("ALERT_STATUS", "ALERT_TITLE", "ALERT_TRANSITION", "ALERT_TYPE", "DATE", "EVENT_MSG", "EVENT_TITLE"),
        *("EVENT_TYPE", "HOSTNAME", "LAST_UPDATED", "LINK", "LOGS_SAMPLE", "METRIC_NAMESPACE", "PRIORITY", "SNAPSHOT"),
        *("TAGS", "TEXT_ONLY_MSG", "EVENT_ID"),
        *("INCIDENT_COMMANDER", "INCIDENT_FIELDS", "INCIDENT_MSG", "INCIDENT_PUBLIC_ID", "INCIDENT_SEVERITY"),
        *("INCIDENT_STATUS", "INCIDENT_TITLE", "INCIDENT_URL", "INCIDENT_UUID"),
        *("SECURITY_RULE_GROUP_BY_FIELDS", "SECURITY_RULE_ID", "SECURITY_RULE_NAME", "SECURITY_SIGNAL_ATTRIBUTES"),
        *("SECURITY_SIGNAL_ID", "SECURITY_SIGNAL_MSG", "SECURITY_SIGNAL_SEVERITY", "SECURITY_SIGNAL_TITLE"),
        *("SYNTHETICS_FIRST_FAILING_STEP_NAME", "SYNTHETICS_SUMMARY", "SYNTHETICS_TEST_NAME"),
    }
)
"""The variables that are read. Not ID, USER and the like: in an object of its own, ID is that object's."""

_TITLES = ("alert_title", "incident_title", "security_signal_title", "signal_title", "title", "event_title")


def _in_fields(*names: str) -> tuple[str, ...]:
    """Where an incident has such a field: the variable holds plain values, the API objects with a `value`."""
    places = ("incident_fields", "fields")
    return tuple(f"{place}_{name}{value}" for place in places for name in names for value in ("", "_value"))


def _in_signal(*names: str) -> tuple[str, ...]:
    """Where a security signal has such an attribute."""
    return tuple(f"security_signal_attributes_{name}" for name in names)


NAMES = FieldNames(
    titles=_TITLES,
    more_titles=("monitor_name", "security_rule_name", "synthetics_test_name", "synthetics_summary_test_name"),
    title_scopes=("alert_scope",),
    texts=(
        *("text_only_msg", "event_msg", "security_signal_msg", "body", "description", "annotations_description"),
        *("message", "text", "alert_message", "event_message", "event_text", "annotations_summary", "incident_msg"),
        *("incident_message", *_in_fields("summary"), "text_msg"),
    ),
    links=("link", "alert_url", "event_url", "monitor_url", "incident_url"),
    times=("date", "event_date", "occurred_at", "timestamp", "event_time", "time", "last_updated", "created_at"),
    people=("notification_teams", "notify", "people", "incident_commander_email"),
    severities=("severity", "incident_severity", "security_signal_severity", "alert_severity", "labels_severity"),
    priorities=("alert_priority", "monitor_priority"),
    transitions=(
        *("alert_transition", "transition", "event_transition", "monitor_transition", "transition_trans_name"),
        *("monitor_transition_transition_type", "transition_transition_type", "transition_trans_type"),
    ),
    afterwards=("monitor_transition_destination_state", "transition_destination_state", "states_dest_state"),
    statuses=("status", "state", "alert_state", "monitor_state", "monitor_status", "incident_status"),
    types=("alert_type", "event_alert_type"),
    metrics=("alert_metric",),
    queries=("alert_query", "query", "monitor_query"),
    labels=LabelNames(
        scopes=("alert_scope", "scope", "group", "monitor_group", "alert_group", "monitor_groups"),
        tags=("tags", "event_tags", "alert_tags", "monitor_tags", *_in_signal("tags")),
    ),
).then(PLAIN)
NAMES = NAMES.then(
    FieldNames(
        # What the sender's own fields do not say, the objects of incidents, signals and tests may.
        links=("synthetics_summary_result_url", "synthetics_summary_test_url", *_in_signal("url")),
        times=("incident_created", "incident_declared", "synthetics_summary_date"),
        severities=_in_fields("severity"),
        statuses=_in_fields("state", "status"),
        labels=LabelNames(
            scopes=("security_rule_group_by_fields",),
            hosts=("tags_host", *_in_signal("host", "hostname", "host_name")),
            services=("tags_service", *_in_fields("services", "service"), *_in_signal("service", "service_name")),
            envs=("tags_env", *_in_fields("env", "environment", "environments"), *_in_signal("env", "environment")),
            teams=("tags_team", *_in_fields("teams", "team"), *_in_signal("team")),
        ),
    )
)

# Datadog's event ids are 64-bit numbers; the ids that people write by hand are not.
_EVENT_ID = re.compile(r"\d{15,20}")
_MONITOR_ID = re.compile(r"\d{1,20}")
SOURCE = "datadog"
"""The source of alerts that do not name one. It is part of the keys by which open incidents are found."""
FINGERPRINTED = "alertmanager"
"""The same for bodies with a fingerprint that are not recognised as another sender's."""
# Datadog leaves "ID" behind where a template misspells a variable.
_REMNANT = "ID"


def read(item: Mapping[str, Any], arrival: Arrival) -> Alert:
    """What `item` says. Raises Unusable when it has neither a title nor an id."""
    item = shapes.unwrapped(item)
    fields = Fields(item, VARIABLES)
    text = fields.text(*NAMES.texts, limit=None) or ""
    markdown = fields.text("event_msg", "body", "message", limit=None) or text
    links = list(fields.words(*NAMES.links, limit=LINK_LIMIT + 1))
    from_link = _from_link(links, markdown)
    if not from_link.monitor_id and not _monitor_id(fields):
        from_link = _mentioned(links, markdown) or from_link
    titles = (fields.word(name, limit=4 * TITLE_LIMIT) for name in _TITLES)
    title = texts.title_of(title for title in titles if title)
    ids = _identified(fields, from_link)
    plain = _id(fields, "id")
    is_monitor = plain is not None and plain == ids.monitor
    said = Said(
        item=item,
        text=texts.without_footer(text),
        kind=_kind(fields, ids),
        source=fields.word("source", limit=80) or (FINGERPRINTED if fields.word("fingerprint") else SOURCE),
        ids=ids,
        event=ids.event or ids.signal or (None if is_monitor else plain) or texts.event_of(links[0] if links else None),
        title=title,
        scopes=(title.scope, from_link.group),
        link=from_link.link or next((link for link in map(safe_link, links) if link), None),
        snapshot=texts.image_in(markdown),
        test=texts.is_test(text),
    )
    return alert_of(fields, NAMES, said, arrival)


def _from_link(links: list[str], markdown: str) -> texts.FromLink:
    """What the links say: a link field's monitor, filled up by the message's where both speak of one monitor."""
    first, second = texts.from_link(links[0] if links else None), texts.from_link(markdown)
    if first.monitor_id and second.monitor_id and first.monitor_id != second.monitor_id:
        return first
    return texts.FromLink(*(one or other for one, other in zip(first, second, strict=True)))


def _mentioned(links: list[str], markdown: str) -> texts.FromLink | None:
    """The monitor that any other link names."""
    found = (*(texts.from_link(link) for link in links), *(texts.mentioned(said) for said in (*links, markdown)))
    return next((each for each in found if each.monitor_id), None)


def _identified(fields: Fields, from_link: texts.FromLink) -> Identity:
    """The ids; `_from_link` fills in what only a link says."""
    plain = _id(fields, "id")
    alert = _id(fields, "alert_id")
    is_event = plain is not None and _EVENT_ID.fullmatch(plain) is not None
    is_monitor = alert is not None and _MONITOR_ID.fullmatch(alert) is not None
    return Identity(
        event=_id(fields, "event_id") or (plain if is_event else None) or from_link.event_id,
        monitor=_monitor_id(fields) or from_link.monitor_id,
        cycle=_id(fields, "alert_cycle_key", "cycle_key"),
        aggregation=_id(fields, "aggreg_key", "aggregation_key", "event_aggreg_key"),
        incident=_id(fields, "incident_uuid", "incident_public_id", "incident_id"),
        signal=_id(fields, "security_signal_id", "signal_id"),
        own=_id(fields, "fingerprint") or (None if is_monitor else alert) or (None if is_event else plain),
    )


def _monitor_id(fields: Fields) -> str | None:
    alert = _id(fields, "alert_id")
    return _id(fields, "monitor_id") or (alert if alert and _MONITOR_ID.fullmatch(alert) else None)


def _kind(fields: Fields, ids: Identity) -> Kind:
    """What the body says it is; where it does not say, what its ids speak for."""
    said = (fields.word("kind") or "").lower()
    if said in tuple(Kind):
        return Kind(said)
    if ids.incident:
        return Kind.INCIDENT
    if ids.signal:
        return Kind.SECURITY
    is_monitor = ids.monitor or ids.cycle or ids.event or fields.word("event_type", "alert_transition")
    return Kind.MONITOR if is_monitor else Kind.GENERIC


def _id(fields: Fields, *names: str) -> str | None:
    found = fields.word(*names)
    return None if found == _REMNANT else found


def _any(_item: Mapping[str, Any]) -> bool:
    return True


FORMAT = AlertFormat(name=SOURCE, recognises=_any, read=read)
"""Whatever comes: templates are written by people, so hardly anything says for certain that a body is one of Datadog's."""
