"""A cluster with a few workloads, the integration that talks to it, and something that drives a step as a run of a runbook does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pydantic import SecretStr

from integrations.kubernetes import Kubernetes
from integrations.kubernetes.policy import KubernetesSettings
from sandbox.clock import SandboxClock
from sandbox.vendors.kubernetes import Cluster, Image, KubernetesSystem
from sandbox.vendors.kubernetes.server import ADMIN_TOKEN
from sandbox.vendors.system import Body
from warroom.capabilities import Finished, StepCall, StepKind
from warroom.errors import Retryable

IMAGES = {
    "*:missing": Image(pullable=False),
    "*:crashing": Image(crashes_after=2.0, last_words=("panic: no configuration",)),
    "*:leaking": Image(out_of_memory_after=60.0, last_words=("allocating",)),
    "*:slow": Image(ready_after=40.0),
}
API = "registry.example.com/api"


class TooLong(AssertionError):
    """The step was still waiting when its `within` was over; the message is what it waited for."""


@dataclass
class Kube:
    """Everything of one test."""

    clock: SandboxClock
    cluster: Cluster
    system: KubernetesSystem
    kubernetes: Kubernetes

    def step(self, name: str) -> StepKind[Any]:
        """The kind of that name, without its family."""
        found = next(each for each in self.kubernetes.step_kinds() if each.step == f"kubernetes.{name}")
        assert isinstance(found, StepKind)
        return found

    def call(self, kind: StepKind[Any], memory: dict[str, Any] | None = None, **more: Any) -> StepCall:
        now = self.clock.now()
        times = {"now": now, "begun_at": now, "ends_at": now + kind.within} | more
        return StepCall(key="run:1:step", memory=memory or {}, secret=lambda name: name, **times)

    async def run(self, name: str, **said: Any) -> Finished:
        """From the first call to the end, on the cluster's clock; what a lost answer left is looked at first."""
        kind = self.step(name)
        parameters = kind.parameters.model_validate({"namespace": "prod"} | said)
        assert kind.plan(parameters)
        begun, unknown = self.clock.now(), False
        memory: dict[str, Any] = {}
        said_last = ""
        while self.clock.now() - begun <= kind.within:
            call = self.call(kind, memory, begun_at=begun)
            try:
                outcome = await kind.look(parameters, call) if unknown else None
                unknown = False
                outcome = outcome or await kind.run(parameters, call)
            except Retryable as error:
                unknown = unknown or error.outcome_unknown
                self.clock.advance(error.after or 1.0)
                continue
            if isinstance(outcome, Finished):
                return outcome
            memory = dict(outcome.memory)
            self.clock.advance(outcome.after)
            said_last = outcome.said
        raise TooLong(said_last)

    def find(self, plural: str, name: str) -> Body:
        """An object of the namespace prod."""
        self.cluster.settle()
        found = self.cluster.store.find(plural, "prod", name)
        assert found is not None
        return found

    def writes(self) -> int:
        """How often something was changed through the API."""
        return sum(method != "GET" for method, _, _ in self.system.asked)

    def wait(self, seconds: float) -> None:
        """The clock goes on."""
        self.clock.advance(timedelta(seconds=seconds))
        self.cluster.settle()


def settings_for(system: KubernetesSystem, token: str = ADMIN_TOKEN) -> KubernetesSettings:
    return KubernetesSettings(k8s_api=system.url, k8s_token=SecretStr(token))
