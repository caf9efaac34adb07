"""Cover where several are on call together, swaps as a whole, and guests."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from blocks import ids
from blocks.home import home
from handlers.actions import ActionContext
from handlers.register import BUTTONS
from tests.clock import NIGHT
from tests.handlers.conftest import COMPANY, HandlerHarness
from tests.refusals import refuses
from warroom.errors import Forbidden, Refused
from warroom.oncall import rules
from warroom.oncall.directory import OnCallDirectory
from warroom.oncall.duty import duty_of
from warroom.oncall.model import Override, OverrideState
from warroom.outbox.changes import Changeset
from warroom.people.model import Person
from warroom.policy import check

GUEST = Person(id="UVISITOR", display_name="Visitor", email="visitor@partner.example", is_guest=True)
HOUR = timedelta(hours=1)
SCHEDULES = {
    "platform": {"layers": [{"people": [["ada@example.com", "grace@example.com"]]}]},
    "visitors": {"layers": [{"people": "visitor@partner.example"}]},
    "weekly": {
        "layers": [{"people": ["ada@example.com", "grace@example.com"], "handoff": "mon 09:00", "from": "2026-11-16"}]
    },
}


@pytest.fixture
async def duty(desk: HandlerHarness) -> HandlerHarness:
    """The company with two people on call together, a guest, and a guest's own schedule."""
    checked = check(COMPANY | {"schedules": SCHEDULES})
    assert checked.policy is not None, checked.mistakes
    world = desk.world
    await world.store.commit(Changeset(now=NIGHT, people=(GUEST,)))
    directory = OnCallDirectory(world.directory, world.store, checked.policy, desk.clock)
    desk.world = replace(world, policy=checked.policy, directory=directory)
    return desk


async def press(duty: HandlerHarness, action: str, override: Override, user: str) -> None:
    actor = duty.actor(user)
    await BUTTONS[action](ActionContext(duty.world.for_gesture(actor.key), duty.client, actor, "", override.id))


async def stored(duty: HandlerHarness) -> list[Override]:
    return await duty.world.store.overrides(NIGHT - timedelta(days=400), NIGHT + timedelta(days=400))


async def test_of_two_on_call_together_cover_replaces_only_whoever_asks(duty: HandlerHarness) -> None:
    await duty.type("oncall cover platform now for 2h alex.k@example.com", user="UGRACE")
    (asked,) = await stored(duty)
    await press(duty, ids.TAKE_COVER, asked, "UALEX1")
    schedule = duty.world.policy.schedules["platform"]
    assert rules.on_call(schedule, await stored(duty), NIGHT + HOUR) == ("ada@example.com", "<@UALEX1>")
    await duty.type("oncall cover weekly now for 2h")
    assert [each.instead_of for each in await stored(duty) if each.schedule == "weekly"] == [None], "nobody else is"


async def test_a_swap_is_shown_once_with_both_halves(duty: HandlerHarness) -> None:
    await duty.type("oncall swap weekly @grace")
    shown = str((await duty.type("oncall weekly")).blocks)
    assert shown.count("would be on call") == 2
    assert (shown.count("Withdraw"), shown.count("Take it")) == (1, 0)
    shown = str((await duty.type("oncall weekly", user="UGRACE")).blocks)
    assert (shown.count("'text': 'Swap'"), shown.count("Take it")) == (1, 0)
    world = duty.world
    mine = await duty_of(world.store, world.directory, world.policy, NIGHT, "UGRACE")
    page = str(home([], "UGRACE", NIGHT, duty=mine))
    assert page.count("would be on call") == 2, "what is given and what is got"


async def test_a_swap_of_which_one_half_is_over_is_not_taken_for_the_other_half(duty: HandlerHarness) -> None:
    await duty.type("oncall swap weekly @grace")
    mine, theirs = await stored(duty)
    duty.clock.time = mine.end + HOUR
    with refuses(Refused, match="That time is over"):
        await press(duty, ids.TAKE_COVER, theirs, "UGRACE")
    assert [each.state for each in await stored(duty)] == [OverrideState.ASKED] * 2


async def test_a_guest_does_not_put_themselves_on_call(duty: HandlerHarness) -> None:
    refused = "Guests may change who is on call only in schedules that name them"
    for typed in ("cover platform now for 2h", "override platform now for 2h @me", "swap platform @ada"):
        with refuses(Forbidden, match=refused):
            await duty.type(f"oncall {typed}", user=GUEST.id)
    assert await stored(duty) == []
    await duty.type("oncall cover platform now for 2h", user="UADA")
    (asked,) = await stored(duty)
    for action in (ids.TAKE_COVER, ids.UNDO_COVER):
        with refuses(Forbidden, match=refused):
            await press(duty, action, asked, GUEST.id)
    elsewhere = duty.world.policy.copy_with(schedules={})
    duty.world = replace(duty.world, policy=elsewhere)
    with refuses(Forbidden, match=refused):
        await press(duty, ids.TAKE_COVER, asked, GUEST.id)


async def test_a_guest_whom_a_schedule_names_or_who_is_asked_may_cover(duty: HandlerHarness) -> None:
    await duty.type("oncall cover visitors now for 2h @grace", user=GUEST.id)
    await duty.type(f"oncall cover platform now for 2h <@{GUEST.id}>", user="UADA")
    asked = next(each for each in await stored(duty) if each.schedule == "platform")
    await press(duty, ids.TAKE_COVER, asked, GUEST.id)
    taken = next(each for each in await stored(duty) if each.schedule == "platform")
    assert (taken.state, taken.person) == (OverrideState.TAKEN, GUEST.id)
    await press(duty, ids.UNDO_COVER, taken, GUEST.id)


async def test_who_covers_a_part_of_their_own_shift_is_on_call_without_a_break(duty: HandlerHarness) -> None:
    before = str((await duty.type("oncall weekly")).blocks)
    await duty.type("oncall override weekly tomorrow 18:00 to 22:00 @ada")
    after = str((await duty.type("oncall weekly")).blocks)
    now, following = (before[before.index(word) :].partition("\\n")[0].partition("'")[0] for word in ("Now:", "Next:"))
    assert "<@UADA>, until" in now
    assert now in after, "until the same time"
    assert following in after, "and the next one is somebody else"
    await duty.type("oncall override weekly now to 6am @ada")
    assert now.replace("<@UADA>", "<@UADA> (cover)") in str((await duty.type("oncall weekly")).blocks)


async def test_nobody_is_offered_what_only_somebody_else_may_take(duty: HandlerHarness) -> None:
    await duty.type("oncall cover weekly friday to sunday alex.k@example.com", user="UADA")
    (asked,) = await stored(duty)
    assert asked.asked is not None
    shown = {
        user: str((await duty.type("oncall weekly", user=user)).blocks) for user in ("UADA", "UGRACE", asked.asked)
    }
    assert "Withdraw" in shown["UADA"], "who asked"
    assert not any(label in shown["UGRACE"] for label in ("Take it", "Withdraw", "Undo"))
    assert "Take it" in shown[asked.asked]
    assert f"<@UADA> asks <@{asked.asked}> to cover *weekly* from" in shown["UGRACE"]
