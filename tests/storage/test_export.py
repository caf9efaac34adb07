"""Everything goes from any kind of database into any other, and nothing of it is lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from storage import BadExport, Database, NotEmpty, Unreadable, export_lines, import_lines
from storage.export import KINDS as RECORD_KINDS
from storage.sql.dump import READERS, WRITERS
from storage.sql.tables import FIRING_KEY, RUN_TARGET, TABLES, Base
from tests.storage.conftest import Opener, PostgreSQL
from tests.storage.test_migrations import execute
from tests.storage.values import (
    LEASE,
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
    timer,
)
from tests.stores import new_database
from warroom.changes.model import Change
from warroom.incident.model import Incident, State
from warroom.incident.parts import AlertGroup, Room
from warroom.oncall.model import FeedLink, Override, ScheduleState
from warroom.outbox.changes import AlertDecision, AlertOutcome, Audited, ClaimOutcome, Quarantined, ReadCursor
from warroom.people.model import Following, Group, Person
from warroom.runbooks.run import Run, StepRun

ADA = Person(id="UADA", name="ada", real_name="Ada Lovelace", email="Ada@example.com")
ONCALL = Group(id="SONCALL", handle="sre-oncall", members=("UADA",))
USELESS = Quarantined(
    id="q1", received_at=NOW, source="webhook", content_type="text/plain", reason="no JSON", body=b"\x00\xff{"
)


async def live(store: Database) -> None:
    """A little of everything."""
    await put(store, people=(ADA,), groups=(ONCALL,), directory_complete=True)
    await put(store, followed=(Following(user="UADA", team="platform"), Following(user="UADA", severity="SEV-1")))
    first = incident(
        private=True,
        title="Checkout 500s \N{FIRE}",
        room=Room(channel_id="C1"),
        alert_group=AlertGroup(key="service:api"),
    )
    effects = (room(), card(), room("dead"), room("leased"))
    await put(store, incident=first, entries=(entry("b"), entry("a", text="rolled back")), effects=effects)
    await put(store, incident=first.copy_with(version=1, state=State.MITIGATED), timers=(timer("ack", after(60)),))
    await put(store, incident=incident(2), timers=(timer("stale", None),))
    claims = {claim.key: claim for claim in await take(store)}
    await put(store, claim_result=settled(claims["room:1"]))
    await put(store, claim_result=settled(claims["dead"], ClaimOutcome.DEAD, error="restricted"))
    retry = settled(
        claims["card:inc-1"], ClaimOutcome.RETRY, retry_at=after(30), outcome_unknown=True, error="time-out"
    )
    await put(store, after(1), claim_result=retry)
    await put(store, received=(alert("d1"), alert("d2")), firings=(firing(keys=("monitor:7",)),))
    said = AlertDecision(
        delivery_id="d1", outcome=AlertOutcome.ATTACHED, incident_id="inc-1", rule="memory", why="it fits"
    )
    await put(store, alert_decisions=(said,), decides=("d1",))
    await put(store, envelope=envelope("Ev1", text="done"))
    await put(store, envelope=envelope("Ev2", text="pending"), envelope_done="Ev1")
    tried = Audited(at=NOW, by="UADA", what="command cancel", incident="INC-1", said="cancel", result="refused: why?")
    await put(store, audited=(tried,))
    await put(
        store, overrides=(Override(id="o1", schedule="sre", start=NOW, end=after(60), person="UADA", made_at=NOW),)
    )
    await put(store, schedule_states=(ScheduleState(schedule="sre", people=("UADA",), since=NOW),))
    await put(store, feed_links=(FeedLink(id="a1", person="UADA", digest="d", made_at=NOW),))
    steps = (StepRun(id="a", do="say"), StepRun(id="b", do="say"))
    book = {"name": "Restart", "steps": [{"id": "a", "do": "say"}, {"id": "b", "do": "say"}]}
    begun = Run(
        id="inc-1:run1", number=1, incident_id="inc-1", definition=book, begun_at=NOW, steps=steps, targets=("x",)
    )
    await put(store, runs=(begun,))
    deployed = Change(id="c1", at=NOW, service="checkout", version="v7")
    await put(store, service_changes=(deployed,))
    await put(store, quarantined=(USELESS,), read_cursors=(ReadCursor(channel_id="C9", name="#alerts", ts="1.5"),))


async def exported(store: Database) -> list[str]:
    return [line async for line in export_lines(store, NOW)]


def compared(lines: list[str]) -> list[Any]:
    """Values in one order: keys are sorted differently by different databases."""
    return sorted((json.loads(line) for line in lines), key=lambda row: json.dumps(row, sort_keys=True))


@pytest.fixture(params=["sqlite", "postgresql", "dynamodb"])
def other_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of another database, empty."""
    if request.param == "postgresql":
        server: PostgreSQL = request.getfixturevalue("postgresql")
        return server.new()
    if request.param == "dynamodb":
        return str(request.getfixturevalue("dynamodb").new())
    return new_database(tmp_path, "other")


@pytest.fixture
async def other(other_url: str, opening: Opener) -> Database:
    return await opening(other_url)


async def test_everything_arrives(store: Database, other: Database) -> None:
    await live(store)
    lines = await exported(store)
    assert {json.loads(line)[0] for line in lines[1:-1]} == set(RECORD_KINDS)
    assert await import_lines(other, lines) == len(lines) - 2
    assert compared(await exported(other)) == compared(lines)


async def test_the_new_home_goes_on_where_the_old_one_stopped(store: Database, other: Database) -> None:
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
        assert [dead_letter.key for dead_letter in await each.dead_letters()] == ["dead"]
        assert await each.people_by_email("ada@EXAMPLE.com") == [ADA]
        assert [row.result for row in await each.audit("INC-1")] == ["refused: why?"]
        assert await each.directory_version() == (1, True)
        # What comes next takes the next place, and is taken once.
        await put(each, incident=moved, entries=(entry("c"),), received=(alert("d3"), alert("d1")))
        assert [line.key for line in await each.timeline("inc-1")] == ["b", "a", "c"]
        assert [received.alert.delivery_id for received in await each.pending_alerts(9)] == ["d2", "d3"]
        due = {claim.key: (claim.outcome_unknown, claim.attempts) for claim in await take(each, after(90))}
        assert due == {"card:inc-1": (True, 2), "leased": (True, 2), "inc-1:timer:ack": (False, 1)}


async def test_what_is_not_empty_takes_nothing(store: Database) -> None:
    await live(store)
    lines = await exported(store)
    with pytest.raises(NotEmpty, match="not empty"):
        await import_lines(store, lines)
    assert await exported(store) == lines


def changed(kind: str, **fields: Any) -> Callable[[list[str]], list[str]]:
    """The lines with the first of that kind changed; None takes the field away."""

    def change(lines: list[str]) -> list[str]:
        at = next(number for number, line in enumerate(lines) if line.startswith(f'["{kind}"'))
        body = json.loads(lines[at])[1] | fields
        body = {name: value for name, value in body.items() if value is not None or name not in fields}
        return [*lines[:at], json.dumps([kind, body]), *lines[at + 1 :]]

    return change


def without_incident(lines: list[str]) -> list[str]:
    """The first timer belongs to no incident."""
    jobs = [(at, json.loads(line)[1]) for at, line in enumerate(lines) if line.startswith('["job"')]
    at, body = next((at, body) for at, body in jobs if body["timer"])
    return [*lines[:at], json.dumps(["job", body | {"incident_id": None}]), *lines[at + 1 :]]


EFFECT = {"v": 2, "key": "x", "kind": "open_room"}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda lines: lines[:-1], "cut off"),
        (lambda lines: [*lines[:-2], lines[-1]], "should hold"),
        (lambda lines: lines[1:], "no export"),
        (lambda _: [], "not JSON"),
        (lambda lines: [lines[0].replace(":2", ":3", 1), *lines[1:]], "of format 3"),
        (lambda lines: [*lines, "\n", *lines], "goes on after its end"),
        (lambda lines: [lines[0], "{", *lines[1:]], "Line 2 is not JSON"),
        (lambda lines: [lines[0], '["secrets", {}]', *lines[1:]], "Line 2 is no value of an export"),
        (
            lambda lines: [lines[0], '["counter", {"v": 1, "name": "x"}]', *lines[1:]],
            "Line 2.*Field required at number",
        ),
        (lambda lines: [lines[0], '["counter", {"name": "x", "number": 1}]', *lines[1:]], "Line 2.*no format version"),
        (changed("counter", number="many"), "Line 2.*valid integer.* at number"),
        (changed("counter", number=99999999999), "Line 2.*number: 99999999999 is too large"),
        (changed("incident", v=9), "of format 9, and this version of Warroom reads up to"),
        (changed("incident", title=None), "the incident cannot be read.*Field required at title"),
        (changed("incident", declared_at="yesterday"), "the incident cannot be read.* at declared_at"),
        (changed("incident", declared_at="2026-11-21T03:00:00"), "declared_at: .*has no time zone"),
        (changed("incident", version=0), "version is at least 1"),
        (changed("entry", at="0001-01-01T00:00:00+09:00"), "Line .*the entry cannot be read"),
        (changed("override", end="9999-12-31T00:00:00Z"), "end: .*is not between 1970 and 2200"),
        (changed("job", body=EFFECT), "the job cannot be read.*Field required"),
        (changed("job", body=EFFECT | {"kind": "teleport"}), "'teleport', which this version .*does not know"),
        (changed("job", body={"v": 1, "key": "x"}), "the job cannot be read.*KeyError"),
        (changed("job", key="another"), "an effect with another key, or about another incident"),
        (changed("job", incident_id="another"), "an effect with another key, or about another incident"),
        (changed("job", timer=True), "an effect has a body and a timer has none"),
        (without_incident, "a timer belongs to an incident"),
        (changed("job", priority=2**40), "priority: .* is too large"),
        (changed("alert", alert=[]), "alert should be an object"),
        (changed("alert", alert=None), "the alert has no alert"),
        (changed("envelope", done_at="soon"), "the envelope cannot be read.* at done_at"),
        (changed("quarantine", body="%"), "the quarantine cannot be read"),
        (changed("audit", colour="red"), "the audit cannot be read.*not permitted at colour"),
    ],
)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_damaged_file_is_refused_with_its_line_and_leaves_nothing_behind(
    store: Database, opening: Opener, tmp_path: Path, change: Any, why: str
) -> None:
    source = await opening(new_database(tmp_path, "other"))
    await live(source)
    with pytest.raises(BadExport, match=why):
        await import_lines(store, change(await exported(source)))
    assert len(await exported(store)) == 2


@pytest.mark.parametrize(
    ("kind", "change", "why"),
    [
        ("person", {}, "the same id"),
        ("incident", {}, "the same (id|number|origin_key|channel_id)"),
        ("incident", {"id": "another", "origin_key": "another", "number": 77}, "the same channel_id"),
        ("entry", {}, "the same incident_id and key"),
        ("job", {}, "the same key"),
        ("alert", {}, "the same delivery_id"),
        ("firing", {}, "the same incident_id and dedup_key"),
        ("quarantine", {}, "the same id"),
    ],
)
async def test_a_value_that_stands_twice_is_named_with_its_line(
    store: Database, opening: Opener, tmp_path: Path, kind: str, change: dict[str, Any], why: str
) -> None:
    source = await opening(new_database(tmp_path, "other"))
    await live(source)
    lines = await exported(source)
    of_kind = [number for number, line in enumerate(lines) if line.startswith(f'["{kind}"')]
    twice = json.dumps([kind, json.loads(lines[of_kind[0]])[1] | change])
    lines.insert(of_kind[-1] + 1, twice)
    lines[-1] = json.dumps({"rows": len(lines) - 2})
    with pytest.raises(BadExport, match=rf"Line {of_kind[-1] + 2}: a line before it has {why}"):
        await import_lines(store, lines)
    assert len(await exported(store)) == 2


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
async def test_what_somebody_damaged_is_named_by_the_export(database: str, opening: Opener) -> None:
    store = await opening(database)
    await live(store)
    await execute(database, "UPDATE incident SET body = '{\"v\": 2}' WHERE id = 'inc-2'")
    with pytest.raises(Unreadable, match=r"Table incident, row inc-2: .*Field required"):
        await exported(store)


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
async def test_a_dead_letter_that_cannot_be_read_goes_along(database: str, opening: Opener, tmp_path: Path) -> None:
    store, other = await opening(database), await opening(new_database(tmp_path, "other"))
    await ask(store, room("damaged"))
    await execute(database, 'UPDATE job SET body = \'{"v": 2, "kind": "open_room"}\'')
    assert await take(store) == []
    await import_lines(other, await exported(store))
    assert [letter.key for letter in await other.dead_letters()] == ["damaged"]


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
async def test_an_export_shows_one_moment_and_hinders_nobody(store: Database) -> None:
    await live(store)
    lines = export_lines(store, NOW)
    begun = [await anext(lines), await anext(lines)]
    await put(store, incident=incident(3))
    assert len(await store.claim(now=after(90), limit=9, lease=LEASE)) == 3
    rest = [line async for line in lines]
    incidents = [row for row in map(json.loads, [*begun, *rest][1:-1]) if row[0] == "incident"]
    assert [row[1]["number"] for row in incidents] == [1, 2]


def test_no_table_is_forgotten() -> None:
    of_processes, measured_anew = {"replica"}, {"figures", "calendar"}
    assert {table.name for table in TABLES} == set(Base.metadata.tables) - of_processes - measured_anew
    assert (
        {table for table, _ in READERS}
        == {table for table, _ in WRITERS.values()}
        == set(TABLES) - {FIRING_KEY, RUN_TARGET}
    )
    assert set(WRITERS) == {kind.model for kind in RECORD_KINDS.values()}
