"""A workspace on loopback, started and stopped."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence

from sandbox import scheduled
from sandbox.clock import SandboxClock
from sandbox.controls import Controls
from sandbox.installation import Installation
from sandbox.limits import EVENTS_AN_HOUR
from sandbox.model import Person, UserGroup
from sandbox.page import Page
from sandbox.people import Room, sample_channels, sample_groups, sample_people
from sandbox.server import Server
from sandbox.workspace import Workspace


class Sandbox(Controls):
    """A running workspace. Made by `running`."""

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
