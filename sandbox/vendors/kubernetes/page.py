"""The cluster as the people of the sandbox's company see it: workloads, pods that are not well, and what can be done."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sandbox.model import SlackUser
from sandbox.systems import Button, Row, Table
from sandbox.vendors.kubernetes.cluster import Cluster
from sandbox.vendors.kubernetes.resources import Body
from sandbox.vendors.kubernetes.rollouts import HASH, REVISION
from sandbox.vendors.kubernetes.tables import age, pod_state

PLURALS = ("deployments", "statefulsets")
RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"


@dataclass
class KubernetesPage:
    """Every workload with its image and pods."""

    cluster: Cluster
    url: str = ""
    """Of its API server."""
    name = "kubernetes"
    title = "Kubernetes"
    note: str = "Where the services run. A restart or a rollback here is done to the service, as by a runbook."

    def __post_init__(self) -> None:
        if self.url:
            self.note = f"{self.note} From a terminal: kubectl --server {self.url} --namespace prod get pods"

    def tables(self) -> Sequence[Table]:
        """By name."""
        self.cluster.settle()
        rows = tuple(self._row(plural, each) for plural in PLURALS for each in self.cluster.store.all(plural))
        return (Table("Workloads", ("Workload", "Image", "Ready", "Restarts"), rows, "Nothing runs."),)

    def _row(self, plural: str, body: Body) -> Row:
        meta, status = body["metadata"], body["status"]
        pods = self._pods(plural, body)
        restarts = sum(each["restartCount"] for pod in pods for each in pod["status"].get("containerStatuses", []))
        ready = f"{status.get('readyReplicas', 0)} of {body['spec']['replicas']}"
        image = body["spec"]["template"]["spec"]["containers"][0]["image"].rpartition("/")[2]
        earlier = plural == "deployments" and self._earlier(body) is not None
        buttons = (Button("Restart", "restart"), *((Button("Roll back", "rollback"),) if earlier else ()))
        lines = tuple(f"{each['metadata']['name']}: {pod_state(each)}" for each in pods if not _well(each))
        key = f"{plural}/{meta['namespace']}/{meta['name']}"
        return Row(key, (meta["name"], image, ready, self._restarts(restarts, pods)), buttons, lines)

    def _restarts(self, count: int, pods: Sequence[Body]) -> str:
        last = [
            each["lastState"]["terminated"]
            for pod in pods
            for each in pod["status"].get("containerStatuses", [])
            if each["lastState"]
        ]
        if not last:
            return str(count)
        newest = max(last, key=lambda each: str(each["finishedAt"]))
        return f"{count} ({newest['reason']}, {age(newest['finishedAt'], self.cluster.engine.now)} ago)"

    def _pods(self, plural: str, body: Body) -> list[Body]:
        store = self.cluster.store
        owners = store.owned("replicasets", body) if plural == "deployments" else [body]
        return [pod for owner in owners for pod in store.owned("pods", owner)]

    def _earlier(self, body: Body) -> Body | None:
        """The ReplicaSet of the revision before that runs another image."""
        image = _image(body["spec"]["template"])
        others = [each for each in self._history(body) if _image(each["spec"]["template"]) != image]
        return others[0] if others else None

    def _history(self, body: Body) -> Iterator[Body]:
        sets = self.cluster.store.owned("replicasets", body)
        yield from sorted(sets, key=lambda each: int(each["metadata"]["annotations"][REVISION]), reverse=True)

    async def act(self, who: SlackUser, do: str, thing: str) -> None:
        """Restart, or roll back to the release before. Raises ValueError."""
        plural, _, rest = thing.partition("/")
        namespace, _, name = rest.partition("/")
        body = copy.deepcopy(self.cluster.store.find(plural, namespace, name)) if plural in PLURALS else None
        if body is None:
            raise ValueError(f"There is no {thing}.")
        if do == "restart":
            meta = body["spec"]["template"]["metadata"]
            meta["annotations"] = {**meta.get("annotations", {}), RESTARTED_AT: self.cluster.clock.now().isoformat()}
        elif do == "rollback" and plural == "deployments" and (earlier := self._earlier(body)) is not None:
            template = copy.deepcopy(earlier["spec"]["template"])
            del template["metadata"]["labels"][HASH]
            body["spec"]["template"] = template
        else:
            raise ValueError(f"{name} has no earlier release to go back to.")
        self.cluster.change(plural, body)


def _image(template: Body) -> str:
    return str(template["spec"]["containers"][0]["image"])


def _well(pod: Body) -> bool:
    return all(each["ready"] for each in pod["status"].get("containerStatuses", [])) and pod_state(pod) == "Running"
