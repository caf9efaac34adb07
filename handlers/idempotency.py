"""A gesture changes an incident once, however often it is delivered: after a crash, a doubt or a second press."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from handlers.audit import Repeated, about
from warroom.outbox.changes import Changeset, Envelope
from warroom.ports import World


@dataclass(frozen=True, slots=True, kw_only=True)
class OnceWorld(World):
    """The world in which one gesture acts. Its key is stored in the transaction of the change that it causes."""

    gesture: str

    async def commit(self, change: Changeset) -> bool:
        """As World.commit. Raises Repeated, with nothing written, when this gesture has changed an incident before."""
        if change.incident is None or change.envelope is not None:
            return await World.commit(self, change)
        about(change.incident)
        if not await World.commit(self, self._marked(change)):
            raise Repeated(self.gesture)
        return True

    async def commit_new(self, build: Callable[[int], Changeset]) -> Changeset | None:
        """As World.commit_new. Raises Repeated, with nothing written, when this gesture has changed an incident before."""
        written = await World.commit_new(self, lambda number: self._marked(build(number)))
        if written is None:
            raise Repeated(self.gesture)
        assert written.incident is not None
        about(written.incident)
        return written

    def _marked(self, change: Changeset) -> Changeset:
        mark = Envelope(key=f"gesture:{self.gesture}", kind="gesture", body={}, received_at=change.now)
        return change.copy_with(envelope=mark, envelope_done=mark.key)


def once(world: World, gesture: str) -> World:
    """The same world for one gesture, named by what Slack calls it. Only for gestures that change one incident once."""
    return OnceWorld(
        store=world.store,
        directory=world.directory,
        policy=world.policy,
        clock=world.clock,
        rooms=world.rooms,
        nudge=world.nudge,
        integrations=world.integrations,
        gesture=gesture,
    )
