"""Break things: slow calls, calls that go wrong, sockets that end, events that come twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.events import tell
from sandbox.faults import Fault, Hook, When
from sandbox.looking import Looking


class Breaking(Looking):
    """A workspace in which things go wrong when asked to."""

    @property
    def latency(self) -> float:
        """Real seconds every Web API call takes on its way."""
        return self._server.latency

    @latency.setter
    def latency(self, seconds: float) -> None:
        self._server.latency = seconds

    def on_call(
        self,
        method: str,
        *,
        nth: int = 1,
        moment: str = "before",
        do: Callable[[], object],
        when: When | None = None,
    ) -> None:
        """Do something at the nth call of that method from now on, before or after it takes effect."""
        self.faults.hooks.append(Hook(method, nth, moment, do, when))

    def fail(self, method: str, kind: str, **more: Any) -> Fault:
        """Plan trouble; see Faults.add."""
        return self.faults.add(method, kind, **more)

    async def drop_sockets(self) -> None:
        """Cut every connection without a word."""
        await self.sockets.drop()

    async def refresh_sockets(self, reason: str = "refresh_requested", grace: float = 0.0) -> None:
        """Ask the app to connect anew, as Slack does every few hours; see Sockets.refresh."""
        await self.sockets.refresh(reason, grace)

    async def revoke(self) -> None:
        """Somebody takes the app's tokens away: it is told, then nothing that it calls works any more."""
        tell(self.workspace, {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [self.bot_user_id]}})
        self.workspace.app.revoked = True

    def duplicate_next_event(self) -> None:
        """The next event comes twice."""
        self.sockets.duplicates += 1
