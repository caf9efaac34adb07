"""What an investigation learns of the cluster."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from integrations.kubernetes.facts import MOST, MOST_EVENTS
from tests.integrations.kubernetes.house import API, Kube
from tests.integrations.stories import policy_of
from warroom.errors import Rejected, Retryable
from warroom.investigation.model import Fact
from warroom.investigation.sources import FactSource
from warroom.policy.investigation import ServicePolicy

WINDOW = timedelta(minutes=30)


async def seen(kube: Kube, *services: str, since: datetime | None = None) -> list[Fact]:
    """Of the last half hour."""
    now, asked = kube.clock.now(), {name: ServicePolicy() for name in services}
    return [*await kube.kubernetes.facts(asked, since or now - WINDOW, now)]


async def configured(kube: Kube, **section: Any) -> None:
    await kube.kubernetes.start(policy_of(kubernetes=section), kube.clock)


def test_it_is_a_source_of_facts(kube: Kube) -> None:
    assert isinstance(kube.kubernetes, FactSource)


async def test_where_all_is_well_there_is_nothing_to_say(kube: Kube) -> None:
    assert await seen(kube, "api", "checkout") == []


async def test_a_container_out_of_memory(kube: Kube) -> None:
    kube.cluster.end("prod", "checkout")
    kube.wait(1)
    (fact,) = await seen(kube, "api", "checkout")
    assert (fact.service, fact.kind) == ("checkout", "out_of_memory")
    assert fact.at == kube.clock.now() - timedelta(seconds=1)
    assert "more memory than its limit; restarted 1 time in all" in fact.text
    assert fact.source == "Kubernetes (prod)"
    kube.wait(3600)
    assert await seen(kube, "checkout") == []


async def test_a_release_its_crashes_and_the_rollback(kube: Kube) -> None:
    kube.cluster.set_image("prod", "api", f"{API}:crashing")
    kube.wait(120)
    facts = await seen(kube, "api", "checkout")
    assert {each.kind for each in facts} == {"image_changed", "restart"}
    release = facts[0]
    assert release.text == f"api runs another image: {API}:crashing, before {API}:1 (revision 2)"
    assert "exit code 1" in facts[-1].text
    await kube.run("rollback", deployment="api")
    kube.wait(60)
    back = [each for each in await seen(kube, "api") if each.kind == "image_changed"][-1]
    assert "was rolled back" in back.text
    assert back.at > release.at


async def test_a_restart_on_purpose(kube: Kube) -> None:
    await kube.run("restart", deployment="checkout")
    kube.wait(60)
    (fact,) = await seen(kube, "checkout")
    assert fact.kind == "restart"
    assert "on purpose" in fact.text


async def test_pods_that_wait_and_warnings(kube: Kube) -> None:
    kube.cluster.set_image("prod", "api", f"{API}:missing")
    kube.cluster.deployment("prod", "big", "registry.example.com/big:1", 1, requests={"cpu": "64", "memory": "1Gi"})
    kube.wait(60)
    kube.cluster.quota("prod", "most", {"pods": "9"})
    body = kube.find("deployments", "checkout")
    kube.cluster.change("deployments", {**body, "spec": {**body["spec"], "replicas": 9}})
    kube.wait(60)
    facts = await seen(kube, "api", "big", "checkout")
    waiting = {each.service: each.text for each in facts if each.kind == "pending"}
    assert "ImagePullBackOff" in waiting["api"]
    assert "Insufficient cpu" in waiting["big"]
    assert any("exceeded quota" in each.text for each in facts if (each.service, each.kind) == ("checkout", "event"))


async def test_only_services_that_were_asked_about_by_label_name_or_policy(kube: Kube) -> None:
    kube.cluster.deployment(
        "prod", "pay-v2", "registry.example.com/pay:1", labels={"app.kubernetes.io/name": "Payments"}
    )
    kube.cluster.deployment("prod", "web", "registry.example.com/web:1")
    kube.wait(30)
    for name in ("pay-v2", "web", "api", "checkout"):
        kube.cluster.end("prod", name)
    kube.wait(1)
    await configured(kube, namespaces=["prod"], services={"storefront": "web"})
    assert {each.service for each in await seen(kube, "payments", "storefront", "api")} == {
        "payments",
        "storefront",
        "api",
    }
    assert {each.service for each in await seen(kube)} == {"Payments", "storefront", "api", "checkout"}


async def test_it_is_limited_and_changes_nothing(kube: Kube) -> None:
    pod = next(kube.cluster.store.all("pods", "prod"))
    for number in range(600):
        kube.cluster.engine.event(pod, "Unhealthy", f"probe {number} failed", warning=True)
    facts = await seen(kube, "agent")
    assert len(facts) == MOST_EVENTS < MOST
    assert {method for method, _, _ in kube.system.asked} == {"GET"}
    limits = {query.get("limit") for _, _, query in kube.system.asked}
    assert limits == {"250"}


async def test_a_namespace_that_cannot_be_read_is_not_fine(kube: Kube) -> None:
    kube.system.fail("GET", "/api/v1/namespaces/prod/pods", 503)
    with pytest.raises(Retryable):
        await seen(kube, "api")
    await configured(kube)
    with pytest.raises(Rejected, match="no namespaces") as caught:
        await seen(kube, "api")
    assert "kubernetes.namespaces" in caught.value.advice
