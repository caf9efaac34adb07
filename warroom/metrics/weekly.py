"""When the weekly review is posted: a timer of the workspace, and an effect of which each week has one.

The timer is a row like those of incidents, so that one of several processes works it off. The effect carries the week in its
key, which is in the outbox once: however often it is asked for, it is posted once.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from warroom.incident.change import done
from warroom.metrics.review import WEEK
from warroom.outbox.changes import WORKSPACE, Changeset, Claim, Timer
from warroom.outbox.effects import PostReview
from warroom.policy import Policy
from warroom.ports import World

TIMER = "review"
TOO_OLD = timedelta(days=2)
"""A review that could not be posted for so long is left out: the next one is closer."""


def last_due(now: datetime, at: time, zone: ZoneInfo) -> datetime:
    """The last Monday at that hour of that time zone which is not to come."""
    local = now.astimezone(zone)
    monday = local.date() - timedelta(days=local.weekday())
    due = datetime.combine(monday, at, zone)
    if due > now:
        due = datetime.combine(monday - WEEK, at, zone)
    return due.astimezone(now.tzinfo)


def next_due(now: datetime, at: time, zone: ZoneInfo) -> datetime:
    """The next Monday at that hour of that time zone."""
    monday = last_due(now, at, zone).astimezone(zone).date() + WEEK
    return datetime.combine(monday, at, zone).astimezone(now.tzinfo)


def week_before(due: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From Monday to Monday, midnight to midnight: the week that was over when the review is due."""
    monday = due.astimezone(zone).date()
    start, end = (datetime.combine(day, time(), zone).astimezone(due.tzinfo) for day in (monday - WEEK, monday))
    return start, end


async def arm(world: World) -> None:
    """At the start of a process: the timer is set, and a review that was missed meanwhile is asked for.

    Raises StoreUnavailable.
    """
    now, at = world.clock.now(), _at(world.policy)
    timer = Timer(incident_id=WORKSPACE, kind=TIMER, due_at=None)
    effects: tuple[PostReview, ...] = ()
    if at is not None:
        zone = ZoneInfo(world.policy.workspace.timezone)
        due = last_due(now, at, zone)
        timer = timer.copy_with(due_at=next_due(now, at, zone))
        if now - due < TOO_OLD and await _was_there(world, due):
            effects = _asked(world.policy, due, zone)
    await world.commit(Changeset(now=now, timers=(timer,), effects=effects))


async def _was_there(world: World, due: datetime) -> bool:
    """Whether there was anything to review then: a new installation begins in silence."""
    first = await world.store.incident_numbered(1)
    return first is not None and first.declared_at < due


async def fire(world: World, claim: Claim) -> None:
    """The timer is due: the review is asked for and the next one armed, in the transaction that ends the claim.

    Raises LeaseLost, StoreUnavailable.
    """
    now, at = world.clock.now(), _at(world.policy)
    if at is None:
        await world.commit(Changeset(now=now, claim_result=done(claim)))
        return
    zone = ZoneInfo(world.policy.workspace.timezone)
    due = last_due(now, at, zone)
    timer = Timer(incident_id=WORKSPACE, kind=TIMER, due_at=next_due(now, at, zone))
    effects = _asked(world.policy, due, zone) if now - due < TOO_OLD else ()
    await world.commit(Changeset(now=now, claim_result=done(claim), timers=(timer,), effects=effects))


def _at(policy: Policy) -> time | None:
    return policy.workspace.review_at if policy.workspace.announce else None


def _asked(policy: Policy, due: datetime, zone: ZoneInfo) -> tuple[PostReview, ...]:
    channel = policy.workspace.announce
    since, until = week_before(due, zone)
    week = f"{until.astimezone(zone):%Y-%m-%d}"
    return (PostReview(key=f"review:{week}", channel=channel, week=week, since=since, until=until),) if channel else ()
