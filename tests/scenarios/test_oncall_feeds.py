"""A calendar link as a person gets it: in a form that only they see, read over HTTP, ended again."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import aiohttp
import icalendar
import pytest
from yarl import URL

from sandbox.block_contents import controls
from sandbox.payloads import action
from tests.scenarios.conftest import COMPANY, WarRoom
from warroom.policy import Policy, check

LAYER = {"people": ["ada@example.com", "ben@example.com"], "every": "1d", "handoff": "09:00", "from": date(2026, 1, 1)}
SCHEDULES = {"platform": {"timezone": "Europe/Berlin", "layers": [LAYER]}, "a b/c": {"layers": [LAYER]}}


@pytest.fixture
def policy() -> Policy:
    """The company's, with two schedules and its address."""
    workspace = COMPANY["workspace"] | {"url": "https://warroom.example.com/"}
    checked = check(COMPANY | {"workspace": workspace, "schedules": SCHEDULES})
    assert checked.policy is not None, checked.mistakes
    return checked.policy


def link_in(view: Any) -> str:
    """The address in a form, without what Slack shows around it."""
    (link,) = re.findall(r"https://warroom\.example\.com/oncall/\S+?key=[\w.-]+", str(view))
    return str(link)


async def got(room: WarRoom, link: str) -> tuple[int, str, dict[str, str]]:
    """(status, body, headers) of what stands under the link."""
    address = link.replace("https://warroom.example.com", f"http://127.0.0.1:{room.bot.port}")
    async with aiohttp.ClientSession() as session, session.get(URL(address, encoded=True)) as answer:
        return answer.status, await answer.text(), dict(answer.headers)


async def asked(room: WarRoom, who: str, text: str) -> str:
    """The link in the form that the command opens."""
    await room.slack.slash(room.slack.person(who), "general", "/incident", text)
    await room.settle()
    return await shown(room, who)


async def shown(room: WarRoom, who: str) -> str:
    """The link in the form that is open, which is closed."""
    form = await room.slack.modal(who)
    link = link_in(form.view.body)
    await room.slack.close_modal(who, form)
    return link


@pytest.mark.parametrize(
    ("text", "place"), [("", "people/"), (" platform", "platform.ics"), (' "a b/c"', "a%20b%2Fc.ics")]
)
async def test_a_link_is_shown_once_to_one_person_and_read_by_their_calendar(
    room: WarRoom, text: str, place: str
) -> None:
    link = await asked(room, "ada", f"oncall calendar{text}")
    assert place in link
    status, body, headers = await got(room, link)
    assert (status, headers["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    assert headers["Cache-Control"].startswith("private")
    assert len(icalendar.Calendar.from_ical(body).walk("VEVENT")) > 100
    key = link.partition("key=")[2]
    async for record in room.bot.store.dump():  # type: ignore[attr-defined]  # the store of a bot has it
        assert key.partition(".")[2] not in record.model_dump_json(), "the key is kept nowhere"
    assert key not in str([channel.log for channel in room.slack.workspace.channels.values()])


async def test_a_second_link_ends_the_first_and_revoking_ends_it(room: WarRoom) -> None:
    first = await asked(room, "ada", "oncall calendar platform")
    await room.slack.slash(room.slack.person("ada"), "general", "/incident", "oncall calendar platform")
    await room.settle()
    answer = room.slack.ephemerals("ada")[-1]
    assert "It was shown once" in answer.plain()
    assert first not in str(answer.blocks)
    await room.slack.click("ada", "general", answer, "New link")
    await room.settle()
    second = await shown(room, "ada")
    assert (await got(room, first))[0] == 404
    assert (await got(room, second))[0] == 200
    await room.slack.slash(room.slack.person("ada"), "general", "/incident", "oncall calendar revoke")
    await room.settle()
    assert "Revoked" in room.slack.ephemerals("ada")[-1].plain()
    assert (await got(room, second))[0] == 404


async def test_whatever_is_wrong_is_answered_alike_and_guessing_ends(room: WarRoom) -> None:
    link = await asked(room, "ada", "oncall calendar platform")
    wrong = [
        link[:-1],
        link.replace("platform", "payroll"),
        link.partition("?")[0],
        link.replace("platform", "people/U1"),
    ]
    answers = [await got(room, each) for each in wrong]
    assert {(status, body) for status, body, _ in answers} == {(404, answers[0][1])}
    statuses = [(await got(room, link[:-1]))[0] for _ in range(8)]
    assert statuses[-1] == 429
    assert (await got(room, link))[0] == 200, "the right one always passes"


async def test_tricks_with_methods_and_paths_lead_nowhere_and_no_log_has_the_key(
    room: WarRoom, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    link = await asked(room, "ada", "oncall calendar platform")
    key, root = link.partition("key=")[2], f"http://127.0.0.1:{room.bot.port}"
    paths = (
        "/oncall/../platform.ics",
        "/oncall/%2e%2e/platform.ics",
        "/oncall/platform.ics/",
        "/oncall/platform%00.ics",
        "/oncall/people/..%2fplatform.ics",
        f"/oncall/{'x' * 7000}.ics",
        "/oncall/%ff%fe.ics",
    )
    async with aiohttp.ClientSession() as session:
        for path in paths:
            async with session.get(URL(f"{root}{path}?key={key}", encoded=True)) as answer:
                assert answer.status in (400, 404), path[:60]
                assert "platform" not in await answer.text()
        right = URL(link.replace("https://warroom.example.com", root), encoded=True)
        async with session.head(right) as answer:
            assert (answer.status, await answer.read()) == (200, b"")
        for method in ("POST", "PUT", "DELETE", "PATCH"):
            async with session.request(method, right) as answer:
                assert (answer.status, "VEVENT" in await answer.text()) == (405, False)
        twice = URL(f"{root}/oncall/platform.ics?key=wrong&key={key}", encoded=True)
        async with session.get(twice) as answer:
            assert answer.status == 404
    written = "".join(capsys.readouterr())
    assert key.partition(".")[2] not in caplog.text + written


async def test_the_home_tab_says_when_somebody_is_on_call_and_asks_for_cover(room: WarRoom) -> None:
    slack = room.slack
    for name in ("ada", "ben", "linus"):
        await slack.open_home(name)
    await room.settle()
    homes = {name: str(slack.home(name)) for name in ("ada", "ben", "linus")}
    assert "*On call*" not in homes["linus"], "who has nothing to do with schedules is told nothing of them"
    on, off = ("ada", "ben") if "You are on call in *platform*" in homes["ada"] else ("ben", "ada")
    assert "You are on call in *platform*" in homes[on]
    assert "You are not on call now." in homes[off]
    assert "Next: *platform*" in homes[off]
    await slack.slash(slack.person(on), "general", "/incident", "oncall cover platform now for 2h")
    await room.settle()
    await slack.open_home(off)
    await room.settle()
    home = slack.home(off)
    assert f"<@{slack.person(on).id}> asks for cover in *platform*" in str(home)
    view = slack.workspace.home_views[slack.person(off).id]
    take = next(each for each in controls(view.body["blocks"]) if each.label == "Take it")
    await slack.press(off, view, action(slack.workspace, take))
    await room.settle()
    assert "You are on call in *platform* (cover)" in str(slack.home(off))
    assert "asks for cover" not in str(slack.home(off))
