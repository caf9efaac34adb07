"""Incidents and their timelines, their figures, and their words."""

from __future__ import annotations

import asyncio
import math
import re
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from functools import cache, lru_cache
from typing import Any

from storage import codec, keys
from storage.dynamo import layout
from storage.dynamo.layout import sortable
from storage.dynamo.table import Data, Item, Key, Table
from storage.dynamo.transaction import Transaction, transact
from storage.dynamo.unfinished import finished
from storage.queues import Batch
from warroom.incident.model import Incident, State
from warroom.incident.timeline import Entry
from warroom.metrics.measure import measured
from warroom.metrics.model import FORMAT, IncidentFigures, figures_from
from warroom.outbox.changes import Firing

OVER = frozenset({State.RESOLVED.value, State.CLOSED.value})
PAGE = 100
_WORD = re.compile(r"[a-z0-9]+")


class DynamoIncidents:
    """`warroom.stores.Incidents`, `Figures` and `FullText`."""

    _table: Table

    def __init__(self, table: Table) -> None:
        self._by_id: Batch[str, Incident | None] = Batch(self._read_together, "incidents by id", PAGE)

    async def incident(self, incident_id: str) -> Incident | None:
        """By id. What performs effects side by side asks for the same incident at the same moment: it is read once."""
        return await self._by_id.join(incident_id)

    async def _read_together(self, ids: Sequence[str]) -> list[Incident | None]:
        found = await self._items([layout.incident(each) for each in ids])
        return [incident_of(item) if (item := found.get(layout.incident(each))) else None for each in ids]

    async def _items(self, wanted: Sequence[Key]) -> dict[Key, Item]:
        """Incidents, with what a change of them left unfinished carried out."""
        return await finished(self._table, wanted)

    async def _pointed_at(self, key: Key) -> Incident | None:
        pointer = await self._table.get(key)
        return await self.incident(pointer.data["id"]) if pointer else None

    async def incident_numbered(self, number: int) -> Incident | None:
        """By number; None for one that no incident can have."""
        return await self._pointed_at(layout.numbered(number)) if 0 < number < 2**31 else None

    async def incident_in(self, channel_id: str) -> Incident | None:
        """By its channel."""
        return await self._pointed_at(layout.channel(channel_id))

    async def incident_from(self, origin_key: str) -> Incident | None:
        """By what caused it."""
        return await self._pointed_at(layout.origin(origin_key))

    async def incident_grouped(self, group_key: str) -> Incident | None:
        """The newest with that group key, open or not."""
        found = await self._table.query(layout.grouped(group_key, 0).pk, newest=True, limit=1)
        return await self.incident(found[0].data["id"]) if found else None

    async def incidents(
        self, *, open_only: bool = False, closed_only: bool = False, text: str = "", limit: int = 50
    ) -> list[Incident]:
        """Newest first; `text` matches title, description and summary."""
        wanted = keys.fold(text)
        if open_only and not wanted:
            there = await self._table.query(layout.OPEN, newest=True, limit=limit)
            return await self._incidents([item.data["id"] for item in there])
        ids: list[str] = []
        async for each in self._summaries():
            over = not State(each["state"]).open
            if (open_only and over) or (closed_only and not over) or wanted not in each["search"]:
                continue
            ids.append(each["id"])
            if len(ids) >= limit:
                break
        return await self._incidents(ids)

    async def _incidents(self, ids: Sequence[str]) -> list[Incident]:
        found = await self._items([layout.incident(each) for each in ids])
        return [incident_of(found[key]) for each in ids if (key := layout.incident(each)) in found]

    async def _summaries(self) -> AsyncIterator[Data]:
        """What lists and searches need of every incident, newest first."""
        for shard in layout.shards_down(await self.last_number()):
            async for items in self._table.pages(shard, newest=True):
                for item in items:
                    yield item.data

    async def last_number(self) -> int:
        """0 when there is no incident."""
        counter = await self._table.get(layout.INCIDENT_NUMBER)
        return int(counter.data["number"]) if counter else 0

    async def timeline(self, incident_id: str) -> list[Entry]:
        """In order of `at`, then of arrival."""
        await self._items([layout.incident(incident_id)])
        found = await self._table.query(layout.incident(incident_id).pk, prefix="E#")
        entries = [(codec.from_body(Entry, item.data["body"]), item.data["arrived"]) for item in found]
        return [entry for entry, _ in sorted(entries, key=lambda each: (each[0].at, each[1]))]

    async def figures(self, since: datetime, until: datetime) -> list[IncidentFigures]:
        """See `warroom.stores.Figures.figures`."""
        first, last = sortable(since), sortable(until)
        span = [each async for each in self._summaries() if first <= each["declared_at"] < last]
        known = await self._table.get_many(layout.figures(each["id"]) for each in span)
        missing = [each["id"] for each in span if not _current(known.get(layout.figures(each["id"])), each["version"])]
        for start in range(0, len(missing), PAGE):
            known |= await self._measured(missing[start : start + PAGE])
        span.sort(key=lambda each: each["declared_at"])
        bodies = [known[key].data["body"] for each in reversed(span) if (key := layout.figures(each["id"])) in known]
        found = await asyncio.to_thread(_read, bodies)
        return sorted(found, key=lambda each: (each.declared_at, each.number))

    async def measure(self, limit: int) -> int:
        """See `warroom.stores.Figures.measure`."""
        there = await self._table.query(layout.STALE, limit=limit)
        if there:
            await self._measured([item.data["id"] for item in there])
        for item in there:
            await self._settled(item)
        return len(there)

    async def _settled(self, stale: Item) -> None:
        """It is measured, unless it changed again meanwhile."""

        async def once(transaction: Transaction) -> None:
            transaction.know([stale])
            now = await self._table.get(stale.key)
            if now is not None and now.rev == stale.rev:
                transaction.delete(stale.key)

        await transact(self._table, once)

    async def _measured(self, ids: Sequence[str]) -> dict[Key, Item]:
        incidents = await self._items([layout.incident(each) for each in ids])
        new = {}
        for item in incidents.values():
            there = await self._table.query(item.key.pk)
            figures = await asyncio.to_thread(_measure, item, there)
            key = layout.figures(incident_of(item).id)
            data = {"version": item.data["version"], "format": FORMAT, "body": figures}
            new[key] = Item(key, data, 0)

            async def once(transaction: Transaction, key: Key = key, data: Data = data) -> None:
                transaction.replace(key, data)

            await transact(self._table, once)
        return new

    async def ended_with(self, words: Sequence[str], limit: int) -> list[Incident]:
        """See `warroom.stores.FullText.ended_with`. Rare words count for more, as in BM25."""
        asked = _stems(" ".join(words))
        if not asked:
            return []
        found: list[tuple[str, set[str]]] = []
        often: Counter[str] = Counter()
        total = 0
        async for each in self._summaries():
            total += 1
            there = asked & _stems(each["search"])
            often.update(there)
            if there and each["state"] in OVER and not each["private"]:
                found.append((each["id"], there))
        weight = {word: math.log(1 + (total - often[word] + 0.5) / (often[word] + 0.5)) for word in asked}
        # Stable, and newest first among equals.
        found.sort(key=lambda one: -sum(weight[word] for word in one[1]))
        return await self._incidents([name for name, _ in found[:limit]])

    async def count_with(self, groups: Sequence[Sequence[str]]) -> list[int]:
        """See `warroom.stores.FullText.count_with`."""
        asked = [_stems(" ".join(words)) for words in groups]
        counts = [0] * len(asked)
        async for each in self._summaries():
            there = _stems(each["search"])
            for n, words in enumerate(asked):
                counts[n] += bool(words & there)
        return counts


def incident_of(item: Item) -> Incident:
    """The incident in the version of its item."""
    return codec.from_body(Incident, {**item.data["body"], "version": item.data["version"]})


def _current(item: Item | None, version: int) -> bool:
    return item is not None and item.data["version"] == version and item.data["format"] == FORMAT


def _measure(item: Item, there: Sequence[Item]) -> str:
    entries = [codec.from_body(Entry, each.data["body"]) for each in there if each.key.sk.startswith("E#")]
    firings = [codec.from_body(Firing, each.data["body"]) for each in there if each.key.sk.startswith("F#")]
    arrived = {each.key.sk.removeprefix("E#"): each.data["arrived"] for each in there if each.key.sk.startswith("E#")}
    entries.sort(key=lambda entry: (entry.at, arrived.get(keys.key(entry.key), "")))
    return measured(incident_of(item), entries, firings).to_json()


def _read(bodies: Sequence[str]) -> list[IncidentFigures]:
    return [figures_from(body) for body in bodies]


@cache
def _stemmer() -> Any:
    import snowballstemmer

    return snowballstemmer.stemmer("english")


@lru_cache(100_000)
def _stem(word: str) -> str:
    return str(_stemmer().stemWord(word))


def _stems(text: str) -> set[str]:
    """The words of a text in their English forms."""
    return {_stem(word) for word in _WORD.findall(text.casefold())}
