"""Would Slack work with these tokens? Every problem is a sentence with a next step."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from integrations.slack.client import TIMEOUT, close_client, open_client
from integrations.slack.scopes import HEARD, needed_scopes
from integrations.slack.startup import StartupReport, verify

ME = {"ok": True, "user_id": "UBOT", "bot_id": "B1", "team_id": "T1", "team": "Example"}


class AuthServer:
    """Answers auth.test and apps.connections.open as told."""

    def __init__(self) -> None:
        self.me: dict[str, Any] = ME
        self.socket: dict[str, Any] = {"ok": True, "url": "ws://127.0.0.1/link"}
        self.busy = False
        self.scopes: str | None = ",".join(needed_scopes() | HEARD)
        app = web.Application()
        app.router.add_route("*", "/api/auth.test", self._me)
        app.router.add_route("*", "/api/apps.connections.open", self._open)
        self.server = TestServer(app)

    async def _me(self, _: web.Request) -> web.Response:
        if self.busy:
            return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": "7"})
        headers = {} if self.scopes is None else {"X-OAuth-Scopes": self.scopes}
        return web.json_response(self.me, headers=headers)

    async def _open(self, request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == "Bearer xapp-sandbox"
        return web.json_response(self.socket)

    async def verify(self, bot: str = "xoxb-sandbox", app: str = "xapp-sandbox") -> StartupReport:
        return await verify(bot, app, needed_scopes(), str(self.server.make_url("/api/")))


@pytest.fixture
async def slack() -> AsyncIterator[AuthServer]:
    slack = AuthServer()
    await slack.server.start_server()
    yield slack
    await slack.server.close()


async def test_where_all_is_well_it_knows_who_it_is(slack: AuthServer) -> None:
    assert await slack.verify() == StartupReport(bot_user_id="UBOT", bot_id="B1", team_id="T1", team="Example")


async def test_a_server_that_does_not_say_the_permissions_is_worth_a_remark_and_no_problem(slack: AuthServer) -> None:
    slack.scopes = None
    report = await slack.verify()
    assert report.ok
    assert len(report.remarks) == 1


async def test_every_missing_permission_is_named_at_once(slack: AuthServer) -> None:
    slack.scopes = ",".join((needed_scopes() | HEARD) - {"pins:write", "channels:join", "reactions:read"})
    report = await slack.verify()
    (problem,) = report.problems
    assert (
        "channels:join (announcements and alert channels without inviting the bot), pins:write (the pinned card)"
        in problem
    )
    assert "reinstall the app" in problem
    (remark,) = report.remarks
    assert "reactions:read (messages marked with a pushpin, on the timeline)" in remark


async def test_both_tokens_are_looked_at_and_swapped_ones_are_recognised(slack: AuthServer) -> None:
    problems = (await slack.verify(bot="xapp-sandbox", app="xoxb-sandbox")).problems
    assert ["an app-level token" in problems[0], "a bot token" in problems[1]] == [True, True]
    assert not [problem for problem in problems if "sandbox" in problem], "a token is never repeated"


async def test_socket_mode_that_is_switched_off_is_said(slack: AuthServer) -> None:
    slack.socket = {"ok": False, "error": "forbidden_team"}
    (problem,) = (await slack.verify()).problems
    assert "switch on “Socket Mode”" in problem


async def test_a_slack_that_is_not_there_is_one_problem_with_the_address(slack: AuthServer) -> None:
    url = str(slack.server.make_url("/api/"))
    await slack.server.close()
    (problem, *others) = (await verify("xoxb-sandbox", "xapp-sandbox", needed_scopes(), url)).problems
    assert url in problem
    assert len(others) <= 1


async def test_a_rate_limit_may_pass_and_a_wrong_token_does_not(slack: AuthServer) -> None:
    slack.busy = True
    assert (await slack.verify()).again_after == 7
    slack.socket = {"ok": False, "error": "invalid_auth"}
    assert (await slack.verify()).again_after is None


async def test_no_call_may_take_longer_than_ten_seconds() -> None:
    client = open_client("xoxb-sandbox", "https://slack.com/api/")
    assert client.session is not None
    assert client.session.timeout.total == TIMEOUT == client.timeout <= 10
    await close_client(client)


async def test_a_token_that_was_pasted_in_pieces_is_named_at_once(slack: AuthServer) -> None:
    report = await slack.verify(bot="xoxb-sand\nbox", app="xapp-sand box")
    assert report.again_after is None
    assert [problem.partition(". ")[0] for problem in report.problems] == [
        f"SLACK_{which}_TOKEN has a space or a line break in it" for which in ("BOT", "APP")
    ]
