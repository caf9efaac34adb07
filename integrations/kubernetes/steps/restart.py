"""kubernetes.restart: replace the pods one by one, as `kubectl rollout restart` does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from integrations.kubernetes.client import STRATEGIC, Body
from integrations.kubernetes.steps.base import WorkloadStep, begin, cannot_be_told, same_object, unchanged
from integrations.kubernetes.workloads import RESTARTED_AT, WorkloadParameters, ensure_rolls
from warroom.capabilities import Finished, StepCall, StepOutcome


class Restart(WorkloadStep[WorkloadParameters]):
    """The mark in the template is the time at which this try began: made twice it is the same, and replaces nothing twice."""

    step = "kubernetes.restart"
    about = "Replaces all pods of a workload one by one, as `kubectl rollout restart` does. Does not wait for them: use kubernetes.ready."
    parameters = WorkloadParameters
    changes: ClassVar[bool] = True
    outputs: ClassVar[Mapping[str, str]] = {
        "generation": "the generation of the workload after the restart",
        "restarted_at": "the time that marks the new pods",
        "image": "the image that runs",
    }
    example = "{id: restart, do: kubernetes.restart, with: {namespace: prod, deployment: checkout}}"

    def plan(self, parameters: WorkloadParameters) -> Sequence[str]:
        """One line."""
        return (f"Restart the {parameters.workload.words}: its pods are replaced one by one",)

    async def run(self, parameters: WorkloadParameters, call: StepCall) -> StepOutcome:
        """Reads, then marks the template."""
        workload, cluster = parameters.workload, self._clusters()
        if not call.memory:
            body = await workload.read(cluster)
            ensure_rolls(workload, body)
            return begin(f"Restarting the {workload.words}", body)
        mark = {"spec": {"template": {"metadata": {"annotations": {RESTARTED_AT: _mark(call)}}}}}
        where = (workload.plural, workload.namespace, workload.name)
        return _done(await cluster.patch(f"Restarting the {workload.words}", STRATEGIC, mark, *where), call)

    async def look(self, parameters: WorkloadParameters, call: StepCall) -> StepOutcome | None:
        """By the mark; else by the generation: where it is the same as before, nothing happened."""
        if not call.memory:
            return None
        workload = parameters.workload
        body = await workload.read(self._clusters())
        same_object(workload, body, call.memory)
        annotations = (body["spec"]["template"].get("metadata") or {}).get("annotations") or {}
        if annotations.get(RESTARTED_AT) == _mark(call):
            return _done(body, call)
        if unchanged(body, call.memory):
            return None
        raise cannot_be_told(workload, "restarted")


def _mark(call: StepCall) -> str:
    return call.begun_at.isoformat()


def _done(body: Body, call: StepCall) -> Finished:
    meta, containers = body["metadata"], body["spec"]["template"]["spec"]["containers"]
    outputs = {
        "generation": meta["generation"],
        "restarted_at": _mark(call),
        "image": ", ".join(each["image"] for each in containers),
    }
    return Finished(outputs=outputs, said=f"{meta['name']} is being restarted")
