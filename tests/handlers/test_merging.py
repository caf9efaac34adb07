"""Two incidents become one, and two again."""

from __future__ import annotations

import pytest

from blocks import ids
from tests.handlers.conftest import HandlerHarness
from tests.refusals import refuses
from warroom.errors import AlreadyDone, Forbidden, NotFound, Refused
from warroom.incident import events, record
from warroom.incident.model import Incident, State


async def two(desk: HandlerHarness) -> tuple[Incident, Incident]:
    """INC-1 in C1, which Grace was called to, and INC-2 in C2 with an action item and a note."""
    one = await desk.room()
    two = await desk.room("declare carts are slow --sev 2 --service checkout")
    await desk.type("action add raise the limit @grace due 3d", channel="C2")
    await desk.type("timeline add the cache is full", channel="C2")
    return one, two


async def test_everything_goes_into_the_other_one_and_back(desk: HandlerHarness) -> None:
    await two(desk)
    await desk.type("action add write the runbook", channel="C1")
    await desk.type("merge 1", channel="C2")
    one, merged = await desk.incident(1), await desk.incident(2)
    assert (merged.state, merged.actions) == (State.CANCELLED, ())
    assert merged.summary == "merged into INC-1"
    assert [item.text for item in one.actions] == ["write the runbook", "raise the limit"]
    assert [item.id for item in one.actions] == ["a1", "a2"]
    assert "checkout" in one.services
    shown = [entry.event for entry in await record.timeline(desk.world, one)]
    assert any(isinstance(each, events.NoteAdded) and each.text == "the cache is full" for each in shown)
    await desk.type("merge undo", channel="C2")
    one, back = await desk.incident(1), await desk.incident(2)
    assert (back.state, back.merged) == (State.DETECTED, None)
    assert [item.text for item in back.actions] == ["raise the limit"]
    assert [item.text for item in one.actions] == ["write the runbook"]
    shown = [entry.event for entry in await record.timeline(desk.world, one)]
    assert not any(isinstance(each, events.NoteAdded) and each.text == "the cache is full" for each in shown)
    assert any(isinstance(each, events.MergeUndone) for each in shown)


async def test_it_can_be_merged_again_after_it_was_undone(desk: HandlerHarness) -> None:
    await two(desk)
    for typed in ("merge 1", "merge undo", "merge 1"):
        await desk.type(typed, channel="C2")
    shown = [entry.event for entry in await record.timeline(desk.world, await desk.incident(1))]
    notes = [each for each in shown if isinstance(each, events.NoteAdded) and each.text == "the cache is full"]
    assert len(notes) == 1


async def test_the_button_of_a_cancelled_one_undoes_the_merge(desk: HandlerHarness) -> None:
    _, second = await two(desk)
    await desk.press(ids.MERGE, second, "1")
    await desk.press(ids.REOPEN, second)
    assert (await desk.incident(2)).state is State.DETECTED
    assert (await desk.incident(1)).actions == ()


async def test_after_an_hour_it_stays_merged(desk: HandlerHarness) -> None:
    await two(desk)
    await desk.type("merge 1", channel="C2")
    desk.clock.advance(61 * 60)
    with refuses(Refused, match="cancelled"):
        await desk.type("merge undo", channel="C2")
    assert (await desk.incident(2)).merged is not None


async def test_a_second_merge_says_so(desk: HandlerHarness) -> None:
    await two(desk)
    await desk.type("merge 1", channel="C2")
    with pytest.raises(AlreadyDone):
        await desk.type("merge 1", channel="C2")


async def test_private_and_public_are_not_mixed(desk: HandlerHarness) -> None:
    await desk.room()
    await desk.room("declare leaked key --sev 1 --private")
    with refuses(Refused, match="INC-2 is private and INC-1 is not"):
        await desk.type("merge 1", channel="C2")
    with refuses(Refused, match="INC-2 is private and INC-1 is not"):
        await desk.type("merge 2", channel="C1")
    with pytest.raises(NotFound):
        await desk.type("merge 2", channel="C1", user="UGRACE")
    assert (await desk.incident(1)).state.open
    assert (await desk.incident(2)).state.open


async def test_only_who_is_in_both_may_merge(desk: HandlerHarness) -> None:
    await two(desk)
    with pytest.raises(Forbidden):
        await desk.type("merge 2 1", user="UALEX1")


async def test_into_a_private_one_only_by_its_people(desk: HandlerHarness) -> None:
    first = await desk.room("declare leaked key --sev 1 --private @grace")
    await desk.room("declare leaked names --sev 1 --private")
    assert "UGRACE" in first.participants.invitees
    with pytest.raises(NotFound):
        await desk.press(ids.MERGE, first, "2", user="UGRACE")  # as if there were none
    assert (await desk.incident(1)).state.open
    await desk.press(ids.MERGE, first, "2")
    assert (await desk.incident(1)).merged is not None


async def test_into_itself_or_into_what_is_over(desk: HandlerHarness) -> None:
    await two(desk)
    with refuses(Refused, match="the same incident"):
        await desk.type("merge 2", channel="C2")
    await desk.type("resolve", channel="C1")
    with refuses(Refused, match="only open incidents"):
        await desk.type("merge 1", channel="C2")
    with refuses(Refused, match="Say which incident goes on"):
        await desk.type("merge 2")
