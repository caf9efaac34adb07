"""A gesture changes an incident once, however often it is delivered: after a crash, a doubt or a second press."""

from __future__ import annotations

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
        mark = Envelope(key=f"gesture:{self.gesture}", kind="gesture", body={}, received_at=change.now)
        if not await World.commit(self, change.copy_with(envelope=mark, envelope_done=mark.key)):
            raise Repeated(self.gesture)
        return True


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
