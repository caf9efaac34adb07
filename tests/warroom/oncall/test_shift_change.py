"""Who is told when somebody else is on call, and what a user group becomes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.warroom.conftest import Make
from warroom.incident.model import State
from warroom.incident.parts import EscalationLevel, EscalationState
from warroom.oncall import user_groups
from warroom.oncall.model import ScheduleState, Shift
from warroom.oncall.shift_change import changed, handed_over
from warroom.outbox.effects import GroupNews, KeepUserGroup, TellShift
from warroom.outbox.results import UserGroupKept
from warroom.policy import check
from warroom.policy.schedule import Layer, Schedule

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=7)
PLAIN = Schedule(timezone="UTC", layers=(Layer(people=("ada", "ben")),), announce="#sre")
GROUPED = PLAIN.copy_with(user_group="@sre")


def shift(*people: str) -> Shift:
    return Shift(start=NOW, end=LATER, people=people)


def known(*people: str, **more: object) -> ScheduleState:
    state = ScheduleState(schedule="sre", people=people, since=NOW - timedelta(days=7), version=3)
    return state.copy_with(**more)


def test_a_schedule_that_is_seen_first_tells_nobody() -> None:
    after, effects = changed("sre", PLAIN, None, ("UADA",), shift("ada"), NOW)
    assert (after.people, after.since, effects) == (("UADA",), NOW, [])
    _, effects = changed("sre", GROUPED, None, ("UADA",), shift("ada"), NOW)
    assert effects == [KeepUserGroup(key="usergroup:sre", schedule="sre", priority=3)]


def test_the_channel_and_whoever_takes_over_are_told_once() -> None:
    after, effects = changed("sre", PLAIN, known("UADA"), ("UBEN", "UADA"), shift("ben", "ada"), NOW)
    assert [(each.to, each.before, each.until) for each in effects if isinstance(each, TellShift)] == [
        ("#sre", ("UADA",), LATER),
        ("UBEN", ("UADA",), LATER),
    ]
    assert changed("sre", PLAIN, after, ("UADA", "UBEN"), shift("ada", "ben"), LATER) == (after, [])


def test_a_gap_is_told_to_the_channel() -> None:
    after, effects = changed("sre", PLAIN, known("UADA"), (), shift(), NOW)
    assert [each.to for each in effects if isinstance(each, TellShift)] == ["#sre"]
    assert after.people == ()


@pytest.mark.parametrize(
    ("state", "members", "by_hand", "left"),
    [
        (known("UADA"), ("UBEN",), False, False),  # what it was before the first time is nobody's change
        (known("UADA", group=("UADA",)), ("UADA",), False, False),
        (known("UADA", group=("UADA",)), ("UADA", "UBEN"), True, True),
        (known("UBEN", group=("UADA",)), ("UADA",), False, False),  # the shift changed
        (known("UBEN", group=("UADA",)), ("UGRACE",), True, False),  # the shift changed, and somebody changed it before
        (known("UBEN", group=("UADA",)), ("UBEN",), False, False),
    ],
)
def test_what_somebody_set_stays_until_the_next_shift(
    state: ScheduleState, members: tuple[str, ...], by_hand: bool, left: bool
) -> None:
    assert (user_groups.set_by_hand(state, members), user_groups.left_alone(state, members)) == (by_hand, left)


def test_a_change_by_hand_is_said_once_and_again_when_it_ends() -> None:
    state = known("UADA", group=("UADA",))
    after, said = user_groups.noted(state, GROUPED, UserGroupKept(schedule="sre", by_hand=("UBEN",)))
    assert [(each.to, each.news, each.added, each.removed) for each in said] == [
        ("#sre", GroupNews.BY_HAND, ("UBEN",), ("UADA",))
    ]
    assert user_groups.noted(after, GROUPED, UserGroupKept(schedule="sre", by_hand=("UBEN",))) == (after, [])
    over = after.copy_with(people=("UGRACE",))
    again, said = user_groups.noted(
        over, GROUPED, UserGroupKept(schedule="sre", members=("UGRACE",), by_hand=("UBEN",))
    )
    assert [each.news for each in said] == [GroupNews.SET_AGAIN]
    assert (again.group, again.group_by_hand) == (("UGRACE",), None)


def test_why_it_cannot_be_set_is_said_once_until_it_can() -> None:
    refused = UserGroupKept(schedule="sre", problem="permission_denied", error="no", advice="ask")
    after, said = user_groups.noted(known("UADA"), GROUPED, refused)
    assert [(each.news, each.error, each.advice) for each in said] == [(GroupNews.REFUSED, "no", "ask")]
    assert user_groups.noted(after, GROUPED, refused) == (after, [])
    fine, said = user_groups.noted(after, GROUPED, UserGroupKept(schedule="sre", members=("UADA",)))
    assert (fine.group_problem, said) == ("", [])
    _, said = user_groups.noted(known("UADA", "UBEN"), GROUPED.copy_with(announce=None), refused)
    assert [each.to for each in said] == ["UADA", "UBEN"], "without a channel, whoever is on call"


def test_only_open_incidents_that_call_the_schedule_are_handed_over(make: Make) -> None:
    policy = check({"schedules": {"sre": {"layers": [{"people": "ada"}]}}}).policy
    assert policy is not None
    calls = EscalationState(levels=(EscalationLevel(after=timedelta(0), notify=("Schedule: SRE +1",)),))
    mine = make().copy_with(escalation=calls)
    others = make().copy_with(id="other")
    over = mine.copy_with(id="over", state=State.RESOLVED)
    minor = mine.copy_with(id="minor", number=mine.number + 2, severity="SEV-3")
    newer = mine.copy_with(id="newer", number=mine.number + 1)
    assert handed_over(policy, [minor, newer, others, over, mine], "sre") == [newer, mine, minor], "most severe first"
