"""The running sandbox: workspace, Web API, Socket Mode and page together, on one port of this machine."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence

from sandbox.clock import SandboxClock
from sandbox.controls import Controls
from sandbox.installation import Installation
from sandbox.model import SlackUser, UserGroup
from sandbox.page import WorkspacePage
from sandbox.rate_limits import EVENTS_AN_HOUR
from sandbox.sample_company import InitialChannel, sample_channels, sample_groups, sample_people
from sandbox.server import Server
from sandbox.workspace import WorkspaceState


class Sandbox(Controls):
    """A running workspace. Made by `running`."""

    @classmethod
    @contextlib.asynccontextmanager
    async def running(
        cls,
        *,
        people: Sequence[SlackUser] | None = None,
        groups: Sequence[UserGroup] | None = None,
        channels: Sequence[InitialChannel] | None = None,
        clock: SandboxClock | None = None,
        app: Installation | None = None,
        limits: bool = False,
        events_an_hour: int = EVENTS_AN_HOUR,
        port: int = 0,
    ) -> AsyncIterator[Sandbox]:
        """A workspace that listens on loopback until the end of the block. Raises OSError when the port is taken.

        What is left out is that of the sample company. With `limits` Slack's rate limits apply to calls, and events
        over `events_an_hour` are dropped.
        """
        workspace = WorkspaceState(clock or SandboxClock(), app or Installation())
        workspace.populate(
            sample_people() if people is None else people,
            sample_groups() if groups is None else groups,
            sample_channels() if channels is None else channels,
        )
        server = Server(workspace, limits=limits, events_an_hour=events_an_hour)
        slack = cls(workspace, server)
        await server.start(port, WorkspacePage(slack).mount)
        try:
            yield slack
        finally:
            await server.stop()

    @property
    def api_url(self) -> str:
        """The address of the Web API, for SLACK_API_URL."""
        return f"{self.workspace.base_url}/api/"

    @property
    def page_url(self) -> str:
        """The address for a browser."""
        return f"{self.workspace.base_url}/"

    @property
    def bot_token(self) -> str:
        """The app's bot token."""
        return self.workspace.app.bot_token

    @property
    def app_token(self) -> str:
        """The app-level token, which opens Socket Mode connections."""
        return self.workspace.app.app_token
