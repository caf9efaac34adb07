"""The company that the sandbox plays: its policy, its monitors and the alerts that they send."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import aiohttp

from bot.integrations import policy_model
from bot.runtime.app import Bot
from sandbox import Scenario
from warroom.policy import Policy, check

HOOK_SECRET = "sandbox-hook"

POLICY = {
    "workspace": {"announce": "#incidents", "default_team": "platform"},
    "teams": {
        "platform": {
            "channel": "#sre-alerts",
            "services": ["api", "checkout"],
            "escalation": [
                {"after": "0m", "notify": ["@sre-oncall"]},
                {"after": "15m", "notify": ["grace@example.com"]},
            ],
        }
    },
    "rules": [
        {
            "name": "the shop's services",  # many alert about one trouble: one room
            "when": {"tags": ["system:shop"]},
            "attach_or_declare": {"team": "platform", "group_by": ["system"], "window": "1h"},
        },
        {
            "name": "memory",
            "when": {"monitor": "*Memory*"},
            "attach_or_declare": {"severity": "SEV-1", "team": "platform", "group_by": ["monitor"], "window": "1h"},
        },
        {
            "name": "errors",
            "when": {"monitor": "*error rate*"},
            "attach_or_declare": {"severity": "SEV-2", "team": "platform", "group_by": ["monitor"], "window": "1h"},
        },
        {"name": "disk", "when": {"monitor": "*Disk*"}, "declare": {"severity": "SEV-3", "team": "platform"}},
    ],
    "schedules": {
        "platform": {
            "timezone": "Europe/Berlin",
            "country": "DE",
            "announce": "#sre-alerts",
            "layers": [
                {
                    "people": ["ada@example.com", "ben@example.com", "grace@example.com", "kwame@example.com"],
                    "every": "1w",
                    "handoff": "mon 09:00",
                },
            ],
        },
    },
    "links": {"runbooks": {"*Memory*": "https://runbooks.example.com/memory"}},
}
"""The policy of the demo company, as its file would contain it."""

MEMORY_ALERT: dict[str, object] = {
    "kind": "monitor",
    "template": 1,
    "event_id": "7000000000000000001",
    "alert_id": "4242",
    "alert_title": "High Memory Usage on api",
    "alert_transition": "Triggered",
    "alert_priority": "P1",
    "alert_cycle_key": "demo-cycle-1",
    "alert_scope": "service:api,host:api-03",
    "text_only_msg": "Memory above 95 % on api-03 for 5 minutes.",
    "service": "api",
    "tags": "service:api,env:prod,tier:1",
    "link": "https://app.datadoghq.com/monitors/4242",
}

ERROR_RATE_ALERT = MEMORY_ALERT | {
    "alert_id": "4243",
    "alert_title": "High error rate on checkout",
    "alert_priority": "P2",
    "alert_scope": "service:checkout",
    "text_only_msg": "5.2 % of requests answered with 5xx in the last 10 minutes.",
    "service": "checkout",
    "tags": "service:checkout,env:prod,tier:1",
    "link": "https://app.datadoghq.com/monitors/4243",
}
DISK_ALERT = MEMORY_ALERT | {
    "alert_id": "4244",
    "alert_title": "Disk almost full on db-02",
    "alert_priority": "P3",
    "alert_scope": "host:db-02",
    "text_only_msg": "Less than 10 % free on /var/lib/postgresql.",
    "service": "api",
    "tags": "service:api,env:prod,host:db-02",
    "link": "https://app.datadoghq.com/monitors/4244",
}


def company_policy(sections: Mapping[str, Any] | None = None) -> Policy:
    """The policy of the demo company, with these sections of integrations."""
    checked = check({**POLICY, **(sections or {})}, policy_model())
    assert checked.policy is not None, checked.mistakes
    return checked.policy


async def send_alert(bot: Bot, alert: dict[str, object]) -> int:
    """Send an alert to the bot's webhook, as Datadog would. Returns the HTTP status."""
    url = f"http://127.0.0.1:{bot.port}/hooks/datadog"
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, json=alert, headers={"X-Warroom-Token": HOOK_SECRET}) as answer,
    ):
        return answer.status


class Monitors:
    """The demo company's monitors. Each call has its own event id; a recovery ends the alert's cycle."""

    def __init__(self, fire_one: Callable[[dict[str, object]], Awaitable[int]]) -> None:
        self._fire = fire_one
        self._events = itertools.count(7000000000000001001)
        self._cycles: dict[object, int] = {}
        self._firing: dict[object, dict[str, object]] = {}

    async def trigger(self, alert: dict[str, object]) -> None:
        """Send the alert as triggered, or as re-triggered when it fires already."""
        key = (alert["alert_id"], alert["alert_scope"])
        again = key in self._firing
        if not again:
            self._cycles[key] = self._cycles.get(key, 0) + 1
        self._firing[key] = alert
        await self._send(alert, "Re-Triggered" if again else "Triggered")

    async def recover(self) -> None:
        """Send the recovery of every alert that fires. ValueError when none does."""
        if not self._firing:
            raise ValueError("Nothing is firing; fire an alert first.")
        for alert in list(self._firing.values()):
            await self.recover_one(alert)

    async def recover_one(self, alert: dict[str, object]) -> None:
        """Send the recovery of that alert. ValueError when it does not fire."""
        key = (alert["alert_id"], alert["alert_scope"])
        if key not in self._firing:
            raise ValueError(f"{alert['alert_title']} does not fire on {alert['alert_scope']}; fire it first.")
        await self._send(self._firing[key], "Recovered")
        del self._firing[key]

    def on_hosts(self, alert: dict[str, object], hosts: int) -> list[dict[str, object]]:
        """The alert once per host of its service; for one host the alert itself."""
        if hosts == 1:
            return [alert]
        where = [f"{alert['service']}-{number:02}" for number in range(1, hosts + 1)]
        return [
            alert
            | {
                "alert_scope": f"service:{alert['service']},host:{host}",
                "text_only_msg": f"{alert['alert_title']}: {host}.",
            }
            for host in where
        ]

    async def storm(self) -> None:
        """Send the memory alert of forty hosts at once."""
        await asyncio.gather(*(self.trigger(host) for host in self.on_hosts(MEMORY_ALERT, 40)))

    async def flap(self) -> None:
        """Send the error rate alert and its recovery four times in a row."""
        key = (ERROR_RATE_ALERT["alert_id"], ERROR_RATE_ALERT["alert_scope"])
        for _ in range(4):
            await self.trigger(ERROR_RATE_ALERT)
            await self._send(ERROR_RATE_ALERT, "Recovered")
            del self._firing[key]

    async def _send(self, alert: dict[str, object], transition: str) -> None:
        cycle = f"{alert['alert_id']}-{alert['alert_scope']}-{self._cycles[alert['alert_id'], alert['alert_scope']]}"
        await self._fire(
            alert | {"event_id": str(next(self._events)), "alert_transition": transition, "alert_cycle_key": cycle}
        )

    def scenarios(self) -> list[Scenario]:
        """The alert buttons of the page."""
        return [
            Scenario("Memory alert", lambda: self.trigger(MEMORY_ALERT), "P1 on api: declares a SEV-1, or joins it"),
            Scenario("Error rate alert", lambda: self.trigger(ERROR_RATE_ALERT), "P2 on checkout: declares a SEV-2"),
            Scenario("Disk alert", lambda: self.trigger(DISK_ALERT), "P3: declares a SEV-3"),
            Scenario("Storm", self.storm, "the memory monitor on 40 hosts at once: one room"),
            Scenario("Flapping", self.flap, "error rate up and down four times"),
            Scenario("Recovery", self.recover, "everything that fires recovers"),
        ]
