"""Make things go wrong: slow calls, failing calls, broken connections, repeated events, revoked tokens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.events import emit
from sandbox.faults import CallFault, CallFilter, CallHook
from sandbox.queries import Queries


class FaultsApi(Queries):
    """The part of the sandbox with which a test or the page plans faults."""

    @property
    def latency(self) -> float:
        """Real seconds that every Web API call takes on its way."""
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
        when: CallFilter | None = None,
    ) -> None:
        """Run `do` once, at the nth call of `method` from now on, "before" or "after" the call takes effect."""
        self.faults.hooks.append(CallHook(method, nth, moment, do, when))

    def fail(self, method: str, kind: str, **more: Any) -> CallFault:
        """Plan a fault; the arguments are those of FaultPlan.add. ValueError for an unknown kind."""
        return self.faults.add(method, kind, **more)

    async def drop_sockets(self) -> None:
        """Cut every Socket Mode connection without a closing handshake."""
        await self.sockets.drop()

    async def refresh_sockets(self, reason: str = "refresh_requested", grace: float = 0.0) -> None:
        """Ask the app to reconnect, as Slack does every few hours; see Sockets.refresh."""
        await self.sockets.refresh(reason, grace)

    async def revoke(self) -> None:
        """Revoke the app's tokens: it gets the event tokens_revoked, and every later call fails with token_revoked."""
        emit(self.workspace, {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [self.bot_user_id]}})
        self.workspace.app.revoked = True

    def duplicate_next_event(self) -> None:
        """Deliver the next event twice."""
        self.sockets.duplicates += 1
