"""Files in three steps, and canvases."""

from __future__ import annotations

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from sandbox import Sandbox
from tests.sandbox.conftest import Json, refused, room


async def begun(web: AsyncWebClient, http: aiohttp.ClientSession, content: bytes = b"hello") -> str:
    """A file whose bytes have arrived; its id."""
    made = await web.files_getUploadURLExternal(filename="pm.md", length=len(content))
    async with http.post(made["upload_url"], data=content) as answer:
        assert answer.status == 200
    return str(made["file_id"])


async def test_file_shares_are_not_in_the_upload_answer(
    slack: Sandbox, web: AsyncWebClient, http: aiohttp.ClientSession
) -> None:
    channel, file = await room(web), await begun(web, http)
    with refused("file_not_found"):
        await web.files_info(file=file)
    done = await web.files_completeUploadExternal(files=[{"id": file}], channel_id=channel, initial_comment="Here.")
    assert done["files"][0]["shares"] == {}, "sharing is not part of the answer"
    share = (await web.files_info(file=file))["file"]["shares"]["public"][channel][0]
    assert share == {"ts": slack.channel(channel).messages[-1].ts, "channel_name": "inc-1"}
    assert slack.channel(channel).messages[-1].text == "Here."


async def test_upload_needs_the_announced_length_and_the_secret_url(
    web: AsyncWebClient, http: aiohttp.ClientSession
) -> None:
    made = await web.files_getUploadURLExternal(filename="pm.md", length=5)
    for address, content, status in (
        (made["upload_url"], b"hello world", 400), (made["upload_url"].partition("?")[0], b"hello", 404),
        (made["upload_url"], b"hello", 200),
    ):  # fmt: skip
        async with http.post(address, data=content) as answer:
            assert answer.status == status


async def test_upload_that_slack_refuses(web: AsyncWebClient, http: aiohttp.ClientSession) -> None:
    for wrong in ({"filename": "pm.md", "length": 0}, {"filename": "", "length": 5}):
        with refused("missing_argument"):
            await web.api_call("files.getUploadURLExternal", params=wrong)
    with refused("snippet_too_large"):
        await web.files_getUploadURLExternal(filename="a.py", length=1_000_001, snippet_type="python")
    never_sent = (await web.files_getUploadURLExternal(filename="pm.md", length=5))["file_id"]
    with refused("file_update_failed"):
        await web.files_completeUploadExternal(files=[{"id": never_sent}])
    file = await begun(web, http)
    await web.files_completeUploadExternal(files=[{"id": file}])
    with refused("file_not_found"):
        await web.files_completeUploadExternal(files=[{"id": file}])


async def test_file_is_shared_only_in_channels_of_the_app(
    slack: Sandbox, web: AsyncWebClient, http: aiohttp.ClientSession
) -> None:
    channel, file = await room(web), await begun(web, http)
    with refused("not_in_channel"):
        await web.files_completeUploadExternal(files=[{"id": file}], channel_id=slack.channel("random").id)
    await web.conversations_archive(channel=channel)
    with refused("posting_to_channel_denied"):
        await web.files_completeUploadExternal(files=[{"id": file}], channel_id=channel)


def markdown(text: str) -> Json:
    return {"type": "markdown", "markdown": text}


async def test_canvas_is_edited_section_by_section(slack: Sandbox, web: AsyncWebClient) -> None:
    canvas = (await web.canvases_create(title="PM", document_content=markdown("# Cause\n\nA leak.\n\n## Times")))[
        "canvas_id"
    ]

    async def section(**criteria: object) -> str:
        found = (await web.canvases_sections_lookup(canvas_id=canvas, criteria=criteria))["sections"]
        assert len(found) == 1
        return str(found[0]["id"])

    for change in (
        {
            "operation": "insert_after",
            "section_id": await section(section_types=["h2"]),
            "document_content": markdown("8:00"),
        },
        {
            "operation": "insert_before",
            "section_id": await section(section_types=["h1"]),
            "document_content": markdown("Top"),
        },
        {
            "operation": "replace",
            "section_id": await section(contains_text="leak"),
            "document_content": markdown("A bug."),
        },
        {"operation": "insert_at_end", "document_content": markdown("End")},
    ):
        await web.canvases_edit(canvas_id=canvas, changes=[change])
    await web.canvases_edit(
        canvas_id=canvas, changes=[{"operation": "delete", "section_id": await section(contains_text="Top")}]
    )
    assert slack.workspace.canvases[canvas].text == "# Cause\n\nA bug.\n\n## Times\n\n8:00\n\nEnd"


@pytest.mark.parametrize(
    "changes",
    [
        [],
        [{"operation": "insert_at_end", "document_content": markdown("a")}] * 2,
        [{"operation": "delete"}],
        [{"operation": "delete", "section_id": "Se0GONE"}],
        [{"operation": "insert_at_end", "document_content": {"type": "html"}}],
        [{"operation": "turn around", "document_content": markdown("a")}],
    ],
)
async def test_canvas_change_that_slack_refuses(web: AsyncWebClient, changes: list[Json]) -> None:
    canvas = (await web.canvases_create())["canvas_id"]
    with refused("canvas_editing_failed"):
        await web.canvases_edit(canvas_id=canvas, changes=changes)


async def test_channel_has_one_canvas(slack: Sandbox, web: AsyncWebClient) -> None:
    channel = await room(web)
    made = await web.conversations_canvases_create(channel_id=channel, document_content=markdown("x"))
    with refused("channel_canvas_already_exists"):
        await web.conversations_canvases_create(channel_id=channel, document_content=markdown("x"))
    properties = (await web.conversations_info(channel=channel))["channel"]["properties"]
    assert properties["canvas"]["file_id"] == made["canvas_id"]
    with refused("canvas_creation_failed"):
        await web.conversations_canvases_create(channel_id=slack.channel("random").id, document_content=markdown("x"))


async def test_canvases_need_a_paid_plan_and_are_shared_with_channels_or_people(
    slack: Sandbox, web: AsyncWebClient
) -> None:
    channel, ada = await room(web), slack.person("ada").id
    canvas = (await web.canvases_create())["canvas_id"]
    await web.canvases_access_set(canvas_id=canvas, access_level="write", channel_ids=[channel])
    with refused("invalid_parameters"):
        await web.canvases_access_set(canvas_id=canvas, access_level="write", channel_ids=[channel], user_ids=[ada])
    with refused("canvas_not_found"):
        await web.canvases_access_set(canvas_id="F0NONE", access_level="read", user_ids=[ada])
    slack.workspace.plan_is_free = True
    with refused("free_teams_cannot_create_non_tabbed_canvases"):
        await web.canvases_create()
    with refused("team_tier_cannot_create_channel_canvases"):
        await web.conversations_canvases_create(channel_id=channel, document_content=markdown("x"))
