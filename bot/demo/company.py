"""The company that the sandbox plays: its policy, the alerts of its monitors, and a clock that takes the bot along."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Protocol

import aiohttp

from bot.runtime.app import Bot
from sandbox import Sandbox, Scene
from warroom.policy import Policy, check
from warroom.ports import Store

HOOK_SECRET = "sandbox-hook"
SOON = timedelta(seconds=5)
PATIENCE = 20.0
"""Real seconds that winding waits for a bot that planned trouble keeps from working."""

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
    "links": {"runbooks": {"*Memory*": "https://runbooks.example.com/memory"}},
}
"""The policy of the sandbox's company."""

ALERT: dict[str, object] = {
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

ERRORS = ALERT | {
    "alert_id": "4243",
    "alert_title": "High error rate on checkout",
    "alert_priority": "P2",
    "alert_scope": "service:checkout",
    "text_only_msg": "5.2 % of requests answered with 5xx in the last 10 minutes.",
    "service": "checkout",
    "tags": "service:checkout,env:prod,tier:1",
    "link": "https://app.datadoghq.com/monitors/4243",
}
DISK = ALERT | {
    "alert_id": "4244",
    "alert_title": "Disk almost full on db-02",
    "alert_priority": "P3",
    "alert_scope": "host:db-02",
    "text_only_msg": "Less than 10 % free on /var/lib/postgresql.",
    "service": "api",
    "tags": "service:api,env:prod,host:db-02",
    "link": "https://app.datadoghq.com/monitors/4244",
}


def company_policy() -> Policy:
    """The sandbox's policy, checked."""
    checked = check(POLICY)
    assert checked.policy is not None, checked.mistakes
    return checked.policy


async def fire(bot: Bot, alert: dict[str, object]) -> int:
    """Send an alert as Datadog would. Returns the HTTP status."""
    url = f"http://127.0.0.1:{bot.port}/hooks/datadog"
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, json=alert, headers={"X-Warroom-Token": HOOK_SECRET}) as answer,
    ):
        return answer.status


class Working(Protocol):
    """A bot, here or in another process."""

    @property
    def store(self) -> Store: ...

    async def idle(self) -> None:
        """See `Bot.idle`."""


async def settle(slack: Sandbox, bot: Working) -> None:
    """Until the bot has nothing in the works; what is only seconds away, for Slack's limits, is brought nearer."""
    await _worked_off(slack, bot)
    while (due := await bot.store.next_due()) is not None and due - slack.clock.now() < SOON:
        slack.clock.advance(max(timedelta(0), due - slack.clock.now()))
        await _worked_off(slack, bot)


async def _worked_off(slack: Sandbox, bot: Working) -> None:
    """What the bot does in Slack comes back to it as events, so look again until there are none."""
    while True:
        await slack.sockets.sent()
        await bot.idle()
        if not slack.sockets.delivering:
            return


async def wind(slack: Sandbox, bot: Bot, by: timedelta) -> None:
    """Move the clock forward with stops: what comes due on the way happens at its own time, not at the end."""
    end = slack.clock.now() + by
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            while (due := await bot.store.next_due()) is not None and due < end:
                slack.clock.advance(max(timedelta(0), due - slack.clock.now()))
                bot.dispatcher.nudge()
                await _worked_off(slack, bot)
    slack.clock.advance(max(timedelta(0), end - slack.clock.now()))
    bot.dispatcher.nudge()


class Monitors:
    """The company's monitors, as they would call the webhook. Every call is another event; a cycle ends with its recovery."""

    def __init__(self, fire_one: Callable[[dict[str, object]], Awaitable[int]]) -> None:
        self._fire = fire_one
        self._events = itertools.count(7000000000000001001)
        self._cycles: dict[object, int] = {}
        self._firing: dict[object, dict[str, object]] = {}

    async def trigger(self, alert: dict[str, object]) -> None:
        """It fires, or fires again."""
        key = (alert["alert_id"], alert["alert_scope"])
        again = key in self._firing
        if not again:
            self._cycles[key] = self._cycles.get(key, 0) + 1
        self._firing[key] = alert
        await self._send(alert, "Re-Triggered" if again else "Triggered")

    async def recover(self) -> None:
        """Everything that fires recovers. ValueError when nothing does."""
        if not self._firing:
            raise ValueError("Nothing is firing; fire an alert first.")
        for alert in list(self._firing.values()):
            await self.recover_one(alert)

    async def recover_one(self, alert: dict[str, object]) -> None:
        """That one recovers. ValueError when it does not fire."""
        key = (alert["alert_id"], alert["alert_scope"])
        if key not in self._firing:
            raise ValueError(f"{alert['alert_title']} does not fire on {alert['alert_scope']}; fire it first.")
        await self._send(self._firing[key], "Recovered")
        del self._firing[key]

    def on_hosts(self, alert: dict[str, object], hosts: int) -> list[dict[str, object]]:
        """The alert as it is, or as that many hosts of its service send it."""
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
        """Forty hosts run out of memory within a moment."""
        await asyncio.gather(*(self.trigger(host) for host in self.on_hosts(ALERT, 40)))

    async def flap(self) -> None:
        """One monitor goes up and down four times."""
        key = (ERRORS["alert_id"], ERRORS["alert_scope"])
        for _ in range(4):
            await self.trigger(ERRORS)
            await self._send(ERRORS, "Recovered")
            del self._firing[key]

    async def _send(self, alert: dict[str, object], transition: str) -> None:
        cycle = f"{alert['alert_id']}-{alert['alert_scope']}-{self._cycles[alert['alert_id'], alert['alert_scope']]}"
        await self._fire(
            alert | {"event_id": str(next(self._events)), "alert_transition": transition, "alert_cycle_key": cycle}
        )

    def scenes(self) -> list[Scene]:
        """The buttons of the page."""
        return [
            Scene("Memory alert", lambda: self.trigger(ALERT), "P1 on api: declares a SEV-1, or joins it"),
            Scene("Error rate alert", lambda: self.trigger(ERRORS), "P2 on checkout: declares a SEV-2"),
            Scene("Disk alert", lambda: self.trigger(DISK), "P3: declares a SEV-3"),
            Scene("Storm", self.storm, "the memory monitor on 40 hosts at once: one room"),
            Scene("Flapping", self.flap, "error rate up and down four times"),
            Scene("Recovery", self.recover, "everything that fires recovers"),
        ]
