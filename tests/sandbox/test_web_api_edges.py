"""Rate limits, and calls with unreadable bodies, wrong tokens or wrong hosts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from sandbox import Sandbox, SandboxClock, sockets
from tests.page.auto_ack_app import AutoAckApp, listening
from tests.sandbox.conftest import Json, posted, room
from tests.sandbox.manual_app import connected


@pytest.fixture
async def limited() -> AsyncIterator[Sandbox]:
    """A workspace with rate limits."""
    async with Sandbox.running(clock=SandboxClock(frozen=True), limits=True) as workspace:
        yield workspace


def client(slack: Sandbox) -> AsyncWebClient:
    return AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)


async def until_limited(web: AsyncWebClient, method: str, **args: str) -> tuple[int, int]:
    """(how many calls went through, the Retry-After of the first refused one)."""
    done = 0
    while done < 1000:
        try:
            await web.api_call(method, params=args)
            done += 1
        except SlackApiError as error:
            refusal = error.response
            break
    else:
        raise AssertionError(f"{method} has no limit")
    assert (refusal.status_code, refusal["error"]) == (429, "ratelimited")
    return done, int(refusal.headers["Retry-After"])


@pytest.mark.parametrize(
    ("method", "burst", "seconds"),
    [("usergroups.list", 5, 3), ("conversations.info", 12, 1), ("conversations.members", 25, 1)],
)
async def test_rate_limit_tier_has_a_burst_and_a_retry_after(
    limited: Sandbox, method: str, burst: int, seconds: int
) -> None:
    web = client(limited)
    args = {"channel": limited.channel("general").id} if method.startswith("conversations.") else {}
    assert await until_limited(web, method, **args) == (burst, seconds)
    await web.auth_test()
    limited.clock.advance(timedelta(seconds=seconds))
    assert (await until_limited(web, method, **args))[0] == 1, "one call is allowed after the wait"


async def test_rate_limit_of_a_channel_is_one_message_a_second_after_a_burst(limited: Sandbox) -> None:
    web = client(limited)
    channel, other = await room(web), await room(web, "inc-2")
    assert await until_limited(web, "chat.postMessage", channel=channel, text="x") == (5, 1)
    await posted(web, other)
    with pytest.raises(SlackApiError, match="ratelimited"):
        await posted(web, "#inc-1", "the same channel by its name")
    limited.clock.advance(timedelta(seconds=1))
    await posted(web, channel)


async def test_rate_limit_retry_handler_of_slack_sdk_waits_for_retry_after(slack: Sandbox) -> None:
    from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler

    web = AsyncWebClient(
        token=slack.bot_token, base_url=slack.api_url, retry_handlers=[AsyncRateLimitErrorRetryHandler()]
    )
    slack.fail("auth.test", "ratelimited", seconds=1)
    assert (await web.auth_test())["ok"]
    assert [call.outcome for call in slack.calls] == ["ratelimited", "ok"]


LIMITED = "app_rate_limited"


async def received(slack: Sandbox, app: AutoAckApp, times: int) -> list[str]:
    """The types of the events that the app receives while Ada's profile changes `times` times."""
    before = len(app.received)
    for _ in range(times):
        await slack.save_person(slack.person("ada"))
        await slack.sockets.until_all_delivered()
    return [each["event"]["type"] if "event" in each else each["type"] for each in app.received[before:]]


async def test_events_over_the_hourly_limit_are_dropped_and_reported_once_a_minute() -> None:
    clock = SandboxClock(datetime(2026, 11, 21, 3, 0, 20, tzinfo=UTC), frozen=True)
    async with Sandbox.running(clock=clock, limits=True, events_an_hour=3) as slack, listening(slack) as app:
        assert await received(slack, app, 2) == ["user_change"] * 2
        clock.advance(timedelta(minutes=30))
        assert await received(slack, app, 4) == ["user_change", LIMITED]
        assert app.last == {
            "token": "sandbox-verification", "type": LIMITED, "team_id": slack.workspace.team_id,
            "minute_rate_limited": int(datetime(2026, 11, 21, 3, 30, tzinfo=UTC).timestamp()),
            "api_app_id": slack.workspace.app.app_id,
        }  # fmt: skip
        clock.advance(timedelta(minutes=1))
        assert await received(slack, app, 2) == [LIMITED]
        clock.advance(timedelta(minutes=29))
        assert await received(slack, app, 3) == ["user_change", "user_change", LIMITED], "the first two are an hour ago"
        assert slack.sockets.unacknowledged == []


async def test_event_retries_count_for_the_hourly_limit(
    monkeypatch: pytest.MonkeyPatch, http: aiohttp.ClientSession
) -> None:
    monkeypatch.setattr(sockets, "ACK_TIMEOUT", 0.05)
    async with (
        Sandbox.running(clock=SandboxClock(frozen=True), limits=True, events_an_hour=1) as slack,
        connected(slack, http) as app,
    ):
        await slack.save_person(slack.person("ada"))
        assert (await app.next())["payload"]["event"]["type"] == "user_change"
        await slack.until(lambda: slack.clock.waiting > 0)
        monkeypatch.setattr(sockets, "ACK_TIMEOUT", 60)
        slack.clock.advance(1)
        envelope = await app.next()
        assert envelope["payload"]["type"] == LIMITED
        await app.ack(envelope)
        await slack.sockets.until_all_delivered()


async def test_events_are_not_dropped_without_limits() -> None:
    async with Sandbox.running(events_an_hour=1) as slack, listening(slack) as app:
        assert await received(slack, app, 3) == ["user_change"] * 3


async def answer(slack: Sandbox, http: aiohttp.ClientSession, method: str, token: str = "", **request: Any) -> Json:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    given = request.pop("headers", {})
    async with http.post(slack.api_url + method, headers=headers | given, **request) as found:
        assert found.status == 200
        body: Json = await found.json()
        return body


async def test_arguments_come_from_query_form_multipart_or_json(slack: Sandbox, http: aiohttp.ClientSession) -> None:
    ada, token = slack.person("ada").id, slack.bot_token
    for request in ({"params": {"user": ada}}, {"data": {"user": ada}}, {"json": {"user": ada}}):
        assert (await answer(slack, http, "users.info", token, **request))["user"]["name"] == "ada"
    merged = await answer(slack, http, "users.info", params={"user": ada}, data={"token": token})
    assert merged["user"]["name"] == "ada"
    async with http.get(f"{slack.api_url}users.info", params={"user": ada, "token": token}) as found:
        assert (await found.json())["ok"]
    with aiohttp.MultipartWriter("form-data") as form:
        form.append(ada).set_content_disposition("form-data", name="user")
    assert (await answer(slack, http, "users.info", token, data=form))["user"]["name"] == "ada"


@pytest.mark.parametrize("yes", ["1", "true", True])
async def test_boolean_arguments_in_forms_and_json(
    slack: Sandbox, http: aiohttp.ClientSession, yes: str | bool
) -> None:
    body: Json = {"json": {"include_users": yes}} if yes is True else {"data": {"include_users": yes}}
    groups = (await answer(slack, http, "usergroups.list", slack.bot_token, **body))["usergroups"]
    assert groups[0]["users"]


async def test_unreadable_body_is_refused(slack: Sandbox, http: aiohttp.ClientSession) -> None:
    def typed(kind: str, text: str) -> Json:
        return {"headers": {"Content-Type": kind}, "data": text}

    wrong: list[tuple[Json, str]] = [
        (typed("application/json; charset=utf-8", "{"), "invalid_json"),
        (typed("application/json; charset=utf-8", "[1]"), "json_not_object"),
        (typed("text/plain", "user=1"), "invalid_post_type"),
        ({"data": {"include_users": "perhaps"}}, "invalid_arguments"),
    ]
    for request, error in wrong:
        assert (await answer(slack, http, "usergroups.list", slack.bot_token, **request))["error"] == error


async def test_json_without_a_charset_is_taken_with_a_warning(slack: Sandbox, http: aiohttp.ClientSession) -> None:
    told = await answer(
        slack, http, "auth.test", slack.bot_token, headers={"Content-Type": "application/json"}, data="{}"
    )
    assert (told["ok"], told["warning"], told["response_metadata"]) == (
        True,
        "missing_charset",
        {"warnings": ["missing_charset"]},
    )


async def test_token_in_the_wrong_place_is_refused(slack: Sandbox, http: aiohttp.ClientSession) -> None:
    async def error(method: str, **request: Any) -> object:
        return (await answer(slack, http, method, **request)).get("error")

    assert await error("auth.test") == "not_authed"
    assert await error("auth.test", json={"token": slack.bot_token}) == "not_authed"
    assert await error("auth.test", data={"token": slack.bot_token}) is None
    assert await error("apps.connections.open", data={"token": slack.app_token}) == "insecure_request"
    assert await error("chat.shout", token=slack.bot_token) == "unknown_method"


async def test_foreign_host_name_is_refused(slack: Sandbox, http: aiohttp.ClientSession) -> None:
    async with http.post(f"{slack.api_url}auth.test", headers={"Host": "evil.example"}) as found:
        assert found.status == 403
