"""Whatever people and other systems write can be stored, found again and read."""

from __future__ import annotations

from datetime import timedelta, timezone

import pytest

from storage import Database
from tests.storage.values import NOW, after, alert, ask, entry, envelope, firing, incident, put, settled, take_one
from warroom.incident.parts import AlertGroup, Room
from warroom.outbox.changes import ClaimOutcome, Timer
from warroom.outbox.effects import OpenRoom
from warroom.people.model import Group, Person

LONG = "Ünïcødé 🔥 \u202e <!channel> ' \" \\ \\u0000 % _ \n" * 3000
UGLY = "a\x00b\ud800c\\u0000"
READABLE = "a\ufffdb\ufffdc\\u0000"


async def test_a_hundred_thousand_characters_come_back(store: Database) -> None:
    assert len(LONG) > 100_000
    await put(store, incident=incident(title=LONG, description=LONG), entries=(entry("k", text=LONG),))
    kept = await store.incident("inc-1")
    assert kept is not None
    assert kept.title == LONG
    assert [each.number for each in await store.incidents(text="ÜNÏCØDÉ 🔥")] == [1]
    assert [line.event.texts[0] for line in await store.timeline("inc-1")] == [LONG]


async def test_what_no_database_keeps_becomes_a_replacement_character(store: Database) -> None:
    await put(
        store,
        incident=incident(title=UGLY, summary=UGLY, alert_group=AlertGroup(key=UGLY)),
        entries=(entry("k", text=UGLY),),
        envelope=envelope("E", text=UGLY, deep=[{"x": UGLY}], **{"k\x00": 1.5}),
    )
    kept = await store.incident_grouped(UGLY)
    assert kept is not None
    assert (kept.title, kept.summary) == (READABLE, READABLE)
    assert await store.incidents(text="a\x00b") == [kept]
    assert [line.event.texts[0] for line in await store.timeline("inc-1")] == [READABLE]
    (delivered,) = await store.pending_envelopes()
    assert delivered.body == {"text": READABLE, "deep": [{"x": READABLE}], "k\ufffd": 1.5}


@pytest.mark.parametrize("key", ["x" * 100_000, "🔥" * 5000, "nul\x00", "half\udfff", "", "a b/ü%"])
async def test_any_text_may_be_a_key(store: Database, key: str) -> None:
    assert await put(
        store,
        incident=incident(id=key, origin_key=key, room=Room(channel_id=key)),
        entries=(entry(key, incident_id=key),),
    )
    assert await put(store, entries=(entry(key, incident_id=key), entry(key + "~", incident_id=key)))
    assert len(await store.timeline(key)) == 2
    for found in (await store.incident(key), await store.incident_in(key), await store.incident_from(key)):
        assert found is not None
        assert found.number == 1
    assert await put(store, received=(alert(key),), envelope=envelope(key))
    assert await put(store, received=(alert(key),)) is False
    assert await put(store, envelope=envelope(key)) is False
    await put(store, firings=(firing(key, key, keys=[key + "2"]),), envelope_done=key)
    assert len(await store.firings_for([key + "2"])) == 1
    assert len(await store.firings(key)) == 1
    assert await store.pending_envelopes() == []
    await put(store, people=(Person(id=key, name=key, email=key),), groups=(Group(id=key, handle=key),))
    assert await store.person(key) is not None
    assert await store.group(key) is not None


@pytest.mark.parametrize("key", ["x" * 100_000, "🔥" * 5000, "nul\x00", "half\udfff", ""])
async def test_a_job_with_any_key_is_claimed_and_settled(store: Database, key: str) -> None:
    await ask(store, OpenRoom(key=key, name=UGLY))
    claim = await take_one(store)
    assert claim.effect is not None
    assert claim.effect.copy_with(key="") == OpenRoom(key="", name=READABLE)
    await put(
        store,
        claim_result=settled(claim, ClaimOutcome.DEAD, error=UGLY),
        timers=(Timer(incident_id=key, kind="ack", due_at=NOW),),
    )
    assert [dead_letter.error for dead_letter in await store.dead_letters()] == [READABLE]
    again = await take_one(store)
    await put(store, claim_result=settled(again))
    assert await store.next_due() is None


async def test_two_long_keys_with_the_same_beginning_are_two(store: Database) -> None:
    await put(store, received=(alert("x" * 5000 + "1"), alert("x" * 5000 + "2")))
    assert len(await store.pending_alerts(10)) == 2


async def test_a_time_without_a_zone_is_refused(store: Database) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        await put(store, timers=(Timer(incident_id="i", kind="ack", due_at=NOW.replace(tzinfo=None)),))
    assert await store.next_due() is None


async def test_times_keep_their_microseconds_and_become_utc(store: Database) -> None:
    due = after(0.123457).astimezone(timezone(timedelta(hours=5, minutes=30)))
    await put(store, timers=(Timer(incident_id="i", kind="ack", due_at=due),))
    assert await store.next_due() == due
    claim = await take_one(store, after(1))
    assert claim.due_at == due
    assert claim.due_at.utcoffset() == timedelta(0)
