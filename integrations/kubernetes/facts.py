"""What happened to services in the cluster: restarts, containers out of memory, other images, pods that wait, warnings. Only reads."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any

from integrations.kubernetes.client import Body, Cluster
from integrations.kubernetes.policy import TITLE, short
from integrations.kubernetes.steps.rollback import REVISION
from integrations.kubernetes.workloads import RESTARTED_AT, images, moment, template_of, trouble
from warroom.investigation.model import Fact, FactKind
from warroom.people.model import normal

LABELS = ("app.kubernetes.io/name", "app", "k8s-app", "service", "name")
"""Where a workload says which service it is, the most usual first."""
MOST, MOST_EVENTS = 300, 20
"""Facts altogether, and warnings of one service."""
READ = ("pods", "replicasets", "events")
MERELY = frozenset({"Failed", "BackOff", "FailedScheduling"})
"""Warnings that only say again what a pod's own state says."""


@dataclass(frozen=True, slots=True)
class Names:
    """Which service an object belongs to."""

    services: Mapping[str, str]
    """By `normal` of every name that means it, the service."""
    others: bool = False
    """Whether names that mean none of them are services of their own."""

    @classmethod
    def of(cls, services: Sequence[str], workloads: Mapping[str, str]) -> Names:
        """`workloads` says the workload of a service where nothing else does."""
        by_name = {normal(name): name for name in services}
        by_workload = {normal(workload): service for service, workload in workloads.items()}
        return cls(by_name | by_workload, others=not services)

    def service(self, body: Body, workload: str = "") -> str | None:
        """The service, by its labels, else by the workload's name; None where it is none that was asked about."""
        labels = body["metadata"].get("labels") or {}
        said = [str(labels[each]) for each in LABELS if labels.get(each)] + ([workload] if workload else [])
        # A workload that the policy names goes before what labels say.
        known = [self.services[normal(each)] for each in reversed(said) if normal(each) in self.services]
        if not known and self.others:
            return said[0] if said else None
        return known[0] if known else None


@dataclass
class Found:
    """What one namespace has."""

    namespace: str
    names: Names
    since: datetime
    until: datetime
    facts: list[Fact] = field(default_factory=list)

    def add(self, service: str | None, kind: FactKind, at: datetime | None, text: str) -> None:
        """A fact, where it is of a service that was asked about and in the time."""
        if service and at is not None and self.since <= at <= self.until:
            source = f"{TITLE} ({self.namespace})"
            self.facts.append(Fact(service=service, kind=kind, at=at, text=short(text), source=source))


async def facts(
    cluster: Cluster, namespaces: Sequence[str], names: Names, since: datetime, until: datetime
) -> list[Fact]:
    """Oldest first, the newest MOST. Raises Retryable or Rejected."""
    found = await asyncio.gather(*(_of(cluster, namespace, names, since, until) for namespace in namespaces))
    return sorted((fact for those in found for fact in those), key=lambda fact: fact.at)[-MOST:]


async def _of(cluster: Cluster, namespace: str, names: Names, since: datetime, until: datetime) -> list[Fact]:
    what = f"Reading what happened in {namespace}"
    pods, sets, events = await asyncio.gather(*(cluster.list(what, plural, namespace) for plural in READ))
    found = Found(namespace, names, since, until)
    # Beside the event loop: comparing the templates of a thousand ReplicaSets takes a third of a second.
    await asyncio.to_thread(_look, found, pods, sets, events)
    return found.facts


def _look(found: Found, pods: Sequence[Body], sets: Sequence[Body], events: Sequence[Body]) -> None:
    for pod in pods:
        _pod(found, pod)
    _images(found, sets, events)
    _warnings(found, events, {each["metadata"]["name"]: each for each in (*pods, *sets)})


def _pod(found: Found, pod: Body) -> None:
    name, status = str(pod["metadata"]["name"]), pod.get("status") or {}
    service = found.names.service(pod, workload_of(pod))
    for each in status.get("containerStatuses") or ():
        count = each.get("restartCount") or 0
        for state in (each.get("state") or {}, each.get("lastState") or {}):
            ended = state.get("terminated") or {}
            if not ended or not count:
                continue
            reason, code = ended.get("reason") or "ended", ended.get("exitCode")
            kind: FactKind = "out_of_memory" if reason == "OOMKilled" else "restart"
            why = (
                "was killed for using more memory than its limit"
                if kind == "out_of_memory"
                else f"ended ({reason}, exit code {code})"
            )
            times = f"restarted {count} {'time' if count == 1 else 'times'} in all"
            found.add(service, kind, moment(ended.get("finishedAt")), f"{each['name']} of {name} {why}; {times}")
    reason, message = trouble(pod)
    if status.get("phase") == "Pending" and reason:
        began = moment(pod["metadata"].get("creationTimestamp"))
        # It waits until now, so it belongs into the window even if it began before.
        at = max(began, found.since) if began is not None else None
        found.add(service, "pending", at, f"{name} waits: {reason}{': ' if message else ''}{message}")


def workload_of(body: Body) -> str:
    """The name of the Deployment, StatefulSet or DaemonSet of a pod or ReplicaSet; "" where it has none."""
    for owner in body["metadata"].get("ownerReferences") or ():
        name = str(owner.get("name"))
        digest = (body["metadata"].get("labels") or {}).get("pod-template-hash")
        if owner.get("kind") == "ReplicaSet" and digest:
            return name.removesuffix(f"-{digest}")
        return name
    return ""


def _images(found: Found, sets: Sequence[Body], events: Sequence[Body]) -> None:
    """Releases, rollbacks and rollout restarts: each revision against the one before."""
    by_owner: dict[str, list[Body]] = {}
    for each in sets:
        for owner in each["metadata"].get("ownerReferences") or ():
            by_owner.setdefault(str(owner.get("uid")), []).append(each)
    for history in by_owner.values():
        history.sort(key=_revision)
        for before, after in pairwise(history):
            _release(found, before, after, events)


def _release(found: Found, before: Body, after: Body, events: Sequence[Body]) -> None:
    service, name = found.names.service(after, workload_of(after)), workload_of(after)
    made, earlier = (moment(each["metadata"].get("creationTimestamp")) for each in (after, before))
    at = made
    if made is not None and earlier is not None and made < earlier:
        at = _taken_again(before, after, events)
    templates = [each["spec"]["template"] for each in (before, after)]
    former, new = (", ".join(images(each)) for each in templates)
    if former != new:
        how = "was rolled back" if at is not made else "runs another image"
        found.add(service, "image_changed", at, f"{name} {how}: {new}, before {former} (revision {_revision(after)})")
        return
    marks: list[Any] = [((each.get("metadata") or {}).get("annotations") or {}).get(RESTARTED_AT) for each in templates]
    if marks[0] != marks[1]:
        found.add(service, "restart", at, f"{name} was restarted on purpose (revision {_revision(after)})")
    elif template_of(templates[0]) != template_of(templates[1]):
        found.add(service, "image_changed", at, f"{name} has another configuration (revision {_revision(after)})")


def _taken_again(before: Body, after: Body, events: Sequence[Body]) -> datetime | None:
    """When a rollback took an older ReplicaSet instead of a newer one, as far as events still say so."""
    names = [str(each["metadata"]["name"]) for each in (after, before)]
    said = (f"Scaled up replica set {names[0]} ", f"Scaled down replica set {names[1]} ")
    made = moment(before["metadata"].get("creationTimestamp"))
    times = [moment(_last(each)) for each in events if str(each.get("message", "")).startswith(said)]
    return min((at for at in times if at is not None and made is not None and at > made), default=None)


def _revision(body: Body) -> int:
    written = (body["metadata"].get("annotations") or {}).get(REVISION, "0")
    return int(written) if str(written).isdigit() else 0


def _warnings(found: Found, events: Sequence[Body], known: Mapping[str, Body]) -> None:
    """Warnings that say something of their own, at most MOST_EVENTS of one service."""
    counted: dict[str, int] = {}
    for each in sorted(events, key=lambda each: str(_last(each)), reverse=True):
        about, reason = each.get("involvedObject") or {}, str(each.get("reason") or "")
        if each.get("type") != "Warning" or reason in MERELY:
            continue
        name = str(about.get("name") or "")
        body = known.get(name)
        service = found.names.service(body, workload_of(body)) if body else found.names.service(NOTHING, name)
        if service is None or counted.get(service, 0) >= MOST_EVENTS:
            continue
        counted[service] = counted.get(service, 0) + 1
        times = f" ({each['count']} times)" if (each.get("count") or 1) > 1 else ""
        found.add(service, "event", moment(_last(each)), f"{name}: {reason}{times}: {each.get('message') or ''}")


NOTHING: Body = {"metadata": {}}


def _last(event: Body) -> Any:
    series = event.get("series") or {}
    return series.get("lastObservedTime") or event.get("lastTimestamp") or event.get("eventTime")
