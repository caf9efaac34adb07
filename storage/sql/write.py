"""The steps of a commit, in its one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import keys
from storage.queues import Apart
from storage.sql import jobs, rows
from storage.sql.alert_log import decide, keep_firings, keep_quarantined, keep_read_cursors, remove_firings
from storage.sql.changes import keep_changes
from storage.sql.dialect import insert
from storage.sql.oncall import keep_calendars, keep_feed_links, keep_overrides, keep_schedule_states
from storage.sql.people import keep_directory
from storage.sql.runbooks import keep_runs
from storage.sql.tables import ALERT, AUDIT, ENTRY, ENVELOPE, INCIDENT, JOB
from warroom.errors import Conflict
from warroom.incident.model import Incident
from warroom.incident.timeline import Entry
from warroom.outbox.changes import Changeset, ClaimResult, Timer
from warroom.outbox.effects import Effect

NUMBERING = 0x57415253
"""PostgreSQL's advisory lock of whoever gives a number to an incident, until the transaction ends."""


async def following_number(conn: AsyncConnection) -> int:
    """The number of the incident that this transaction stores. Nobody else is given one before it ends."""
    if conn.dialect.name == "postgresql":
        # A statement of its own: the next one sees what whoever held the lock before has committed.
        await conn.execute(sa.select(sa.func.pg_advisory_xact_lock(NUMBERING)))
    highest: int | None = (await conn.execute(sa.select(sa.func.max(INCIDENT.c.number)))).scalar()
    return (highest or 0) + 1


MERGEABLE = {"now", "incident", "entries", "timers", "effects", "audited", "envelope", "envelope_done", "claim_result"}
"""What a change may say to be written with others: nothing that depends on more than its incident and its claim."""


async def write_merged(conn: AsyncConnection, changes: Sequence[Changeset]) -> None:
    """All of them as if one after another, each incident in the order of its changes. Raises Apart, and what `write` raises."""
    if not all(change.incident is not None and _mergeable(change) for change in changes):
        raise Apart
    claim_results = [change.claim_result for change in changes if change.claim_result]
    effects = _last_wins([effect for change in changes for effect in change.effects])
    timers = {(timer.incident_id, timer.kind): timer for change in changes for timer in change.timers}
    incidents = [change.incident for change in changes if change.incident]
    now = changes[-1].now
    if claim_results:
        await _lock_rows(conn, incidents, claim_results, effects, timers.values())
    envelopes = [_envelope_row(change) for change in changes if change.envelope]
    if envelopes:
        fresh = insert(conn.dialect.name, ENVELOPE).on_conflict_do_nothing(index_elements=["key"])
        if len((await conn.execute(fresh.returning(ENVELOPE.c.seq), envelopes)).all()) < len(envelopes):
            raise Apart
    for claim_result in claim_results:
        await jobs.end_claim(conn, claim_result, now)
    await _keep_all(conn, incidents)
    await _keep_entries(conn, [entry for change in changes for entry in change.entries])
    await jobs.arm(conn, list(timers.values()), now)
    await jobs.enqueue(conn, effects, now)
    audited = [row.model_dump() for change in changes for row in change.audited]
    if audited:
        await conn.execute(sa.insert(AUDIT), audited)


def only_ends_a_claim(change: Changeset) -> bool:
    """Whether it does nothing but end a claim."""
    return change.claim_result is not None and all(
        name in ("now", "claim_result") or not getattr(change, name) for name in Changeset.model_fields
    )


async def write_claim_results(conn: AsyncConnection, changes: Sequence[Changeset]) -> None:
    """The ends of all these claims. Raises LeaseLost when one of them is not held any more."""
    claim_results = {each.claim_result.key: each for each in changes if each.claim_result}
    if len(claim_results) < len(changes):
        raise Apart
    # Always in the order of keys, so that two writers never wait for each other in a circle.
    for key in sorted(claim_results):
        change = claim_results[key]
        assert change.claim_result is not None
        await jobs.end_claim(conn, change.claim_result, change.now)


def _mergeable(change: Changeset) -> bool:
    if change.envelope_done is not None and (change.envelope is None or change.envelope.key != change.envelope_done):
        return False
    return all(name in MERGEABLE or not getattr(change, name) for name in Changeset.model_fields)


def _last_wins(effects: Sequence[Effect]) -> list[Effect]:
    """One effect that coalesces for each key: the last, as urgent as the most urgent."""
    found: dict[str, Effect] = {}
    others = []
    for effect in effects:
        if not effect.coalescing:
            others.append(effect)
            continue
        before = found.get(effect.key)
        found[effect.key] = effect.copy_with(priority=min(before.priority, effect.priority)) if before else effect
    return [*others, *found.values()]


async def _keep_all(conn: AsyncConnection, incidents: Sequence[Incident]) -> None:
    """Insert those that are new, and replace each of the others by its last, where it is as the first one expects."""
    new = [incident for incident in incidents if incident.version == 0]
    if new:
        statement = insert(conn.dialect.name, INCIDENT).on_conflict_do_nothing().returning(INCIDENT.c.id)
        if len((await conn.execute(statement, [rows.incident_row(each) for each in new])).all()) < len(new):
            raise Apart
    first: dict[str, Incident] = {}
    last: dict[str, Incident] = {}
    for incident in incidents:
        if incident.version == 0:
            continue
        before = last.get(incident.id)
        if before is not None and incident.version != before.version + 1:
            raise Apart
        first.setdefault(incident.id, incident)
        last[incident.id] = incident
    for incident_id in sorted(last):
        await _replace(conn, last[incident_id], first[incident_id].version)


async def write(conn: AsyncConnection, change: Changeset) -> bool:
    """All of the changeset. False when it was known: then the caller rolls back."""
    await _lock(conn, change)
    if not await _take_in(conn, change) or not await _first_to_decide(conn, change):
        return False
    if change.claim_result:
        await jobs.end_claim(conn, change.claim_result, change.now)
    if change.incident:
        await _keep(conn, change.incident)
    await _keep_entries(conn, change.entries)
    await jobs.arm(conn, change.timers, change.now)
    await jobs.enqueue(conn, change.effects, change.now)
    await decide(conn, [each for each in change.alert_decisions if each.delivery_id not in change.decides])
    if change.beside:
        await _beside(conn, change.beside)
    await remove_firings(conn, change.moved_firings)
    await keep_firings(conn, (*change.firings, *(change.beside.firings if change.beside else ())))
    await keep_read_cursors(conn, change.read_cursors)
    await keep_quarantined(conn, change.quarantined, change.released)
    await keep_directory(conn, change)
    await keep_overrides(conn, change.overrides)
    await keep_schedule_states(conn, change.schedule_states)
    await keep_calendars(conn, change.calendars)
    await keep_feed_links(conn, change.feed_links, change.revoked_feed_links)
    await keep_changes(conn, change.service_changes)
    await keep_runs(conn, change.runs)
    if change.audited:
        await conn.execute(sa.insert(AUDIT), [each.model_dump() for each in change.audited])
    if change.envelope_done is not None and (change.envelope is None or change.envelope.key != change.envelope_done):
        mine = sa.and_(ENVELOPE.c.key == change.envelope_done, ENVELOPE.c.done_at.is_(None))
        await conn.execute(sa.update(ENVELOPE).where(mine).values(done_at=change.now))
    return True


async def _beside(conn: AsyncConnection, change: Changeset) -> None:
    """The second incident of a change of two."""
    if change.incident:
        await _keep(conn, change.incident)
    await _keep_entries(conn, change.entries)
    await jobs.arm(conn, change.timers, change.now)
    await jobs.enqueue(conn, change.effects, change.now)


async def _lock(conn: AsyncConnection, change: Changeset) -> None:
    """On PostgreSQL, take the rows that two writers may both want in one order: incident, then jobs by key."""
    beside = change.beside
    if beside is not None:
        incidents = [each for each in (change.incident, beside.incident) if each]
        effects, timers = (*change.effects, *beside.effects), (*change.timers, *beside.timers)
        await _lock_rows(conn, incidents, [], effects, timers)
    elif change.claim_result is not None:
        incidents = [change.incident] if change.incident else []
        await _lock_rows(conn, incidents, [change.claim_result], change.effects, change.timers)


async def _lock_rows(
    conn: AsyncConnection,
    incidents: Sequence[Incident],
    claim_results: Sequence[ClaimResult],
    effects: Iterable[Effect],
    timers: Iterable[Timer],
) -> None:
    if conn.dialect.name != "postgresql":
        return
    if incidents:
        ids = sorted({incident.id for incident in incidents})
        mine = sa.select(INCIDENT.c.id).where(INCIDENT.c.id.in_(ids)).order_by(INCIDENT.c.id)
        await conn.execute(mine.with_for_update())
    wanted = [*(claim_result.key for claim_result in claim_results), *(effect.key for effect in effects)]
    wanted += [keys.timer_key(timer.incident_id, timer.kind) for timer in timers]
    if len(wanted) > 1:
        locked = sa.select(JOB.c.key).where(JOB.c.key.in_(wanted)).order_by(JOB.c.key)
        await conn.execute(locked.with_for_update())


async def _take_in(conn: AsyncConnection, change: Changeset) -> bool:
    """Store what was delivered; False when all of it was known."""
    dialect = conn.dialect.name
    if change.envelope:
        one = insert(dialect, ENVELOPE).values(_envelope_row(change))
        result = await conn.execute(one.on_conflict_do_nothing(index_elements=["key"]))
        if result.rowcount == 0:
            return False
    if change.received:
        alerts = insert(dialect, ALERT).on_conflict_do_nothing(index_elements=["delivery_id"]).returning(ALERT.c.seq)
        new = await conn.execute(alerts, [rows.alert_row(each) for each in change.received])
        return bool(new.all())
    return True


def _envelope_row(change: Changeset) -> dict[str, Any]:
    assert change.envelope is not None
    done = change.envelope_done == change.envelope.key
    return rows.envelope_row(change.envelope, change.now if done else None)


async def _keep_entries(conn: AsyncConnection, entries: Sequence[Entry]) -> None:
    if entries:
        entry = insert(conn.dialect.name, ENTRY).on_conflict_do_nothing(index_elements=["incident_id", "key"])
        await conn.execute(entry, [rows.entry_row(each) for each in entries])


async def _first_to_decide(conn: AsyncConnection, change: Changeset) -> bool:
    """Whether no alert this is about was decided before. Whoever comes second waits here for the first to end."""
    mine = [each for each in change.alert_decisions if each.delivery_id in change.decides]
    if len(mine) < len(change.decides):
        return False
    if len(mine) > 1:
        free = sa.select(ALERT.c.delivery_id).where(ALERT.c.delivery_id.in_(change.decides), ALERT.c.outcome.is_(None))
        found = await conn.execute(free.order_by(ALERT.c.delivery_id).with_for_update())
        if len(found.all()) < len(mine):
            return False
    return not mine or await decide(conn, mine) != 0


async def _keep(conn: AsyncConnection, incident: Incident) -> None:
    if incident.version == 0:
        row = rows.incident_row(incident)
        result = await conn.execute(insert(conn.dialect.name, INCIDENT).values(row).on_conflict_do_nothing())
        if result.rowcount == 0:
            raise Conflict(
                f"The number {incident.number}, the origin {keys.key(incident.origin_key)} or the channel was taken "
                "by another writer. Load and decide again."
            )
        return
    await _replace(conn, incident, incident.version)


async def _replace(conn: AsyncConnection, incident: Incident, expected: int) -> None:
    result = await conn.execute(
        _replaced(), rows.incident_row(incident) | {"the_id": incident.id, "expected": expected}
    )
    if result.rowcount == 0:
        raise Conflict(f"{incident.name} is not at version {expected} any more. Load and decide again.")


@cache
def _replaced() -> sa.Update:
    """What is set follows from the values that it is executed with."""
    same = sa.and_(INCIDENT.c.id == sa.bindparam("the_id"), INCIDENT.c.version == sa.bindparam("expected"))
    return sa.update(INCIDENT).where(same)
