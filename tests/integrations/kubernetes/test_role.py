"""The roles of docs/kubernetes.md on the sandbox's cluster: each right is needed, and no other is."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from integrations.kubernetes import Kubernetes
from sandbox.vendors.kubernetes.rbac import User
from tests.integrations.kubernetes.house import API, Kube, settings_for
from tests.integrations.stories import policy_of
from warroom.errors import Rejected
from warroom.policy.investigation import ServicePolicy

PAGE = (Path(__file__).parents[3] / "docs/kubernetes.md").read_text()
BLOCKS = [yaml.safe_load(block) for block in re.findall(r"^```yaml\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)]
ROLES = {each["metadata"]["name"]: each for each in BLOCKS if each.get("kind") == "Role"}
BINDING: dict[str, Any] = next(each for each in BLOCKS if each.get("kind") == "RoleBinding")
TOKEN = "obviously-not-the-bots-token"
ACCOUNT = "system:serviceaccount:warroom:warroom"

Right = tuple[str, str, str]


def rights(*roles: str) -> set[Right]:
    return {
        (verb, group, resource)
        for role in roles
        for rule in ROLES[role]["rules"]
        for verb in rule["verbs"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }


async def bound(kube: Kube, *roles: str) -> None:
    """The bot has these roles, and is that account."""
    for role in roles:
        kube.cluster.apply(ROLES[role])
        reference = BINDING["roleRef"] | {"name": role}
        kube.cluster.apply(BINDING | {"metadata": {"name": role, "namespace": "prod"}, "roleRef": reference})
    kube.system.tokens[TOKEN] = User(ACCOUNT)
    await kube.kubernetes.stop()
    kube.kubernetes = Kubernetes(settings_for(kube.system, TOKEN))
    await kube.kubernetes.start(POLICY, kube.clock)


POLICY = policy_of(
    kubernetes={"namespaces": ["prod"]}, remediation={"allow": {"kubernetes": {"namespaces": ["prod", "team-*"]}}}
)


def used(kube: Kube) -> set[Right]:
    return {(each.verb, each.group, each.resource) for each in kube.system.used}


async def look(kube: Kube) -> None:
    now = kube.clock.now()
    await kube.kubernetes.facts({"api": ServicePolicy()}, now - timedelta(hours=1), now)


async def everything(kube: Kube) -> None:
    """Every step, on every kind of workload."""
    which = ({"deployment": "api"}, {"statefulset": "orders-db"}, {"daemonset": "agent"})
    plurals = ("deployments", "statefulsets", "daemonsets")
    for workload, plural in zip(which, plurals, strict=True):
        kube.cluster.set_image("prod", next(iter(workload.values())), f"{API}:2", plural)
        kube.wait(60)
        for step in ("status", "rollback", "ready", "restart", "ready", "logs"):
            await kube.run(step, **workload)
        if "daemonset" not in workload:
            await kube.run("scale", replicas="-1", **workload)


async def test_an_investigation_needs_exactly_the_rights_of_its_role(kube: Kube) -> None:
    await bound(kube, "warroom-reads")
    await look(kube)
    assert used(kube) == rights("warroom-reads")


async def test_the_steps_need_exactly_the_rights_of_theirs(kube: Kube) -> None:
    await bound(kube, "warroom-repairs")
    await everything(kube)
    assert used(kube) == rights("warroom-repairs")


async def test_the_check_says_which_rights_are_missing(kube: Kube) -> None:
    await bound(kube, "warroom-reads", "warroom-repairs")
    assert await kube.kubernetes.check(POLICY) == []
    kube.cluster.store.remove("rolebindings", "prod", "warroom-repairs")
    (said,) = await kube.kubernetes.check(POLICY)
    assert said.startswith("in the namespace prod it may not get deployments, ")
    assert "patch deployments/scale" in said
    assert "list events" not in said
    missing = rights("warroom-repairs") - rights("warroom-reads")
    assert all(f"{verb} {resource}" in said for verb, _, resource in missing)


async def test_what_the_role_forbids_is_said_with_the_right_that_is_missing(kube: Kube) -> None:
    await bound(kube, "warroom-reads")
    for step, right in (("status", "get deployments"), ("restart", "get deployments")):
        with pytest.raises(Rejected, match=f"may not {right} in prod") as caught:
            await kube.run(step, deployment="api")
        assert "docs/kubernetes.md" in caught.value.advice
    with pytest.raises(Rejected, match="in staging"):
        await kube.run("status", namespace="staging", deployment="api")


async def test_a_token_that_nobody_knows(kube: Kube) -> None:
    await bound(kube)
    del kube.system.tokens[TOKEN]
    with pytest.raises(Rejected, match="does not accept our token") as caught:
        await kube.run("status", deployment="api")
    assert "K8S_TOKEN" in caught.value.advice
