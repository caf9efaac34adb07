"""Timers: one per incident and kind; arming and disarming always win."""

from __future__ import annotations

import pytest

from storage import Database
from tests.storage.values import LEASE, NOW, after, ask, incident, put, room, settled, take, take_one, timer
from warroom.errors import Conflict, LeaseLost
from warroom.outbox.changes import Changeset, ClaimOutcome, Timer


async def test_a_timer_is_claimed_when_it_is_due_and_not_before(store: Database) -> None:
    await put(store, timers=(timer("ack", after(300), priority=10),))
    assert await store.next_due() == after(300)
    assert await take(store, after(299.999)) == []
    claim = await take_one(store, after(300))
    assert (claim.key, claim.timer, claim.incident_id, claim.effect) == ("inc-1:timer:ack", "ack", "inc-1", None)
    assert (claim.due_at, claim.created_at, claim.attempts, claim.outcome_unknown) == (after(300), NOW, 1, False)
    assert await store.next_due() == after(300) + LEASE


async def test_one_timer_per_incident_and_kind_the_newest_time_counts(store: Database) -> None:
    await put(store, timers=(timer("ack", after(10)), timer("update", after(20))))
    await put(store, timers=(timer("ack", after(30)), Timer(incident_id="inc-2", kind="ack", due_at=after(5))))
    due = await take(store, after(100))
    assert [(claim.incident_id, claim.timer, claim.due_at) for claim in due] == [
        ("inc-2", "ack", after(5)),
        ("inc-1", "update", after(20)),
        ("inc-1", "ack", after(30)),
    ]


async def test_a_disarmed_timer_never_fires_and_can_be_armed_again(store: Database) -> None:
    await put(store, timers=(timer("ack", None),))
    assert await store.next_due() is None
    await put(store, timers=(timer("ack", NOW),))
    await put(store, timers=(timer("ack", None),))
    assert await take(store, after(9)) == []
    await put(store, timers=(timer("ack", after(10)),))
    assert (await take_one(store, after(10))).due_at == after(10)


@pytest.mark.parametrize("due_at", [after(900), None], ids=["armed anew", "disarmed"])
async def test_a_firing_in_progress_is_dropped_when_its_timer_is_changed(store: Database, due_at: object) -> None:
    await put(store, incident=incident(), timers=(timer("ack"),))
    claim = await take_one(store)
    await put(store, timers=(Timer.model_validate({"incident_id": "inc-1", "kind": "ack", "due_at": due_at}),))
    with pytest.raises(LeaseLost):
        await put(store, claim_result=settled(claim), incident=incident(version=1, title="paged"))
    kept = await store.incident("inc-1")
    assert kept is not None
    assert kept.title != "paged"
    assert await store.next_due() == due_at


async def test_a_firing_may_settle_and_arm_its_own_timer_in_one_commit(store: Database) -> None:
    await put(store, timers=(timer("update"),))
    claim = await take_one(store)
    assert await put(store, claim_result=settled(claim), timers=(timer("update", after(900)),))
    again = await take_one(store, after(900))
    assert (again.due_at, again.attempts, again.outcome_unknown) == (after(900), 1, False)
    assert again.fence > claim.fence


async def test_a_settled_timer_is_over(store: Database) -> None:
    await put(store, timers=(timer("ack"),))
    claim = await take_one(store)
    await put(store, claim_result=settled(claim))
    assert await take(store, after(10_000)) == []
    assert await store.next_due() is None


async def test_a_firing_that_met_a_conflict_keeps_its_claim_and_may_try_again(store: Database) -> None:
    await put(store, incident=incident(), timers=(timer("ack"),))
    claim = await take_one(store)
    with pytest.raises(Conflict):
        await put(store, claim_result=settled(claim), incident=incident(version=7))
    assert await put(store, claim_result=settled(claim), incident=incident(version=1))


async def test_a_timer_may_be_tried_again_later(store: Database) -> None:
    await put(store, timers=(timer("ack"),))
    claim = await take_one(store)
    await put(store, claim_result=settled(claim, ClaimOutcome.RETRY, retry_at=after(30), error="no policy"))
    assert await take(store, after(29)) == []
    again = await take_one(store, after(30))
    assert (again.attempts, again.due_at, again.outcome_unknown) == (2, after(30), False)


async def test_the_last_of_two_times_in_one_changeset_counts(store: Database) -> None:
    await store.commit(Changeset(now=NOW, timers=(timer("ack", after(1)), timer("ack", after(2)))))
    assert await store.next_due() == after(2)


async def test_what_a_clock_that_was_ahead_put_off_is_due_again_and_dates_stay(store: Database) -> None:
    ahead = after(3600)
    await ask(store, room("held"), room("waits"), now=NOW)
    await put(store, timers=(timer("update", after(7200)),))
    _, waits = await take(store, ahead)
    await put(store, ahead, claim_result=settled(waits, ClaimOutcome.RETRY, retry_at=after(3630)))
    assert await take(store, after(60)) == [], "until then nobody gets them"
    assert await store.reset_after_clock_change(NOW, LEASE) == 2
    assert [claim.key for claim in await take(store, NOW)] == ["waits"]
    (held, again) = await take(store, NOW + LEASE)
    assert (held.key, held.outcome_unknown, again.key) == ("held", True, "waits")
    assert await store.reset_after_clock_change(NOW, LEASE) == 0, "a date is a date"
