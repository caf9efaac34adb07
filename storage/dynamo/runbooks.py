"""Runs of runbooks: each one item with its steps, its places in lists, and what it holds or changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from storage import codec
from storage.dynamo import layout
from storage.dynamo.layout import sortable, time_of
from storage.dynamo.table import Item, Table
from storage.dynamo.transaction import Transaction
from warroom.errors import Conflict
from warroom.runbooks.run import Run, StepRun


class DynamoRunbooks:
    """`warroom.stores.Runs`."""

    _table: Table

    async def run(self, run_id: str) -> Run | None:
        """By id."""
        item = await self._table.get(layout.run(run_id))
        return run_of(item) if item else None

    async def runs(self, incident_id: str, limit: int = 50) -> list[Run]:
        """Newest first."""
        there = await self._table.query(layout.run_numbered(incident_id, 0).pk, newest=True, limit=limit)
        return await self._runs(there)

    async def active_runs(self, incident_id: str | None = None) -> list[Run]:
        """Oldest first."""
        there = await self._table.query(layout.ACTIVE_RUNS)
        return await self._runs([item for item in there if incident_id in (None, item.data["incident_id"])])

    async def _runs(self, there: Sequence[Item]) -> list[Run]:
        known = await self._table.get_many(layout.run(item.data["id"]) for item in there)
        return [run_of(known[key]) for item in there if (key := layout.run(item.data["id"])) in known]

    async def held_targets(self) -> dict[str, str]:
        """By target: the id of the run."""
        return {item.data["target"]: item.data["id"] for item in await self._table.query(layout.HELD_TARGETS)}

    async def times_changed(self, target: str, since: datetime) -> list[datetime]:
        """Oldest first."""
        times = [time_of(item.data["at"]) for item in await self._table.query(layout.changed_target(target, "").pk)]
        return sorted(at for at in times if at >= since)


def run_of(item: Item) -> Run:
    """The run in the version of its item, with its steps."""
    steps = tuple(codec.from_body(StepRun, each) for each in item.data["steps"])
    return codec.from_body(Run, {**item.data["body"], "version": item.data["version"]}).copy_with(steps=steps)


async def keep_runs(transaction: Transaction, runs: Sequence[Run]) -> None:
    """Insert those of version 0, replace the others. Raises Conflict when one was changed, or made, by somebody else, or when
    another run holds one of its targets.
    """
    for each in runs:
        old = await transaction.read(layout.run(each.id))
        await transaction.load(layout.held_target(name) for name in {*each.targets, *(old["targets"] if old else ())})
        if (old["version"] if old else 0) != each.version:
            raise Conflict(f"The run {each.id} was changed by somebody else.")
        if old is None and await transaction.read(layout.run_numbered(each.incident_id, each.number)) is not None:
            raise Conflict(f"The number of the run {each.id} was taken by somebody else.")
        place_run(transaction, each)


def place_run(transaction: Transaction, run: Run) -> None:
    """The run in its next version, its places in lists, and what it holds. Raises Conflict when another run holds one of its targets."""
    key = layout.run(run.id)
    old = transaction.seen(key)
    transaction.put(
        key,
        {
            "version": run.version + 1,
            "targets": list(run.targets),
            "body": codec.to_body(run.copy_with(steps=())),
            "steps": [codec.to_body(step) for step in run.steps],
        },
    )
    if old is None:
        transaction.put(layout.run_numbered(run.incident_id, run.number), {"id": run.id})
    active = layout.active_run(run.incident_id, run.number)
    if run.state.over:
        transaction.discard(active, late=False)
    else:
        transaction.replace(active, {"id": run.id, "incident_id": run.incident_id}, late=False)
    for target in sorted(set(old["targets"] if old else ()) - set(run.targets)):
        transaction.delete(layout.held_target(target))
    for target in run.targets:
        held = transaction.seen(layout.held_target(target))
        if held is None:
            transaction.put(layout.held_target(target), {"target": target, "id": run.id})
        elif held["id"] != run.id:
            raise Conflict(f"Another run holds {target}. Load and decide again.")
    for target, at in run.changed.items():
        transaction.replace(layout.changed_target(target, run.id), {"at": sortable(at)})
