"""What may be done with cover, and by whom."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.clock import NIGHT
from warroom.errors import AlreadyDone, Refused
from warroom.oncall import cover, rules
from warroom.oncall.calendars import CalendarSchedule
from warroom.oncall.model import Override, OverrideState
from warroom.refusals import OnCallProblem, OnCallRefused

HOUR = timedelta(hours=1)
ASKED = Override(
    id="o1",
    schedule="platform",
    start=NIGHT + HOUR,
    end=NIGHT + 3 * HOUR,
    state=OverrideState.ASKED,
    by="UADA",
    made_at=NIGHT,
)


def why(refused: pytest.ExceptionInfo[Refused]) -> OnCallProblem:
    assert isinstance(refused.value.reason, OnCallRefused)
    return refused.value.reason.problem


def test_whoever_takes_it_is_on_call_from_then_on() -> None:
    taken = cover.taken(ASKED, "UBEN", NIGHT)
    assert (taken.person, taken.start, taken.made_at) == ("UBEN", NIGHT + HOUR, NIGHT)
    late = cover.taken(ASKED, "UBEN", NIGHT + 2 * HOUR)
    assert late.start == NIGHT + 2 * HOUR, "before that whoever the schedule names was on call"
    with pytest.raises(AlreadyDone):
        cover.taken(taken, "UGRACE", NIGHT)


def test_nobody_takes_their_own_request_or_what_somebody_else_was_asked() -> None:
    with pytest.raises(Refused) as own:
        cover.taken(ASKED, "UADA", NIGHT)
    assert why(own) is OnCallProblem.OWN_REQUEST
    with pytest.raises(Refused) as others:
        cover.taken(ASKED.copy_with(asked="UBEN"), "UGRACE", NIGHT)
    assert why(others) is OnCallProblem.ASKED_OTHER
    assert cover.taken(ASKED.copy_with(asked="UBEN"), "UBEN", NIGHT).person == "UBEN"


def test_what_is_over_or_was_taken_back_is_not_taken() -> None:
    with pytest.raises(Refused) as over:
        cover.taken(ASKED, "UBEN", NIGHT + 3 * HOUR)
    assert why(over) is OnCallProblem.OVER
    undone = cover.undone(ASKED, "UADA", NIGHT)
    with pytest.raises(Refused) as taken_back:
        cover.taken(undone, "UBEN", NIGHT)
    assert why(taken_back) is OnCallProblem.UNDONE
    with pytest.raises(AlreadyDone):
        cover.undone(undone, "UADA", NIGHT)


def test_taken_back_in_the_middle_what_was_before_stays() -> None:
    taken = cover.taken(ASKED, "UBEN", NIGHT)
    ended = cover.undone(taken, "UBEN", NIGHT + 2 * HOUR)
    assert (ended.state, ended.end) == (OverrideState.TAKEN, NIGHT + 2 * HOUR)
    assert ended.holds(NIGHT + HOUR)
    assert not ended.holds(NIGHT + 2 * HOUR)


def test_of_two_at_the_same_time_the_later_made_one_holds() -> None:
    first = cover.taken(ASKED.copy_with(id="z"), "UBEN", NIGHT)
    second = cover.taken(ASKED.copy_with(id="a"), "UGRACE", NIGHT + timedelta(minutes=1))
    for both in ((first, second), (second, first)):
        assert rules.on_call(CalendarSchedule(ical="env:SHIFTS"), both, NIGHT + 2 * HOUR) == ("<@UGRACE>",)


@pytest.mark.parametrize(
    ("start", "end", "problem"),
    [
        (NIGHT + HOUR, NIGHT + HOUR, OnCallProblem.PERIOD_UNCLEAR),
        (NIGHT - 2 * HOUR, NIGHT, OnCallProblem.IN_PAST),
        (NIGHT, NIGHT + cover.LONGEST + HOUR, OnCallProblem.TOO_LONG),
    ],
)
def test_what_cannot_be_meant_is_refused(start: object, end: object, problem: OnCallProblem) -> None:
    with pytest.raises(Refused) as refused:
        cover.wanted(ASKED.copy_with(start=start, end=end), NIGHT)
    assert why(refused) is problem


def test_cover_begins_now_at_the_earliest() -> None:
    assert cover.wanted(ASKED.copy_with(start=NIGHT - HOUR), NIGHT).start == NIGHT
