"""Everything that can be done to a running workspace, from a test, a story or the page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from sandbox.acting import Acting
from sandbox.breaking import Breaking
from sandbox.scenes import Scene
from sandbox.server import Server
from sandbox.workspace import Workspace


class Controls(Acting, Breaking):
    """Act as any person, look at anything, break anything, move the clock."""

    def __init__(self, workspace: Workspace, server: Server) -> None:
        super().__init__(workspace, server)
        self.scenes: list[Scene] = []
        """Buttons of the page."""
        self.on_wind: Callable[[timedelta], Awaitable[None]] | None = None
        """Winds the clock in place of `wind`, so that whoever shares it can follow step by step."""

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
