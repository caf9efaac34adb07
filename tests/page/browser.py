"""A tab of Chromium with the page in it, and what people do there."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, Locator, Page, async_playwright, expect

from bot.demo.company import settle
from bot.demo.picture import FLAGS, browser
from bot.runtime.app import Bot
from sandbox import Sandbox
from warroom.incident.model import Incident

PATIENCE = 60_000.0
"""Real milliseconds a step may take on a busy machine."""
DESKTOP, PHONE = (1280, 800), (390, 780)


class Tab:
    """One person's tab."""

    def __init__(self, slack: Sandbox, bot: Bot, page: Page, errors: list[str]) -> None:
        self.slack, self.bot, self.page, self.errors = slack, bot, page, errors

    async def goes(self, who: str, where: str = "general") -> None:
        """Open a channel, or "home", as somebody."""
        place = "home" if where == "home" else self.slack.channel(where).id
        await self.page.goto(f"{self.slack.page_url}as/{who}/{place}")

    async def enters(self, room: str) -> None:
        """Follow the channel list."""
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
        """The newest message with a ⋯ menu."""
        return self.page.locator("#messages .row", has=self.page.locator(".overflow")).last

    async def presses(self, label: str, within: Locator | None = None) -> None:
        """A button, or an entry of a ⋯ menu; a confirm dialog is answered with yes."""
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
        """What was clicked has been answered."""
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
        """Press the modal's button and see it go."""
        await self.page.locator(".modal button[type=submit]").click()
        await expect(self.page.locator(".modal")).to_have_count(0)

    async def winds(self, minutes: int) -> None:
        """One click on the clock."""
        await self.page.locator(f"[data-minutes='{minutes}']").click()
        await self.answered()

    async def fires(self, scene: str) -> None:
        """One of the alerts."""
        await self.page.locator(".bar summary", has_text="Alerts").click()
        await self.page.locator(".bar .item", has_text=scene).click()
        await self.answered()

    async def becomes(self, who: str) -> None:
        """The switch to another person."""
        await self.page.locator(".act-as > summary").click()
        await self.page.locator(".act-as .filter").fill(who)
        await self.page.locator(".act-as .option", has_text=f"@{who}").first.click()
        await self.page.wait_for_url(f"**/as/{who}/*")

    async def sees(self, text: str) -> None:
        """It appears without a reload."""
        await expect(self.message(text)).to_be_visible()

    async def settled(self) -> None:
        """The bot has worked everything off."""
        await settle(self.slack, self.bot)

    async def incident(self) -> Incident:
        """The first one, as stored."""
        found = await self.bot.store.incident_numbered(1)
        assert found is not None
        return found


@asynccontextmanager
async def tab(slack: Sandbox, bot: Bot, size: tuple[int, int]) -> AsyncIterator[Tab]:
    """A tab of that size. What the page's script does wrong, or its policy forbids, is an error at the end."""
    expect.set_options(timeout=PATIENCE)
    async with async_playwright() as driver:
        chromium: Browser = await driver.chromium.launch(executable_path=browser(), args=list(FLAGS))
        page = await chromium.new_page(viewport={"width": size[0], "height": size[1]})
        page.set_default_timeout(PATIENCE)
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        try:
            yield Tab(slack, bot, page, errors)
        finally:
            await chromium.close()
        assert errors == [], errors
