"""kubernetes.ready, kubernetes.status and kubernetes.logs: they change nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar

from pydantic import Field

from integrations.kubernetes.client import Body
from integrations.kubernetes.policy import ObjectName
from integrations.kubernetes.steps.base import POLL, WorkloadStep
from integrations.kubernetes.workloads import (
    WorkloadParameters,
    ensure_not_paused,
    restarts,
    rollout,
    trouble,
    unready,
)
from warroom.capabilities import Finished, Pending, StepCall, StepOutcome
from warroom.errors import Rejected

MOST_LINES, MOST_BYTES = 500, 256 * 1024
DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"
COUNTS = {"wanted": "how many pods it is to have", "ready": "how many are ready", "image": "the image that it runs"}


class Ready(WorkloadStep[WorkloadParameters]):
    """Waits as `kubectl rollout status` does."""

    step = "kubernetes.ready"
    about = (
        "Waits until a workload's newest pods are all there and available: its generation observed, every pod updated and available. "
        "Fails when Kubernetes gives the rollout up (progressDeadlineSeconds), or a quota forbids the pods."
    )
    parameters = WorkloadParameters
    changes: ClassVar[bool] = False
    within: ClassVar[timedelta] = timedelta(minutes=5)
    outputs: ClassVar[Mapping[str, str]] = {**COUNTS, "generation": "the generation that is ready"}
    example = "{id: ready, do: kubernetes.ready, with: {namespace: prod, deployment: checkout}, within: 5m}"

    def plan(self, parameters: WorkloadParameters) -> Sequence[str]:
        """One line."""
        return (f"Wait until the {parameters.workload.words} is ready",)

    async def run(self, parameters: WorkloadParameters, call: StepCall) -> StepOutcome:
        """One look."""
        workload, cluster = parameters.workload, self._clusters()
        body = await workload.read(cluster)
        state = rollout(workload.kind, body)
        if state.done:
            outputs = {
                "wanted": state.wanted,
                "ready": state.ready,
                "image": state.image,
                "generation": state.generation,
            }
            return Finished(outputs=outputs, said=f"{state.ready} of {state.wanted} pods are ready with {state.image}")
        ensure_not_paused(workload, body)
        pods = unready(await workload.pods(cluster, body)) if state.seen else []
        if state.stuck:
            said = f"the pods of the {workload.words} cannot be made: {state.stuck}"
            advice = "Raise the ResourceQuota of the namespace, or scale to fewer pods."
            raise Rejected(said, code="quota" if "quota" in state.stuck else "pods", advice=advice)
        if state.expired:
            said = "; ".join(
                [f"the rollout of the {workload.words} made no progress for too long: {state.said}", *pods[:2]]
            )
            advice = "Roll it back with kubernetes.rollback, or read kubernetes.logs with previous: true."
            raise Rejected(said, code="deadline", advice=advice)
        return Pending(said="; ".join([state.said, *pods[:1]]), after=POLL)


class Status(WorkloadStep[WorkloadParameters]):
    """How it is."""

    step = "kubernetes.status"
    about = "Reads how a workload is: its pods, its image, how often they were restarted, and why they are not ready."
    parameters = WorkloadParameters
    changes: ClassVar[bool] = False
    outputs: ClassVar[Mapping[str, str]] = {
        **COUNTS,
        "updated": "how many are of the newest template",
        "available": "how many are available",
        "restarts": "how often containers of these pods were restarted",
        "done": "true when every pod is of the newest template and available",
        "reason": "why pods are not ready; empty where all are",
    }
    example = "{id: before, do: kubernetes.status, with: {namespace: prod, statefulset: orders-db}}"

    def plan(self, parameters: WorkloadParameters) -> Sequence[str]:
        """One line."""
        return (f"Read the state of the {parameters.workload.words}",)

    async def run(self, parameters: WorkloadParameters, call: StepCall) -> StepOutcome:
        """One look."""
        workload, cluster = parameters.workload, self._clusters()
        body = await workload.read(cluster)
        state, pods = rollout(workload.kind, body), await workload.pods(cluster, body)
        count, why = restarts(pods), unready(pods)
        outputs = {
            "wanted": state.wanted,
            "ready": state.ready,
            "image": state.image,
            "updated": state.updated,
            "available": state.available,
            "restarts": count,
            "done": state.done,
            "reason": "; ".join([*why[:3], *([state.stuck] if state.stuck else [])]),
        }
        said = [state.said, state.image]
        said += [f"restarted {count} {'time' if count == 1 else 'times'}"] if count else []
        return Finished(outputs=outputs, said="; ".join([*said, *why[:1]]))


class LogParameters(WorkloadParameters):
    """Of which container, and how much."""

    container: ObjectName | None = Field(default=None, description="which container; by default the pod's main one")
    previous: bool = Field(default=False, description="true: what the container wrote before it was last restarted")
    lines: int = Field(default=50, ge=1, le=MOST_LINES, description=f"the last lines, at most {MOST_LINES}")


class Logs(WorkloadStep[LogParameters]):
    """Of the pod that is worst off: that is the one whose log says why."""

    step = "kubernetes.logs"
    about = "Reads the last lines of one pod of a workload: one that is not ready, else the one that was restarted most, else the first."
    parameters = LogParameters
    changes: ClassVar[bool] = False
    outputs: ClassVar[Mapping[str, str]] = {"pod": "whose log it is", "text": "the lines; empty where there are none"}
    example = "{id: last_words, do: kubernetes.logs, with: {namespace: prod, deployment: checkout, previous: true}}"

    def plan(self, parameters: LogParameters) -> Sequence[str]:
        """One line."""
        when = " before its last restart" if parameters.previous else ""
        return (f"Read the last {parameters.lines} lines that a pod of the {parameters.workload.words} wrote{when}",)

    async def run(self, parameters: LogParameters, call: StepCall) -> StepOutcome:
        """One look."""
        workload, cluster = parameters.workload, self._clusters()
        pods = await workload.pods(cluster, await workload.read(cluster))
        if parameters.previous:
            pods = [each for each in pods if restarts([each])] or pods
        if not pods:
            return Finished(outputs={"pod": "", "text": ""}, said=f"the {workload.words} has no pods")
        pod = min(pods, key=_worst_first)
        name = str(pod["metadata"]["name"])
        query = {"tailLines": str(parameters.lines), "limitBytes": str(MOST_BYTES)}
        query |= {"container": parameters.container or _main_container(pod)}
        query |= {"previous": "true"} if parameters.previous else {}
        try:
            text = await cluster.log(f"Reading the log of {name}", workload.namespace, name, query)
        except Rejected as error:
            if error.code == "400" and "not found" in str(error) and parameters.previous:
                return Finished(
                    outputs={"pod": name, "text": ""}, said=f"{name} was not restarted, so there is no earlier log"
                )
            if error.code == "400" and ("waiting to start" in str(error) or "to pull image" in str(error)):
                return Finished(outputs={"pod": name, "text": ""}, said=str(error))
            raise
        count = len(text.splitlines())
        return Finished(
            outputs={"pod": name, "text": text}, said=f"{count} {'line' if count == 1 else 'lines'} of {name}"
        )


def _worst_first(pod: Body) -> tuple[bool, int, str]:
    return not trouble(pod)[0], -restarts([pod]), str(pod["metadata"]["name"])


def _main_container(pod: Body) -> str:
    names: list[Any] = [each["name"] for each in pod["spec"]["containers"]]
    marked = (pod["metadata"].get("annotations") or {}).get(DEFAULT_CONTAINER)
    return str(marked if marked in names else names[0])
