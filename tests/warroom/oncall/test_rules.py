"""Who is on call: known days by hand, random schedules against an oracle that counts minutes, turns against iCalendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.warroom.oncall.oracle import MINUTE, minutes
from warroom.oncall.model import Override, OverrideState
from warroom.oncall.rules import following, gaps, on_call, shift_at, shifts, unused_layers
from warroom.policy import check
from warroom.policy.schedule import Schedule

BERLIN = ZoneInfo("Europe/Berlin")


def schedule(*layers: dict[str, Any], zone: str = "Europe/Berlin") -> Schedule:
    """A schedule as a policy file has it."""
    checked = check({"schedules": {"it": {"timezone": zone, "layers": list(layers)}}})
    assert checked.policy is not None, checked.mistakes
    return checked.policy.schedules["it"]


def berlin(text: str, fold: int = 0) -> datetime:
    """That time on a clock in Berlin, as UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold).astimezone(UTC)


WEEKLY = {"people": ["ada", "ben", "grace"], "every": "1w", "handoff": "mon 09:00", "from": date(2026, 1, 5)}
NIGHTS = {"people": ["tokyo"], "every": "1d", "hours": "22:00-06:00", "days": ["mon", "tue", "wed", "thu", "fri"]}


@pytest.mark.parametrize(
    ("at", "who"),
    [
        ("2026-01-05 08:59", ()),
        ("2026-01-05 09:00", ("ada",)),
        ("2026-01-12 08:59", ("ada",)),
        ("2026-01-12 09:00", ("ben",)),
        ("2026-01-26 09:00", ("ada",)),
        ("2026-01-06 21:59", ("ada",)),
        ("2026-01-06 22:00", ("tokyo",)),
        ("2026-01-10 05:59", ("tokyo",)),  # the night that began on Friday
        ("2026-01-10 06:00", ("ada",)),
        ("2026-01-10 23:00", ("ada",)),
        ("2026-01-12 03:00", ("ada",)),  # the night that began on Sunday
    ],
)
def test_turns_begin_at_the_hand_over_and_later_layers_win(at: str, who: tuple[str, ...]) -> None:
    assert on_call(schedule(WEEKLY, NIGHTS), (), berlin(at)) == who


def test_a_week_with_a_changed_clock_has_an_hour_less_or_more() -> None:
    weeks = shifts(schedule(WEEKLY), (), berlin("2026-01-05 09:00"), berlin("2027-01-04 09:00"))
    lengths = {(week.start.astimezone(BERLIN).date(), (week.end - week.start) / timedelta(hours=1)) for week in weeks}
    assert (date(2026, 3, 23), 167.0) in lengths
    assert (date(2026, 10, 19), 169.0) in lengths
    assert sum(length == 168.0 for _, length in lengths) == 50


def test_a_hand_over_that_the_clock_jumps_over_and_one_that_it_shows_twice_happen_once() -> None:
    daily = schedule({"people": ["ada", "ben"], "every": "1d", "handoff": "02:30", "from": date(2026, 3, 1)})
    spring = shifts(daily, (), berlin("2026-03-28 12:00"), berlin("2026-03-30 12:00"))
    assert [(each.start, each.people) for each in spring][1:] == [
        (berlin("2026-03-29 03:30"), ("ada",)),
        (berlin("2026-03-30 02:30"), ("ben",)),
    ]
    autumn = shifts(daily, (), berlin("2026-10-24 12:00"), berlin("2026-10-26 12:00"))
    assert [each.start for each in autumn][1:] == [berlin("2026-10-25 02:30"), berlin("2026-10-26 02:30")]
    assert on_call(daily, (), berlin("2026-10-25 02:29", fold=1)) == on_call(daily, (), berlin("2026-10-25 02:30"))


def test_months_end_on_their_last_day_and_the_first_turn_may_be_short() -> None:
    monthly = schedule(
        {"people": ["ada", "ben"], "every": "1mo", "handoff": "31 09:00", "from": date(2026, 2, 10)}, zone="UTC"
    )
    begins = [
        each.start for each in shifts(monthly, (), datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC))
    ]
    assert [f"{begin:%m-%d %H}" for begin in begins] == [
        "02-10 09",
        "02-28 09",
        "03-31 09",
        "04-30 09",
        "05-31 09",
        "06-30 09",
    ]


def test_several_people_are_on_call_together_and_one_of_them_can_be_replaced() -> None:
    pairs = schedule({"people": [["ada", "ben"], "grace"], "every": "1d", "from": date(2026, 1, 5)}, zone="UTC")
    at = datetime(2026, 1, 5, 12, tzinfo=UTC)
    assert on_call(pairs, (), at) == ("ada", "ben")
    for_ben = _override(at, at + timedelta(hours=1), "U1", instead_of="ben")
    assert on_call(pairs, (for_ben,), at) == ("ada", "<@U1>")
    for_all = _override(at, at + timedelta(hours=1), "U2")
    assert on_call(pairs, (for_all,), at) == ("<@U2>",)
    assert on_call(
        pairs, (for_ben.copy_with(start=at + timedelta(days=1), end=at + timedelta(days=2)),), at + timedelta(days=1)
    ) == ("grace",)


def test_an_override_holds_from_its_first_moment_up_to_its_last_and_not_when_it_is_asked_or_undone() -> None:
    start, end = berlin("2026-01-06 18:00"), berlin("2026-01-06 20:00")
    cover = _override(start, end, "U1")
    weekly = schedule(WEEKLY)
    second = timedelta(seconds=1)
    assert [on_call(weekly, (cover,), at) for at in (start - second, start, end - second, end)] == [
        ("ada",), ("<@U1>",), ("<@U1>",), ("ada",),
    ]  # fmt: skip
    for state in (OverrideState.ASKED, OverrideState.UNDONE):
        assert on_call(weekly, (cover.copy_with(state=state),), start) == ("ada",)
    later = _override(start, end, "U2").copy_with(made_at=cover.made_at + second)
    assert on_call(weekly, (later, cover), start) == ("<@U2>",), (
        "the later made one holds, in whatever order they are read"
    )
    assert [(each.people, each.overrides) for each in shifts(weekly, (cover,), start - second, end + second)] == [
        (("ada",), ()), (("<@U1>",), (cover.id,)), (("ada",), ()),
    ]  # fmt: skip


def test_who_is_next_are_the_first_others() -> None:
    weekly, at = schedule(WEEKLY), berlin("2026-01-06 12:00")
    assert [each.people for each in following(weekly, (), at, 5)] == [("ben",), ("grace",)]
    cover = _override(at, at + timedelta(hours=1), "U1")
    assert [each.people for each in following(weekly, (cover,), at, 3)] == [("ada",), ("ben",), ("grace",)]
    assert following(schedule({"people": "ada"}), (), at, 1) == []
    assert [each.people for each in following(schedule({"people": ["ada", "ben"], "every": "6mo"}), (), at, 1)] == [
        ("ben",)
    ]


def test_a_shift_says_until_when_and_one_without_end_says_a_year() -> None:
    at = berlin("2026-01-06 12:00")
    assert shift_at(schedule(WEEKLY), (), at).end == berlin("2026-01-12 09:00")
    assert shift_at(schedule({"people": "ada"}), (), at).end - at == timedelta(days=400)
    before = shift_at(schedule(WEEKLY), (), berlin("2026-01-01 00:00"))
    assert (before.people, before.end) == ((), berlin("2026-01-05 09:00"))


def test_gaps_and_layers_that_never_apply() -> None:
    days = schedule({"people": ["ada", "ben"], "hours": "08:00-18:00", "days": ["mon", "tue"]}, zone="UTC")
    start, end = datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 1, 7, tzinfo=UTC)
    assert [(f"{gap.start:%d %H}", f"{gap.end:%d %H}") for gap in gaps(days, (), start, end)] == [
        ("05 00", "05 08"), ("05 18", "06 08"), ("06 18", "07 00"),
    ]  # fmt: skip
    hidden = schedule(NIGHTS, WEEKLY, {"people": "late", "from": date(2027, 1, 1)})
    assert unused_layers(hidden, berlin("2026-02-01 00:00"), berlin("2026-05-01 00:00")) == [0, 2]
    assert shifts(days, (), start, start) == []


def _override(start: datetime, end: datetime, person: str, instead_of: str | None = None) -> Override:
    made_at = datetime(2025, 1, 1, tzinfo=UTC)
    return Override(
        id=f"o-{person}", schedule="it", start=start, end=end, person=person, instead_of=instead_of, made_at=made_at
    )


ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Santiago",
    "Asia/Kolkata",
    "Australia/Lord_Howe",  # the clock is changed by half an hour
    "Antarctica/Troll",  # by two hours
    "Africa/Cairo",  # at midnight
    "Pacific/Chatham",
]
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
CHANGES = [
    date(2026, 3, 8),
    date(2026, 3, 29),
    date(2026, 4, 5),
    date(2026, 4, 24),
    date(2026, 10, 4),
    date(2026, 10, 25),
]
"""Days about which clocks are changed somewhere."""

_times = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.sampled_from([0, 15, 30, 59]))


@st.composite
def _layers(draw: st.DrawFn) -> dict[str, Any]:
    unit = draw(st.sampled_from(["h", "d", "w", "mo"]))
    longest = {"h": 50, "d": 9, "w": 3, "mo": 4}[unit]
    layer: dict[str, Any] = {
        "people": draw(st.lists(st.sampled_from(["ada", "ben", "grace", ["linus", "mary"]]), min_size=1, max_size=4)),
        "every": f"{draw(st.integers(1, longest))}{unit}",
        "from": draw(st.dates(date(2024, 6, 1), date(2026, 9, 1))),
    }
    if draw(st.booleans()):
        day = {"w": st.sampled_from(DAYS), "mo": st.integers(1, 31).map(str)}.get(unit, st.just(""))
        layer["handoff"] = f"{draw(day)} {draw(_times)}".strip()
    if draw(st.booleans()):
        spans = st.builds("{}-{}".format, _times, _times)
        layer["hours"] = draw(st.lists(spans, min_size=1, max_size=2))
    if draw(st.booleans()):
        layer["days"] = draw(st.lists(st.sampled_from(DAYS), min_size=1, max_size=5, unique=True))
    if draw(st.integers(0, 4)) == 0:
        layer["until"] = layer["from"] + timedelta(days=draw(st.integers(1, 700)))
    return layer


@st.composite
def _moments(draw: st.DrawFn) -> datetime:
    day = draw(st.one_of(st.sampled_from(CHANGES), st.dates(date(2024, 5, 1), date(2028, 12, 31))))
    return datetime.combine(day, datetime.min.time(), tzinfo=UTC) - timedelta(minutes=draw(st.integers(0, 1440)))


@st.composite
def _overrides(draw: st.DrawFn, start: datetime) -> list[Override]:
    made = []
    for number in range(draw(st.integers(0, 3))):
        begins = start + timedelta(minutes=draw(st.integers(-300, 2000)))
        ends = begins + timedelta(minutes=draw(st.integers(1, 1500)))
        each = _override(begins, ends, f"U{number}")
        made.append(each.copy_with(made_at=each.made_at + timedelta(hours=(number * 2) % 3)))
    return made


@given(
    layers=st.lists(_layers(), min_size=1, max_size=3),
    zone=st.sampled_from(ZONES),
    start=_moments(),
    data=st.data(),
)
@settings(max_examples=60, deadline=None)
def test_every_minute_is_as_counting_says(
    layers: list[dict[str, Any]], zone: str, start: datetime, data: st.DataObject
) -> None:
    it, overrides = schedule(*layers, zone=zone), data.draw(_overrides(start))
    end = start + timedelta(days=2)
    counted = minutes(it, overrides, start, end)
    assert [(at, on_call(it, overrides, at)) for at, _ in counted] == counted
    by_shift = [
        (shift.start + MINUTE * n, shift.people)
        for shift in shifts(it, overrides, start, end)
        for n in range(int((shift.end - shift.start) / MINUTE))
    ]
    assert by_shift == [(at, people) for at, people in counted if people]


@given(
    unit=st.sampled_from(["h", "d", "w", "mo"]),
    count=st.integers(1, 3),
    people=st.integers(2, 5),
    at=_times,
    zone=st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]),
    begin=st.dates(date(2025, 1, 1), date(2026, 12, 31)),
)
@example(unit="d", count=1, people=2, at="02:30", zone="Europe/Berlin", begin=date(2026, 3, 20))
@settings(max_examples=40, deadline=None)
def test_turns_are_those_of_the_recurrence_rule(
    unit: str, count: int, people: int, at: str, zone: str, begin: date
) -> None:
    # Rules in hours are counted by the calendar library from clock to clock only where they divide a day.
    count = {"h": 12}.get(unit, count)
    begin = begin.replace(day=min(begin.day, 28))
    day = {"w": f"{DAYS[begin.weekday()]} ", "mo": f"{begin.day} "}.get(unit, "")
    names = [f"p{n}" for n in range(people)]
    it = schedule({"people": names, "every": f"{count}{unit}", "handoff": f"{day}{at}", "from": begin}, zone=zone)
    start = datetime.fromisoformat(f"{begin}T{at}").replace(tzinfo=ZoneInfo(zone))
    until = start.astimezone(UTC) + timedelta(days=200)
    expected = sorted(
        (occurrence["DTSTART"].dt.astimezone(UTC), str(occurrence["SUMMARY"]))
        for occurrence in recurring_ical_events.of(_calendar(names, unit, count, start)).between(start, until)
        if start <= occurrence["DTSTART"].dt < until
    )
    assert [(each.start, each.people[0]) for each in shifts(it, (), start.astimezone(UTC), until)] == expected


def _calendar(names: list[str], unit: str, count: int, start: datetime) -> icalendar.Calendar:
    """One event for everybody, which recurs when it is their turn again."""
    calendar = icalendar.Calendar()
    for number, name in enumerate(names):
        wall = start.replace(tzinfo=None)
        for _ in range(number * count):
            wall = _later(wall, unit)
        event = icalendar.Event()
        event.add("summary", name)
        event.add("dtstart", wall.replace(tzinfo=start.tzinfo))
        event.add("duration", timedelta(minutes=1))
        turns = count * len(names)
        if unit == "h":
            rule = (
                {"freq": "daily", "interval": turns // 24} if turns % 24 == 0 else {"freq": "hourly", "interval": turns}
            )
        else:
            rule = {"freq": {"d": "daily", "w": "weekly", "mo": "monthly"}[unit], "interval": turns}
        event.add("rrule", rule)
        event.add("uid", name)
        calendar.add_component(event)
    return calendar


def _later(wall: datetime, unit: str) -> datetime:
    if unit == "mo":
        return wall.replace(year=wall.year + wall.month // 12, month=wall.month % 12 + 1)
    return wall + {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}[unit]
