"""`/incident oncall`: who is on call, and everything that people change about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from blocks import charts, ids
from blocks.kit import Card
from blocks.oncall_report import on_call_alt, on_call_chart, on_call_report
from handlers.actions import ActionContext
from handlers.dates import period
from handlers.register import BUTTONS
from sandbox.blockkit import problems
from tests.clock import NIGHT
from tests.handlers.conftest import COMPANY, HandlerHarness
from tests.refusals import refuses
from warroom.errors import AlreadyDone, Forbidden, NotFound, Refused
from warroom.incident.events import PageReason, PeoplePaged
from warroom.incident.timeline import Entry
from warroom.oncall.directory import OnCallDirectory
from warroom.oncall.load import OnCallHours, OnCallLoad, load_report
from warroom.oncall.model import Override, OverrideState
from warroom.oncall.public_holidays import holidays_of
from warroom.outbox.changes import Changeset
from warroom.outbox.effects import ChartOf, Effect, SendChart, ShowOverride
from warroom.policy import check
from warroom.policy.permissions import Permissions

# NIGHT is a Saturday, 03:00 UTC, 04:00 in Berlin.
WEEKLY = {"people": ["ada@example.com", "grace@example.com"], "handoff": "mon 09:00", "from": "2026-11-16"}
SCHEDULES = {
    "platform": {"timezone": "Europe/Berlin", "layers": [WEEKLY]},
    "web": {"layers": [{"people": "alex.k@example.com", "until": "2026-11-01"}], "announce": "#web"},
}


@pytest.fixture
async def duty(desk: HandlerHarness) -> HandlerHarness:
    """The company with two schedules, of which one has ended."""
    checked = check(COMPANY | {"schedules": SCHEDULES})
    assert checked.policy is not None, checked.mistakes
    world = desk.world
    directory = OnCallDirectory(world.directory, world.store, checked.policy, desk.clock)
    desk.world = replace(world, policy=checked.policy, directory=directory)
    return desk


async def press(duty: HandlerHarness, action: str, override: Override, user: str) -> Card | None:
    actor = duty.actor(user)
    return await BUTTONS[action](ActionContext(duty.world.for_gesture(actor.key), duty.client, actor, "", override.id))


async def stored(duty: HandlerHarness) -> list[Override]:
    """All that there are, by start."""
    return await duty.world.store.overrides(NIGHT - timedelta(days=400), NIGHT + timedelta(days=400))


def told(effects: list[Effect]) -> list[tuple[str, bool]]:
    """(to whom an override is shown, as news or not)."""
    return [(each.to, each.news) for each in effects if isinstance(each, ShowOverride)]


async def test_it_says_who_is_on_call_until_when_and_who_is_next(duty: HandlerHarness) -> None:
    shown = str((await duty.type("oncall")).blocks)
    monday = int(datetime(2026, 11, 23, 8, 0, tzinfo=UTC).timestamp())
    assert f"Now: <@UADA>, until <!date^{monday}^" in shown
    assert f"Next: <@UGRACE>, from <!date^{monday}^" in shown
    assert "Now: nobody" in shown, "the second schedule is over"
    only = str((await duty.type("oncall schedule:Platform")).blocks)
    assert "platform" in only
    assert "nobody" not in only
    assert "at once: <@UADA>" not in only
    with refuses(Refused, match="no team or schedule “payroll”. Known: platform, web"):
        await duty.type("oncall payroll")


async def test_cover_is_asked_of_everybody_of_the_schedule_and_the_first_takes_it(duty: HandlerHarness) -> None:
    await duty.type("oncall cover platform tomorrow 18:00 to 22:00")
    (asked,) = await stored(duty)
    assert (asked.state, asked.person, asked.by) == (OverrideState.ASKED, None, "UADA")
    assert (asked.start, asked.end) == (
        datetime(2026, 11, 22, 17, 0, tzinfo=UTC),
        datetime(2026, 11, 22, 21, 0, tzinfo=UTC),
    ), "on a clock in Berlin"
    assert told(await duty.outbox()) == [("UGRACE", True)], "not whoever asks"
    with refuses(Refused, match="cannot cover for yourself"):
        await press(duty, ids.TAKE_COVER, asked, "UADA")
    await press(duty, ids.TAKE_COVER, asked, "UGRACE")
    (taken,) = await stored(duty)
    assert (taken.state, taken.person) == (OverrideState.TAKEN, "UGRACE")
    assert told(await duty.outbox()) == [("UADA", True)]
    with refuses(AlreadyDone, match="<@UGRACE> has taken it already"):
        await press(duty, ids.TAKE_COVER, asked, "UALEX1")
    assert "<@UGRACE> is on call in *platform*" in str((await duty.type("oncall platform")).blocks)
    assert "(cover)" not in str((await duty.type("oncall platform")).blocks), "not yet"
    duty.clock.time = taken.start
    assert "Now: <@UGRACE> (cover)" in str((await duty.type("oncall platform")).blocks)


async def test_one_person_is_asked_and_only_they_may_take_it(duty: HandlerHarness) -> None:
    await duty.type("oncall cover platform now to 6am @grace", user="UALEX1")
    (asked,) = await stored(duty)
    assert (asked.asked, asked.start, asked.end) == ("UGRACE", NIGHT, NIGHT + timedelta(hours=2))
    with refuses(Refused, match="<@UGRACE> is asked to take it"):
        await press(duty, ids.TAKE_COVER, asked, "UADA")
    duty.clock.advance(600)
    await press(duty, ids.TAKE_COVER, asked, "UGRACE")
    assert (await stored(duty))[0].start == NIGHT + timedelta(minutes=10), "before it nobody covered"


async def test_a_schedule_with_a_channel_asks_there(duty: HandlerHarness) -> None:
    await duty.type("oncall cover web friday to sunday")
    (asked,) = await stored(duty)
    assert (asked.start, asked.end) == (datetime(2026, 11, 27, tzinfo=UTC), datetime(2026, 11, 30, tzinfo=UTC))
    assert told(await duty.outbox()) == [("#web", True)]


async def test_somebody_is_put_on_call_and_told_and_it_can_be_undone(duty: HandlerHarness) -> None:
    await duty.type("oncall override platform now for 8h @grace")
    (made,) = await stored(duty)
    assert (made.state, made.person) == (OverrideState.TAKEN, "UGRACE")
    assert told(await duty.outbox()) == [("UGRACE", True)]
    duty.clock.advance(3600)
    await press(duty, ids.UNDO_COVER, made, "UGRACE")
    (ended,) = await stored(duty)
    assert (ended.state, ended.end) == (OverrideState.TAKEN, NIGHT + timedelta(hours=1)), "the hour before stays"
    assert ("UADA", True) in told(await duty.outbox())
    with refuses(Refused, match="is over; it stays"):
        await press(duty, ids.UNDO_COVER, made, "UADA")
    await duty.type("oncall override platform tomorrow 18:00 to 22:00 @grace")
    later = (await stored(duty))[1]
    await press(duty, ids.UNDO_COVER, later, "UADA")
    assert (await stored(duty))[1].state is OverrideState.UNDONE
    with refuses(AlreadyDone, match="undone by <@UADA> already"):
        await press(duty, ids.UNDO_COVER, later, "UADA")


async def test_two_people_swap_their_next_shifts(duty: HandlerHarness) -> None:
    await duty.type("oncall swap platform @grace")
    mine, theirs = await stored(duty)
    monday = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
    assert (mine.start, mine.end, mine.person) == (NIGHT, monday, "UGRACE")
    assert (theirs.start, theirs.end, theirs.person) == (monday, monday + timedelta(weeks=1), "UADA")
    assert told(await duty.outbox()) == [("UGRACE", True)]
    assert "Now: <@UADA>" in str((await duty.type("oncall platform")).blocks), "not before they agree"
    await press(duty, ids.TAKE_COVER, mine, "UGRACE")
    assert [each.state for each in await stored(duty)] == [OverrideState.TAKEN] * 2
    assert "Now: <@UGRACE> (cover)" in str((await duty.type("oncall platform")).blocks)
    duty.clock.time = monday
    assert "Now: <@UADA> (cover)" in str((await duty.type("oncall platform")).blocks)
    await press(duty, ids.UNDO_COVER, theirs, "UGRACE")
    assert [each.state for each in await stored(duty)] == [OverrideState.TAKEN, OverrideState.UNDONE]
    with refuses(Refused, match="<@UALEX1> has no shift in platform"):
        await duty.type("oncall swap platform alex.k@example.com")


async def test_what_cannot_be_used_says_how_it_is_written(duty: HandlerHarness) -> None:
    for typed, why in {
        "oncall cover": "Say which schedule and when",
        "oncall cover nights now to 6am": "Known schedules: platform, web",
        "oncall cover platform sometime": "From when to when?",
        "oncall cover platform 2026-11-01 to 2026-11-02": "over already",
        "oncall cover platform 2026-12-01 to 2027-12-01": "longer than 92 days",
        "oncall cover platform tomorrow 18:00 to today 9:00": "From when to when?",
        "oncall override platform now to 6am": "Say which schedule and when",
        "oncall swap platform": "Say which schedule and when",
        "oncall swap platform @ada": "cover for yourself",
    }.items():
        with refuses(Refused, match=why):
            await duty.type(typed)
    assert await stored(duty) == []
    with refuses(NotFound, match="no such override"):
        await BUTTONS[ids.TAKE_COVER](ActionContext(duty.world, duty.client, duty.actor(), "", "nothing"))


async def test_the_permission_cover_is_asked_for_everything(duty: HandlerHarness) -> None:
    await duty.type("oncall cover platform now to 6am")
    (asked,) = await stored(duty)
    only = duty.world.policy.copy_with(permissions=Permissions(cover=("ada@example.com",)))
    duty.world = replace(duty.world, policy=only)
    for typed in ("cover platform now to 6am", "override platform now to 6am @ada", "swap platform @ada"):
        with refuses(Forbidden, match=r"Changing who is on call is for ada@example\.com"):
            await duty.type(f"oncall {typed}", user="UGRACE")
    for action in (ids.TAKE_COVER, ids.UNDO_COVER):
        with refuses(Forbidden, match="Changing who is on call"):
            await press(duty, action, asked, "UGRACE")


@pytest.mark.parametrize(
    ("said", "start", "end"),
    [
        ("now to 6am", "21 04:00", "21 06:00"),
        ("22:00 to 06:00", "21 22:00", "22 06:00"),
        ("3:30 until 5pm", "22 03:30", "22 17:00"),
        ("today to tomorrow", "21 00:00", "23 00:00"),
        ("saturday to sunday", "21 00:00", "23 00:00"),
        ("friday 9:30 – monday 9:30", "27 09:30", "30 09:30"),
        ("2026-11-24 - 2026-11-24", "24 00:00", "25 00:00"),
        ("tomorrow at 18:00 for 90m", "22 18:00", "22 19:30"),
    ],
)
def test_periods_as_people_write_them(said: str, start: str, end: str) -> None:
    found = period(said, NIGHT, "Europe/Berlin")
    hour = timedelta(hours=1)
    assert [f"{each + hour:%d %H:%M}" for each in found] == [start, end]


async def test_typed_times_are_on_the_clock_of_whoever_types_and_the_answer_says_so(duty: HandlerHarness) -> None:
    known = await duty.world.store.person("UADA")
    assert known is not None
    await duty.world.store.commit(Changeset(now=NIGHT, people=(known.model_copy(update={"tz": "America/New_York"}),)))
    said = str((await duty.type("oncall cover platform tomorrow 18:00 to 22:00")).blocks)
    assert "Sat 21 Nov 18:00 to Sat 21 Nov 22:00 (America/New_York time)" in said, "it is Friday evening there"
    (asked,) = await stored(duty)
    assert asked.start == datetime(2026, 11, 21, 23, 0, tzinfo=UTC)
    lost = known.model_copy(update={"tz": "Nowhere/AtAll"})
    await duty.world.store.commit(Changeset(now=NIGHT, people=(lost,)))
    said = str((await duty.type("oncall override platform tomorrow 18:00 to 22:00 @grace")).blocks)
    assert "Sun 22 Nov 18:00 to Sun 22 Nov 22:00 (Europe/Berlin time)" in said, "the schedule's"


async def test_the_report_has_what_the_command_line_says_and_a_chart(
    duty: HandlerHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads = await load_report(duty.world, NIGHT - timedelta(days=30), NIGHT, holidays_of)
    shown = str((await duty.type("oncall report")).blocks)
    for load in loads:
        assert f"*{load.name}*: {load.hours.total / timedelta(hours=1):,.0f} h" in shown
    assert "The chart comes as a direct message" in shown
    (sent,) = [each for each in await duty.outbox() if isinstance(each, SendChart)]
    assert (sent.what, sent.user, sent.until - sent.since) == (ChartOf.ON_CALL, "UADA", timedelta(days=30))
    ahead = str((await duty.type("oncall report next 28d")).blocks)
    assert "Evenly shared: about 336 h each" in ahead
    monkeypatch.setattr(charts, "available", lambda: False)
    assert "The chart" not in str((await duty.type("oncall report 7d")).blocks)
    for wrong in ("oncall report soon", "oncall report 900d", "oncall report next 0d"):
        with refuses(Refused, match="Which time"):
            await duty.type(wrong)


async def test_pages_of_a_private_incident_are_counted_for_whoever_is_in_it(duty: HandlerHarness) -> None:
    incident = await duty.incident((await duty.room("declare mail is read --sev 1 --private")).number)
    page = PeoplePaged(paged=("UGRACE",), reason=PageReason.TEAM)
    entry = Entry(incident_id=incident.id, key="page", at=NIGHT, event=page)
    await duty.world.store.commit(Changeset(now=NIGHT, entries=(entry,)))
    duty.clock.advance(60)
    assert "1 page" in str((await duty.type("oncall report 1d", user="UADA")).blocks)
    assert "1 page" not in str((await duty.type("oncall report 1d", user="USTRANGER")).blocks)


def test_a_picture_and_its_words_bear_any_name() -> None:
    evil = OnCallLoad(person="U1", name="<b>\x1b[2J$x$ Ä" * 40, hours=OnCallHours(total=timedelta(hours=99)), pages=3)
    drawn = on_call_chart([evil] * 40, NIGHT, NIGHT + timedelta(days=30), "Europe/Berlin")
    assert drawn.startswith(b"\x89PNG")
    assert len(on_call_alt([evil] * 40)) <= 1000
    assert "\x1b" not in on_call_alt([evil])
    card = on_call_report([evil] * 60, NIGHT, NIGHT, "UTC", chart=False)
    assert problems(card.blocks, "message") == []
