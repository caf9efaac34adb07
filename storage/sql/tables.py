"""The tables. What is searched or locked by is a column, the rest is a versioned JSON body."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from storage.sql.dialect import BODY, SERIAL, Key, TZDateTime, Words


class Base(SQLModel):
    """Our own metadata, with names for constraints so that migrations can speak of them."""

    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


def _partial(name: str, *columns: str, where: str) -> sa.Index:
    return sa.Index(name, *columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


class IncidentRow(Base, table=True):
    """One incident. `version` guards against two writers."""

    __tablename__ = "incident"
    __table_args__ = (
        sa.UniqueConstraint("number"),
        sa.UniqueConstraint("origin_key"),
        sa.UniqueConstraint("channel_id"),
    )

    id: str = Field(sa_type=Key, primary_key=True)
    number: int
    origin_key: str = Field(sa_type=Key)
    channel_id: str | None = Field(sa_type=Key)
    state: str = Field(sa_type=Key, index=True)
    severity: str = Field(sa_type=Key)
    private: bool
    group_key: str | None = Field(sa_type=Key, index=True)
    declared_at: datetime = Field(sa_type=TZDateTime, index=True)
    touched_at: datetime = Field(sa_type=TZDateTime)
    search: str = Field(sa_type=Words)
    version: int
    body: dict[str, Any] = Field(sa_type=BODY)


class EntryRow(Base, table=True):
    """A line of a timeline. `seq` is the order of arrival."""

    __tablename__ = "entry"
    __table_args__ = (sa.UniqueConstraint("incident_id", "key"),)

    seq: int | None = Field(sa_type=SERIAL, primary_key=True, default=None)
    incident_id: str = Field(sa_type=Key)
    key: str = Field(sa_type=Key)
    at: datetime = Field(sa_type=TZDateTime)
    body: dict[str, Any] = Field(sa_type=BODY)


class JobRow(Base, table=True):
    """A timer or an effect. `due_at` NULL: nothing to do; while it is claimed `due_at` is the end of the lease.

    `due_since` is when it was really due, `fence` counts claims, `rev` how often it was asked for.
    """

    __tablename__ = "job"
    __table_args__ = (
        _partial("ix_job_due_at", "due_at", where="due_at IS NOT NULL"),
        _partial("ix_job_dead_at", "dead_at", where="dead_at IS NOT NULL"),
    )

    key: str = Field(sa_type=Key, primary_key=True)
    incident_id: str | None = Field(sa_type=Key)
    kind: str = Field(sa_type=Key)
    timer: bool
    body: dict[str, Any] | None = Field(sa_type=BODY)
    priority: int
    due_at: datetime | None = Field(sa_type=TZDateTime)
    due_since: datetime | None = Field(sa_type=TZDateTime)
    leased: bool = False
    fence: int = 0
    rev: int = 0
    attempts: int = 0
    outcome_unknown: bool = False
    dead_at: datetime | None = Field(sa_type=TZDateTime, default=None)
    error: str = Field(sa_type=Words, default="")
    created_at: datetime = Field(sa_type=TZDateTime)


class AlertRow(Base, table=True):
    """An accepted alert; `outcome` NULL: not decided yet. `seq` is the order of arrival."""

    __tablename__ = "alert"
    __table_args__ = (
        sa.UniqueConstraint("delivery_id"),
        # Named before the glossary; a migration may only add, so the name stays.
        _partial("ix_alert_unjudged", "seq", where="outcome IS NULL"),
    )

    seq: int | None = Field(sa_type=SERIAL, primary_key=True, default=None)
    delivery_id: str = Field(sa_type=Key)
    received_at: datetime = Field(sa_type=TZDateTime, index=True)
    source: str = Field(sa_type=Key)
    body: dict[str, Any] = Field(sa_type=BODY)
    outcome: str | None = Field(sa_type=Key, default=None)
    incident_id: str | None = Field(sa_type=Key, default=None)
    rule: str | None = Field(sa_type=Words, default=None)
    why: str = Field(sa_type=Words, default="")


class FiringRow(Base, table=True):
    """One thing that fires within one incident."""

    __tablename__ = "firing"

    incident_id: str = Field(sa_type=Key, primary_key=True)
    dedup_key: str = Field(sa_type=Key, primary_key=True)
    last_seen_at: datetime = Field(sa_type=TZDateTime)
    body: dict[str, Any] = Field(sa_type=BODY)


class FiringKeyRow(Base, table=True):
    """Every key that leads to a firing."""

    __tablename__ = "firing_key"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["incident_id", "dedup_key"], ["firing.incident_id", "firing.dedup_key"], ondelete="CASCADE"
        ),
    )

    incident_id: str = Field(sa_type=Key, primary_key=True)
    dedup_key: str = Field(sa_type=Key, primary_key=True)
    key: str = Field(sa_type=Key, primary_key=True, index=True)


class EnvelopeRow(Base, table=True):
    """Something Slack delivered; `done_at` NULL: not worked off yet. `seq` is the order of arrival."""

    __tablename__ = "envelope"
    __table_args__ = (
        sa.UniqueConstraint("key"),
        _partial("ix_envelope_pending", "seq", where="done_at IS NULL"),
        _partial("ix_envelope_done_at", "done_at", where="done_at IS NOT NULL"),
    )

    seq: int | None = Field(sa_type=SERIAL, primary_key=True, default=None)
    key: str = Field(sa_type=Key)
    kind: str = Field(sa_type=Key)
    received_at: datetime = Field(sa_type=TZDateTime)
    body: dict[str, Any] = Field(sa_type=BODY)
    done_at: datetime | None = Field(sa_type=TZDateTime, default=None)


class QuarantineRow(Base, table=True):
    """Something that could not be used. `seq` is the order of arrival."""

    __tablename__ = "quarantine"
    __table_args__ = (sa.UniqueConstraint("id"),)

    seq: int | None = Field(sa_type=SERIAL, primary_key=True, default=None)
    id: str = Field(sa_type=Key)
    received_at: datetime = Field(sa_type=TZDateTime)
    source: str = Field(sa_type=Key)
    content_type: str = Field(sa_type=Words)
    reason: str = Field(sa_type=Words)
    size: int
    body: bytes = Field(sa_type=sa.LargeBinary)


class ReadCursorRow(Base, table=True):
    """Up to where a channel was read."""

    __tablename__ = "read_cursor"

    channel_id: str = Field(sa_type=Key, primary_key=True)
    name: str = Field(sa_type=Key)
    ts: str = Field(sa_type=Key)


class PersonRow(Base, table=True):
    """A member of the workspace; the columns are what names are compared by, NULL where there is no name."""

    __tablename__ = "person"

    id: str = Field(sa_type=Key, primary_key=True)
    email_lower: str | None = Field(sa_type=Key, index=True)
    display_key: str | None = Field(sa_type=Key, index=True)
    real_key: str | None = Field(sa_type=Key, index=True)
    user_key: str | None = Field(sa_type=Key, index=True)
    local_key: str | None = Field(sa_type=Key, index=True)
    body: dict[str, Any] = Field(sa_type=BODY)


class GroupRow(Base, table=True):
    """A user group."""

    __tablename__ = "user_group"

    id: str = Field(sa_type=Key, primary_key=True)
    handle_key: str = Field(sa_type=Key, index=True)
    body: dict[str, Any] = Field(sa_type=BODY)


class SubscriptionRow(Base, table=True):
    """Who follows every new incident of a team or a severity; `about` says which of the two `name` is."""

    __tablename__ = "subscription"

    user_id: str = Field(sa_type=Key, primary_key=True)
    about: str = Field(sa_type=Key, primary_key=True)
    name: str = Field(sa_type=Key, primary_key=True, index=True)


class AuditRow(Base, table=True):
    """Somebody did something, or tried to. `seq` is the order of arrival."""

    __tablename__ = "audit"

    seq: int | None = Field(sa_type=SERIAL, primary_key=True, default=None)
    at: datetime = Field(sa_type=TZDateTime)
    by: str = Field(sa_type=Words)
    what: str = Field(sa_type=Words)
    incident: str | None = Field(sa_type=Words, index=True)
    channel: str | None = Field(sa_type=Words)
    said: str = Field(sa_type=Words)
    result: str = Field(sa_type=Words)


class OverrideRow(Base, table=True):
    """Somebody is on call in place of whom a schedule names. `version` guards against two writers."""

    __tablename__ = "oncall_override"

    id: str = Field(sa_type=Key, primary_key=True)
    schedule: str = Field(sa_type=Key)
    start_at: datetime = Field(sa_type=TZDateTime)
    end_at: datetime = Field(sa_type=TZDateTime, index=True)
    version: int
    body: dict[str, Any] = Field(sa_type=BODY)


class ScheduleStateRow(Base, table=True):
    """What was last said and done about who is on call in a schedule. `version` guards against two writers."""

    __tablename__ = "schedule_state"

    schedule: str = Field(sa_type=Key, primary_key=True)
    version: int
    body: dict[str, Any] = Field(sa_type=BODY)


class CalendarRow(Base, table=True):
    """The calendar of a schedule as it was read last. No dump holds it: it is read anew."""

    __tablename__ = "calendar"

    schedule: str = Field(sa_type=Key, primary_key=True)
    body: dict[str, Any] = Field(sa_type=BODY)


class FeedLinkRow(Base, table=True):
    """A link under which somebody's calendar reads shifts."""

    __tablename__ = "feed_link"

    id: str = Field(sa_type=Key, primary_key=True)
    person: str = Field(sa_type=Key, index=True)
    made_at: datetime = Field(sa_type=TZDateTime)
    body: dict[str, Any] = Field(sa_type=BODY)


class ServiceChangeRow(Base, table=True):
    """Something that was changed in what runs."""

    __tablename__ = "service_change"

    id: str = Field(sa_type=Key, primary_key=True)
    at: datetime = Field(sa_type=TZDateTime, index=True)
    service_key: str = Field(sa_type=Key)
    body: dict[str, Any] = Field(sa_type=BODY)


class RunRow(Base, table=True):
    """A run of a runbook, without its steps. `version` guards against two writers."""

    __tablename__ = "runbook_run"
    __table_args__ = (sa.UniqueConstraint("incident_id", "number"),)

    id: str = Field(sa_type=Key, primary_key=True)
    incident_id: str = Field(sa_type=Key)
    number: int
    state: str = Field(sa_type=Key, index=True)
    version: int
    body: dict[str, Any] = Field(sa_type=BODY)


class RunStepRow(Base, table=True):
    """A step of a run. `place` is its place among the others."""

    __tablename__ = "runbook_step"

    run_id: str = Field(sa_type=Key, primary_key=True)
    id: str = Field(sa_type=Key, primary_key=True)
    place: int
    state: str = Field(sa_type=Key)
    body: dict[str, Any] = Field(sa_type=BODY)


class RunTargetRow(Base, table=True):
    """What a run holds, or changed. One run at a time holds a target. It is in the runs too."""

    __tablename__ = "runbook_target"
    __table_args__ = (
        sa.Index(
            "uq_runbook_target_held",
            "target",
            unique=True,
            sqlite_where=sa.text("held"),
            postgresql_where=sa.text("held"),
        ),
    )

    run_id: str = Field(sa_type=Key, primary_key=True)
    target: str = Field(sa_type=Key, primary_key=True, index=True)
    held: bool
    changed_at: datetime | None = Field(sa_type=TZDateTime)


class MetaRow(Base, table=True):
    """Numbers about the database as a whole, by name."""

    __tablename__ = "meta"

    name: str = Field(sa_type=Key, primary_key=True)
    number: int


class ReplicaRow(Base, table=True):
    """A process that uses the database, where several may. No dump holds it."""

    __tablename__ = "replica"

    id: str = Field(sa_type=Key, primary_key=True)
    seen_at: datetime = Field(sa_type=TZDateTime)
    limited: dict[str, Any] = Field(sa_type=BODY)


class FiguresRow(Base, table=True):
    """What was measured of one incident in that version of it. No dump holds it: it is measured anew."""

    __tablename__ = "figures"

    incident_id: str = Field(sa_type=Key, primary_key=True)
    version: int
    format: int
    body: str = Field(sa_type=Words)


def columns_of(model: type[SQLModel]) -> sa.Table:
    """The table behind a model, for statements in SQL terms."""
    table = sa.inspect(model).local_table
    assert isinstance(table, sa.Table)
    return table


INCIDENT = columns_of(IncidentRow)
ENTRY = columns_of(EntryRow)
JOB = columns_of(JobRow)
ALERT = columns_of(AlertRow)
FIRING = columns_of(FiringRow)
FIRING_KEY = columns_of(FiringKeyRow)
ENVELOPE = columns_of(EnvelopeRow)
QUARANTINE = columns_of(QuarantineRow)
READ_CURSOR = columns_of(ReadCursorRow)
PERSON = columns_of(PersonRow)
GROUP = columns_of(GroupRow)
SUBSCRIPTION = columns_of(SubscriptionRow)
META = columns_of(MetaRow)
AUDIT = columns_of(AuditRow)
OVERRIDE = columns_of(OverrideRow)
CALENDAR = columns_of(CalendarRow)
SCHEDULE_STATE = columns_of(ScheduleStateRow)
FEED_LINK = columns_of(FeedLinkRow)
REPLICA = columns_of(ReplicaRow)
FIGURES = columns_of(FiguresRow)
SERVICE_CHANGE = columns_of(ServiceChangeRow)
RUN = columns_of(RunRow)
RUN_STEP = columns_of(RunStepRow)
RUN_TARGET = columns_of(RunTargetRow)

TABLES = (
    META,
    PERSON,
    GROUP,
    SUBSCRIPTION,
    READ_CURSOR,
    INCIDENT,
    ENTRY,
    JOB,
    ALERT,
    FIRING,
    FIRING_KEY,
    ENVELOPE,
    QUARANTINE,
    AUDIT,
    OVERRIDE,
    SCHEDULE_STATE,
    FEED_LINK,
    SERVICE_CHANGE,
    RUN,
    RUN_STEP,
    RUN_TARGET,
)
"""Every table that a dump holds, each after those it refers to."""
