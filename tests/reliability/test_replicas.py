"""Several processes on one PostgreSQL and one workspace: the work is done once, whoever does it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.demo.demo_company import MEMORY_ALERT
from bot.demo.workspace import installation
from bot.runtime.dispatcher import LEASE
from sandbox import Channel, Sandbox
from storage import migrate
from storage.sql.schema import revisions
from tests.reliability.clock import WoundClock
from tests.reliability.conftest import policy_of
from tests.reliability.house import House
from tests.reliability.process import Forked, Hosted
from tests.scenarios.conftest import settings_for
from tests.storage.conftest import PostgreSQL
from tests.storage.conftest import postgresql as postgresql
from tests.storage.test_migrations import _forget_revisions as _forget_revisions
from tests.storage.test_migrations import with_one_more_step
from warroom.incident import events
from warroom.incident.decision import timers_of
from warroom.incident.model import Incident, Origin, State
from warroom.incident.parts import Deadlines
from warroom.outbox.changes import Changeset, Timer

MANY = 1000


@pytest.fixture(params=[2, 3])
def how_many(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture
def limits() -> bool:
    """Whether the workspace refuses calls that are too many."""
    return False


@pytest.fixture
async def replicas(postgresql: PostgreSQL, how_many: int, limits: bool) -> AsyncIterator[House[Hosted]]:
    """So many bots on one database."""
    url = postgresql.new()
    async with Sandbox.running(app=installation(), limits=limits) as slack:
        made = [Hosted(slack, settings_for(slack, url), policy_of()) for _ in range(how_many)]
        for process in made:
            await process.start()
        replicas = House(slack, *made)
        await replicas.settle()
        # Each reckons with all the others from its next sign of life on, at the latest after a second.
        await asyncio.gather(*(process.bot.replica.heartbeat() for process in made))
        yield replicas
        for process in made:
            await process.stop()


@pytest.mark.timeout(900)
async def test_a_thousand_timers_due_at_once_fire_once_each(replicas: House[Hosted]) -> None:
    store, now = replicas.process.bot.store, replicas.slack.clock.now()
    due = now + timedelta(minutes=30)
    for number in range(1, MANY + 1):
        calm = Incident(
            id=f"i{number}",
            number=number,
            origin=Origin.CLI,
            origin_key=f"k{number}",
            title="over",
            severity="SEV-3",
            state=State.RESOLVED,
            declared_at=now,
            touched_at=now,
            deadlines=Deadlines(close=due),
        )
        timers = tuple(Timer(incident_id=calm.id, kind=kind, due_at=at) for kind, at in timers_of(calm).items())
        await store.commit(Changeset(now=now, incident=calm, timers=timers))
    replicas.slack.clock.advance(timedelta(minutes=31))
    await asyncio.gather(*(process.bot.dispatcher.quiet() for process in replicas.living))
    left = await store.next_due()
    assert left is None or left > now + timedelta(hours=23), (
        "nothing but the weekly review and the daily look at schedules"
    )
    closed = await store.incidents(limit=MANY)
    assert {each.state for each in closed} == {State.CLOSED}
    assert {each.version for each in closed} == {2}, "each changed once"
    worked = [_fired(process) for process in replicas.living]
    assert sum(worked) == MANY
    assert all(worked), f"everybody took part: {worked}"


def _fired(process: Hosted) -> int:
    found = 0.0
    for metric in process.bot.meters.registry.collect():
        for sample in metric.samples:
            if (
                sample.name.endswith("_total")
                and sample.labels.get("kind") == "close"
                and sample.labels.get("outcome") == "done"
            ):
                found += sample.value
    return int(found)


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_the_other_takes_over_within_the_lease(postgresql: PostgreSQL, moment: str) -> None:
    url = postgresql.new()
    # The clock stands, so that what is measured is what the bots wait for and not how fast the machine is.
    async with Sandbox.running(app=installation(), clock=WoundClock(frozen=True)) as slack:
        made = [Forked(slack, settings_for(slack, url), policy_of()) for _ in range(2)]
        for process in made:
            await process.start()
        replicas, victim = House(slack, *made), made[0]
        await replicas.settle()
        slack.on_call("chat.postMessage", nth=1, moment=moment, do=victim.kill)
        await slack.slash("ada", "general", "/incident", "declare checkout is down --sev 1 grace@example.com")
        await slack.until(lambda: victim.killed, why="the first is killed")
        before = slack.clock.now()
        await replicas.settle()
        await replicas.promises()
        assert slack.clock.now() - before <= LEASE + timedelta(seconds=45), "handed over within the lease"
        for process in made:
            await process.stop()


@pytest.mark.parametrize("how_many", [2], indirect=True)
async def test_a_click_that_reaches_one_redraws_the_card_that_the_other_posted(replicas: House[Hosted]) -> None:
    slack = replicas.slack
    await slack.slash("ada", "general", "/incident", "declare checkout is down --sev 1")
    await replicas.settle()
    for who, label in (("grace", "Acknowledge"), ("linus", "Resolve")):
        incident = await replicas.last()
        room = slack.channel(str(incident.room.channel_id))
        card = next(each for each in room.messages_by_bot() if each.ts == incident.room.card_ts)
        # Slack deals deliveries out in turn, so that over the two clicks each process gets its share.
        assert (await slack.click(who, room, card, label)).acked
        if label == "Resolve":
            assert (await slack.submit(who, await slack.modal(who))).closed
        await replicas.settle()
        assert label not in card.labels()
    store = replicas.process.bot.store
    lines = Counter(type(each.event) for each in await store.timeline((await replicas.last()).id))
    assert (lines[events.Acknowledged], lines[events.Resolved]) == (1, 1)
    await replicas.promises()


class Rolling:
    """Everybody types while the processes are replaced one after another."""

    def __init__(self, replicas: House[Hosted], room: Channel, incident: Incident) -> None:
        self.replicas, self.room, self.incident = replicas, room, incident
        self.typed: list[str] = []

    async def type(self, what: str) -> bool:
        """Whether it was acknowledged."""
        answer = await self.replicas.slack.slash("ada", self.room, "/incident", f"timeline add {what}")
        return answer.acked

    async def insist(self, what: str) -> None:
        """Slack tells the person that nothing was done; then nothing was done, and once more does it."""
        self.typed.append(what)
        assert await self.type(what) or await self.type(what)

    async def restart_all(self) -> None:
        """Each stops and starts with somebody typing meanwhile."""
        for number, process in enumerate(list(self.replicas.processes)):
            stopping = asyncio.ensure_future(process.stop())
            await self.insist(f"during stop {number}")
            await stopping
            self.typed.append(f"after stop {number}")
            assert await self.type(f"after stop {number}")
            await process.start()

    async def nothing_was_dropped(self) -> None:
        """Each line is in the timeline, once."""
        await self.replicas.settle()
        store = self.replicas.process.bot.store
        notes = Counter(
            each.event.text
            for each in await store.timeline(self.incident.id)
            if isinstance(each.event, events.NoteAdded)
        )
        assert notes == Counter(self.typed)
        await self.replicas.promises()


@pytest.fixture
async def rolling(replicas: House[Hosted]) -> Rolling:
    """With an incident to type in."""
    await replicas.slack.slash("ada", "general", "/incident", "declare checkout is down --sev 1")
    await replicas.settle()
    incident = await replicas.last()
    return Rolling(replicas, replicas.slack.channel(str(incident.room.channel_id)), incident)


@pytest.mark.parametrize("how_many", [2], indirect=True)
async def test_a_rolling_restart_drops_no_click(rolling: Rolling) -> None:
    await rolling.restart_all()
    await rolling.nothing_was_dropped()


@pytest.mark.parametrize("how_many", [2], indirect=True)
async def test_nor_does_one_with_a_migration_in_between(
    rolling: Rolling, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    old = rolling.replicas.processes
    step = (
        "op.add_column('incident', sa.Column('weather', sa.Text())); "
        "op.create_index('ix_incident_weather', 'incident', ['weather']); "
        "op.create_table('weather', sa.Column('id', sa.Integer(), primary_key=True))"
    )
    with monkeypatch.context() as later:
        with_one_more_step(later, tmp_path, step)
        migrating = asyncio.ensure_future(migrate(old[0].database))
        await rolling.insist("during the migration")
        await migrating
    revisions.cache_clear()
    for number, process in enumerate(old):
        assert await process.bot.problems() == [], "it does not know the new schema, and stays ready"
        await rolling.insist(f"old process {number}")
    with_one_more_step(monkeypatch, tmp_path / "new", step)
    await rolling.restart_all()
    await rolling.nothing_was_dropped()


class TestWithSlacksLimits:
    """What one process may call, several may together."""

    @pytest.fixture
    def limits(self) -> bool:
        return True

    async def test_a_storm_opens_its_rooms_and_slack_hardly_ever_has_to_refuse(self, replicas: House[Hosted]) -> None:
        slack, began = replicas.slack, replicas.slack.clock.now()
        assert {process.bot.replica.active for process in replicas.processes} == {len(replicas.processes)}
        await asyncio.gather(
            *(
                slack.slash("ada", "general", "/incident", f"declare outage {n} --sev 2 grace@example.com")
                for n in range(12)
            ),
            *(hooked(process, n) for n, process in enumerate(replicas.processes * 5)),
        )
        await replicas.settle(rounds=400)
        minutes = max(1.0, (slack.clock.now() - began).total_seconds() / 60)
        refused = Counter(call.method for call in slack.calls if call.outcome == "ratelimited")
        assert max(refused.values(), default=0) <= minutes, refused
        await replicas.promises()
        store = replicas.process.bot.store
        assert await store.last_number() == 12 + len(replicas.processes) * 5

    @pytest.mark.parametrize("how_many", [2], indirect=True)
    async def test_what_slack_told_one_the_other_knows_before_its_next_call(self, replicas: House[Hosted]) -> None:
        slack, (first, second) = replicas.slack, replicas.processes
        first.bot.replica.budget.block("conversations.create", 20)
        # The news is told at once; the other hears it with its own sign of life.
        await first.bot.replica.heartbeat()
        await second.bot.replica.heartbeat()
        assert second.bot.replica.budget.take("conversations.create") > 15
        assert second.bot.replica.budget.take("chat.update") == 0
        slack.clock.advance(21)
        assert second.bot.replica.budget.take("conversations.create") == 0

    @pytest.mark.parametrize("how_many", [3], indirect=True)
    async def test_who_ends_leaves_its_share_to_the_others(self, replicas: House[Hosted]) -> None:
        first, _, third = replicas.processes
        await third.stop()
        replicas.processes.remove(third)
        await first.bot.replica.heartbeat()
        assert first.bot.replica.active == 2


async def hooked(process: Hosted, number: int) -> None:
    """Datadog tells that process of a monitor of its own."""
    told = {
        "event_id": f"9{number:06}",
        "alert_id": f"9{number}",
        "alert_cycle_key": f"c{number}",
        "alert_title": f"Monitor {number}",
    }
    assert await process.hook(MEMORY_ALERT | told) == 202
