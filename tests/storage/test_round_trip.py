"""Everything that there can be goes from SQLite through DynamoDB and PostgreSQL back to SQLite, and is the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

from storage import export_lines, import_lines, migrate
from storage.dynamo.dump import IDENTITIES
from storage.export import FORMAT, KINDS
from storage.records import Record
from tests.storage.conftest import Opener, PostgreSQL
from tests.storage.dynamo.server import DynamoDB
from tests.storage.full import everything, members
from tests.storage.test_export import compared
from tests.storage.values import NOW
from tests.stores import new_database
from warroom.incident.events import Event
from warroom.outbox.effects import Effect


def as_export() -> list[str]:
    """An export that holds all of it."""
    names = {kind.model: name for name, kind in KINDS.items()}
    rows = [[name := names[type(each)], KINDS[name].write(each)] for each in everything()]
    return [json.dumps(row) for row in ({"warroom_export": FORMAT}, *rows, {"rows": len(rows)})]


def test_every_kind_event_and_effect_is_in_it() -> None:
    """And every field: see `filled`. The kinds are those of the code, so that a new one is in it, too, or fails here."""
    records = everything()
    assert {type(each) for each in records} == set(get_args(Record)) == {kind.model for kind in KINDS.values()}
    assert set(IDENTITIES) == set(get_args(Record)), "DynamoDB's import knows each"
    rows = [json.loads(line) for line in as_export()[1:-1]]
    assert {row["event"]["kind"] for name, row in rows if name == "entry"} == {
        event.model_fields["kind"].default for event in members(Event)
    }
    assert {row["kind"] for name, row in rows if name == "job" and row["body"]} == {
        effect.model_fields["kind"].default for effect in members(Effect)
    }
    incident = next(row for name, row in rows if name == "incident" and row["id"] == "inc-1")
    empty = {name for name, value in incident.items() if value in (None, [], {}, "")}
    assert empty == set(), "investigation, action items, post-mortem: all of it"


async def test_it_is_the_same_after_a_journey_through_every_kind_of_database(
    dynamodb: DynamoDB, postgresql: PostgreSQL, opening: Opener, tmp_path: Path
) -> None:
    lines = as_export()
    stored = compared(lines[1:-1])
    for folder in ("first", "last"):
        (tmp_path / folder).mkdir()
    journey = [
        new_database(tmp_path / "first"),
        dynamodb.new(empty=True),
        postgresql.new(empty=True),
        new_database(tmp_path / "last"),
    ]
    for url in journey:
        await migrate(url)
        home = await opening(url)
        assert await import_lines(home, lines) == len(stored)
        lines = [line async for line in export_lines(home, NOW)]
        assert compared(lines[1:-1]) == stored, url.partition(":")[0]
