"""What is in the log is for whoever runs the bot."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.web.async_client import AsyncWebClient

from bot.runtime.observability import set_up_logging


@pytest.fixture
def the_log() -> Iterator[None]:
    """The log as in production; everybody else's as before."""
    handlers, level = list(logging.root.handlers), logging.root.level
    set_up_logging("INFO", "console")
    yield
    logging.root.handlers[:], logging.root.level = handlers, level
    structlog.reset_defaults()


async def nobody(**_: object) -> AuthorizeResult:
    return AuthorizeResult(enterprise_id=None, team_id="T1", bot_token="xoxb-test", bot_id="B1", bot_user_id="UBOT")


@pytest.mark.usefixtures("the_log")
async def test_deliveries_that_nobody_asked_for_do_not_fill_the_log(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-test")
    app = AsyncApp(client=AsyncWebClient(token="xoxb-test"), authorize=nobody, process_before_response=True)
    said = {"type": "message", "user": "UADA", "text": "hello", "channel": "C1", "ts": "1.1"}
    body = {"type": "event_callback", "team_id": "T1", "event_id": "Ev1", "event": said}
    assert (await app.async_dispatch(AsyncBoltRequest(mode="socket_mode", body=body))).status == 404
    assert capsys.readouterr().err == ""
