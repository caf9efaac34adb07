"""The sandbox's company in a cluster: what is done to a workload is done to the service, and what happens to the service is seen here."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial

from sandbox.company import Company
from sandbox.company.logs import lines
from sandbox.company.model import Act, Event, Record
from sandbox.company.services import MIB, NAMES, Service
from sandbox.vendors.kubernetes.cluster import Cluster
from sandbox.vendors.kubernetes.engine import Clock
from sandbox.vendors.kubernetes.images import Image
from sandbox.vendors.kubernetes.resources import Body

NAMESPACE = "prod"
LOGGED = timedelta(minutes=10)
"""How much of a service's log its pods show."""
PLURALS = {"database": "statefulsets"}
"""By kind of service; the others are Deployments."""
NOT_BUILT = Image(pullable=False)
CRASHING = Image(ready_after=None, crashes_after=1.0, last_words=("fatal: cannot start",))


class CompanyCluster(Cluster):
    """Every service of the company as a Deployment, or a StatefulSet where it is a database, in the namespace `prod`."""

    def __init__(self, company: Company, clock: Clock) -> None:
        super().__init__(clock, age=max(3600.0, company.now() - company.begins))
        self.company, self.runs = company, self
        self._followed, self._mirroring = company.now(), False
        for node in sorted({each.node for each in company.services}):
            self.node(node, "16", "64Gi")
        for namespace in ("default", NAMESPACE):
            self.namespace(namespace)
        for each in company.services:
            self._add_service(each)
        super().settle()
        company.listeners.append(self._heard)

    def image(self, name: str) -> Image:
        """Versions that were never built cannot be pulled; a service that is down crashes at its start."""
        repository, _, tag = name.rpartition(":")
        service = next((each for each in self.company.services if each.image == repository), None)
        if service is None or tag not in self.company.tags(service.name):
            return NOT_BUILT
        at = self.engine.now.timestamp()
        down = any((each.kind, each.service) == ("dependency_down", service.name) for each in self.company.going_on(at))
        return CRASHING if down else Image(says=("ready",))

    def settle(self) -> None:
        """What the company's containers met since the last time is met here, each at its moment."""
        now = self.clock.now().timestamp()
        if now > self._followed:
            for event in self.company.events(self._followed, now):
                if event.at > self._followed:
                    self.engine.later(max(0.0, event.at - self.engine.now.timestamp()), partial(self._meet, event))
            self._followed = now
        super().settle()

    def written(self, pod: Body, since: datetime) -> list[tuple[datetime, str]]:
        """What the service logged in the last minutes, since the container was started. Slow: it computes the company's day."""
        name = (pod["metadata"].get("labels") or {}).get("app")
        if name not in NAMES:
            return []
        now = self.clock.now()
        begin = max(since, now - LOGGED).timestamp()
        found = lines(self.company, name, begin, now.timestamp())
        return [(datetime.fromtimestamp(each.at, UTC), each.text) for each in found]

    # What the cluster's people do (`Runs`).

    def restarted(self, name: str) -> None:
        """The service has new pods."""
        with self._mirror(name) as known:
            if known:
                self.company.restart(name)

    def scaled(self, name: str, replicas: int) -> None:
        """The service has so many pods."""
        with self._mirror(name) as known:
            if known and replicas <= 100:
                self.company.scale(name, replicas)

    def image_set(self, name: str, image: str) -> None:
        """The service runs that version, where it was built; else the pods of before go on."""
        with self._mirror(name) as known:
            if known and image.rpartition(":")[2] in self.company.tags(name):
                self.company.set_image(name, image)

    def memory_limited(self, name: str, limit: float) -> None:
        """Each of its pods may use so many bytes."""
        with self._mirror(name) as known:
            if known:
                self.company.set_memory_limit(name, limit)

    @contextmanager
    def _mirror(self, name: str) -> Iterator[bool]:
        before, self._mirroring = self._mirroring, True
        try:
            yield name in NAMES
        finally:
            self._mirroring = before

    # What the company does.

    def _heard(self, record: Record) -> None:
        if isinstance(record, Act) and not self._mirroring:
            self.engine.later(max(0.0, record.at - self.engine.now.timestamp()), partial(self._do, record))
            self.engine.wake()

    def _do(self, act: Act) -> None:
        plural = self._plural(act.service)
        body = copy.deepcopy(self.store.find(plural, NAMESPACE, act.service))
        assert body is not None, "every service has its workload"
        template = body["spec"]["template"]
        container = template["spec"]["containers"][0]
        if act.kind == "scale":
            body["spec"]["replicas"] = int(act.number)
        elif act.kind == "set_image":
            container["image"] = f"{container['image'].rpartition(':')[0]}:{act.text}"
        elif act.kind == "set_memory_limit":
            container["resources"]["limits"]["memory"] = _memory(act.number)
        elif act.kind == "restart":
            marks = template["metadata"].setdefault("annotations", {})
            marks["kubectl.kubernetes.io/restartedAt"] = self.engine.now.isoformat()
        else:
            return  # nothing of the cluster: a configuration, a certificate
        self.store.put(plural, body)
        self.engine.spec_changed(plural, NAMESPACE, act.service)

    def _meet(self, event: Event) -> None:
        """What happened to a container of the company happens to one here: now."""
        pods = [
            each
            for each in self.store.all("pods", NAMESPACE)
            if each["metadata"]["labels"].get("app") == event.service and _runs(each)
        ]
        if event.reason == "OOMKilled" and pods:
            # The one that was killed longest ago, so that they take turns.
            pod = min(pods, key=lambda each: each["status"]["containerStatuses"][0]["restartCount"])
            self.kubelet.end(pod, "OOMKilled", 137)
        elif event.reason == "BackOff":
            for pod in pods:
                self.kubelet.end(pod, "Error", 1)
        elif event.reason == "Unhealthy" and pods:
            self.engine.event(pods[0], "Unhealthy", event.text, warning=True, source="kubelet")

    def _plural(self, service: str) -> str:
        return next(PLURALS.get(each.kind, "deployments") for each in self.company.services if each.name == service)

    def _add_service(self, service: Service) -> None:
        at = self.engine.now.timestamp()
        limits = {"memory": _memory(self.company.memory_limit(service.name, at)), "cpu": "2"}
        more = {
            "labels": {"app.kubernetes.io/name": service.name},
            "limits": limits,
            "requests": {"memory": _memory(service.memory), "cpu": "100m"},
        }
        image, replicas = self.company.image(service.name, at), self.company.replicas(service.name, at)
        if self._plural(service.name) == "statefulsets":
            self.stateful_set(NAMESPACE, service.name, image, replicas, **more)
        else:
            self.deployment(NAMESPACE, service.name, image, replicas, **more)


def _runs(pod: Body) -> bool:
    statuses = pod["status"].get("containerStatuses") or [{}]
    return "running" in statuses[0].get("state", {}) and "deletionTimestamp" not in pod["metadata"]


def _memory(size: float) -> str:
    return f"{round(size / MIB)}Mi"
