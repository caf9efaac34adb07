"""Where each thing is in the table. docs/storage.md lists the access patterns that follow from it."""

from __future__ import annotations

import hashlib
import itertools
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from storage.dynamo.table import Key
from storage.keys import key, utc

SHARDS = 4
"""Partitions over which due work is spread: each takes 1,000 writes a second, a transaction counts twice."""
NUMBERS = 1000
"""Incidents, and accepted alerts, that share a partition of the lists in order of number."""

COUNTERS = "COUNTER"
INCIDENT_NUMBER = Key(COUNTERS, "incident")
ALERT_NUMBER = Key(COUNTERS, "alert")
OPEN = "OPEN"
DEAD = "DEAD"
PENDING_ALERTS = "PENDING"
INBOX = "INBOX"
QUARANTINE = "QUARANTINE"
CURSORS = "CURSOR"
AUDIT_DAYS = "AUDITDAY"
OVERRIDES = "OVERRIDE"
SCHEDULES = "SCHEDULE"
CALENDARS = "CALENDAR"
PEOPLE = "PERSON"
GROUPS = "GROUP"
META = "META"
REPLICAS = "REPLICA"
CHANGE_MONTHS = "SCMONTH"
ACTIVE_RUNS = "RUNNING"
FEED_LINKS = "FEEDS"
HELD_TARGETS = "HELD"
STALE = "STALE"
"""Incidents that changed since they were measured."""

LONGEST = 900
"""Bytes of a sort key; DynamoDB takes 1,024."""

_arrivals = itertools.count()


def _sort(*parts: str) -> str:
    """A sort key of these texts: never empty, never too long, and no two the same."""
    text = "#".join(key(part) for part in parts) or "\x01"
    octets = text.encode()
    return text if len(octets) <= LONGEST else f"{text[:100]}~{hashlib.sha256(octets).hexdigest()}"


def sortable(at: datetime) -> str:
    """A time as text that sorts like the time."""
    return utc(at).strftime("%Y-%m-%dT%H:%M:%S.%f")


def time_of(text: str) -> datetime:
    """The reverse of `sortable`."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f").replace(tzinfo=UTC)


def arrival() -> str:
    """Sorts in the order of the calls; between processes as well as their clocks agree."""
    return f"{time.time_ns():020}{next(_arrivals) % 1_000_000:06}"  # an order, not a time that anybody acts on


def incident(incident_id: str) -> Key:
    return Key(f"I#{key(incident_id)}")


def entry(incident_id: str, entry_key: str) -> Key:
    return Key(incident(incident_id).pk, f"E#{_sort(entry_key)}")


def firing(incident_id: str, dedup_key: str) -> Key:
    return Key(incident(incident_id).pk, f"F#{_sort(dedup_key)}")


def firing_key(found_by: str, incident_id: str, dedup_key: str) -> Key:
    return Key(f"FK#{key(found_by)}", _sort(incident_id, dedup_key))


def numbered(number: int) -> Key:
    return Key(f"N#{number // NUMBERS:07}", f"{number:010}")


def shards_down(number: int) -> Iterator[str]:
    """The partitions of `numbered`, from that number's down."""
    return (f"N#{shard:07}" for shard in range(number // NUMBERS, -1, -1))


def opened(number: int) -> Key:
    return Key(OPEN, f"{number:010}")


def origin(origin_key: str) -> Key:
    return Key(f"O#{key(origin_key)}")


def channel(channel_id: str) -> Key:
    return Key(f"C#{key(channel_id)}")


def grouped(group_key: str, number: int) -> Key:
    return Key(f"GK#{key(group_key)}", f"{number:010}")


def figures(incident_id: str) -> Key:
    return Key(f"FIG#{key(incident_id)}")


def stale(incident_id: str) -> Key:
    return Key(STALE, _sort(incident_id))


def job(job_key: str) -> Key:
    return Key(f"J#{key(job_key)}")


def shard(job_key: str) -> int:
    return hashlib.sha256(key(job_key).encode()).digest()[0] % SHARDS


def due_partition(number: int) -> str:
    return f"DUE#{number}"


def due(at: str, job_key: str) -> Key:
    return Key(due_partition(shard(job_key)), f"{at}#{_sort(job_key)}")


def dead(at: str, job_key: str) -> Key:
    return Key(DEAD, f"{at}#{_sort(job_key)}")


def waiting_post(incident_id: str, at: str, job_key: str) -> Key:
    return Key(f"WP#{key(incident_id)}", f"{at}#{_sort(job_key)}")


def alert(delivery_id: str) -> Key:
    return Key(f"A#{key(delivery_id)}")


def alert_order(seq: int) -> Key:
    return Key(f"AO#{seq // NUMBERS:09}", f"{seq:012}")


def pending_alert(seq: int) -> Key:
    return Key(PENDING_ALERTS, f"{seq:012}")


def envelope(envelope_key: str) -> Key:
    return Key(f"EV#{key(envelope_key)}")


def quarantined(quarantine_id: str) -> Key:
    return Key(f"Q#{key(quarantine_id)}")


def cursor(channel_id: str) -> Key:
    return Key(CURSORS, _sort(channel_id))


def audit_day(day: str) -> str:
    return f"AUDIT#{day}"


def audit_of(incident_name: str) -> str:
    return f"AUDITI#{key(incident_name)}"


def override(override_id: str) -> Key:
    return Key(OVERRIDES, _sort(override_id))


def schedule(name: str) -> Key:
    return Key(SCHEDULES, _sort(name))


def calendar(name: str) -> Key:
    return Key(CALENDARS, _sort(name))


def person(user_id: str) -> Key:
    return Key(PEOPLE, _sort(user_id))


def person_named(name: str, user_id: str) -> Key:
    return Key(f"PN#{key(name)}", _sort(user_id))


def person_mailed(email: str, user_id: str) -> Key:
    return Key(f"PE#{key(email)}", _sort(user_id))


def group(group_id: str) -> Key:
    return Key(GROUPS, _sort(group_id))


def follower(about: str, name: str, user_id: str) -> Key:
    return Key(f"FOLLOW#{about}#{key(name)}", _sort(user_id))


def meta(name: str) -> Key:
    return Key(META, _sort(name))


def replica(me: str) -> Key:
    return Key(REPLICAS, _sort(me))


def service_change(change_id: str) -> Key:
    return Key(f"SCI#{key(change_id)}")


def changed_at(at: datetime, change_id: str) -> Key:
    return Key(changes_in(sortable(at)[:7]), f"{sortable(at)}#{_sort(change_id)}")


def changes_in(month: str) -> str:
    """Such as "2026-11"."""
    return f"SC#{month}"


def run(run_id: str) -> Key:
    return Key(f"RUN#{key(run_id)}")


def run_numbered(incident_id: str, number: int) -> Key:
    return Key(f"RUNI#{key(incident_id)}", f"{number:010}")


def active_run(incident_id: str, number: int) -> Key:
    return Key(ACTIVE_RUNS, f"{_sort(incident_id)}#{number:010}")


def held_target(target: str) -> Key:
    return Key(HELD_TARGETS, _sort(target))


def changed_target(target: str, run_id: str) -> Key:
    return Key(f"RT#{key(target)}", _sort(run_id))


def feed_link(link_id: str) -> Key:
    return Key(f"FL#{key(link_id)}")


def listed_feed_link(at: datetime, link_id: str) -> Key:
    return Key(FEED_LINKS, f"{sortable(at)}#{_sort(link_id)}")


DELIVERIES_KEPT = timedelta(days=14)
"""What DynamoDB may delete then, by itself."""


def expiry(at: datetime, kept: timedelta = DELIVERIES_KEPT) -> int:
    """Seconds since 1970."""
    return int((at + kept).timestamp())
