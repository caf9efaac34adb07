"""The real kubectl against the sandbox's cluster: what people type there works."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sandbox.clock import SandboxClock
from sandbox.vendors.kubernetes import Cluster, Image, KubernetesSystem
from sandbox.vendors.kubernetes.rbac import MASTERS, User
from tests.clock import NIGHT
from tests.tools import missing

STEP = 5.0
"""Seconds that the cluster's clock goes on whenever kubectl waits."""


@dataclass
class Terminal:
    """Where somebody types."""

    program: str
    home: Path
    clock: SandboxClock
    cluster: Cluster

    async def __call__(self, line: str, *, status: int = 0) -> str:
        """What `kubectl LINE` prints."""
        environment = {"HOME": str(self.home), "KUBECONFIG": str(self.home / "config"), "PATH": os.environ["PATH"]}
        process = await asyncio.create_subprocess_exec(
            self.program,
            *line.split(),
            env=environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        printed, _ = await process.communicate()
        assert process.returncode == status, printed.decode()
        return printed.decode()

    def wait(self, seconds: float) -> None:
        """The clock goes on."""
        self.clock.advance(seconds)
        self.cluster.settle()


@pytest.fixture
async def kubectl(tmp_path: Path) -> AsyncIterator[Terminal]:
    """A terminal beside a cluster with a few workloads, as its administrator."""
    program = shutil.which("kubectl") or missing("there is no kubectl (Debian's package kubernetes-client)")
    clock = SandboxClock(NIGHT, frozen=True)
    cluster = Cluster(
        clock,
        {"*:missing": Image(pullable=False), "*:crashing": Image(crashes_after=2.0, last_words=("panic: no luck",))},
    )
    for name in ("node-1", "node-2"):
        cluster.node(name)
    cluster.namespace("prod")
    cluster.deployment("prod", "api", "registry.example.com/api:1", 3)
    cluster.stateful_set("prod", "db", "registry.example.com/db:1", 2)
    cluster.daemon_set("prod", "agent", "registry.example.com/agent:1")
    cluster.settle()
    # kubectl sends no token over plain HTTP.
    system = KubernetesSystem(cluster=cluster, anonymous=User("admin", (MASTERS,)))
    loop = asyncio.get_running_loop()

    def waits() -> None:
        loop.call_soon(clock.advance, STEP)

    system.on_idle = waits
    runner = await system.start()
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "sandbox",
        "clusters": [{"name": "sandbox", "cluster": {"server": system.url}}],
        "users": [{"name": "me", "user": {}}],
        "contexts": [{"name": "sandbox", "context": {"cluster": "sandbox", "user": "me", "namespace": "prod"}}],
    }
    (tmp_path / "config").write_text(json.dumps(config))
    yield Terminal(program, tmp_path, clock, cluster)
    await system.stop(runner)


def columns(table: str) -> list[list[str]]:
    return [line.split() for line in table.strip().splitlines()[1:]]


async def test_get_shows_workloads_as_tables(kubectl: Terminal) -> None:
    assert columns(await kubectl("get deployments")) == [["api", "3/3", "3", "3", "60m"]]
    pods = columns(await kubectl("get pods -o wide"))
    assert [each[1:3] for each in pods] == [["1/1", "Running"]] * 7
    assert [each[0] for each in columns(await kubectl("get sts,ds"))[:1]] == ["statefulset.apps/db"]
    one = columns(await kubectl("get pods -l app=db,app!=api --field-selector metadata.name=db-1"))
    assert [each[0] for each in one] == ["db-1"]
    listed = json.loads(await kubectl("get pods -o json --chunk-size=2"))
    assert len(listed["items"]) == 7
    assert "cpu: " in await kubectl("get nodes -o yaml")
    assert 'deployments.apps "nothing" not found' in await kubectl("get deployment nothing", status=1)


async def test_describe_says_how_it_is_and_what_happened(kubectl: Terminal) -> None:
    said = await kubectl("describe deployment api")
    assert re.search(r"Replicas: +3 desired \| 3 updated \| 3 total \| 3 available \| 0 unavailable", said)
    assert re.search(r"Available +True +MinimumReplicasAvailable", said)
    kubectl.cluster.end("prod", "db")
    kubectl.wait(5)
    said = await kubectl("describe pod db-0")
    assert re.search(r"Reason: +CrashLoopBackOff", said) or re.search(r"Last State: +Terminated", said)
    assert "OOMKilled" in said
    assert "Back-off restarting failed container db in pod db-0" in said


async def test_rollout_status_waits_for_a_restart(kubectl: Terminal) -> None:
    for which, end in (
        ("deployment/api", 'deployment "api" successfully rolled out'),
        ("daemonset/agent", 'daemon set "agent" successfully rolled out'),
        ("statefulset/db", "2 new pods have been updated"),
    ):
        assert "restarted" in await kubectl(f"rollout restart {which}")
        said = await kubectl(f"rollout status {which}")
        assert "spec update to be observed" in said
        assert end in said


async def test_a_bad_image_exceeds_its_deadline_and_undo_repairs_it(kubectl: Terminal) -> None:
    await kubectl("set image deployment/api api=registry.example.com/api:missing")
    kubectl.wait(10)
    assert "ImagePullBackOff" in await kubectl("get pods")
    kubectl.wait(700)
    assert "exceeded its progress deadline" in await kubectl("rollout status deployment/api", status=1)
    assert [each[0] for each in columns(await kubectl("rollout history deployment/api"))[1:]] == ["1", "2"]
    assert "rolled back" in await kubectl("rollout undo deployment/api")
    assert "successfully rolled out" in await kubectl("rollout status deployment/api")
    assert "api:1" in await kubectl("get deployment api -o wide")
    sets = columns(await kubectl("get rs"))
    assert sorted(each[1] for each in sets) == ["0", "3"]


@pytest.mark.parametrize("which", ["statefulset/db", "daemonset/agent"])
async def test_undo_goes_back_to_the_controller_revision_before(kubectl: Terminal, which: str) -> None:
    name = which.partition("/")[2]
    await kubectl(f"set image {which} {name}=registry.example.com/other:2")
    await kubectl(f"rollout status {which}")
    assert "rolled back" in await kubectl(f"rollout undo {which}")
    await kubectl(f"rollout status {which}")
    assert f"registry.example.com/{name}:1" in await kubectl(f"get {which} -o wide")


async def test_scale_sets_the_number_and_minds_the_one_before(kubectl: Terminal) -> None:
    assert "scaled" in await kubectl("scale deployment/api --replicas=5")
    await kubectl("rollout status deployment/api")
    assert columns(await kubectl("get deployments"))[0][1] == "5/5"
    refused = await kubectl("scale deployment/api --current-replicas=3 --replicas=1", status=1)
    assert "Expected replicas to be 3, was 5" in refused
    assert "scaled" in await kubectl("scale statefulset/db --current-replicas=2 --replicas=1")
    kubectl.wait(10)
    assert columns(await kubectl("get sts"))[0][1] == "1/1"


async def test_logs_of_now_and_of_before_the_last_restart(kubectl: Terminal) -> None:
    assert "listening on :8080" in await kubectl("logs deployment/api")
    assert "previous terminated container" in await kubectl("logs db-0 --previous", status=1)
    await kubectl("set image deployment/api api=registry.example.com/api:crashing")
    kubectl.wait(60)
    pods = [each[0] for each in columns(await kubectl("get pods")) if each[2] == "CrashLoopBackOff"]
    assert "panic: no luck" in await kubectl(f"logs {pods[0]} --previous --tail=1")
    assert "container nothing is not valid" in await kubectl("logs db-0 -c nothing", status=1)


async def test_who_may_not_is_told_which_right_is_missing(kubectl: Terminal) -> None:
    refused = await kubectl("scale deployment/api --replicas=1 --as ben", status=1)
    assert 'User "ben" cannot get resource "deployments" in API group "apps" in the namespace "prod"' in refused


async def test_budgets_and_quotas_are_shown(kubectl: Terminal) -> None:
    kubectl.cluster.budget("prod", "api", minAvailable=3)
    kubectl.wait(1)
    assert columns(await kubectl("get pdb")) == [["api", "3", "N/A", "0", "1s"]]
    kubectl.cluster.quota("prod", "most", {"pods": "7"})
    await kubectl("scale deployment/api --replicas=6")
    kubectl.wait(20)
    assert "exceeded quota" in await kubectl("describe rs -l app=api")
    assert "ReplicaFailure" in await kubectl("describe deployment api")
