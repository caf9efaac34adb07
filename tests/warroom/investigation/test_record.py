"""What an investigation sees of the record: never a private incident but its own."""

from __future__ import annotations

from datetime import timedelta

from storage import Database
from tests.bot.conftest import OUTAGE
from tests.clock import NIGHT
from tests.stores import fresh_store
from warroom.alerts.model import AlertState
from warroom.incident.model import Incident
from warroom.investigation.looks import RECORD_ALERTS, Found, Request, Sources, looks
from warroom.outbox.changes import Changeset, Firing
from warroom.policy import Policy


async def kept(store: Database, number: int, title: str, *, private: bool) -> Incident:
    incident = OUTAGE.copy_with(
        id=f"i{number}", number=number, origin_key=f"test:{number}", private=private, services=("checkout",)
    )
    firing = Firing(
        incident_id=incident.id,
        dedup_key=f"key-{number}",
        keys=(f"key-{number}",),
        title=title,
        state=AlertState.ALERT,
        first_seen_at=NIGHT,
        last_seen_at=NIGHT,
        last_fired_at=NIGHT,
    )
    await store.commit(Changeset(now=NIGHT, incident=incident, firings=(firing,)))
    found = await store.incident(incident.id)
    assert found is not None
    return found


async def alerts_seen(store: Database, incident: Incident) -> set[str]:
    request = Request("checkout", NIGHT, NIGHT + timedelta(minutes=10), incident)
    (look,) = [each for each in looks(request, Policy(), Sources(), store) if each.source == RECORD_ALERTS]
    found = await look.run()
    assert isinstance(found, Found)
    return {fact.text for fact in found.facts}


async def test_alerts_of_other_private_incidents_are_not_seen() -> None:
    async with fresh_store() as store:
        public = await kept(store, 1, "errors", private=False)
        secret = await kept(store, 2, "leaked key", private=True)
        await kept(store, 3, "leaked names", private=True)
        assert await alerts_seen(store, public) == {"errors"}
        assert await alerts_seen(store, secret) == {"errors", "leaked key"}, "its own it sees"
