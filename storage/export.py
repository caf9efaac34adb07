"""Everything in a database as lines of JSON, from any kind of database into any other.

The first line says what this is: {"warroom_export": 2, "written_at": "…"}. Each following line is a value,
["incident", {"v": 2, …}], in the stored format whose version it names, with times in ISO 8601 and bytes in base64. The last
line is {"rows": 1234}: a file without it is cut off.

Format 1 (until 0.1) held the rows of tables, columns and all; it is still read.
"""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from storage import codec, keys
from storage.errors import BadExport, DatabaseFromTheFuture, Unreadable
from storage.records import Counter, Dump, Job, LoggedAlert, Record, StoredEnvelope, StoredStep
from storage.upgrades import Body
from warroom.alerts.model import Alert
from warroom.changes.model import Change
from warroom.incident.model import Incident
from warroom.incident.timeline import Entry
from warroom.oncall.model import FeedLink, Override, ScheduleState
from warroom.outbox.changes import AlertDecision, Audited, Envelope, Firing, Quarantined, ReadCursor, ReceivedAlert
from warroom.people.model import Following, Group, Person
from warroom.runbooks.run import Run, StepRun
from warroom.value import believable

FORMAT = 2
LARGEST = 2**31 - 1
"""What every database keeps as a whole number (https://www.postgresql.org/docs/current/datatype-numeric.html)."""


async def export_lines(store: Dump, now: datetime) -> AsyncGenerator[str, None]:
    """Everything in the database as it is at one moment, private incidents too. A writer at work is not disturbed.

    Raises StoreUnavailable.
    """
    yield _line({"warroom_export": FORMAT, "written_at": now.isoformat()})
    count = 0
    async with aclosing(store.dump()) as records:
        async for record in records:
            kind = _NAMES[type(record)]
            yield _line([kind, KINDS[kind].write(record)])
            count += 1
    yield _line({"rows": count})


async def import_lines(store: Dump, lines: Iterable[str]) -> int:
    """Everything in the lines is in the database, which was empty; or nothing is. Returns how many values.

    Raises BadExport, NotEmpty, StoreUnavailable.
    """
    return await store.load(_records(lines))


def _line(said: object) -> str:
    return codec.to_text(said) + "\n"


# -- values and their JSON


@dataclass(frozen=True, slots=True)
class RecordKind:
    """How one kind of record stands in a line."""

    model: type[Record]
    write: Callable[[Any], Body]
    read: Callable[[Body], Record]


def _plain(model: type[Any]) -> RecordKind:
    return RecordKind(model, codec.to_body, lambda body: codec.from_body(model, body))


def _read_incident(body: Body) -> Incident:
    incident = codec.from_body(Incident, body)
    if incident.version < 1:
        raise ValueError("version is at least 1 for what is stored")
    return incident


def _read_override(body: Body) -> Override:
    override = codec.from_body(Override, body)
    if override.version < 1:
        raise ValueError("version is at least 1 for what is stored")
    return override


def _read_schedule_state(body: Body) -> ScheduleState:
    state = codec.from_body(ScheduleState, body)
    if state.version < 1:
        raise ValueError("version is at least 1 for what is stored")
    return state


def _read_run(body: Body) -> Run:
    run = codec.from_body(Run, body)
    if run.version < 1:
        raise ValueError("version is at least 1 for what is stored")
    return run


def _write_step(stored: StoredStep) -> Body:
    return {"v": 1, "run_id": stored.run_id, "place": stored.place, "step": codec.to_body(stored.step)}


def _read_step(body: Body) -> StoredStep:
    step = codec.from_body(StepRun, _body(body, "step"))
    return codec.validated(StoredStep, {"run_id": body["run_id"], "place": body["place"], "step": step})


def _read_job(body: Body) -> Job:
    job = codec.from_body(Job, body)
    if job.timer != (job.body is None):
        raise ValueError("an effect has a body and a timer has none")
    if job.timer and job.incident_id is None:
        raise ValueError("a timer belongs to an incident")
    if job.body is not None and job.dead_at is None:
        effect = codec.effect_from(job.body)
        if (keys.key(effect.key), effect.incident_id) != (keys.key(job.key), job.incident_id):
            raise ValueError("its body is an effect with another key, or about another incident")
    return job


def _write_alert(logged: LoggedAlert) -> Body:
    received, decision = logged.received, logged.decision
    return {
        "v": 1,
        "received_at": received.received_at.isoformat(),
        "source": received.source,
        "alert": codec.to_body(received.alert),
        "decision": decision and decision.model_dump(mode="json"),
    }


def _read_alert(body: Body) -> LoggedAlert:
    alert = codec.from_body(Alert, _body(body, "alert"))
    decision = body.get("decision")
    received = {"alert": alert, "received_at": body["received_at"], "source": body["source"]}
    return LoggedAlert(
        received=codec.validated(ReceivedAlert, received),
        decision=None if decision is None else codec.validated(AlertDecision, decision),
    )


def _write_envelope(stored: StoredEnvelope) -> Body:
    done_at = stored.done_at and stored.done_at.isoformat()
    return {"v": 1, "envelope": codec.to_body(stored.envelope), "done_at": done_at}


def _read_envelope(body: Body) -> StoredEnvelope:
    envelope = codec.from_body(Envelope, _body(body, "envelope"))
    return codec.validated(StoredEnvelope, {"envelope": envelope, "done_at": body["done_at"]})


def _write_quarantined(kept: Quarantined) -> Body:
    fields = kept.model_dump(mode="json", exclude={"body"})
    return {"v": 1, **fields, "body": base64.b64encode(kept.body).decode()}


def _read_quarantined(body: Body) -> Quarantined:
    return codec.from_body(Quarantined, body | {"body": base64.b64decode(body["body"], validate=True)})


def _body(columns: Body, name: str) -> Body:
    body = columns[name]
    if not isinstance(body, dict):
        raise ValueError(f"{name} should be an object")
    return body


KINDS: dict[str, RecordKind] = {
    "counter": _plain(Counter),
    "person": _plain(Person),
    "group": _plain(Group),
    "subscription": _plain(Following),
    "read_cursor": _plain(ReadCursor),
    "incident": RecordKind(Incident, codec.to_body, _read_incident),
    "entry": _plain(Entry),
    "job": RecordKind(Job, codec.to_body, _read_job),
    "alert": RecordKind(LoggedAlert, _write_alert, _read_alert),
    "firing": _plain(Firing),
    "envelope": RecordKind(StoredEnvelope, _write_envelope, _read_envelope),
    "quarantine": RecordKind(Quarantined, _write_quarantined, _read_quarantined),
    "audit": _plain(Audited),
    "override": RecordKind(Override, codec.to_body, _read_override),
    "schedule_state": RecordKind(ScheduleState, codec.to_body, _read_schedule_state),
    "feed_link": _plain(FeedLink),
    "change": _plain(Change),
    "run": RecordKind(Run, codec.to_body, _read_run),
    "run_step": RecordKind(StoredStep, _write_step, _read_step),
}
"""Every kind of record by its name in the file."""

_NAMES = {kind.model: name for name, kind in KINDS.items()}


# -- format 1: the rows of the tables at schema 0001 to 0004


def _columns(*dropped: str, **renamed: str) -> Callable[[Body], Body]:
    def upgrade(row: Body) -> Body:
        kept = {renamed.get(name, name): value for name, value in row.items() if name not in dropped}
        return {"v": 1, **kept}

    return upgrade


def _upgrade_alert(row: Body) -> Body:
    decision = {name: row[name] for name in ("delivery_id", "outcome", "incident_id", "rule", "why")}
    return {
        "v": 1,
        "received_at": row["received_at"],
        "source": row["door"] if "door" in row else row["source"],
        "alert": row["body"],
        "decision": decision if row["outcome"] is not None else None,
    }


FORMAT_1: dict[str, tuple[str, Callable[[Body], Body]] | None] = {
    "meta": ("counter", _columns()),
    "person": ("person", lambda row: _body(row, "body")),
    "user_group": ("group", lambda row: _body(row, "body")),
    "position": ("read_cursor", _columns()),
    "read_cursor": ("read_cursor", _columns()),
    "incident": ("incident", lambda row: _body(row, "body") | {"version": row["version"]}),
    "entry": ("entry", lambda row: _body(row, "body")),
    "job": ("job", _columns(doubtful="outcome_unknown", buried_at="dead_at")),
    "alert": ("alert", _upgrade_alert),
    "firing": ("firing", lambda row: _body(row, "body")),
    "firing_key": None,
    "envelope": ("envelope", lambda row: {"v": 1, "envelope": row["body"], "done_at": row["done_at"]}),
    "quarantine": ("quarantine", _columns("seq", "size", door="source")),
    "audit": ("audit", _columns("seq")),
}
"""Table to (kind of record, how a row becomes its JSON); None where the rows follow from others."""


# -- reading a file


def _records(lines: Iterable[str]) -> Iterator[tuple[int, Record]]:
    numbered = enumerate(lines, 1)
    form = _format(next(numbered, (1, ""))[1])
    count = 0
    for number, line in numbered:
        said = _read(line, number)
        if isinstance(said, dict):
            if said.get("rows") != count:
                raise BadExport(f"The file should hold {said.get('rows')} rows and holds {count}. Export again.")
            _require_end(numbered)
            return
        count += 1
        record = _record(said, form, number)
        if record is not None:
            yield number, record
    raise BadExport(f"The file is cut off after {count} rows: its last line is missing. Export again.")


def _format(line: str) -> int:
    said = _read(line, 1)
    if not isinstance(said, dict) or "warroom_export" not in said:
        raise BadExport("The file is no export of Warroom. Make one with: python -m bot export FILE")
    form = said["warroom_export"]
    if form not in (1, FORMAT):
        raise BadExport(
            f"The file is an export of format {form}, and this version of Warroom reads formats 1 to {FORMAT}. "
            "Import it with the version that wrote it."
        )
    return int(form)


def _require_end(numbered: Iterator[tuple[int, str]]) -> None:
    for number, line in numbered:
        if line.strip():
            raise BadExport(
                f"The file goes on after its end, at line {number}: two exports in one? Import one of them."
            )


def _read(line: str, number: int) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        raise BadExport(f"Line {number} is not JSON. Export again, and copy the file as it is.") from None


def _record(said: Any, form: int, number: int) -> Record | None:
    match said:
        case [str(name), dict(body)] if name in (KINDS if form == FORMAT else FORMAT_1):
            pass
        case _:
            raise BadExport(f"Line {number} is no value of an export. Export again, and copy the file as it is.")
    try:
        if form != FORMAT:
            table = FORMAT_1[name]
            if table is None:
                return None
            name, upgrade = table
            body = upgrade(body)
        record = KINDS[name].read(body)
        _require_storable(record)
    except KeyError as error:
        raise BadExport(f"Line {number}: the {name} has no {error.args[0]}. Export again.") from None
    except (Unreadable, DatabaseFromTheFuture, ValueError, TypeError, OverflowError) as error:
        raise BadExport(f"Line {number}: the {name} cannot be read. {error}") from None
    return record


def _require_storable(part: object) -> None:
    """Raises ValueError for a time without a zone or of another age, and for a number that is too large."""
    if isinstance(part, BaseModel):
        for name in type(part).model_fields:
            try:
                _require_storable(getattr(part, name))
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from None
    elif isinstance(part, tuple | list):
        for each in part:
            _require_storable(each)
    elif isinstance(part, datetime):
        believable(part)
    elif isinstance(part, int) and abs(part) > LARGEST:
        raise ValueError(f"{part} is too large")
