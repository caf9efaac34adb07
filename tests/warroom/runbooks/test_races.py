"""Two processes on one database do something about the same runs at the same moment: both decide before either has written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from storage import Database
from tests.people import ADA, GRACE
from tests.storage.conftest import Opener
from tests.storage.conftest import PostgreSQL as PostgreSQL
from tests.storage.conftest import database as database
from tests.storage.conftest import dynamodb as dynamodb
from tests.storage.conftest import opening as opening
from tests.storage.conftest import postgresql as postgresql
from tests.storage.conftest import sqlite_url as sqlite_url
from tests.warroom.runbooks.bench import Bench, policy_of
from warroom.errors import AlreadyDone
from warroom.incident import events
from warroom.outbox.changes import Changeset
from warroom.runbooks import begin, usecases
from warroom.runbooks.run import Run, RunState, StepState

FREE = "remediation: {allow: {world: {places: [prod]}}, without_approval: ['*']"
ASKED = "remediation: {allow: {world: {places: [prod]}}"
DOOR = "steps:\n  - {id: change, do: world.change, with: {what: door}}\n"


class Meeting:
    """So many commits of runs wait for each other; later ones go through."""

    def __init__(self, parties: int) -> None:
        self._left, self._all = parties, asyncio.Event()

    async def arrive(self, changes: Changeset) -> None:
        if self._left <= 0 or not changes.runs:
            return
        self._left -= 1
        if self._left == 0:
            self._all.set()
        await self._all.wait()


class Process:
    """One of the processes: a bench with a connection of its own, whose stand-ins are those of the first one."""

    def __init__(self, made: Bench, meet: Callable[[], Meeting | None]) -> None:
        self.made = made
        store = made.store
        commit = store.commit

        async def after_meeting(changes: Changeset) -> None:
            if (meeting := meet()) is not None:
                await meeting.arrive(changes)
            await commit(changes)

        store.commit = after_meeting  # type: ignore[method-assign,assignment]  # nothing else of the store is another


class Two:
    """Two processes."""

    def __init__(self, stores: list[Database], policy: str) -> None:
        self.meeting: Meeting | None = None
        self.processes: list[Bench] = []
        for store in stores:
            made = Bench(store, policy_of(policy), ())
            if self.processes:
                first = self.processes[0]
                made.clock, made.change, made.blind, made.read = first.clock, first.change, first.blind, first.read
                made.kinds, made.world = first.kinds, made._world(first.world.library)
            self.processes.append(made)
            Process(made, lambda: self.meeting)

    @property
    def first(self) -> Bench:
        return self.processes[0]

    def teach(self, text: str) -> None:
        for made in self.processes:
            made.teach(book=text)

    async def meet(self, *work: Awaitable[Any]) -> list[Any]:
        """All of it at once, each with its decision made before any of them has written; the answers or errors."""
        self.meeting = Meeting(len(work))
        found = await asyncio.gather(*work, return_exceptions=True)
        self.meeting = None
        for each in found:
            if isinstance(each, BaseException) and not isinstance(each, AlreadyDone):
                raise each
        return found

    async def later(self, seconds: float) -> None:
        """Both work through all that is due, one beside the other."""
        await asyncio.gather(*(made.work() for made in self.processes))
        await self.first.later(seconds)

    async def started(self, count: int = 1) -> list[Run]:
        """Runs of as many incidents, begun by both processes in turn at the same moment."""
        incidents = [await self.first.incident() for _ in range(count)]
        return await self.meet(
            *(begin.start(self.processes[n % 2].world, each.id, "book", ADA.id) for n, each in enumerate(incidents))
        )


@asynccontextmanager
async def two(database: str, opening: Opener, policy: str) -> AsyncIterator[Two]:
    yield Two([await opening(database), await opening(database)], policy)


EVERY = pytest.mark.parametrize("database", ["sqlite", "postgresql", "dynamodb"], indirect=True)


@EVERY
@pytest.mark.parametrize("most", [1, 2])
async def test_at_most_holds_where_runs_of_two_processes_begin_at_the_same_moment(
    most: int, database: str, opening: Opener
) -> None:
    async with two(database, opening, FREE + f", at_most: {most} per 1h}}") as both:
        both.teach(DOOR)
        runs = await both.started(4)
        await both.later(300)
        assert both.first.change.done == ["door"] * most
        ended = [await both.first.run(run) for run in runs]
        assert sorted(run.state for run in ended) == [RunState.FAILED] * (4 - most) + [RunState.SUCCEEDED] * most
        refused = [run.steps[0].error for run in ended if run.state is RunState.FAILED]
        assert all("which is the most that the policy allows" in said for said in refused)


@EVERY
async def test_an_approval_pressed_in_two_processes_is_one(database: str, opening: Opener) -> None:
    async with two(database, opening, ASKED + "}") as both:
        both.teach(DOOR)
        (run,) = await both.started()
        token = run.steps[0].token
        pressed = await both.meet(
            usecases.approve(both.processes[0].world, run.id, "change", token, ADA.id),
            usecases.approve(both.processes[1].world, run.id, "change", token, GRACE.id),
        )
        assert sum(isinstance(each, AlreadyDone) for each in pressed) == 1
        await both.later(60)
        assert both.first.change.done == ["door"]
        said = [each.event for each in await both.first.timeline() if isinstance(each.event, events.RunbookApproval)]
        assert [each.what for each in said] == ["asked", "approved"]


@EVERY
async def test_approved_in_one_process_and_declined_in_the_other_only_one_of_them_counts(
    database: str, opening: Opener
) -> None:
    async with two(database, opening, ASKED + "}") as both:
        both.teach(DOOR)
        (run,) = await both.started()
        token = run.steps[0].token
        pressed = await both.meet(
            usecases.approve(both.processes[0].world, run.id, "change", token, ADA.id),
            usecases.decline(both.processes[1].world, run.id, "change", token, GRACE.id),
        )
        await both.later(60)
        ended = await both.first.run(run)
        approved = isinstance(pressed[1], AlreadyDone)
        assert isinstance(pressed[0], AlreadyDone) is not approved
        assert both.first.change.done == ["door"] * approved
        assert ended.state is (RunState.SUCCEEDED if approved else RunState.STOPPED)


@EVERY
@pytest.mark.parametrize("once", range(3))
async def test_after_a_stop_in_one_process_no_call_begins_in_the_other(
    once: int, database: str, opening: Opener
) -> None:
    async with two(database, opening, FREE + "}") as both:
        both.teach(DOOR)
        (run,) = await both.started()
        stopped, _ = await both.meet(usecases.stop(both.processes[0].world, run.id, GRACE.id), both.processes[1].work())
        await both.later(60)
        ended, done = await both.first.run(run), both.first.change.done
        if isinstance(stopped, AlreadyDone):
            assert (ended.state, done) == (RunState.SUCCEEDED, ["door"]), "it was over"
        else:
            assert ended.state is RunState.STOPPED
            assert (ended.steps[0].state, done) in ((StepState.DONE, ["door"]), (StepState.STOPPED, []))


@EVERY
async def test_two_people_tick_in_two_processes_and_both_ticks_stay(database: str, opening: Opener) -> None:
    async with two(database, opening, FREE + "}") as both:
        both.teach("checklist: '- [ ] a\n\n  - [ ] b\n\n  - [ ] c'\n")
        (run,) = await both.started()
        await both.meet(
            usecases.tick(both.processes[0].world, run.id, {"box1": True}, ADA.id),
            usecases.tick(both.processes[1].world, run.id, {"box2": True}, GRACE.id),
        )
        ended = await both.first.run(run)
        assert [(step.state, step.by) for step in ended.steps] == [
            (StepState.DONE, ADA.id),
            (StepState.DONE, GRACE.id),
            (StepState.ASKED, None),
        ]


@EVERY
async def test_two_answers_in_two_processes_are_one_answer(database: str, opening: Opener) -> None:
    async with two(database, opening, FREE + "}") as both:
        both.teach(
            "steps:\n  - {id: where, do: ask, with: {question: 'Where?', options: [here, there]}}\n"
            "  - {id: change, do: world.change, with: {what: '{where.answer}'}, needs: [where]}\n"
        )
        (run,) = await both.started()
        token = run.steps[0].token
        pressed = await both.meet(
            usecases.answer(both.processes[0].world, run.id, "where", token, "here", ADA.id),
            usecases.answer(both.processes[1].world, run.id, "where", token, "there", GRACE.id),
        )
        assert sum(isinstance(each, AlreadyDone) for each in pressed) == 1
        await both.later(60)
        assert both.first.change.done == ["there" if isinstance(pressed[0], AlreadyDone) else "here"]
