"""The sandbox's company in its cluster: rollouts there repair what is wrong, and what is wrong is seen there."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import pytest

from sandbox.clock import SandboxClock
from sandbox.company import Company
from sandbox.company.services import SERVICES
from sandbox.model import SlackUser
from sandbox.systems import Row
from sandbox.vendors.kubernetes.company import NAMESPACE, CompanyCluster
from sandbox.vendors.kubernetes.kubelet import STARTED_AFTER
from sandbox.vendors.kubernetes.page import KubernetesPage
from sandbox.vendors.system import Body
from tests.clock import NIGHT


@dataclass
class Shop:
    """The company and its cluster on one clock."""

    clock: SandboxClock
    company: Company
    cluster: CompanyCluster

    def wait(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.cluster.settle()

    def body(self, name: str, plural: str = "deployments") -> Body:
        found = self.cluster.store.find(plural, NAMESPACE, name)
        assert found is not None
        return copy.deepcopy(found)

    def pods(self, name: str) -> list[Body]:
        return [each for each in self.cluster.store.all("pods", NAMESPACE) if each["metadata"]["labels"]["app"] == name]

    def written(self, name: str, plural: str = "deployments", **spec: object) -> None:
        """Somebody writes that into its spec."""
        body = self.body(name, plural)
        self.cluster.change(plural, body | {"spec": body["spec"] | spec})

    def container(self, name: str) -> Body:
        found: Body = self.body(name)["spec"]["template"]["spec"]["containers"][0]
        return found


@pytest.fixture
def shop() -> Shop:
    clock = SandboxClock(NIGHT, frozen=True)
    company = Company(1, clock.seconds)
    return Shop(clock, company, CompanyCluster(company, clock))


def test_every_service_runs_as_the_company_says(shop: Shop) -> None:
    for service in SERVICES:
        pods = shop.pods(service.name)
        assert len(pods) == service.replicas
        for pod in pods:
            assert pod["spec"]["containers"][0]["image"] == shop.company.image(service.name)
            assert pod["status"]["containerStatuses"][0]["ready"]
    assert [*shop.cluster.store.all("events")] == []


def test_what_is_done_in_the_cluster_is_done_to_the_service(shop: Shop) -> None:
    shop.written("checkout", replicas=7)
    assert shop.company.replicas("checkout") == 7
    shop.company.deploy("checkout", "Faster baskets")
    shop.wait(60)
    former = shop.company.tags("checkout")[-2]
    template = shop.body("checkout")["spec"]["template"]
    assert template["spec"]["containers"][0]["image"] == shop.company.image("checkout")
    template["spec"]["containers"][0]["image"] = (
        f"{template['spec']['containers'][0]['image'].rpartition(':')[0]}:{former}"
    )
    shop.written("checkout", template=template)
    assert shop.company.tag("checkout") == former
    template["spec"]["containers"][0]["resources"]["limits"]["memory"] = "2Gi"
    shop.written("checkout", template=template)
    assert shop.company.memory_limit("checkout") == 2 * 2**30
    template["metadata"]["annotations"] = {"kubectl.kubernetes.io/restartedAt": "now"}
    shop.wait(60)
    shop.written("checkout", template=template)
    assert shop.company.rolled_out_at("checkout") == shop.clock.seconds()
    assert len(shop.company.acts) == 5


def test_what_the_company_does_is_rolled_out_once(shop: Shop) -> None:
    shop.company.scale("catalog", 5)
    shop.company.set_memory_limit("catalog", 3 * 2**30)
    shop.company.restart("db-main")
    acts = len(shop.company.acts)
    shop.wait(90)
    assert len(shop.pods("catalog")) == 5
    assert shop.container("catalog")["resources"]["limits"]["memory"] == "3072Mi"
    assert shop.pods("db-main")[0]["metadata"]["creationTimestamp"] > "2026-11-21T03:00"
    assert len(shop.company.acts) == acts


def test_an_image_that_was_never_built_cannot_be_pulled_and_changes_nothing(shop: Shop) -> None:
    shop.cluster.set_image(NAMESPACE, "checkout", "registry.example.com/shop/checkout:9.9.9")
    shop.wait(30)
    reasons = {
        (each["status"]["containerStatuses"][0]["state"].get("waiting") or {}).get("reason")
        for each in shop.pods("checkout")
    }
    assert "ImagePullBackOff" in reasons
    assert shop.company.acts == []


def test_a_leak_kills_containers_until_it_is_rolled_back(shop: Shop) -> None:
    trouble = shop.company.start_trouble("memory_leak", by_change=True)
    shop.wait(6 * 3600)
    restarts = sum(each["status"]["containerStatuses"][0]["restartCount"] for each in shop.pods(trouble.service))
    assert restarts > 0
    ended = [each["status"]["containerStatuses"][0]["lastState"] for each in shop.pods(trouble.service)]
    assert "OOMKilled" in str(ended)
    tags = shop.company.tags(trouble.service)
    template = shop.body(trouble.service)["spec"]["template"]
    template["spec"]["containers"][0]["image"] = template["spec"]["containers"][0]["image"].replace(tags[-1], tags[-2])
    shop.written(trouble.service, template=template)
    assert shop.company.going_on() == []
    shop.wait(6 * 3600)
    assert {each["status"]["containerStatuses"][0]["restartCount"] for each in shop.pods(trouble.service)} == {0}


def test_a_service_that_is_down_crashes_at_its_start_until_it_is_repaired(shop: Shop) -> None:
    trouble = shop.company.start_trouble("dependency_down")
    shop.wait(120)
    waiting = [each["status"]["containerStatuses"][0]["state"] for each in shop.pods(trouble.service)]
    assert waiting
    assert all("CrashLoopBackOff" in str(each) for each in waiting)
    shop.company.end_trouble(trouble.id)
    shop.wait(400 + STARTED_AFTER)
    assert all(each["status"]["containerStatuses"][0]["ready"] for each in shop.pods(trouble.service))


def test_pods_show_what_the_service_logged(shop: Shop) -> None:
    pod = shop.pods("checkout")[0]
    shop.wait(600)
    found = shop.cluster.written(pod, NIGHT)
    assert len(found) > 5
    assert min(at for at, _ in found) >= NIGHT


async def test_the_page_shows_what_runs_and_rolls_back(shop: Shop) -> None:
    page = KubernetesPage(shop.cluster)
    ada = SlackUser("U1", "ada", "Ada")

    def row(name: str) -> Row:
        return next(each for each in page.tables()[0].rows if each.cells[0] == name)

    assert row("checkout").cells == ("checkout", f"checkout:{shop.company.tag('checkout')}", "3 of 3", "0")
    assert [each.do for each in row("checkout").buttons] == ["restart"]
    former = shop.company.tag("checkout")
    shop.company.deploy("checkout", "Faster baskets")
    shop.wait(60)
    assert [each.do for each in row("checkout").buttons] == ["restart", "rollback"]
    await page.act(ada, "rollback", row("checkout").id)
    assert shop.company.tag("checkout") == former
    shop.cluster.end(NAMESPACE, "checkout")
    assert any("CrashLoopBackOff" in each for each in row("checkout").lines)
    assert "OOMKilled" in row("checkout").cells[3]
    await page.act(ada, "restart", row("db-main").id)
    assert shop.company.acts[-1].service == "db-main"
    with pytest.raises(ValueError, match="no earlier release"):
        await page.act(ada, "rollback", row("db-main").id)
    with pytest.raises(ValueError, match="There is no"):
        await page.act(ada, "restart", "pods/prod/x")
