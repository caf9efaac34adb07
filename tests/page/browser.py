"""A Chromium tab with the page, and what people do in it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, Locator, Page, async_playwright, expect

from bot.demo.picture import CHROMIUM_FLAGS, find_chromium
from bot.demo.shared_clock import settle
from bot.runtime.app import Bot
from sandbox import Sandbox
from warroom.incident.model import Incident

STEP_TIMEOUT = 60_000.0
"""Real milliseconds a step may take on a busy machine."""
DESKTOP, PHONE = (1280, 800), (390, 844)


class Tab:
    """One person's tab."""

    def __init__(self, slack: Sandbox, bot: Bot, page: Page, errors: list[str]) -> None:
        self.slack, self.bot, self.page, self.errors = slack, bot, page, errors

    async def goes(self, who: str, where: str = "general") -> None:
        """Open a channel, or "home", as somebody."""
        place = "home" if where == "home" else self.slack.channel(where).id
        await self.page.goto(f"{self.slack.page_url}as/{who}/{place}")

    async def enters(self, room: str) -> None:
        """Open a channel from the sidebar."""
        await self.page.locator("#rooms .line", has_text=room).click()
        await self.page.wait_for_url(f"**/{self.slack.channel(room).id}")

    async def types(self, text: str) -> None:
        """Write into the message box and press Enter."""
        box = self.page.locator(".room .composer textarea")
        await box.fill(text)
        await box.press("Enter")
        await self.answered()

    def message(self, text: str) -> Locator:
        """The newest message with that text."""
        return self.page.locator("#messages .row", has_text=text).last

    @property
    def card(self) -> Locator:
        """The newest message with the menu of a card."""
        return self.page.locator("#messages .row", has=self.page.locator(".pick")).last

    async def chooses(self, label: str) -> None:
        """Choose in the card's menu."""
        await self.card.locator(".pick > summary").click()
        await self.card.locator(".pick .option", has_text=label).first.click()
        await self.answered()

    async def presses(self, label: str, within: Locator | None = None) -> None:
        """Press a button, or an entry of a ⋯ menu. A confirmation dialog is accepted."""
        place = within or self.page.locator("#messages")
        button = place.locator(".press", has_text=re.compile(rf"^\s*{re.escape(label)}")).last
        await button.wait_for(state="attached")
        if not await button.is_visible():
            await place.locator(".overflow > summary").last.click()
        await button.click()
        asked = self.page.locator("dialog button[value=yes]")
        if await asked.count():
            await asked.click()
        await self.answered()

    async def answered(self) -> None:
        """Wait until the click has been answered."""
        await expect(self.page.locator(".busy")).to_have_count(0)

    async def fills(self, label: str, text: str) -> None:
        """Type into an input of the modal."""
        await self.input(label).locator("textarea, input").first.fill(text)

    async def picks(self, label: str, *choices: str) -> None:
        """Choose in a menu of the modal."""
        menu = self.input(label).locator(".pick")
        await menu.locator("summary").click()
        for choice in choices:
            await menu.locator(".option", has_text=choice).first.click()
        if await menu.get_attribute("open") is not None:
            await menu.locator("summary").click()

    def input(self, label: str) -> Locator:
        """The input of that label."""
        return self.page.locator(".modal .input").filter(has=self.page.locator(".label", has_text=label))

    async def submits(self) -> None:
        """Press the modal's submit button and wait until the modal is closed."""
        await self.page.locator(".modal button[type=submit]").click()
        await expect(self.page.locator(".modal")).to_have_count(0)

    async def advances(self, minutes: int) -> None:
        """Move the clock forward with its button."""
        await self.page.locator(f"[data-minutes='{minutes}']").click()
        await self.answered()

    async def fires(self, scenario: str) -> None:
        """Press an alert button."""
        await self.page.locator(".bar summary", has_text="Alerts").click()
        await self.page.locator(".bar .item", has_text=scenario).click()
        await self.answered()

    async def becomes(self, who: str) -> None:
        """Switch to another person."""
        await self.page.locator(".act-as > summary").click()
        await self.page.locator(".act-as .filter").fill(who)
        await self.page.locator(".act-as .option", has_text=f"@{who}").first.click()
        await self.page.wait_for_url(f"**/as/{who}/*")

    async def sees(self, text: str) -> None:
        """Wait until a message with that text is shown, without a reload."""
        await expect(self.message(text)).to_be_visible()

    async def settled(self) -> None:
        """Wait until the bot is idle and the page shows the result."""
        await settle(self.slack, self.bot)
        now = self.slack.clock.seconds()
        self.slack.workspace.changed.notify()
        shown = "now => Number(document.querySelector('#clock time').dataset.now) >= now - 0.001"
        await self.page.wait_for_function(shown, arg=now)

    async def incident(self) -> Incident:
        """The first incident, as stored."""
        found = await self.bot.store.incident_numbered(1)
        assert found is not None
        return found


@asynccontextmanager
async def tab(slack: Sandbox, bot: Bot, size: tuple[int, int]) -> AsyncIterator[Tab]:
    """A tab of that size. Errors on the browser's console fail the test at the end."""
    expect.set_options(timeout=STEP_TIMEOUT)
    async with async_playwright() as driver:
        chromium: Browser = await driver.chromium.launch(executable_path=find_chromium(), args=list(CHROMIUM_FLAGS))
        page = await chromium.new_page(viewport={"width": size[0], "height": size[1]})
        page.set_default_timeout(STEP_TIMEOUT)
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        try:
            yield Tab(slack, bot, page, errors)
        finally:
            await chromium.close()
        assert errors == [], errors
