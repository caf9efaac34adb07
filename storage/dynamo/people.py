"""The cached directory of people and user groups, who follows what, and what people changed about schedules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from storage import codec
from storage.dynamo import layout
from storage.dynamo.table import Item, Table
from storage.keys import DIRECTORY_COMPLETE, DIRECTORY_VERSION, email_key, key
from storage.queues import Batch
from warroom.oncall.model import Calendar, FeedLink, Override, ScheduleState
from warroom.people.model import Group, Person, best_group, normal

PAGE = 100


class DynamoPeople:
    """`warroom.stores.People`, `OnCall` and `FeedLinks`."""

    _table: Table

    def __init__(self, table: Table) -> None:
        self._by_user: Batch[str, Person | None] = Batch(self._read_people, "people by id", PAGE)

    async def person(self, user_id: str) -> Person | None:
        """By Slack id. Everybody in a crowd is looked up at the same moment: they are read together."""
        return await self._by_user.join(user_id)

    async def _read_people(self, ids: Sequence[str]) -> list[Person | None]:
        known = {key(each.id): each for each in await self.people_by_id(sorted(set(ids)))}
        return [known.get(key(each)) for each in ids]

    async def people_by_email(self, email: str) -> list[Person]:
        """Compared without case; nobody for an empty one."""
        wanted = email_key(email)
        if not wanted:
            return []
        found = await self._people_at(layout.person_mailed(wanted, "").pk)
        return [each for each in found if email_key(each.email or "") == wanted]

    async def people_by_id(self, user_ids: Sequence[str]) -> list[Person]:
        """Those that are known, by id."""
        found = await self._table.get_many(layout.person(each) for each in user_ids)
        return [_person(found[place]) for place in sorted(found)]

    async def people_by_name(self, normal: str) -> list[Person]:
        """By any kind of name; nobody for an empty one."""
        return await self._people_at(layout.person_named(normal, "").pk) if normal else []

    async def _people_at(self, pk: str) -> list[Person]:
        return await self.people_by_id([item.data["id"] for item in await self._table.query(pk)])

    async def people_after(self, user_id: str, limit: int) -> list[Person]:
        """The next page, by id."""
        after = f"{key(user_id)}\x00" if user_id else None
        return [_person(item) for item in await self._table.query(layout.PEOPLE, since=after, limit=limit)]

    async def group(self, id_or_handle: str) -> Group | None:
        """By id, or by normalised handle."""
        handle = normal(id_or_handle)
        there = [codec.from_body(Group, item.data["body"]) for item in await self._table.query(layout.GROUPS)]
        found = [each for each in there if each.id == id_or_handle or (handle and normal(each.handle) == handle)]
        return best_group(found, id_or_handle)

    async def followers(self, team: str | None, severity: str) -> list[str]:
        """Ids of everybody who follows that team or that severity."""
        places = [layout.follower("severity", severity, "").pk]
        if team:
            places.append(layout.follower("team", team, "").pk)
        return sorted({item.data["user"] for place in places for item in await self._table.query(place)})

    async def directory_version(self) -> tuple[int, bool]:
        """(a number that grows with every change, whether a complete read ever ended)."""
        names = {name: layout.meta(name) for name in (DIRECTORY_VERSION, DIRECTORY_COMPLETE)}
        found = await self._table.get_many(names.values())
        version = found.get(names[DIRECTORY_VERSION])
        return int(version.data["number"]) if version else 0, names[DIRECTORY_COMPLETE] in found

    async def override(self, override_id: str) -> Override | None:
        """By id."""
        item = await self._table.get(layout.override(override_id))
        return _override(item) if item else None

    async def overrides(self, since: datetime, until: datetime) -> list[Override]:
        """Those of all schedules that touch the time, by start."""
        there = [_override(item) for item in await self._table.query(layout.OVERRIDES)]
        found = [each for each in there if each.end > since and each.start < until]
        return sorted(found, key=lambda each: (each.start, each.id))

    async def schedule_state(self, schedule: str) -> ScheduleState | None:
        """Of the schedule with that key."""
        item = await self._table.get(layout.schedule(schedule))
        if item is None:
            return None
        return codec.from_body(ScheduleState, {**item.data["body"], "version": item.data["version"]})

    async def calendar(self, schedule: str) -> Calendar | None:
        """Of the schedule with that key."""
        item = await self._table.get(layout.calendar(schedule))
        return codec.from_body(Calendar, item.data["body"]) if item else None

    async def feed_link(self, link_id: str) -> FeedLink | None:
        """By id."""
        item = await self._table.get(layout.feed_link(link_id))
        return codec.from_body(FeedLink, item.data["body"]) if item else None

    async def feed_links(self, person: str) -> list[FeedLink]:
        """Of that person, oldest first."""
        there = await self._table.query(layout.feed_links_of(person))
        known = await self._table.get_many(layout.feed_link(item.data["id"]) for item in there)
        found = [known[key] for item in there if (key := layout.feed_link(item.data["id"])) in known]
        return [codec.from_body(FeedLink, item.data["body"]) for item in found]


def _person(item: Item) -> Person:
    return codec.from_body(Person, item.data["body"])


def _override(item: Item) -> Override:
    return codec.from_body(Override, {**item.data["body"], "version": item.data["version"]})
