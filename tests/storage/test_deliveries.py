"""What was accepted is stored once, in order, and worked off once."""

from __future__ import annotations

import asyncio

import pytest

from storage import Database
from tests.storage.values import (
    NOW,
    after,
    alert,
    ask,
    card,
    entry,
    envelope,
    firing,
    incident,
    put,
    room,
    settled,
    take,
    take_one,
)
from warroom.errors import Conflict
from warroom.outbox.changes import AlertDecision, AlertOutcome, ClaimOutcome
from warroom.outbox.effects import DecideAlerts


async def test_a_delivery_of_slack_is_kept_until_it_is_worked_off(store: Database) -> None:
    first, second = envelope("Ev2", text="hi", nested={"a": [1, None]}), envelope("Ev1")
    assert await put(store, envelope=first)
    assert await put(store, envelope=second)
    assert await store.pending_envelopes() == [first, second]
    assert await store.pending_envelopes(limit=1) == [first]
    await put(store, envelope_done="Ev2")
    assert await store.pending_envelopes() == [second]


async def test_the_same_delivery_again_writes_nothing_at_all(store: Database) -> None:
    await put(store, envelope=envelope())
    known = await put(
        store, envelope=envelope(other="body"), entries=(entry("k"),), effects=(room(),), received=(alert("d1"),)
    )
    assert known is False
    assert await store.timeline("inc-1") == []
    assert await take(store) == []
    assert await store.pending_alerts(9) == []
    await put(store, envelope_done="Ev1")
    assert await put(store, envelope=envelope()) is False
    assert await store.pending_envelopes() == []


async def test_alerts_are_decided_in_the_order_they_came(store: Database) -> None:
    await put(store, received=(alert("b"), alert("a")), effects=(DecideAlerts(),))
    await put(store, received=(alert("c"),), effects=(DecideAlerts(),))
    pending = await store.pending_alerts(10)
    assert [each.alert.delivery_id for each in pending] == ["b", "a", "c"]
    assert [each.seq for each in pending] == sorted(each.seq for each in pending)
    assert pending[0].copy_with(seq=0) == alert("b")
    assert len(await store.pending_alerts(2)) == 2
    assert (await take_one(store)).effect == DecideAlerts()


async def test_a_decided_alert_is_not_pending_and_the_first_decision_stands(store: Database) -> None:
    await put(store, received=(alert("a"), alert("b")))
    opened = AlertDecision(
        delivery_id="a", outcome=AlertOutcome.OPENED, incident_id="inc-1", rule="5xx", why="no open incident"
    )
    await put(store, alert_decisions=(opened, AlertDecision(delivery_id="unknown", outcome=AlertOutcome.IGNORED)))
    await put(store, alert_decisions=(AlertDecision(delivery_id="a", outcome=AlertOutcome.DROPPED),))
    assert [each.alert.delivery_id for each in await store.pending_alerts(10)] == ["b"]


async def test_an_alert_that_is_known_is_not_stored_again(store: Database) -> None:
    assert await put(store, received=(alert("a"), alert("a")))
    assert await put(store, received=(alert("a"),), effects=(card(),)) is False
    assert await take(store) == []
    assert await put(store, received=(alert("a"), alert("b")), effects=(card(),)) is True
    assert [each.alert.delivery_id for each in await store.pending_alerts(10)] == ["a", "b"]
    assert (await take_one(store)).effect == card()
    await put(store, alert_decisions=(AlertDecision(delivery_id="a", outcome=AlertOutcome.DROPPED),))
    assert await put(store, received=(alert("a"),)) is False


async def test_a_new_envelope_with_known_alerts_is_not_kept_either(store: Database) -> None:
    await put(store, received=(alert("a"),))
    assert await put(store, envelope=envelope(), received=(alert("a"),)) is False
    assert await store.pending_envelopes() == []


async def test_a_delivery_whose_commit_failed_may_come_again(store: Database) -> None:
    with pytest.raises(Conflict):
        await put(store, envelope=envelope(), received=(alert("a"),), incident=incident(version=5))
    assert await store.pending_envelopes() == []
    assert await put(store, envelope=envelope(), received=(alert("a"),))


async def test_many_doors_bring_the_same_delivery_and_one_is_stored(store: Database) -> None:
    told = await asyncio.gather(*(put(store, received=(alert("a"),), envelope=envelope(f"E{n}")) for n in range(8)))
    assert sorted(told) == [False] * 7 + [True]
    assert len(await store.pending_envelopes()) == 1


async def test_firings_are_kept_per_incident_and_replaced(store: Database) -> None:
    await put(store, firings=(firing(count=1), firing(dedup_key="other", last_seen_at=after(5))))
    await put(store, firings=(firing(count=2, last_seen_at=after(9)), firing("inc-2", count=7)))
    assert [(each.dedup_key, each.count) for each in await store.firings("inc-1")] == [("1:cycle:7", 2), ("other", 1)]
    assert [each.count for each in await store.firings("inc-1", limit=1)] == [2]


async def test_a_recovery_finds_its_firings_by_any_key_newest_incident_first(store: Database) -> None:
    for number in (1, 2, 3):
        await put(store, incident=incident(number))
    old, new = firing("inc-1", keys=["monitor:7", "host:a"]), firing("inc-3", keys=["monitor:7"])
    await put(store, firings=(old, new, firing("inc-2", "unrelated")))
    found = await store.firings_for(["nothing", "monitor:7", "1:cycle:7"])
    assert [(each, where.number) for each, where in found] == [(new, 3), (old, 1)]
    assert [where.version for _, where in found] == [1, 1]
    assert [each for each, _ in await store.firings_for(["host:a"])] == [old]
    assert len(await store.firings_for(["monitor:7"], limit=1)) == 1
    assert await store.firings_for(["monitor:8"]) == []


async def test_a_firing_is_found_by_its_newest_keys_only(store: Database) -> None:
    await put(store, incident=incident(), firings=(firing(keys=["before", "always"]),))
    await put(store, firings=(firing(keys=["always", "since", "since"]),))
    assert await store.firings_for(["before"]) == []
    assert len(await store.firings_for(["since", "always"])) == 1


async def test_what_is_over_can_be_deleted_and_what_is_not_stays(store: Database) -> None:
    await ask(store, room("done"), room("dead"), card(), room("pending"))
    by_key = {claim.key: claim for claim in await take(store)}
    await put(store, claim_result=settled(by_key["done"]))
    await put(store, after(7200), claim_result=settled(by_key["dead"], ClaimOutcome.DEAD, error="no"))
    await put(store, claim_result=settled(by_key["card:inc-1"]))
    await put(store, envelope=envelope("E1"))
    await put(store, envelope=envelope("E2"))
    await put(store, envelope_done="E1")
    await put(store, received=(alert("attached"), alert("dropped"), alert("waiting")))
    await put(
        store,
        alert_decisions=(
            AlertDecision(delivery_id="attached", outcome=AlertOutcome.ATTACHED, incident_id="inc-1"),
            AlertDecision(delivery_id="dropped", outcome=AlertOutcome.DROPPED),
        ),
    )
    assert await store.purge(NOW) == 0
    assert await store.purge(after(3600)) == 4  # done, card, E1, dropped
    assert [dead_letter.key for dead_letter in await store.dead_letters()] == ["dead"]
    assert [claim.key for claim in await take(store, after(9000))] == ["pending"]
    assert [each.key for each in await store.pending_envelopes()] == ["E2"]
    assert [each.alert.delivery_id for each in await store.pending_alerts(9)] == ["waiting"]
    assert await put(store, received=(alert("attached"),)) is False
    assert await store.purge(after(9999)) == 1
    assert await store.dead_letters() == []


async def test_an_alert_is_decided_by_one_of_two_who_try(store: Database) -> None:
    await put(store, received=(alert("a"), alert("b")))
    decided = AlertDecision(delivery_id="a", outcome=AlertOutcome.ATTACHED, incident_id="inc-1", rule="", why="x")
    other = AlertDecision(delivery_id="b", outcome=AlertOutcome.DROPPED)
    told = await asyncio.gather(
        *(put(store, alert_decisions=(decided, other), decides=("a",), firings=(firing(count=n),)) for n in (1, 2, 3))
    )
    assert sorted(told) == [False, False, True]
    assert [each.count for each in await store.firings("inc-1")] == [told.index(True) + 1]
    assert await store.pending_alerts(9) == []
    assert await put(store, alert_decisions=(decided,), decides=("unknown",), effects=(card(),)) is False
    assert await take(store) == []
