"""response_url: five uses within half an hour, in any channel."""

from __future__ import annotations

from datetime import timedelta

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from sandbox import Channel, Sandbox, SlackMessage
from sandbox.clock import SandboxClock
from tests.sandbox.conftest import posted, room


def url(
    slack: Sandbox, channel: Channel, message: SlackMessage | None = None, person: str = "ada"
) -> AsyncWebhookClient:
    """A client for a new response_url of that person."""
    key = slack.workspace.triggers.response_url(slack.person(person).id, channel.id, message)
    return AsyncWebhookClient(f"{slack.workspace.base_url}/response/{key}")


async def test_response_is_ephemeral_by_default_even_without_the_app_in_the_channel(slack: Sandbox) -> None:
    hidden = slack.channel("leadership")
    assert (await url(slack, hidden, person="emmy").send(text="psst")).status_code == 200
    assert [message.text for message in slack.ephemerals("emmy")] == ["psst"]
    assert not hidden.messages
    await url(slack, hidden).send(text="everybody", response_type="in_channel")
    assert hidden.messages[-1].text == "everybody"


async def test_response_url_works_five_times(slack: Sandbox) -> None:
    again = url(slack, slack.channel("random"))
    for _ in range(5):
        assert (await again.send(text="x")).status_code == 200
    over = await again.send(text="x")
    assert (over.status_code, over.body) == (404, "used_url")
    assert len(slack.ephemerals("ada")) == 5


async def test_response_url_works_for_half_an_hour(slack: Sandbox) -> None:
    late = url(slack, slack.channel("random"))
    slack.clock.advance(timedelta(minutes=30))
    assert (await late.send(text="just in time")).status_code == 200
    slack.clock.advance(timedelta(seconds=1))
    over = await late.send(text="x")
    assert (over.status_code, over.body) == (404, "expired_url")
    unknown = await AsyncWebhookClient(f"{slack.workspace.base_url}/response/made-up").send(text="x")
    assert unknown.status_code == 404


@pytest.fixture
async def card(slack: Sandbox, web: AsyncWebClient) -> SlackMessage:
    """A message of the app."""
    channel = await room(web)
    await posted(web, channel, "card")
    return slack.channel(channel).messages[-1]


async def test_response_replaces_the_original_only_when_asked(slack: Sandbox, card: SlackMessage) -> None:
    channel = slack.channel(card.channel)
    await url(slack, channel, card).send(text="beside")
    assert card.text == "card"
    await url(slack, channel, card).send(text="instead", replace_original=True)
    assert (card.text, card.edits) == ("instead", 1)
    await url(slack, channel, card).send(delete_original=True)
    assert card not in channel.messages


async def test_ephemeral_message_is_replaced_through_its_response_url(
    slack: Sandbox, web: AsyncWebClient, card: SlackMessage
) -> None:
    channel = slack.channel(card.channel)
    await slack.join("ada", channel)
    await web.chat_postEphemeral(channel=channel.id, user=slack.person("ada").id, text="Sure?")
    asked = slack.ephemerals("ada")[-1]
    await url(slack, channel, asked).send(text="Done.", replace_original=True)
    assert [message.text for message in slack.ephemerals("ada")] == ["Done."]
    await url(slack, channel, asked).send(delete_original=True)
    assert not slack.ephemerals("ada")


async def test_response_can_go_into_a_thread(slack: Sandbox, card: SlackMessage) -> None:
    channel = slack.channel(card.channel)
    key = slack.workspace.triggers.response_url(slack.person("ada").id, channel.id, card)
    async with aiohttp.ClientSession() as http:
        body = {"text": "in here", "response_type": "in_channel", "thread_ts": card.ts}
        async with http.post(f"{slack.workspace.base_url}/response/{key}", json=body) as answer:
            assert answer.status == 200
    assert [reply.text for reply in card.replies] == ["in here"]


async def test_response_is_validated_like_any_message(slack: Sandbox, http: aiohttp.ClientSession) -> None:
    def address() -> str:
        return url(slack, slack.channel("random")).url

    async with http.post(address(), json={"text": ""}) as answer:
        assert (await answer.json())["error"] == "no_text"
    async with http.post(address(), json={"blocks": [{"type": "unheard of"}]}) as answer:
        assert (await answer.json())["error"] == "invalid_blocks"
    for broken in ("{", "[]"):
        async with http.post(address(), data=broken) as answer:
            assert answer.status == 400
    assert not slack.ephemerals("ada")


async def test_what_one_person_sees_counts_for_no_channel() -> None:
    async with Sandbox.running(limits=True) as slack:
        channel = slack.channel("random")
        assert [(await url(slack, channel).send(text="x")).status_code for _ in range(12)] == [200] * 12


async def test_what_everybody_sees_counts_for_the_channel() -> None:
    async with Sandbox.running(clock=SandboxClock(frozen=True), limits=True) as slack:
        channel = slack.channel("random")
        found = [(await url(slack, channel).send(text="x", response_type="in_channel")).status_code for _ in range(7)]
        assert found == [200] * 5 + [429] * 2


async def test_one_address_takes_a_burst_and_then_one_a_second() -> None:
    async with Sandbox.running(clock=SandboxClock(frozen=True), limits=True) as slack:
        limits = slack.server.limits
        assert [limits.seconds_to_respond("k", "") for _ in range(6)] == [0] * 5 + [1]
        assert limits.seconds_to_respond("another", "") == 0
        slack.clock.advance(1)
        assert [limits.seconds_to_respond("k", "") for _ in range(2)] == [0, 1]
