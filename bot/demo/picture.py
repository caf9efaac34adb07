"""A screenshot of an incident's channel in the sandbox, for the README."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

from bot.demo.demo_company import ERROR_RATE_ALERT, MEMORY_ALERT, Monitors, send_alert
from bot.demo.shared_clock import settle
from bot.demo.workspace import workspace

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


def find_chromium() -> str:
    """The path of Chromium on this machine. OSError when there is none."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        raise OSError("There is no Chromium on this machine; on Debian: apt-get install chromium.")
    return found


async def take_picture(where: Path) -> None:
    """Play the beginning of an incident and save its channel as Ben sees it as a PNG.

    OSError without Chromium, ImportError without Playwright.
    """
    from playwright.async_api import async_playwright

    async with workspace() as (slack, bot), async_playwright() as driver:
        chromium = await driver.chromium.launch(executable_path=find_chromium(), args=list(CHROMIUM_FLAGS))
        monitors = Monitors(lambda alert: send_alert(bot, alert))
        await monitors.trigger(MEMORY_ALERT)
        await settle(slack, bot)
        await slack.advance(timedelta(minutes=3))
        room = next(channel for channel in slack.channels() if channel.name.startswith("inc-1"))
        await slack.click("ada", room, room.messages_by_bot()[0], "Acknowledge")
        await monitors.trigger(ERROR_RATE_ALERT)
        await settle(slack, bot)
        said = await slack.say("ada", room, "Release 1.4.2 went out twelve minutes ago. Rolling back.")
        await slack.react("ben", said, "+1")
        page = await chromium.new_page(viewport={"width": 1280, "height": 920})
        await page.goto(f"{slack.page_url}as/ben/{room.id}")
        await page.screenshot(path=where)
        await chromium.close()
