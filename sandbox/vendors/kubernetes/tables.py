"""Lists as tables, which is how `kubectl get` asks for them (meta.k8s.io/v1 Table)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sandbox.vendors.kubernetes.resources import Body
from sandbox.vendors.kubernetes.store import moment

Cells = Callable[[Body, datetime], list[Any]]


def age(since: str | None, now: datetime) -> str:
    """Such as "5m", "3h" or "2d": short, as kubectl writes durations."""
    if not since:
        return "<unknown>"
    seconds = max(0, int((now - moment(since)).total_seconds()))
    if seconds < 120:
        return f"{seconds}s"
    if seconds < 600:
        return f"{seconds // 60}m{seconds % 60}s" if seconds % 60 else f"{seconds // 60}m"
    if seconds < 3 * 3600:
        return f"{seconds // 60}m"
    return f"{seconds // 3600}h" if seconds < 48 * 3600 else f"{seconds // 86400}d"


def _age(body: Body, now: datetime) -> str:
    return age(body["metadata"].get("creationTimestamp"), now)


def pod_state(pod: Body) -> str:
    """The column STATUS."""
    if "deletionTimestamp" in pod["metadata"]:
        return "Terminating"
    for each in pod["status"].get("containerStatuses", []):
        if waiting := each["state"].get("waiting"):
            return str(waiting["reason"])
        if ended := each["state"].get("terminated"):
            return str(ended["reason"])
    return str(pod["status"]["phase"])


def _pod(body: Body, now: datetime) -> list[Any]:
    statuses = body["status"].get("containerStatuses", [])
    restarts = sum(each["restartCount"] for each in statuses)
    ended = [each["lastState"]["terminated"]["finishedAt"] for each in statuses if each["lastState"]]
    shown = f"{restarts} ({age(max(ended), now)} ago)" if restarts and ended else str(restarts)
    ready = f"{sum(each['ready'] for each in statuses)}/{len(body['spec']['containers'])}"
    where = [body["status"].get("podIP", "<none>"), body["spec"].get("nodeName", "<none>"), "<none>", "<none>"]
    return [body["metadata"]["name"], ready, pod_state(body), shown, _age(body, now), *where]


def _images(body: Body) -> list[str]:
    containers = body["spec"]["template"]["spec"]["containers"]
    selector = ",".join(f"{key}={value}" for key, value in body["spec"]["selector"]["matchLabels"].items())
    return [",".join(each["name"] for each in containers), ",".join(each["image"] for each in containers), selector]


def _deployment(body: Body, now: datetime) -> list[Any]:
    status, name = body["status"], body["metadata"]["name"]
    ready = f"{status.get('readyReplicas', 0)}/{body['spec']['replicas']}"
    counts = [status.get("updatedReplicas", 0), status.get("availableReplicas", 0)]
    return [name, ready, *counts, _age(body, now), *_images(body)]


def _replica_set(body: Body, now: datetime) -> list[Any]:
    status = body["status"]
    counts = [body["spec"]["replicas"], status["replicas"], status.get("readyReplicas", 0)]
    return [body["metadata"]["name"], *counts, _age(body, now), *_images(body)]


def _stateful_set(body: Body, now: datetime) -> list[Any]:
    ready = f"{body['status'].get('readyReplicas', 0)}/{body['spec']['replicas']}"
    return [body["metadata"]["name"], ready, _age(body, now), *_images(body)[:2]]


def _daemon_set(body: Body, now: datetime) -> list[Any]:
    names = ("desiredNumberScheduled", "currentNumberScheduled", "numberReady", "updatedNumberScheduled")
    counts = [body["status"].get(each, 0) for each in (*names, "numberAvailable")]
    return [body["metadata"]["name"], *counts, "<none>", _age(body, now), *_images(body)]


def _event(body: Body, now: datetime) -> list[Any]:
    about = body["involvedObject"]
    seen, thing = age(body["lastTimestamp"], now), f"{about['kind'].lower()}/{about['name']}"
    source, first = body["source"]["component"], age(body["firstTimestamp"], now)
    rest = ["", source, body["message"], first, body["count"], body["metadata"]["name"]]
    return [seen, body["type"], body["reason"], thing, *rest]


def _autoscaler(body: Body, now: datetime) -> list[Any]:
    spec, status = body["spec"], body["status"]
    use = [each["resource"]["current"]["averageUtilization"] for each in status.get("currentMetrics", [])]
    goal = spec["metrics"][0]["resource"]["target"]["averageUtilization"]
    target = f"{spec['scaleTargetRef']['kind']}/{spec['scaleTargetRef']['name']}"
    shown = f"cpu: {use[0] if use else '<unknown>'}{'%' if use else ''}/{goal}%"
    bounds = [str(spec["minReplicas"]), str(spec["maxReplicas"]), status["currentReplicas"]]
    return [body["metadata"]["name"], target, shown, *bounds, _age(body, now)]


def _budget(body: Body, now: datetime) -> list[Any]:
    spec = body["spec"]
    bounds = [str(spec.get("minAvailable", "N/A")), str(spec.get("maxUnavailable", "N/A"))]
    return [body["metadata"]["name"], *bounds, body["status"]["disruptionsAllowed"], _age(body, now)]


def _node(body: Body, now: datetime) -> list[Any]:
    return [body["metadata"]["name"], "Ready", "<none>", _age(body, now), body["status"]["nodeInfo"]["kubeletVersion"]]


def _quota(body: Body, now: datetime) -> list[Any]:
    status = body["status"]
    said = ", ".join(
        f"{each}: {status.get('used', {}).get(each, 0)}/{hard}" for each, hard in body["spec"]["hard"].items()
    )
    return [body["metadata"]["name"], _age(body, now), said, ""]


def _plain(body: Body, now: datetime) -> list[Any]:
    return [body["metadata"]["name"], body["metadata"].get("creationTimestamp")]


NAMED = "Name"
WORKLOAD = ("-Containers", "-Images", "-Selector")
COLUMNS: dict[str, tuple[tuple[str, ...], Cells]] = {
    "pods": (
        (NAMED, "Ready", "Status", "Restarts", "Age", "-IP", "-Node", "-Nominated Node", "-Readiness Gates"),
        _pod,
    ),
    "deployments": ((NAMED, "Ready", "Up-to-date", "Available", "Age", *WORKLOAD), _deployment),
    "replicasets": ((NAMED, "Desired", "Current", "Ready", "Age", *WORKLOAD), _replica_set),
    "statefulsets": ((NAMED, "Ready", "Age", *WORKLOAD[:2]), _stateful_set),
    "daemonsets": (
        (NAMED, "Desired", "Current", "Ready", "Up-to-date", "Available", "Node Selector", "Age", *WORKLOAD),
        _daemon_set,
    ),
    "events": (
        ("Last Seen", "Type", "Reason", "Object", "-Subobject", "-Source", "Message", "-First Seen", "-Count", "-Name"),
        _event,
    ),
    "horizontalpodautoscalers": (
        (NAMED, "Reference", "Targets", "MinPods", "MaxPods", "Replicas", "Age"),
        _autoscaler,
    ),
    "poddisruptionbudgets": ((NAMED, "Min Available", "Max Unavailable", "Allowed Disruptions", "Age"), _budget),
    "nodes": ((NAMED, "Status", "Roles", "Age", "Version"), _node),
    "namespaces": ((NAMED, "Status", "Age"), lambda body, now: [body["metadata"]["name"], "Active", _age(body, now)]),
    "resourcequotas": ((NAMED, "Age", "Request", "Limit"), _quota),
}
"""By kind; a column with "-" is only shown by `-o wide`."""
UNKNOWN: tuple[tuple[str, ...], Cells] = ((NAMED, "Created At"), _plain)


def table(plural: str, bodies: Sequence[Body], meta: Body, now: datetime, include: str = "Metadata") -> Body:
    """The objects as a Table. `include` is what each row has of its object: "Metadata", "Object" or "None"."""
    columns, cells = COLUMNS.get(plural, UNKNOWN)
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": meta,
        "columnDefinitions": [
            {
                "name": name.removeprefix("-"),
                "type": "string",
                "format": "name" if name == NAMED else "",
                "description": name.removeprefix("-"),
                "priority": 1 if name.startswith("-") else 0,
            }
            for name in columns
        ],
        "rows": [
            {
                "cells": cells(body, now),
                "object": _included(body, include),
            }
            for body in bodies
        ],
    }


def _included(body: Body, include: str) -> Body | None:
    if include == "Metadata":
        return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": body["metadata"]}
    return body if include == "Object" else None
