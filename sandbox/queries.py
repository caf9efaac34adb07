"""Read the workspace: people, channels, messages, modals, and the calls that the app has made."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from sandbox.clock import SandboxClock
from sandbox.faults import FaultPlan
from sandbox.forms import Form
from sandbox.model import Channel, Json, SlackMessage, SlackUser, UserGroup, View
from sandbox.server import Call, Server
from sandbox.sockets import Sockets
from sandbox.workspace import WorkspaceState

PersonLike = SlackUser | str
ChannelLike = Channel | str


class Queries:
    """The part of the sandbox that only reads."""

    def __init__(self, workspace: WorkspaceState, server: Server) -> None:
        self.workspace, self._server = workspace, server

    @property
    def clock(self) -> SandboxClock:
        """The workspace's clock."""
        return self.workspace.clock

    @property
    def server(self) -> Server:
        """The HTTP server."""
        return self._server

    @property
    def sockets(self) -> Sockets:
        """The app's Socket Mode connections."""
        return self._server.sockets

    @property
    def faults(self) -> FaultPlan:
        """The planned faults."""
        return self._server.faults

    @property
    def calls(self) -> list[Call]:
        """Every Web API call so far, oldest first."""
        return self._server.calls

    @property
    def bot_user_id(self) -> str:
        """The user id of the app's bot user."""
        return self.workspace.app.bot_user

    def person(self, key: PersonLike) -> SlackUser:
        """The person with that id or handle. LookupError."""
        return self.workspace.find_person(key)

    def people(self) -> list[SlackUser]:
        """Everybody, bots included."""
        return list(self.workspace.people.values())

    def usergroup(self, handle: str) -> UserGroup:
        """The user group with that handle. LookupError."""
        for group in self.workspace.groups.values():
            if group.handle == handle:
                return group
        raise LookupError(f"no user group @{handle}")

    def channel(self, key: ChannelLike) -> Channel:
        """The channel with that id or name. LookupError."""
        return self.workspace.find_channel(key)

    def channels(self) -> list[Channel]:
        """All channels, without direct conversations."""
        return [channel for channel in self.workspace.channels.values() if channel.kind == "channel"]

    def direct(self, person: PersonLike) -> list[SlackMessage]:
        """The direct messages between the app and that person, oldest first."""
        who = self.person(person)
        channel = self.workspace.direct_channel([self.bot_user_id, who.id])
        return channel.messages if channel else []

    def ephemerals(self, person: PersonLike) -> list[SlackMessage]:
        """The ephemeral messages to that person, oldest first, without dismissed ones."""
        who = self.person(person)
        return [m for m in self.workspace.ephemerals if m.only_for == who.id and not m.deleted]

    def home(self, person: PersonLike) -> Json | None:
        """That person's Home tab as the app published it; None before that."""
        view = self.workspace.home_views.get(self.person(person).id)
        return view.body if view else None

    def open_modal(self, person: PersonLike) -> View | None:
        """The modal that person sees, which is the top of their stack; None without one."""
        stack = self.workspace.modal_stacks.get(self.person(person).id)
        return stack[-1] if stack else None

    async def modal(self, person: PersonLike, timeout: float = 60.0) -> Form:
        """The modal that is open, or opens within `timeout` real seconds. TimeoutError when none does."""
        await self.until(lambda: self.open_modal(person) is not None, timeout, f"a modal opens for {person}")
        view = self.open_modal(person)
        assert view is not None
        return Form(view)

    async def until(self, predicate: Callable[[], bool], timeout: float = 60.0, why: str = "") -> None:
        """Wait until `predicate` is true, looking again at every change.

        TimeoutError after `timeout` real seconds says what was awaited (`why`) and names the last calls.
        """
        try:
            async with asyncio.timeout(timeout):
                while not predicate():
                    await self.workspace.changed.wait()
        except TimeoutError:
            last = ", ".join(f"{call.method} {call.outcome}" for call in self.calls[-8:])
            raise TimeoutError(
                f"waited {timeout:g} s without success until {why or predicate}; last calls: {last}"
            ) from None

    async def until_connected(self, timeout: float = 60.0) -> None:
        """Wait until the app has a Socket Mode connection."""
        await self.until(lambda: self.sockets.connected > 0, timeout, "the app connects")
