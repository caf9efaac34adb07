"""Socket Mode: delivery, acknowledgement, retries, disconnects."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from sandbox import Sandbox, sockets
from sandbox.installation import Installation
from tests.sandbox.conftest import Json, modal, posted, refused, room
from tests.sandbox.manual_app import ManualApp, connected, ticket


async def test_hello_names_the_number_of_sockets(slack: Sandbox, http: aiohttp.ClientSession) -> None:
    async with connected(slack, http), connected(slack, http, hello=False) as second:
        hello = await second.next()
        assert (hello["type"], hello["num_connections"]) == ("hello", 2)
        assert hello["connection_info"]["app_id"] == slack.workspace.app.app_id
        assert hello["debug_info"]["approximate_connection_time"] > 0


async def test_socket_url_works_once_and_for_a_minute(slack: Sandbox, http: aiohttp.ClientSession) -> None:
    url = await ticket(slack)
    async with http.ws_connect(url):
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await http.ws_connect(url)
    late = await ticket(slack)
    slack.clock.advance(61)
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await http.ws_connect(late)


async def test_event_is_sent_for_the_apps_own_actions_too(
    slack: Sandbox, web: AsyncWebClient, http: aiohttp.ClientSession
) -> None:
    async with connected(slack, http) as app:
        channel = await room(web)
        envelope = await app.event("member_joined_channel")
        assert envelope["payload"]["event"]["user"] == slack.bot_user_id
        await app.ack(envelope)
        await posted(web, channel, "mine")
        while True:
            envelope = await app.event("message")
            await app.ack(envelope)
            if envelope["payload"]["event"]["text"] == "mine":
                break
        payload = envelope["payload"]
        assert payload["event"]["bot_id"] == slack.workspace.app.bot_id
        assert (payload["type"], payload["api_app_id"]) == ("event_callback", slack.workspace.app.app_id)
        assert (envelope["retry_attempt"], envelope["accepts_response_payload"]) == (0, False)


async def test_mention_is_sent_as_message_and_as_app_mention(
    slack: Sandbox, web: AsyncWebClient, http: aiohttp.ClientSession
) -> None:
    channel = await room(web)
    async with connected(slack, http) as app:
        said = await slack.say("ada", channel, f"<@{slack.bot_user_id}> help")
        both = [await app.next(), await app.next()]
        assert {each["payload"]["event"]["type"] for each in both} == {"message", "app_mention"}
        assert {each["payload"]["event"]["ts"] for each in both} == {said.ts}
        assert both[0]["payload"]["event_id"] != both[1]["payload"]["event_id"]


async def test_event_without_subscription_or_scope_is_not_sent(http: aiohttp.ClientSession) -> None:
    app_of = Installation(events={"pin_added", "reaction_added"})
    app_of.scopes.discard("reactions:read")
    async with Sandbox.running(app=app_of) as slack, connected(slack, http) as app:
        web = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)
        message = await slack.say("ada", await room(web), "hello")
        await slack.react("ada", message, "eyes")
        await slack.pin("ada", message)
        envelope = await app.next()
        assert envelope["payload"]["event"]["type"] == "pin_added", "and nothing before it"
        await app.ack(envelope)


async def test_events_of_channels_without_the_app_are_not_sent(
    slack: Sandbox, web: AsyncWebClient, http: aiohttp.ClientSession
) -> None:
    async with connected(slack, http) as app:
        await slack.say("ada", "random", "among ourselves")
        await slack.save_person(slack.person("ada"))
        assert (await app.next())["payload"]["event"]["type"] == "user_change"


async def test_each_payload_goes_to_exactly_one_socket(slack: Sandbox, http: aiohttp.ClientSession) -> None:
    async with connected(slack, http) as first, connected(slack, http) as second, connected(slack, http) as third:
        got: list[list[str]] = [[], [], []]

        async def listen(number: int, app: ManualApp) -> None:
            while True:
                envelope = await app.next()
                got[number].append(envelope["payload"]["event_id"])
                await app.ack(envelope)

        listening = [asyncio.ensure_future(listen(n, app)) for n, app in enumerate((first, second, third))]
        for _ in range(9):
            await slack.save_person(slack.person("ada"))
        await slack.sockets.until_all_delivered()
        for task in listening:
            task.cancel()
        await asyncio.gather(*listening, return_exceptions=True)
        together = [event for each in got for event in each]
        assert len(together) == len(set(together)) == 9
        assert all(got)


async def test_event_is_retried_with_the_same_id_until_acknowledged(
    slack: Sandbox, http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "ACK_TIMEOUT", 0.05)
    async with connected(slack, http) as app:
        await slack.save_person(slack.person("ada"))
        first = await app.next()
        came: list[Json] = [first]
        for pause in (1, 60):
            await slack.until(lambda: slack.clock.waiting > 0)
            if pause == 60:
                monkeypatch.setattr(sockets, "ACK_TIMEOUT", 60)
            slack.clock.advance(pause)
            came.append(await app.next())
        await app.ack(came[-1])
        await slack.sockets.until_all_delivered()
        assert {each["payload"]["event_id"] for each in came} == {first["payload"]["event_id"]}
        assert len({each["envelope_id"] for each in came}) == 3
        assert [(each["retry_attempt"], each["retry_reason"]) for each in came] == [
            (0, ""),
            (1, "timeout"),
            (2, "timeout"),
        ]
        assert slack.sockets.unacknowledged == []


async def wait_for_retry(slack: Sandbox, seconds: float) -> None:
    """Wait until the sandbox waits to retry, then move the clock forward by that time."""
    await slack.until(lambda: slack.clock.waiting > 0)
    slack.clock.advance(seconds)


async def test_event_is_given_up_after_the_third_retry(
    slack: Sandbox, http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "ACK_TIMEOUT", 0.05)
    async with connected(slack, http) as app:
        await slack.save_person(slack.person("ada"))
        event = (await app.next())["payload"]["event_id"]
        for pause in (1, 60, 300):
            await wait_for_retry(slack, pause)
            assert (await app.next())["payload"]["event_id"] == event
        await slack.sockets.until_all_delivered()
        assert slack.sockets.unacknowledged == [event]


async def test_event_of_a_lost_socket_goes_to_the_next(slack: Sandbox, http: aiohttp.ClientSession) -> None:
    async with connected(slack, http) as app:
        await slack.save_person(slack.person("ada"))
        event = (await app.next())["payload"]["event_id"]
        await slack.drop_sockets()
        async with connected(slack, http) as other:
            await wait_for_retry(slack, 1)
            again = await other.next()
            assert (again["payload"]["event_id"], again["retry_reason"]) == (event, "connection_failed")
            await other.ack(again)
            await slack.sockets.until_all_delivered()


async def test_acknowledgement_on_another_socket_does_not_count(
    slack: Sandbox, http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "ACK_TIMEOUT", 0.05)
    async with connected(slack, http) as first, connected(slack, http) as second:
        asked = asyncio.ensure_future(slack.shortcut("ada", "declare"))
        done, _ = await asyncio.wait(
            {listening := asyncio.ensure_future(first.next()), other := asyncio.ensure_future(second.next())},
            return_when=asyncio.FIRST_COMPLETED,
        )
        (got,) = done
        await (second if got is listening else first).ack(got.result())
        answer = await asked
        assert (answer.acked, answer.error) == (False, "operation_timeout")
        for task in (listening, other):
            task.cancel()
        await asyncio.gather(listening, other, return_exceptions=True)


async def test_command_is_not_retried(
    slack: Sandbox, http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "ACK_TIMEOUT", 0.05)
    assert not (await slack.slash("ada", "random", "/incident", "list")).acked, "nobody is connected"
    async with connected(slack, http) as app:
        assert not (await slack.slash("ada", "random", "/incident", "list")).acked
        envelope = await app.next()
        assert (envelope["type"], envelope["accepts_response_payload"]) == ("slash_commands", True)
        assert "retry_attempt" not in envelope
        slack.clock.advance(400)
        with pytest.raises(asyncio.TimeoutError):
            await app.ws.receive_json(timeout=0.05)


async def test_acknowledgement_may_answer_a_command(slack: Sandbox, http: aiohttp.ClientSession) -> None:
    async with connected(slack, http) as app:
        asked = asyncio.ensure_future(slack.slash("ada", "random", "/incident", "help"))
        envelope = await app.next()
        await app.ack(envelope, {"text": "Here is how."})
        assert (await asked).acked
        assert slack.ephemerals("ada")[-1].text == "Here is how."


async def test_event_can_be_duplicated_held_and_reversed(slack: Sandbox, http: aiohttp.ClientSession) -> None:
    async with connected(slack, http) as app:
        slack.duplicate_next_event()
        await slack.save_person(slack.person("ada"))
        one, two = await app.next(), await app.next()
        assert one["payload"]["event_id"] == two["payload"]["event_id"]
        assert (one["retry_attempt"], two["retry_attempt"]) == (0, 0), "without a mark"
        slack.sockets.held = []
        for name in ("ada", "ben"):
            await slack.save_person(slack.person(name))
        slack.sockets.release(reverse=True)
        names = [(await app.next())["payload"]["event"]["user"]["name"] for _ in range(2)]
        assert names == ["ben", "ada"]


@pytest.mark.parametrize("reason", ["warning", "refresh_requested", "too_many_websockets", "link_disabled"])
async def test_disconnect_names_its_reason(slack: Sandbox, http: aiohttp.ClientSession, reason: str) -> None:
    async with connected(slack, http) as app:
        await slack.refresh_sockets(reason)
        told = await app.next()
        assert (told["type"], told["reason"]) == ("disconnect", reason)
        assert (await app.ws.receive(timeout=60)).type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSING)
    if reason == "link_disabled":
        with refused("forbidden_team"):
            await ticket(slack)
    with pytest.raises(ValueError, match="not for 'boredom'"):
        await slack.refresh_sockets("boredom")


async def test_socket_number_eleven_is_refused(slack: Sandbox, http: aiohttp.ClientSession) -> None:
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(10):
            await stack.enter_async_context(connected(slack, http))
        eleventh = await stack.enter_async_context(connected(slack, http, hello=False))
        assert (await eleventh.next())["reason"] == "too_many_websockets"
        assert slack.sockets.connected == 10


async def test_ping_is_answered_with_its_payload(slack: Sandbox, http: aiohttp.ClientSession) -> None:
    async with connected(slack, http) as app:
        await app.ws.ping(b"sdk-ping-pong:1718000000.5")
        pong = await app.ws.receive(timeout=60)
        assert (pong.type, pong.data) == (aiohttp.WSMsgType.PONG, b"sdk-ping-pong:1718000000.5")
        await app.ws.send_str("not JSON")
        await app.ws.send_str('"a string"')
        await slack.save_person(slack.person("ada"))
        assert await app.event("user_change"), "what is no acknowledgement does no harm"


async def test_bolt_over_a_real_socket(slack: Sandbox) -> None:
    bolt = AsyncApp(client=AsyncWebClient(token=slack.bot_token, base_url=slack.api_url), signing_secret="none")
    heard: asyncio.Queue[str] = asyncio.Queue()

    @bolt.command("/incident")
    async def declare(ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=modal())

    @bolt.view("form")
    async def submitted(ack: Any, view: Json) -> None:
        value = view["state"]["values"]["what"]["text"]["value"]
        if value == "nothing":
            await ack(response_action="errors", errors={"what": "Say what."})
            return
        await ack()
        heard.put_nowait(value)

    @bolt.event("user_change")
    async def changed(event: Json) -> None:
        heard.put_nowait(event["user"]["name"])

    handler = AsyncSocketModeHandler(bolt, slack.app_token)
    await handler.connect_async()  # type: ignore[no-untyped-call]  # Bolt's adapters are untyped
    try:
        await slack.until_connected()
        assert (await slack.slash("ada", "random", "/incident")).acked
        form = await slack.modal("ada")
        assert (await slack.submit("ada", form)).errors == {"What": "Please complete this required field."}
        form.fill("What", "nothing")
        assert (await slack.submit("ada", form)).errors == {"What": "Say what."}
        form.fill("What", "checkout is down")
        assert (await slack.submit("ada", form)).closed
        await slack.save_person(slack.person("ben"))
        await slack.sockets.until_all_delivered()
        await slack.until(lambda: slack.open_modal("ada") is None)
        assert [await asyncio.wait_for(heard.get(), 60) for _ in range(2)] == ["checkout is down", "ben"]
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]  # as above
