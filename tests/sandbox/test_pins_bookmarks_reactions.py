"""Pins, bookmarks and reactions."""

from __future__ import annotations

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from sandbox import Sandbox
from tests.sandbox.conftest import posted, refused, room


async def test_pin_can_be_added_once_and_removed_once(slack: Sandbox, web: AsyncWebClient) -> None:
    channel = await room(web)
    ts = await posted(web, channel)
    await web.pins_add(channel=channel, timestamp=ts)
    with refused("already_pinned"):
        await web.pins_add(channel=channel, timestamp=ts)
    assert (await web.pins_list(channel=channel))["items"][0]["created_by"] == slack.bot_user_id
    await web.pins_remove(channel=channel, timestamp=ts)
    with refused("no_pin"):
        await web.pins_remove(channel=channel, timestamp=ts)


async def test_message_that_is_deleted_loses_its_pin(slack: Sandbox, web: AsyncWebClient) -> None:
    channel = await room(web)
    ts = await posted(web, channel)
    await web.pins_add(channel=channel, timestamp=ts)
    await web.chat_delete(channel=channel, ts=ts)
    assert (await web.pins_list(channel=channel))["items"] == []


async def test_pin_that_slack_refuses(slack: Sandbox, web: AsyncWebClient) -> None:
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


async def test_channel_has_at_most_100_pins_and_bookmarks(slack: Sandbox, web: AsyncWebClient) -> None:
    channel = await room(web)
    for number in range(100):
        await web.pins_add(channel=channel, timestamp=await posted(web, channel, str(number)))
        await web.bookmarks_add(channel_id=channel, title=str(number), type="link", link="https://example.com")
    with refused("too_many_pins"):
        await web.pins_add(channel=channel, timestamp=await posted(web, channel, "one more"))
    with refused("too_many_bookmarks"):
        await web.bookmarks_add(channel_id=channel, title="one more", type="link", link="https://example.com")


async def test_bookmark_added_twice_is_two_bookmarks(web: AsyncWebClient) -> None:
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
async def test_bookmark_that_slack_refuses(web: AsyncWebClient, wrong: dict[str, str], code: str) -> None:
    channel = await room(web)
    good = {"channel_id": channel, "title": "Runbook", "type": "link", "link": "https://example.com"}
    with refused(code):
        await web.bookmarks_add(**good | wrong)


async def test_bookmarks_of_foreign_or_archived_channels_are_refused(slack: Sandbox, web: AsyncWebClient) -> None:
    channel = await room(web)
    made = await web.bookmarks_add(channel_id=channel, title="Runbook", type="link", link="https://example.com")
    with refused("not_found"):
        await web.bookmarks_remove(channel_id=channel, bookmark_id="Bk0NONE")
    await web.conversations_archive(channel=channel)
    for where in (channel, slack.channel("random").id):
        with refused("permission_denied"):
            await web.bookmarks_edit(channel_id=where, bookmark_id=made["bookmark"]["id"], title="x")


async def test_reaction_can_be_added_once_and_removed_once(slack: Sandbox, web: AsyncWebClient) -> None:
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


async def test_message_takes_23_emoji_of_one_person_and_50_in_all(slack: Sandbox, web: AsyncWebClient) -> None:
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
