"""What first-time users ran into, played in the browser: at a desk and on a phone."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import expect

from bot.demo.picture import find_chromium
from bot.demo.workspace import workspace
from tests.page.browser import DESKTOP, PHONE, Tab, tab
from tests.tools import missing
from warroom.incident.model import State

ROOM = "inc-1-search-is-slow"


@pytest.fixture(autouse=True, scope="module")
def chromium() -> str:
    """The path of the browser that all of these tests need."""
    try:
        return find_chromium()
    except OSError as error:
        missing(str(error))


@pytest.fixture(params=[DESKTOP, PHONE], ids=["desktop", "phone"])
async def ada(request: pytest.FixtureRequest) -> AsyncIterator[Tab]:
    """Ada in #general."""
    async with workspace() as (slack, bot), tab(slack, bot, request.param) as opened:
        await opened.goes("ada")
        yield opened


async def test_a_correction_asks_before_it_does_the_wrong_thing(ada: Tab) -> None:
    """Declare twice, edit with a misspelt service, do not cancel by Cancel, cancel and undo."""
    await ada.types("/incident declare search is slow sev 2 --service api,checkout")
    await ada.types("/incident declare search slow --sev 2")
    await ada.sees("Similar and open")
    await ada.settled()
    await ada.goes("ada", ROOM)
    await ada.chooses("Edit")
    await ada.fills("Other services", "chekout")
    await ada.page.locator(".modal button[type=submit]").click()
    await expect(ada.input("Other services").locator(".wrong")).to_contain_text("Did you mean checkout?")
    await ada.fills("Other services", "")
    await ada.fills("Impact", "Nobody finds anything")
    await ada.submits()
    await ada.sees("Impact set")
    assert (await ada.incident()).services == ("api", "checkout")
    await ada.chooses("Cancel")
    close = ada.page.locator(".modal .buttons button, .modal footer button, .modal button").filter(
        has_text="Keep it open"
    )
    await close.click()
    await expect(ada.page.locator(".modal")).to_have_count(0)
    assert (await ada.incident()).state is State.DETECTED
    await ada.goes("ada")
    await ada.types("/incident cancel #1 only a load test")
    await ada.presses("Cancel INC-1")
    await ada.presses("Undo", ada.message("Cancelled INC-1"))
    await ada.sees("INC-1 is open again and not acknowledged. Escalation continues.")


async def test_a_message_from_elsewhere_and_a_refusal_lead_to_where_they_belong(ada: Tab) -> None:
    await ada.types("/incident declare search is slow sev 2")
    await ada.settled()
    await ada.types("/incident ack #1")
    await ada.types("/incident ack #1")
    await expect(ada.message("You have it already.")).to_contain_text(f"#{ROOM}")
    await ada.slack.say("ben", "general", "the index is rebuilding")
    row = ada.message("the index is rebuilding")
    await row.hover()
    await row.locator(".tools > summary").click()
    await row.locator(".item", has_text="Add to timeline").click()
    await ada.submits()
    await ada.settled()
    [told] = [each.plain() for each in ada.slack.direct("ada") if "on the timeline" in each.plain()]
    assert told.startswith("The message is on the timeline of INC-1. → <#"), "the bot is not in #general"
    await ada.types("/incident timeline #1")
    line = ada.message("Timeline of INC-1")
    await expect(line).to_contain_text("Message by @ben: the index is rebuilding ↗")
    await ada.types("/incident")
    for group in ("Start", "Respond", "Record", "After"):
        await expect(ada.message("Warroom runs incidents")).to_contain_text(group)
