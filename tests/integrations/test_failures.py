"""What a failed call means: try again, look first, or give up, and what a person is told."""

from __future__ import annotations

import re

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.settings import Settings
from integrations.slack.failures import ADVICE, PASSING, UNTOLD_WAIT, SlackDeclined, explain, failure
from warroom.errors import Rejected, Retryable


def answered(data: object, status: int = 200, **headers: str) -> Retryable | Rejected:
    """The meaning of that answer of Slack's."""
    response = AsyncSlackResponse(
        client=AsyncWebClient(),
        http_verb="POST",
        api_url="chat.postMessage",
        req_args={},
        data=data,  # type: ignore[arg-type]  # the SDK also puts bodies that are no objects there
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        status_code=status,
    )
    return failure("chat.postMessage", SlackApiError("no", response))  # type: ignore[no-untyped-call]  # the SDK's


def test_too_many_calls_wait_as_long_as_slack_says() -> None:
    error = answered({"ok": False, "error": "ratelimited"}, 429, Retry_After="30")
    assert isinstance(error, Retryable)
    assert (error.after, error.outcome_unknown) == (30.0, False)


@pytest.mark.parametrize(("said", "waits"), [("0", 1.0), ("", UNTOLD_WAIT), ("soon", UNTOLD_WAIT)])
def test_a_limit_that_does_not_say_how_long(said: str, waits: float) -> None:
    error = answered("<html>", 429, Retry_After=said)
    assert isinstance(error, Retryable)
    assert error.after == waits


@pytest.mark.parametrize("code", sorted(PASSING))
def test_after_trouble_on_slack_s_side_it_may_have_happened(code: str) -> None:
    error = answered({"ok": False, "error": code})
    assert isinstance(error, Retryable)
    assert error.outcome_unknown


@pytest.mark.parametrize(("data", "status"), [("<html>Oops", 200), ("", 503), ([1], 200), ({"ok": False}, 500)])
def test_an_answer_that_is_none_leaves_doubt(data: object, status: int) -> None:
    error = answered(data, status)
    assert isinstance(error, Retryable)
    assert error.outcome_unknown


def test_a_refusal_is_final_and_keeps_what_slack_said() -> None:
    error = answered({"ok": False, "error": "missing_scope", "needed": "pins:write"})
    assert isinstance(error, SlackDeclined)
    assert (error.code, error.answer["needed"]) == ("missing_scope", "pins:write")
    assert "add the scope pins:write" in error.advice


def test_a_server_that_was_never_reached_leaves_no_doubt_and_a_broken_line_does() -> None:
    never = failure("pins.add", aiohttp.ClientConnectorError(_key(), OSError("refused")))
    broken = failure("pins.add", aiohttp.ServerDisconnectedError())
    late = failure("pins.add", TimeoutError())
    assert [getattr(error, "outcome_unknown", None) for error in (never, broken, late)] == [False, True, True]


def test_an_address_that_is_none_is_a_setting_to_correct() -> None:
    error = failure("auth.test", aiohttp.InvalidURL("slack"))
    assert isinstance(error, Rejected)
    assert "SLACK_API_URL" in error.advice


def test_every_piece_of_advice_is_a_sentence_that_names_only_settings_there_are() -> None:
    settings = {name.upper() for name in Settings.model_fields}
    for what, step in ADVICE.values():
        assert step[0].isupper()
        assert what[0].islower() or what.startswith("Slack")
        assert set(re.findall(r"[A-Z]+_[A-Z_]+", step)) <= settings


def test_a_code_nobody_foresaw_is_shown_as_slack_wrote_it() -> None:
    what, step = explain("brand_new_code", {})
    assert "brand_new_code" in what
    assert "docs.slack.dev" in step


def _key() -> aiohttp.client_reqrep.ConnectionKey:
    return aiohttp.client_reqrep.ConnectionKey(
        host="slack.com", port=443, is_ssl=True, ssl=True, proxy=None, proxy_auth=None, proxy_headers_hash=None
    )
