"""Messages: what they may hold, where they may go, and who may change them."""

from __future__ import annotations

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from sandbox import Sandbox
from tests.sandbox.conftest import Json, posted, refused, room

SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "hello"}}
HEADER = {"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}


async def test_message_comes_back_as_slack_keeps_it(slack: Sandbox, web: AsyncWebClient) -> None:
    channel = await room(web)
    button = {"type": "button", "text": {"type": "plain_text", "text": "Go"}}
    sent = await web.chat_postMessage(
        channel=channel, text="t", blocks=[SECTION, {"type": "actions", "elements": [button]}]
    )
    message = sent["message"]
    assert (message["user"], message["bot_id"], message["bot_profile"]["app_id"]) == (
        slack.bot_user_id,
        "B0SANDBOX",
        "A0SANDBOX",
    )
    assert all(block["block_id"] for block in message["blocks"])
    assert message["blocks"][1]["elements"][0]["action_id"]
    assert sent["ts"] != (await web.chat_postMessage(channel=channel, text="t"))["ts"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ({}, "no_text"),
        ({"text": ""}, "no_text"),
        ({"text": "", "blocks": []}, "no_text"),
        ({"text": "x", "blocks": {"type": "section"}}, "invalid_blocks_format"),
        ({"text": "x", "blocks": "[{"}, "invalid_blocks_format"),
        ({"text": "x", "blocks": [HEADER]}, "invalid_blocks"),
        ({"text": "x", "blocks": [{"type": "unheard of"}]}, "invalid_blocks"),
        ({"text": "x", "blocks": [SECTION] * 51}, "invalid_blocks"),
        ({"text": "x", "attachments": [{"text": "a"}] * 101}, "too_many_attachments"),
        ({"text": "x", "attachments": {"text": "a"}}, "invalid_attachments"),
        ({"text": "x", "attachments": ["a"]}, "invalid_attachments"),
        ({"text": "x", "attachments": [{"blocks": [HEADER]}]}, "invalid_blocks"),
        ({"text": "x", "markdown_text": "y"}, "markdown_text_conflict"),
        ({"text": "x", "metadata": {"event_type": "x"}}, "invalid_metadata_format"),
        ({"text": "x", "as_user": True}, "as_user_not_supported"),
        ({"text": "x", "thread_ts": "1.000001"}, "cannot_reply_to_message"),
    ],
)  # fmt: skip
async def test_message_content_that_slack_refuses(web: AsyncWebClient, content: Json, code: str) -> None:
    channel = await room(web)
    with refused(code):
        await web.api_call("chat.postMessage", json={"channel": channel} | content)


async def test_invalid_blocks_error_points_at_the_block(web: AsyncWebClient) -> None:
    channel = await room(web)
    with refused("invalid_blocks") as problems:
        await web.chat_postMessage(channel=channel, text="x", blocks=[SECTION, HEADER])
    assert problems == ["[ERROR] must be less than 151 characters [json-pointer:/blocks/1/text/text]"]


async def test_valid_blocks_can_be_too_long_together(web: AsyncWebClient) -> None:
    long = {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 2900}}
    with refused("msg_blocks_too_long"):
        await web.chat_postMessage(channel=await room(web), text="x", blocks=[long] * 5)


async def test_long_text_is_cut_when_posted_and_refused_when_changed(slack: Sandbox, web: AsyncWebClient) -> None:
    channel = await room(web)
    ts = await posted(web, channel, "x" * 40_001)
    assert len(slack.channel(channel).messages[-1].text) == 40_000
    with refused("msg_too_long"):
        await web.chat_update(channel=channel, ts=ts, text="x" * 4_001)


async def test_channels_in_which_the_app_may_post(slack: Sandbox, web: AsyncWebClient) -> None:
    random = slack.channel("random").id
    for channel, code in (
        (random, "not_in_channel"), (slack.channel("leadership").id, "channel_not_found"), ("C0NOWHERE", "channel_not_found"),
        (slack.person("rosalind").id, "channel_not_found"), (slack.person("deploybot").id, "channel_not_found"),
    ):  # fmt: skip
        with refused(code):
            await web.chat_postMessage(channel=channel, text="hello")
    slack.workspace.app.scopes.add("chat:write.public")
    assert (await web.chat_postMessage(channel="#random", text="hello"))["channel"] == random
    told = await web.chat_postMessage(channel=slack.person("ada").id, text="for you")
    assert told["channel"].startswith("D")
    assert [message.text for message in slack.direct("ada")] == ["for you"]
    slack.workspace.app.messages_tab_enabled = False
    with refused("messages_tab_disabled"):
        await web.chat_postMessage(channel=slack.person("ada").id, text="again")
    slack.channel("random").read_only = True
    with refused("restricted_action_read_only_channel"):
        await web.chat_postMessage(channel=random, text="hello")


async def test_custom_author_needs_a_scope(slack: Sandbox, web: AsyncWebClient) -> None:
    channel = await room(web)
    with refused("missing_scope", needed="chat:write.customize"):
        await web.chat_postMessage(channel=channel, text="x", username="Incident 1", icon_emoji=":fire:")
    slack.workspace.app.scopes.add("chat:write.customize")
    sent = await web.chat_postMessage(channel=channel, text="x", username="Incident 1", icon_emoji=":fire:")
    assert (sent["message"]["username"], sent["message"]["icons"]) == ("Incident 1", {"emoji": ":fire:"})


async def test_thread_and_its_broadcast(slack: Sandbox, web: AsyncWebClient) -> None:
    channel = await room(web)
    parent = await posted(web, channel, "parent")
    reply = await posted(web, channel, "reply", thread_ts=parent)
    await posted(web, channel, "loud", thread_ts=parent, reply_broadcast=True)
    history = (await web.conversations_history(channel=channel))["messages"]
    assert [m["text"] for m in history if m["type"] == "message"][:2] == ["loud", "parent"]
    assert (history[0]["subtype"], history[1]["reply_count"]) == ("thread_broadcast", 2)
    with refused("cannot_reply_to_message"):
        await posted(web, channel, "a reply to a reply", thread_ts=reply)
    link = (await web.chat_getPermalink(channel=channel, message_ts=reply))["permalink"]
    assert link.endswith(f"/p{reply.replace('.', '')}?thread_ts={parent}&cid={channel}")
    with refused("message_not_found"):
        await web.chat_getPermalink(channel=channel, message_ts="1.000001")


async def test_parent_that_is_deleted_leaves_a_tombstone(slack: Sandbox, web: AsyncWebClient) -> None:
    channel = await room(web)
    parent = await posted(web, channel, "parent")
    await posted(web, channel, "reply", thread_ts=parent)
    await web.chat_delete(channel=channel, ts=parent)
    stone = (await web.conversations_history(channel=channel, limit=1))["messages"][0]
    assert (stone["subtype"], stone["text"]) == ("tombstone", "This message was deleted.")
    thread = (await web.conversations_replies(channel=channel, ts=parent))["messages"]
    assert [message["text"] for message in thread] == ["This message was deleted.", "reply"]
    with refused("message_not_found"):
        await web.chat_update(channel=channel, ts=parent, text="x")


@pytest.mark.filterwarnings("ignore:The top-level `text`")
async def test_update_with_only_a_text_removes_the_blocks(slack: Sandbox, web: AsyncWebClient) -> None:
    channel = await room(web)
    ts = await posted(web, channel, blocks=[SECTION])
    message = slack.channel(channel).messages[-1]
    await web.api_call("chat.update", json={"channel": channel, "ts": ts, "blocks": [SECTION, SECTION]})
    assert (len(message.blocks), message.text) == (2, "hello")
    await web.chat_update(channel=channel, ts=ts, text="plain now")
    assert (message.blocks, message.text) == ([], "plain now")
    with refused("no_text"):
        await web.chat_update(channel=channel, ts=ts, text="")
    metadata = {"event_type": "card", "event_payload": {"incident": 1}}
    await web.chat_update(channel=channel, ts=ts, text="x", metadata=metadata)
    shown = (await web.conversations_history(channel=channel, limit=1, include_all_metadata=True))["messages"][0]
    assert shown["metadata"] == metadata


async def test_update_and_delete_work_only_on_the_apps_own_messages(slack: Sandbox, web: AsyncWebClient) -> None:
    channel = await room(web)
    hers = (await slack.say("ada", channel, "mine")).ts
    with refused("cant_update_message"):
        await web.chat_update(channel=channel, ts=hers, text="yours")
    with refused("cant_delete_message"):
        await web.chat_delete(channel=channel, ts=hers)
    with refused("channel_not_found"):
        await web.chat_update(channel=slack.person("ada").id, ts=hers, text="the person is not the conversation")
    ts = await posted(web, channel)
    await web.chat_delete(channel=channel, ts=ts)
    for attempt in (web.chat_delete(channel=channel, ts=ts), web.chat_update(channel=channel, ts=ts, text="x")):
        with refused("message_not_found"):
            await attempt


async def test_ephemeral_message_is_seen_by_one_and_kept_nowhere(slack: Sandbox, web: AsyncWebClient) -> None:
    channel, ada = await room(web), slack.person("ada")
    with refused("user_not_in_channel"):
        await web.chat_postEphemeral(channel=channel, user=ada.id, text="psst")
    await slack.join(ada, channel)
    ts = (await web.chat_postEphemeral(channel=channel, user=ada.id, text="psst"))["message_ts"]
    assert [message.text for message in slack.ephemerals("ada")] == ["psst"]
    assert not slack.ephemerals("ben")
    assert "psst" not in str((await web.conversations_history(channel=channel)).data)
    for attempt in (web.chat_update(channel=channel, ts=ts, text="x"), web.pins_add(channel=channel, timestamp=ts)):
        with refused("message_not_found"):
            await attempt
    with refused("not_in_channel"):
        await web.chat_postEphemeral(channel=slack.channel("random").id, user=ada.id, text="psst")
