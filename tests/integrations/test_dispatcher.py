"""The outbox at work, with a record in memory and an outside world that does what the story says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from bot.runtime import dispatcher
from bot.runtime.directory import CachedDirectory
from bot.runtime.dispatcher import LEASE, Dispatcher
from bot.runtime.observability import Meters
from tests.clock import NIGHT, ManualClock
from tests.stores import fresh_store
from warroom.errors import Rejected, Retryable
from warroom.escalation.timers import RULES
from warroom.incident import events
from warroom.incident.decision import Decision
from warroom.incident.model import Incident, Origin
from warroom.incident.notices import EffectFailedNotice
from warroom.incident.parts import Room
from warroom.outbox.changes import Changeset, Claim, Timer
from warroom.outbox.effects import Effect, OpenRoom, PinCard, Post, SetTopic, ShowCard
from warroom.outbox.results import CardShown, EffectResult
from warroom.outbox.usecases import FAULTS
from warroom.people.model import Group, Person
from warroom.policy import Policy
from warroom.ports import Message, Store, World

HOUR = 3600.0


class Nobody:
    """A chat in which nothing can be looked up."""

    async def message(self, channel_id: str, ts: str) -> Message | None:
        return None

    async def permalink(self, channel_id: str, ts: str) -> str | None:
        return None

    async def lookup_person(self, user_id: str) -> Person | None:
        return None

    async def lookup_email(self, email: str) -> Person | None:
        return None

    async def lookup_groups(self) -> list[Group]:
        return []


class Outside:
    """The outside world: answers each try of a key with the next of its script, then with success."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self.script: dict[str, list[Exception | EffectResult | None]] = {}
        self.tries: list[tuple[str, float, bool]] = []
        """(key, seconds into the night, outcome unknown)"""
        self.taken: dict[str, list[datetime | None]] = {}
        """When each try of a key became ours."""
        self.on_success: list[Effect] = []
        self.held: dict[str, asyncio.Event] = {}
        """What is begun waits for its event."""
        self.begun: dict[str, asyncio.Event] = {}
        self.at_work: list[str] = []
        self.together: set[str] = set()
        """Keys that were at work twice at the same time."""

    async def perform(self, claim: Claim, effect: Effect) -> EffectResult | None:
        key = claim.key
        self.tries.append((key, self._clock.passed, claim.outcome_unknown))
        self.taken.setdefault(key, []).append(claim.taken_at)
        if key in self.at_work:
            self.together.add(key)
        self.at_work.append(key)
        try:
            self.begun.setdefault(key, asyncio.Event()).set()
            if key in self.held:
                await self.held[key].wait()
            script = self.script.get(key)
            outcome = script.pop(0) if script else None
            if isinstance(outcome, Exception):
                raise outcome
        finally:
            self.at_work.remove(key)
        self.on_success.append(effect)
        return outcome

    def hold(self, key: str) -> None:
        """What is begun for that key does not end before `release`."""
        self.held[key], self.begun[key] = asyncio.Event(), asyncio.Event()

    def release(self, key: str) -> None:
        self.held.pop(key).set()

    def times(self, key: str) -> list[float]:
        """When that key was tried."""
        return [at for tried, at, _ in self.tries if tried == key]


class RunningDispatcher:
    """A running dispatcher, its record and the world outside."""

    def __init__(self, store: Store, clock: ManualClock) -> None:
        self.store, self.clock, self.outside = store, clock, Outside(clock)
        self.next_due: datetime | None = None
        chat = Nobody()
        self.world = World(store, CachedDirectory(store, chat), Policy(), clock, chat, lambda: self.work.nudge())
        self.work = Dispatcher(self.world, self.outside.perform, Meters(), on_idle=self._idle)

    def _idle(self, due: datetime | None) -> None:
        self.next_due = due

    async def ask(self, *effects: Effect) -> None:
        """Put effects into the outbox."""
        await self.world.commit(Changeset(now=self.clock.now(), effects=effects))

    async def pass_time(self, seconds: float) -> None:
        """Let time pass and what came due be done."""
        self.clock.advance(seconds)
        await self.settle()

    async def settle(self) -> None:
        async with asyncio.timeout(60):
            await self.work.quiet()

    async def incident(self) -> Incident:
        found = await self.store.incident("i1")
        assert found is not None
        return found


@pytest.fixture
async def night(clock: ManualClock) -> AsyncIterator[RunningDispatcher]:
    async with fresh_store() as store:
        incident = Incident(
            id="i1",
            number=1,
            origin=Origin.COMMAND,
            origin_key="command:1",
            title="checkout returns 500s",
            severity="SEV-1",
            declared_by="UADA",
            declared_at=NIGHT,
            touched_at=NIGHT,
            room=Room(channel_id="C1", channel_name="inc-1-checkout"),
        )
        night = RunningDispatcher(store, clock)
        await store.commit(Changeset(now=NIGHT, incident=incident))
        night.work.start()
        yield night
        await night.work.drain(0)


def pin(key: str = "pin", priority: int = 50) -> PinCard:
    """An effect that is asked for once."""
    return PinCard(incident_id="i1", key=key, priority=priority)


def problems(effects: Sequence[Effect]) -> list[EffectFailedNotice]:
    """The confessions among what was performed."""
    return [each.notice for each in effects if isinstance(each, Post) and isinstance(each.notice, EffectFailedNotice)]


async def test_what_is_asked_for_is_done_once_and_then_it_is_quiet(night: RunningDispatcher) -> None:
    await night.ask(pin("a"), pin("b"))
    await night.ask(pin("a"))
    await night.settle()
    await night.pass_time(HOUR)
    assert sorted(key for key, _, _ in night.outside.tries) == ["a", "b"]
    assert night.next_due is None


async def test_the_answer_changes_the_incident(night: RunningDispatcher) -> None:
    night.outside.script["card"] = [CardShown(ts="100.1")]
    await night.ask(ShowCard(incident_id="i1", key="card"))
    await night.settle()
    assert (await night.incident()).room.card_ts == "100.1"


async def test_the_more_urgent_goes_first(night: RunningDispatcher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.runtime.dispatcher.WIDTH", 1)
    await night.ask(pin("later", 90), pin("now", 0), pin("soon", 10))
    await night.settle()
    assert [key for key, _, _ in night.outside.tries] == ["now", "soon", "later"]


async def test_what_fails_is_tried_again_after_1_2_4_seconds_and_so_on_up_to_a_minute(night: RunningDispatcher) -> None:
    night.outside.script["pin"] = [Retryable("trouble") for _ in range(8)]
    await night.ask(pin())
    await night.settle()
    for _ in range(250):
        await night.pass_time(1)
    assert night.outside.times("pin") == [0, 1, 3, 7, 15, 31, 63, 123, 183]


async def test_slack_s_own_wait_is_kept_to_the_second_and_leaves_no_doubt(night: RunningDispatcher) -> None:
    night.outside.script["pin"] = [Retryable("wait", after=30)]
    await night.ask(pin())
    await night.settle()
    assert night.next_due == NIGHT + timedelta(seconds=30)
    await night.pass_time(29)
    await night.pass_time(1)
    assert night.outside.tries == [("pin", 0, False), ("pin", 30, False)]


async def test_after_doubt_it_is_looked_for_first(night: RunningDispatcher) -> None:
    night.outside.script["pin"] = [Retryable("no answer", outcome_unknown=True)]
    await night.ask(pin())
    await night.settle()
    await night.pass_time(2)
    assert night.outside.tries[1] == ("pin", 2, True)


async def test_what_was_refused_is_said_in_the_room_with_the_next_step(night: RunningDispatcher) -> None:
    night.outside.script["pin"] = [Rejected("the app lacks pins:write", code="missing_scope", advice="Add the scope.")]
    await night.ask(pin(), pin("other"))
    await night.settle()
    await night.pass_time(HOUR)
    assert night.outside.times("pin") == [0]
    (problem,) = problems(night.outside.on_success)
    assert problem == EffectFailedNotice(
        effect=events.EffectKind.PIN_CARD, error="the app lacks pins:write", advice="Add the scope."
    )
    (dead_letter,) = await night.store.dead_letters()
    assert (dead_letter.key, dead_letter.attempts) == ("pin", 1)
    assert [entry.event for entry in await night.store.timeline("i1")] == [
        events.EffectFailed(
            effect=events.EffectKind.PIN_CARD,
            error="the app lacks pins:write",
            code="missing_scope",
            advice="Add the scope.",
        )
    ]
    assert "other" in {each.key for each in night.outside.on_success}, "the rest goes on"


async def test_what_failed_for_twelve_hours_is_buried_and_said(night: RunningDispatcher) -> None:
    night.outside.script["pin"] = [Retryable("trouble") for _ in range(99)]
    await night.ask(pin())
    await night.settle()
    await night.pass_time(12 * HOUR)
    assert await night.store.dead_letters() == []
    await night.pass_time(61)
    (dead_letter,) = await night.store.dead_letters()
    assert (dead_letter.key, dead_letter.error) == ("pin", "trouble (tried 3 times)")
    (problem,) = problems(night.outside.on_success)
    assert "tried 3 times" in problem.error
    tries = len(night.outside.tries)
    await night.pass_time(HOUR)
    assert len(night.outside.tries) == tries


async def test_a_confession_that_fails_is_told_the_leader_once_and_not_confessed_again(
    night: RunningDispatcher,
) -> None:
    refusal = Rejected("the channel is archived", code="is_archived")
    night.outside.script |= {"pin": [refusal], "i1:post:problem:pin": [refusal], "i1:room-lost": [refusal]}
    await night.ask(pin())
    await night.pass_time(HOUR)
    assert problems(night.outside.on_success) == []
    assert {dead_letter.key for dead_letter in await night.store.dead_letters()} == {
        "pin",
        "i1:post:problem:pin",
        "i1:room-lost",
    }
    assert len(night.outside.tries) == 3


async def test_one_key_is_never_at_work_twice_and_a_change_meanwhile_is_shown_after(night: RunningDispatcher) -> None:
    night.outside.hold("topic")
    topic = SetTopic(incident_id="i1", key="topic")
    await night.ask(topic)
    await night.outside.begun["topic"].wait()
    for _ in range(10):
        await night.ask(topic)
    night.outside.release("topic")
    await night.settle()
    assert len(night.outside.times("topic")) == 2
    assert night.outside.together == set()


async def test_work_that_outlives_its_lease_is_taken_over_and_its_late_result_is_dropped(
    night: RunningDispatcher,
) -> None:
    night.outside.script["card"] = [CardShown(ts="1.1"), CardShown(ts="2.2")]
    night.outside.hold("card")
    await night.ask(ShowCard(incident_id="i1", key="card"))
    await night.outside.begun["card"].wait()
    slow = night.outside.held.pop("card")
    night.outside.begun["card"].clear()
    night.clock.advance(LEASE.total_seconds())
    other = Dispatcher(night.world, night.outside.perform, Meters())
    other.start()
    async with asyncio.timeout(60):
        await night.outside.begun["card"].wait()
        await other.quiet()
    assert night.outside.tries[1] == ("card", LEASE.total_seconds(), True)
    slow.set()
    await night.settle()
    assert (await night.incident()).room.card_ts == "1.1"
    assert len(night.outside.times("card")) == 2
    await other.drain(0)


async def test_after_the_machine_slept_work_that_is_on_its_way_is_let_arrive_before_it_is_looked_for(
    night: RunningDispatcher,
) -> None:
    night.outside.hold("card")
    await night.ask(ShowCard(incident_id="i1", key="card"))
    await night.outside.begun["card"].wait()
    night.clock.advance(LEASE.total_seconds())
    night.outside.hold("meanwhile")
    await night.ask(pin("meanwhile"))
    await night.outside.begun["meanwhile"].wait()
    night.outside.release("meanwhile")
    assert len(night.outside.times("card")) == 1
    night.outside.release("card")
    await night.settle()
    assert night.outside.together == set()
    assert [outcome_unknown for key, _, outcome_unknown in night.outside.tries if key == "card"] == [False, True]


async def _taken_over_from_itself(night: RunningDispatcher) -> asyncio.Event:
    """The first try is on its way, and a second one waits for it. Returns what ends the first."""
    night.outside.hold("card")
    await night.ask(ShowCard(incident_id="i1", key="card"))
    await night.outside.begun["card"].wait()
    night.clock.advance(LEASE.total_seconds())
    night.outside.hold("meanwhile")
    await night.ask(pin("meanwhile"))
    await night.outside.begun["meanwhile"].wait()
    night.outside.release("meanwhile")
    return night.outside.held.pop("card")


async def test_whoever_waited_for_its_own_earlier_work_has_a_whole_lease_afterwards(night: RunningDispatcher) -> None:
    first = await _taken_over_from_itself(night)
    night.clock.advance(LEASE.total_seconds() - 1)
    night.outside.hold("card")
    first.set()
    async with asyncio.timeout(60):
        await night.outside.begun["card"].wait()
    night.clock.advance(LEASE.total_seconds() - 1)
    other = Dispatcher(night.world, night.outside.perform, Meters())
    other.start()
    async with asyncio.timeout(60):
        await other.quiet()
    night.outside.release("card")
    await night.settle()
    assert night.outside.together == set()
    assert len(night.outside.times("card")) == 2
    await other.drain(0)


async def test_what_another_took_over_while_it_waited_is_not_done_again(night: RunningDispatcher) -> None:
    first = await _taken_over_from_itself(night)
    night.clock.advance(LEASE.total_seconds())
    other = Dispatcher(night.world, night.outside.perform, Meters())
    other.start()
    async with asyncio.timeout(60):
        await other.quiet()
    first.set()
    await night.settle()
    assert [outcome_unknown for key, _, outcome_unknown in night.outside.tries if key == "card"] == [False, True]
    await other.drain(0)


async def test_work_that_never_ends_keeps_nobody_from_working_and_is_done_again(
    night: RunningDispatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatcher, "HUNG", 0.01)
    night.outside.hold("card")
    await night.ask(ShowCard(incident_id="i1", key="card"))
    await night.outside.begun["card"].wait()
    night.outside.held.pop("card")
    night.clock.advance(LEASE.total_seconds())
    await night.settle()
    assert [outcome_unknown for key, _, outcome_unknown in night.outside.tries if key == "card"] == [False, True]
    assert night.outside.at_work == []


async def test_what_is_performed_knows_since_when_it_is_ours(night: RunningDispatcher) -> None:
    first = await _taken_over_from_itself(night)
    night.clock.advance(LEASE.total_seconds() - 1)
    waited = night.clock.now()
    first.set()
    await night.settle()
    assert night.outside.taken["card"] == [NIGHT, waited]


async def test_a_process_that_ends_leaves_what_it_took_over_from_itself(night: RunningDispatcher) -> None:
    first = await _taken_over_from_itself(night)
    draining = asyncio.create_task(night.work.drain(5))
    await night.store.last_number()
    first.set()
    await draining
    assert len(night.outside.times("card")) == 1


async def test_a_fault_nobody_foresaw_takes_nothing_with_it_and_comes_again_in_doubt(night: RunningDispatcher) -> None:
    night.outside.script["broken"] = [ZeroDivisionError("nobody foresaw this")]
    await night.ask(pin("broken", 0), pin("fine"))
    await night.settle()
    assert [each.key for each in night.outside.on_success] == ["fine"]
    await night.pass_time(LEASE.total_seconds())
    assert night.outside.tries[-1] == ("broken", LEASE.total_seconds(), True)


async def test_a_fault_that_stays_is_given_up_like_any_other_failure(night: RunningDispatcher) -> None:
    night.outside.script["broken"] = [ZeroDivisionError("nobody foresaw this") for _ in range(99)]
    await night.ask(pin("broken"))
    await night.settle()
    while not await night.store.dead_letters():
        assert night.clock.passed < 2 * HOUR
        await night.pass_time(LEASE.total_seconds())
    (dead_letter,) = await night.store.dead_letters()
    assert "a fault in Warroom (ZeroDivisionError)" in dead_letter.error
    tries = night.outside.times("broken")
    pauses = [after - before for before, after in pairwise(tries)]
    assert pauses[:6] == [15, 30, 60, 120, 240, 480]
    assert pauses[6:] == [600] * (len(pauses) - 6)
    await night.pass_time(HOUR)
    assert night.outside.times("broken") == tries


async def test_a_fault_after_hours_of_an_outage_is_not_the_end(night: RunningDispatcher) -> None:
    away = [Retryable("Slack is away", after=600) for _ in range(30)]
    night.outside.script["broken"] = [*away, ZeroDivisionError("nobody foresaw this")]
    await night.ask(pin("broken"))
    for _ in range(33):
        await night.pass_time(600)
    assert await night.store.dead_letters() == []
    assert [each.key for each in night.outside.on_success] == ["broken"]


async def test_a_timer_at_which_we_fail_again_and_again_is_a_dead_letter(
    night: RunningDispatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[float] = []

    async def fail(_world: World, _incident: Incident, _now: datetime) -> Decision:
        tried.append(night.clock.passed)
        raise OverflowError("date value out of range")

    monkeypatch.setitem(RULES, "stale", fail)
    before = await night.incident()
    await night.world.commit(
        Changeset(
            now=NIGHT,
            incident=before.with_deadlines(stale=NIGHT),
            timers=(Timer(incident_id="i1", kind="stale", due_at=NIGHT),),
        )
    )
    await night.settle()
    while not await night.store.dead_letters():
        assert night.clock.passed < 2 * HOUR
        await night.pass_time(LEASE.total_seconds())
    (dead_letter,) = await night.store.dead_letters()
    assert (dead_letter.kind, dead_letter.incident_id) == ("stale", "i1")
    assert FAULTS <= len(tried) < FAULTS + 3
    # When the fault is mended, whoever runs the bot has it tried again.
    monkeypatch.undo()
    assert await night.store.requeue([dead_letter.key], night.clock.now()) == [dead_letter.key]
    await night.settle()
    assert await night.store.dead_letters() == []


async def test_a_timer_of_an_incident_that_is_not_in_the_record_ends(night: RunningDispatcher) -> None:
    await night.world.commit(Changeset(now=NIGHT, timers=(Timer(incident_id="gone", kind="page", due_at=NIGHT),)))
    await night.settle()
    await night.pass_time(LEASE.total_seconds() + 1)
    assert night.next_due is None
    assert await night.store.claim(now=night.clock.now() + timedelta(hours=1), limit=9, lease=LEASE) == []


async def test_a_timer_that_was_moved_meanwhile_changes_nothing(night: RunningDispatcher) -> None:
    before = await night.incident()
    stray = Timer(incident_id="i1", kind="update", due_at=NIGHT + timedelta(minutes=5))
    await night.world.commit(Changeset(now=NIGHT, timers=(stray,)))
    await night.settle()
    assert night.next_due == stray.due_at
    await night.pass_time(300)
    assert night.next_due is None
    assert await night.incident() == before


async def test_draining_finishes_what_is_in_the_works_and_begins_nothing(night: RunningDispatcher) -> None:
    night.outside.hold("pin")
    await night.ask(pin())
    await night.outside.begun["pin"].wait()
    draining = asyncio.create_task(night.work.drain(5))
    await night.ask(OpenRoom(incident_id="i1", key="room", name="inc-1"))
    night.outside.release("pin")
    await draining
    assert [each.key for each in night.outside.on_success] == ["pin"]
    assert [claim.key for claim in await night.store.claim(now=NIGHT, limit=9, lease=LEASE)] == ["room"]


async def test_the_doubt_about_an_earlier_try_outlives_a_try_that_had_to_wait(night: RunningDispatcher) -> None:
    night.outside.script["pin"] = [Retryable("no answer", outcome_unknown=True), Retryable("not its turn yet", after=5)]
    await night.ask(pin())
    await night.settle()
    for _ in range(3):
        await night.pass_time(60)
    assert [outcome_unknown for _, _, outcome_unknown in night.outside.tries] == [False, True, True]
