"""The user group of a schedule: set to who is on call, and what is said when somebody else set it, or it cannot be set."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from warroom.incident.change import done
from warroom.oncall.model import ScheduleState
from warroom.outbox.changes import Changeset, Claim
from warroom.outbox.effects import GroupNews, TellUserGroup
from warroom.outbox.results import UserGroupKept
from warroom.policy.schedule import Schedule
from warroom.ports import World


def set_by_hand(state: ScheduleState, members: Iterable[str]) -> bool:
    """Whether somebody else set these members since we set them last."""
    return state.group is not None and set(members) not in (set(state.group), set(state.people))


def left_alone(state: ScheduleState, members: Iterable[str]) -> bool:
    """Whether these members stay as somebody set them: until somebody else is on call."""
    return set_by_hand(state, members) and state.group is not None and set(state.group) == set(state.people)


async def kept(world: World, claim: Claim, result: UserGroupKept) -> None:
    """The group was compared, and set where it had to be. What is new about it is said once.

    Raises Conflict, LeaseLost, StoreUnavailable.
    """
    now, state = world.clock.now(), await world.store.schedule_state(result.schedule)
    schedule = world.policy.schedules.get(result.schedule)
    if state is None or schedule is None:
        await world.commit(Changeset(now=now, claim_result=done(claim)))
        return
    after, told = noted(state, schedule, result)
    change = Changeset(
        now=now,
        claim_result=done(claim),
        schedule_states=(after,) if after != state else (),
        effects=tuple(told),
    )
    await world.commit(change)


def noted(state: ScheduleState, schedule: Schedule, result: UserGroupKept) -> tuple[ScheduleState, list[TellUserGroup]]:
    """(what is known from now on, what is said about it)."""
    if result.problem:
        after = state.copy_with(group_problem=result.problem)
        news = GroupNews.REFUSED if result.problem != state.group_problem else None
        return after, _told(state, schedule, news, error=result.error, advice=result.advice)
    if result.by_hand is None:
        members = result.members
        return state.copy_with(group=members, group_by_hand=None, group_problem=""), []
    by_hand = tuple(sorted(result.by_hand))
    before = state.group or ()
    added, removed = _without(by_hand, before), _without(before, by_hand)
    if result.members is None:
        news = GroupNews.BY_HAND if by_hand != state.group_by_hand else None
        after = state.copy_with(group_by_hand=by_hand, group_problem="")
        return after, _told(state, schedule, news, added=added, removed=removed)
    after = state.copy_with(group=result.members, group_by_hand=None, group_problem="")
    return after, _told(state, schedule, GroupNews.SET_AGAIN, added=added, removed=removed)


def _told(
    state: ScheduleState,
    schedule: Schedule,
    news: GroupNews | None,
    *,
    added: tuple[str, ...] = (),
    removed: tuple[str, ...] = (),
    error: str = "",
    advice: str = "",
) -> list[TellUserGroup]:
    """In the schedule's channel, without one to whoever is on call."""
    if news is None:
        return []
    return [
        TellUserGroup(
            key=f"usergroup:{state.schedule}:v{state.version}:{to}",
            schedule=state.schedule,
            to=to,
            news=news,
            added=added,
            removed=removed,
            error=error,
            advice=advice,
        )
        for to in ([schedule.announce] if schedule.announce else state.people)
    ]


def _without(members: Sequence[str], others: Sequence[str]) -> tuple[str, ...]:
    return tuple(each for each in members if each not in others)
