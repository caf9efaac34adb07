"""Runs of runbooks: each one row, its steps others, and what it holds or changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import codec
from storage.records import StoredStep
from storage.sql.connection import Connected
from storage.sql.dialect import insert, upsert
from storage.sql.tables import RUN, RUN_STEP, RUN_TARGET
from warroom.errors import Conflict
from warroom.runbooks.run import Run, RunState, StepRun

OVER = [state.value for state in RunState if state.over]


class SqlRunbooks(Connected):
    """`warroom.stores.Runs`."""

    async def run(self, run_id: str) -> Run | None:
        """By id."""
        found = await self._runs(sa.select(RUN).where(RUN.c.id == run_id))
        return found[0] if found else None

    async def runs(self, incident_id: str, limit: int = 50) -> list[Run]:
        """Newest first."""
        mine = sa.select(RUN).where(RUN.c.incident_id == incident_id)
        return await self._runs(mine.order_by(RUN.c.number.desc()).limit(limit))

    async def active_runs(self, incident_id: str | None = None) -> list[Run]:
        """Oldest first."""
        query = sa.select(RUN).where(RUN.c.state.not_in(OVER))
        if incident_id is not None:
            query = query.where(RUN.c.incident_id == incident_id)
        return await self._runs(query.order_by(RUN.c.incident_id, RUN.c.number))

    async def held_targets(self) -> dict[str, str]:
        """By target: the id of the run."""
        async with self._reading() as conn:
            found = await conn.execute(sa.select(RUN_TARGET.c.target, RUN_TARGET.c.run_id).where(RUN_TARGET.c.held))
            return {row.target: row.run_id for row in found}

    async def times_changed(self, target: str, since: datetime) -> list[datetime]:
        """Oldest first."""
        mine = sa.and_(RUN_TARGET.c.target == target, RUN_TARGET.c.changed_at >= since)
        query = sa.select(RUN_TARGET.c.changed_at).where(mine).order_by(RUN_TARGET.c.changed_at)
        async with self._reading() as conn:
            return list((await conn.execute(query)).scalars())

    async def _runs(self, query: sa.Select[Any]) -> list[Run]:
        async with self._reading() as conn:
            found = (await conn.execute(query)).mappings().all()
            if not found:
                return []
            ids = [row["id"] for row in found]
            mine = sa.select(RUN_STEP).where(RUN_STEP.c.run_id.in_(ids)).order_by(RUN_STEP.c.run_id, RUN_STEP.c.place)
            steps: dict[str, list[StepRun]] = {}
            for row in (await conn.execute(mine)).mappings():
                steps.setdefault(row["run_id"], []).append(codec.from_body(StepRun, row["body"]))
        return [run_of(row).copy_with(steps=tuple(steps.get(row["id"], ()))) for row in found]


def run_row(run: Run) -> dict[str, Any]:
    """The columns of the run in its next version, without its steps."""
    return {
        "id": run.id,
        "incident_id": run.incident_id,
        "number": run.number,
        "state": run.state.value,
        "version": run.version + 1,
        "body": codec.to_body(run.copy_with(steps=())),
    }


def run_of(row: sa.RowMapping) -> Run:
    """The run without its steps, in the version of its row."""
    return codec.from_body(Run, {**row["body"], "version": row["version"]})


def step_row(stored: StoredStep) -> dict[str, Any]:
    """The columns of a step."""
    step = stored.step
    body = codec.to_body(step)
    return {"run_id": stored.run_id, "id": step.id, "place": stored.place, "state": step.state.value, "body": body}


def stored_step_of(row: sa.RowMapping) -> StoredStep:
    """The step, with its run and its place there."""
    return StoredStep(run_id=row["run_id"], place=row["place"], step=codec.from_body(StepRun, row["body"]))


def target_rows(run: Run) -> list[dict[str, Any]]:
    """A row for everything that the run holds, or changed."""
    names = sorted({*run.targets, *run.changed})
    return [
        {"run_id": run.id, "target": each, "held": each in run.targets, "changed_at": run.changed.get(each)}
        for each in names
    ]


async def keep_runs(conn: AsyncConnection, runs: Sequence[Run]) -> None:
    """Insert those of version 0, replace the others. Raises Conflict when one was changed, or made, by somebody else, or when
    another run holds one of its targets.
    """
    for each in sorted(runs, key=lambda run: run.id):
        row = run_row(each)
        if each.version == 0:
            new = insert(conn.dialect.name, RUN).values(row).on_conflict_do_nothing().returning(RUN.c.id)
            written = (await conn.execute(new)).first() is not None
        else:
            mine = sa.and_(RUN.c.id == each.id, RUN.c.version == each.version)
            written = (
                await conn.execute(sa.update(RUN).where(mine).values(row).returning(RUN.c.id))
            ).first() is not None
        if not written:
            raise Conflict(f"The run {each.id} was changed by somebody else.")
        steps = [step_row(StoredStep(run_id=each.id, place=n, step=step)) for n, step in enumerate(each.steps)]
        if steps:
            await upsert(conn, RUN_STEP, ["run_id", "id"], steps)
        await _keep_targets(conn, each)


async def _keep_targets(conn: AsyncConnection, run: Run) -> None:
    mine = sa.and_(RUN_TARGET.c.run_id == run.id, RUN_TARGET.c.target.not_in([*run.targets, *run.changed] or [""]))
    await conn.execute(sa.delete(RUN_TARGET).where(mine))
    found = target_rows(run)
    if found:
        # A target that another run holds violates the unique index, which is a Conflict: load and decide again.
        await upsert(conn, RUN_TARGET, ["run_id", "target"], found)
