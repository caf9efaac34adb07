"""Alerts as they arrived, what fires, what could not be used, how far channels were read, and what was changed in what runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from storage import codec, keys
from storage.dynamo import layout
from storage.dynamo.incidents import DynamoIncidents
from storage.dynamo.layout import sortable
from storage.dynamo.table import Data, Item, Key
from storage.keys import key as folded
from warroom.alerts.model import Alert
from warroom.changes.model import Change
from warroom.incident.model import Incident
from warroom.outbox.changes import AlertDecision, Firing, Quarantined, ReadCursor, ReceivedAlert
from warroom.people.model import normal

PAGE = 100
DECIDED_TOGETHER = 60
"""Alerts that one change may decide: of the 100 items of a transaction it leaves room for the incident and what follows."""


class DynamoAlertLog(DynamoIncidents):
    """`warroom.stores.AlertLog` and `ServiceChanges`."""

    async def pending_alerts(self, limit: int) -> list[ReceivedAlert]:
        """Not decided yet, in order of arrival; never more than can be decided in one transaction."""
        most = min(limit, DECIDED_TOGETHER)
        found: list[ReceivedAlert] = []
        async for items in self._table.pages(layout.PENDING_ALERTS, limit=PAGE):
            known = await self._table.get_many(layout.alert(item.data["id"]) for item in items)
            for item in items:
                there = known.get(layout.alert(item.data["id"]))
                if there is not None and there.data["decision"] is None:
                    found.append(received_of(there.data))
                else:
                    # Written behind a marker, and its alert was decided by then. What is decided stays decided.
                    await self._table.call("delete_item", TableName=self._table.address.table, Key=item.key.raw)
                if len(found) >= most:
                    return found
        return found

    async def alerts(self, limit: int = 50) -> list[tuple[ReceivedAlert, AlertDecision | None]]:
        """Newest first, with what became of them."""
        counter = await self._table.get(layout.ALERT_NUMBER)
        found: list[tuple[ReceivedAlert, AlertDecision | None]] = []
        last = int(counter.data["number"]) if counter else 0
        for shard in range(last // layout.NUMBERS, -1, -1):
            pk = layout.alert_order(shard * layout.NUMBERS).pk
            found += await self._logged(await self._table.query(pk, newest=True, limit=limit - len(found)))
            if len(found) >= limit:
                break
        return found

    async def alerts_after(
        self, seq: int, since: datetime, limit: int
    ) -> list[tuple[ReceivedAlert, AlertDecision | None]]:
        """In order of arrival, with what became of them."""
        counter = await self._table.get(layout.ALERT_NUMBER)
        last = int(counter.data["number"]) if counter else 0
        found: list[tuple[ReceivedAlert, AlertDecision | None]] = []
        for shard in range((seq + 1) // layout.NUMBERS, last // layout.NUMBERS + 1):
            place = layout.alert_order(shard * layout.NUMBERS)
            first = max(layout.alert_order(seq + 1).sk, place.sk)
            async for items in self._table.pages(place.pk, since=first):
                found += [each for each in await self._logged(items) if each[0].received_at >= since]
                if len(found) >= limit:
                    return found[:limit]
        return found

    async def _logged(self, order: Sequence[Item]) -> list[tuple[ReceivedAlert, AlertDecision | None]]:
        """Those that are still there, in that order: DynamoDB deletes what came to nothing, the order outlives it."""
        known = await self._table.get_many(layout.alert(item.data["id"]) for item in order)
        found = [known[key].data for item in order if (key := layout.alert(item.data["id"])) in known]
        return [(received_of(data), decision_of(data)) for data in found]

    async def firings(self, incident_id: str, limit: int = 100) -> list[Firing]:
        """Newest `last_seen_at` first."""
        await self._items([layout.incident(incident_id)])
        there = await self._table.query(layout.incident(incident_id).pk, prefix="F#")
        found = [codec.from_body(Firing, item.data["body"]) for item in there]
        found.sort(key=lambda each: each.dedup_key)
        found.sort(key=lambda each: each.last_seen_at, reverse=True)
        return found[:limit]

    async def firings_for(self, keys: Sequence[str], limit: int = 10) -> list[tuple[Firing, Incident]]:
        """Those that share any of the keys, newest incident first."""
        places = set()
        for name in dict.fromkeys(keys):
            for item in await self._table.query(layout.firing_key(name, "", "").pk):
                places.add((item.data["incident_id"], item.data["dedup_key"]))
        incidents = await self._items([layout.incident(incident_id) for incident_id, _ in places])
        firings = await self._table.get_many(layout.firing(*place) for place in places)
        asked = {folded(name) for name in keys}
        found = [
            (codec.from_body(Firing, firings[key].data["body"]), self._incident_at(incidents, place[0]))
            for place in places
            if (key := layout.firing(*place)) in firings
            and asked.intersection(firings[key].data["keys"])
            and layout.incident(place[0]) in incidents
        ]
        found.sort(key=lambda each: each[0].dedup_key)
        found.sort(key=lambda each: (each[1].number, each[0].last_seen_at), reverse=True)
        return found[:limit]

    async def quarantined(self, limit: int = 50) -> list[Quarantined]:
        """Newest first."""
        there = await self._table.query(layout.QUARANTINE, newest=True, limit=limit)
        known = await self._table.get_many(layout.quarantined(item.data["id"]) for item in there)
        places = [layout.quarantined(item.data["id"]) for item in there]
        return [quarantined_of(known[key].data) for key in places if key in known]

    async def quarantined_as(self, quarantine_id: str) -> Quarantined | None:
        """By id."""
        found = await self._table.get(layout.quarantined(quarantine_id))
        return quarantined_of(found.data) if found else None

    async def read_cursors(self) -> list[ReadCursor]:
        """By channel."""
        return [ReadCursor.model_validate(item.data) for item in await self._table.query(layout.CURSORS)]

    async def service_changes(
        self, since: datetime, until: datetime, services: Sequence[str] = (), limit: int = 50
    ) -> list[Change]:
        """See `warroom.stores.ServiceChanges.service_changes`."""
        wanted = {normal(each) for each in services}
        found: list[tuple[str, Change]] = []
        async for item in self._changes(sortable(since), sortable(until)):
            if not wanted or item.data["service"] in wanted:
                change = codec.from_body(Change, item.data["body"])
                if found and len(found) >= limit and found[-1][1].at != change.at:
                    break
                found.append((keys.key(change.id), change))
        found.sort(key=lambda each: each[0])
        found.sort(key=lambda each: each[1].at, reverse=True)
        return [change for _, change in found[:limit]]

    async def _changes(self, since: str, until: str) -> AsyncIterator[Item]:
        """Newest first."""
        months = [item.key.sk for item in await self._table.query(layout.CHANGE_MONTHS, newest=True)]
        for month in months:
            if since[:7] <= month <= until[:7]:
                last = f"{until}#\U0010ffff"
                pages = self._table.pages(layout.changes_in(month), since=since, until=last, newest=True)
                async for items in pages:
                    for item in items:
                        yield item

    @staticmethod
    def _incident_at(incidents: dict[Key, Item], incident_id: str) -> Incident:
        item = incidents[layout.incident(incident_id)]
        return codec.from_body(Incident, {**item.data["body"], "version": item.data["version"]})


def received_of(data: Data) -> ReceivedAlert:
    """The alert as it was accepted, with its place in the order of arrival."""
    alert, at = codec.from_body(Alert, data["body"]), layout.time_of(data["received_at"])
    return ReceivedAlert(alert=alert, received_at=at, source=data["source"], seq=data["seq"])


def decision_of(data: Data) -> AlertDecision | None:
    """What became of the alert, None while that is not decided."""
    return AlertDecision.model_validate(data["decision"]) if data["decision"] is not None else None


def quarantined_of(data: Data) -> Quarantined:
    """What could not be used, with its full body."""
    fields = {name: value for name, value in data.items() if name in Quarantined.model_fields}
    return Quarantined.model_validate(fields | {"body": bytes.fromhex(data["body"])})
