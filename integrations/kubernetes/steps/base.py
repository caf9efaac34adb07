"""What the kinds of steps have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar, TypeVar

from integrations.kubernetes.client import Body, Cluster
from integrations.kubernetes.workloads import LIMITS, Workload, WorkloadParameters
from warroom.capabilities import Pending, StepKind
from warroom.errors import Rejected

Clusters = Callable[[], Cluster]
"""The cluster; raises Rejected while it is not set up."""

POLL = timedelta(seconds=5)
"""Between two looks at a rollout."""

P = TypeVar("P", bound=WorkloadParameters)


class WorkloadStep(StepKind[P]):
    """A step about one workload. The policy bounds it by namespace and name."""

    limits: ClassVar[tuple[str, ...]] = LIMITS

    def __init__(self, clusters: Clusters) -> None:
        self._clusters = clusters

    def scope(self, parameters: P) -> Sequence[tuple[str, str]]:
        """The namespace and the name."""
        workload = parameters.workload
        return (("namespaces", workload.namespace), (workload.plural, workload.name))

    def targets(self, parameters: P) -> Sequence[str]:
        """The workload, where it is changed."""
        return (parameters.workload.target,) if self.changes else ()


def begin(said: str, body: Body, **more: Any) -> Pending:
    """What a changing step answers before it changes anything: how things are is stored first, so that it can be told later whether
    the change happened.
    """
    meta = body["metadata"]
    memory = {"uid": meta["uid"], "generation": meta.get("generation", 0), **more}
    return Pending(said=said, after=timedelta(0), memory=memory)


def same_object(workload: Workload, body: Body, memory: Mapping[str, Any]) -> None:
    """Raises Rejected where the workload was deleted and made anew since the step began."""
    if body["metadata"]["uid"] != memory["uid"]:
        said = f"the {workload.words} was deleted and made anew since the step began"
        raise Rejected(said, code="replaced", advice="Look at it, then run the runbook again.")


def unchanged(body: Body, memory: Mapping[str, Any]) -> bool:
    """Whether nobody changed the spec since the step began: then an earlier call did not either."""
    return bool(body["metadata"].get("generation", 0) == memory["generation"])


def cannot_be_told(workload: Workload, what: str) -> Rejected:
    """Somebody changed the spec, and it cannot be told whether that was us."""
    said = f"the {workload.words} was changed since the step began, and not as the step would: whether it was {what} cannot be told"
    advice = f"Compare: kubectl rollout history {workload.kind}/{workload.name} -n {workload.namespace}"
    return Rejected(said, code="changed", advice=advice)
