"""Whether somebody may do something under the policy, and who may when they may not."""

from __future__ import annotations

from warroom.errors import Forbidden
from warroom.incident.model import Incident
from warroom.people.resolution import resolve
from warroom.policy.permissions import Permission, Who
from warroom.ports import World
from warroom.refusals import AccountClosed, GuestMayNotDeclare, NotAllowed


async def authorize(world: World, case: Permission, by: str | None, incident: Incident | None = None) -> None:
    """Returns when `by` may do it; None, which is no person, may do everything. Raises Forbidden, which names who may."""
    may: tuple[str, ...] = getattr(world.policy.permissions, case.value)
    if by is None:
        return
    if case is Permission.DECLARE:
        await _may_declare(world, by)
    if Who.EVERYBODY in may:
        return
    if incident is not None and Who.RESPONDERS in may and incident.concerns(by):
        return
    if incident is not None and Who.COMMANDER in may and incident.commander == by:
        return
    names = [name for name in may if name not in tuple(Who)]
    people = await resolve(names, world.directory, world.policy)
    if by in (match.person.id for match in people.found):
        return
    raise Forbidden(
        NotAllowed(
            permission=case,
            may=may,
            incident=incident.name if incident else None,
            has_commander=bool(incident and incident.commander),
            room=_open_room(incident) if Who.RESPONDERS in may else None,
        )
    )


async def require_active(world: World, user: str) -> None:
    """Returns when the account is active, as far as the directory knows: the chat is not asked. Raises Forbidden."""
    person = await world.store.person(user)
    if person is not None and person.deleted:
        raise Forbidden(AccountClosed())


async def _may_declare(world: World, user: str) -> None:
    person = await world.store.person(user)
    if person is not None and person.deleted:
        raise Forbidden(AccountClosed())
    if person is not None and person.is_guest and not world.policy.workspace.guests_may_declare:
        raise Forbidden(GuestMayNotDeclare())


def _open_room(incident: Incident | None) -> str | None:
    """The name of the incident's channel, when anybody may join it."""
    return incident.room.channel_name if incident and not incident.private else None
