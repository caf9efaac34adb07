"""Kubernetes behind the port."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from integrations.kubernetes.client import Cluster, reachable
from integrations.kubernetes.facts import Names, facts
from integrations.kubernetes.policy import NAME, TITLE, KubernetesPolicy, KubernetesSettings, section
from integrations.kubernetes.steps import all_kinds
from integrations.kubernetes.workloads import PLURALS
from warroom.capabilities import StepBase
from warroom.errors import Rejected
from warroom.integration import Integration
from warroom.investigation.model import Fact
from warroom.policy import Policy
from warroom.policy.investigation import ServicePolicy
from warroom.ports import Clock

FACTS: Sequence[tuple[str, str, str]] = (("list", "", "pods"), ("list", "", "events"), ("list", "apps", "replicasets"))
"""(verb, group, resource) of what an investigation reads."""
STEPS: Sequence[tuple[str, str, str]] = (
    *(("get", "apps", plural) for plural in PLURALS.values()),
    *(("patch", "apps", plural) for plural in PLURALS.values()),
    ("patch", "apps", "deployments/scale"),
    ("patch", "apps", "statefulsets/scale"),
    ("list", "apps", "replicasets"),
    ("list", "apps", "controllerrevisions"),
    ("list", "", "pods"),
    ("get", "", "pods/log"),
    ("list", "autoscaling", "horizontalpodautoscalers"),
    ("list", "policy", "poddisruptionbudgets"),
)
"""What the steps of runbooks need: docs/kubernetes.md has the same as a Role."""


class Kubernetes(Integration[KubernetesSettings]):
    """Kubernetes. A FactSource and a StepSource."""

    name = NAME
    title = TITLE
    policy = KubernetesPolicy
    settings = KubernetesSettings

    def __init__(self, settings: KubernetesSettings) -> None:
        super().__init__(settings)
        self._cluster: Cluster | None = None
        self._section = KubernetesPolicy()

    def missing(self) -> str:
        """One of the ways to a cluster."""
        if reachable(self.configured):
            return ""
        return "set KUBECONFIG, or K8S_API and K8S_TOKEN, or run Warroom in the cluster"

    async def start(self, policy: Policy, clock: Clock) -> None:
        """Make the client where there is a way to a cluster; it connects with the first call."""
        self._section = section(policy)
        if not self.missing():
            self._cluster = Cluster(self.configured, clock)

    async def stop(self) -> None:
        """Close the client."""
        if self._cluster is not None:
            await self._cluster.close()

    def step_kinds(self) -> Sequence[StepBase[Any]]:
        """The steps of runbooks."""
        return all_kinds(self._started)

    def _started(self) -> Cluster:
        self.ensure_configured()
        if self._cluster is None:
            raise Rejected(f"{TITLE} is not started", code="not_started", advice="Start Warroom again.")
        return self._cluster

    async def facts(self, services: Mapping[str, ServicePolicy], since: datetime, until: datetime) -> Sequence[Fact]:
        """What happened to these services, in the namespaces of the policy. Raises Retryable or Rejected."""
        cluster = self._started()
        if not self._section.namespaces:
            said = "the policy names no namespaces to look at"
            raise Rejected(said, code="no_namespaces", advice="Add kubernetes.namespaces to the policy.")
        names = Names.of([*services], self._section.services)
        return await facts(cluster, self._section.namespaces, names, since, until)

    async def check(self, policy: Policy) -> Sequence[str]:
        """Asks which rights are missing: to look in the namespaces of the section, to repair in those that `remediation` allows."""
        cluster = self._started()
        await cluster.version()
        found = []
        allowed = (policy.remediation.allow.family(NAME) or {}).get("namespaces", ())
        repaired = [each for each in allowed if "*" not in each and "?" not in each]
        for namespace in dict.fromkeys((*section(policy).namespaces, *repaired)):
            wanted = (
                *(FACTS if namespace in section(policy).namespaces else ()),
                *(STEPS if namespace in repaired else ()),
            )
            lacking = [
                f"{verb} {resource}"
                for verb, group, resource in dict.fromkeys(wanted)
                if not await cluster.may(verb, group, resource, namespace)
            ]
            if lacking:
                found.append(
                    f"in the namespace {namespace} it may not {', '.join(lacking)}; docs/kubernetes.md has the smallest role"
                )
        return found
