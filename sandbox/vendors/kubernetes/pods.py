"""What all controllers do with pods: make them within the quota, count them, delete them."""

from __future__ import annotations

import copy
from datetime import timedelta
from typing import Any

from sandbox.vendors.kubernetes.engine import Engine
from sandbox.vendors.kubernetes.errors import ApiError, forbidden
from sandbox.vendors.kubernetes.kubelet import Kubelet, bound_to
from sandbox.vendors.kubernetes.quantities import amount, asked, shown
from sandbox.vendors.kubernetes.resources import BY_PLURAL, Body
from sandbox.vendors.kubernetes.store import moment, timestamp

RETRY = 15.0
"""Seconds until a controller tries again to make a pod that was refused."""


def owner(body: Body) -> Body:
    """As it stands in ownerReferences."""
    return {
        "apiVersion": body["apiVersion"],
        "kind": body["kind"],
        "name": body["metadata"]["name"],
        "uid": body["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def staying(pods: list[Body]) -> list[Body]:
    """Those that nobody deleted."""
    return [each for each in pods if "deletionTimestamp" not in each["metadata"]]


def ready_at(pod: Body) -> Any:
    """Since when it is ready (aware UTC); None while it is not."""
    found = (each for each in pod["status"].get("conditions", []) if each["type"] == "Ready")
    condition = next(found, None)
    if condition is None or condition["status"] != "True" or "deletionTimestamp" in pod["metadata"]:
        return None
    return moment(condition["lastTransitionTime"])


def ready(pods: list[Body]) -> list[Body]:
    """Those that are ready."""
    return [each for each in pods if ready_at(each)]


def available(engine: Engine, pods: list[Body], min_ready: float) -> list[Body]:
    """Those that have been ready for long enough; the agenda is told when the next one will have been."""
    found = []
    for pod in ready(pods):
        due = ready_at(pod) + timedelta(seconds=min_ready)
        if due <= engine.now:
            found.append(pod)
        else:
            engine.later((due - engine.now).total_seconds())
    return found


class Pods:
    """Makes and deletes pods for the controllers."""

    def __init__(self, engine: Engine, kubelet: Kubelet) -> None:
        self.engine, self.kubelet = engine, kubelet
        self._made = 0
        self._refused: dict[str, Any] = {}

    def make(self, by: Body, template: Body, name: str, labels: dict[str, str] | None = None, node: str = "") -> bool:
        """One more pod. False, with an event, where a quota forbids it; it is tried again after RETRY seconds."""
        meta = by["metadata"]
        if self._refused.get(meta["uid"], self.engine.now) > self.engine.now:
            return False
        pod: Body = {
            "metadata": {
                "name": name,
                "namespace": meta["namespace"],
                "labels": {**(template["metadata"].get("labels") or {}), **(labels or {})},
                "annotations": dict(template["metadata"].get("annotations") or {}),
                "ownerReferences": [owner(by)],
            },
            "spec": {"restartPolicy": "Always", "terminationGracePeriodSeconds": 30, **copy.deepcopy(template["spec"])},
            "status": {"phase": "Pending", "conditions": []},
        }
        if node:
            pod["spec"]["affinity"] = bound_to(node)
        source = f"{by['kind'].lower()}-controller"
        try:
            self.within_quota(pod)
        except ApiError as error:
            self.engine.event(by, "FailedCreate", f"Error creating: {error}", warning=True, source=source)
            self._refused[meta["uid"]] = self.engine.now + timedelta(seconds=RETRY)
            self.engine.later(RETRY)
            return False
        self._refused.pop(meta["uid"], None)
        self.engine.store.add("pods", pod, self.engine.now)
        self.engine.event(by, "SuccessfulCreate", f"Created pod: {name}", source=source)
        return True

    def refused(self, by: Body) -> bool:
        """Whether the last try to make a pod for it was refused."""
        return by["metadata"]["uid"] in self._refused

    def forget_refusal(self, by: Body) -> None:
        """It needs no further pods."""
        self._refused.pop(by["metadata"]["uid"], None)

    def drop(self, by: Body, pods: list[Body]) -> None:
        """Delete them."""
        for pod in pods:
            self.kubelet.delete(pod)
            source = f"{by['kind'].lower()}-controller"
            self.engine.event(by, "SuccessfulDelete", f"Deleted pod: {pod['metadata']['name']}", source=source)

    def within_quota(self, pod: Body) -> None:
        """Raises ApiError where the pod would go beyond a quota of its namespace."""
        name = pod["metadata"]["name"]
        for quota in self.engine.store.all("resourcequotas", pod["metadata"]["namespace"]):
            hard, used = quota["spec"]["hard"], self.used(quota)
            more = _counted([pod], hard)
            beyond = [each for each in hard if used[each] + more[each] > amount(hard[each])]
            if beyond:
                parts = [
                    ("requested", {each: more[each] for each in beyond}),
                    ("used", {each: used[each] for each in beyond}),
                    ("limited", {each: amount(hard[each]) for each in beyond}),
                ]
                said = ", ".join(
                    f"{word}: {','.join(f'{what}={shown(value, what)}' for what, value in values.items())}"
                    for word, values in parts
                )
                raise forbidden(BY_PLURAL["pods"], name, f"exceeded quota: {quota['metadata']['name']}, {said}")

    def used(self, quota: Body) -> dict[str, float]:
        """What the pods of the quota's namespace use of it."""
        pods = staying([*self.engine.store.all("pods", quota["metadata"]["namespace"])])
        return _counted(pods, quota["spec"]["hard"])

    def reconcile_quotas(self) -> None:
        """Keep the status of every quota."""
        for quota in [*self.engine.store.all("resourcequotas")]:
            used = {name: shown(value, name) for name, value in self.used(quota).items()}
            self.engine.store.put("resourcequotas", quota | {"status": {"hard": quota["spec"]["hard"], "used": used}})


def _counted(pods: list[Body], hard: Body) -> dict[str, float]:
    return {each: sum(_part(pod, each) for pod in pods) for each in hard}


def _part(pod: Body, what: str) -> float:
    if what in ("pods", "count/pods"):
        return 1.0
    kind, _, name = what.rpartition(".")
    return asked(pod["spec"], name, kind or "requests")


def condition(type_: str, value: bool, reason: str, message: str, now: Any) -> Body:
    """One condition of a workload's status."""
    at = timestamp(now)
    return {
        "type": type_,
        "status": "True" if value else "False",
        "reason": reason,
        "message": message,
        "lastUpdateTime": at,
        "lastTransitionTime": at,
    }
