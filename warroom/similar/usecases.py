"""Looking for incidents like this one."""

from __future__ import annotations

from datetime import datetime

from warroom.incident.decision import Decision
from warroom.incident.model import Incident
from warroom.incident.notices import SimilarBefore, SimilarOpen
from warroom.incident.parts import SimilarIncident
from warroom.incident.title import similar as alike
from warroom.outbox.effects import Place
from warroom.ports import World
from warroom.similar.rules import most_alike, rarities
from warroom.similar.words import concepts, spellings
from warroom.stores import Store

LOOKED_AT = 60
"""Incidents that are compared word by word, chosen by the database."""
CONCEPTS = 24


async def similar(store: Store, incident: Incident) -> tuple[SimilarIncident, ...]:
    """Up to three that are over and were like it, most alike first. Never a private one: whoever reads of them in a room
    need not be in theirs. Raises StoreUnavailable.
    """
    found = concepts(f"{incident.title}\n{incident.description}")
    wanted = [(concept, spellings(concept, words)) for concept, words in list(found.items())[:CONCEPTS]]
    # By the services too: whoever tells of the same trouble in other words still names the service.
    asked = [*incident.services, *(word for _, words in wanted for word in words)]
    others = {each.id: each for each in await store.ended_with(asked, LOOKED_AT)}
    if incident.alerts.monitor_id:
        keys = [f"1:any-group:{incident.alerts.monitor_id}"]
        known = [other for _, other in await store.firings_for(keys, LOOKED_AT)]
        others |= {each.id: each for each in known if not each.private and each.resolved_at}
    others.pop(incident.id, None)
    if not others:
        return ()
    counts = await store.count_with([words for _, words in wanted])
    total = await store.last_number()
    rarity = rarities(dict(zip((concept for concept, _ in wanted), counts, strict=True)), total)
    return most_alike(incident, others.values(), rarity)


async def similar_running(store: Store, incident: Incident) -> tuple[SimilarIncident, ...]:
    """Up to three that are open, were declared before it and may be the same trouble. No private ones, and none for a private
    incident, which merges with nothing public. Raises StoreUnavailable.
    """
    if incident.private or not incident.state.open:
        return ()
    others = await store.incidents(open_only=True, limit=LOOKED_AT)
    before = [each for each in others if each.number < incident.number and not each.private]
    return tuple(
        SimilarIncident(
            number=each.number,
            title=each.title,
            declared_at=each.declared_at,
            channel_id=each.room.channel_id,
            same_monitor=bool(incident.alerts.monitor_id) and each.alerts.monitor_id == incident.alerts.monitor_id,
        )
        for each in alike(incident.title, incident.services, before)[:3]
    )


async def look(world: World, incident: Incident, _now: datetime) -> Decision:
    """What was found is kept and said in the card's thread; nothing where nothing was alike."""
    found = await similar(world.store, incident)
    decision = Decision(incident.copy_with(similar=found).with_deadlines(similar=None), quiet=True)
    running = await similar_running(world.store, incident)
    if running:
        decision = decision.say(SimilarOpen(found=running), Place.CARD_THREAD, key="similar-open")
    return decision.say(SimilarBefore(found=found), Place.CARD_THREAD, key="similar") if found else decision


async def without_private(store: Store, incident: Incident) -> Incident:
    """The incident without what became private since it was found. Raises StoreUnavailable."""
    kept = []
    for each in incident.similar:
        other = await store.incident_numbered(each.number)
        if other is not None and not other.private:
            kept.append(each)
    return incident.copy_with(similar=tuple(kept))
