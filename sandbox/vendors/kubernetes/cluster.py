"""The whole cluster: what runs in it is set up here, and what the outside world does to it."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any, Protocol

from sandbox.vendors.kubernetes.autoscaling import Autoscaler, Budgets
from sandbox.vendors.kubernetes.engine import Clock, Engine
from sandbox.vendors.kubernetes.images import Image
from sandbox.vendors.kubernetes.kubelet import Kubelet
from sandbox.vendors.kubernetes.pods import Pods
from sandbox.vendors.kubernetes.quantities import amount
from sandbox.vendors.kubernetes.resources import BY_PLURAL, Body
from sandbox.vendors.kubernetes.rollouts import Rollouts
from sandbox.vendors.kubernetes.sets import Sets

DEPLOYMENT_DEFAULTS: Body = {
    "replicas": 1,
    "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}},
    "revisionHistoryLimit": 10,
    "progressDeadlineSeconds": 600,
}


class Runs(Protocol):
    """What the workloads are outside of the cluster: the company's services. Each is called after it happened."""

    def restarted(self, name: str) -> None:
        """All its pods are new."""
        ...

    def scaled(self, name: str, replicas: int) -> None:
        """It is to have so many pods."""
        ...

    def image_set(self, name: str, image: str) -> None:
        """It runs that image now: a release, or a rollback."""
        ...

    def memory_limited(self, name: str, limit: float) -> None:
        """Each of its pods may use so many bytes."""
        ...


@dataclass
class Nobody:
    """Where nothing runs outside of the cluster."""

    def restarted(self, name: str) -> None:
        """Nobody cares."""

    def scaled(self, name: str, replicas: int) -> None:
        """Nobody cares."""

    def image_set(self, name: str, image: str) -> None:
        """Nobody cares."""

    def memory_limited(self, name: str, limit: float) -> None:
        """Nobody cares."""


class Cluster:
    """Namespaces, nodes and workloads. Everything follows from the clock: two clusters that are told the same are the same.

    `images` says how containers behave, by a pattern of the image's name; what matches nothing runs well. `age` is how
    many seconds ago the cluster was set up: what is deployed before `settle` is running by then.
    """

    def __init__(
        self, clock: Clock, images: Mapping[str, Image] | None = None, *, age: float = 3600.0, runs: Runs | None = None
    ) -> None:
        self.clock, self.engine = clock, Engine(clock)
        self.engine.now -= timedelta(seconds=age)
        self.images: dict[str, Image] = dict(images or {})
        self.loads: dict[tuple[str, str], float] = {}
        """By (namespace, workload): see `autoscaling.Load`."""
        self.runs: Runs = runs or Nobody()
        self.store = self.engine.store
        self.kubelet = Kubelet(self.engine, self.image)
        self.pods = Pods(self.engine, self.kubelet)
        self.budgets = Budgets(self.engine)
        self.autoscaler = Autoscaler(self.engine, lambda namespace, name: self.loads.get((namespace, name), 0.0))
        self.engine.reconcilers += [
            Rollouts(self.pods).reconcile,
            Sets(self.pods).reconcile,
            self.kubelet.reconcile,
            self.budgets.reconcile,
            self.pods.reconcile_quotas,
        ]

    def image(self, name: str) -> Image:
        """How it behaves: the first pattern that fits."""
        return next((image for pattern, image in self.images.items() if fnmatchcase(name, pattern)), Image())

    def settle(self) -> None:
        """Bring everything up to the clock."""
        self.engine.settle()

    def written(self, pod: Body, since: datetime) -> list[tuple[datetime, str]]:
        """What a pod's first container wrote besides, since it was started. Called in a thread."""
        return []

    def node(self, name: str, cpu: str = "8", memory: str = "32Gi") -> Body:
        """One more node."""
        resources = {"cpu": cpu, "memory": memory, "pods": "110"}
        ready = {
            "type": "Ready",
            "status": "True",
            "reason": "KubeletReady",
            "message": "kubelet is posting ready status",
        }
        info = {
            "kubeletVersion": "v1.32.4",
            "osImage": "Debian GNU/Linux 12",
            "containerRuntimeVersion": "containerd://2",
        }
        status = {"capacity": resources, "allocatable": resources, "conditions": [ready], "nodeInfo": info}
        return self._add("nodes", "", name, {"spec": {}, "status": status})

    def namespace(self, name: str) -> Body:
        """One more namespace."""
        labels = {"kubernetes.io/metadata.name": name}
        body = {"spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}}
        return self._add("namespaces", "", name, body, labels=labels)

    def deployment(self, namespace: str, name: str, image: str, replicas: int = 1, **more: Any) -> Body:
        """One more Deployment. `more`: labels, limits (of the container), and fields of its spec."""
        spec = copy.deepcopy(DEPLOYMENT_DEFAULTS) | self._spec(name, image, replicas, more)
        return self._add("deployments", namespace, name, {"spec": spec, "status": {}}, labels=_labels(name, more))

    def stateful_set(self, namespace: str, name: str, image: str, replicas: int = 1, **more: Any) -> Body:
        """One more StatefulSet."""
        spec = {"serviceName": name, "podManagementPolicy": "OrderedReady", "revisionHistoryLimit": 10}
        spec |= {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}}
        spec |= self._spec(name, image, replicas, more)
        return self._add("statefulsets", namespace, name, {"spec": spec, "status": {}}, labels=_labels(name, more))

    def daemon_set(self, namespace: str, name: str, image: str, **more: Any) -> Body:
        """One more DaemonSet."""
        rolling = {"maxUnavailable": 1, "maxSurge": 0}
        spec = {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": rolling}, "revisionHistoryLimit": 10}
        spec |= self._spec(name, image, 0, more)
        del spec["replicas"]
        return self._add("daemonsets", namespace, name, {"spec": spec, "status": {}}, labels=_labels(name, more))

    def quota(self, namespace: str, name: str, hard: Mapping[str, str]) -> Body:
        """What the pods of a namespace may use together, such as {"pods": "10"}."""
        return self._add("resourcequotas", namespace, name, {"spec": {"hard": dict(hard)}, "status": {}})

    def budget(self, namespace: str, name: str, **spec: Any) -> Body:
        """How many pods of a workload must stay: `minAvailable` or `maxUnavailable`."""
        spec["selector"] = {"matchLabels": {"app": name}}
        return self._add("poddisruptionbudgets", namespace, name, {"spec": spec, "status": {"disruptionsAllowed": 0}})

    def autoscale(self, namespace: str, name: str, *, least: int, most: int, target: int = 80, load: float = 0) -> Body:
        """Scale a Deployment by its load: see `autoscaling.Load`."""
        self.loads[(namespace, name)] = load
        resource = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": target}}
        spec = {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
            "minReplicas": least,
            "maxReplicas": most,
            "metrics": [{"type": "Resource", "resource": resource}],
        }
        self.autoscaler.begin()
        status = {"currentReplicas": 0, "desiredReplicas": 0}
        return self._add("horizontalpodautoscalers", namespace, name, {"spec": spec, "status": status})

    def apply(self, manifest: Body) -> Body:
        """Add an object as a manifest writes it, such as a Role."""
        plural = next(each.plural for each in BY_PLURAL.values() if each.kind == manifest["kind"])
        body = {key: value for key, value in manifest.items() if key not in ("apiVersion", "kind")}
        return self.store.add(plural, body, self.engine.now)

    def change(self, plural: str, body: Body) -> Body:
        """Somebody wrote the object. The company hears of what that means for its service. Raises nothing."""
        meta, old = body["metadata"], None
        if BY_PLURAL[plural].namespaced:
            old = self.store.find(plural, meta["namespace"], meta["name"])
        assert old is not None, "checked before"
        made = self.store.put(plural, body)
        if made["metadata"].get("generation") != old["metadata"].get("generation"):
            self.engine.spec_changed(plural, meta["namespace"], meta["name"])
            self._tell(meta["name"], old["spec"], made["spec"])
        self.settle()
        return made

    def set_image(self, namespace: str, name: str, image: str, plural: str = "deployments") -> None:
        """A release: the first container runs another image."""
        body = copy.deepcopy(self.store.find(plural, namespace, name))
        assert body is not None, f"there is no {name}"
        body["spec"]["template"]["spec"]["containers"][0]["image"] = image
        self.store.put(plural, body)
        self.engine.spec_changed(plural, namespace, name)
        self.settle()

    def end(self, namespace: str, app: str, reason: str = "OOMKilled", exit_code: int = 137) -> None:
        """The containers of one pod of that app end: the first that runs."""
        for pod in self.store.all("pods", namespace):
            labels = pod["metadata"].get("labels") or {}
            statuses = pod["status"].get("containerStatuses") or [{}]
            if labels.get("app") == app and "running" in statuses[0].get("state", {}):
                self.kubelet.end(pod, reason, exit_code)
                self.settle()
                return

    def evict(self, pod: Body) -> Body | None:
        """Delete the pod if every budget allows it; else the budget that does not."""
        if budget := self.budgets.over(pod):
            return budget
        self.kubelet.delete(pod)
        self.settle()
        return None

    def _tell(self, name: str, old: Body, new: Body) -> None:
        if old.get("replicas") != new.get("replicas"):
            self.runs.scaled(name, new["replicas"])
        if old.get("template") == new.get("template") or "template" not in new:
            return
        former, now = (each["template"]["spec"]["containers"][0] for each in (old, new))
        limits = [((each.get("resources") or {}).get("limits") or {}).get("memory") for each in (former, now)]
        if former["image"] != now["image"]:
            self.runs.image_set(name, now["image"])
        elif limits[0] != limits[1] and limits[1] is not None:
            self.runs.memory_limited(name, amount(limits[1]))
        else:
            self.runs.restarted(name)

    def _spec(self, name: str, image: str, replicas: int, more: dict[str, Any]) -> Body:
        container: Body = {"name": name, "image": image, "imagePullPolicy": "IfNotPresent"}
        limits = more.pop("limits", {"memory": "512Mi", "cpu": "500m"})
        container["resources"] = {
            "limits": limits,
            "requests": more.pop("requests", {"cpu": "100m", "memory": "128Mi"}),
        }
        labels = _labels(name, more)
        return {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
            **{key: value for key, value in more.items() if key != "labels"},
        }

    def _add(self, plural: str, namespace: str, name: str, body: Body, labels: dict[str, str] | None = None) -> Body:
        meta: Body = {"name": name} | ({"namespace": namespace} if namespace else {})
        if labels:
            meta["labels"] = labels
        self.engine.later(0.0)
        return self.store.add(plural, {"metadata": meta, **body}, self.engine.now)


def _labels(name: str, more: Mapping[str, Any]) -> dict[str, str]:
    return {"app": name, **(more.get("labels") or {})}
