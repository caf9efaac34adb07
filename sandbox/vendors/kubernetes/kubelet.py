"""The scheduler and the nodes: what becomes of a pod once it was created."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sandbox.vendors.kubernetes.engine import Engine
from sandbox.vendors.kubernetes.images import Image
from sandbox.vendors.kubernetes.quantities import amount, asked
from sandbox.vendors.kubernetes.resources import Body
from sandbox.vendors.kubernetes.store import moment, timestamp

PULLED_AFTER, STARTED_AFTER, GONE_AFTER = 1.0, 1.0, 2.0
"""Seconds from scheduled to pulled, from pulled to started, from deleted to gone."""
FIRST_BACKOFF, LONGEST_BACKOFF, CALM = 10.0, 300.0, 600.0
"""Seconds before a crashed container is started again; how long it must have run for the count to begin anew."""
COMPONENT = "kubelet"

Told = Callable[[str, str, str, str], None]
"""Called with (namespace, pod, container, reason) when a container ended."""


class Kubelet:
    """All nodes of the cluster."""

    def __init__(self, engine: Engine, image: Callable[[str], Image]) -> None:
        self._engine, self._image = engine, image
        self._logs: dict[tuple[str, str], list[list[tuple[datetime, str]]]] = {}
        self.on_ended: Told = lambda _namespace, _pod, _container, _reason: None

    def reconcile(self) -> None:
        """Give every pod without a node one."""
        for pod in [*self._engine.store.all("pods")]:
            if not pod["spec"].get("nodeName") and "deletionTimestamp" not in pod["metadata"]:
                self._schedule(pod)

    def lines(self, pod: Body, container: str, previous: bool) -> list[tuple[datetime, str]] | None:
        """What a container wrote; None where there was no such run."""
        runs = self._logs.get((pod["metadata"]["uid"], container), [])
        place = -2 if previous else -1
        return runs[place] if len(runs) >= -place else None

    def say(self, pod: Body, text: str) -> None:
        """The pod's first container writes a line."""
        self._say(pod, pod["spec"]["containers"][0]["name"], text)

    def delete(self, pod: Body) -> None:
        """Ask the pod to end; it is gone a little later."""
        meta = pod["metadata"]
        if "deletionTimestamp" in meta:
            return
        ended = copy.deepcopy(pod)
        ended["metadata"]["deletionTimestamp"] = timestamp(self._engine.now)
        ended["metadata"]["deletionGracePeriodSeconds"] = 30
        for each in ended["status"].get("containerStatuses", []):
            each["ready"] = False
        _conditions(ended, self._engine.now, Ready=False, ContainersReady=False)
        self._engine.store.put("pods", ended)
        for container in pod["spec"]["containers"]:
            self._engine.event(pod, "Killing", f"Stopping container {container['name']}", source=COMPONENT)
        self._engine.later(GONE_AFTER, lambda: self._gone(meta["namespace"], meta["name"], meta["uid"]))

    def end(self, pod: Body, reason: str, exit_code: int) -> None:
        """The pod's first container ends now, for that reason: "OOMKilled" or "Error"."""
        self._end(pod["metadata"], 0, pod["status"]["containerStatuses"][0]["restartCount"], reason, exit_code)

    def _gone(self, namespace: str, name: str, uid: str) -> None:
        pod = self._engine.store.find("pods", namespace, name)
        if pod is not None and pod["metadata"]["uid"] == uid:
            self._engine.store.remove("pods", namespace, name)
            for key in [key for key in self._logs if key[0] == uid]:
                del self._logs[key]

    def _schedule(self, pod: Body) -> None:
        engine, meta = self._engine, pod["metadata"]
        node, why = self._node(pod)
        made = copy.deepcopy(pod)
        if node is None:
            at = timestamp(engine.now)
            condition = {
                "type": "PodScheduled",
                "status": "False",
                "reason": "Unschedulable",
                "message": why,
                "lastProbeTime": None,
                "lastTransitionTime": at,
            }
            if not any(each.get("reason") == "Unschedulable" for each in pod["status"].get("conditions", [])):
                made["status"]["conditions"] = [condition]
                engine.store.put("pods", made)
                engine.event(pod, "FailedScheduling", why, warning=True, source="default-scheduler")
            return
        made["spec"]["nodeName"] = node
        made["status"] = {
            "phase": "Pending",
            "startTime": timestamp(engine.now),
            "hostIP": "10.0.0.2",
            "qosClass": "Burstable",
            "conditions": [],
            "containerStatuses": [
                {
                    "name": container["name"],
                    "image": container["image"],
                    "imageID": "",
                    "ready": False,
                    "started": False,
                    "restartCount": 0,
                    "lastState": {},
                    "state": {"waiting": {"reason": "ContainerCreating"}},
                }
                for container in made["spec"]["containers"]
            ],
        }
        _conditions(made, engine.now, PodScheduled=True, Initialized=True, Ready=False, ContainersReady=False)
        made = engine.store.put("pods", made)
        said = f"Successfully assigned {meta['namespace']}/{meta['name']} to {node}"
        engine.event(made, "Scheduled", said, source="default-scheduler")
        for place, container in enumerate(made["spec"]["containers"]):
            engine.event(made, "Pulling", f'Pulling image "{container["image"]}"', source=COMPONENT)
            engine.later(PULLED_AFTER, self._then(self._pull, made, place, 0))

    def _then(self, do: Callable[..., None], pod: Body, *more: Any) -> Callable[[], None]:
        meta = pod["metadata"]
        return lambda: do(meta, *more)

    def _node(self, pod: Body) -> tuple[str | None, str]:
        """A node with enough of everything; else None and what the scheduler says."""
        affinity = pod["spec"].get("affinity")
        all_nodes = self._engine.store.all("nodes")
        nodes = [each for each in all_nodes if affinity in (None, bound_to(each["metadata"]["name"]))]
        pods = [*self._engine.store.all("pods")]
        short = {"cpu": 0, "memory": 0}
        for node in nodes:
            name = node["metadata"]["name"]
            on_it = [each["spec"] for each in pods if each["spec"].get("nodeName") == name]
            lacking = [
                what
                for what in short
                if asked(pod["spec"], what) + sum(asked(each, what) for each in on_it)
                > amount(node["status"]["allocatable"][what])
            ]
            if not lacking:
                return name, ""
            for what in lacking:
                short[what] += 1
        why = ", ".join(f"{count} Insufficient {what}" for what, count in short.items() if count)
        return None, f"0/{len(nodes)} nodes are available: {why}. preemption: 0/{len(nodes)} nodes are available."

    def _living(self, meta: Body) -> Body | None:
        pod = self._engine.store.find("pods", meta["namespace"], meta["name"])
        same = pod is not None and pod["metadata"]["uid"] == meta["uid"] and "deletionTimestamp" not in pod["metadata"]
        return copy.deepcopy(pod) if same else None

    def _pull(self, meta: Body, place: int, tries: int) -> None:
        if (pod := self._living(meta)) is None:
            return
        image = pod["spec"]["containers"][place]["image"]
        if self._image(image).pullable:
            self._engine.event(pod, "Pulled", f'Successfully pulled image "{image}" in 1s', source=COMPONENT)
            self._engine.later(STARTED_AFTER, self._then(self._start, pod, place))
            return
        why = (
            f'Failed to pull image "{image}": rpc error: code = NotFound desc = failed to resolve "{image}": not found'
        )
        self._wait(pod, place, "ErrImagePull" if tries == 0 else "ImagePullBackOff", why)
        self._engine.event(pod, "Failed", why, warning=True, source=COMPONENT)
        self._engine.event(pod, "BackOff", f'Back-off pulling image "{image}"', source=COMPONENT)
        if tries == 0:
            self._engine.later(5.0, self._then(self._pull_backoff, pod, place, image))
        again = min(FIRST_BACKOFF * 2**tries, LONGEST_BACKOFF)
        self._engine.later(again, self._then(self._pull, pod, place, min(tries + 1, 10)))

    def _pull_backoff(self, meta: Body, place: int, image: str) -> None:
        if pod := self._living(meta):
            self._wait(pod, place, "ImagePullBackOff", f'Back-off pulling image "{image}"')

    def _start(self, meta: Body, place: int) -> None:
        if (pod := self._living(meta)) is None:
            return
        engine, container, status = self._engine, pod["spec"]["containers"][place], pod["status"]
        image, mine = self._image(container["image"]), status["containerStatuses"][place]
        mine |= {
            "state": {"running": {"startedAt": timestamp(engine.now)}},
            "started": True,
            "imageID": f"sha256:{container['image']}",
        }
        status["phase"], status["podIP"] = "Running", status.get("podIP") or _ip(pod)
        pod = engine.store.put("pods", pod)
        engine.event(pod, "Created", f"Created container: {container['name']}", source=COMPONENT)
        engine.event(pod, "Started", f"Started container {container['name']}", source=COMPONENT)
        runs = self._logs.setdefault((meta["uid"], container["name"]), [])
        runs.append([])
        del runs[:-2]
        for text in (f"starting {container['image']}", *image.says):
            self._say(pod, container["name"], text)
        run = mine["restartCount"]
        if image.ready_after is not None:
            engine.later(image.ready_after, self._then(self._ready, pod, place, run))
        if image.crashes_after is not None:
            engine.later(image.crashes_after, self._then(self._end, pod, place, run, "Error", image.exit_code))
        if image.out_of_memory_after is not None:
            engine.later(image.out_of_memory_after, self._then(self._end, pod, place, run, "OOMKilled", 137))

    def _ready(self, meta: Body, place: int, run: int) -> None:
        pod = self._living(meta)
        if pod is None:
            return
        mine = pod["status"]["containerStatuses"][place]
        if mine["restartCount"] != run or "running" not in mine["state"]:
            return
        mine["ready"] = True
        if all(each["ready"] for each in pod["status"]["containerStatuses"]):
            _conditions(pod, self._engine.now, Ready=True, ContainersReady=True)
        self._engine.store.put("pods", pod)

    def _end(self, meta: Body, place: int, run: int, reason: str, exit_code: int) -> None:
        pod = self._living(meta)
        if pod is None:
            return
        engine, name = self._engine, pod["spec"]["containers"][place]["name"]
        mine = pod["status"]["containerStatuses"][place]
        if mine["restartCount"] != run or "running" not in mine["state"]:
            return
        image = self._image(pod["spec"]["containers"][place]["image"])
        for text in image.last_words:
            self._say(pod, name, text)
        started = moment(mine["state"]["running"]["startedAt"])
        ended = {
            "reason": reason,
            "exitCode": exit_code,
            "startedAt": timestamp(started),
            "finishedAt": timestamp(engine.now),
        }
        calm = engine.now - started >= timedelta(seconds=CALM)
        wait = 1.0 if calm else min(FIRST_BACKOFF * 2**run, LONGEST_BACKOFF)
        mine |= {
            "ready": False,
            "started": False,
            "restartCount": run + 1,
            "lastState": {"terminated": ended},
            "state": {"waiting": {"reason": "CrashLoopBackOff", "message": f"back-off {wait:g}s restarting {name}"}},
        }
        _conditions(pod, engine.now, Ready=False, ContainersReady=False)
        pod = engine.store.put("pods", pod)
        said = f"Back-off restarting failed container {name} in pod {meta['name']}"
        engine.event(pod, "BackOff", said, warning=True, source=COMPONENT)
        engine.later(wait, self._then(self._start, pod, place))
        self.on_ended(meta["namespace"], meta["name"], name, reason)

    def _wait(self, pod: Body, place: int, reason: str, message: str) -> None:
        pod["status"]["containerStatuses"][place]["state"] = {"waiting": {"reason": reason, "message": message}}
        self._engine.store.put("pods", pod)

    def _say(self, pod: Body, container: str, text: str) -> None:
        runs = self._logs.get((pod["metadata"]["uid"], container))
        if runs:
            runs[-1].append((self._engine.now, text))


def bound_to(node: str) -> Body:
    """The affinity of a pod that belongs on one node, as the controller of DaemonSets writes it."""
    field = {"key": "metadata.name", "operator": "In", "values": [node]}
    terms = {"nodeSelectorTerms": [{"matchFields": [field]}]}
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}


def _conditions(pod: Body, now: datetime, **wanted: bool) -> None:
    """Set them; the moment changes only with the value."""
    known = {each["type"]: each for each in pod["status"].get("conditions", [])}
    for type_, value in wanted.items():
        status = "True" if value else "False"
        if known.get(type_, {}).get("status") != status:
            known[type_] = {
                "type": type_,
                "status": status,
                "lastProbeTime": None,
                "lastTransitionTime": timestamp(now),
            }
    pod["status"]["conditions"] = [*known.values()]


def _ip(pod: Body) -> str:
    digits = int(pod["metadata"]["uid"][:6], 16)
    return f"10.244.{digits // 250 % 250}.{digits % 250 + 1}"
