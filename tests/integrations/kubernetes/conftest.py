"""A cluster with a few workloads, and the integration that talks to it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from integrations.kubernetes import Kubernetes
from sandbox.clock import SandboxClock
from sandbox.vendors.kubernetes import Cluster, KubernetesSystem
from tests.clock import NIGHT
from tests.integrations.kubernetes.house import API, IMAGES, Kube, settings_for
from tests.integrations.stories import policy_of


@pytest.fixture
async def kube() -> AsyncIterator[Kube]:
    """Three kinds of workloads in the namespace prod, all well."""
    clock = SandboxClock(NIGHT, frozen=True)
    cluster = Cluster(clock, IMAGES)
    for node in ("node-1", "node-2"):
        cluster.node(node)
    for namespace in ("prod", "staging"):
        cluster.namespace(namespace)
    cluster.deployment("prod", "api", f"{API}:1", 3)
    cluster.deployment("prod", "checkout", "registry.example.com/checkout:1", 2)
    cluster.stateful_set("prod", "orders-db", "registry.example.com/db:1", 2)
    cluster.daemon_set("prod", "agent", "registry.example.com/agent:1")
    cluster.settle()
    system = KubernetesSystem(cluster=cluster)
    runner = await system.start()
    kubernetes = Kubernetes(settings_for(system))
    await kubernetes.start(policy_of(kubernetes={"namespaces": ["prod"]}), clock)
    yield Kube(clock, cluster, system, kubernetes)
    await kubernetes.stop()
    await system.stop(runner)
