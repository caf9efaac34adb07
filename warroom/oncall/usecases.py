"""Who is on call, as people ask and change it: the overview, cover, swaps and their end."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from warroom.errors import Conflict, Forbidden, NotFound, Refused
from warroom.incident.change import authorize
from warroom.oncall import cover, rules, shift_change
from warroom.oncall.model import Calendar, Override, OverrideState, Shift
from warroom.oncall.names import NamesLookedUp
from warroom.oncall.schedules import schedule_now
from warroom.outbox.changes import Changeset, Claim, ClaimOutcome, ClaimResult
from warroom.outbox.effects import ShowOverride
from warroom.outbox.results import OverrideShown
from warroom.people.model import Resolution
from warroom.people.resolution import resolve
from warroom.policy.permissions import Permission
from warroom.policy.schedule import Schedule
from warroom.ports import World
from warroom.refusals import OnCallProblem, OnCallRefused, Repeated
from warroom.value import Value

COMING = timedelta(days=30)
"""So far ahead the overview looks for cover."""
SWAPPABLE = timedelta(days=92)
"""So far ahead somebody's next shift is looked for."""
IN_VAIN = 5
"""Attempts that were refused because somebody else changed the same; then something else is wrong."""


class ScheduleOverview(Value):
    """One schedule as people ask about it."""

    name: str
    timezone: str
    shift: Shift
    """Who is on call now, and until when; without people in a gap."""
    now: Resolution
    next_shift: Shift | None = None
    """The first one of somebody else."""
    next: Resolution = Resolution()
    overrides: tuple[Override, ...] = ()
    """Asked for and taken, now or to come."""
    calendar: Calendar | None = None
    """Where one keeps the schedule."""


def schedule_named(world: World, said: str) -> str:
    """The key of that schedule. Raises Refused."""
    known = tuple(world.policy.schedules)
    meant = world.policy.schedule_meant(said) or world.policy.schedule_meant(f"schedule:{said}")
    if not known:
        raise Refused(OnCallRefused(problem=OnCallProblem.NO_SCHEDULES))
    if meant is None or meant.schedule not in known or meant.ahead:
        raise Refused(OnCallRefused(problem=OnCallProblem.UNKNOWN_SCHEDULE, schedule=said, known=known))
    return meant.schedule


async def overview(world: World, names: Iterable[str]) -> list[ScheduleOverview]:
    """The schedules of these names, as of now. Raises StoreUnavailable."""
    now = world.clock.now()
    known = await world.store.overrides(now, now + rules.HORIZONS[-1])
    found, looked_up = [], NamesLookedUp(world.directory, world.policy)
    for name in names:
        schedule, overrides = await _schedule(world, name), [each for each in known if each.schedule == name]
        calendar = await world.store.calendar(name) if schedule.ical else None
        shift = rules.shift_at(schedule, overrides, now)
        following = rules.following(schedule, overrides, now, 1 if not overrides else len(overrides) + 1)
        later = await looked_up.first_others(following, shift)
        shift = shift.copy_with(end=await looked_up.until(schedule, overrides, shift))
        found.append(
            ScheduleOverview(
                name=name,
                timezone=schedule.timezone or world.policy.workspace.timezone,
                shift=shift,
                now=await _people(world, shift.people),
                next_shift=later,
                next=await _people(world, later.people if later else ()),
                calendar=Calendar(schedule=name) if schedule.ical and calendar is None else calendar,
                overrides=tuple(
                    each for each in overrides if each.state is not OverrideState.UNDONE and each.start < now + COMING
                ),
            )
        )
    return found


async def ask_cover(
    world: World,
    schedule: str,
    start: datetime,
    end: datetime,
    by: str,
    person: str | None = None,
) -> Override:
    """Cover is looked for: `person` is asked, else whoever the schedule names. Of several who are on call together only whoever asks
    is replaced. Raises Refused.
    """
    await _authorized(world, schedule, by)
    now = world.clock.now()
    asked = Override(
        id=uuid.uuid4().hex,
        schedule=schedule,
        start=start,
        end=end,
        state=OverrideState.ASKED,
        by=by,
        asked=person,
        made_at=now,
    )
    asked = cover.wanted(asked, now)
    asked = asked.copy_with(instead_of=await _own_name_among_others(world, asked, by))
    await _commit(world, now, (asked,), await _asked(world, asked))
    return asked


async def assign(world: World, schedule: str, start: datetime, end: datetime, by: str, person: str) -> Override:
    """`person` is on call then, and is told. Raises Refused."""
    await _authorized(world, schedule, by)
    now = world.clock.now()
    made = Override(id=uuid.uuid4().hex, schedule=schedule, start=start, end=end, person=person, by=by, made_at=now)
    made = cover.wanted(made, now)
    told = [each for each in (person, world.policy.schedules[schedule].announce) if each and each != by]
    await _commit(world, now, (made,), _shown_to(made, told, news=True))
    return made


async def take(world: World, override_id: str, by: str) -> Override:
    """`by` is on call; of a swap both shifts change hands, or none. Raises Refused, AlreadyDone, NotFound."""
    return await _change(world, override_id, by, lambda each, now: cover.taken(each, by, now), both=True)


async def undo(world: World, override_id: str, by: str) -> Override:
    """The schedule holds again from now on; of a swap both shifts are given back. Raises Refused, AlreadyDone, NotFound."""
    return await _change(world, override_id, by, lambda each, now: cover.undone(each, by, now), both=False)


async def ask_swap(world: World, schedule: str, by: str, person: str) -> tuple[Override, Override]:
    """The next shift of `by` for the next one of `person`, who is asked. Raises Refused."""
    await _authorized(world, schedule, by)
    now = world.clock.now()
    if person == by:
        raise Refused(OnCallRefused(problem=OnCallProblem.OWN_REQUEST, schedule=schedule))
    overrides = [each for each in await world.store.overrides(now, now + SWAPPABLE) if each.schedule == schedule]
    coming = rules.shifts(await _schedule(world, schedule), overrides, now, now + SWAPPABLE)
    mine, theirs = await _next_of(world, schedule, coming, by), await _next_of(world, schedule, coming, person)
    first, second = uuid.uuid4().hex, uuid.uuid4().hex
    base = Override(
        id=first, schedule=schedule, start=mine.start, end=mine.end, person=person, instead_of=_alone(mine),
        state=OverrideState.ASKED, by=by, asked=person, swapped_with=second, made_at=now,
    )  # fmt: skip
    other = base.copy_with(
        id=second, start=theirs.start, end=theirs.end, person=by, instead_of=_alone(theirs), swapped_with=first
    )
    await _commit(world, now, (base, other), _shown_to(base, [person], news=True))
    return base, other


async def override_shown(world: World, claim: Claim, result: OverrideShown) -> None:
    """Where the message about an override is, so that it is redrawn. Raises Conflict, LeaseLost, StoreUnavailable."""
    now = world.clock.now()
    ended = ClaimResult(key=claim.key, fence=claim.fence, rev=claim.rev, outcome=ClaimOutcome.DONE)
    for _ in range(IN_VAIN):
        known = await world.store.override(result.override_id)
        if known is None:
            await world.commit(Changeset(now=now, claim_result=ended))
            return
        kept = tuple(each for each in known.messages if each[0] != result.to)
        changed = known.copy_with(messages=(*kept, (result.to, result.channel_id, result.ts)))
        try:
            await world.commit(Changeset(now=now, overrides=(changed,), claim_result=ended))
        except Conflict:
            continue
        return
    raise Conflict(f"The override {result.override_id} is changed again and again.")


async def _change(
    world: World, override_id: str, by: str, change: Callable[[Override, datetime], Override], *, both: bool
) -> Override:
    """`both`: of a swap nothing is changed where one half is over. Otherwise what is over stays as it was."""
    for _ in range(IN_VAIN):
        now, known = world.clock.now(), await world.store.override(override_id)
        if known is None:
            raise NotFound(OnCallRefused(problem=OnCallProblem.GONE))
        await _authorized(world, known.schedule, by, known)
        after = [change(known, now)]
        if known.swapped_with and (other := await world.store.override(known.swapped_with)):
            after += [change(other, now)] if both or other.end > now else []
        told = [person for person in (known.by, known.person, known.asked) if person and person != by]
        effects = _shown_to(after[0], told, news=True)
        effects += _shown_to(after[0], [to for to, _, _ in known.messages if to not in told])
        try:
            await _commit(world, now, tuple(after), effects)
        except Conflict:
            continue
        return after[0]
    raise Conflict(f"The override {override_id} is changed again and again.")


async def _authorized(world: World, schedule: str, by: str, override: Override | None = None) -> None:
    """Returns when `by` may change who is on call. Whoever is on call is called into private incidents, so a guest may do so only in
    a schedule that names them, and with an override that concerns them. Raises Forbidden.
    """
    await authorize(world, Permission.COVER, by)
    person = await world.store.person(by)
    if person is None or not person.is_guest:
        return
    if override is not None and by in (override.by, override.person, override.asked):
        return
    known = await schedule_now(world.store, world.policy, schedule)
    if known is not None and await NamesLookedUp(world.directory, world.policy).include(_everybody(known), by):
        return
    raise Forbidden(OnCallRefused(problem=OnCallProblem.GUEST))


async def _own_name_among_others(world: World, asked: Override, person: str) -> str | None:
    """How the schedule names that person where they are on call together with others at the time; None where they are not."""
    known = await world.store.overrides(asked.start, asked.end)
    overrides = [each for each in known if each.schedule == asked.schedule]
    names = NamesLookedUp(world.directory, world.policy)
    for shift in rules.shifts(await _schedule(world, asked.schedule), overrides, asked.start, asked.end):
        for name in shift.people if len(shift.people) > 1 else ():
            if await names.include((name,), person):
                return name
    return None


async def _commit(
    world: World, now: datetime, overrides: tuple[Override, ...], effects: Sequence[ShowOverride]
) -> None:
    # Who is on call may be somebody else from this moment on.
    timers = tuple(shift_change.timer(each, now) for each in dict.fromkeys(one.schedule for one in overrides))
    change = world.marked(Changeset(now=now, overrides=overrides, effects=tuple(effects), timers=timers))
    if not await world.commit(change) and world.gesture is not None:
        raise Repeated(world.gesture)


async def _asked(world: World, asked: Override) -> list[ShowOverride]:
    """The question to one person, else in the schedule's channel, else to everybody of the schedule."""
    schedule = await _schedule(world, asked.schedule)
    if asked.asked:
        return _shown_to(asked, [asked.asked], news=True)
    if schedule.announce:
        return _shown_to(asked, [schedule.announce], news=True)
    people = await _people(world, _everybody(schedule))
    return _shown_to(asked, [match.person.id for match in people.found if match.person.id != asked.by], news=True)


def _shown_to(override: Override, to: Iterable[str], *, news: bool = False) -> list[ShowOverride]:
    """The override shown to people and channels; `news` as a new message, else where it was shown before."""
    return [
        ShowOverride(
            key=f"override:{override.id}:{each}:{f'v{override.version}' if news else 'redraw'}",
            override_id=override.id,
            to=each,
            news=news,
            priority=0,
        )
        for each in dict.fromkeys(to)
    ]


def _everybody(schedule: Schedule) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for group in schedule.groups for name in group))


async def _schedule(world: World, name: str) -> Schedule:
    schedule = await schedule_now(world.store, world.policy, name)
    assert schedule is not None, "its name was looked up before"
    return schedule


def _alone(shift: Shift) -> str | None:
    """The name that is replaced where several are on call together; None replaces all."""
    return shift.people[0] if len(shift.people) > 1 else None


async def _next_of(world: World, schedule: str, coming: Sequence[Shift], person: str) -> Shift:
    """The person's next shift, with only their name in it where several share it. Raises Refused."""
    ids: dict[str, str | None] = {}
    for shift in coming:
        for name in shift.people:
            if name not in ids:
                found = (await _people(world, (name,))).found
                ids[name] = found[0].person.id if len(found) == 1 else None
            if ids[name] == person:
                others = tuple(each for each in shift.people if each != name)
                return shift.copy_with(people=(name, *others))
    raise Refused(OnCallRefused(problem=OnCallProblem.NO_SHIFT, schedule=schedule, person=person))


async def _people(world: World, names: Sequence[str]) -> Resolution:
    return await resolve(names, world.directory, world.policy)
