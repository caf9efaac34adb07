"""Effects: asked for once, or as often as you like when they coalesce."""

from __future__ import annotations

from datetime import datetime

import pytest

from storage import Database
from tests.storage.values import LEASE, NOW, after, ask, card, put, room, settled, take, take_one
from warroom.errors import LeaseLost
from warroom.incident.notices import UpdatePostedNotice
from warroom.outbox.changes import Claim, ClaimOutcome
from warroom.outbox.effects import OpenRoom, Place, Post, PrivateReply


async def done(store: Database, claim: Claim, now: datetime = NOW) -> None:
    await put(store, now, claim_result=settled(claim))


async def test_an_effect_is_due_at_once_and_comes_back_as_it_was(store: Database) -> None:
    post = Post(
        key="post:1",
        incident_id="inc-1",
        priority=7,
        place=Place.ROOM,
        notice=UpdatePostedNotice(by="U1", text="we roll back", next_due_at=after(900)),
        slot="update",
    )
    private_reply = PrivateReply(
        key="private_reply:1", user="U1", text="done", blocks=({"type": "divider", "n": [1, 2.5, None]},)
    )
    await ask(store, post, private_reply)
    assert await store.next_due() == NOW
    first, second = await take(store)
    assert (first.effect, first.key, first.incident_id, first.timer) == (post, "post:1", "inc-1", None)
    assert (second.effect, second.incident_id) == (private_reply, None)


async def test_the_same_key_again_changes_nothing_not_even_when_it_is_done(store: Database) -> None:
    await ask(store, room(), OpenRoom(key="room:1", name="another"))
    await ask(store, OpenRoom(key="room:1", name="a third"))
    claim = await take_one(store)
    assert claim.effect == room()
    await ask(store, OpenRoom(key="room:1", name="a fourth"))
    await done(store, claim)
    await ask(store, room())
    assert await take(store, after(10_000)) == []


async def test_ten_cards_asked_for_are_one(store: Database) -> None:
    for n in range(10):
        await ask(store, card(priority=50 - n), now=after(n))
    claim = await take_one(store, after(10))
    assert (claim.rev, claim.due_at, claim.created_at) == (9, NOW, NOW)
    assert claim.effect == card(priority=41)
    await done(store, claim)
    assert await take(store, after(10_000)) == []


async def test_a_pending_card_keeps_the_most_urgent_priority(store: Database) -> None:
    await ask(store, card(priority=5))
    await ask(store, card(priority=90), room(priority=6))
    assert [claim.key for claim in await take(store)] == ["card:inc-1", "room:1"]


async def test_a_card_that_is_done_is_asked_for_anew_with_its_new_priority(store: Database) -> None:
    await ask(store, card(priority=5))
    await done(store, await take_one(store))
    await ask(store, card(priority=90), room(priority=6), now=after(50))
    first, again = await take(store, after(50))
    assert (first.key, again.key) == ("room:1", "card:inc-1")
    assert (again.attempts, again.outcome_unknown, again.due_at, again.created_at) == (1, False, after(50), after(50))


async def test_asked_again_in_flight_nobody_else_draws_it_and_it_is_due_when_the_first_is_done(store: Database) -> None:
    await ask(store, card())
    claim = await take_one(store)
    await ask(store, card(), now=after(1))
    assert await take(store, after(2)) == []
    await done(store, claim, after(3))
    again = await take_one(store, after(3))
    assert (again.rev, again.attempts, again.outcome_unknown, again.due_at) == (claim.rev + 1, 1, False, after(3))
    await done(store, again, after(4))
    assert await take(store, after(10_000)) == []


async def test_a_commit_may_settle_a_card_and_ask_for_it_again(store: Database) -> None:
    await ask(store, card())
    claim = await take_one(store)
    await put(store, after(1), claim_result=settled(claim), effects=(card(),))
    assert (await take_one(store, after(1))).attempts == 1


async def test_a_retry_waits_for_its_time_and_carries_its_doubt(store: Database) -> None:
    await ask(store, room())
    claim = await take_one(store)
    await put(
        store,
        claim_result=settled(claim, ClaimOutcome.RETRY, retry_at=after(20), error="timeout", outcome_unknown=True),
    )
    assert await store.next_due() == after(20)
    assert await take(store, after(19)) == []
    again = await take_one(store, after(20))
    assert (again.attempts, again.outcome_unknown, again.created_at, again.due_at) == (2, True, NOW, after(20))
    await put(store, claim_result=settled(again, ClaimOutcome.RETRY, retry_at=after(30), error="429"))
    assert (await take_one(store, after(30))).outcome_unknown is False


async def test_a_card_that_waits_for_its_retry_is_due_at_once_when_asked_again_and_stays_doubtful(
    store: Database,
) -> None:
    await ask(store, card())
    claim = await take_one(store)
    await put(store, claim_result=settled(claim, ClaimOutcome.RETRY, retry_at=after(600), outcome_unknown=True))
    await ask(store, card(), now=after(5))
    again = await take_one(store, after(5))
    assert (again.attempts, again.outcome_unknown, again.due_at, again.created_at) == (1, True, after(5), NOW)


async def test_what_failed_for_good_is_buried_and_can_be_read(store: Database) -> None:
    await ask(store, room("room:1"), room("room:2"))
    first, second = await take(store)
    await put(store, after(1), claim_result=settled(first, ClaimOutcome.DEAD, error="name_taken"))
    await put(store, after(2), claim_result=settled(second, ClaimOutcome.DEAD, error="restricted"))
    newest, oldest = await store.dead_letters()
    assert (newest.key, newest.error, newest.at) == ("room:2", "restricted", after(2))
    assert (oldest.key, oldest.kind, oldest.incident_id, oldest.attempts) == ("room:1", "open_room", "inc-1", 1)
    assert len(await store.dead_letters(limit=1)) == 1
    assert await take(store, after(10_000)) == []
    await ask(store, room("room:1"))
    assert await take(store, after(10_000)) == []


async def test_a_buried_card_rises_when_it_is_asked_for_again(store: Database) -> None:
    await ask(store, card())
    await put(store, claim_result=settled(await take_one(store), ClaimOutcome.DEAD, error="channel_not_found"))
    await ask(store, card(), now=after(5))
    assert await store.dead_letters() == []
    assert (await take_one(store, after(5))).attempts == 1


async def test_what_is_dug_up_comes_again_as_doubtful(store: Database) -> None:
    await ask(store, room("wanted"), room("left"), room("done"))
    for claim in await take(store):
        outcome = ClaimOutcome.DONE if claim.key == "done" else ClaimOutcome.DEAD
        await put(store, claim_result=settled(claim, outcome, error="channel_not_found"))
    assert await store.requeue(["wanted", "done", "stranger"], after(60)) == ["wanted"]
    assert [dead_letter.key for dead_letter in await store.dead_letters()] == ["left"]
    claim = await take_one(store, after(60))
    assert (claim.key, claim.attempts, claim.outcome_unknown, claim.created_at) == ("wanted", 1, True, NOW)
    assert await store.requeue([], after(60)) == []


async def test_a_newer_request_is_not_buried_with_the_older_one(store: Database) -> None:
    await ask(store, card())
    claim = await take_one(store)
    await ask(store, card(), now=after(1))
    await put(store, after(2), claim_result=settled(claim, ClaimOutcome.DEAD, error="invalid_blocks"))
    assert await store.dead_letters() == []
    assert (await take_one(store, after(2))).rev == claim.rev + 1


async def test_nobody_settles_twice_or_with_an_old_fence(store: Database) -> None:
    await ask(store, room())
    claim = await take_one(store)
    for wrong in (
        settled(claim, fence=claim.fence - 1),
        settled(claim, fence=claim.fence + 1),
        settled(claim, key="room:unknown"),
    ):
        with pytest.raises(LeaseLost):
            await put(store, claim_result=wrong, effects=(room("room:2"),))
    await done(store, claim)
    with pytest.raises(LeaseLost):
        await put(store, claim_result=settled(claim), effects=(room("room:2"),))
    assert await take(store, after(10_000)) == []


async def test_the_end_of_a_lease_does_not_take_the_claim_away_the_next_claim_does(store: Database) -> None:
    await ask(store, room("slow"), room("slower"))
    slow, slower = await take(store)
    await put(store, NOW + LEASE * 2, claim_result=settled(slow))
    (taken_over,) = await take(store, NOW + LEASE * 2)
    with pytest.raises(LeaseLost):
        await put(store, claim_result=settled(slower))
    await put(store, claim_result=settled(taken_over))
