"""Planned faults: each kind fails the call, with or without the call's effect."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from sandbox import Sandbox
from tests.sandbox.conftest import posted, room

FAILURES = (SlackApiError, aiohttp.ClientError, asyncio.TimeoutError)


@pytest.fixture
def bare(slack: Sandbox) -> AsyncWebClient:
    """A client that neither tries again nor waits."""
    return AsyncWebClient(token=slack.bot_token, base_url=slack.api_url, retry_handlers=[], timeout=60)


@pytest.mark.parametrize(
    ("kind", "happened"),
    [
        ("ratelimited", False),
        ("500", False),
        ("503", False),
        ("reset_before", False),
        ("reset_after", True),
        ("internal_error_after", True),
        ("garbage_after", True),
    ],
)
async def test_fault_kind_fails_the_call_with_or_without_effect(
    slack: Sandbox, bare: AsyncWebClient, kind: str, happened: bool
) -> None:
    channel = await room(bare)
    slack.fail("chat.postMessage", kind)
    with pytest.raises(FAILURES):
        await posted(bare, channel)
    assert bool(slack.channel(channel).messages) is happened
    assert slack.calls[-1].outcome == kind
    await posted(bare, channel, "only once")


@pytest.mark.parametrize(("kind", "happened"), [("hang_before", False), ("hang_after", True)])
async def test_hanging_call_has_or_has_not_taken_effect(
    slack: Sandbox, bare: AsyncWebClient, kind: str, happened: bool
) -> None:
    channel = await room(bare)
    slack.fail("chat.postMessage", kind)
    impatient = asyncio.ensure_future(posted(bare, channel))
    await slack.until(lambda: len(slack.calls) == 2 and bool(slack.channel(channel).messages) is happened)
    impatient.cancel()
    await asyncio.gather(impatient, return_exceptions=True)
    assert bool(slack.channel(channel).messages) is happened


async def test_fault_on_the_second_call_spares_the_others(slack: Sandbox, bare: AsyncWebClient) -> None:
    slack.fail("users.*", "500", nth=2)
    await bare.users_list(limit=1)
    with pytest.raises(SlackApiError) as caught:
        await bare.users_list(limit=1)
    assert caught.value.response.status_code == 500
    await bare.users_list(limit=1)
    assert [call.outcome for call in slack.calls] == ["ok", "500", "ok"]


async def test_fault_without_end_lasts_until_cleared(slack: Sandbox, bare: AsyncWebClient) -> None:
    slack.fail("*", "503", times=None)
    for _ in range(3):
        with pytest.raises(FAILURES):
            await bare.auth_test()
    slack.faults.clear()
    await bare.auth_test()


async def test_hook_runs_before_or_after_the_call_takes_effect(slack: Sandbox, bare: AsyncWebClient) -> None:
    channel = slack.channel(await room(bare))
    seen: list[int] = []
    for moment in ("before", "after"):
        slack.on_call("chat.postMessage", moment=moment, do=lambda: seen.append(len(channel.messages)))
    await posted(bare, channel.id)
    assert seen == [0, 1]


async def test_clients_own_retry_repeats_a_call_that_took_effect(slack: Sandbox, web: AsyncWebClient) -> None:
    channel = await room(web)
    slack.fail("chat.postMessage", "reset_after")
    await posted(web, channel, "twice")
    assert [message.text for message in slack.channel(channel).messages] == ["twice", "twice"]


def test_unknown_fault_kind_error_names_the_known_ones(slack: Sandbox) -> None:
    with pytest.raises(ValueError, match=r"there are .*ratelimited.*garbage_after"):
        slack.fail("*", "flood")


async def test_latency_delays_every_call_and_is_recorded(slack: Sandbox, bare: AsyncWebClient) -> None:
    slack.latency = 0.02
    await asyncio.gather(*(bare.auth_test() for _ in range(3)))
    assert all(call.ended is not None and call.ended - call.began >= 0.02 for call in slack.calls)
    assert {call.round_trip for call in slack.calls} == {1}
