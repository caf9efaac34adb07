"""The company while the sandbox runs: who tells the bot of its changes and alerts, and what page and control API may do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sandbox.company.alerts import Alert, Monitors, alertmanager, datadog
from sandbox.company.company import Company
from sandbox.company.model import Act, Change, Record, Trouble
from sandbox.company.reading import changes as told_changes
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
    """The alerts that the bot was told of, in order."""

    def __post_init__(self) -> None:
        self.monitors = Monitors(self.company, self.company.now())
        self._untold: list[Change] = []
        self._ahead: tuple[object, float | None] = (None, None)
        self._turn = asyncio.Lock()
        self.company.listeners.append(self._heard)

    def _heard(self, record: Record) -> None:
        if isinstance(record, Change):
            self._untold.append(record)

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
        """Tell the bot of changes it has not heard of, and of alerts that fired or recovered until now."""
        async with self._turn:
            untold, self._untold = self._untold, []
            known = {each.id for each in told_changes(self.company, float("-inf"), float("inf"))}
            for change in untold:
                if self.changes_token and change.id in known:
                    await self._post("/hooks/changes", _change(change), self.changes_token)
            now = self.company.now()
            if self.quiet:
                self.monitors.until = now
                return
            found = await asyncio.to_thread(self.monitors.look, now)
            for alert in found:
                if self.alert_token:
                    body = datadog(alert) if self.alerts == "datadog" else alertmanager([alert])
                    await self._post(f"/hooks/{self.alerts}", body, self.alert_token)
                self.sent.append(alert)

    def next_at(self) -> float | None:
        """When the next alert fires or recovers if nobody does anything, seconds since 1970; None where none does for hours."""
        if self.quiet:
            return None
        company = self.company
        state = (len(company.acts), len(company.troubles), len(company.changes), self.monitors.until)
        if self._ahead[0] != state:
            self._ahead = (state, self.monitors.next_at())
        return self._ahead[1]

    async def _post(self, path: str, body: Any, token: str) -> None:
        await self.deliver(path, json.dumps(body).encode(), {**HEADERS, "X-Warroom-Token": token})

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
