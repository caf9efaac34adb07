"""One screen for one person: where it stands, and later what is new."""

from __future__ import annotations

import pytest

from blocks import ids
from tests.handlers.conftest import HandlerHarness
from warroom.errors import NotFound


async def test_one_screen_says_where_it_stands(desk: HandlerHarness) -> None:
    incident = await desk.room()
    for typed in ("ack", "role scribe @grace", "edit impact 12 % of orders fail", "timeline add restarted the api",
                  "update rolling back"):  # fmt: skip
        await desk.type(typed, channel="C1")
    card = await desk.press(ids.CATCH_UP, incident, user="UGRACE")
    assert card is not None
    shown = str(card.blocks)
    for words in ("Acknowledged", "12 % of orders fail", "commander <@UADA>", "scribe <@UGRACE>", "restarted the api",
                  "rolling back", "*Next*"):  # fmt: skip
        assert words in shown, words
    assert "Since you last looked" not in shown


async def test_later_it_says_what_is_new_to_this_person(desk: HandlerHarness) -> None:
    await desk.room()
    await desk.type("ack", channel="C1")
    desk.clock.advance(60)
    await desk.type("catchup", channel="C1")
    desk.clock.advance(60)
    await desk.type("timeline add restarted the api", channel="C1")
    desk.clock.advance(60)
    shown = str((await desk.type("catchup", channel="C1")).blocks)
    assert "*Since you last looked*" in shown
    assert "1 new" in shown
    desk.clock.advance(60)
    assert "Nothing new since you last looked" in str((await desk.type("catchup", channel="C1")).blocks)
    assert "since you last looked" not in str((await desk.type("catchup", channel="C1", user="UGRACE")).blocks).lower()


async def test_a_private_one_is_shown_to_its_people_alone(desk: HandlerHarness) -> None:
    incident = await desk.room("declare leaked key --sev 1 --private")
    with pytest.raises(NotFound):
        await desk.press(ids.CATCH_UP, incident, user="UGRACE")
    with pytest.raises(NotFound):
        await desk.type("catchup 1", user="UGRACE")
