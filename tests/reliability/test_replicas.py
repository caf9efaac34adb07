"""Several processes on one PostgreSQL and one workspace: the work is done once, whoever does it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.demo import installation
from bot.dispatcher import LEASE
from sandbox import Sandbox
from storage import open_store
from tests.reliability.conftest import policy_of
from tests.reliability.process import Process
from tests.reliability.promises import assert_promises, undone
from tests.scenarios.conftest import settings_for
from tests.storage.conftest import PostgreSQL
from tests.storage.conftest import postgresql as postgresql
from warroom.changes import Changeset, Timer
from warroom.decision import timers_of
from warroom.incident import Incident, Origin, State
from warroom.timeline import Happened

MANY = 1000


class Replicas:
    """The processes, and time that passes for all of them."""

    def __init__(self, slack: Sandbox, processes: list[Process]) -> None:
        self.slack, self.processes = slack, processes

    @property
    def living(self) -> list[Process]:
        return [each for each in self.processes if not each.killed]

    async def settle(self) -> None:
        """Until nobody has anything to do that is not a date of an incident's own."""
        store = self.living[0].bot.store
        for _ in range(60):
            await self.slack.sockets.delivered()
            for process in self.living:
                await process.bot.idle()
            due, now = await undone(store, self.slack.clock.now()), self.slack.clock.now()
            if due is None and not await store.pending_envelopes(1):
                return
            self.slack.clock.advance(max(timedelta(0), (due or now) - now))
        raise AssertionError("there is always something to do")

    async def promises(self) -> None:
        await assert_promises(self.slack, self.living[0].bot.store)


@pytest.fixture(params=[2, 3])
def how_many(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture
async def replicas(postgresql: PostgreSQL, how_many: int) -> AsyncIterator[Replicas]:
    """So many bots on one database."""
    url = postgresql.new()
    async with Sandbox.running(app=installation()) as slack:
        made = [Process(slack, settings_for(slack, url), policy_of()) for _ in range(how_many)]
        for process in made:
            await process.start()
        replicas = Replicas(slack, made)
        await replicas.settle()
        yield replicas
        for process in made:
            await process.stop()


async def test_a_thousand_timers_due_at_once_fire_once_each(replicas: Replicas) -> None:
    store, now = replicas.living[0].bot.store, replicas.slack.clock.now()
    due = now + timedelta(minutes=30)
    for number in range(1, MANY + 1):
        calm = Incident(
            id=f"i{number}", number=number, origin=Origin.CLI, origin_key=f"k{number}", title="over",
            severity="SEV-3", state=State.RESOLVED, declared_at=now, touched_at=now, close_at=due,
        )  # fmt: skip
        timers = tuple(Timer(incident_id=calm.id, kind=kind, due_at=at) for kind, at in timers_of(calm).items())
        await store.commit(Changeset(now=now, incident=calm, timers=timers))
    replicas.slack.clock.advance(timedelta(minutes=31))
    await asyncio.gather(*(process.bot.dispatcher.quiet() for process in replicas.living))
    assert await store.next_due() is None
    closed = await store.incidents(limit=MANY)
    assert {each.state for each in closed} == {State.CLOSED}
    assert {each.version for each in closed} == {2}, "each changed once"
    worked = [_fired(process) for process in replicas.living]
    assert sum(worked) == MANY
    assert all(worked), f"everybody took part: {worked}"


def _fired(process: Process) -> int:
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


@pytest.mark.parametrize("how_many", [2], indirect=True)
@pytest.mark.parametrize("moment", ["before", "after"])
async def test_the_other_takes_over_within_the_lease(replicas: Replicas, moment: str) -> None:
    slack = replicas.slack
    victim = replicas.processes[0]
    slack.on_call("chat.postMessage", nth=1, moment=moment, do=victim.kill)
    await slack.slash("ada", "general", "/incident", "declare checkout is down --sev 1 grace@example.com")
    await slack.until(lambda: victim.killed, 10, "the first is killed")
    await victim.gone()
    before = slack.clock.now()
    await replicas.settle()
    await replicas.promises()
    assert slack.clock.now() - before <= LEASE + timedelta(seconds=45), "handed over within the lease"


async def known(replicas: Replicas) -> Incident:
    """The only incident."""
    found = await replicas.living[0].bot.store.incident_numbered(1)
    assert found is not None
    return found


@pytest.mark.parametrize("how_many", [2], indirect=True)
async def test_a_click_that_reaches_one_redraws_the_card_that_the_other_posted(replicas: Replicas) -> None:
    slack = replicas.slack
    await slack.slash("ada", "general", "/incident", "declare checkout is down --sev 1")
    await replicas.settle()
    for who, label in (("grace", "Acknowledge"), ("linus", "Resolve")):
        incident = await known(replicas)
        room = slack.channel(str(incident.channel_id))
        card = next(each for each in room.messages_by_bot() if each.ts == incident.card_ts)
        # Slack deals deliveries out in turn, so that over the two clicks each process gets its share.
        assert (await slack.click(who, room, card, label)).acked
        await replicas.settle()
        assert label not in card.labels()
    store = replicas.living[0].bot.store
    lines = Counter(each.what for each in await store.timeline((await known(replicas)).id))
    assert (lines[Happened.ACKNOWLEDGED], lines[Happened.RESOLVED]) == (1, 1)
    await replicas.promises()


@pytest.mark.parametrize("how_many", [2], indirect=True)
async def test_a_rolling_restart_drops_no_click(replicas: Replicas) -> None:
    slack = replicas.slack
    await slack.slash("ada", "general", "/incident", "declare checkout is down --sev 1")
    await replicas.settle()
    store = await open_store(replicas.processes[0]._settings.database_url.get_secret_value())
    incident = await store.incident_numbered(1)
    assert incident is not None
    room = slack.channel(str(incident.channel_id))
    for number, process in enumerate(list(replicas.processes)):
        stopping = asyncio.ensure_future(process.stop())
        typed = await slack.slash("ada", room, "/incident", f"timeline add during stop {number}")
        await stopping
        again = await slack.slash("ada", room, "/incident", f"timeline add after stop {number}")
        assert again.acked
        if not typed.acked:
            # Slack told the person that nothing was done; then nothing was done.
            assert (await slack.slash("ada", room, "/incident", f"timeline add during stop {number}")).acked
        await process.start()
    await replicas.settle()
    notes = Counter(each.text for each in await store.timeline(incident.id) if each.what is Happened.NOTE)
    assert notes == Counter({f"{when} stop {n}": 1 for n in (0, 1) for when in ("during", "after")})
    await replicas.promises()
    await store.close()
