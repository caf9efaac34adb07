"""kubernetes.scale: more or fewer pods; also down and back up again."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BeforeValidator, Field

from integrations.kubernetes.client import MERGE, Body, Cluster
from integrations.kubernetes.policy import short
from integrations.kubernetes.steps.base import POLL, WorkloadStep, begin, same_object
from integrations.kubernetes.workloads import KINDS, Workload, WorkloadParameters, rollout, unready
from warroom.capabilities import Finished, Pending, StepCall, StepOutcome
from warroom.errors import Rejected
from warroom.policy.mistake import Wrong, shown

MOST = 1000
"""Pods of one workload; a typing mistake should not order more."""
_REPLICAS = re.compile(r"[+-]?\d{1,4}", re.ASCII)


def _replicas(said: str) -> str:
    if not _REPLICAS.fullmatch(said) or int(said) > MOST:
        raise Wrong(f"{shown(said)} is no number of pods", f"a number up to {MOST}, or +2 or -1 to add or take away")
    return said


def _no_daemonset(said: str | None) -> str | None:
    if said is not None:
        raise Wrong("a DaemonSet cannot be scaled", "it has one pod on each node")
    return said


class ScaleParameters(WorkloadParameters):
    """How many pods."""

    daemonset: Annotated[str | None, AfterValidator(_no_daemonset)] = Field(
        default=None, description="cannot be scaled: it has one pod on each node"
    )
    replicas: Annotated[
        str,
        BeforeValidator(lambda said: str(said) if isinstance(said, int) and not isinstance(said, bool) else said),
        AfterValidator(_replicas),
    ] = Field(description="how many pods it is to have: 5, or +2 or -1 to add or take away")
    back: bool = Field(default=False, description="true: once that is reached, back to the number before")
    wait: bool = Field(default=True, description="false: do not wait for the pods")
    despite_budget: bool = Field(
        default=False, description="true: also to fewer pods than a PodDisruptionBudget wants to stay"
    )


class Scale(WorkloadStep[ScaleParameters]):
    """Goes through phases, each stored before the next call: set, wait, and with `back` return, wait_back."""

    step = "kubernetes.scale"
    about = (
        "Changes how many pods a Deployment or StatefulSet has, and waits for them; with `back: true` to that number and back, "
        "which ends all its pods and starts new ones."
    )
    parameters = ScaleParameters
    changes: ClassVar[bool] = True
    undoes: ClassVar[bool] = True
    within: ClassVar[timedelta] = timedelta(minutes=5)
    outputs: ClassVar[Mapping[str, str]] = {
        "before": "how many pods it was to have before",
        "replicas": "how many it is to have now",
        "ready": "how many are ready",
    }
    example = "{id: more, do: kubernetes.scale, with: {namespace: prod, deployment: checkout, replicas: '+2'}}"

    def plan(self, parameters: ScaleParameters) -> Sequence[str]:
        """One line, or two."""
        workload, said = parameters.workload, parameters.replicas
        if said[0] == "+":
            lines = [f"Add {_pods(said[1:])} to the {workload.words}"]
        elif said[0] == "-":
            lines = [f"Take {_pods(said[1:])} away from the {workload.words}"]
        else:
            lines = [f"Scale the {workload.words} to {_pods(said)}"]
        return [*lines, "Scale it back to the number before"] if parameters.back else lines

    def undo_plan(self, parameters: ScaleParameters) -> Sequence[str]:
        """One line."""
        return (f"Scale the {parameters.workload.words} back to the number before",)

    async def run(self, parameters: ScaleParameters, call: StepCall) -> StepOutcome:
        """The next phase."""
        workload, cluster, memory = parameters.workload, self._clusters(), call.memory
        phase = memory.get("phase", "")
        if phase == "":
            return await self._first(parameters, cluster)
        if phase in ("set", "return"):
            await _set(cluster, workload, int(memory["to" if phase == "set" else "before"]))
            return _next(parameters, memory, phase)
        body = await workload.read(cluster)
        return await self._waited(parameters, call, cluster, body)

    async def look(self, parameters: ScaleParameters, call: StepCall) -> StepOutcome | None:
        """By the number of pods that it is to have: what is not so yet may be asked for again."""
        workload, memory = parameters.workload, call.memory
        phase = memory.get("phase", "")
        if phase not in ("set", "return"):
            return None
        body = await workload.read(self._clusters())
        same_object(workload, body, memory)
        goal = memory["to" if phase == "set" else "before"]
        return _next(parameters, memory, phase) if body["spec"].get("replicas", 1) == goal else None

    async def undo(self, parameters: ScaleParameters, done: Mapping[str, Any], call: StepCall) -> StepOutcome:
        """Back to the number before."""
        workload, cluster, before = parameters.workload, self._clusters(), int(done["before"])
        body = await workload.read(cluster)
        if body["spec"].get("replicas", 1) != before:
            await _set(cluster, workload, before)
        return Finished(outputs={"replicas": before}, said=f"{workload.name} is to have {_pods(before)} again")

    async def _first(self, parameters: ScaleParameters, cluster: Cluster) -> StepOutcome:
        workload = parameters.workload
        body = await workload.read(cluster)
        before = int(body["spec"].get("replicas", 1))
        said = int(parameters.replicas)
        wanted = said if parameters.replicas[0] not in "+-" else before + said
        if not 0 <= wanted <= MOST:
            raise Rejected(
                f"the {workload.words} has {_pods(before)}, so it cannot have {wanted}",
                code="replicas",
                advice=f"Ask for a number between 0 and {MOST}.",
            )
        autoscaler = await _autoscaler(cluster, workload)
        if autoscaler is not None:
            _ensure_agrees(autoscaler, workload, wanted, temporary=parameters.back)
        if wanted < before and not parameters.despite_budget:
            await _ensure_budget(cluster, workload, body, wanted)
        known = {"autoscaler": str(autoscaler["metadata"]["name"])} if autoscaler is not None else {}
        doing = f"Scaling {workload.name} from {before} to {wanted}"
        return begin(doing, body, phase="set", before=before, to=wanted, **known)

    async def _waited(self, parameters: ScaleParameters, call: StepCall, cluster: Cluster, body: Body) -> StepOutcome:
        workload, memory = parameters.workload, call.memory
        goal = int(memory["to" if memory["phase"] == "wait" else "before"])
        now_wanted, state = int(body["spec"].get("replicas", 1)), rollout(workload.kind, body)
        if now_wanted != goal:
            raise await _fought_back(cluster, workload, goal, now_wanted)
        if state.stuck:
            raise Rejected(
                f"the pods of the {workload.words} cannot be made: {state.stuck}",
                code="quota" if "quota" in state.stuck else "pods",
                advice="Raise the ResourceQuota of the namespace, or scale to fewer pods.",
            )
        if not (state.seen and state.total == state.ready == goal):
            pods = unready(await workload.pods(cluster, body)) if state.ready < goal else []
            return Pending(said="; ".join([state.said, *pods[:1]]), after=POLL, memory=dict(memory))
        if memory["phase"] == "wait" and parameters.back:
            said = f"{workload.name} has {_pods(goal)}, going back to {memory['before']}"
            return Pending(said=said, after=timedelta(0), memory={**memory, "phase": "return"})
        return _finished(memory, goal, state.ready)


def _next(parameters: ScaleParameters, memory: Mapping[str, Any], phase: str) -> StepOutcome:
    """What follows once the number is set."""
    if phase == "set" and not parameters.wait and not parameters.back:
        return _finished(memory, int(memory["to"]), None)
    goal = memory["to" if phase == "set" else "before"]
    waiting = {**memory, "phase": "wait" if phase == "set" else "wait_back"}
    return Pending(said=f"waiting for {_pods(goal)}", after=timedelta(seconds=2), memory=waiting)


def _finished(memory: Mapping[str, Any], goal: int, ready: int | None) -> Finished:
    outputs = {"before": memory["before"], "replicas": goal, "ready": ready if ready is not None else ""}
    said = f"scaled from {memory['before']} to {goal}" if goal != memory["before"] else f"{goal} new pods are ready"
    if name := memory.get("autoscaler"):
        said = f"{said}; the autoscaler {name} may change it again"
    return Finished(outputs=outputs, said=said, undo={"before": memory["before"]})


async def _set(cluster: Cluster, workload: Workload, replicas: int) -> None:
    what = f"Scaling the {workload.words} to {replicas}"
    where = (workload.plural, workload.namespace, workload.name, "scale")
    await cluster.patch(what, MERGE, {"spec": {"replicas": replicas}}, *where)


async def _autoscaler(cluster: Cluster, workload: Workload) -> Body | None:
    """The autoscaler of the workload, or None."""
    what = f"Looking for an autoscaler of the {workload.words}"
    for each in await cluster.list(what, "horizontalpodautoscalers", workload.namespace):
        target = each["spec"]["scaleTargetRef"]
        if (target.get("kind"), target.get("name")) == (KINDS[workload.kind], workload.name):
            return each
    return None


def _ensure_agrees(found: Body, workload: Workload, wanted: int, *, temporary: bool) -> None:
    """Raises Rejected where the autoscaler would set it back. At 0 it is off, so going there and back is no fight."""
    if temporary and wanted == 0:
        return
    least, most = found["spec"].get("minReplicas", 1), found["spec"]["maxReplicas"]
    if wanted != 0 and not least <= wanted <= most:
        name = found["metadata"]["name"]
        said = f"the autoscaler {name} keeps the {workload.words} between {least} and {_pods(most)}, so it would undo {wanted}"
        advice = f"Change its {'minReplicas' if wanted < least else 'maxReplicas'}, or scale to a number between."
        raise Rejected(said, code="autoscaler", advice=advice)


async def _fought_back(cluster: Cluster, workload: Workload, goal: int, now: int) -> Rejected:
    """Somebody set another number while the step waited."""
    found = await _autoscaler(cluster, workload)
    if found is None:
        said = f"somebody else scaled the {workload.words} to {now} while the step waited for {goal}"
        return Rejected(said, code="scaled", advice="Ask in the room who it was, then run the step again.")
    spec, name = found["spec"], found["metadata"]["name"]
    said = f"the autoscaler {name} scaled the {workload.words} to {now} while the step waited for {goal}"
    least, most = spec.get("minReplicas", 1), spec["maxReplicas"]
    advice = f"It follows the load between {least} and {_pods(most)}: change its minReplicas or maxReplicas instead."
    return Rejected(said, code="autoscaler", advice=advice)


async def _ensure_budget(cluster: Cluster, workload: Workload, body: Body, wanted: int) -> None:
    """Raises Rejected where fewer pods would stay than a PodDisruptionBudget wants. Kubernetes itself does not ask it about scaling."""
    labels = (body["spec"]["template"].get("metadata") or {}).get("labels") or {}
    what = f"Looking for a disruption budget of the {workload.words}"
    for each in await cluster.list(what, "poddisruptionbudgets", workload.namespace):
        spec = each["spec"]
        match = (spec.get("selector") or {}).get("matchLabels") or {}
        if not match or not match.items() <= labels.items() or "minAvailable" not in spec:
            continue
        least = _least(spec["minAvailable"], int(body["spec"].get("replicas", 1)))
        if wanted < least:
            name = short(each["metadata"]["name"])
            said = f"the PodDisruptionBudget {name} wants {_pods(least)} of the {workload.words} to stay, and {wanted} would"
            advice = f"Scale to {least} or more, or write despite_budget: true where that is meant."
            raise Rejected(said, code="budget", advice=advice)


def _least(written: int | str, of: int) -> int:
    if isinstance(written, int):
        return written
    share = written.removesuffix("%")
    return math.ceil(of * int(share) / 100) if share.isdigit() else 0


def _pods(count: int | str) -> str:
    return f"{int(count)} pod" if int(count) == 1 else f"{int(count)} pods"
