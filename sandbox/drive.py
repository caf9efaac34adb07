"""The workspace in the hands of a test, a story or a page: act as any person, look at anything, break anything."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import timedelta

from sandbox import scheduled
from sandbox.acting import Acting
from sandbox.breaking import Breaking
from sandbox.clock import SandboxClock
from sandbox.installation import Installation
from sandbox.limits import EVENTS_AN_HOUR
from sandbox.model import Person, UserGroup
from sandbox.page import Page
from sandbox.people import Room, sample_channels, sample_groups, sample_people
from sandbox.scenes import Scene
from sandbox.server import Server
from sandbox.workspace import Workspace


class Sandbox(Acting, Breaking):
    """A running workspace. Made by `running`."""

    def __init__(self, workspace: Workspace, server: Server) -> None:
        super().__init__(workspace, server)
        self.scenes: list[Scene] = []
        """Buttons of the page."""
        self.on_wind: Callable[[timedelta], Awaitable[None]] | None = None
        """Winds the clock in place of `wind`, so that whoever shares it can follow step by step."""

    @classmethod
    @contextlib.asynccontextmanager
    async def running(
        cls,
        *,
        people: Sequence[Person] | None = None,
        groups: Sequence[UserGroup] | None = None,
        channels: Sequence[Room] | None = None,
        clock: SandboxClock | None = None,
        app: Installation | None = None,
        limits: bool = False,
        events_an_hour: int = EVENTS_AN_HOUR,
        port: int = 0,
    ) -> AsyncIterator[Sandbox]:
        """A workspace listening on loopback; gone at the end. Raises OSError when the port is taken.

        With `limits` calls are counted, and so are deliveries of events: what is over `events_an_hour` is dropped.
        """
        workspace = Workspace(clock or SandboxClock(), app or Installation())
        workspace.furnish(
            sample_people() if people is None else people,
            sample_groups() if groups is None else groups,
            sample_channels() if channels is None else channels,
        )
        server = Server(workspace, limits=limits, events_an_hour=events_an_hour)
        slack = cls(workspace, server)
        await server.start(port, Page(slack).mount)
        late = asyncio.create_task(scheduled.keep_posting(workspace), name="scheduled messages")
        try:
            yield slack
        finally:
            late.cancel()
            await asyncio.gather(late, return_exceptions=True)
            await server.stop()

    @property
    def api_url(self) -> str:
        """The address of the Web API, for SLACK_API_URL."""
        return f"{self.workspace.base}/api/"

    @property
    def page_url(self) -> str:
        """The address for a browser."""
        return f"{self.workspace.base}/"

    @property
    def bot_token(self) -> str:
        """The app's bot token."""
        return self.workspace.app.bot_token

    @property
    def app_token(self) -> str:
        """The app-level token."""
        return self.workspace.app.app_token

    async def wind(self, by: timedelta) -> None:
        """Move the clock forward, and with it everybody who shares it."""
        if self.on_wind is None:
            self.clock.advance(by)
        else:
            await self.on_wind(by)
        self.workspace.pulse.beat()
