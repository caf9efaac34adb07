"""A value of every kind of record, with every field set: made from the types, so that what is added to one of them is in it."""

from __future__ import annotations

import enum
import types
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel

from storage import codec
from storage.export import KINDS
from storage.keys import DIRECTORY_COMPLETE, DIRECTORY_VERSION
from storage.records import Counter, Job, LoggedAlert, Record, StoredEnvelope, StoredStep
from tests.storage.values import NOW, after, alert, envelope, incident
from warroom.incident.events import Event
from warroom.incident.model import Incident
from warroom.incident.timeline import Entry
from warroom.outbox.changes import AlertDecision, Firing, ReceivedAlert
from warroom.outbox.effects import Effect
from warroom.people.model import Following
from warroom.runbooks.run import Run, StepRun

M = TypeVar("M", bound=BaseModel)

PLAIN: dict[object, object] = {
    str: "text",
    int: 7,
    float: 1.5,
    bool: True,
    bytes: b"\x00\xff",
    datetime: NOW,
    date: NOW.date(),
    time: NOW.time(),
    timedelta: timedelta(minutes=5),
    Any: "anything",
    object: "anything",
}


def filled(model: type[M], **given: object) -> M:
    """One with every field set, to other than its default where there is a choice. Raises ValidationError."""
    fields = {name: _value(info.annotation, info.default) for name, info in model.model_fields.items()}
    return model.model_validate(fields | given)


def members(union: object) -> list[type[BaseModel]]:
    """The classes of a union such as Event."""
    while get_origin(union) is Annotated:
        union = get_args(union)[0]
    return [each for each in get_args(union) if isinstance(each, type)]


def _value(kind: Any, default: object = None) -> Any:
    origin, args = get_origin(kind), get_args(kind)
    if kind in PLAIN:
        return (not default) if kind is bool else PLAIN[kind]
    if origin is Annotated:
        return _value(args[0], default)
    if origin is Literal:
        return next((each for each in args if each != default), args[0])
    if origin in (Union, types.UnionType):
        return _value(next(each for each in args if each is not type(None)), default)
    if origin is tuple:
        return tuple(_value(each) for each in args if each is not Ellipsis)
    if origin in (list, set, frozenset):
        return origin([_value(args[0])])
    if origin in (dict, Mapping) or (isinstance(origin, type) and issubclass(origin, Mapping)):
        return {_value(args[0]): _value(args[1])}
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return next((each for each in reversed(kind) if each != default), default)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return filled(kind)
    raise TypeError(f"no value is known for {kind!r}")


def everything() -> list[Record]:
    """Records that can stand beside each other in one database: of every kind at least one, an entry of every event, a job of
    every effect, and an incident of which nothing is known yet beside one of which everything is.
    """
    full = filled(Incident, id="inc-1", number=1, version=3)
    run = filled(Run, incident_id=full.id, version=2, steps=())
    received = filled(ReceivedAlert, seq=0)
    events = enumerate(members(Event))
    own: dict[type[Record], list[Record]] = {
        Counter: [Counter(name=name, number=4) for name in (DIRECTORY_VERSION, DIRECTORY_COMPLETE)],
        Following: [Following(user="UADA", team="platform"), Following(user="UADA", severity="SEV-1")],
        Incident: [full, incident(2, version=1)],
        Entry: [filled(Entry, incident_id=full.id, key=f"e{n}", at=after(n), event=filled(kind)) for n, kind in events],
        Job: [
            *(_job(effect, n) for n, effect in enumerate(members(Effect))),
            filled(Job, key="timer", timer=True, kind="ack", body=None, incident_id=full.id, dead_at=None),
        ],
        LoggedAlert: [
            filled(LoggedAlert, received=received, decision=filled(AlertDecision, delivery_id="text")),
            LoggedAlert(received=alert("undecided"), decision=None),
        ],
        Firing: [filled(Firing, incident_id=full.id)],
        StoredEnvelope: [filled(StoredEnvelope), StoredEnvelope(envelope=envelope("waits"), done_at=None)],
        Run: [run],
        StoredStep: [StoredStep(run_id=run.id, place=n, step=filled(StepRun, id=f"s{n}")) for n in range(2)],
    }
    return [record for kind in KINDS.values() for record in own.get(kind.model) or [filled(kind.model)]]


def _job(kind: type[BaseModel], number: int) -> Job:
    """Of the effects each second is a dead letter."""
    span = {"until": after(60)} if "until" in kind.model_fields else {}
    effect: Any = filled(kind, key=f"job {number}", **span)
    ends: dict[str, object] = {"due_at": None, "due_since": None, "leased": False} if number % 2 else {"dead_at": None}
    return filled(Job, key=effect.key, kind=effect.kind, timer=False, body=codec.effect_body(effect), **ends)
