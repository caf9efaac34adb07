"""Too many calls, and calls that are none: how the Web API answers at its edges."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from sandbox import Sandbox, SandboxClock, sockets
from tests.page.app import App, listening
from tests.sandbox.app import connected
from tests.sandbox.conftest import Json, posted, room


@pytest.fixture
async def busy() -> AsyncIterator[Sandbox]:
    """A workspace that counts calls."""
    async with Sandbox.running(clock=SandboxClock(frozen=True), limits=True) as workspace:
        yield workspace


def client(slack: Sandbox) -> AsyncWebClient:
    return AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)


async def until_limited(web: AsyncWebClient, method: str, **args: str) -> tuple[int, int]:
    """(how often it could be called, the Retry-After then)."""
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
    ("method", "burst", "seconds"), [("usergroups.list", 5, 3), ("team.info", 12, 1), ("conversations.members", 25, 1)]
)
async def test_each_tier_has_its_burst_and_says_how_long_to_wait(
    busy: Sandbox, method: str, burst: int, seconds: int
) -> None:
    web = client(busy)
    args = {"channel": busy.channel("general").id} if method == "conversations.members" else {}
    assert await until_limited(web, method, **args) == (burst, seconds)
    await web.auth_test()
    busy.clock.advance(timedelta(seconds=seconds))
    assert (await until_limited(web, method, **args))[0] == 1, "after the wait it goes on"


async def test_a_channel_takes_one_message_a_second_after_a_few_at_once(busy: Sandbox) -> None:
    web = client(busy)
    channel, other = await room(web), await room(web, "inc-2")
    assert await until_limited(web, "chat.postMessage", channel=channel, text="x") == (5, 1)
    await posted(web, other)
    with pytest.raises(SlackApiError, match="ratelimited"):
        await posted(web, "#inc-1", "the same channel by its name")
    busy.clock.advance(timedelta(seconds=1))
    await posted(web, channel)


async def test_the_official_retry_waits_as_long_as_it_was_told(slack: Sandbox) -> None:
    from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler

    web = AsyncWebClient(
        token=slack.bot_token, base_url=slack.api_url, retry_handlers=[AsyncRateLimitErrorRetryHandler()]
    )
    slack.fail("auth.test", "ratelimited", seconds=1)
    assert (await web.auth_test())["ok"]
    assert [call.outcome for call in slack.calls] == ["ratelimited", "ok"]


LIMITED = "app_rate_limited"


async def heard(slack: Sandbox, app: App, times: int) -> list[str]:
    """What the app is told while ada's profile changes so often."""
    before = len(app.heard)
    for _ in range(times):
        await slack.settle_person(slack.person("ada"))
        await slack.sockets.delivered()
    return [each["event"]["type"] if "event" in each else each["type"] for each in app.heard[before:]]


async def test_events_over_the_hours_number_are_dropped_and_the_app_hears_so_once_a_minute() -> None:
    clock = SandboxClock(datetime(2026, 11, 21, 3, 0, 20, tzinfo=UTC), frozen=True)
    async with Sandbox.running(clock=clock, limits=True, events_an_hour=3) as slack, listening(slack) as app:
        assert await heard(slack, app, 2) == ["user_change"] * 2
        clock.advance(timedelta(minutes=30))
        assert await heard(slack, app, 4) == ["user_change", LIMITED]
        assert app.last == {
            "token": "sandbox-verification", "type": LIMITED, "team_id": slack.workspace.team_id,
            "minute_rate_limited": int(datetime(2026, 11, 21, 3, 30, tzinfo=UTC).timestamp()),
            "api_app_id": slack.workspace.app.app_id,
        }  # fmt: skip
        clock.advance(timedelta(minutes=1))
        assert await heard(slack, app, 2) == [LIMITED]
        clock.advance(timedelta(minutes=29))
        assert await heard(slack, app, 3) == ["user_change", "user_change", LIMITED], "the first two are an hour ago"
        assert slack.sockets.unacknowledged == []


async def test_an_event_sent_again_counts_again(monkeypatch: pytest.MonkeyPatch, http: aiohttp.ClientSession) -> None:
    monkeypatch.setattr(sockets, "ACK_WITHIN", 0.05)
    async with (
        Sandbox.running(clock=SandboxClock(frozen=True), limits=True, events_an_hour=1) as slack,
        connected(slack, http) as app,
    ):
        await slack.settle_person(slack.person("ada"))
        assert (await app.next())["payload"]["event"]["type"] == "user_change"
        await slack.until(lambda: slack.clock.waiting > 0)
        monkeypatch.setattr(sockets, "ACK_WITHIN", 60)
        slack.clock.advance(1)
        envelope = await app.next()
        assert envelope["payload"]["type"] == LIMITED
        await app.ack(envelope)
        await slack.sockets.delivered()


async def test_without_limits_nothing_is_dropped() -> None:
    async with Sandbox.running(events_an_hour=1) as slack, listening(slack) as app:
        assert await heard(slack, app, 3) == ["user_change"] * 3


async def answer(slack: Sandbox, http: aiohttp.ClientSession, method: str, token: str = "", **request: Any) -> Json:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    given = request.pop("headers", {})
    async with http.post(slack.api_url + method, headers=headers | given, **request) as found:
        assert found.status == 200
        body: Json = await found.json()
        return body


async def test_arguments_travel_as_they_like(slack: Sandbox, http: aiohttp.ClientSession) -> None:
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
async def test_yes_and_no_in_forms_and_json(slack: Sandbox, http: aiohttp.ClientSession, yes: str | bool) -> None:
    body: Json = {"json": {"include_users": yes}} if yes is True else {"data": {"include_users": yes}}
    groups = (await answer(slack, http, "usergroups.list", slack.bot_token, **body))["usergroups"]
    assert groups[0]["users"]


async def test_what_cannot_be_read_is_refused(slack: Sandbox, http: aiohttp.ClientSession) -> None:
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


async def test_a_token_where_it_does_not_belong(slack: Sandbox, http: aiohttp.ClientSession) -> None:
    async def error(method: str, **request: Any) -> object:
        return (await answer(slack, http, method, **request)).get("error")

    assert await error("auth.test") == "not_authed"
    assert await error("auth.test", json={"token": slack.bot_token}) == "not_authed"
    assert await error("auth.test", data={"token": slack.bot_token}) is None
    assert await error("apps.connections.open", data={"token": slack.app_token}) == "insecure_request"
    assert await error("chat.shout", token=slack.bot_token) == "unknown_method"


async def test_another_host_name_is_not_answered(slack: Sandbox, http: aiohttp.ClientSession) -> None:
    async with http.post(f"{slack.api_url}auth.test", headers={"Host": "evil.example"}) as found:
        assert found.status == 403
