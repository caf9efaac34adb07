"""Channels: their names, their members, their end, and how they are listed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from sandbox import Sandbox
from tests.sandbox.conftest import posted, refused, room

Attempt = Callable[..., Awaitable[object]]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "invalid_name_required"),
        ("x" * 81, "invalid_name_maxlength"),
        ("Inc-1", "invalid_name_specials"),
        ("inc 1", "invalid_name_specials"),
        ("inc.1", "invalid_name_specials"),
        ("#inc-1", "invalid_name_specials"),
        ("---", "invalid_name_punctuation"),
        ("general", "name_taken"),
        ("leadership", "name_taken"),
        ("ada", "name_taken"),
        ("sre-oncall", "name_taken"),
        ("here", "name_taken"),
    ],
)
async def test_channel_name_that_slack_refuses(web: AsyncWebClient, name: str, code: str) -> None:
    with refused(code):
        await web.conversations_create(name=name)


@pytest.mark.parametrize("name", ["x" * 80, "inc-1_störung", "障害-1"])
async def test_channel_name_that_is_unusual_but_valid(web: AsyncWebClient, name: str) -> None:
    assert (await web.conversations_create(name=name))["channel"]["name"] == name


async def test_archived_channel_keeps_its_name(slack: Sandbox, web: AsyncWebClient) -> None:
    await web.conversations_archive(channel=await room(web))
    with refused("name_taken"):
        await room(web)


async def test_archiving_removes_the_app_and_only_a_person_can_unarchive(slack: Sandbox, web: AsyncWebClient) -> None:
    channel, ada = await room(web), slack.person("ada").id
    ts = await posted(web, channel)
    await web.conversations_archive(channel=channel)
    with refused("already_archived"):
        await web.conversations_archive(channel=channel)
    attempts: list[Attempt] = [
        lambda: web.chat_postMessage(channel=channel, text="more"),
        lambda: web.conversations_join(channel=channel),
        lambda: web.conversations_invite(channel=channel, users=ada),
        lambda: web.conversations_setTopic(channel=channel, topic="over"),
        lambda: web.conversations_rename(channel=channel, name="inc-2"),
        lambda: web.reactions_add(channel=channel, timestamp=ts, name="eyes"),
    ]
    for attempt in attempts:
        with refused("is_archived"):
            await attempt()
    with refused("is_inactive"):
        await web.chat_update(channel=channel, ts=ts, text="changed")
    with refused("not_in_channel"):
        await web.conversations_unarchive(channel=channel)
    await slack.unarchive("ada", channel)
    with refused("not_archived"):
        await web.conversations_unarchive(channel=channel)
    with refused("not_in_channel"):
        await web.chat_postMessage(channel=channel, text="back?")
    await web.conversations_join(channel=channel)
    await posted(web, channel, "back!")


async def test_invitation_with_one_invalid_person_fails_unless_forced(slack: Sandbox, web: AsyncWebClient) -> None:
    channel = await room(web)
    ada, gone = slack.person("ada").id, slack.person("rosalind").id
    error = {"ok": False, "error": "cant_invite", "user": gone}
    with refused("cant_invite", errors=[error]):
        await web.conversations_invite(channel=channel, users=[ada, gone])
    assert ada not in slack.channel(channel).members
    forced = await web.conversations_invite(channel=channel, users=[ada, gone], force=True)
    assert forced["errors"] == [error]
    assert ada in slack.channel(channel).members
    for users, code in (
        (ada, "already_in_channel"), (slack.bot_user_id, "cant_invite_self"), ("U0NOBODY", "user_not_found"), ("", "no_user"),
    ):  # fmt: skip
        with refused(code):
            await web.conversations_invite(channel=channel, users=users)


async def test_general_channel_cannot_be_archived(slack: Sandbox, web: AsyncWebClient) -> None:
    await web.conversations_join(channel=slack.channel("general").id)
    with refused("cant_archive_general"):
        await web.conversations_archive(channel=slack.channel("general").id)


async def test_joining_a_channel_twice_is_a_warning(slack: Sandbox, web: AsyncWebClient) -> None:
    random = slack.channel("random").id
    await web.conversations_join(channel=random)
    again = await web.conversations_join(channel=random)
    assert (again["warning"], again["response_metadata"]) == (
        "already_in_channel",
        {"warnings": ["already_in_channel"]},
    )
    with refused("method_not_supported_for_channel_type"):
        await web.conversations_join(channel=await room(web, "secret", is_private=True))


async def test_private_channel_without_the_app_is_not_found(slack: Sandbox, web: AsyncWebClient) -> None:
    hidden = slack.channel("leadership").id
    for attempt in (
        web.conversations_info,
        web.conversations_join,
        web.conversations_members,
        web.conversations_history,
    ):
        with refused("channel_not_found"):
            await attempt(channel=hidden)
    listed = await web.conversations_list(types="public_channel,private_channel", limit=200)
    assert hidden not in [channel["id"] for channel in listed["channels"]]


async def test_channel_is_renamed_only_by_its_creator(slack: Sandbox, web: AsyncWebClient) -> None:
    await web.conversations_join(channel=slack.channel("random").id)
    with refused("not_authorized"):
        await web.conversations_rename(channel=slack.channel("random").id, name="chance")
    channel = await room(web)
    renamed = await web.conversations_rename(channel=channel, name="inc-1-api")
    assert (renamed["channel"]["name"], renamed["channel"]["previous_names"]) == ("inc-1-api", ["inc-1"])


async def test_topic_has_250_characters_and_is_announced(slack: Sandbox, web: AsyncWebClient) -> None:
    channel = await room(web)
    await web.conversations_setTopic(channel=channel, topic="x" * 250)
    attempts: list[Attempt] = [
        lambda: web.conversations_setTopic(channel=channel, topic="x" * 251),
        lambda: web.conversations_setPurpose(channel=channel, purpose="x" * 251),
    ]
    for attempt in attempts:
        with refused("too_long"):
            await attempt()
    assert [notice.subtype for notice in slack.channel(channel).notices] == ["channel_join", "channel_topic"]


async def test_channel_list_page_can_be_short_before_the_end(slack: Sandbox, web: AsyncWebClient) -> None:
    for number in range(3):
        await web.conversations_archive(channel=await room(web, f"old-{number}"))
    await room(web, "new")
    sizes, names, cursor = [], [], ""
    while True:
        page = await web.conversations_list(limit=3, exclude_archived=True, cursor=cursor)
        sizes.append(len(page["channels"]))
        names += [channel["name"] for channel in page["channels"]]
        cursor = page["response_metadata"]["next_cursor"]
        if not cursor:
            break
    assert min(sizes[:-1]) < 3, "there is a short page before the last one"
    assert names[-1] == "new"
    assert "old-1" not in names


async def test_cursor_is_refused_when_invented_or_expired(slack: Sandbox, web: AsyncWebClient) -> None:
    with refused("invalid_cursor"):
        await web.conversations_list(cursor="bmV4dDox")
    cursor = (await web.conversations_list(limit=1))["response_metadata"]["next_cursor"]
    assert (await web.conversations_list(limit=1, cursor=cursor))["channels"]
    slack.clock.advance(timedelta(hours=2))
    with refused("invalid_cursor"):
        await web.conversations_list(limit=1, cursor=cursor)


@pytest.mark.parametrize("limit", [1000, -1, "many"])
async def test_channel_list_limit_out_of_bounds_is_refused(web: AsyncWebClient, limit: object) -> None:
    with refused("invalid_limit"):
        await web.conversations_list(limit=limit)  # type: ignore[arg-type]  # as a careless caller would
    with refused("invalid_types"):
        await web.conversations_list(types="channels")


async def test_history_is_limited_to_oldest_and_latest(slack: Sandbox, web: AsyncWebClient) -> None:
    channel = await room(web)
    first, second, third = [await posted(web, channel, text) for text in ("one", "two", "three")]

    async def texts(**between: object) -> list[str]:
        found = await web.conversations_history(channel=channel, **between)  # type: ignore[arg-type]  # a test's shorthand
        return [message["text"] for message in found["messages"] if not message.get("subtype")]

    assert await texts() == ["three", "two", "one"]
    assert await texts(oldest=first, latest=third) == ["two"]
    assert await texts(oldest=first, latest=third, inclusive=True) == ["three", "two", "one"]
    assert await texts(latest=second, inclusive=True, limit=1) == ["two"]
    with refused("invalid_ts_oldest"):
        await texts(oldest="yesterday")
    with refused("not_in_channel"):
        await web.conversations_history(channel=slack.channel("random").id)


async def test_thread_begins_every_page_with_its_parent(slack: Sandbox, web: AsyncWebClient) -> None:
    channel = await room(web)
    parent = await posted(web, channel, "parent")
    replies = [await posted(web, channel, f"reply {n}", thread_ts=parent) for n in range(3)]
    first = await web.conversations_replies(channel=channel, ts=parent, limit=2)
    assert [message["text"] for message in first["messages"]] == ["parent", "reply 0"]
    cursor = first["response_metadata"]["next_cursor"]
    second = await web.conversations_replies(channel=channel, ts=parent, limit=2, cursor=cursor)
    assert [message["text"] for message in second["messages"]] == ["parent", "reply 1", "reply 2"]
    assert (await web.conversations_replies(channel=channel, ts=replies[1]))["messages"][0]["ts"] == parent
    with refused("thread_not_found"):
        await web.conversations_replies(channel=channel, ts="1.000001")


async def test_direct_conversation_is_opened_once(slack: Sandbox, web: AsyncWebClient) -> None:
    ada, ben = slack.person("ada").id, slack.person("ben").id
    with refused("channel_not_found"):
        await web.conversations_open(users=ada, prevent_creation=True)
    dm = (await web.conversations_open(users=ada, return_im=True))["channel"]
    assert dm["is_im"]
    assert (await web.conversations_open(users=ada)).data == {
        "ok": True, "channel": {"id": dm["id"]}, "no_op": True, "already_open": True,
    }  # fmt: skip
    assert (await web.conversations_open(users=[ada, ben], return_im=True))["channel"]["is_mpim"]
    for users, code in (
        ("", "users_list_not_supplied"), (["U0NOBODY"], "user_not_found"), ([slack.person("rosalind").id], "user_disabled"),
        ([person.id for person in slack.people()[:9]], "too_many_users"),
    ):  # fmt: skip
        with refused(code):
            await web.conversations_open(users=users)
    with refused("method_not_supported_for_channel_type"):
        await web.conversations_archive(channel=dm["id"])


@pytest.mark.parametrize(
    ("missing", "private"), [("channels:manage", False), ("groups:write", True)]
)  # fmt: skip
async def test_channel_type_needs_a_scope_of_its_own(
    slack: Sandbox, web: AsyncWebClient, missing: str, private: bool
) -> None:
    channel = await room(web, is_private=private)
    granted = slack.workspace.app.scopes
    granted.discard(missing)
    provided = ",".join(sorted(granted))
    attempts: list[Attempt] = [
        lambda: web.conversations_create(name="inc-2", is_private=private),
        lambda: web.conversations_setTopic(channel=channel, topic="x"),
        lambda: web.conversations_archive(channel=channel),
        lambda: web.conversations_invite(channel=channel, users=slack.person("ada").id),
    ]
    for attempt in attempts:
        with refused("missing_scope", needed=missing, provided=provided):
            await attempt()
    granted.add("groups:write.topic" if private else "channels:write.topic")
    await web.conversations_setTopic(channel=channel, topic="the narrower scope does")
