"""Every method of the sandbox, called with Slack's own libraries: async, sync, and with Bolt's client."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from slack_bolt.app.async_app import AsyncApp
from slack_sdk import WebClient
from slack_sdk.web.async_client import AsyncWebClient

from sandbox import Sandbox
from sandbox.methods import METHODS
from tests.sandbox.conftest import Json, modal

CallMethod = Callable[..., Awaitable[Json]]


class RecordingCaller:
    """Calls methods by name through a client library, and records which."""

    def __init__(self, call: CallMethod) -> None:
        self._call, self.seen = call, set[str]()

    async def __call__(self, method: str, /, **args: Any) -> Json:
        self.seen.add(method)
        answer = await self._call(method.replace(".", "_"), args)
        assert answer["ok"], f"{method}: {answer}"
        return answer


async def call_every_method(slack: Sandbox, call: RecordingCaller) -> None:
    """Call every method once, in an order that makes sense."""
    ada = slack.person("ada").id
    await users_and_app(slack, call, ada)
    made = await call("conversations.create", name="inc-1", is_private=False)
    channel = made["channel"]["id"]
    await channel_methods(call, channel, ada)
    ts = (
        await call("chat.postMessage", channel=channel, text="hello", metadata={"event_type": "x", "event_payload": {}})
    )["ts"]
    await message_methods(call, channel, ts, ada)
    await pins_bookmarks_reactions(call, channel, ts)
    await forms(slack, call, ada)
    await files(call, channel)
    await canvases(call, channel, ada)
    await call("conversations.join", channel=slack.channel("random").id)
    await call("conversations.archive", channel=channel)


async def users_and_app(slack: Sandbox, call: RecordingCaller, ada: str) -> None:
    me = await call("auth.test")
    assert me["user_id"] == slack.bot_user_id
    await call("apps.connections.open", app_token=slack.app_token)
    assert (await call("users.list", limit=3))["members"][2]
    assert (await call("users.info", user=ada))["user"]["name"] == "ada"
    assert (await call("users.lookupByEmail", email="ADA@example.com"))["user"]["id"] == ada
    group = (await call("usergroups.list", include_count=True))["usergroups"][0]
    members = (await call("usergroups.users.list", usergroup=group["id"]))["users"]
    assert len(members) == group["user_count"]
    answer = await call("usergroups.users.update", usergroup=group["id"], users=members[0])
    assert answer["usergroup"]["users"] == members[:1]


async def channel_methods(call: RecordingCaller, channel: str, ada: str) -> None:
    await call("conversations.invite", channel=channel, users=[ada])
    assert ada in (await call("conversations.members", channel=channel))["members"]
    await call("conversations.setTopic", channel=channel, topic="down")
    await call("conversations.setPurpose", channel=channel, purpose="up again")
    await call("conversations.rename", channel=channel, name="inc-1-api")
    told = (await call("conversations.info", channel=channel, include_num_members=True))["channel"]
    assert (told["name"], told["topic"]["value"], told["num_members"]) == ("inc-1-api", "down", 2)
    assert channel in [each["id"] for each in (await call("conversations.list", limit=200))["channels"]]
    assert [each["id"] for each in (await call("users.conversations", types="public_channel"))["channels"]] == [channel]
    assert (await call("conversations.open", users=[ada]))["channel"]["id"].startswith("D")


async def message_methods(call: RecordingCaller, channel: str, ts: str, ada: str) -> None:
    await call("chat.update", channel=channel, ts=ts, text="hello again")
    await call("chat.postEphemeral", channel=channel, user=ada, text="psst")
    assert ts.replace(".", "") in (await call("chat.getPermalink", channel=channel, message_ts=ts))["permalink"]
    reply = (await call("chat.postMessage", channel=channel, text="so", thread_ts=ts))["ts"]
    assert len((await call("conversations.replies", channel=channel, ts=ts))["messages"]) == 2
    await call("chat.delete", channel=channel, ts=reply)
    assert (await call("conversations.history", channel=channel, limit=1))["messages"][0]["text"] == "hello again"


async def pins_bookmarks_reactions(call: RecordingCaller, channel: str, ts: str) -> None:
    await call("pins.add", channel=channel, timestamp=ts)
    assert (await call("pins.list", channel=channel))["items"][0]["message"]["ts"] == ts
    await call("pins.remove", channel=channel, timestamp=ts)
    made = await call("bookmarks.add", channel_id=channel, title="Runbook", type="link", link="https://example.com/1")
    mark = made["bookmark"]["id"]
    await call("bookmarks.edit", channel_id=channel, bookmark_id=mark, title="The runbook")
    assert (await call("bookmarks.list", channel_id=channel))["bookmarks"][0]["title"] == "The runbook"
    await call("bookmarks.remove", channel_id=channel, bookmark_id=mark)
    await call("reactions.add", channel=channel, timestamp=ts, name="eyes")
    await call("reactions.remove", channel=channel, timestamp=ts, name="eyes")


async def forms(slack: Sandbox, call: RecordingCaller, ada: str) -> None:
    issue = slack.workspace.triggers.issue
    opened = (await call("views.open", trigger_id=issue(ada), view=modal()))["view"]
    await call("views.update", view_id=opened["id"], hash=opened["hash"], view=modal("Other"))
    pushed = (await call("views.push", trigger_id=issue(ada, in_view=True), view=modal("More")))["view"]
    assert pushed["previous_view_id"] == opened["id"]
    home = {"type": "home", "blocks": [{"type": "divider"}]}
    assert (await call("views.publish", user_id=ada, view=home))["view"]["type"] == "home"


async def files(call: RecordingCaller, channel: str) -> None:
    made = await call("files.getUploadURLExternal", filename="notes.md", length=5)
    async with aiohttp.ClientSession() as session, session.post(made["upload_url"], data=b"hello") as answer:
        assert (answer.status, await answer.text()) == (200, "OK - 5")
    await call("files.completeUploadExternal", files=[{"id": made["file_id"], "title": "Notes"}], channel_id=channel)
    assert (await call("files.info", file=made["file_id"]))["file"]["title"] == "Notes"


async def canvases(call: RecordingCaller, channel: str, ada: str) -> None:
    content = {"type": "markdown", "markdown": "# Times\n\nIt began at 8."}
    canvas = (await call("canvases.create", title="Post-mortem", document_content=content))["canvas_id"]
    found = (await call("canvases.sections.lookup", canvas_id=canvas, criteria={"section_types": ["h1"]}))["sections"]
    change = {"operation": "insert_after", "section_id": found[0]["id"],
              "document_content": {"type": "markdown", "markdown": "All UTC."}}  # fmt: skip
    await call("canvases.edit", canvas_id=canvas, changes=[change])
    await call("canvases.access.set", canvas_id=canvas, access_level="read", user_ids=[ada])
    await call("conversations.canvases.create", channel_id=channel, document_content=content)


async def assert_every_method_works(slack: Sandbox, call: CallMethod) -> None:
    caller = RecordingCaller(call)
    await call_every_method(slack, caller)
    assert set(METHODS) - caller.seen == {"conversations.unarchive"}, "which Slack always refuses to a bot"
    assert {record.method for record in slack.calls} - {"upload"} == caller.seen
    assert {record.outcome for record in slack.calls} == {"ok"}


async def test_every_method_works_with_the_async_client(slack: Sandbox) -> None:
    client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)

    async def call(name: str, args: Json) -> Json:
        found: Json = (await getattr(client, name)(**args)).data
        return found

    await assert_every_method_works(slack, call)


async def test_every_method_works_with_the_sync_client(slack: Sandbox) -> None:
    client = WebClient(token=slack.bot_token, base_url=slack.api_url)

    async def call(name: str, args: Json) -> Json:
        found: Json = (await asyncio.to_thread(getattr(client, name), **args)).data
        return found

    await assert_every_method_works(slack, call)


async def test_every_method_works_with_bolts_client(slack: Sandbox) -> None:
    app = AsyncApp(client=AsyncWebClient(token=slack.bot_token, base_url=slack.api_url), signing_secret="none")

    async def call(name: str, args: Json) -> Json:
        found: Json = (await getattr(app.client, name)(**args)).data
        return found

    await assert_every_method_works(slack, call)


async def test_files_upload_v2_posts_the_file(slack: Sandbox, web: AsyncWebClient) -> None:
    channel = (await web.conversations_create(name="inc-1"))["channel"]["id"]
    await web.files_upload_v2(channel=channel, content="# Post-mortem", filename="pm.md", initial_comment="Done.")
    assert slack.channel("inc-1").files[-1].text == "# Post-mortem"
    assert slack.channel("inc-1").messages[-1].text == "Done."
