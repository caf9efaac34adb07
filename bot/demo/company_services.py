"""The demo company's services: Prometheus, Loki, Kubernetes and health checks on loopback, with the settings and the policy for them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
from pydantic import SecretStr

from sandbox import Sandbox
from sandbox.company import Company
from sandbox.company.metrics import SIGNALS
from sandbox.company.page import CompanyPage
from sandbox.company.running import RunningCompany
from sandbox.company.services import graph
from sandbox.systems import CompanySystem, Deliver
from sandbox.vendors.company_services import CompanyServices
from sandbox.vendors.kubernetes import KubernetesSystem
from sandbox.vendors.kubernetes.company import NAMESPACE, CompanyCluster
from sandbox.vendors.kubernetes.page import KubernetesPage
from sandbox.vendors.kubernetes.rbac import MASTERS, User
from sandbox.vendors.kubernetes.server import ADMIN_TOKEN
from sandbox.vendors.loki import LokiSystem
from sandbox.vendors.prometheus import PrometheusSystem
from sandbox.vendors.system import FakeSystem

CHANGES_SECRET = "sandbox-changes"
SEED = 1
HISTORY = 1.3 * 86400
"""Seconds: the baseline of an investigation, and a little more."""
EVERY = 60.0
"""Seconds of the company's clock between two looks of its monitors."""
BAD = {"requests": "down"}
"""Signals that are bad in another direction than up."""

INVESTIGATE: dict[str, Any] = {
    "window": "30m",
    "baseline": "1d",
    "step": "1m",
    "signals": {
        signal: {"source": "prometheus", "query": query, "label": "service", "bad": BAD.get(signal, "up")}
        for signal, query in SIGNALS.items()
    },
    "logs": {"source": "loki", "query": '{service="{service}"} |= "error"'},
}
"""The section `investigate` of the company's policy file."""


REMEDIATION: dict[str, Any] = {
    "allow": {"kubernetes": {"namespaces": [NAMESPACE], "deployments": ["*"]}},
    "approve": {"by": "responders", "within": "10m", "second_person": True},
    "at_most": "3 per 1h",
}
"""The section `remediation` of the company's policy file."""


@dataclass
class Services:
    """All of it, running."""

    running: RunningCompany
    prometheus: PrometheusSystem
    loki: LokiSystem
    own: CompanyServices
    cluster: KubernetesSystem

    @property
    def all(self) -> tuple[FakeSystem, ...]:
        """Each server."""
        return (self.prometheus, self.loki, self.own, self.cluster)

    @property
    def settings(self) -> dict[str, Any]:
        """The settings that use them."""
        return {
            "prometheus_url": self.prometheus.url,
            "loki_url": self.loki.url,
            "k8s_api": self.cluster.url,
            "k8s_token": SecretStr(ADMIN_TOKEN),
            "changes_webhook_token": SecretStr(CHANGES_SECRET),
        }

    @property
    def sections(self) -> dict[str, Any]:
        """The sections of the company's policy file."""
        services = {
            name: {
                "team": "platform", "depends_on": list(calls), "tags": {"env": "prod"},
                "health": f"{self.own.url}/services/{name}/healthz",
            }
            for name, calls in graph().items()
        }  # fmt: skip
        return {
            "services": services,
            "investigate": INVESTIGATE,
            "kubernetes": {"namespaces": [NAMESPACE]},
            "remediation": REMEDIATION,
        }

    def pages(self) -> tuple[CompanySystem, ...]:
        """What the page in the browser shows."""
        return (CompanyPage(self.running), KubernetesPage(self.cluster.cluster, self.cluster.url))


@contextlib.asynccontextmanager
async def company_services(slack: Sandbox, deliver: Deliver, alert_token: str) -> AsyncIterator[Services]:
    """The company's services on the workspace's clock. `deliver` posts to the bot, once it runs."""
    company = Company(SEED, slack.clock.seconds, history=HISTORY)
    running = RunningCompany(company, deliver, alert_token=alert_token, changes_token=CHANGES_SECRET)
    made = Services(
        running,
        PrometheusSystem(company=company),
        LokiSystem(company=company),
        CompanyServices(company=company),
        # kubectl sends no token over plain HTTP, and the sandbox is its user's own.
        KubernetesSystem(cluster=CompanyCluster(company, slack.clock), anonymous=User("admin", (MASTERS,))),
    )
    async with contextlib.AsyncExitStack() as stack:
        for each in made.all:
            stack.push_async_callback(each.stop, await each.start())
        slack.company = running
        watching = asyncio.create_task(_watch(slack, running))
        try:
            yield made
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)


async def _watch(slack: Sandbox, running: RunningCompany) -> None:
    """Look at the monitors every minute, also when nobody moves the clock."""
    while True:
        await slack.clock.until(slack.clock.seconds() + EVERY)
        # A bot that is not there, or is made to fail, is told later.
        with contextlib.suppress(ValueError, OSError, aiohttp.ClientError):
            await running.tell()
        slack.workspace.changed.notify()
