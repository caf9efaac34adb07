"""The controllers of Deployments and ReplicaSets: rolling updates, their progress, their history."""

from __future__ import annotations

import copy
import math
from datetime import timedelta
from typing import Any

from sandbox.vendors.kubernetes.pods import Pods, available, condition, owner, ready, ready_at, staying
from sandbox.vendors.kubernetes.resources import Body
from sandbox.vendors.kubernetes.store import moment, short_hash, template_hash

REVISION = "deployment.kubernetes.io/revision"
HASH = "pod-template-hash"
COMPONENT = "deployment-controller"


class Rollouts:
    """Both controllers."""

    def __init__(self, pods: Pods) -> None:
        self._pods, self._engine, self._store = pods, pods.engine, pods.engine.store

    def reconcile(self) -> None:
        """Look at every ReplicaSet and every Deployment."""
        for each in [*self._store.all("deployments")]:
            if not self._engine.unseen("deployments", each):
                self._deployment(each)
        for each in [*self._store.all("replicasets")]:
            self._replica_set(each)

    def _replica_set(self, body: Body) -> None:
        pods, wanted = staying(self._store.owned("pods", body)), body["spec"]["replicas"]
        name = body["metadata"]["name"]
        if len(pods) > wanted:
            # As in Kubernetes: first those that are not ready, then the youngest.
            going = sorted(pods, key=lambda each: (ready_at(each) is not None, -_age(each)))[: len(pods) - wanted]
            self._pods.drop(body, going)
        for _ in range(wanted - len(pods)):
            made = f"{name}-{short_hash([name, self._store.revision], 5)}"
            if not self._pods.make(body, body["spec"]["template"], made):
                break
        if len(pods) >= wanted:
            self._pods.forget_refusal(body)
        pods = staying(self._store.owned("pods", body))
        fit = available(self._engine, pods, body["spec"].get("minReadySeconds", 0))
        status: Body = {
            "replicas": len(pods),
            "fullyLabeledReplicas": len(pods),
            "readyReplicas": len(ready(pods)),
            "availableReplicas": len(fit),
            "observedGeneration": body["metadata"]["generation"],
        }
        if self._pods.refused(body):
            said = f'pods "{name}-" is forbidden: exceeded quota'
            old = next(iter(body.get("status", {}).get("conditions", [])), None)
            status["conditions"] = [old or condition("ReplicaFailure", True, "FailedCreate", said, self._engine.now)]
        self._store.put("replicasets", body | {"status": status})

    def _deployment(self, body: Body) -> None:
        sets = self._store.owned("replicasets", body)
        new = self._new_set(body, sets)
        sets = self._store.owned("replicasets", body)
        old = [each for each in sets if each["metadata"]["uid"] != new["metadata"]["uid"]]
        if not body["spec"].get("paused"):
            self._roll(body, new, old)
        elif len(sets) == 1:
            self._resize(body, new, body["spec"]["replicas"])
        self._clean_up(body, old)
        self._status(body, new)

    def _new_set(self, body: Body, sets: list[Body]) -> Body:
        """The ReplicaSet of the template: made where there is none; a former one becomes the newest revision."""
        meta, template = body["metadata"], body["spec"]["template"]
        digest = template_hash(template)
        found = next((each for each in sets if each["metadata"]["labels"][HASH] == digest), None)
        newest = max((int(each["metadata"]["annotations"][REVISION]) for each in sets), default=0)
        if found is None:
            labels = {**template["metadata"]["labels"], HASH: digest}
            made = copy.deepcopy(template)
            made["metadata"]["labels"] = labels
            kept = {key: value for key, value in (meta.get("annotations") or {}).items() if key != REVISION}
            found = self._store.add(
                "replicasets",
                {
                    "metadata": {
                        "name": f"{meta['name']}-{digest}",
                        "namespace": meta["namespace"],
                        "labels": labels,
                        "annotations": kept | {REVISION: str(newest + 1)},
                        "ownerReferences": [owner(body)],
                    },
                    "spec": {
                        "replicas": 0,
                        "minReadySeconds": body["spec"].get("minReadySeconds", 0),
                        "selector": {"matchLabels": {**body["spec"]["selector"]["matchLabels"], HASH: digest}},
                        "template": made,
                    },
                    "status": {"replicas": 0},
                },
                self._engine.now,
            )
        elif int(found["metadata"]["annotations"][REVISION]) < newest:
            raised = copy.deepcopy(found)
            raised["metadata"]["annotations"][REVISION] = str(newest + 1)
            found = self._store.put("replicasets", raised)
        return found

    def _roll(self, body: Body, new: Body, old: list[Body]) -> None:
        wanted = body["spec"]["replicas"]
        if body["spec"]["strategy"]["type"] == "Recreate":
            for each in old:
                self._resize(body, each, 0)
            if not any(self._store.owned("pods", each) for each in old):
                self._resize(body, new, wanted)
            return
        surge, missing = _bounds(body)
        if new["spec"]["replicas"] > wanted:
            self._resize(body, new, wanted)
        total = new["spec"]["replicas"] + sum(each["spec"]["replicas"] for each in old)
        if new["spec"]["replicas"] < wanted and (room := wanted + surge - total) > 0:
            self._resize(body, new, min(wanted, new["spec"]["replicas"] + room))
        sets = [
            self._store.find("replicasets", each["metadata"]["namespace"], each["metadata"]["name"]) for each in old
        ]
        self._shrink(body, new, [each for each in sets if each and each["spec"]["replicas"]], wanted - missing)

    def _shrink(self, body: Body, new: Body, old: list[Body], least: int) -> None:
        """Take old pods away as long as enough are available: first those that are not."""
        fit = {each["metadata"]["uid"]: self._fit(body, each) for each in (new, *old)}
        current = self._store.find("replicasets", new["metadata"]["namespace"], new["metadata"]["name"])
        assert current is not None
        new_missing = current["spec"]["replicas"] - fit[new["metadata"]["uid"]]
        total = current["spec"]["replicas"] + sum(each["spec"]["replicas"] for each in old)
        room = total - least - new_missing
        counts = {each["metadata"]["uid"]: each["spec"]["replicas"] for each in old}
        for unfit_first in (True, False):
            for each in old:
                uid = each["metadata"]["uid"]
                going = min(counts[uid] - fit[uid] if unfit_first else counts[uid], room)
                if not unfit_first:
                    going = min(going, sum(fit.values()) - least)
                if going <= 0:
                    continue
                room -= going
                counts[uid] -= going
                if not unfit_first:
                    fit[uid] -= going
        for each in old:
            self._resize(body, each, counts[each["metadata"]["uid"]])

    def _fit(self, body: Body, replica_set: Body) -> int:
        pods = staying(self._store.owned("pods", replica_set))
        return len(available(self._engine, pods, body["spec"].get("minReadySeconds", 0)))

    def _resize(self, body: Body, replica_set: Body, count: int) -> Body:
        meta, before = replica_set["metadata"], replica_set["spec"]["replicas"]
        if before == count:
            return replica_set
        direction = "up" if count > before else "down"
        said = f"Scaled {direction} replica set {meta['name']} from {before} to {count}"
        self._engine.event(body, "ScalingReplicaSet", said, source=COMPONENT)
        made = copy.deepcopy(replica_set)
        made["spec"]["replicas"] = count
        return self._store.put("replicasets", made)

    def _clean_up(self, body: Body, old: list[Body]) -> None:
        empty = [each for each in old if each["spec"]["replicas"] == 0 and not self._store.owned("pods", each)]
        empty.sort(key=lambda each: int(each["metadata"]["annotations"][REVISION]))
        for each in empty[: max(0, len(empty) - body["spec"].get("revisionHistoryLimit", 10))]:
            self._store.remove("replicasets", each["metadata"]["namespace"], each["metadata"]["name"])

    def _status(self, body: Body, new: Body) -> None:
        body = self._store.find("deployments", body["metadata"]["namespace"], body["metadata"]["name"]) or body
        meta, spec, now = body["metadata"], body["spec"], self._engine.now
        sets = self._store.owned("replicasets", body)
        pods = {each["metadata"]["uid"]: staying(self._store.owned("pods", each)) for each in sets}
        every = [pod for those in pods.values() for pod in those]
        fit = available(self._engine, every, spec.get("minReadySeconds", 0))
        new = next(each for each in sets if each["metadata"]["uid"] == new["metadata"]["uid"])
        status: dict[str, Any] = {
            "observedGeneration": meta["generation"],
            "replicas": len(every),
            "updatedReplicas": len(pods[new["metadata"]["uid"]]),
            "readyReplicas": len(ready(every)),
            "availableReplicas": len(fit),
            "unavailableReplicas": max(0, max(spec["replicas"], len(every)) - len(fit)),
        }
        known = {each["type"]: each for each in body.get("status", {}).get("conditions", [])}
        least = spec["replicas"] - _bounds(body)[1]
        enough = len(fit) >= least
        wanted = [
            condition("Available", True, "MinimumReplicasAvailable", "Deployment has minimum availability.", now)
            if enough
            else condition(
                "Available", False, "MinimumReplicasUnavailable", "Deployment does not have minimum availability.", now
            ),
            self._progress(body, new, status, known.get("Progressing")),
        ]
        refused = [each["status"]["conditions"][0] for each in sets if each.get("status", {}).get("conditions")]
        conditions = [_kept(known.get(each["type"]), each) for each in wanted] + refused[:1]
        made = copy.deepcopy(body)
        made["status"] = {key: value for key, value in status.items() if value or key == "observedGeneration"}
        made["status"]["conditions"] = conditions
        made["metadata"].setdefault("annotations", {})[REVISION] = new["metadata"]["annotations"][REVISION]
        self._store.put("deployments", made)

    def _progress(self, body: Body, new: Body, status: Body, old: Body | None) -> Body:
        """The condition Progressing: it fails when nothing moved for progressDeadlineSeconds."""
        spec, now, name = body["spec"], self._engine.now, new["metadata"]["name"]
        wanted, before = spec["replicas"], body.get("status", {})
        complete = status["updatedReplicas"] == status["replicas"] == status["availableReplicas"] == wanted
        if complete:
            said = f'ReplicaSet "{name}" has successfully progressed.'
            return condition("Progressing", True, "NewReplicaSetAvailable", said, now)
        same = old is not None and f'"{name}"' in old["message"]
        if old is not None and same and old["reason"] == "NewReplicaSetAvailable":
            return old
        counted = ("updatedReplicas", "readyReplicas", "availableReplicas")
        moved = any(status[each] > before.get(each, 0) for each in counted)
        moved = moved or status["replicas"] < before.get("replicas", 0)
        if old is None or moved or not same:
            self._engine.later(spec["progressDeadlineSeconds"])
            return condition("Progressing", True, "ReplicaSetUpdated", f'ReplicaSet "{name}" is progressing.', now)
        if now - moment(old["lastUpdateTime"]) >= timedelta(seconds=spec["progressDeadlineSeconds"]):
            said = f'ReplicaSet "{name}" has timed out progressing.'
            return condition("Progressing", False, "ProgressDeadlineExceeded", said, now)
        return old


def _kept(old: Body | None, new: Body) -> Body:
    """The condition with the moments of the old one where nothing changed."""
    if old is None:
        return new
    if (old["status"], old["reason"], old["message"]) == (new["status"], new["reason"], new["message"]):
        fresh = new["reason"] == "ReplicaSetUpdated"
        return new | {"lastTransitionTime": old["lastTransitionTime"]} if fresh else old
    return new | ({"lastTransitionTime": old["lastTransitionTime"]} if old["status"] == new["status"] else {})


def _age(pod: Body) -> float:
    return -moment(pod["metadata"]["creationTimestamp"]).timestamp()


def _bounds(body: Body) -> tuple[int, int]:
    """(maxSurge, maxUnavailable) in pods."""
    wanted = body["spec"]["replicas"]
    rolling = body["spec"]["strategy"].get("rollingUpdate")
    if rolling is None:
        return 0, wanted
    surge = _share(rolling["maxSurge"], wanted, up=True)
    missing = _share(rolling["maxUnavailable"], wanted, up=False)
    return surge, missing if surge or missing else 1


def _share(written: int | str, of: int, *, up: bool) -> int:
    if isinstance(written, int):
        return written
    share = of * int(written.removesuffix("%")) / 100
    return math.ceil(share) if up else math.floor(share)
