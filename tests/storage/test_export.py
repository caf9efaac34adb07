"""The whole record goes from any kind of database into any other, and nothing of it is lost."""

from __future__ import annotations

import json
from typing import Any

import pytest

from storage import BadExport, NotEmpty, export_lines, import_lines
from storage.tables import WHOLE, Base
from tests.storage.conftest import KINDS, Opener, PostgreSQL
from tests.storage.values import (
    LEASE,
    NOW,
    AnyStore,
    after,
    alert,
    card,
    entry,
    envelope,
    firing,
    incident,
    put,
    room,
    settled,
    take,
    timer,
)
from warroom.incident.model import AlertGroup, Incident, Room, State
from warroom.outbox.changes import AlertDecision, AlertOutcome, Audited, ClaimOutcome, Quarantined, ReadCursor
from warroom.people.model import Group, Person

ADA = Person(id="UADA", name="ada", real_name="Ada Lovelace", email="Ada@example.com")
ONCALL = Group(id="SONCALL", handle="sre-oncall", members=("UADA",))
USELESS = Quarantined(
    id="q1", received_at=NOW, source="webhook", content_type="text/plain", reason="no JSON", body=b"\x00\xff{"
)


async def live(store: AnyStore) -> None:
    """A little of everything."""
    await put(store, people=(ADA,), groups=(ONCALL,), directory_complete=True)
    first = incident(
        private=True,
        title="Checkout 500s \N{FIRE}",
        room=Room(channel_id="C1"),
        alert_group=AlertGroup(key="service:api"),
    )
    effects = (room(), card(), room("buried"), room("leased"))
    await put(store, incident=first, entries=(entry("b"), entry("a", text="rolled back")), effects=effects)
    await put(store, incident=first.copy_with(version=1, state=State.MITIGATED), timers=(timer("ack", after(60)),))
    await put(store, incident=incident(2), timers=(timer("stale", None),))
    claims = {claim.key: claim for claim in await take(store)}
    await put(store, claim_result=settled(claims["room:1"]))
    await put(store, claim_result=settled(claims["buried"], ClaimOutcome.DEAD, error="restricted"))
    retry = settled(
        claims["card:inc-1"], ClaimOutcome.RETRY, retry_at=after(30), outcome_unknown=True, error="time-out"
    )
    await put(store, after(1), claim_result=retry)
    await put(store, received=(alert("d1"), alert("d2")), firings=(firing(keys=("monitor:7",)),))
    said = AlertDecision(
        delivery_id="d1", outcome=AlertOutcome.ATTACHED, incident_id="inc-1", rule="memory", why="it fits"
    )
    await put(store, judged=(said,), judges=("d1",))
    await put(store, envelope=envelope("Ev1", text="done"))
    await put(store, envelope=envelope("Ev2", text="pending"), envelope_done="Ev1")
    tried = Audited(at=NOW, by="UADA", what="command cancel", incident="INC-1", said="cancel", result="refused: why?")
    await put(store, audited=(tried,))
    await put(store, quarantined=(USELESS,), read_cursors=(ReadCursor(channel_id="C9", name="#alerts", ts="1.5"),))


async def exported(store: AnyStore) -> list[str]:
    return [line async for line in export_lines(store, NOW)]


def compared(lines: list[str]) -> list[Any]:
    """Rows without what each kind of database counts for itself, in one order."""
    rows = [json.loads(line) for line in lines]
    for row in rows[1:-1]:
        row[1].pop("seq", None)
    return sorted(rows, key=json.dumps)


@pytest.fixture(params=KINDS)
def other_url(request: pytest.FixtureRequest) -> str:
    """The URL of another database, empty."""
    if request.param == "postgresql":
        server: PostgreSQL = request.getfixturevalue("postgresql")
        return server.new()
    return "memory://" if request.param == "memory" else "sqlite://"


@pytest.fixture
async def other(other_url: str, opening: Opener) -> AnyStore:
    return await opening(other_url)


async def test_everything_arrives(store: AnyStore, other: AnyStore) -> None:
    await live(store)
    lines = await exported(store)
    assert {json.loads(line)[0] for line in lines[1:-1]} == {table.name for table in WHOLE}
    assert await import_lines(other, lines) == len(lines) - 2
    assert compared(await exported(other)) == compared(lines)


async def test_the_new_home_goes_on_where_the_old_one_stopped(store: AnyStore, other: AnyStore) -> None:
    await live(store)
    await import_lines(other, await exported(store))
    for each in (store, other):
        moved: Incident | None = await each.incident_in("C1")
        assert moved is not None
        assert (moved.state, moved.version, moved.private) == (State.MITIGATED, 2, True)
        assert [line.key for line in await each.timeline("inc-1")] == ["b", "a"]
        assert [received.alert.delivery_id for received in await each.pending_alerts(9)] == ["d2"]
        assert [found.title for _, found in await each.firings_for(["monitor:7"])] == [moved.title]
        assert [kept.key for kept in await each.pending_envelopes()] == ["Ev2"]
        assert [kept.body for kept in await each.quarantined()] == [USELESS.body]
        assert [dead_letter.key for dead_letter in await each.dead_letters()] == ["buried"]
        assert await each.people_by_email("ada@EXAMPLE.com") == [ADA]
        assert [row.result for row in await each.audit("INC-1")] == ["refused: why?"]
        assert await each.directory_version() == (1, True)
        # What comes next takes the next place, and is taken once.
        await put(each, incident=moved, entries=(entry("c"),), received=(alert("d3"), alert("d1")))
        assert [line.key for line in await each.timeline("inc-1")] == ["b", "a", "c"]
        assert [received.alert.delivery_id for received in await each.pending_alerts(9)] == ["d2", "d3"]
        due = {claim.key: (claim.outcome_unknown, claim.attempts) for claim in await take(each, after(90))}
        assert due == {"card:inc-1": (True, 2), "leased": (True, 2), "inc-1:timer:ack": (False, 1)}


async def test_what_is_not_empty_takes_nothing(store: AnyStore) -> None:
    await live(store)
    lines = await exported(store)
    with pytest.raises(NotEmpty, match="not empty"):
        await import_lines(store, lines)
    assert await exported(store) == lines


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda lines: lines[:-1], "cut off"),
        (lambda lines: [*lines[:-2], lines[-1]], "should hold"),
        (lambda lines: lines[1:], "no export"),
        (lambda _: [], "not JSON"),
        (lambda lines: [lines[0].replace('"schema":"', '"schema":"9'), *lines[1:]], "with schema 9"),
        (lambda lines: [lines[0], "{", *lines[1:]], "Line 2 is not JSON"),
        (lambda lines: [lines[0], '["secrets", {}]', *lines[1:]], "no row of a table"),
        (lambda lines: [lines[0], '["meta", {"name": "x"}]', *lines[1:]], "columns are not those"),
        (
            lambda lines: [lines[0], '["meta", {"name": "x", "number": "1"}]', *lines[1:]],
            "number should be of type int",
        ),
        (lambda lines: [lines[0], '["meta", {"name": "x", "number": 99999999999}]', *lines[1:]], "number is too large"),
        (lambda lines: [*lines[:-1], lines[1], lines[-1]], "out of its place"),
        (lambda lines: [lines[0].replace(":1", ":2", 1), *lines[1:]], "of format 2"),
        (lambda lines: [*lines, "\n", *lines], "goes on after its end"),
    ],
)
@pytest.mark.parametrize("database", ["memory", "sqlite"], indirect=True)
async def test_a_damaged_file_leaves_nothing_behind(store: AnyStore, opening: Opener, change: Any, why: str) -> None:
    source = await opening("memory://")
    await live(source)
    with pytest.raises(BadExport, match=why):
        await import_lines(store, change(await exported(source)))
    assert len(await exported(store)) == 2


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
async def test_a_row_that_stands_twice_leaves_nothing_behind(store: AnyStore, opening: Opener) -> None:
    source = await opening("memory://")
    await live(source)
    first, row, *rest, _ = await exported(source)
    lines = [first, row, row, *rest, json.dumps({"rows": len(rest) + 2})]
    with pytest.raises(BadExport, match="twice"):
        await import_lines(store, lines)
    assert len(await exported(store)) == 2


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
async def test_an_export_shows_one_moment_and_hinders_nobody(store: AnyStore) -> None:
    await live(store)
    lines = export_lines(store, NOW)
    begun = [await anext(lines), await anext(lines)]
    await put(store, incident=incident(3))
    assert len(await store.claim(now=after(90), limit=9, lease=LEASE)) == 3
    rest = [line async for line in lines]
    incidents = [row for row in map(json.loads, [*begun, *rest][1:-1]) if row[0] == "incident"]
    assert [row[1]["number"] for row in incidents] == [1, 2]


def test_no_table_is_forgotten() -> None:
    of_processes = {"replica"}
    assert {table.name for table in WHOLE} == set(Base.metadata.tables) - of_processes
