"""The steps of runbooks against the sandbox's cluster: what they do, what stops them, what is said then."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from sandbox.vendors.system import Fault
from tests.integrations.kubernetes.house import API, Kube, TooLong
from tests.integrations.stories import policy_of
from warroom.errors import Rejected, Retryable

WORKLOADS: list[dict[str, Any]] = [{"deployment": "api"}, {"statefulset": "orders-db"}, {"daemonset": "agent"}]
PLURALS = {"deployment": "deployments", "statefulset": "statefulsets", "daemonset": "daemonsets"}


async def refused(kube: Kube, step: str, **said: Any) -> Rejected:
    with pytest.raises(Rejected) as caught:
        await kube.run(step, **said)
    assert caught.value.advice
    return caught.value


def names(kube: Kube) -> set[str]:
    return {each["metadata"]["name"] for each in kube.cluster.store.all("pods", "prod")}


@pytest.mark.parametrize("which", WORKLOADS)
async def test_a_restart_replaces_every_pod_and_ready_waits_for_them(kube: Kube, which: dict[str, Any]) -> None:
    (kind, name), before = next(iter(which.items())), names(kube)
    done = await kube.run("restart", **which)
    body = kube.find(PLURALS[kind], name)
    assert done.outputs["generation"] == body["metadata"]["generation"] == 2
    ready = await kube.run("ready", **which)
    assert ready.outputs["generation"] == 2
    assert ready.outputs["ready"] == ready.outputs["wanted"]
    kube.wait(10)
    pods = [each for each in kube.cluster.store.all("pods", "prod") if each["metadata"]["labels"]["app"] == name]
    started = {each["status"]["startTime"] for each in pods}
    assert len(pods) == ready.outputs["wanted"]
    assert min(started) >= done.outputs["restarted_at"][:19]
    assert kind == "statefulset" or not {each["metadata"]["name"] for each in pods} & before


async def test_ready_does_not_believe_a_status_of_before_the_change(kube: Kube) -> None:
    await kube.run("restart", deployment="api")
    kind = kube.step("ready")
    parameters = kind.parameters.model_validate({"namespace": "prod", "deployment": "api"})
    outcome = await kind.run(parameters, kube.call(kind))
    assert "not observed" in getattr(outcome, "said", "")


@pytest.mark.parametrize("which", [{"deployment": "api"}, {"statefulset": "orders-db"}])
async def test_scaling_waits_for_the_pods_and_can_be_undone(kube: Kube, which: dict[str, Any]) -> None:
    (kind, name) = next(iter(which.items()))
    before = kube.find(PLURALS[kind], name)["spec"]["replicas"]
    done = await kube.run("scale", replicas="+2", **which)
    assert done.outputs == {"before": before, "replicas": before + 2, "ready": before + 2}
    assert kube.find(PLURALS[kind], name)["status"]["readyReplicas"] == before + 2
    step = kube.step("scale")
    parameters = step.parameters.model_validate({"namespace": "prod", "replicas": "+2", **which})
    for _ in range(2):
        await step.undo(parameters, done.undo, kube.call(step))
    assert kube.find(PLURALS[kind], name)["spec"]["replicas"] == before
    assert kube.writes() == 2


async def test_scaling_down_and_back_up_ends_every_pod(kube: Kube) -> None:
    before = names(kube)
    done = await kube.run("scale", deployment="api", replicas=0, back=True)
    assert done.outputs["replicas"] == done.outputs["ready"] == 3
    assert not {each for each in names(kube) if each.startswith("api-")} & before


async def test_a_rollback_takes_the_last_release_not_the_last_restart(kube: Kube) -> None:
    kube.cluster.set_image("prod", "api", f"{API}:2")
    kube.wait(60)
    await kube.run("restart", deployment="api")
    await kube.run("ready", deployment="api")
    done = await kube.run("rollback", deployment="api")
    assert done.outputs == {"revision": 1, "image": f"{API}:1", "former_image": f"{API}:2", "generation": 4}
    await kube.run("ready", deployment="api")
    running = {each["spec"]["containers"][0]["image"] for each in kube.cluster.store.all("pods", "prod")}
    assert f"{API}:2" not in running
    step = kube.step("rollback")
    parameters = step.parameters.model_validate({"namespace": "prod", "deployment": "api"})
    await step.undo(parameters, done.undo, kube.call(step))
    assert kube.find("deployments", "api")["spec"]["template"]["spec"]["containers"][0]["image"] == f"{API}:2"


@pytest.mark.parametrize("which", WORKLOADS[1:])
async def test_sets_are_rolled_back_by_their_controller_revisions(kube: Kube, which: dict[str, Any]) -> None:
    (kind, name) = next(iter(which.items()))
    former = kube.find(PLURALS[kind], name)["spec"]["template"]["spec"]["containers"][0]["image"]
    kube.cluster.set_image("prod", name, "registry.example.com/other:2", PLURALS[kind])
    kube.wait(60)
    done = await kube.run("rollback", **which)
    assert done.outputs["image"] == former
    await kube.run("ready", **which)


async def test_a_named_revision_and_one_that_is_not_kept(kube: Kube) -> None:
    for tag in (2, 3):
        kube.cluster.set_image("prod", "api", f"{API}:{tag}")
        kube.wait(60)
    assert (await kube.run("rollback", deployment="api", revision=1)).outputs["image"] == f"{API}:1"
    assert "Those kept are: " in (await refused(kube, "rollback", deployment="api", revision=17)).advice
    assert (await refused(kube, "rollback", deployment="checkout")).code == "no_revision"


async def test_a_release_that_changed_the_workload_meanwhile_is_left_alone(kube: Kube) -> None:
    kube.cluster.set_image("prod", "api", f"{API}:2")
    kube.wait(60)
    step = kube.step("rollback")
    parameters = step.parameters.model_validate({"namespace": "prod", "deployment": "api"})
    first: Any = await step.run(parameters, kube.call(step))
    kube.cluster.set_image("prod", "api", f"{API}:3")
    with pytest.raises(Rejected, match="left alone"):
        await step.run(parameters, kube.call(step, dict(first.memory)))
    assert kube.find("deployments", "api")["spec"]["template"]["spec"]["containers"][0]["image"] == f"{API}:3"


async def test_a_release_between_the_last_look_and_the_write_is_seen_by_the_api_server(kube: Kube) -> None:
    kube.cluster.set_image("prod", "api", f"{API}:2")
    kube.wait(60)
    release = Fault(
        path="/apis/apps/v1/namespaces/prod/deployments/api",
        method="PATCH",
        do=lambda: kube.cluster.set_image("prod", "api", f"{API}:3"),
        passes=True,
    )
    kube.system.faults.append(release)
    error = await refused(kube, "rollback", deployment="api")
    assert error.code == "conflict"
    assert kube.find("deployments", "api")["spec"]["template"]["spec"]["containers"][0]["image"] == f"{API}:3"


@pytest.mark.parametrize("said", [{"replicas": 5}, {"replicas": "-1"}, {"replicas": 0, "back": True}])
async def test_a_lost_answer_is_looked_at_and_nothing_is_done_twice(kube: Kube, said: dict[str, Any]) -> None:
    kube.system.fail("PATCH", "/apis/apps/v1/namespaces/prod/deployments/api/scale", drop=True, after=True)
    done = await kube.run("scale", deployment="api", **said)
    assert kube.find("deployments", "api")["spec"]["replicas"] == done.outputs["replicas"]
    assert kube.writes() == (2 if said.get("back") else 1)


@pytest.mark.parametrize("happened", [True, False])
async def test_a_restart_whose_answer_was_lost_happens_once(kube: Kube, happened: bool) -> None:
    kube.system.fail("PATCH", "/apis/apps/v1/namespaces/prod/deployments/api", drop=True, after=happened)
    done = await kube.run("restart", deployment="api")
    assert done.outputs["generation"] == 2
    assert kube.writes() == (1 if happened else 2)


@pytest.mark.parametrize("happened", [True, False])
async def test_a_rollback_whose_answer_was_lost_happens_once(kube: Kube, happened: bool) -> None:
    kube.cluster.set_image("prod", "api", f"{API}:2")
    kube.wait(60)
    kube.system.fail("PATCH", "/apis/apps/v1/namespaces/prod/deployments/api", drop=True, after=happened)
    done = await kube.run("rollback", deployment="api")
    assert done.outputs["image"] == f"{API}:1"
    assert kube.find("deployments", "api")["metadata"]["generation"] == 3


async def test_what_cannot_be_told_is_asked_of_a_person(kube: Kube) -> None:
    step = kube.step("restart")
    parameters = step.parameters.model_validate({"namespace": "prod", "deployment": "api"})
    call = kube.call(step)
    first: Any = await step.run(parameters, call)
    kube.cluster.set_image("prod", "api", f"{API}:2")
    with pytest.raises(Rejected, match="cannot be told") as caught:
        await step.look(parameters, kube.call(step, dict(first.memory)))
    assert "kubectl rollout history deployment/api" in caught.value.advice


async def test_a_bad_image_is_given_up_with_its_reason(kube: Kube) -> None:
    kube.cluster.set_image("prod", "api", f"{API}:missing")
    with pytest.raises(TooLong, match="ImagePullBackOff"):
        await kube.run("ready", deployment="api")
    kube.wait(700)
    error = await refused(kube, "ready", deployment="api")
    assert error.code == "deadline"
    assert "ImagePullBackOff" in str(error)
    assert "rollback" in error.advice
    await kube.run("rollback", deployment="api")
    assert (await kube.run("ready", deployment="api")).outputs["image"] == f"{API}:1"


async def test_status_says_why_pods_are_not_ready_and_how_often_they_were_restarted(kube: Kube) -> None:
    assert (await kube.run("status", deployment="api")).outputs["done"] is True
    kube.cluster.set_image("prod", "api", f"{API}:crashing")
    kube.wait(120)
    outputs = (await kube.run("status", deployment="api")).outputs
    assert "CrashLoopBackOff" in outputs["reason"]
    assert outputs["restarts"] >= 3
    assert outputs["done"] is False
    assert (await kube.run("status", daemonset="agent")).said == "2 of 2 pods are ready; registry.example.com/agent:1"


async def test_logs_are_those_of_the_pod_that_is_worst_off(kube: Kube) -> None:
    done = await kube.run("logs", deployment="api", previous=True)
    assert done.outputs["text"] == ""
    assert "was not restarted" in done.said
    kube.cluster.set_image("prod", "api", f"{API}:crashing")
    kube.wait(60)
    done = await kube.run("logs", deployment="api", previous=True, lines=1)
    assert done.outputs["text"] == "panic: no configuration\n"
    assert done.said.startswith("1 line of api-")
    kube.cluster.set_image("prod", "api", f"{API}:missing")
    kube.wait(60)
    done = await kube.run("logs", deployment="api")
    assert "trying and failing to pull image" in done.said


async def test_a_quota_that_forbids_the_pods(kube: Kube) -> None:
    kube.cluster.quota("prod", "most", {"pods": "10"})
    kube.wait(1)
    error = await refused(kube, "scale", deployment="api", replicas=6)
    assert error.code == "quota"
    assert "exceeded quota" in str(error)
    assert (await refused(kube, "ready", deployment="api")).code == "quota"


async def test_an_autoscaler_that_would_undo_it(kube: Kube) -> None:
    kube.cluster.autoscale("prod", "checkout", least=2, most=4, load=160)
    kube.wait(20)
    error = await refused(kube, "scale", deployment="checkout", replicas=9)
    assert error.code == "autoscaler"
    assert "between 2 and 4 pods" in str(error)
    assert "maxReplicas" in error.advice
    assert "minReplicas" in (await refused(kube, "scale", deployment="checkout", replicas=1)).advice
    assert kube.writes() == 0


async def test_an_autoscaler_that_fights_back(kube: Kube) -> None:
    kube.cluster.set_image("prod", "checkout", "registry.example.com/checkout:slow")
    kube.wait(120)
    kube.cluster.autoscale("prod", "checkout", least=2, most=6, load=280)
    kube.wait(200)
    assert kube.find("deployments", "checkout")["spec"]["replicas"] == 4
    error = await refused(kube, "scale", deployment="checkout", replicas=6)
    assert error.code == "autoscaler"
    assert "to 4 while the step waited for 6" in str(error)
    assert "minReplicas" in error.advice
    assert "the autoscaler checkout may change it" in (await kube.run("scale", deployment="checkout", replicas=3)).said


async def test_a_disruption_budget_that_wants_more_pods_to_stay(kube: Kube) -> None:
    kube.cluster.budget("prod", "api", minAvailable=2)
    kube.wait(1)
    error = await refused(kube, "scale", deployment="api", replicas=1)
    assert error.code == "budget"
    assert "wants 2 pods" in str(error)
    assert (await kube.run("scale", deployment="api", replicas=1, despite_budget=True)).outputs["ready"] == 1


async def test_a_paused_rollout_is_not_restarted(kube: Kube) -> None:
    body = kube.find("deployments", "api")
    kube.cluster.change("deployments", {**body, "spec": {**body["spec"], "paused": True}})
    assert "rollout resume" in (await refused(kube, "restart", deployment="api")).advice


async def test_a_rollout_that_is_paused_in_the_middle_is_not_waited_for(kube: Kube) -> None:
    kube.cluster.set_image("prod", "api", f"{API}:broken")
    body = kube.find("deployments", "api")
    kube.cluster.change("deployments", {**body, "spec": {**body["spec"], "paused": True}})
    error = await refused(kube, "ready", deployment="api")
    assert (error.code, str(error)) == ("paused", "the rollout of the deployment api in prod is paused")
    assert "rollout resume" in error.advice


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (403, 'admission webhook "policy.example.com" denied the request: no changes on a Friday'),
        (400, 'admission webhook "policy.example.com" denied the request: no changes on a Friday'),
        (403, 'pods "api" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot'),
        (403, 'namespaces "prod" is being terminated'),
    ],
)
async def test_a_rule_of_the_cluster_is_no_missing_right(kube: Kube, status: int, said: str) -> None:
    path = "/apis/apps/v1/namespaces/prod/deployments/api"
    kube.system.fail("PATCH", path, status, body=json.dumps({"message": said}).encode())
    error = await refused(kube, "restart", deployment="api")
    assert said in str(error)
    assert "admission" in error.advice
    assert "role" not in error.advice


async def test_a_workload_that_is_not_there(kube: Kube) -> None:
    for step, more in (("restart", {}), ("scale", {"replicas": 2}), ("status", {}), ("logs", {})):
        error = await refused(kube, step, deployment="nothing", **more)
        assert error.code == "404"
        assert "deployment nothing in prod" in str(error)


async def test_too_much_to_do_and_trouble_pass(kube: Kube) -> None:
    path = "/apis/apps/v1/namespaces/prod/deployments/api"
    kube.system.fail("GET", path, 429, headers={"Retry-After": "7"})
    kube.system.fail("GET", path, 500)
    kube.system.fail("PATCH", path, 409, body=b'{"message": "the object has been modified"}')
    begun = kube.clock.now()
    await kube.run("restart", deployment="api")
    assert (kube.clock.now() - begun).total_seconds() >= 9
    assert kube.find("deployments", "api")["metadata"]["generation"] == 2


async def test_an_api_server_that_is_away_can_be_tried_again(kube: Kube) -> None:
    assert kube.system.runner is not None
    await kube.system.runner.cleanup()
    step = kube.step("restart")
    parameters = step.parameters.model_validate({"namespace": "prod", "deployment": "api"})
    with pytest.raises(Retryable, match="cannot be reached") as caught:
        await step.run(parameters, kube.call(step))
    assert not caught.value.outcome_unknown


ATTACKS = (
    *(
        "../../../api/v1/namespaces/kube-system/secrets",
        "api/scale",
        "api?dryRun=All",
        "api%2f..",
        "api#x",
        "api\n",
        "",
    ),
    *("-api", "API", "api;rm", "a" * 254, "{namespace}", "api&watch=true", "äpi", "api\u200b", "prod/deployments"),
)


@pytest.mark.parametrize("said", ATTACKS)
@pytest.mark.parametrize("field", ["namespace", "deployment", "container"])
def test_names_cannot_leave_their_place(said: str, field: str) -> None:
    from integrations.kubernetes.steps.reading import LogParameters

    with pytest.raises(ValidationError):
        LogParameters.model_validate({"namespace": "prod", "deployment": "api"} | {field: said})


@pytest.mark.parametrize("said", ["1e3", "1001", "--1", "+", " 3", "3;", True, 1.5, None, "٣"])
def test_numbers_of_pods_are_numbers(said: object) -> None:
    from integrations.kubernetes.steps.scale import ScaleParameters

    with pytest.raises(ValidationError):
        ScaleParameters.model_validate({"namespace": "prod", "deployment": "api", "replicas": said})


def test_a_step_is_about_one_workload(kube: Kube) -> None:
    for said in ({}, {"deployment": "api", "statefulset": "db"}):
        with pytest.raises(ValidationError):
            kube.step("status").parameters.model_validate({"namespace": "prod", **said})
    with pytest.raises(ValidationError, match="cannot be scaled"):
        kube.step("scale").parameters.model_validate({"namespace": "prod", "daemonset": "agent", "replicas": 1})


@pytest.mark.parametrize(
    ("allowed", "said"),
    [
        ({"namespaces": ["prod"], "deployments": ["api", "checkout-*"]}, ""),
        ({"namespaces": ["prod"], "deployments": ["checkout-*"]}, "“api”"),
        ({"namespaces": ["staging"], "deployments": ["*"]}, "“prod”"),
        ({"namespaces": ["prod"], "statefulsets": ["*"]}, "“api”"),
        ({"namespaces": ["prod"]}, "“api”"),
        ({}, "“prod”"),
    ],
)
def test_the_policy_bounds_namespaces_and_names(kube: Kube, allowed: dict[str, list[str]], said: str) -> None:
    allow = policy_of(remediation={"allow": {"kubernetes": allowed}}).remediation.allow
    nothing = policy_of().remediation.allow
    more: dict[str, dict[str, Any]] = {"scale": {"replicas": 2}}
    for kind in kube.kubernetes.step_kinds():
        name = kind.step.partition(".")[2]
        parameters = kind.parameters.model_validate({"namespace": "prod", "deployment": "api", **more.get(name, {})})
        refused = kind.refused(parameters, allow)
        assert said in refused if said else refused == ""
        assert kind.refused(parameters, nothing) or not kind.changes
        assert kind.targets(parameters) == (("kubernetes:prod/deployment/api",) if kind.changes else ())
