"""Whatever is thrown at the webhook: an answer with the reason, nothing stored twice, nothing that the room would obey."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest

from tests.scenarios.conftest import TOKEN, WarRoom

SECRET = {"X-Warroom-Token": TOKEN}
GOOD = {
    "event_id": "8000000000000000001",
    "alert_id": "42",
    "alert_title": "High error rate",
    "alert_transition": "Triggered",
    "alert_cycle_key": "7",
    "alert_scope": "service:checkout",
    "alert_priority": "P1",
    "tags": "service:checkout,env:prod",
    "hostname": "web-1",
    "link": "https://app.datadoghq.com/monitors/42",
    "date": "0",
}


class Hook:
    """The running bot's webhook."""

    def __init__(self, room: WarRoom) -> None:
        self.room = room

    async def post(self, body: bytes, headers: dict[str, str] | None = None) -> tuple[int, dict[str, Any]]:
        """(status, answer)."""
        url = f"http://127.0.0.1:{self.room.bot.port}/hooks/datadog"
        headers = {"Content-Type": "application/json", **(SECRET if headers is None else headers)}
        async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=headers) as answer:
            return answer.status, await answer.json()

    async def send(self, **fields: object) -> int:
        """The status for a good alert with these fields instead."""
        status, _ = await self.post(json.dumps(GOOD | fields).encode())
        return status

    async def stored(self) -> int:
        """How many alerts are in the record."""
        return len(await self.room.bot.store.alerts(1000))


@pytest.fixture
def hook(room: WarRoom) -> Hook:
    """The webhook of a running bot."""
    return Hook(room)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Warroom-Token": ""},
        {"X-Warroom-Token": TOKEN + "x"},
        {"X-Warroom-Token": TOKEN.upper()},
        {"X-Warroom-Token": "\u00e9\u00e9"},
        {"Authorization": "Bearer"},
        {"Authorization": "Basic " + base64.b64encode(b"no-colon").decode()},
        {"Authorization": "Basic \u20ac\u20ac\u20ac"},
    ],
)
async def test_strangers_are_told_nothing_but_that(hook: Hook, headers: dict[str, str]) -> None:
    status, answer = await hook.post(json.dumps(GOOD).encode(), headers)
    assert status == 401
    assert TOKEN not in str(answer)
    assert await hook.stored() == 0
    assert await hook.room.bot.store.quarantined() == []


async def test_a_replayed_body_counts_once_even_at_the_same_moment(hook: Hook) -> None:
    assert set(await asyncio.gather(*(hook.send() for _ in range(20)))) == {202}
    await hook.room.settle()
    assert await hook.send() == 202
    await hook.room.settle()
    assert await hook.stored() == 1
    assert (await hook.room.incident()).alerts.count == 1


@pytest.mark.parametrize("size", [1024 * 1024 + 1, 5 * 1024 * 1024])
async def test_a_body_too_large_is_refused_and_not_kept(hook: Hook, size: int) -> None:
    status, answer = await hook.post(b'{"title": "' + b"x" * size + b'"}')
    assert status == 413
    assert "larger than" in answer["error"]
    assert await hook.room.bot.store.quarantined() == []


async def test_a_small_body_that_unpacks_to_a_large_one_is_refused(hook: Hook) -> None:
    bomb = gzip.compress(b'{"title": "' + b"x" * 20_000_000 + b'"}')
    status, _ = await hook.post(bomb, SECRET | {"Content-Encoding": "gzip"})
    assert status == 413


async def test_what_is_not_gzip_is_said(hook: Hook) -> None:
    status, answer = await hook.post(b"not gzip", SECRET | {"Content-Encoding": "gzip"})
    assert (status, "error" in answer) == (400, True)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"),
        (b"\xff\xfe\x00{", "UTF-8"),
        (b'{"title": "\xc3"}', "UTF-8"),
        (b'{"title": ', "not JSON"),
        (b"[" * 200_000, "nested"),
        (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, "nested"),
        (b'{"title": null, "id": [], "message": {}}', "neither a title"),
        (b"[]", "empty"),
        (b"12", "a number"),
        (b"<html><body>It works</body></html>", "not JSON"),
        (json.dumps({"alert_title": "$ALERT_TITLE", "alert_id": "$ALERT_ID"}).encode(), "neither a title"),
    ],
)
async def test_a_useless_body_is_answered_with_the_reason_and_kept(hook: Hook, body: bytes, reason: str) -> None:
    for _ in range(2):
        status, answer = await hook.post(body)
        assert status == 400
        assert reason in answer["error"]
    [kept] = await hook.room.bot.store.quarantined()
    assert (kept.body, kept.content_type) == (body, "application/json")
    assert reason in kept.reason
    assert await hook.stored() == 0


WRONG: list[object] = [
    None,
    True,
    0,
    -1,
    1e308,
    10**40,
    [],
    {},
    [None],
    {"a": {"b": []}},
    "",
    "\x00",
    "null",
    "\ud800",
    "x" * 9000,
]


@pytest.mark.parametrize("value", WRONG, ids=[repr(value)[:12] for value in WRONG])
async def test_a_wrong_type_in_any_field_is_no_error_of_ours(hook: Hook, value: object) -> None:
    for field in GOOD:
        assert await hook.send(**{field: value}) == 202, field
    everywhere = dict.fromkeys(GOOD, value) | {"title": "still an alert"}
    status, _ = await hook.post(json.dumps(everywhere).encode())
    assert status == 202
    await hook.room.settle()
    pending = [each for each, decided in await hook.room.bot.store.alerts(1000) if decided is None]
    assert pending == []
    assert await hook.room.bot.store.dead_letters() == []


HOSTILE = [
    "<!channel> <!here> <!everyone> <!subteam^S0123> <@U0123> help",
    "<https://evil.example|Acknowledge> `code` *bold* ~x~ _y_",
    "<script>alert(1)</script> &lt;!channel&gt; &amp;lt;!here&amp;gt;",
    "\u202egnp.exe\u202c \u2066hidden\u2069 \u200b\u200f",
    "\x1b[31mred\x00\x07 \ud83d \ufffe",
    "a\nb\r\n*c*\u2028d",
    "'; DROP TABLE incident; -- {title} %s ${HOME}",
    "𝕬𝖑𝖊𝖗𝖙 " * 200,
]


def obeyed(part: object) -> Iterator[str]:
    """Every text in which Slack follows links and mentions; plain text it shows as it is."""
    if isinstance(part, dict):
        if part.get("type") == "mrkdwn":
            yield str(part.get("text"))
        for inside in part.values():
            yield from obeyed(inside)
    elif isinstance(part, list):
        for inside in part:
            yield from obeyed(inside)


@pytest.mark.parametrize("evil", HOSTILE, ids=range(len(HOSTILE)))
async def test_no_text_becomes_a_mention_a_link_or_an_order(hook: Hook, evil: str) -> None:
    fields = ("alert_title", "text_only_msg", "hostname", "tags", "alert_scope", "service", "team", "error_rate", "$x")
    assert await hook.send(**dict.fromkeys(fields, evil)) == 202
    await hook.room.settle()
    channel = hook.room.channel_of(await hook.room.incident())
    assert channel.messages_by_bot(), "the room is furnished"
    for message in channel.messages_by_bot():
        raw = "\n".join([message.text, *obeyed(message.blocks)])
        for order in (
            "<!channel",
            "<!here",
            "<!everyone",
            "<!subteam",
            "<@U0123>",
            "<https://evil.example|",
            "\u202e",
            "\u2066",
        ):
            assert order not in raw
    assert await hook.room.bot.store.dead_letters() == []


@pytest.mark.parametrize(
    "date",
    [
        "253402300799000",
        "99999999999999999999",
        "-1",
        "0",
        "1",
        "nan",
        "inf",
        "9999-12-31T23:59:59Z",
        "1700-01-01",
        "tomorrow",
    ],
)
async def test_a_time_that_cannot_be_true_spoils_no_recovery(hook: Hook, date: str) -> None:
    assert await hook.send(date=date) == 202
    await hook.room.settle()
    assert await hook.send(event_id="8000000000000000002", alert_transition="Recovered", date=date) == 202
    await hook.room.settle()
    incident = await hook.room.incident()
    assert (incident.alerts.count, incident.alerts.firing) == (1, 0)


async def test_the_last_of_two_keys_counts_and_is_stored_once(hook: Hook) -> None:
    body = b'{"title": "first", "id": "A", "title": "second", "TITLE": "third"}'
    for _ in range(2):
        status, _ = await hook.post(body)
        assert status == 202
    await hook.room.settle()
    assert await hook.stored() == 1
    assert (await hook.room.incident()).title in ("second", "third")


async def test_a_list_keeps_the_good_and_names_the_bad(hook: Hook) -> None:
    status, answer = await hook.post(json.dumps([GOOD, 7, {"x": 1}, GOOD]).encode())
    assert (status, answer["accepted"], len(answer["refused"])) == (202, 1, 2)
    assert len(await hook.room.bot.store.quarantined()) == 1


async def test_only_a_database_that_is_away_is_our_fault(hook: Hook) -> None:
    await hook.room.settle()
    await hook.room.bot.store.close()
    for body in (json.dumps(GOOD).encode(), b'{"a'):
        status, answer = await hook.post(body)
        assert status == 503
        assert "Try again" in answer["error"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_other_methods_are_not_for_us(hook: Hook, method: str) -> None:
    url = f"http://127.0.0.1:{hook.room.bot.port}/hooks/datadog"
    async with aiohttp.ClientSession() as session, session.request(method, url, headers=SECRET) as answer:
        assert answer.status == 405
