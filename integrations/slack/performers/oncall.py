"""Overrides where people are asked and told, who takes over, and the user group that is kept equal to who is on call."""

from __future__ import annotations

import re

from blocks.oncall import override_card
from blocks.shifts import shift_card, user_group_card
from integrations.slack.failures import SlackDeclined
from integrations.slack.performers.performer import EffectContext
from integrations.slack.performers.posts import redraw, say
from warroom.incident.view import incident_view
from warroom.oncall.shift_change import handed_over
from warroom.oncall.user_groups import left_alone, set_by_hand
from warroom.outbox.effects import KeepUserGroup, ShowOverride, TellShift, TellUserGroup
from warroom.outbox.results import OverrideShown, UserGroupKept
from warroom.people.model import normal

_PERSON = re.compile(r"[UW][A-Z0-9]{2,}")
LOOKED_AT = 200
"""Open incidents that are looked through for those that are handed over."""
NO_GROUP = "no_such_subteam"


def is_person(to: str) -> bool:
    """Whether it is a user id, not a channel as the policy names it."""
    return _PERSON.fullmatch(to) is not None


async def show_override(context: EffectContext[ShowOverride]) -> OverrideShown | None:
    """Post it, or redraw it where it was posted; one that is gone is left gone unless it is news."""
    effect, store = context.effect, context.deps.store
    override = await store.override(effect.override_id)
    if override is None:
        return None
    other = await store.override(override.swapped_with) if override.swapped_with else None
    schedule = context.deps.policy.schedules.get(override.schedule)
    card = override_card(override, (schedule and schedule.timezone) or context.deps.policy.workspace.timezone, other)
    there = next(((channel, ts) for to, channel, ts in override.messages if to == effect.to), None)
    person = is_person(effect.to)
    if there and not (effect.news and person):
        # In a channel the message stays the one message about it: everybody has it before their eyes already.
        if await redraw(context, *there, card) or not effect.news:
            return None
    elif not effect.news:
        return None
    channel = effect.to if person else await context.deps.channels.find(effect.to, context.line)
    channel_id, ts = await say(context, channel, card)
    return OverrideShown(override_id=override.id, to=effect.to, channel_id=channel_id, ts=ts)


async def tell_shift(context: EffectContext[TellShift]) -> None:
    """Say who takes over and what is open, unless somebody else took over meanwhile. A private incident is shown only to
    people in its room.
    """
    effect, deps = context.effect, context.deps
    state = await deps.store.schedule_state(effect.schedule)
    if state is None or set(state.people) != set(effect.people):
        return
    person = is_person(effect.to)
    incidents = await deps.store.incidents(open_only=True, limit=LOOKED_AT)
    views = [
        incident_view(each, deps.policy)
        for each in handed_over(deps.policy, incidents, effect.schedule)
        if (each.shown_to(effect.to) if person else not each.private)
    ]
    card = shift_card(effect, views, _timezone(context), context.now, to_person=person)
    await say(context, await _place(context), card)


async def keep_user_group(context: EffectContext[KeepUserGroup]) -> UserGroupKept | None:
    """Compare the group's members with who is on call, and set them. What somebody set by hand stays until the next shift.

    While nobody is on call the last members stay: Slack has no group without members.
    """
    deps, name = context.deps, context.effect.schedule
    schedule, state = deps.policy.schedules.get(name), await deps.store.schedule_state(name)
    if schedule is None or schedule.user_group is None or state is None or not state.people:
        return None
    wanted = tuple(sorted(state.people))
    handle = schedule.user_group.lstrip("@")
    group = await deps.store.group(handle) or await deps.store.group(normal(handle))
    if group is None:
        advice = f"Make the user group {schedule.user_group} in Slack, or correct its handle in the policy."
        return UserGroupKept(schedule=name, problem=NO_GROUP, error="there is no such user group", advice=advice)
    try:
        answer = await context.call("usergroups.users.list", usergroup=group.id)
        members = tuple(sorted(answer.get("users") or ()))
        if members == wanted:
            return UserGroupKept(schedule=name, members=wanted)
        by_hand = members if set_by_hand(state, members) else None
        if left_alone(state, members):
            return UserGroupKept(schedule=name, by_hand=members)
        await context.call("usergroups.users.update", usergroup=group.id, users=",".join(wanted))
    except SlackDeclined as refusal:
        return UserGroupKept(schedule=name, problem=refusal.code, error=str(refusal), advice=refusal.advice)
    return UserGroupKept(schedule=name, members=wanted, by_hand=by_hand)


async def tell_user_group(context: EffectContext[TellUserGroup]) -> None:
    """Say that the group was changed by hand, or cannot be changed."""
    effect = context.effect
    schedule = context.deps.policy.schedules.get(effect.schedule)
    if schedule is None or schedule.user_group is None:
        return
    await say(context, await _place(context), user_group_card(effect, schedule.user_group))


async def _place(context: EffectContext[TellShift | TellUserGroup]) -> str:
    to = context.effect.to
    return to if is_person(to) else await context.deps.channels.find(to, context.line)


def _timezone(context: EffectContext[TellShift]) -> str:
    schedule = context.deps.policy.schedules.get(context.effect.schedule)
    return (schedule and schedule.timezone) or context.deps.policy.workspace.timezone
