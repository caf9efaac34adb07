"""Every changing kind of step × every trouble, as a runbook's step: the cluster is changed once, or a person is asked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest

from integrations.kubernetes import Kubernetes
from sandbox.vendors.kubernetes import Cluster, KubernetesSystem
from tests.integrations.kubernetes.house import API, settings_for
from tests.integrations.stories import policy_of
from tests.integrations.test_step_kinds import TROUBLES, troubled
from tests.people import ADA, GRACE
from tests.warroom.runbooks.bench import Bench, Killed, bench
from warroom.capabilities import StepKind
from warroom.runbooks import begin, usecases
from warroom.runbooks.run import Run, RunState, StepState

POLICY = """
kubernetes: {namespaces: [prod]}
remediation:
  allow: {kubernetes: {namespaces: [prod], deployments: [api]}}
  without_approval: ["*"]
"""
KINDS = {
    "restart": "{namespace: prod, deployment: api}",
    "rollback": "{namespace: prod, deployment: api}",
    "scale": "{namespace: prod, deployment: api, replicas: '+2'}",
    "ready": "{namespace: prod, deployment: api}",
    "status": "{namespace: prod, deployment: api}",
    "logs": "{namespace: prod, deployment: api}",
}
CHANGING = ("restart", "rollback", "scale")
LOST_ON_THE_WAY: dict[str, dict[str, Any]] = {
    "the server fails": {"status": 500},
    "the server fails after the change": {"status": 500, "after": True},
    "the connection breaks": {"drop": True},
    "the connection breaks after the change": {"drop": True, "after": True},
    "too many requests": {"status": 429, "headers": {"Retry-After": "3"}},
}
PATCHED = "/apis/apps/v1/namespaces/prod/deployments/api"


class Place:
    """A bench, and a cluster on its clock."""

    def __init__(self, made: Bench, cluster: Cluster, system: KubernetesSystem, kinds: list[Any]) -> None:
        self.bench, self.cluster, self.system, self.kinds = made, cluster, system, kinds

    def deployment(self) -> dict[str, Any]:
        self.cluster.settle()
        found = self.cluster.store.find("deployments", "prod", "api")
        assert found is not None
        return found

    async def run(self, kind: str) -> Run:
        """The step in a run of its own, until nothing more happens."""
        made = self.bench
        made.teach(book=f"steps:\n  - {{id: it, do: kubernetes.{kind}, with: {KINDS[kind]}}}\n")
        run = await begin.start(made.world, (await made.incident()).id, "book", ADA.id)
        for _ in range(12):
            with suppress(Killed):
                await made.work()
            made.clock.advance(16)
        return await made.run(run)


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    """Three pods of a second release."""
    async with bench(POLICY) as made:
        cluster = Cluster(made.clock)  # type: ignore[arg-type]  # nobody watches, so nobody waits for it
        cluster.node("node-1")
        cluster.namespace("prod")
        cluster.deployment("prod", "api", f"{API}:1", 3)
        cluster.settle()
        cluster.set_image("prod", "api", f"{API}:2")
        made.clock.advance(120)
        cluster.settle()
        system = KubernetesSystem(cluster=cluster)
        runner = await system.start()
        kubernetes = Kubernetes(settings_for(system))
        await kubernetes.start(policy_of(kubernetes={"namespaces": ["prod"]}), made.clock)
        kinds = [troubled(each) for each in kubernetes.step_kinds() if isinstance(each, StepKind)]
        made.kinds = {**made.kinds, **{each.step: each for each in kinds}}
        yield Place(made, cluster, system, kinds)
        await kubernetes.stop()
        await system.stop(runner)


def changed(place: Place, kind: str, before: dict[str, Any]) -> None:
    """Raises AssertionError unless the deployment was changed once, as that kind of step does."""
    now = place.deployment()
    assert now["metadata"]["generation"] == before["metadata"]["generation"] + (kind in CHANGING)
    image = now["spec"]["template"]["spec"]["containers"][0]["image"]
    assert image == (f"{API}:1" if kind == "rollback" else f"{API}:2")
    assert now["spec"]["replicas"] == (5 if kind == "scale" else 3)


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("kind", KINDS)
async def test_a_step_to_whose_process_something_happens(place: Place, kind: str, trouble: str) -> None:
    before = dict(place.deployment())
    for each in place.kinds:
        each.before, each.after = list(TROUBLES[trouble][0]), list(TROUBLES[trouble][1])
    run = await place.run(kind)
    assert run.state is RunState.SUCCEEDED, run.steps[0].error
    changed(place, kind, before)


@pytest.mark.parametrize("trouble", LOST_ON_THE_WAY)
@pytest.mark.parametrize("kind", CHANGING)
async def test_a_change_of_which_the_answer_is_lost(place: Place, kind: str, trouble: str) -> None:
    before = dict(place.deployment())
    place.system.fail("PATCH", PATCHED, **LOST_ON_THE_WAY[trouble])
    run = await place.run(kind)
    assert not place.system.faults, "it was met"
    assert run.state is RunState.SUCCEEDED, run.steps[0].error
    changed(place, kind, before)


@pytest.mark.parametrize("kind", ["restart", "rollback"])
async def test_where_somebody_else_changed_it_meanwhile_a_person_is_asked(place: Place, kind: str) -> None:
    def deploys() -> None:
        place.cluster.set_image("prod", "api", f"{API}:3")

    place.system.fail("PATCH", PATCHED, drop=True, do=deploys)
    run = await place.run(kind)
    (step,) = run.steps
    writes = sum(method == "PATCH" for method, _, _ in place.system.asked)
    assert (step.state, writes) == (StepState.UNCLEAR, 1), "whether it was done cannot be told, so it is not done again"
    await usecases.clear_up(place.bench.world, run.id, "it", step.token, True, GRACE.id)
    assert (await place.bench.run(run)).state is RunState.SUCCEEDED
