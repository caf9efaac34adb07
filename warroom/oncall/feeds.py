"""Shifts for the calendars of people: links that are made and revoked, and what stands under them.

A link holds a key of two parts: an id, by which it is found, and a secret, of which only the digest is kept. So the database and
its copies let nobody read a calendar.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from datetime import UTC, datetime, timedelta

from warroom.oncall import rules
from warroom.oncall.duty import schedules_with
from warroom.oncall.model import FeedLink, Override, Shift
from warroom.oncall.names import NamesLookedUp, called
from warroom.oncall.schedules import schedule_now
from warroom.outbox.changes import Changeset
from warroom.policy.schedule import Schedule
from warroom.ports import World
from warroom.refusals import Repeated
from warroom.value import Value

BEHIND, AHEAD = timedelta(days=31), timedelta(days=366)
"""How much a calendar shows, in whole months: a window that moved with every read would move the edge of a shift with it."""
MOST = 5000
"""Shifts in one calendar."""
_KEY = re.compile(r"(?P<id>[0-9a-f]{16})\.(?P<secret>[\w-]{20,100})", re.ASCII)
_NOBODYS = FeedLink(id="", person="", digest="0" * 64, made_at=datetime.min.replace(tzinfo=UTC))
"""What a key of which nothing is known is compared with, so that its answer takes as long."""


class FeedShift(Value):
    """A shift as a calendar shows it. Times are aware UTC."""

    uid: str
    """The same each time the shift is read."""
    schedule: str
    start: datetime
    end: datetime
    people: tuple[str, ...]
    """How people call whoever is on call."""
    covers: tuple[str, ...] = ()
    """Whom the schedule names, where an override says otherwise."""


class Feed(Value):
    """What stands under a link."""

    schedule: str | None
    person: str
    """How people call whose link it is."""
    timezone: str
    shifts: tuple[FeedShift, ...] = ()


async def new_link(world: World, person: str, schedule: str | None) -> str:
    """The key of a new link; the one that the person had for the same shifts is not valid any more. Raises StoreUnavailable."""
    now, link_id, secret = world.clock.now(), secrets.token_hex(8), secrets.token_urlsafe(32)
    before = [each.id for each in await world.store.feed_links(person) if each.schedule == schedule]
    made = FeedLink(id=link_id, person=person, schedule=schedule, digest=_digest(secret), made_at=now)
    change = Changeset(now=now, feed_links=(made,), revoked_feed_links=tuple(before))
    if not await world.commit(world.marked(change)) and world.gesture is not None:
        raise Repeated(world.gesture)
    return f"{link_id}.{secret}"


async def link_of(world: World, person: str, schedule: str | None) -> FeedLink | None:
    """What the person has for these shifts. Raises StoreUnavailable."""
    return next((each for each in await world.store.feed_links(person) if each.schedule == schedule), None)


async def revoke(world: World, person: str, schedule: str | None = None, *, everything: bool = False) -> int:
    """The person's link for these shifts, or each one that they have, is not valid any more. Returns how many. Raises
    StoreUnavailable.
    """
    known = await world.store.feed_links(person)
    gone = tuple(each.id for each in known if everything or each.schedule == schedule)
    if gone:
        await world.commit(Changeset(now=world.clock.now(), revoked_feed_links=gone))
    return len(gone)


async def feed_of(world: World, key: str, *, schedule: str | None = None, person: str | None = None) -> Feed | None:
    """What stands under the link with that key in the place of that schedule, or of that person. None for a key that is wrong, was
    revoked or is another place's, for a schedule that is gone and for whoever left. Raises StoreUnavailable.
    """
    parts = _KEY.fullmatch(key)
    known = await world.store.feed_link(parts["id"]) if parts else None
    right = hmac.compare_digest((known or _NOBODYS).digest, _digest(parts["secret"] if parts else ""))
    if known is None or not right or known.schedule != schedule or (schedule is None and known.person != person):
        return None
    owner = await world.store.person(known.person)
    if owner is None or owner.deleted or (schedule is not None and schedule not in world.policy.schedules):
        return None
    start, end = window(world.clock.now())
    overrides = await world.store.overrides(start, end)
    names = NamesLookedUp(world.directory, world.policy)
    if schedule is None:
        shown = await schedules_with(world.store, names, world.policy, owner.id, overrides)
    else:
        shown = {schedule: await schedule_now(world.store, world.policy, schedule) or world.policy.schedules[schedule]}
    shifts: list[FeedShift] = []
    for name, found in shown.items():
        mine = [each for each in overrides if each.schedule == name]
        shifts += await _shown(names, name, found, mine, start, end, None if schedule else owner.id)
    shifts.sort(key=lambda each: (each.start, each.schedule))
    kept = world.policy.schedules[schedule].timezone if schedule else owner.tz
    return Feed(
        schedule=schedule,
        person=called(owner),
        timezone=kept or world.policy.workspace.timezone,
        shifts=tuple(shifts[:MOST]),
    )


def window(now: datetime) -> tuple[datetime, datetime]:
    """(from, until) of what a calendar shows, at the beginnings of months."""
    first, last = now - BEHIND, now + AHEAD
    start = datetime(first.year, first.month, 1, tzinfo=UTC)
    end = datetime(last.year + last.month // 12, last.month % 12 + 1, 1, tzinfo=UTC)
    return start, end


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


async def _shown(
    names: NamesLookedUp,
    name: str,
    schedule: Schedule,
    overrides: list[Override],
    start: datetime,
    end: datetime,
    only: str | None,
) -> list[FeedShift]:
    """The shifts of a schedule; of one person where `only` is given."""
    found = []
    for shift in rules.shifts(schedule, overrides, start, end):
        if only is not None and not await names.include(shift.people, only):
            continue
        covers: tuple[str, ...] = ()
        if shift.overrides:
            named = rules.on_call(schedule, (), shift.start)
            covers = await names.called(each for each in named if each not in shift.people)
        who = await names.called(shift.people)
        found.append(_feed_shift(name, shift, who, tuple(each for each in covers if each not in who)))
    return found


def _feed_shift(name: str, shift: Shift, people: tuple[str, ...], covers: tuple[str, ...]) -> FeedShift:
    # By its start alone: cover for a whole shift changes the entry that a calendar has, and adds none.
    uid = hashlib.sha256(f"{name}\n{shift.start.isoformat()}".encode()).hexdigest()[:32]
    return FeedShift(
        uid=f"{uid}@warroom", schedule=name, start=shift.start, end=shift.end, people=people, covers=covers
    )
