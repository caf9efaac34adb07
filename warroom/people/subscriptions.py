"""Following every new incident of a team or a severity."""

from __future__ import annotations

from warroom.outbox.changes import Changeset
from warroom.people.model import Following
from warroom.ports import World


async def follow(world: World, following: Following) -> None:
    """New incidents of that team or severity are followed by that person; a second time changes nothing. Raises StoreUnavailable."""
    await world.commit(Changeset(now=world.clock.now(), followed=(following,)))


async def unfollow(world: World, following: Following) -> None:
    """They are not any more. Incidents that are followed already stay so. Raises StoreUnavailable."""
    await world.commit(Changeset(now=world.clock.now(), unfollowed=(following,)))
