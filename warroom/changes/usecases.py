"""Changes of what runs, and the rooms that they concern."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from warroom.changes.model import Change
from warroom.incident.change import change
from warroom.incident.decision import Decision
from warroom.incident.events import ServiceChanged
from warroom.incident.model import Incident
from warroom.incident.notices import RecentChanges
from warroom.outbox.changes import Changeset
from warroom.outbox.effects import Effect, LookForChanges, Place
from warroom.people.model import normal
from warroom.ports import World

LATELY = timedelta(hours=3)
"""How long before the declaration a change may lie."""
MOST = 20
"""So many changes are told to one room at once."""
OPEN = 500


async def record_changes(world: World, changes: Sequence[Change]) -> None:
    """They are stored, each once, and told where they matter. Raises StoreUnavailable."""
    effects = tuple(await told_of(world, changes))
    await world.commit(Changeset(now=world.clock.now(), service_changes=tuple(changes), effects=effects))


async def told_of(world: World, changes: Sequence[Change]) -> list[Effect]:
    """What tells the open incidents whose services were changed. Raises StoreUnavailable."""
    if not changes:
        return []
    services = {normal(each.service) for each in changes}
    found = await world.store.incidents(open_only=True, limit=OPEN)
    mine = [each for each in found if services & {normal(name) for name in each.services}]
    return [LookForChanges(incident_id=each.id, key=f"{each.id}:changes") for each in mine]


async def look_for_changes(world: World, effect: LookForChanges) -> None:
    """What was changed of the affected services since shortly before the declaration is said, as far as the room does not know
    it. Raises Conflict, StoreUnavailable.
    """
    assert effect.incident_id is not None, "it is about an incident"
    incident = await world.store.incident(effect.incident_id)
    if incident is None or not incident.services or not incident.state.open:
        return
    now = world.clock.now()
    found = await world.store.service_changes(incident.declared_at - LATELY, now, incident.services, MOST)
    known = frozenset(entry.key for entry in await world.store.timeline(incident.id))

    async def decide(incident: Incident, now: datetime) -> Decision | None:
        return changes_found(incident, found, known, now)

    await change(world, incident.id, decide)


def changes_found(
    incident: Incident, changes: Sequence[Change], known: frozenset[str], now: datetime
) -> Decision | None:
    """Those that are not on the timeline yet are; said once, under the card. `known` are the timeline's keys. None when none is."""
    new = [each for each in changes if key_of(each) not in known][:MOST]
    if not new:
        return None
    decision = Decision(incident)
    for each in sorted(new, key=lambda change: change.at):
        event = ServiceChanged(
            change=each.id,
            service=each.service,
            what=each.kind,
            version=each.version,
            environment=each.environment,
            author=each.author,
            text=each.text,
            at=each.at,
        )
        decision = decision.record(event, now, link=each.url or None, key=key_of(each))
    newest = tuple(sorted(new, key=lambda change: change.at, reverse=True))
    return decision.say(RecentChanges(changes=newest), Place.CARD_THREAD, key=f"changes:{newest[0].id}")


def key_of(change: Change) -> str:
    """The timeline's key."""
    return f"change:{change.id}"
