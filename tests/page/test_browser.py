"""The page in Chromium with the whole bot."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import expect
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.picture import find_chromium
from bot.demo.workspace import workspace
from sandbox.methods.views import show_modal
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


@pytest.fixture
async def ada() -> AsyncIterator[Tab]:
    """Ada at her desk, in #general."""
    async with workspace() as (slack, bot), tab(slack, bot, DESKTOP) as opened:
        await opened.goes("ada")
        yield opened


@pytest.fixture
async def phone() -> AsyncIterator[Tab]:
    """Ben on his phone, in #general."""
    async with workspace() as (slack, bot), tab(slack, bot, PHONE) as opened:
        await opened.goes("ben")
        yield opened


async def declared(ada: Tab) -> None:
    """By the form, as a SEV-2; she stands in the room."""
    await ada.types("/incident declare")
    await ada.fills("Title", "search is slow")
    await ada.picks("Severity", "SEV-2")
    await ada.picks("People to invite", "chidi")
    await ada.submits()
    await ada.settled()
    await ada.enters(ROOM)


async def test_incident_by_mouse_from_the_form_to_the_post_mortem(ada: Tab) -> None:
    await declared(ada)
    room = ada.slack.channel(ROOM)
    assert ada.slack.person("chidi").id in room.members
    await expect(ada.page.locator("#head .topic")).to_contain_text("search is slow")
    await ada.presses("Acknowledge")
    await ada.sees("acknowledged and is incident commander")
    await ada.advances(15)
    await ada.advances(15)
    await ada.sees("time for an update")
    await ada.presses("Snooze", ada.message("time for an update"))
    await expect(ada.message("time for an update")).to_have_count(0)
    await ada.sees("Snoozed by @ada until")
    await ada.presses("Post update", ada.card)
    await ada.fills("Update", "A slow disk; moving the index.")
    await ada.submits()
    await ada.sees("A slow disk; moving the index.")
    await ada.presses("Escalate", ada.card)
    await ada.sees("level 2")
    await ada.types("/incident resolve moved the index")
    await ada.settled()
    assert (await ada.incident()).state is State.RESOLVED
    await ada.types("/incident postmortem")
    await ada.advances(1)
    await ada.presses("Edit post-mortem")
    await ada.fills("Impact", "Searching took 9 s for everybody.")
    await ada.fills("Root cause", "A disk at the end of its life.")
    await ada.submits()
    await ada.settled()
    await ada.presses("Publish")
    await ada.presses("Publish anyway")
    await ada.settled()
    await ada.advances(1)
    await expect(ada.page.locator(".file .markdown").last).to_contain_text("A disk at the end of its life.")
    await ada.settled()
    assert (await ada.incident()).state is State.CLOSED


async def test_second_persons_actions_are_seen_by_both(ada: Tab) -> None:
    await declared(ada)
    async with tab(ada.slack, ada.bot, DESKTOP) as ben:
        await ben.goes("ada", ROOM)
        await ben.becomes("ben")
        await ben.presses("Acknowledge")
        await ada.sees("Acknowledged by @ben")
        await ben.types("on it :eyes: @ada")
        await expect(ada.message("on it").locator(".mention.me")).to_have_text("@ada")
        assert (await ada.incident()).commander == ada.slack.person("ben").id


async def test_storm_is_one_room(ada: Tab) -> None:
    await ada.fires("Storm")
    await expect(ada.page.locator("#rooms .line", has_text="inc-")).to_have_count(1)
    await ada.settled()
    assert await ada.bot.store.last_number() == 1
    await ada.enters("inc-1-high-memory-usage-on-api")
    await ada.sees("40 firing")
    await ada.fires("Recovery")
    await ada.settled()
    await expect(ada.card).not_to_contain_text("40 firing")


async def test_form_errors_are_shown_beside_the_input(ada: Tab) -> None:
    await ada.types("/incident declare")
    await ada.page.locator(".modal button[type=submit]").click()
    await expect(ada.input("Title").locator(".wrong")).to_have_text("Please complete this required field.")
    await ada.fills("Title", "now it has one")
    await ada.submits()
    await ada.settled()
    assert (await ada.incident()).title == "now it has one"


def plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def form(*options: str, date_block: str = "day") -> dict[str, Any]:
    """A form of the app with every kind of choice; people say what these options are."""
    offered = [{"text": plain(option), "value": option.casefold()} for option in options]
    inputs: dict[str, dict[str, Any]] = {
        "what": {"type": "plain_text_input"},
        "where": {"type": "static_select", "options": offered},
        "which": {"type": "checkboxes", "options": offered},
        "how": {"type": "radio_buttons", "options": offered},
        "who": {"type": "multi_users_select"},
        date_block: {"type": "datepicker", "initial_date": "2026-11-21"},
        "when": {"type": "timepicker"},
        "else": {"type": "static_select", "options": offered, "initial_option": offered[0]},
    }
    blocks = [
        {"type": "input", "block_id": block, "label": plain(block), "element": element | {"action_id": "a"}}
        for block, element in inputs.items()
    ]
    return {"type": "modal", "title": plain("Form"), "submit": plain("Send"), "blocks": blocks}


async def test_form_values_not_yet_sent_are_kept_when_the_app_updates_the_form(ada: Tab) -> None:
    view = show_modal(ada.slack.workspace, ada.slack.person("ada").id, form("Berlin", "Cork"))
    await ada.fills("what", "moving the index")
    await ada.picks("where", "Cork")
    await ada.picks("who", "ben")
    for label in ("which", "how"):
        await ada.input(label).locator(".box", has_text="Cork").click()
    await ada.fills("day", "2026-12-24")
    await ada.fills("when", "18:30")
    await ada.input("who").locator("summary").click()
    await ada.input("who").locator(".filter").fill("chidi")
    await ada.input("who").locator(".option", has_text="chidi").click()

    app = AsyncWebClient(ada.slack.bot_token, base_url=ada.slack.api_url)
    await app.views_update(view_id=view.id, view=form("Aarhus", "Berlin", "Cork", date_block="date"))
    await expect(ada.input("date")).to_be_visible()

    await expect(ada.input("what").locator("input")).to_have_value("moving the index")
    await expect(ada.input("where").locator(".chosen")).to_have_text("Cork")
    await expect(ada.input("who").locator(".menu")).to_be_visible()
    for label in ("which", "how"):
        await expect(ada.input(label).locator(".box", has_text="Cork").locator("input")).to_be_checked()
    await expect(ada.input("when").locator("input")).to_have_value("18:30")
    await expect(ada.input("else").locator(".chosen")).to_have_text("Berlin")
    await expect(ada.input("date").locator("input"), "another block_id is another input").to_have_value("2026-11-21")

    await ada.page.locator(".modal button[type=submit]").click()
    await ada.slack.until(lambda: view.state["what"]["a"]["value"] is not None)
    people = [ada.slack.person(name).id for name in ("ben", "chidi")]
    assert sorted(view.state["who"]["a"]["selected_users"]) == sorted(people)
    for block, key in (("where", "selected_option"), ("how", "selected_option")):
        assert view.state[block]["a"][key]["value"] == "cork"
    assert [option["value"] for option in view.state["which"]["a"]["selected_options"]] == ["cork"]
    assert view.state["when"]["a"]["selected_time"] == "18:30"


async def test_message_box_suggests_commands_with_their_hints(ada: Tab) -> None:
    await ada.page.locator(".room .composer textarea").fill("/inc")
    await expect(ada.page.locator(".suggestions")).to_contain_text("declare checkout returns 500s")
    await ada.types("/nonsense")
    await expect(ada.page.locator(".toast")).to_contain_text("/nonsense is not a valid command")


async def test_declare_form_says_who_will_be_paged_and_follows_what_is_chosen(ada: Tab) -> None:
    await ada.types("/incident declare")
    shown = ada.page.locator(".modal")
    await expect(shown).to_contain_text("Will page: @ben")
    await ada.fills("Title", "keys leaked sev1")
    await ada.input("Private").locator("input[type=checkbox]").check()
    await expect(shown).to_contain_text("Will page: nobody but you")
    await expect(shown).to_contain_text("Will get in: only you")
    await ada.picks("People to invite", "chidi")
    await expect(shown).to_contain_text("Will page: @chidi")
    await ada.submits()
    await ada.settled()
    incident = await ada.incident()
    assert (incident.title, incident.severity, incident.private) == ("keys leaked", "SEV-1", True)


async def test_message_menu_declares_an_incident(ada: Tab) -> None:
    await ada.slack.say("ben", "general", "is checkout broken for anybody else?")
    row = ada.message("is checkout broken")
    await row.hover()
    await row.locator(".tools > summary").click()
    await row.locator(".item", has_text="Declare incident").click()
    await ada.fills("Title", "checkout broken")
    await ada.submits()
    await ada.settled()
    await ada.enters("inc-1-checkout-broken")
    await ada.sees("is checkout broken for anybody else?")


async def test_threads_reactions_pins_and_home(ada: Tab) -> None:
    said = await ada.slack.say("ben", "general", "lunch?")
    row = ada.message("lunch?")
    await row.hover()
    await row.locator(".tools > summary").click()
    await row.locator("[data-do=react]").first.click()
    await expect(row.locator(".reaction.mine")).to_have_text(re.compile("1"))
    await ada.page.goto(f"{ada.page.url}?thread={said.ts}")
    box = ada.page.locator(".thread .composer textarea")
    await box.fill("at noon")
    await box.press("Enter")
    await expect(ada.page.locator("#replies .row").last).to_contain_text("at noon")
    await expect(ada.page.locator("#messages .replies")).to_contain_text("1 reply")
    await ada.goes("ada", "home")
    await expect(ada.page.locator("#home")).to_contain_text("Declare incident")
    await ada.presses("Declare incident", ada.page.locator("#home"))
    await expect(ada.page.locator(".modal h2")).to_have_text("Declare incident")


async def test_unread_rooms_stand_out_until_they_are_read(ada: Tab) -> None:
    await ada.slack.say("ben", "random", "hi <@" + ada.slack.person("ada").id + ">")
    line = ada.page.locator("#rooms .line", has_text="random")
    await expect(line).to_have_class(re.compile("unread"))
    await expect(line.locator(".count")).to_have_text("1")
    await ada.enters("random")
    await expect(line).not_to_have_class(re.compile("unread"))


async def test_fault_planned_in_the_page_does_not_prevent_the_room(ada: Tab) -> None:
    await ada.page.locator(".faults > summary").click()
    form = ada.page.locator(".faults form[data-control=faults]")
    await form.locator("[name=method]").fill("conversations.create")
    await form.locator("[name=kind]").select_option("reset_after")
    await form.locator("button").click()
    await expect(ada.page.locator("#planned")).to_contain_text("conversations.create reset_after")
    await ada.page.locator("h1").click()
    await ada.types("/incident declare search is slow --sev 2")
    await expect(ada.page.locator("#rooms .line", has_text=ROOM)).to_be_visible()
    await ada.settled()
    await expect(ada.page.locator("#rooms .line", has_text="inc-")).to_have_count(1)


async def test_page_works_on_a_phone(phone: Tab) -> None:
    await phone.types("/incident declare")
    await phone.fills("Title", "search is slow")
    await phone.submits()
    await phone.settled()
    await phone.page.locator(".to-rooms").click()
    await phone.enters(ROOM)
    await phone.presses("Acknowledge")
    await phone.sees("acknowledged and is incident commander")
    await phone.card.locator(".pick > summary").click()
    await expect(phone.card.locator(".pick .menu")).to_be_in_viewport(ratio=0.99)
    stuck = await phone.page.evaluate(
        "[...document.querySelectorAll('html, #messages')].filter(e => e.scrollWidth > e.clientWidth).length"
    )
    assert stuck == 0, "nothing sticks out"


async def test_buttons_of_an_alerts_incident_are_seen_on_a_phone_without_scrolling(phone: Tab) -> None:
    """The whole card fits, from its headline to its menu, in every state of an incident that somebody has to handle."""
    await phone.fires("Memory alert")
    await phone.page.locator(".to-rooms").click()
    await phone.enters("inc-1-high-memory-usage-on-api")
    await phone.settled()
    for step in ("", "Acknowledge", "Mitigated"):
        if step == "Mitigated":
            await phone.chooses(step)
            await phone.sees("Keep an eye on it")
        elif step:
            await phone.presses(step, phone.card)
            await phone.sees("acknowledged and is incident commander")
        await phone.card.locator("h3").first.scroll_into_view_if_needed()
        await phone.page.evaluate("document.querySelector('#messages').scrollTop = 0")
        for label in ("Escalate", "Resolve", "Post update"):
            await expect(phone.card.locator(".press", has_text=label)).to_be_in_viewport(ratio=1)
        await expect(phone.card.locator(".pick > summary")).to_be_in_viewport(ratio=1)
        await expect(phone.card.locator(".pick .chosen")).to_have_text("More")


async def test_no_button_takes_the_place_of_another_when_somebody_acknowledges(phone: Tab) -> None:
    """A thumb that comes a moment late must not page or resolve. What opens a form, or a menu, does nothing by itself."""
    await phone.types("/incident declare search is slow --sev 2")
    await phone.settled()
    await phone.page.locator(".to-rooms").click()
    await phone.enters(ROOM)

    async def places() -> dict[str, dict[str, float]]:
        found: dict[str, dict[str, float]] = {}
        for button in await phone.card.locator(".press").all():
            box = await button.bounding_box()
            assert box is not None
            found[(await button.inner_text()).strip()] = {
                "x": box["x"],
                "y": box["y"],
                "width": box["width"],
                "height": box["height"],
            }
        top = await phone.card.locator(".el, .actions").first.bounding_box()
        assert top is not None
        return {label: box | {"y": box["y"] - top["y"]} for label, box in found.items()}

    before = await places()
    await phone.presses("Acknowledge", phone.card)
    await phone.sees("acknowledged and is incident commander")
    after = await places()
    for acts in ("Escalate", "Resolve"):
        box = after[acts]
        middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        under = [
            label
            for label, old in before.items()
            if old["x"] <= middle[0] <= old["x"] + old["width"] and old["y"] <= middle[1] <= old["y"] + old["height"]
        ]
        assert under == [acts], f"{acts} stands where {under} stood"


async def test_escalate_asks_and_says_whom_it_calls(ada: Tab) -> None:
    await declared(ada)
    await ada.card.locator(".press", has_text="Escalate").click()
    await expect(ada.page.locator("dialog")).to_contain_text("Page @grace (level 2)?")
    await ada.page.locator("dialog button[value=no]").click()
    await ada.settled()
    assert (await ada.incident()).escalation.reached == 1
    await ada.presses("Escalate", ada.card)
    await ada.sees("@ada escalated to you (level 2).")
