"""Pins, bookmarks and reactions."""

from __future__ import annotations

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from sandbox import Sandbox
from tests.sandbox.conftest import posted, refused, room


async def test_a_pin_is_there_once_and_gone_once(slack: Sandbox, web: AsyncWebClient) -> None:
    channel = await room(web)
    ts = await posted(web, channel)
    await web.pins_add(channel=channel, timestamp=ts)
    with refused("already_pinned"):
        await web.pins_add(channel=channel, timestamp=ts)
    assert (await web.pins_list(channel=channel))["items"][0]["created_by"] == slack.bot_user_id
    await web.pins_remove(channel=channel, timestamp=ts)
    with refused("no_pin"):
        await web.pins_remove(channel=channel, timestamp=ts)


async def test_a_message_that_is_deleted_loses_its_pin(slack: Sandbox, web: AsyncWebClient) -> None:
    channel = await room(web)
    ts = await posted(web, channel)
    await web.pins_add(channel=channel, timestamp=ts)
    await web.chat_delete(channel=channel, ts=ts)
    assert (await web.pins_list(channel=channel))["items"] == []


async def test_what_cannot_be_pinned(slack: Sandbox, web: AsyncWebClient) -> None:
    channel = await room(web)
    joined = slack.channel(channel).notices[0].ts
    for ts, code in (
        ("", "no_item_specified"), ("today", "bad_timestamp"), ("1.000001", "message_not_found"), (joined, "not_pinnable"),
    ):  # fmt: skip
        with refused(code):
            await web.pins_add(channel=channel, timestamp=ts)
    said = (await slack.say("ada", "random", "hello")).ts
    with refused("not_in_channel"):
        await web.pins_add(channel=slack.channel("random").id, timestamp=said)


async def test_a_channel_has_room_for_a_hundred_pins_and_bookmarks(slack: Sandbox, web: AsyncWebClient) -> None:
    channel = await room(web)
    for number in range(100):
        await web.pins_add(channel=channel, timestamp=await posted(web, channel, str(number)))
        await web.bookmarks_add(channel_id=channel, title=str(number), type="link", link="https://example.com")
    with refused("too_many_pins"):
        await web.pins_add(channel=channel, timestamp=await posted(web, channel, "one more"))
    with refused("too_many_bookmarks"):
        await web.bookmarks_add(channel_id=channel, title="one more", type="link", link="https://example.com")


async def test_the_same_bookmark_twice_is_two(web: AsyncWebClient) -> None:
    channel = await room(web)
    for _ in range(2):
        await web.bookmarks_add(
            channel_id=channel, title="Runbook", type="link", link="https://example.com", emoji=":book:"
        )
    assert len((await web.bookmarks_list(channel_id=channel))["bookmarks"]) == 2


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"link": "ftp://example.com"}, "invalid_link"),
        ({"link": "example.com"}, "invalid_link"),
        ({"emoji": "book"}, "invalid_emoji"),
        ({"type": "folder"}, "invalid_bookmark_type"),
    ],
)
async def test_what_is_no_bookmark(web: AsyncWebClient, wrong: dict[str, str], code: str) -> None:
    channel = await room(web)
    good = {"channel_id": channel, "title": "Runbook", "type": "link", "link": "https://example.com"}
    with refused(code):
        await web.bookmarks_add(**good | wrong)


async def test_bookmarks_of_a_room_that_is_not_ours_or_over(slack: Sandbox, web: AsyncWebClient) -> None:
    channel = await room(web)
    made = await web.bookmarks_add(channel_id=channel, title="Runbook", type="link", link="https://example.com")
    with refused("not_found"):
        await web.bookmarks_remove(channel_id=channel, bookmark_id="Bk0NONE")
    await web.conversations_archive(channel=channel)
    for where in (channel, slack.channel("random").id):
        with refused("permission_denied"):
            await web.bookmarks_edit(channel_id=where, bookmark_id=made["bookmark"]["id"], title="x")


async def test_a_reaction_is_there_once_and_gone_once(slack: Sandbox, web: AsyncWebClient) -> None:
    channel = await room(web)
    ts = await posted(web, channel)
    await web.reactions_add(channel=channel, timestamp=ts, name="thumbsup::skin-tone-2")
    with refused("already_reacted"):
        await web.reactions_add(channel=channel, timestamp=ts, name="thumbsup::skin-tone-2")
    await web.reactions_remove(channel=channel, timestamp=ts, name="thumbsup::skin-tone-2")
    with refused("no_reaction"):
        await web.reactions_remove(channel=channel, timestamp=ts, name="thumbsup::skin-tone-2")
    for name in (":eyes:", "no_such_emoji", ""):
        with refused("invalid_name"):
            await web.reactions_add(channel=channel, timestamp=ts, name=name)


async def test_one_person_finds_23_emoji_for_a_message_and_all_together_50(slack: Sandbox, web: AsyncWebClient) -> None:
    channel = await room(web)
    ts = await posted(web, channel)
    message = slack.channel(channel).messages[-1]
    names = [f"clock{hour}" for hour in range(1, 13)] + [f"clock{hour}30" for hour in range(1, 13)]
    for name in names[:23]:
        await web.reactions_add(channel=channel, timestamp=ts, name=name)
    with refused("too_many_reactions"):
        await web.reactions_add(channel=channel, timestamp=ts, name=names[23])
    await web.reactions_remove(channel=channel, timestamp=ts, name=names[0])
    for number in range(28):
        await slack.react("ada", message, f"custom{number}")
    with refused("too_many_emoji"):
        await web.reactions_add(channel=channel, timestamp=ts, name=names[0])
