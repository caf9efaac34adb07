"""Look at the workspace: who and what is there, and what the app has done."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from sandbox.clock import SandboxClock
from sandbox.faults import Faults
from sandbox.forms import Form
from sandbox.model import Channel, Json, Message, Person, UserGroup, View
from sandbox.server import Call, Server
from sandbox.sockets import Sockets
from sandbox.workspace import Workspace

PersonLike = Person | str
ChannelLike = Channel | str


class Looking:
    """A workspace and its HTTP side, to be looked at."""

    def __init__(self, workspace: Workspace, server: Server) -> None:
        self.workspace, self._server = workspace, server

    @property
    def clock(self) -> SandboxClock:
        """The workspace's clock."""
        return self.workspace.clock

    @property
    def server(self) -> Server:
        """The HTTP side."""
        return self._server

    @property
    def sockets(self) -> Sockets:
        """The app's connections."""
        return self._server.sockets

    @property
    def faults(self) -> Faults:
        """Trouble ahead."""
        return self._server.faults

    @property
    def calls(self) -> list[Call]:
        """Every Web API call so far."""
        return self._server.calls

    @property
    def bot_user_id(self) -> str:
        """The app's user."""
        return self.workspace.app.bot_user

    def person(self, key: PersonLike) -> Person:
        """By id or handle. LookupError."""
        return self.workspace.find_person(key)

    def people(self) -> list[Person]:
        """Everybody."""
        return list(self.workspace.people.values())

    def usergroup(self, handle: str) -> UserGroup:
        """By handle. LookupError."""
        for group in self.workspace.groups.values():
            if group.handle == handle:
                return group
        raise LookupError(f"no user group @{handle}")

    def channel(self, key: ChannelLike) -> Channel:
        """By id or name. LookupError."""
        return self.workspace.find_channel(key)

    def channels(self) -> list[Channel]:
        """All channels, without direct conversations."""
        return [channel for channel in self.workspace.channels.values() if channel.kind == "channel"]

    def direct(self, person: PersonLike) -> list[Message]:
        """What the app told that person directly."""
        who = self.person(person)
        channel = self.workspace.direct_channel([self.bot_user_id, who.id])
        return channel.messages if channel else []

    def ephemerals(self, person: PersonLike) -> list[Message]:
        """What only that person was shown, oldest first."""
        who = self.person(person)
        return [m for m in self.workspace.ephemerals if m.only_for == who.id and not m.deleted]

    def home(self, person: PersonLike) -> Json | None:
        """That person's Home tab as the app published it."""
        view = self.workspace.homes.get(self.person(person).id)
        return view.body if view else None

    def open_modal(self, person: PersonLike) -> View | None:
        """The top of that person's modals."""
        stack = self.workspace.stacks.get(self.person(person).id)
        return stack[-1] if stack else None

    async def modal(self, person: PersonLike, timeout: float = 60.0) -> Form:
        """The modal that opens, or is open. TimeoutError when none does."""
        await self.until(lambda: self.open_modal(person) is not None, timeout, f"a modal opens for {person}")
        view = self.open_modal(person)
        assert view is not None
        return Form(view)

    async def until(self, predicate: Callable[[], bool], timeout: float = 60.0, why: str = "") -> None:
        """Wait until it is true. TimeoutError says what was awaited, after `timeout` real seconds."""
        try:
            async with asyncio.timeout(timeout):
                while not predicate():
                    await self.workspace.pulse.next()
        except TimeoutError:
            last = ", ".join(f"{call.method} {call.outcome}" for call in self.calls[-8:])
            raise TimeoutError(f"waited {timeout:g} s in vain until {why or predicate}; last calls: {last}") from None

    async def until_connected(self, timeout: float = 60.0) -> None:
        """Wait until the app has a socket."""
        await self.until(lambda: self.sockets.connected > 0, timeout, "the app connects")
