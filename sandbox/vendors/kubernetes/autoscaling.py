"""The autoscaler, which fights back, and the budget of disruptions."""

from __future__ import annotations

import copy
import math
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

from sandbox.vendors.kubernetes.engine import Engine
from sandbox.vendors.kubernetes.pods import condition, ready, staying
from sandbox.vendors.kubernetes.resources import BY_KIND, Body
from sandbox.vendors.kubernetes.selectors import by_spec
from sandbox.vendors.kubernetes.store import timestamp

EVERY = 15.0
"""Seconds between two looks of the autoscaler."""
STABILISED = timedelta(minutes=5)
"""It scales down to the highest of what it recommended within this time."""
TOLERANCE = 0.1

Load = Callable[[str, str], float]
"""The load of a workload by (namespace, name): the sum of its pods' CPU, in per cent of one pod's request."""


class Autoscaler:
    """Looks at every HorizontalPodAutoscaler, every 15 seconds."""

    def __init__(self, engine: Engine, load: Load) -> None:
        self._engine, self.load = engine, load
        self._recommended: dict[str, deque[tuple[datetime, int]]] = {}
        self._running = False

    def begin(self) -> None:
        """Once there is one."""
        if not self._running:
            self._running = True
            self._engine.later(EVERY, self._look)

    def _look(self) -> None:
        for each in [*self._engine.store.all("horizontalpodautoscalers")]:
            self._scale(each)
        self._engine.later(EVERY, self._look)

    def _scale(self, body: Body) -> None:
        engine, spec, meta = self._engine, body["spec"], body["metadata"]
        plural = BY_KIND[spec["scaleTargetRef"]["kind"]].plural
        target = engine.store.find(plural, meta["namespace"], spec["scaleTargetRef"]["name"])
        if target is None:
            return
        now, current = engine.now, target["spec"]["replicas"]
        load = self.load(meta["namespace"], target["metadata"]["name"])
        goal = spec["metrics"][0]["resource"]["target"]["averageUtilization"]
        if current == 0:
            said = "scaling is disabled since the replica count of the target is zero"
            off = condition("ScalingActive", False, "ScalingDisabled", said, now)
            self._tell(body, 0, 0, None, [off])
            return
        use = load / current
        wanted = current if abs(use / goal - 1) <= TOLERANCE else math.ceil(load / goal)
        wanted = min(max(wanted, spec.get("minReplicas", 1)), spec["maxReplicas"])
        kept = self._recommended.setdefault(meta["uid"], deque())
        kept.append((now, wanted))
        while kept[0][0] < now - STABILISED:
            kept.popleft()
        if wanted < current:
            wanted = min(current, max(each for _, each in kept))
        on = [
            condition("AbleToScale", True, "ReadyForNewScale", "recommended size matches current size", now),
            condition("ScalingActive", True, "ValidMetricFound", "the HPA was able to compute the replica count", now),
            condition("ScalingLimited", wanted in (spec["maxReplicas"],), "DesiredWithinRange", "", now),
        ]
        self._tell(body, current, wanted, use, on)
        if wanted != current:
            why = "cpu resource utilization (percentage of request) above target"
            why = why if wanted > current else "All metrics below target"
            engine.event(body, "SuccessfulRescale", f"New size: {wanted}; reason: {why}")
            made = copy.deepcopy(target)
            made["spec"]["replicas"] = wanted
            engine.store.put(plural, made)
            engine.spec_changed(plural, meta["namespace"], target["metadata"]["name"])

    def _tell(self, body: Body, current: int, wanted: int, use: float | None, conditions: list[Body]) -> None:
        before = body.get("status", {})
        known = {each["type"]: each for each in before.get("conditions", [])}
        same = [
            known[each["type"]] if known.get(each["type"], {}).get("status") == each["status"] else each
            for each in conditions
        ]
        status: Body = {"currentReplicas": current, "desiredReplicas": wanted, "conditions": same}
        if use is not None:
            cpu = {"averageUtilization": round(use), "averageValue": f"{round(use)}m"}
            status["currentMetrics"] = [{"type": "Resource", "resource": {"name": "cpu", "current": cpu}}]
        if wanted != current:
            status["lastScaleTime"] = timestamp(self._engine.now)
        elif "lastScaleTime" in before:
            status["lastScaleTime"] = before["lastScaleTime"]
        self._engine.store.put("horizontalpodautoscalers", body | {"status": status})


class Budgets:
    """Keeps the status of every PodDisruptionBudget."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def reconcile(self) -> None:
        """Count the healthy pods of each."""
        store = self._engine.store
        for body in [*store.all("poddisruptionbudgets")]:
            pods = staying([*store.all("pods", body["metadata"]["namespace"], by_spec(body["spec"]["selector"]))])
            healthy, expected = len(ready(pods)), len(pods)
            least = _least(body["spec"], expected)
            status = {
                "observedGeneration": body["metadata"]["generation"],
                "currentHealthy": healthy,
                "desiredHealthy": least,
                "expectedPods": expected,
                "disruptionsAllowed": max(0, healthy - least),
            }
            store.put("poddisruptionbudgets", body | {"status": status})

    def over(self, pod: Body) -> Body | None:
        """The budget that does not allow the pod to be evicted now; None where all do."""
        for body in self._engine.store.all("poddisruptionbudgets", pod["metadata"]["namespace"]):
            if by_spec(body["spec"]["selector"])(pod) and body["status"]["disruptionsAllowed"] < 1:
                return body
        return None


def _least(spec: Body, expected: int) -> int:
    if "minAvailable" in spec:
        return _count(spec["minAvailable"], expected)
    return expected - _count(spec.get("maxUnavailable", 1), expected)


def _count(written: int | str, of: int) -> int:
    return written if isinstance(written, int) else math.ceil(of * int(written.removesuffix("%")) / 100)
