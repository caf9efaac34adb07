"""Deployments, StatefulSets and DaemonSets: what they are called, how far their rollout is, what keeps their pods from being ready."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from integrations.kubernetes.client import Body, Cluster
from integrations.kubernetes.policy import NamespaceName, ObjectName, short
from warroom.errors import Rejected
from warroom.policy.mistake import Wrong

PLURALS = {"deployment": "deployments", "statefulset": "statefulsets", "daemonset": "daemonsets"}
KINDS = {"deployment": "Deployment", "statefulset": "StatefulSet", "daemonset": "DaemonSet"}
LIMITS = ("namespaces", *PLURALS.values())
"""The keys of remediation.allow.kubernetes."""
RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"
"""The annotation of the pods' template by which `kubectl rollout restart` replaces them."""


@dataclass(frozen=True, slots=True)
class Workload:
    """Which one is meant."""

    namespace: str
    kind: str
    name: str

    @property
    def plural(self) -> str:
        """As in addresses."""
        return PLURALS[self.kind]

    @property
    def words(self) -> str:
        """As people call it."""
        return f"{self.kind} {self.name} in {self.namespace}"

    @property
    def target(self) -> str:
        """As two runs compare it."""
        return f"kubernetes:{self.namespace}/{self.kind}/{self.name}"

    async def read(self, cluster: Cluster) -> Body:
        """The object. Raises Retryable or Rejected."""
        return await cluster.get(f"Reading the {self.words}", self.plural, self.namespace, self.name)

    async def pods(self, cluster: Cluster, body: Body) -> list[Body]:
        """Its pods, by its selector. Raises Retryable or Rejected."""
        labels = selector(body)
        if not labels:
            raise Rejected(f"the selector of the {self.words} cannot be read", code="selector", advice="Use kubectl.")
        return await cluster.list(f"Reading the pods of the {self.words}", "pods", self.namespace, labels)


class WorkloadParameters(BaseModel):
    """Which workload: its namespace, and one of deployment, statefulset and daemonset."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    namespace: NamespaceName = Field(description="the namespace it is in")
    deployment: ObjectName | None = Field(default=None, description="the name of a Deployment")
    statefulset: ObjectName | None = Field(default=None, description="the name of a StatefulSet, instead of deployment")
    daemonset: ObjectName | None = Field(default=None, description="the name of a DaemonSet, instead of deployment")

    @model_validator(mode="after")
    def _one(self) -> Self:
        named = [kind for kind in PLURALS if getattr(self, kind) is not None]
        if len(named) != 1:
            raise Wrong(
                "names " + (" and ".join(named) or "no workload"), "name one: deployment, statefulset or daemonset"
            )
        return self

    @property
    def workload(self) -> Workload:
        """Which one is meant."""
        kind = next(kind for kind in PLURALS if getattr(self, kind) is not None)
        return Workload(self.namespace, kind, getattr(self, kind))


def selector(body: Body) -> str:
    """The selector of its pods, as a query has it."""
    said = (body.get("spec") or {}).get("selector") or {}
    parts = [f"{key}={value}" for key, value in (said.get("matchLabels") or {}).items()]
    for each in said.get("matchExpressions") or ():
        operator, values = each.get("operator"), ",".join(each.get("values") or ())
        if operator in ("In", "NotIn"):
            parts.append(f"{each['key']} {operator.lower()} ({values})")
        elif operator in ("Exists", "DoesNotExist"):
            parts.append(f"{'!' if operator == 'DoesNotExist' else ''}{each['key']}")
    return ",".join(parts)


@dataclass(frozen=True, slots=True)
class Rollout:
    """How far the pods are what the spec says."""

    wanted: int
    total: int
    updated: int
    ready: int
    available: int
    seen: bool
    """Whether the controller has looked at the newest spec."""
    generation: int
    image: str
    stuck: str = ""
    """What the controller says when it gave up, or cannot make pods."""
    expired: bool = False
    """The rollout made no progress for the Deployment's progressDeadlineSeconds."""

    @property
    def done(self) -> bool:
        """All pods are those of the newest spec, and available."""
        return self.seen and self.updated == self.total == self.available == self.wanted

    @property
    def said(self) -> str:
        """In one line."""
        if not self.seen:
            return "the change is not observed yet"
        said = f"{self.ready} of {self.wanted} pods are ready"
        return (
            said
            if self.updated >= self.wanted
            else f"{said}, {self.updated} of {self.wanted} are of the newest template"
        )


def rollout(kind: str, body: Body) -> Rollout:
    """How far it is."""
    spec, status, meta = body["spec"], body.get("status") or {}, body["metadata"]
    seen = (status.get("observedGeneration") or 0) >= meta.get("generation", 0)
    conditions = {each["type"]: each for each in status.get("conditions") or ()}
    progress, failed = conditions.get("Progressing") or {}, conditions.get("ReplicaFailure") or {}
    expired = progress.get("reason") == "ProgressDeadlineExceeded"
    stuck = str(failed.get("message") or "") if failed.get("status") == "True" else ""
    image = ", ".join(images(spec["template"]))
    if kind == "daemonset":
        counted = ("currentNumberScheduled", "updatedNumberScheduled", "numberReady", "numberAvailable")
        wanted = status.get("desiredNumberScheduled") or 0
    else:
        counted = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
        wanted = spec.get("replicas", 1)
    total, updated, ready, available = (status.get(each) or 0 for each in counted)
    if kind == "statefulset":
        partition = ((spec.get("updateStrategy") or {}).get("rollingUpdate") or {}).get("partition") or 0
        updated = min(wanted, updated + min(partition, wanted))
    return Rollout(
        *(wanted, total, updated, ready, available, seen, meta.get("generation", 0), image),
        stuck=short(stuck),
        expired=expired and seen,
    )


def images(template: Body) -> list[str]:
    """Those of its containers."""
    return [str(each.get("image", "")) for each in (template.get("spec") or {}).get("containers") or ()]


def template_of(body: Body) -> Any:
    """The pods' template without what controllers add, to be compared: what is null or empty is as if it were not there."""
    template = dict(body["template"]) if "template" in body else dict(body)
    template.pop("$patch", None)
    meta = {key: value for key, value in (template.get("metadata") or {}).items() if key != "creationTimestamp"}
    meta["labels"] = {key: each for key, each in (meta.get("labels") or {}).items() if key != "pod-template-hash"}
    return _said(template | {"metadata": meta})


def without_restart(template: Any) -> Any:
    """The template without the mark of the last restart."""
    meta = template.get("metadata") or {}
    marks = {key: value for key, value in (meta.get("annotations") or {}).items() if key != RESTARTED_AT}
    return _said({**template, "metadata": {**meta, "annotations": marks}})


def _said(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: said for key, each in value.items() if (said := _said(each)) not in (None, {}, [], "")}
    return [_said(each) for each in value] if isinstance(value, list) else value


def restarts(pods: Sequence[Body]) -> int:
    """How often containers of these pods were restarted."""
    statuses = [each for pod in pods for each in (pod.get("status") or {}).get("containerStatuses") or ()]
    return sum(each.get("restartCount") or 0 for each in statuses)


def unready(pods: Sequence[Body]) -> list[str]:
    """Why pods are not ready, each reason once: "checkout-7d-x is in ImagePullBackOff: …"."""
    found: dict[str, str] = {}
    for pod in pods:
        reason, more = trouble(pod)
        if reason:
            found.setdefault(reason, f"{pod['metadata']['name']} is in {reason}{': ' if more else ''}{short(more)}")
    return [*found.values()]


def trouble(pod: Body) -> tuple[str, str]:
    """(reason, message) of a pod that waits or crashes; ("", "") of another."""
    status: Mapping[str, Any] = pod.get("status") or {}
    for each in (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())):
        waiting = (each.get("state") or {}).get("waiting") or {}
        reason = str(waiting.get("reason") or "")
        if reason and reason not in ("ContainerCreating", "PodInitializing"):
            last = ((each.get("lastState") or {}).get("terminated") or {}).get("reason")
            return reason, f"last ended with {last}" if last else str(waiting.get("message") or "")
    for each in status.get("conditions") or ():
        if each.get("type") == "PodScheduled" and each.get("status") == "False":
            return str(each.get("reason") or "Pending"), str(each.get("message") or "")
    return "", ""


def ensure_rolls(workload: Workload, body: Body) -> None:
    """Raises Rejected where a change of the template replaces no pods."""
    ensure_not_paused(workload, body)
    if (body["spec"].get("updateStrategy") or {}).get("type") == "OnDelete":
        advice = "Delete its pods one by one, or set its updateStrategy to RollingUpdate."
        said = f"the {workload.words} replaces a pod only when somebody deletes it (OnDelete)"
        raise Rejected(said, code="on_delete", advice=advice)


def ensure_not_paused(workload: Workload, body: Body) -> None:
    """Raises Rejected where somebody paused the rollout: it goes on only when somebody resumes it."""
    if body["spec"].get("paused"):
        advice = f"Resume it: kubectl rollout resume deployment/{workload.name} -n {workload.namespace}"
        raise Rejected(f"the rollout of the {workload.words} is paused", code="paused", advice=advice)


def moment(written: object) -> datetime | None:
    """A time as Kubernetes writes it; None where there is none."""
    try:
        at = datetime.fromisoformat(str(written))
    except ValueError:
        return None
    return at if at.tzinfo else None
