"""What the page and the control API may do: act as people, plan faults, move the clock, run scenarios."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from sandbox.actions import Actions
from sandbox.company.running import RunningCompany
from sandbox.faults_api import FaultsApi
from sandbox.server import Server
from sandbox.systems import CompanySystem
from sandbox.workspace import WorkspaceState


@dataclass(frozen=True)
class Scenario:
    """A button of the page that makes something happen outside of Slack, such as an alert. `note` explains it."""

    label: str
    run: Callable[[], Awaitable[object]]
    note: str = ""


class Controls(Actions, FaultsApi):
    """A workspace with its people, faults, clock and scenarios."""

    def __init__(self, workspace: WorkspaceState, server: Server) -> None:
        super().__init__(workspace, server)
        self.scenarios: list[Scenario] = []
        """The buttons of the page, in this order."""
        self.systems: list[CompanySystem] = []
        """The company's other systems, each with a page."""
        self.company: RunningCompany | None = None
        """What the company runs."""
        self.on_advance: Callable[[timedelta], Awaitable[None]] | None = None
        """Called by `advance` in place of moving the clock at once, so that a bot on the same clock can follow in steps."""

    async def advance(self, by: timedelta) -> None:
        """Move the clock forward by `by`, through `on_advance` where it is set. ValueError for a negative time."""
        if self.on_advance is None:
            self.clock.advance(by)
        else:
            await self.on_advance(by)
        self.workspace.changed.notify()
