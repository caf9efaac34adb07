"""The investigation's message in the thread of the card, with its words and its picture, at a desk and on a phone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import expect
from pydantic import SecretStr

from blocks import charts
from bot.demo.picture import find_chromium
from sandbox import Sandbox
from tests.integrations.llm.server import KEY, MODEL, FakeModel, says
from tests.integrations.prometheus.server import FakePrometheus
from tests.integrations.stories import policy_of, room_beside
from tests.page.browser import DESKTOP, PHONE, tab
from tests.scenarios.conftest import WarRoom
from tests.scenarios.conftest import slack as slack
from tests.scenarios.test_investigation import INVESTIGATE, SERVICES, TEAMS, break_payments, thread
from tests.scenarios.test_investigation import metrics as metrics
from tests.tools import missing

WORDS = """Errors of payments rose from 0.5 to over 9 a second ten minutes ago, and have stayed there [E1].
Checkout, which calls payments, followed two minutes later [E2].
Nothing was deployed, so what changed at payments is not known [E1]."""
SHOWN = (
    *("Probable cause: payments", "In words", "Errors of payments rose", "Page money", "Open dashboard"),
    *("Show everything", "Run again", "Not looked at"),
)


@pytest.fixture(autouse=True, scope="module")
def chromium() -> str:
    """The path of the browser that all of these tests need."""
    try:
        return find_chromium()
    except OSError as error:
        missing(str(error))


@pytest.fixture
async def room(slack: Sandbox, metrics: FakePrometheus, tmp_path: Path) -> AsyncIterator[WarRoom]:
    model = FakeModel()
    runner = await model.start()
    model.script(says(WORDS))
    policy = policy_of(services=SERVICES, investigate=INVESTIGATE, teams=TEAMS, llm={"max_seconds": 60})
    settings = {
        "prometheus_url": metrics.url,
        "llm_url": f"{model.url}/v1",
        "llm_api_key": SecretStr(KEY),
        "llm_model": MODEL,
    }
    async with room_beside(slack, metrics, tmp_path, policy, **settings) as made:
        break_payments(metrics, slack.clock.now())
        yield made
    await model.stop(runner)


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_the_answer_its_words_and_its_picture_fit(room: WarRoom, size: tuple[int, int], tmp_path: Path) -> None:
    incident = await room.declare("ada", "checkout fails --sev 1 --service checkout")
    (message,) = thread(room)
    async with tab(room.slack, room.bot, size) as opened:
        page = opened.page
        await page.goto(f"{room.slack.page_url}as/ada/{incident.room.channel_id}?thread={message.thread_ts}")
        answer = page.locator("#replies .row", has_text="Probable cause: payments").last
        for each in SHOWN:
            await expect(answer).to_contain_text(each)
        await answer.screenshot(path=tmp_path / "answer.png")
        if charts.available():
            picture = page.locator("#replies .row img[src*=files], #replies .row .file img").last
            await picture.scroll_into_view_if_needed()
            await expect(picture).to_be_in_viewport(ratio=0.9)
        await page.screenshot(path=tmp_path / "thread.png")
        wide = "[...document.querySelectorAll('html, .thread, #replies')].filter(e => e.scrollWidth > e.clientWidth).length"
        assert await page.evaluate(wide) == 0, "nothing sticks out"
        await opened.presses("Show everything", answer)
        form = page.locator(".modal")
        await expect(form).to_contain_text("Cited by the language model")
        await page.screenshot(path=tmp_path / "everything.png")
        assert await form.evaluate("e => e.getBoundingClientRect().width <= innerWidth"), "a long query is wrapped"
