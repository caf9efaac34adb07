"""A process that runs a runbook is killed between and during the steps that change something: the cluster is changed once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from bot.demo.workspace import installation
from bot.integrations import settings_model
from sandbox import Sandbox
from sandbox.vendors.kubernetes import Cluster, KubernetesSystem
from sandbox.vendors.kubernetes.rbac import MASTERS, User
from storage import migrate
from tests.integrations.kubernetes.house import API
from tests.reliability.clock import WoundClock
from tests.reliability.conftest import NewUrl, policy_of
from tests.reliability.house import House
from tests.reliability.process import Forked
from tests.scenarios.conftest import settings_for
from tests.storage.conftest import PostgreSQL
from tests.storage.conftest import postgresql as postgresql
from warroom.incident import events
from warroom.runbooks.run import Run, RunState

TOKENS = tuple(f"obviously-not-the-token-{n}" for n in range(2))
"""Each process has its own, by which the cluster tells them apart."""
BOOK = {
    "name": "Roll back",
    "steps": [
        {"id": "back", "do": "kubernetes.rollback", "with": {"namespace": "prod", "deployment": "api"}},
        {
            "id": "more",
            "do": "kubernetes.scale",
            "with": {"namespace": "prod", "deployment": "api", "replicas": "+2", "wait": False},
            "needs": ["back"],
        },
    ],
}
RESTART = {
    "name": "Restart",
    "steps": [{"id": "restart", "do": "kubernetes.restart", "with": {"namespace": "prod", "deployment": "api"}}],
}
POLICY: dict[str, Any] = {
    "runbooks": {"back": BOOK, "restart": RESTART},
    "kubernetes": {"namespaces": ["prod"]},
    "remediation": {
        "allow": {"kubernetes": {"namespaces": ["prod"], "deployments": ["api"]}},
        "without_approval": ["*"],
    },
}
LONGEST = 120.0
"""Real seconds until the cluster is asked."""
PATCHED = "/apis/apps/v1/namespaces/prod/deployments/api"


class Watched(KubernetesSystem):
    """Remembers who asked last."""

    token = ""

    def refused(self, request: web.Request) -> web.Response | None:
        self.token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return super().refused(request)


class Mortal(Forked):
    """Says when one of them is killed."""

    died: asyncio.Event

    def kill(self) -> None:
        super().kill()
        self.died.set()


Moment = Callable[[KubernetesSystem, Forked], None]


def before_the_change(system: KubernetesSystem, victim: Forked) -> None:
    system.fail("PATCH", PATCHED, drop=True, do=victim.kill)


def after_the_change(system: KubernetesSystem, victim: Forked) -> None:
    system.fail("PATCH", PATCHED, drop=True, after=True, do=victim.kill, late=True)


def while_it_chooses(system: KubernetesSystem, victim: Forked) -> None:
    system.fail("GET", PATCHED, drop=True, do=victim.kill)


def between_the_steps(system: KubernetesSystem, victim: Forked) -> None:
    """The first change is answered; the next reading, which is the second step's, is the last thing that it asks."""
    system.fail("PATCH", PATCHED, passes=True, do=lambda: system.fail("GET", PATCHED, drop=True, do=victim.kill))


MOMENTS: list[Moment] = [while_it_chooses, before_the_change, after_the_change, between_the_steps]


@asynccontextmanager
async def place(url: str, how_many: int) -> AsyncIterator[tuple[House[Mortal], Cluster, Watched]]:
    """So many bots on one database, beside a cluster with a second release of `api`."""
    async with Sandbox.running(app=installation(), clock=WoundClock(frozen=True)) as slack, AsyncExitStack() as stack:
        cluster = Cluster(slack.clock)
        cluster.node("node-1")
        cluster.namespace("prod")
        cluster.deployment("prod", "api", f"{API}:1", 3)
        cluster.settle()
        cluster.set_image("prod", "api", f"{API}:2")
        slack.clock.advance(timedelta(minutes=2))
        cluster.settle()
        admin = User("admin", (MASTERS,))
        system = Watched(cluster=cluster, tokens=dict.fromkeys(TOKENS, admin))
        stack.push_async_callback(system.stop, await system.start())
        known = settings_for(slack, url).model_dump() | {"k8s_api": system.url}
        known.pop("k8s_token")
        settings = [settings_model()(**(known | {"k8s_token": token})) for token in TOKENS[:how_many]]
        made = [Mortal(slack, each, policy_of(**POLICY)) for each in settings]
        died = asyncio.Event()
        for process in made:
            process.died = died
            stack.push_async_callback(process.stop)
            await process.start()
        house = House(slack, *made, system=system)
        await house.settle()
        yield house, cluster, system


async def last_run(house: House[Mortal]) -> Run:
    incident = await house.newest()
    assert incident is not None
    (run,) = await house.store.runs(incident.id)
    return run


async def begun(house: House[Mortal], book: str = "back") -> None:
    """Ada declares, opens the plan and runs it."""
    slack = house.slack
    await house.type("ada", "declare checkout is down --sev 1 grace@example.com")
    await house.settle()
    incident = await house.newest()
    assert incident is not None
    room = slack.channel(str(incident.room.channel_id))
    await house.type("ada", f"run {book}", room)
    await slack.submit("ada", await slack.modal("ada"))


async def dead(house: House[Mortal]) -> None:
    """Until a process is killed."""
    async with asyncio.timeout(LONGEST):
        await house.processes[0].died.wait()


async def assert_changed_once(house: House[Mortal], cluster: Cluster, generation: int) -> None:
    run = await last_run(house)
    assert run.state is RunState.SUCCEEDED, [(step.id, step.state, step.error) for step in run.steps]
    cluster.settle()
    api = cluster.store.find("deployments", "prod", "api")
    assert api is not None
    assert api["metadata"]["generation"] == generation + 2, "one rollback and one scaling"
    assert api["spec"]["template"]["spec"]["containers"][0]["image"] == f"{API}:1"
    assert api["spec"]["replicas"] == 5
    ended = [e for e in await house.store.timeline(run.incident_id) if isinstance(e.event, events.RunbookEnded)]
    assert len(ended) == 1
    await house.promises()


def generation(cluster: Cluster) -> int:
    api = cluster.store.find("deployments", "prod", "api")
    assert api is not None
    return int(api["metadata"]["generation"])


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: moment.__name__)
async def test_killed_and_started_again_it_goes_on(moment: Moment, new_url: NewUrl) -> None:
    await migrate(url := new_url())
    async with place(url, 1) as (house, cluster, system):
        was = generation(cluster)
        moment(system, house.process)
        await begun(house)
        await dead(house)
        await house.recover()
        await assert_changed_once(house, cluster, was)


@pytest.mark.parametrize("moment", [before_the_change, after_the_change], ids=lambda moment: moment.__name__)
async def test_killed_while_it_restarts_something_it_is_restarted_once(moment: Moment, new_url: NewUrl) -> None:
    await migrate(url := new_url())
    async with place(url, 1) as (house, cluster, system):
        was = generation(cluster)
        moment(system, house.process)
        await begun(house, "restart")
        await dead(house)
        await house.recover()
        cluster.settle()
        await house.settle()
        run = await last_run(house)
        assert run.state is RunState.SUCCEEDED, [(step.id, step.state, step.error) for step in run.steps]
        assert generation(cluster) == was + 1
        await house.promises()


@pytest.mark.parametrize("late", [False, True], ids=["before the change", "after the change"])
async def test_another_process_takes_over(late: bool, postgresql: PostgreSQL) -> None:
    async with place(postgresql.new(), 2) as (house, cluster, system):
        was = generation(cluster)

        def kill_whoever_asks() -> None:
            house.processes[TOKENS.index(system.token)].kill()

        system.fail("PATCH", PATCHED, drop=True, after=late, do=kill_whoever_asks, late=late)
        await begun(house)
        await dead(house)
        before = house.slack.clock.now()
        await house.settle()
        assert len(house.living) == 1, "nobody started it again"
        assert house.slack.clock.now() - before < timedelta(minutes=2)
        await assert_changed_once(house, cluster, was)
