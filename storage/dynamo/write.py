"""The steps of a commit within its transaction. Those of several changes, one after another, are one transaction too."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from storage import codec, keys
from storage.dynamo import jobs, layout
from storage.dynamo.keep_alerts import (
    decide,
    first_to_decide,
    keep_cursors,
    keep_firings,
    keep_quarantined,
    receive,
    remove_firings,
)
from storage.dynamo.layout import sortable
from storage.dynamo.runbooks import keep_runs
from storage.dynamo.table import Data, Key
from storage.dynamo.transaction import Transaction
from warroom.changes.model import Change
from warroom.errors import Conflict
from warroom.incident.model import Incident
from warroom.incident.timeline import Entry
from warroom.oncall.model import FeedLink
from warroom.outbox.changes import (
    Audited,
    Changeset,
)
from warroom.people.model import Following, normal

CHANGES_KEPT = timedelta(days=104)
"""What DynamoDB may delete then, by itself."""


def wanted(change: Changeset) -> list[Key]:
    """What is likely to be there, so that it is read at once. What is not among it is taken to be absent at first."""
    found = jobs.read_keys(change.claim_result, change.timers, change.effects)
    for part in (change, *([change.beside] if change.beside else ())):
        if part.incident is not None:
            if part.incident.version == 0:
                found.append(layout.INCIDENT_NUMBER)
            else:
                found.append(layout.incident(part.incident.id))
        found += jobs.read_keys(None, part.timers, part.effects)
        found += [layout.firing(each.incident_id, each.dedup_key) for each in part.firings]
    found += [layout.firing(*gone) for gone in change.moved_firings]
    found += [layout.alert(each.delivery_id) for each in change.alert_decisions]
    found += [layout.cursor(each.channel_id) for each in change.read_cursors]
    found += [layout.quarantined(each) for each in change.released]
    found += [layout.override(each.id) for each in change.overrides if each.version]
    found += [layout.schedule(each.schedule) for each in change.schedule_states if each.version]
    found += [layout.calendar(each.schedule) for each in change.calendars]
    found += [layout.feed_link(name) for name in (*change.revoked_feed_links, *(each.id for each in change.feed_links))]
    for run in change.runs:
        found += [layout.run(run.id), layout.run_numbered(run.incident_id, run.number)]
        found += [layout.held_target(target) for target in run.targets]
    if change.received:
        found.append(layout.ALERT_NUMBER)
    if change.envelope_done is not None and (change.envelope is None or change.envelope.key != change.envelope_done):
        found.append(layout.envelope(change.envelope_done))
    if change.people or change.groups:
        found.append(layout.meta(keys.DIRECTORY_VERSION))
    if change.directory_complete:
        found.append(layout.meta(keys.DIRECTORY_COMPLETE))
    return found


async def write(transaction: Transaction, change: Changeset) -> bool:
    """All of the changeset. False when it was known: then nothing of it is written."""
    await transaction.load(wanted(change))
    if not take_in(transaction, change) or not first_to_decide(transaction, change):
        return False
    if change.claim_result:
        jobs.end_claim(transaction, change.claim_result, change.now)
    _about_an_incident(transaction, change)
    decide(transaction, [each for each in change.alert_decisions if each.delivery_id not in change.decides])
    remove_firings(transaction, change.moved_firings)
    if change.beside:
        _about_an_incident(transaction, change.beside)
        keep_firings(transaction, change.beside.firings)
    keep_firings(transaction, change.firings)
    keep_cursors(transaction, change)
    await keep_quarantined(transaction, change.quarantined, change.released)
    _keep_directory(transaction, change)
    _keep_oncall(transaction, change)
    _keep_feed_links(transaction, change)
    keep_service_changes(transaction, change.service_changes)
    await keep_runs(transaction, change.runs)
    keep_audited(transaction, change.audited)
    _mark_done(transaction, change)
    return True


def _about_an_incident(transaction: Transaction, change: Changeset) -> None:
    if change.incident:
        keep_incident(transaction, change.incident)
    keep_entries(transaction, change.entries)
    jobs.arm(transaction, change.timers, change.now)
    jobs.enqueue(transaction, change.effects, change.now)


def take_in(transaction: Transaction, change: Changeset) -> bool:
    """Store what was delivered; False when all of it was known."""
    if change.envelope:
        key = layout.envelope(change.envelope.key)
        if transaction.seen(key) is not None:
            return False
        done = change.envelope_done == change.envelope.key
        arrived, done_at = layout.arrival(), sortable(change.now) if done else None
        data = {"body": codec.to_body(change.envelope), "arrived": arrived, "done_at": done_at}
        transaction.put(key, data, expires=layout.expiry(change.now) if done else None)
        if not done:
            transaction.replace(Key(layout.INBOX, arrived), {"key": change.envelope.key}, late=False)
    if change.received:
        return receive(transaction, change.received)
    return True


def keep_incident(transaction: Transaction, incident: Incident) -> None:
    """Insert or replace it, and its places in the lists. Raises Conflict."""
    key = layout.incident(incident.id)
    old = transaction.seen(key)
    if incident.version == 0:
        _insert_incident(transaction, incident, old)
    elif old is None or old["version"] != incident.version:
        raise Conflict(f"{incident.name} is not at version {incident.version} any more. Load and decide again.")
    place_incident(transaction, incident, old)


def place_incident(transaction: Transaction, incident: Incident, old: Data | None) -> None:
    """The incident in its next version, and its places in the lists."""
    key = layout.incident(incident.id)
    new: Data = {
        "version": incident.version + 1,
        "body": codec.to_body(incident),
        "channel": incident.room.channel_id,
        "group": incident.alert_group.key,
        "open": incident.state.open,
    }
    transaction.put(key, new)
    _take_channel(transaction, incident, old)
    summary = {
        "id": incident.id,
        "state": incident.state.value,
        "private": incident.private,
        "declared_at": sortable(incident.declared_at),
        "version": incident.version + 1,
        "search": keys.searchable(incident),
    }
    place = layout.numbered(incident.number)
    if incident.version == 0:
        transaction.put(place, summary)
    else:
        transaction.replace(place, summary, late=False)
    if incident.state.open:
        transaction.replace(
            layout.opened(incident.number), {"id": incident.id, "severity": incident.severity}, late=False
        )
    elif old is None or old["open"]:
        transaction.discard(layout.opened(incident.number), late=False)
    group = incident.alert_group.key
    if old and old["group"] and old["group"] != group:
        transaction.discard(layout.grouped(old["group"], incident.number), late=False)
    if group and (old is None or old["group"] != group):
        transaction.replace(layout.grouped(group, incident.number), {"id": incident.id}, late=False)
    transaction.replace(layout.stale(incident.id), {"id": incident.id})


def _insert_incident(transaction: Transaction, incident: Incident, old: Data | None) -> None:
    taken = (
        old,
        transaction.seen(layout.numbered(incident.number)),
        transaction.seen(layout.origin(incident.origin_key)),
    )
    if any(each is not None for each in taken):
        raise Conflict(
            f"The number {incident.number}, the origin {keys.key(incident.origin_key)} or the channel was taken "
            "by another writer. Load and decide again."
        )
    transaction.put(layout.origin(incident.origin_key), {"id": incident.id})
    counter = transaction.seen(layout.INCIDENT_NUMBER) or {"number": 0}
    if incident.number > counter["number"]:
        transaction.put(layout.INCIDENT_NUMBER, {"number": incident.number})


def _take_channel(transaction: Transaction, incident: Incident, old: Data | None) -> None:
    before, now = old["channel"] if old else None, incident.room.channel_id
    if before == now:
        return
    if before is not None:
        transaction.discard(layout.channel(before), late=False)
    if now is not None:
        if transaction.seen(layout.channel(now)) is not None:
            raise Conflict(f"The channel {now} was taken by another writer. Load and decide again.")
        transaction.put(layout.channel(now), {"id": incident.id})


def keep_entries(transaction: Transaction, entries: Sequence[Entry]) -> None:
    """Each once, as it was first written."""
    for each in entries:
        key = layout.entry(each.incident_id, each.key)
        if transaction.seen(key) is None:
            transaction.put(key, {"body": codec.to_body(each), "arrived": layout.arrival()}, late=True)


def follower(following: Following) -> Key:
    """Where the subscription is."""
    about, name = ("team", following.team) if following.team else ("severity", following.severity or "")
    return layout.follower(about, name, following.user)


def _keep_directory(transaction: Transaction, change: Changeset) -> None:
    """People and groups themselves are written before; here is what says that they changed."""
    for following in change.followed:
        transaction.replace(follower(following), following.model_dump())
    for following in change.unfollowed:
        transaction.discard(follower(following))
    if change.people or change.groups:
        key = layout.meta(keys.DIRECTORY_VERSION)
        transaction.put(key, {"number": (transaction.seen(key) or {"number": 0})["number"] + 1})
    if change.directory_complete and transaction.seen(layout.meta(keys.DIRECTORY_COMPLETE)) is None:
        transaction.put(layout.meta(keys.DIRECTORY_COMPLETE), {"number": 1})


def _keep_oncall(transaction: Transaction, change: Changeset) -> None:
    """Raises Conflict."""
    for override in change.overrides:
        said = f"The override {override.id} was changed by somebody else."
        _versioned(transaction, layout.override(override.id), override, said)
    for state in change.schedule_states:
        said = f"What is known of the schedule {state.schedule} was changed by somebody else."
        _versioned(transaction, layout.schedule(state.schedule), state, said)
    for calendar in change.calendars:
        transaction.put(layout.calendar(calendar.schedule), {"body": codec.to_body(calendar)})


def _keep_feed_links(transaction: Transaction, change: Changeset) -> None:
    for name in change.revoked_feed_links:
        known = transaction.seen(layout.feed_link(name))
        if known is not None:
            link = codec.from_body(FeedLink, known["body"])
            transaction.discard(layout.listed_feed_link(link.made_at, link.id), late=False)
            transaction.delete(layout.feed_link(name))
    for link in change.feed_links:
        keep_feed_link(transaction, link)


def keep_feed_link(transaction: Transaction, link: FeedLink) -> None:
    """It, and its place among those of its person."""
    transaction.put(layout.feed_link(link.id), {"body": codec.to_body(link)})
    transaction.replace(
        layout.listed_feed_link(link.made_at, link.id), {"id": link.id, "person": link.person}, late=False
    )


def _versioned(transaction: Transaction, key: Key, value: Any, refusal: str) -> None:
    """Insert it with version 0, otherwise replace it where the version still matches. Raises Conflict."""
    old = transaction.seen(key)
    if (old["version"] if old else 0) != value.version:
        raise Conflict(refusal)
    transaction.put(key, {"version": value.version + 1, "body": codec.to_body(value)})


def keep_service_changes(transaction: Transaction, changes: Sequence[Change]) -> None:
    """Each once, as it was first told."""
    for each in changes:
        key = layout.service_change(each.id)
        if transaction.seen(key) is not None:
            continue
        place = layout.changed_at(each.at, each.id)
        transaction.put(key, {"at": sortable(each.at)}, expires=layout.expiry(each.at, CHANGES_KEPT), late=True)
        transaction.put(
            place,
            {"service": normal(each.service), "body": codec.to_body(each)},
            expires=layout.expiry(each.at, CHANGES_KEPT),
            late=True,
        )
        month = place.sk[:7]
        transaction.replace(Key(layout.CHANGE_MONTHS, month), {"month": month})


def keep_audited(transaction: Transaction, audited: Sequence[Audited]) -> None:
    """Each is a row of its day, and of the incident's."""
    for each in audited:
        arrived = layout.arrival()
        day = sortable(each.at)[:10]
        data = each.model_dump(mode="json")
        transaction.put(Key(layout.audit_day(day), arrived), data, late=True)
        transaction.replace(Key(layout.AUDIT_DAYS, day), {"day": day})
        if each.incident is not None:
            transaction.put(Key(layout.audit_of(each.incident), arrived), data, late=True)


def _mark_done(transaction: Transaction, change: Changeset) -> None:
    if change.envelope_done is None or (change.envelope and change.envelope.key == change.envelope_done):
        return
    key = layout.envelope(change.envelope_done)
    known = transaction.seen(key)
    if known is not None and known["done_at"] is None:
        transaction.put(key, known | {"done_at": sortable(change.now)}, expires=layout.expiry(change.now))
        transaction.discard(Key(layout.INBOX, known["arrived"]), late=False)
