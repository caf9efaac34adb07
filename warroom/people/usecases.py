"""What one person is answered and shown, what they follow, and the directory kept as the workspace is."""

from __future__ import annotations

from warroom.outbox.changes import Changeset
from warroom.outbox.effects import PrivateReply, PublishHome, SyncDirectory
from warroom.people.model import Following, Group, Person
from warroom.ports import World


async def private_reply(world: World, answer: PrivateReply) -> None:
    """One person gets an answer, once however often it is asked for with the same key. Raises StoreUnavailable."""
    await world.commit(Changeset(now=world.clock.now(), effects=(answer,)))


async def open_home(world: World, user: str) -> None:
    """Somebody looks at their App Home: draw it."""
    home = PublishHome(key=f"home:{user}", user=user, priority=4)
    await world.commit(Changeset(now=world.clock.now(), effects=(home,)))


async def sync_directory(world: World) -> None:
    """Read the whole workspace into the directory, in the background."""
    sync = SyncDirectory(key="directory", priority=90)
    await world.commit(Changeset(now=world.clock.now(), effects=(sync,)))


async def person_changed(world: World, person: Person) -> None:
    """Somebody joined, left or changed their name."""
    await world.commit(Changeset(now=world.clock.now(), people=(person,)))


async def group_changed(world: World, group: Group) -> None:
    """A user group has other members or another handle."""
    await world.commit(Changeset(now=world.clock.now(), groups=(group,)))


async def follow(world: World, following: Following) -> None:
    """New incidents of that team or severity are followed by that person; a second time changes nothing. Raises StoreUnavailable."""
    await world.commit(Changeset(now=world.clock.now(), followed=(following,)))


async def unfollow(world: World, following: Following) -> None:
    """They are not any more. Incidents that are followed already stay so. Raises StoreUnavailable."""
    await world.commit(Changeset(now=world.clock.now(), unfollowed=(following,)))
