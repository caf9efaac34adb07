"""The simulated API server is as strict as a real one where kubectl does not go."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from sandbox.clock import SandboxClock
from sandbox.vendors.kubernetes import Cluster, Image, KubernetesSystem
from sandbox.vendors.kubernetes.patches import patched, strategic
from sandbox.vendors.kubernetes.rbac import User
from sandbox.vendors.kubernetes.server import ADMIN_TOKEN
from tests.clock import NIGHT

Body = dict[str, Any]
DEPLOYMENTS = "/apis/apps/v1/namespaces/prod/deployments"
API = f"{DEPLOYMENTS}/api"
STRATEGIC, MERGE, JSON = (f"application/{each}+json" for each in ("strategic-merge-patch", "merge-patch", "json-patch"))


class Caller:
    """Somebody with a token."""

    def __init__(self, session: aiohttp.ClientSession, system: KubernetesSystem, clock: SandboxClock) -> None:
        self.session, self.system, self.clock = session, system, clock
        self.cluster = system.cluster

    async def __call__(
        self, method: str, path: str, body: Any = None, kind: str = "application/json", token: str = ADMIN_TOKEN
    ) -> tuple[int, Body]:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": kind}
        data = json.dumps(body) if body is not None else None
        async with self.session.request(method, self.system.url + path, data=data, headers=headers) as response:
            text = await response.text()
            return response.status, json.loads(text) if text.startswith("{") else {"text": text}

    async def get(self, path: str) -> Body:
        status, body = await self("GET", path)
        assert status == 200, body
        return body

    async def refused(
        self, method: str, path: str, body: Any = None, kind: str = "application/json"
    ) -> tuple[int, str]:
        """(status, reason), where the answer is a Status object that agrees with itself."""
        status, said = await self(method, path, body, kind)
        assert (said["kind"], said["code"], said["status"]) == ("Status", status, "Failure")
        return status, said["reason"]


@pytest.fixture
async def call() -> AsyncIterator[Caller]:
    clock = SandboxClock(NIGHT, frozen=True)
    cluster = Cluster(clock, {"*:missing": Image(pullable=False)})
    cluster.node("node-1")
    cluster.namespace("prod")
    cluster.deployment("prod", "api", "registry.example.com/api:1", 3)
    cluster.settle()
    system = KubernetesSystem(cluster=cluster)
    runner = await system.start()
    async with aiohttp.ClientSession() as session:
        yield Caller(session, system, clock)
    await system.stop(runner)


async def test_a_stranger_is_asked_who_it_is(call: Caller) -> None:
    status, said = await call("GET", API, token="nobody")
    assert (status, said["reason"]) == (401, "Unauthorized")


async def test_rights_are_by_verb_resource_namespace_and_name(call: Caller) -> None:
    rule = {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get"], "resourceNames": ["api"]}
    role = {"kind": "Role", "metadata": {"name": "reads", "namespace": "prod"}, "rules": [rule]}
    binding = {
        "kind": "RoleBinding",
        "metadata": {"name": "reads", "namespace": "prod"},
        "roleRef": {"kind": "Role", "name": "reads"},
        "subjects": [{"kind": "User", "name": "ben"}],
    }
    call.cluster.apply(role)
    call.cluster.apply(binding)
    call.system.tokens["bens"] = User("ben")
    asked = (
        *(("GET", API, 200), ("GET", f"{DEPLOYMENTS}/other", 403), ("GET", DEPLOYMENTS, 403), ("PATCH", API, 403)),
        *(("GET", API.replace("prod", "staging"), 403), ("GET", f"{API}/scale", 403), ("GET", "/apis", 200)),
    )
    for method, path, expected in asked:
        status, said = await call(method, path, {}, MERGE, token="bens")
        assert status == expected, (path, said)
    assert (
        'User "ben" cannot patch resource "deployments" in API group "apps" in the namespace "prod"'
        in ((await call("PATCH", API, {}, MERGE, token="bens"))[1]["message"])
    )


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/apis/apps/v2/namespaces/prod/deployments", 404),
        ("GET", f"{DEPLOYMENTS}/nothing", 404),
        ("GET", f"{API}/nothing", 404),
        ("GET", "/api/v1/namespaces/prod/secrets", 404),
        ("GET", f"{DEPLOYMENTS}/..%2F..%2Fpods", 404),
        ("DELETE", API, 405),
        ("POST", DEPLOYMENTS, 405),
        ("GET", f"{DEPLOYMENTS}?fieldSelector=spec.replicas=3", 400),
        ("GET", f"{DEPLOYMENTS}?labelSelector=a=b=c", 400),
        ("GET", f"{DEPLOYMENTS}?limit=many", 400),
        ("GET", f"{DEPLOYMENTS}?limit=1&continue=nonsense", 400),
    ],
)
async def test_what_is_not_there_or_makes_no_sense(call: Caller, method: str, path: str, status: int) -> None:
    assert (await call.refused(method, path))[0] == status


def with_replicas(count: object) -> Body:
    return {"spec": {"replicas": count}}


@pytest.mark.parametrize(
    ("kind", "patch", "expected"),
    [
        (MERGE, with_replicas(-1), (422, "Invalid")),
        (MERGE, with_replicas("3"), (400, "BadRequest")),
        (MERGE, {"spec": {"selector": {"matchLabels": {"app": "other"}}}}, (422, "Invalid")),
        (MERGE, {"spec": {"template": {"metadata": {"labels": {"app": "other"}}}}}, (422, "Invalid")),
        (MERGE, {"spec": {"template": {"spec": {"containers": []}}}}, (422, "Invalid")),
        (MERGE, {"metadata": {"name": "other"}}, (400, "BadRequest")),
        (MERGE, {"metadata": {"resourceVersion": "1"}}, (409, "Conflict")),
        (MERGE, {"metadata": {"annotations": {"number": 1}}}, (400, "BadRequest")),
        (JSON, [{"op": "test", "path": "/metadata/generation", "value": 7}], (422, "Invalid")),
        (JSON, [{"op": "replace", "path": "/spec/nothing/at/all", "value": 7}], (422, "Invalid")),
        (JSON, {"spec": {}}, (400, "BadRequest")),
        ("application/json", with_replicas(1), (415, "UnsupportedMediaType")),
        ("text/plain", with_replicas(1), (415, "UnsupportedMediaType")),
    ],
)
async def test_patches_that_are_refused_change_nothing(
    call: Caller, kind: str, patch: Any, expected: tuple[int, str]
) -> None:
    before = await call.get(API)
    assert await call.refused("PATCH", API, patch, kind) == expected
    assert await call.get(API) == before


async def test_who_writes_what_somebody_else_changed_gets_a_conflict(call: Caller) -> None:
    mine = await call.get(API)
    assert (await call("PATCH", API, with_replicas(4), MERGE))[0] == 200
    assert await call.refused("PUT", API, mine) == (409, "Conflict")
    scale = await call.get(f"{API}/scale")
    assert scale["spec"] == {"replicas": 4}
    assert (await call("PUT", f"{API}/scale", scale | with_replicas(2)))[0] == 200
    assert await call.refused("PUT", f"{API}/scale", scale | with_replicas(5)) == (409, "Conflict")


async def test_what_only_the_server_writes_cannot_be_written(call: Caller) -> None:
    before = await call.get(API)
    wanted = {"status": {"replicas": 99}, "metadata": {"uid": before["metadata"]["uid"], "generation": 50}}
    status, after = await call("PATCH", API, wanted, MERGE)
    assert status == 200
    assert after["status"] == before["status"]
    assert after["metadata"]["generation"] == 1
    assert (await call("PATCH", f"{API}?dryRun=All", with_replicas(9), MERGE))[1]["spec"]["replicas"] == 9
    assert (await call.get(API))["spec"]["replicas"] == 3


async def test_lists_come_in_pages(call: Caller) -> None:
    path, names, more = "/api/v1/namespaces/prod/pods?limit=2", [], ""
    while True:
        page = await call.get(path + more)
        names += [each["metadata"]["name"] for each in page["items"]]
        if not (token := page["metadata"].get("continue")):
            break
        assert page["metadata"]["remainingItemCount"] == 1
        more = f"&continue={token}"
    assert len(set(names)) == 3
    assert (page["kind"], "kind" in page["items"][0]) == ("PodList", False)


async def test_a_watch_tells_changes_in_their_order_and_forgets_what_is_old(call: Caller) -> None:
    listed = await call.get(DEPLOYMENTS)
    version = listed["metadata"]["resourceVersion"]
    url = f"{call.system.url}{DEPLOYMENTS}?watch=true&resourceVersion={version}"
    async with call.session.get(url, headers={"Authorization": f"Bearer {ADMIN_TOKEN}"}) as watch:
        await call("PATCH", API, with_replicas(1), MERGE)
        changes = [json.loads(await watch.content.readline())]
        call.clock.advance(30)
        while changes[-1]["object"]["status"].get("replicas") != 1:
            changes.append(json.loads(await watch.content.readline()))
    versions = [int(each["object"]["metadata"]["resourceVersion"]) for each in changes]
    assert versions == sorted(set(versions))
    assert {each["type"] for each in changes} == {"MODIFIED"}
    assert changes[0]["object"]["status"]["observedGeneration"] == 1
    assert changes[0]["object"]["metadata"]["generation"] == 2
    pod = next(call.cluster.store.all("pods"))
    for number in range(6000):
        call.cluster.engine.event(pod, "Test", str(number))
    async with call.session.get(url, headers={"Authorization": f"Bearer {ADMIN_TOKEN}"}) as watch:
        gone = json.loads(await watch.content.readline())
    assert (gone["type"], gone["object"]["code"]) == ("ERROR", 410)


async def test_an_eviction_minds_the_budget(call: Caller) -> None:
    call.cluster.budget("prod", "api", minAvailable=3)
    call.cluster.settle()
    pods = [each["metadata"]["name"] for each in call.cluster.store.all("pods", "prod")]
    path = f"/api/v1/namespaces/prod/pods/{pods[0]}/eviction"
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pods[0]}}
    assert await call.refused("POST", path, body) == (429, "TooManyRequests")
    await call("PATCH", API, with_replicas(4), MERGE)
    call.clock.advance(30)
    assert (await call("POST", path, body))[0] == 201
    call.clock.advance(1)
    assert await call.refused("POST", path.replace(pods[0], pods[1]), body) == (429, "TooManyRequests")


async def test_pods_wait_where_no_node_has_room(call: Caller) -> None:
    call.cluster.deployment("prod", "big", "registry.example.com/big:1", requests={"cpu": "7500m", "memory": "1Gi"})
    call.clock.advance(10)
    (pod,) = (await call.get("/api/v1/namespaces/prod/pods?labelSelector=app=big"))["items"]
    assert pod["status"]["phase"] == "Running"
    await call("PATCH", f"{DEPLOYMENTS}/big", with_replicas(2), MERGE)
    call.clock.advance(10)
    pods = (await call.get("/api/v1/namespaces/prod/pods?labelSelector=app=big"))["items"]
    waiting = next(each for each in pods if each["status"]["phase"] == "Pending")
    assert "1 Insufficient cpu" in waiting["status"]["conditions"][0]["message"]


def test_a_strategic_merge_patch_merges_lists_by_their_keys() -> None:
    body = {
        "containers": [{"name": "a", "image": "1", "env": [{"name": "x", "value": "1"}]}, {"name": "b"}],
        "args": [1, 2],
    }
    patch = {"containers": [{"name": "a", "env": [{"name": "y"}]}, {"name": "b", "$patch": "delete"}], "args": [3]}
    assert strategic(body, patch) == {
        "containers": [{"name": "a", "image": "1", "env": [{"name": "x", "value": "1"}, {"name": "y"}]}],
        "args": [3],
    }
    assert patched({"a": {"b": 1, "c": 2}}, MERGE, {"a": {"b": None}}) == {"a": {"c": 2}}
    operations = [
        *({"op": "add", "path": "/list/-", "value": 3}, {"op": "remove", "path": "/list/0"}),
        *({"op": "replace", "path": "/a~1b", "value": 1}, {"op": "test", "path": "/list", "value": [2, 3]}),
    ]
    assert patched({"list": [1, 2], "a/b": 0}, JSON, operations) == {"list": [2, 3], "a/b": 1}


async def test_the_same_story_twice_is_the_same(call: Caller) -> None:
    def story() -> Body:
        clock = SandboxClock(NIGHT, frozen=True)
        cluster = Cluster(clock, {"*:missing": Image(pullable=False)})
        cluster.node("node-1")
        cluster.deployment("prod", "api", "registry.example.com/api:1", 3)
        for image, seconds in (("api:missing", 700), ("api:2", 7), ("api:1", 90)):
            cluster.set_image("prod", "api", f"registry.example.com/{image}")
            clock.advance(seconds)
            cluster.settle()
        kinds = ("deployments", "replicasets", "pods", "events")
        return {kind: list(cluster.store.all(kind)) for kind in kinds}

    assert story() == story()
