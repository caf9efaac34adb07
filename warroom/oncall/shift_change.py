"""When somebody else is on call: a timer of each schedule, due at its next edge and whenever an override begins or ends.

The timer is a row like those of incidents, so that one of several processes works it off. What was said last is kept: who is
on call is compared with it, so an outage over three shifts is told as one change, and a restart tells nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from warroom.incident.change import done
from warroom.incident.model import Incident
from warroom.oncall import rules
from warroom.oncall.model import ScheduleState, Shift
from warroom.oncall.names import NamesLookedUp
from warroom.oncall.schedules import schedule_now
from warroom.outbox.changes import WORKSPACE, Changeset, Claim, Timer
from warroom.outbox.effects import Effect, KeepUserGroup, TellShift
from warroom.people.model import Group, normal
from warroom.people.resolution import resolve
from warroom.policy import Policy
from warroom.policy.schedule import Schedule
from warroom.ports import World

TIMER = "shift:"
"""How the kind of these timers begins; the schedule's key follows."""
LOOKED_AT = timedelta(days=1)
"""A schedule is looked at this often, whether anything changes or not: what was lost is found."""
DIRECTORY_WAIT = timedelta(seconds=30)
"""So long is waited where the people of the workspace were not read yet."""


def timer(schedule: str, at: datetime) -> Timer:
    """Looks at the schedule at that time."""
    return Timer(incident_id=WORKSPACE, kind=f"{TIMER}{schedule}", due_at=at, priority=1)


async def arm(world: World) -> None:
    """At the start of a process: every schedule is looked at. Raises StoreUnavailable."""
    now = world.clock.now()
    timers = tuple(timer(name, now) for name in world.policy.schedules)
    if timers:
        await world.commit(Changeset(now=now, timers=timers))


async def fire(world: World, claim: Claim) -> None:
    """The timer is due: whoever takes over is told, and the next look is armed, in the transaction that ends the claim.

    Raises Conflict, LeaseLost, StoreUnavailable.
    """
    assert claim.timer is not None
    now, name = world.clock.now(), claim.timer.removeprefix(TIMER)
    schedule = await schedule_now(world.store, world.policy, name)
    if schedule is None:
        await world.commit(Changeset(now=now, claim_result=done(claim)))
        return
    _, people_known = await world.store.directory_version()
    if not people_known:
        later = timer(name, now + DIRECTORY_WAIT)
        await world.commit(Changeset(now=now, claim_result=done(claim), timers=(later,)))
        return
    overrides = [each for each in await world.store.overrides(now, now + rules.HORIZONS[-1]) if each.schedule == name]
    shift = rules.shift_at(schedule, overrides, now)
    found = await resolve(shift.people, world.directory, world.policy)
    people = tuple(dict.fromkeys(match.person.id for match in found.found))
    before = await world.store.schedule_state(name)
    until = await NamesLookedUp(world.directory, world.policy).until(schedule, overrides, shift)
    after, effects = changed(name, schedule, before, people, shift.copy_with(end=until), now)
    edges = [each.start for each in overrides if each.start > now] + [shift.end, now + LOOKED_AT]
    await world.commit(
        Changeset(
            now=now,
            claim_result=done(claim),
            timers=(timer(name, max(min(edges), now + timedelta(seconds=1))),),
            schedule_states=(after,) if after != before else (),
            effects=tuple(effects),
        )
    )


def changed(
    name: str, schedule: Schedule, before: ScheduleState | None, people: tuple[str, ...], shift: Shift, now: datetime
) -> tuple[ScheduleState, list[Effect]]:
    """(what is known from now on, who is told). Whoever was on call when a schedule is seen first is told nothing."""
    effects: list[Effect] = []
    if schedule.user_group:
        effects.append(keep_group(name))
    if before is not None and set(before.people) == set(people):
        return before, effects
    if before is None:
        return ScheduleState(schedule=name, people=people, since=now), effects
    after = before.copy_with(people=people, since=now)
    told = [
        *([schedule.announce] if schedule.announce else []),
        *(each for each in people if each not in before.people),
    ]
    effects += [
        TellShift(
            key=f"shift:{name}:v{before.version}:{to}",
            schedule=name,
            to=to,
            people=people,
            before=before.people,
            until=shift.end if shift.end - now < rules.HORIZONS[-1] - timedelta(days=1) else None,
            priority=TellShift.weight,
        )
        for to in told
    ]
    return after, effects


def keep_group(schedule: str) -> KeepUserGroup:
    """The effect that compares the user group of a schedule with who is on call."""
    return KeepUserGroup(key=f"usergroup:{schedule}", schedule=schedule, priority=KeepUserGroup.weight)


async def group_changed(world: World, group: Group) -> None:
    """The members of a user group changed: where a schedule keeps it, they are compared. Raises StoreUnavailable."""
    names = {normal(group.handle), normal(group.id)}
    kept = [
        keep_group(name)
        for name, schedule in world.policy.schedules.items()
        if schedule.user_group and normal(schedule.user_group.lstrip("@")) in names
    ]
    if kept:
        await world.commit(Changeset(now=world.clock.now(), effects=tuple(kept)))


def handed_over(policy: Policy, incidents: Iterable[Incident], schedule: str) -> list[Incident]:
    """The open ones whose escalation policy calls the schedule, most severe first, then newest."""

    def calls(incident: Incident) -> bool:
        names = (name for level in incident.escalation.levels for name in level.notify)
        return any((meant := policy.schedule_meant(name)) is not None and meant.schedule == schedule for name in names)

    found = [incident for incident in incidents if incident.state.open and calls(incident)]
    return sorted(found, key=lambda each: (policy.rank(each.severity), -each.number))
