"""A database of the released schema (fixtures/make.py) is upgraded, and everything in it is read, exported and gone on with."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.integrations import register_upgrades
from storage import Database, SchemaTooOld, export_lines, import_lines, migrate, open_store
from storage.sql.schema import revisions
from tests.storage.conftest import Opener, PostgreSQL
from tests.stores import new_database
from warroom.incident.model import State
from warroom.incident.parts import EscalationLevel, EscalationState
from warroom.outbox.changes import AlertOutcome, Changeset, Claim, ClaimOutcome, ClaimResult
from warroom.outbox.effects import Post, PrivateReply

FIXTURES = Path(__file__).parent / "fixtures"
NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=9)
"""When every timer is due."""


def at(minutes: float) -> datetime:
    """So many minutes after the moment the fixtures were made at."""
    return NOW + timedelta(minutes=minutes)


def unpacked(name: str) -> bytes:
    """A fixture's contents."""
    return gzip.decompress((FIXTURES / name).read_bytes())


def released_sqlite(folder: Path) -> str:
    """The URL of a SQLite file as release fb14cc8 left it."""
    path = folder / "released.db"
    path.write_bytes(unpacked("fb14cc8.db.gz"))
    return f"sqlite:///{path}"


@pytest.fixture(autouse=True)
def registered() -> None:
    """As every process does before it opens its database."""
    register_upgrades()


@pytest.fixture(params=["sqlite", "postgresql"])
def released(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database as release fb14cc8 left it."""
    if request.param == "sqlite":
        return released_sqlite(tmp_path)
    server: PostgreSQL = request.getfixturevalue("postgresql")
    return server.restored(unpacked("fb14cc8.sql.gz").decode())


@pytest.fixture
async def upgraded(released: str, opening: Opener) -> Database:
    """It, upgraded and opened."""
    await migrate(released)
    return await opening(released)


async def exported(store: Database) -> list[Any]:
    """Every value, in one order."""
    lines = [json.loads(line) async for line in export_lines(store, NOW)]
    return sorted(lines[1:-1], key=lambda line: json.dumps(line, sort_keys=True))


async def claims(store: Database, now: datetime) -> dict[str, Claim]:
    """Everything that is due by then, by key."""
    return {claim.key: claim for claim in await store.claim(now=now, limit=999, lease=timedelta(minutes=1))}


async def test_it_asks_for_migrate_and_is_brought_up_to_date(released: str) -> None:
    with pytest.raises(SchemaTooOld, match=r"schema 0004.*python -m bot migrate"):
        await open_store(released)
    assert await migrate(released) == ("0004", revisions()[0])
    assert await migrate(released) == (revisions()[0], revisions()[0])


async def test_every_incident_is_read(upgraded: Database) -> None:
    found = {each.number: each for each in await upgraded.incidents()}
    assert {number: each.state for number, each in found.items()} == {
        1: State.DETECTED,
        2: State.ACKNOWLEDGED,
        3: State.MITIGATED,
        4: State.RESOLVED,
        5: State.CLOSED,
        6: State.CANCELLED,
        7: State.DETECTED,
    }
    assert {number: each.version for number, each in found.items()} == dict.fromkeys(found, 1) | {2: 2}
    detected = found[1]
    assert detected.escalation == EscalationState(
        team="platform",
        levels=(
            EscalationLevel(after=timedelta(0), notify=("@sre-oncall",)),
            EscalationLevel(after=timedelta(minutes=15), notify=("grace@example.com",)),
            EscalationLevel(after=timedelta(minutes=30), notify=("ada@example.com",), only=("SEV-1",)),
        ),
        reached=1,
        paged=("UADA", "UBEN"),
        last_paged_at=at(-4),
    )
    assert (detected.deadlines.page, detected.deadlines.ack, detected.deadlines.update) == (at(11), at(25), at(25))
    assert (detected.room.channel_id, detected.room.announced_in) == ("CINC1", "CANNOUNCE")
    assert (detected.participants.invitees, detected.participants.invited) == (("UADA", "UBEN"), ("UADA", "UBEN"))
    assert (detected.alert_group.key, detected.alert_group.until) == ("service:checkout", at(55))
    assert detected.alert_group.auto_resolve_after == timedelta(minutes=10)
    assert (detected.alerts.count, detected.alerts.worst) == (3, "SEV-1")
    acknowledged = found[2]
    assert (acknowledged.updates.last, acknowledged.updates.last_by) == ("We are rolling back", "UADA")
    assert (acknowledged.updates.last_at, acknowledged.updates.missed) == (at(-2), 1)
    assert acknowledged.room.slots == (("reminder", "1795230000.000202"),)
    assert [(item.text, item.owner, item.due_at) for item in acknowledged.actions] == [("Add a test", "UBEN", at(40))]
    assert (found[3].private, found[3].participants.left) == (True, ("UBEN",))
    assert found[4].postmortem is not None
    assert found[4].postmortem.root_cause == "A missing index"
    assert found[4].deadlines.close == at(72 * 60)
    assert found[1].model_extra == {}, "no field of the old format was left over"
    assert await upgraded.incident_in("CINC3") == found[3]
    assert await upgraded.incident_from("alert:4242:1") == found[1]
    assert await upgraded.incident_grouped("service:checkout") == found[1]
    assert await upgraded.last_number() == 7


async def test_everything_beside_incidents_is_read(upgraded: Database) -> None:
    assert [len(await upgraded.timeline(f"inc-{number}")) for number in range(1, 8)] == [3, 25, 0, 0, 0, 0, 0]
    assert all(entry.model_extra == {} for entry in await upgraded.timeline("inc-2"))
    assert {(each.dedup_key, each.count, each.polled) for each in await upgraded.firings("inc-1")} == {
        ("4242:cycle:1", 3, False),
        ("4243", 1, True),
    }
    assert [incident.number for _, incident in await upgraded.firings_for(["monitor:4242"])] == [1]
    logged = {received.alert.delivery_id: (received, decision) for received, decision in await upgraded.alerts()}
    decision = logged["decided"][1]
    assert decision is not None
    assert (decision.outcome, decision.incident_id, decision.rule) == (AlertOutcome.ATTACHED, "inc-1", "errors")
    assert logged["pending-2"][0].source.startswith("slack:#")
    assert [each.alert.delivery_id for each in await upgraded.pending_alerts(9)] == ["pending-1", "pending-2"]
    assert [(each.id, each.source, each.body) for each in await upgraded.quarantined()] == [
        ("q1", "webhook", b"\x00\xff{")
    ]
    assert [(each.channel_id, each.ts) for each in await upgraded.read_cursors()] == [("CALERTS", "1795229000.000001")]
    assert [each.key for each in await upgraded.pending_envelopes()] == ["Ev2", "Ev3"]
    assert [row.by for row in await upgraded.audit()] == ["command line", "UBEN", "UADA"]
    assert [person.id for person in await upgraded.people_by_email("grace@example.com")] == ["UGRACE"]
    assert await upgraded.group("sre-oncall") is not None
    assert await upgraded.directory_version() == (1, True)
    stats = await upgraded.store_stats()
    assert (stats.waiting, stats.dead_letters, stats.undecided, stats.quarantined) == (27, 1, 2, 1)


async def test_every_effect_and_timer_is_claimed_and_settled(upgraded: Database) -> None:
    found = await claims(upgraded, LATER)
    effects = {key: claim.effect for key, claim in found.items() if claim.timer is None}
    assert None not in effects.values()
    assert len(effects) == 27
    assert [letter.key for letter in await upgraded.dead_letters()] == ["inc-2:post:refused"], "nothing was unreadable"
    assert {key for key, claim in found.items() if claim.outcome_unknown} == {
        "inc-7:room",
        "inc-2:whisper:UBEN",
        "inc-3:whisper:UGRACE",
    }
    timers = {(claim.incident_id, claim.timer): claim.due_at for claim in found.values() if claim.timer}
    assert timers == {
        ("inc-1", "page"): at(11),
        ("inc-1", "ack"): at(25),
        ("inc-1", "update"): at(25),
        ("inc-2", "update"): at(20),
        ("inc-2", "stale"): at(24 * 60),
        ("inc-2", "action:act-1"): at(40),
        ("inc-3", "stale"): at(600),
        ("inc-4", "postmortem"): at(24 * 60),
        ("inc-4", "close"): at(72 * 60),
    }
    reply, paged = effects["inc-1:whisper:UADA"], effects["inc-1:post:paged"]
    assert isinstance(reply, PrivateReply)
    assert reply.text == "You are called to INC-1."
    assert isinstance(paged, Post)
    assert (paged.notice.kind, paged.notice.model_dump()["reason"]) == ("paged", "escalation")


async def test_dead_letters_have_today_s_names(upgraded: Database) -> None:
    claim = (await claims(upgraded, LATER))["inc-1:whisper:UADA"]
    ended = ClaimResult(key=claim.key, fence=claim.fence, rev=claim.rev, outcome=ClaimOutcome.DEAD, error="no")
    await upgraded.commit(Changeset(now=LATER, claim_result=ended))
    letters = {letter.key: letter for letter in await upgraded.dead_letters()}
    assert letters["inc-1:whisper:UADA"].kind == "private_reply"
    assert letters["inc-2:post:refused"].error == "is_archived"
    assert await upgraded.requeue(["inc-2:post:refused"], LATER) == ["inc-2:post:refused"]
    (again,) = (await claims(upgraded, LATER)).values()
    assert isinstance(again.effect, Post)


async def test_what_comes_next_takes_the_next_place(upgraded: Database) -> None:
    incident = await upgraded.incident_numbered(2)
    assert incident is not None
    await upgraded.commit(Changeset(now=NOW, incident=incident.copy_with(title="Checkout is well")))
    changed = await upgraded.incident_numbered(2)
    assert changed is not None
    assert (changed.title, changed.version) == ("Checkout is well", incident.version + 1)
    assert changed.copy_with(title=incident.title, version=incident.version) == incident


async def test_an_export_of_it_brings_the_same_into_another_database(
    upgraded: Database, tmp_path: Path, opening: Opener
) -> None:
    other = await opening(new_database(tmp_path, "imported"))
    await import_lines(other, [line async for line in export_lines(upgraded, NOW)])
    assert await exported(other) == await exported(upgraded)


async def test_its_own_export_brings_the_same_as_migrate(upgraded: Database, tmp_path: Path, opening: Opener) -> None:
    other = await opening(new_database(tmp_path, "imported"))
    lines = unpacked("fb14cc8.jsonl.gz").decode().splitlines()
    assert json.loads(lines[0])["warroom_export"] == 1
    assert await import_lines(other, lines) == len(lines) - 2 - 3, "the keys of firings follow from the firings"
    assert await exported(other) == await exported(upgraded)
    assert await claims(other, LATER) == await claims(upgraded, LATER)
