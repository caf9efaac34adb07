"""The company while the sandbox runs: who tells the bot of its changes and alerts, and what page and control API may do."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sandbox.company.alerts import Alert, Monitors, alertmanager, datadog
from sandbox.company.company import Company
from sandbox.company.model import Act, Change, Record, Trouble
from sandbox.company.troubles import KINDS
from sandbox.systems import Deliver

HEADERS = {"Content-Type": "application/json"}


@dataclass
class RunningCompany:
    """A company, its monitors, and the bot's addresses.

    `alerts` says how alerts are told: "datadog" or "alertmanager". The tokens are those of the bot's webhooks; without one
    nobody is told.
    """

    company: Company
    deliver: Deliver
    alerts: str = "datadog"
    alert_token: str = ""
    changes_token: str = ""
    sent: list[Alert] = field(default_factory=list)
    """The alerts so far, in order."""

    def __post_init__(self) -> None:
        self.monitors = Monitors(self.company, self.company.now())
        self._unsent: deque[tuple[str, Any, str]] = deque()
        self._ahead: tuple[object, float | None] = (None, None)
        self._turn = asyncio.Lock()
        self.company.listeners.append(self._heard)

    def _heard(self, record: Record) -> None:
        # Who changes a monitor tells nobody.
        if isinstance(record, Change) and record.kind != "monitor" and self.changes_token:
            self._unsent.append(("/hooks/changes", _change(record), self.changes_token))

    @property
    def quiet(self) -> bool:
        """Whether nothing was ever done to it or went wrong: then there is nothing to alert about."""
        return not self.company.troubles and not self.company.acts

    async def start_trouble(
        self, kind: str, service: str | None = None, *, strength: float = 1.0, by_change: bool | None = None
    ) -> Trouble:
        """As `Company.start_trouble`, and the bot hears of the change that causes it. Raises ValueError."""
        trouble = self.company.start_trouble(kind, service, strength=strength, by_change=by_change)
        await self.tell()
        return trouble

    async def end_trouble(self, trouble: str) -> list[Act]:
        """As `Company.end_trouble`; it may be named by its kind or its service too. Raises ValueError."""
        going = self.company.going_on()
        named = [each.id for each in going if trouble in (each.id, each.kind, each.service)]
        acts = self.company.end_trouble(named[-1] if named else trouble)
        await self.tell()
        return acts

    async def act(self, kind: str, service: str, **more: int | float | str) -> Act:
        """As `Company.act`. Raises ValueError."""
        act = self.company.act(kind, service, **more)
        await self.tell()
        return act

    async def change(self, service: str, text: str = "Update dependencies") -> Change:
        """An innocent release. Raises ValueError for a service that does not exist."""
        change = self.company.deploy(service, text)
        await self.tell()
        return change

    async def tell(self) -> None:
        """Tell the bot of changes it has not heard of, and of alerts that fired or recovered until now.

        What could not be delivered is delivered first the next time; then it raises what `deliver` raised.
        """
        async with self._turn:
            await self._send()
            now = self.company.now()
            if self.quiet:
                self.monitors.until = now
                return
            for alert in await asyncio.to_thread(self.monitors.look, now):
                if self.alert_token:
                    body = datadog(alert) if self.alerts == "datadog" else alertmanager([alert])
                    self._unsent.append((f"/hooks/{self.alerts}", body, self.alert_token))
                self.sent.append(alert)
            await self._send()

    async def _send(self) -> None:
        while self._unsent:
            path, body, token = self._unsent[0]
            await self.deliver(path, json.dumps(body).encode(), {**HEADERS, "X-Warroom-Token": token})
            self._unsent.popleft()

    def next_at(self) -> float | None:
        """When the next alert fires or recovers if nobody does anything, seconds since 1970; None where none does for hours."""
        if self.quiet:
            return None
        company = self.company
        state = (len(company.acts), len(company.troubles), len(company.changes), self.monitors.until)
        if self._ahead[0] != state:
            self._ahead = (state, self.monitors.next_at())
        return self._ahead[1]

    def state(self) -> dict[str, Any]:
        """For the control API."""
        company = self.company
        return {
            "troubles": [
                {"id": each.id, "kind": each.kind, "service": each.service, "change": each.change}
                for each in company.going_on()
            ],
            "firing": [title for title, _, _ in self.monitors.firing()],
            "kinds": {kind: list(shape.places) for kind, shape in KINDS.items()},
        }

    async def control(self, given: Mapping[str, Any]) -> None:
        """`{"start": kind, "service", "strength", "by_change"}`, `{"end": id, kind or service}` or `{"do": act, "service", …}`.

        Raises ValueError.
        """
        said = dict(given)
        if "start" in said:
            strength = said.get("strength", 1.0)
            await self.start_trouble(
                str(said["start"]), said.get("service") or None, strength=float(strength),
                by_change=said.get("by_change"),
            )  # fmt: skip
        elif "end" in said:
            await self.end_trouble(str(said["end"]))
        elif "do" in said:
            do, service = str(said.pop("do")), str(said.pop("service", ""))
            if do == "deploy":
                await self.change(service)
                return
            try:
                await self.act(do, service, **said)
            except TypeError:
                raise ValueError(f"{do} takes other arguments than {', '.join(said) or 'none'}") from None
        else:
            raise ValueError("the company takes start, end or do")


def _change(change: Change) -> dict[str, Any]:
    return {
        "id": change.id, "service": change.service, "version": change.version, "environment": change.environment,
        "at": datetime.fromtimestamp(change.at, UTC).isoformat(), "url": change.url, "author": change.author,
        "kind": change.kind, "text": change.text,
    }  # fmt: skip
