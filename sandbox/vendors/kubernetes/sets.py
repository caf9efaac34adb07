"""The controllers of StatefulSets and DaemonSets: one pod at a time, with their revisions."""

from __future__ import annotations

import copy

from sandbox.vendors.kubernetes.pods import Pods, available, owner, ready, staying
from sandbox.vendors.kubernetes.resources import Body
from sandbox.vendors.kubernetes.store import short_hash, template_hash

HASH = "controller-revision-hash"


class Sets:
    """Both controllers."""

    def __init__(self, pods: Pods) -> None:
        self._pods, self._engine, self._store = pods, pods.engine, pods.engine.store

    def reconcile(self) -> None:
        """Look at every one."""
        for plural, look in (("statefulsets", self._stateful_set), ("daemonsets", self._daemon_set)):
            for each in [*self._store.all(plural)]:
                if not self._engine.unseen(plural, each):
                    look(each)

    def _revision(self, body: Body) -> Body:
        """The ControllerRevision of the template, made where there is none; a former one becomes the newest."""
        template = body["spec"]["template"]
        digest = template_hash(template)
        known = self._store.owned("controllerrevisions", body)
        newest = max((each["revision"] for each in known), default=0)
        found = next((each for each in known if each["metadata"]["labels"][HASH] == digest), None)
        if found is None:
            meta = body["metadata"]
            labels = {**template["metadata"]["labels"], HASH: digest}
            return self._store.add(
                "controllerrevisions",
                {
                    "metadata": {
                        "name": f"{meta['name']}-{digest}",
                        "namespace": meta["namespace"],
                        "labels": labels,
                        "annotations": dict(meta.get("annotations") or {}),
                        "ownerReferences": [owner(body)],
                    },
                    "data": {"spec": {"template": {"$patch": "replace", **copy.deepcopy(template)}}},
                    "revision": newest + 1,
                },
                self._engine.now,
            )
        if found["revision"] < newest:
            return self._store.put("controllerrevisions", found | {"revision": newest + 1})
        return found

    def _stateful_set(self, body: Body) -> None:
        meta, spec = body["metadata"], body["spec"]
        revision = self._revision(body)
        digest, wanted = revision["metadata"]["labels"][HASH], spec["replicas"]
        mine = {int(each["metadata"]["name"].rpartition("-")[2]): each for each in self._store.owned("pods", body)}
        going = [each for each in mine.values() if "deletionTimestamp" in each["metadata"]]
        least = spec.get("minReadySeconds", 0)
        if not going and (beyond := [number for number in sorted(mine, reverse=True) if number >= wanted]):
            self._pods.drop(body, [mine[beyond[0]]])
        elif not going:
            self._ordered(body, mine, digest, wanted)
        pods = staying(self._store.owned("pods", body))
        if len(pods) >= wanted:
            self._pods.forget_refusal(body)
        fit = available(self._engine, pods, least)
        updated = [each for each in pods if each["metadata"]["labels"].get(HASH) == digest]
        before = body.get("status", {}).get("currentRevision", revision["metadata"]["name"])
        done = len(updated) == len(fit) == wanted
        status = {
            "observedGeneration": meta["generation"],
            "replicas": len(pods),
            "readyReplicas": len(ready(pods)),
            "availableReplicas": len(fit),
            "updatedReplicas": len(updated),
            "currentReplicas": len(updated) if done else len(pods) - len(updated),
            "currentRevision": revision["metadata"]["name"] if done else before,
            "updateRevision": revision["metadata"]["name"],
            "collisionCount": 0,
        }
        self._store.put("statefulsets", body | {"status": status})

    def _ordered(self, body: Body, mine: dict[int, Body], digest: str, wanted: int) -> None:
        """Make the next missing one, or replace the last outdated one; each only while all others are ready."""
        name = body["metadata"]["name"]
        for number in range(wanted):
            if number not in mine:
                self._pods.make(body, body["spec"]["template"], f"{name}-{number}", {HASH: digest})
                return
            if not ready([mine[number]]) and mine[number]["metadata"]["labels"].get(HASH) == digest:
                return
        for number in sorted(mine, reverse=True):
            if mine[number]["metadata"]["labels"].get(HASH) != digest:
                self._pods.drop(body, [mine[number]])
                return

    def _daemon_set(self, body: Body) -> None:
        meta = body["metadata"]
        digest = self._revision(body)["metadata"]["labels"][HASH]
        nodes = [each["metadata"]["name"] for each in self._store.all("nodes")]
        mine = self._store.owned("pods", body)
        by_node = {_node_of(each): each for each in mine}
        for node in nodes:
            if node not in by_node:
                made = f"{meta['name']}-{short_hash([meta['name'], node, self._store.revision], 5)}"
                self._pods.make(body, body["spec"]["template"], made, {HASH: digest}, node)
        pods = staying(self._store.owned("pods", body))
        fit = available(self._engine, pods, body["spec"].get("minReadySeconds", 0))
        outdated = [each for each in pods if each["metadata"]["labels"].get(HASH) != digest]
        if outdated and (len(fit) == len(nodes) or not ready([outdated[0]])):
            unfit = [each for each in outdated if not ready([each])]
            self._pods.drop(body, [(unfit or outdated)[0]])
            pods = staying(self._store.owned("pods", body))
            fit = available(self._engine, pods, body["spec"].get("minReadySeconds", 0))
        status = {
            "observedGeneration": meta["generation"],
            "desiredNumberScheduled": len(nodes),
            "currentNumberScheduled": len(pods),
            "updatedNumberScheduled": len([each for each in pods if each["metadata"]["labels"].get(HASH) == digest]),
            "numberReady": len(ready(pods)),
            "numberAvailable": len(fit),
            "numberUnavailable": len(nodes) - len(fit),
            "numberMisscheduled": 0,
        }
        self._store.put("daemonsets", body | {"status": status})


def _node_of(pod: Body) -> str:
    terms = pod["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    node: str = terms["nodeSelectorTerms"][0]["matchFields"][0]["values"][0]
    return node
