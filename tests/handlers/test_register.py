"""Everything that can be pressed, sent or happen has somebody who listens, and Slack gets the right acknowledgement."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.web.async_client import AsyncWebClient

from blocks import declare_form, ids
from handlers import events, message_shortcuts
from handlers.register import BUTTONS, FORMS, Reading, numbered, register
from tests.handlers.conftest import HandlerHarness, fill
from warroom.errors import Conflict
from warroom.incident.events import MessagePinned, PageReason, PeoplePaged
from warroom.outbox.effects import PublishHome
from warroom.people.model import Group, Person

READING = Reading(
    person=lambda user: Person(id=user["id"], name=user["name"]),
    group=lambda group: Group(id=group["id"], handle=group["handle"], members=tuple(group["users"])),
    bot_user_id="UBOT",
)


def test_every_button_form_and_event_has_a_listener() -> None:
    named = {each for name, each in vars(ids).items() if name.isupper() and "." in each}
    assert set(BUTTONS) | set(FORMS) == named
    assert set(FORMS) == {each for each in named if each.startswith("form.")}
    manifest = yaml.safe_load((Path(__file__).parents[2] / "manifest.yml").read_text())
    assert set(events.RUNS) == set(manifest["settings"]["event_subscriptions"]["bot_events"])
    offered = [each["callback_id"] for each in manifest["features"]["shortcuts"]]
    assert offered == [ids.SHORTCUT_DECLARE, *message_shortcuts.RUNS]


def test_one_of_several_like_buttons_is_the_same_button() -> None:
    assert numbered(ids.INVITE_CANDIDATE).search(ids.nth(ids.INVITE_CANDIDATE, 12))
    assert not numbered(ids.RESOLVE).search(ids.RESOLVE + "d")


@pytest.fixture
def app(desk: HandlerHarness) -> AsyncApp:
    """The app as the process makes it; nothing in these tests calls Slack."""
    known = AuthorizeResult(enterprise_id=None, team_id="T1", bot_token="xoxb-test", bot_id="B1", bot_user_id="UBOT")

    async def authorize(**_: object) -> AuthorizeResult:
        return known

    app = AsyncApp(client=AsyncWebClient(token="xoxb-test"), authorize=authorize, process_before_response=True)
    register(app, desk.world, READING)
    return app


async def deliver(app: AsyncApp, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """(status, payload) of the acknowledgement."""
    response = await app.async_dispatch(AsyncBoltRequest(mode="socket_mode", body=body))
    return response.status, json.loads(response.body) if response.body else {}


def happened(name: str, **event: object) -> dict[str, Any]:
    """An event as Slack delivers it."""
    return {"type": "event_callback", "team_id": "T1", "event_id": f"Ev-{name}", "event": {"type": name, **event}}


def command(text: str, trigger: str = "T.1") -> dict[str, Any]:
    """A slash command as Slack delivers it."""
    who = {"user_id": "UADA", "channel_id": "CGENERAL", "team_id": "T1", "trigger_id": trigger}
    return {"command": "/incident", "text": text, "response_url": "https://hooks.slack.example/1", **who}


async def test_a_command_is_answered_in_private_once(desk: HandlerHarness, app: AsyncApp) -> None:
    for _ in range(2):
        assert await deliver(app, command("declare search is slow --sev 2")) == (200, {})
    assert await desk.world.store.last_number() == 1
    assert len(await desk.private_replies()) == 1


async def test_what_was_typed_comes_back_with_the_refusal(desk: HandlerHarness, app: AsyncApp) -> None:
    await deliver(app, command("resolve #9 it was the cache"))
    effects = [effect for effect in await desk.outbox() if effect.kind == "private_reply"]
    assert "/incident resolve #9 it was the cache" in str(effects[0])


async def test_a_button_pressed_twice_acts_once(desk: HandlerHarness, app: AsyncApp) -> None:
    incident = await desk.room()
    pressed = {"action_id": ids.ESCALATE, "block_id": "card", "type": "button", "value": ids.carry(incident.id, "1")}
    body = {"type": "block_actions", "user": {"id": "UADA"}, "team": {"id": "T1"}, "channel": {"id": "C1"}}
    for trigger in ("T.1", "T.2"):
        assert await deliver(app, body | {"trigger_id": trigger, "actions": [pressed]}) == (200, {})
    entries = await desk.world.store.timeline(incident.id)
    pages = [each.event for each in entries if isinstance(each.event, PeoplePaged)]
    assert [page.reason for page in pages] == [PageReason.DECLARED, PageReason.BUTTON]
    assert any("escalated a moment ago" in said for said in await desk.private_replies())


@pytest.mark.parametrize(("title", "answer"), [("search is slow", {}), (" ", {"response_action": "errors"})])
async def test_a_form_is_acknowledged_with_what_is_wrong(
    desk: HandlerHarness, app: AsyncApp, title: str, answer: dict[str, str]
) -> None:
    view, _ = fill(declare_form.declare_form(desk.world.policy), {"Title": title})
    body = {"type": "view_submission", "user": {"id": "UADA"}, "team": {"id": "T1"}, "view": view | {"type": "modal"}}
    status, payload = await deliver(app, body)
    assert status == 200
    assert {key: payload[key] for key in answer} == answer
    assert set(payload.get("errors", {})) == ({"title"} if answer else set())
    assert await desk.world.store.last_number() == (0 if answer else 1)


async def test_a_pushpin_puts_the_message_on_the_timeline_once(desk: HandlerHarness, app: AsyncApp) -> None:
    incident = await desk.room()
    item = {"type": "message", "channel": incident.room.channel_id, "ts": "100.1"}
    for user in ("UADA", "UGRACE"):
        await deliver(app, happened("reaction_added", user=user, reaction="pushpin", item=item))
    await deliver(app, happened("reaction_added", user="UADA", reaction="eyes", item=item | {"ts": "100.2"}))
    pinned = {"type": "message", "message": {"ts": "100.1"}}
    await deliver(app, happened("pin_added", user="UADA", channel_id=incident.room.channel_id, item=pinned))
    entries = await desk.world.store.timeline(incident.id)
    assert [each.event.text for each in entries if isinstance(each.event, MessagePinned)] == ["rolled back to 1.4.1"]


async def test_whoever_joins_is_told_what_they_missed(desk: HandlerHarness, app: AsyncApp) -> None:
    incident = await desk.room()
    await desk.outbox()
    await deliver(app, happened("member_joined_channel", user="UALEX1", channel=incident.room.channel_id))
    assert any("what you missed in INC-1" in said for said in await desk.private_replies())
    await deliver(app, happened("member_joined_channel", user="UBOT", channel=incident.room.channel_id))
    assert await desk.private_replies() == []


async def test_the_directory_follows_the_workspace(desk: HandlerHarness, app: AsyncApp) -> None:
    store = desk.world.store
    await deliver(app, happened("team_join", user={"id": "UNEW", "name": "chidi"}))
    await deliver(app, happened("subteam_created", subteam={"id": "SNEW", "handle": "dba", "users": ["UNEW"]}))
    changed = {"added_users": ["UADA"], "removed_users": ["UNEW"], "subteam_id": "SNEW"}
    await deliver(app, happened("subteam_members_changed", **changed))
    person, group = await store.person("UNEW"), await store.group("SNEW")
    assert person is not None
    assert group is not None
    assert (person.name, group.members) == ("chidi", ("UADA",))


async def test_the_home_is_drawn_when_it_is_looked_at(desk: HandlerHarness, app: AsyncApp) -> None:
    await deliver(app, happened("app_home_opened", user="UADA", tab="home"))
    assert [each.user for each in await desk.outbox() if isinstance(each, PublishHome)] == ["UADA"]


async def test_a_command_while_the_database_is_away_may_be_tried_again(desk: HandlerHarness, app: AsyncApp) -> None:
    await desk.world.store.close()
    body = command("declare search is slow") | {"response_url": ""}
    status, _ = await deliver(app, body)
    assert status == 503


async def test_a_command_that_others_overtook_may_be_tried_again_and_says_so(
    desk: HandlerHarness, app: AsyncApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    incident = await desk.room()
    await desk.outbox()

    async def overtaken(_changes: object) -> list[bool]:
        raise Conflict("Somebody else was faster.")

    with monkeypatch.context() as patch:
        patch.setattr(desk.world.store._queues, "_write", overtaken)  # type: ignore[attr-defined]  # every store has it
        body = command("update rolled back") | {"channel_id": incident.room.channel_id}
        status, _ = await deliver(app, body)
    assert status == 503
    (said,) = await desk.private_replies()
    assert "tries it again by itself" in said
    assert await deliver(app, body) == (200, {})
    found = await desk.incident()
    assert found.updates.last is not None
