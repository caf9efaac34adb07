"""A runbook as a responder meets it: at a desk and on a phone, from the list to the message that grew."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from playwright.async_api import Locator, expect

from bot.demo.picture import find_chromium
from tests.integrations.stories import policy_of
from tests.page.browser import DESKTOP, PHONE, Tab, tab
from tests.scenarios.conftest import WarRoom
from tests.scenarios.conftest import room as room
from tests.scenarios.conftest import slack as slack
from tests.tools import missing
from warroom.policy import Policy

RUNBOOKS = yaml.safe_load("""
remediation: {allow: {command: [["echo", "*"], ["false"]]}, approve: {second_person: true, within: 10m}}
runbooks:
  restart:
    name: Restart a leaking service
    about: Replaces the pods one by one. Requests in flight are finished by the pods that end.
    when: {service: checkout, severity: SEV-1}
    inputs:
      deployment: {default: "{service}", about: The deployment behind the service.}
      size: {options: [small, large], about: How many pods.}
    steps:
      - {id: everybody, do: ask, with: {question: "Is {service} slow for everybody?", options: ["yes", "no", "not sure"]}}
      - id: restart
        do: command
        with: {run: [echo, "{deployment}, {size}"]}
        needs: [everybody]
        undo: {do: command, with: {run: [echo, back]}}
      - {id: settle, do: wait, with: {duration: 2m}, needs: [restart]}
      - {id: told, do: say, with: {text: "It said {restart.output}"}, needs: [settle]}
  itself:
    name: Look by itself
    when: {monitor: "*returns 500s*"}
    auto: true
    steps:
      - {id: look, do: wait, with: {duration: 30s}}
      - {id: repair, do: command, with: {run: ["false"]}, needs: [look]}
  watch:
    name: Before traffic is moved
    checklist: |
      - [ ] The other region answers its health check
      - [ ] The people who watch payments know
""")
WIDE = "[...document.querySelectorAll('html, #messages, .modal')].filter(e => e.scrollWidth > e.clientWidth).length"


@pytest.fixture(autouse=True, scope="module")
def chromium() -> str:
    """The path of the browser that all of these tests need."""
    try:
        return find_chromium()
    except OSError as error:
        missing(str(error))


@pytest.fixture
def policy() -> Policy:
    return policy_of(**RUNBOOKS)


def message_of(opened: Tab, runbook: str) -> Locator:
    """The message of a run: the one with its steps, not one that speaks about it."""
    return (
        opened.page.locator("#messages .row", has_text=runbook)
        .filter(has_text="began by")
        .or_(opened.page.locator("#messages .row", has_text=runbook).filter(has_text="asked by"))
    )


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_a_run_from_the_list_to_its_end(room: WarRoom, size: tuple[int, int], tmp_path: Path) -> None:
    incident = await room.declare("ada", "checkout returns 500s --sev 1 --service checkout grace@example.com")
    channel = room.channel_of(incident).name
    async with tab(room.slack, room.bot, size) as opened:
        page, taken = opened.page, 0

        async def fits() -> None:
            nonlocal taken
            taken += 1
            await opened.settled()
            await page.screenshot(path=tmp_path / f"{taken}.png")
            assert await page.evaluate(WIDE) == 0, "nothing sticks out"

        await opened.goes("ada", channel)
        await opened.types("/incident run")
        offered = page.locator("#messages .block.section", has_text="Restart a leaking service")
        await expect(offered).to_contain_text("Fits: service checkout, severity SEV-1")
        await opened.presses("Run…", offered)
        await opened.picks("size", "large")
        await fits()
        await page.locator(".modal button[type=submit]").click()
        plan = page.locator(".modal", has_text="The plan")
        await expect(plan).to_contain_text("Run echo “checkout, large” (after everybody)")
        await expect(plan).to_contain_text("Needs an approval in the channel")
        await fits()
        await opened.fills("Why", "memory is 98 % full")
        await opened.submits()
        await opened.settled()
        message = message_of(opened, "Restart a leaking service").first
        await expect(message).to_contain_text("needs an answer")
        await opened.presses("yes", message)
        await opened.settled()
        await expect(message).to_contain_text("Approve the step restart?")
        await expect(message).to_contain_text("but not @ada, who asked for it")
        await expect(message).not_to_contain_text("UTC")
        await opened.presses("Approve", message)
        await opened.settled()
        await opened.sees("a second person has to approve it")
        await fits()
        await opened.goes("grace", channel)
        await opened.presses("Approve", message)
        await opened.settled()
        await expect(message).to_contain_text("approved by @grace")
        await expect(message).to_contain_text("settle · until ")
        await opened.presses("Stop", message)
        await opened.settled()
        await expect(message).to_contain_text("stopped by @grace")
        await expect(message).to_contain_text("Not done: settle, told")
        await fits()
        await opened.presses("Undo…", message)
        await opened.settled()
        await expect(message).to_contain_text("undoing what was done: needs approval")
        await opened.goes("ada", channel)
        await opened.presses("Approve", message)
        await opened.settled()
        await expect(message).to_contain_text("undone by @grace")
        await fits()


async def test_two_people_tick_a_list_and_an_approval_expires(room: WarRoom, tmp_path: Path) -> None:
    incident = await room.declare("ada", "checkout returns 500s --sev 1 --service checkout grace@example.com")
    channel = room.channel_of(incident).name
    async with tab(room.slack, room.bot, PHONE) as opened:
        page = opened.page
        await opened.goes("ada", channel)
        await opened.types("/incident run watch")
        await opened.settled()
        boxes = page.locator("#messages .row", has_text="Before traffic is moved").filter(has_text="The other region")
        await opened.presses("Tick", boxes.locator(".block.section", has_text="The other region"))
        await opened.settled()
        await opened.goes("grace", channel)
        await opened.presses("Tick", boxes.locator(".block.section", has_text="who watch payments"))
        await opened.settled()
        await expect(boxes).to_contain_text("2 of 2")
        for who in ("@ada", "@grace"):
            await expect(boxes).to_contain_text(who)
        await room.wait(seconds=31)
        itself = message_of(opened, "Look by itself").first
        await expect(itself).to_contain_text("Approve the step repair?")
        await room.wait(minutes=10, seconds=1)
        await opened.settled()
        await expect(itself).to_contain_text("nobody approved it in time")
        await opened.sees(
            "Look by itself, which began by itself, failed at the step repair: nobody approved it in time"
        )
        await opened.sees("you are paged")
        said = [each.plain() for each in room.channel_of(incident).log]
        failed = next(n for n, each in enumerate(said) if "which began by itself, failed" in each)
        paged = next(n for n, each in enumerate(said) if "failed at the step repair" in each and "📟" in each)
        assert failed < paged, "the room hears it first"
        await page.screenshot(path=tmp_path / "expired.png")
