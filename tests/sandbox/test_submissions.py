"""The app's acknowledgement of a form submission, and its effect on the modal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from sandbox import Form, Sandbox, sockets
from sandbox.errors import SlackError
from sandbox.view_responses import SubmissionResult
from tests.sandbox.conftest import Json, modal
from tests.sandbox.manual_app import ManualApp, connected


@pytest.fixture
async def app(slack: Sandbox, http: aiohttp.ClientSession) -> AsyncIterator[ManualApp]:
    async with connected(slack, http) as there:
        yield there


async def opened(slack: Sandbox, web: AsyncWebClient, **more: Any) -> Form:
    """A modal open for Ada, filled in."""
    trigger = slack.workspace.triggers.issue(slack.person("ada").id)
    await web.views_open(trigger_id=trigger, view=modal(**more))
    form = await slack.modal("ada")
    form.fill("What", "checkout")
    return form


async def answered(slack: Sandbox, app: ManualApp, form: Form, answer: Json | None) -> SubmissionResult:
    """Ada submits, and the app acknowledges with `answer`."""
    asked = asyncio.ensure_future(slack.submit("ada", form))
    envelope = await app.next()
    assert (envelope["payload"]["type"], envelope["accepts_response_payload"]) == ("view_submission", True)
    await app.ack(envelope, answer)
    return await asked


async def test_modal_closes_on_an_empty_acknowledgement(slack: Sandbox, web: AsyncWebClient, app: ManualApp) -> None:
    assert (await answered(slack, app, await opened(slack, web), None)).closed
    assert slack.open_modal("ada") is None


async def test_errors_belong_to_their_inputs_and_keep_the_modal_open(
    slack: Sandbox, web: AsyncWebClient, app: ManualApp
) -> None:
    form = await opened(slack, web)
    said = await answered(slack, app, form, {"response_action": "errors", "errors": {"what": "Which one?"}})
    assert (said.closed, said.errors) == (False, {"What": "Which one?"})
    assert slack.open_modal("ada") is form.view


async def test_errors_for_an_unknown_input_raise(slack: Sandbox, web: AsyncWebClient, app: ManualApp) -> None:
    form = await opened(slack, web)
    with pytest.raises(ValueError, match="no inputs of the view: where"):
        await answered(slack, app, form, {"response_action": "errors", "errors": {"where": "?"}})
    with pytest.raises(ValueError, match="no response_action 'dismiss'"):
        await answered(slack, app, form, {"response_action": "dismiss"})
    with pytest.raises(SlackError, match="invalid_arguments"):
        await answered(slack, app, form, {"response_action": "update", "view": {"type": "modal"}})
    assert slack.open_modal("ada") is form.view, "it stays open"


async def test_modal_is_updated_pushed_or_cleared_by_the_acknowledgement(
    slack: Sandbox, web: AsyncWebClient, app: ManualApp
) -> None:
    form = await opened(slack, web)
    await answered(slack, app, form, {"response_action": "update", "view": modal("Sure?")})
    assert (await slack.modal("ada")).title == "Sure?"
    await answered(slack, app, form, {"response_action": "push", "view": modal("More")})
    assert len(slack.workspace.modal_stacks[slack.person("ada").id]) == 2
    top = await slack.modal("ada")
    top.fill("What", "x")
    assert (await answered(slack, app, top, {"response_action": "clear"})).closed
    assert slack.open_modal("ada") is None


async def test_modal_stays_open_without_an_acknowledgement(
    slack: Sandbox, web: AsyncWebClient, app: ManualApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "ACK_TIMEOUT", 0.05)
    form = await opened(slack, web)
    said = await slack.submit("ada", form)
    assert (said.closed, said.acked) == (False, False)
    assert slack.open_modal("ada") is form.view


async def test_view_closed_is_sent_only_with_notify_on_close(
    slack: Sandbox, web: AsyncWebClient, app: ManualApp
) -> None:
    await slack.close_modal("ada", await opened(slack, web))
    closing = asyncio.ensure_future(slack.close_modal("ada", await opened(slack, web, notify_on_close=True)))
    envelope = await app.next()
    assert (envelope["payload"]["type"], envelope["payload"]["is_cleared"]) == ("view_closed", False)
    await app.ack(envelope)
    await closing


async def test_submission_has_a_response_url_for_a_chosen_channel(
    slack: Sandbox, web: AsyncWebClient, app: ManualApp
) -> None:
    random = slack.channel("random").id
    menu = {"type": "conversations_select", "action_id": "channel", "response_url_enabled": True}
    where = {"type": "input", "block_id": "where", "label": {"type": "plain_text", "text": "Where"}, "element": menu}
    form = await opened(slack, web, blocks=[*modal()["blocks"], where])
    form.fill("Where", random)
    asked = asyncio.ensure_future(slack.submit("ada", form))
    envelope = await app.next()
    (given,) = envelope["payload"]["response_urls"]
    await app.ack(envelope)
    assert (await asked).closed
    assert (given["block_id"], given["action_id"], given["channel_id"]) == ("where", "channel", random)
    await AsyncWebhookClient(given["response_url"]).send(text="Declared.", response_type="in_channel")
    assert slack.channel(random).messages[-1].text == "Declared."
