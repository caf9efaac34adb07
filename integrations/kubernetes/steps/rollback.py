"""kubernetes.rollback: back to the template of an earlier revision, as `kubectl rollout undo` does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from pydantic import Field

from integrations.kubernetes.client import JSON_PATCH, Body, Cluster
from integrations.kubernetes.steps.base import WorkloadStep, begin, cannot_be_told, same_object, unchanged
from integrations.kubernetes.workloads import (
    Workload,
    WorkloadParameters,
    ensure_rolls,
    images,
    selector,
    template_of,
    without_restart,
)
from warroom.capabilities import Finished, StepCall, StepOutcome
from warroom.errors import Rejected

REVISION = "deployment.kubernetes.io/revision"
HISTORY = {"deployment": "replicasets"}
"""Where the revisions of a workload are kept; those of the others are ControllerRevisions."""


class RollbackParameters(WorkloadParameters):
    """To which revision."""

    revision: int | None = Field(
        default=None,
        ge=1,
        description="which revision, as `kubectl rollout history` counts; by default the newest earlier one that differs in more "
        "than a restart",
    )


class Rollback(WorkloadStep[RollbackParameters]):
    """Writes only where the spec is still the one that was read: a JSON patch that tests the generation."""

    step = "kubernetes.rollback"
    about = (
        "Takes a workload back to the pods' template of an earlier revision, as `kubectl rollout undo` does. Does not wait for the "
        "pods: use kubernetes.ready."
    )
    parameters = RollbackParameters
    changes: ClassVar[bool] = True
    undoes: ClassVar[bool] = True
    outputs: ClassVar[Mapping[str, str]] = {
        "revision": "the revision whose template runs again",
        "image": "the image that runs again",
        "former_image": "the image that ran before",
        "generation": "the generation of the workload after the rollback",
    }
    example = "{id: back, do: kubernetes.rollback, with: {namespace: prod, deployment: checkout}}"

    def plan(self, parameters: RollbackParameters) -> Sequence[str]:
        """One line."""
        to = f"revision {parameters.revision}" if parameters.revision else "the release before"
        return (f"Roll the {parameters.workload.words} back to {to}: its pods are replaced one by one",)

    def undo_plan(self, parameters: RollbackParameters) -> Sequence[str]:
        """One line."""
        return (f"Bring the {parameters.workload.words} forward to the release that ran before the rollback",)

    async def run(self, parameters: RollbackParameters, call: StepCall) -> StepOutcome:
        """Chooses the revision, then writes its template."""
        workload, cluster = parameters.workload, self._clusters()
        if call.memory:
            return await _write(cluster, workload, call.memory)
        body = await workload.read(cluster)
        ensure_rolls(workload, body)
        history = await _history(cluster, workload, body)
        chosen = _chosen(workload, body, history, parameters.revision)
        current = next((each for each in history if _same(each, body)), None)
        return begin(
            f"Rolling {workload.name} back to revision {chosen.number}",
            body,
            to=chosen.name,
            revision=chosen.number,
            former=current.name if current else "",
            former_image=", ".join(images(body["spec"]["template"])),
        )

    async def look(self, parameters: RollbackParameters, call: StepCall) -> StepOutcome | None:
        """By the template; else by the generation."""
        if not call.memory:
            return None
        workload, cluster = parameters.workload, self._clusters()
        body = await workload.read(cluster)
        same_object(workload, body, call.memory)
        if unchanged(body, call.memory):
            return None
        chosen = await _revision(cluster, workload, body, str(call.memory["to"]))
        if _same(chosen, body):
            return _finished(body, call.memory)
        raise cannot_be_told(workload, "rolled back")

    async def undo(self, parameters: RollbackParameters, done: Mapping[str, Any], call: StepCall) -> StepOutcome:
        """Forward to the template that ran before."""
        workload, cluster = parameters.workload, self._clusters()
        if not done.get("former"):
            said = f"the revision that ran before is not in the history of the {workload.words}"
            raise Rejected(said, code="no_revision", advice="Deploy it again.")
        body = await workload.read(cluster)
        former = await _revision(cluster, workload, body, str(done["former"]))
        if _same(former, body):
            return Finished(said=f"{workload.name} runs the former release again")
        memory = {"uid": body["metadata"]["uid"], "generation": body["metadata"]["generation"], "to": former.name}
        memory |= {"revision": former.number, "former": "", "former_image": ", ".join(images(body["spec"]["template"]))}
        await _write(cluster, workload, memory)
        return Finished(said=f"{workload.name} runs the former release again")


class _Revision:
    """One entry of a workload's history."""

    def __init__(self, kind: str, body: Body) -> None:
        self.name = str(body["metadata"]["name"])
        if kind == "deployment":
            self.number = int((body["metadata"].get("annotations") or {}).get(REVISION, "0"))
            self.template: Any = body["spec"]["template"]
        else:
            self.number = int(body.get("revision") or 0)
            self.template = ((body.get("data") or {}).get("spec") or {}).get("template") or {}


async def _history(cluster: Cluster, workload: Workload, body: Body) -> list[_Revision]:
    """The newest first."""
    plural = HISTORY.get(workload.kind, "controllerrevisions")
    what = f"Reading the history of the {workload.words}"
    uid = body["metadata"]["uid"]
    found = [
        _Revision(workload.kind, each)
        for each in await cluster.list(what, plural, workload.namespace, selector(body))
        if any(owner.get("uid") == uid for owner in each["metadata"].get("ownerReferences") or ())
    ]
    return sorted(found, key=lambda each: each.number, reverse=True)


async def _revision(cluster: Cluster, workload: Workload, body: Body, name: str) -> _Revision:
    found = (each for each in await _history(cluster, workload, body) if each.name == name)
    revision = next(found, None)
    if revision is None:
        said = f"the revision {name} is no longer in the history of the {workload.words}"
        raise Rejected(said, code="no_revision", advice="Name another one with `revision`, or deploy it again.")
    return revision


def _chosen(workload: Workload, body: Body, history: Sequence[_Revision], number: int | None) -> _Revision:
    """Raises Rejected where there is none."""
    if number is not None:
        found = next((each for each in history if each.number == number), None)
        if found is not None and _same(found, body):
            said = f"the {workload.words} is at revision {number} already"
            raise Rejected(said, code="same_revision", advice="Name another one.")
    else:
        current = without_restart(template_of(body["spec"]))
        newest = next((each.number for each in history if _same(each, body)), None)
        earlier = [each for each in history if newest is None or each.number < newest]
        found = next((each for each in earlier if without_restart(template_of(each.template)) != current), None)
    if found is None:
        known = ", ".join(f"{each.number} ({', '.join(images(each.template))})" for each in history)
        said = (
            f"the {workload.words} has no revision {number}"
            if number
            else f"no earlier release of the {workload.words} is kept"
        )
        raise Rejected(said, code="no_revision", advice=f"Those kept are: {known}." if known else "Deploy it again.")
    return found


def _same(revision: _Revision, body: Body) -> bool:
    return bool(template_of(revision.template) == template_of(body["spec"]))


async def _write(cluster: Cluster, workload: Workload, memory: Mapping[str, Any]) -> Finished:
    """Raises Retryable or Rejected."""
    body = await workload.read(cluster)
    same_object(workload, body, memory)
    if not unchanged(body, memory):
        raise _changed(workload)
    chosen = await _revision(cluster, workload, body, str(memory["to"]))
    patch = [
        {"op": "test", "path": "/metadata/generation", "value": memory["generation"]},
        {"op": "test", "path": "/metadata/uid", "value": memory["uid"]},
        {"op": "replace", "path": "/spec/template", "value": template_of(chosen.template)},
    ]
    what = f"Rolling the {workload.words} back"
    where = (workload.plural, workload.namespace, workload.name)
    try:
        return _finished(await cluster.patch(what, JSON_PATCH, patch, *where), memory)
    except Rejected as error:
        if error.code == "422" and "test" in str(error):
            raise _changed(workload) from error
        raise


def _changed(workload: Workload) -> Rejected:
    said = f"somebody changed the {workload.words} just before it was rolled back, so it was left alone"
    return Rejected(said, code="conflict", advice="Look at what they deployed, then run the step again.")


def _finished(body: Body, memory: Mapping[str, Any]) -> Finished:
    image = ", ".join(images(body["spec"]["template"]))
    outputs = {
        "revision": memory["revision"],
        "image": image,
        "former_image": memory["former_image"],
        "generation": body["metadata"]["generation"],
    }
    return Finished(outputs=outputs, said=f"rolled back to {image}", undo={"former": memory["former"]})
