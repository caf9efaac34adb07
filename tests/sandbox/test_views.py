"""Modals and the Home tab: opening, validating, updating and closing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from sandbox import Form, Sandbox, triggers
from sandbox.triggers import TRIGGER_LIFE
from tests.sandbox.conftest import Json, modal, refused


@pytest.fixture
def trigger(slack: Sandbox) -> str:
    """A trigger_id of an action of Ada."""
    return slack.workspace.triggers.issue(slack.person("ada").id)


async def test_trigger_works_once(web: AsyncWebClient, trigger: str) -> None:
    await web.views_open(trigger_id=trigger, view=modal())
    with refused("exchanged_trigger_id"):
        await web.views_open(trigger_id=trigger, view=modal())
    with refused("invalid_trigger_id"):
        await web.views_open(trigger_id="1.2.made-up", view=modal())


async def test_trigger_is_good_for_three_seconds(
    slack: Sandbox, web: AsyncWebClient, trigger: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(triggers, "TRIGGER_LIFE", TRIGGER_LIFE)
    slack.clock.advance(timedelta(seconds=3.1))
    with refused("expired_trigger_id"):
        await web.views_open(trigger_id=trigger, view=modal())


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"title": {"type": "plain_text", "text": "x" * 25}}, "/view/title/text"),
        ({"submit": None}, "/view"),
        ({"private_metadata": "x" * 3001}, "/view/private_metadata"),
        ({"callback_id": "x" * 256}, "/view/callback_id"),
        ({"type": "home"}, "/view"),
        ({"blocks": [{"type": "divider"}] * 101}, "/view/blocks"),
        ({"blocks": [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}]}, "/view/blocks/0/text"),
    ],
)
async def test_view_that_slack_would_not_show(web: AsyncWebClient, trigger: str, wrong: Json, pointer: str) -> None:
    view = {key: value for key, value in (modal() | wrong).items() if value is not None}
    with refused("invalid_arguments") as problems:
        await web.views_open(trigger_id=trigger, view=view)
    assert any(f"json-pointer:{pointer}" in problem for problem in problems), problems


async def test_view_of_a_quarter_of_a_megabyte_is_too_large(web: AsyncWebClient, trigger: str) -> None:
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 2990}}
    with refused("view_too_large"):
        await web.views_open(trigger_id=trigger, view=modal(blocks=[section] * 90))


async def test_modals_stack_up_to_three(slack: Sandbox, web: AsyncWebClient, trigger: str) -> None:
    ada = slack.person("ada").id
    issue = slack.workspace.triggers.issue
    root = (await web.views_open(trigger_id=trigger, view=modal()))["view"]
    with refused("not_found"):
        await web.views_push(trigger_id=issue(ada), view=modal("Not from within"))
    second = (await web.views_push(trigger_id=issue(ada, in_view=True), view=modal("2")))["view"]
    third = (await web.views_push(trigger_id=issue(ada, in_view=True), view=modal("3")))["view"]
    assert (third["previous_view_id"], third["root_view_id"]) == (second["id"], root["id"])
    with refused("push_limit_reached"):
        await web.views_push(trigger_id=issue(ada, in_view=True), view=modal("4"))


async def test_view_update_with_an_old_hash_conflicts(slack: Sandbox, web: AsyncWebClient, trigger: str) -> None:
    view = (await web.views_open(trigger_id=trigger, view=modal(external_id="declare-1")))["view"]
    changed = (await web.views_update(external_id="declare-1", hash=view["hash"], view=modal(external_id="declare-1")))[
        "view"
    ]
    assert changed["hash"] != view["hash"]
    with refused("hash_conflict"):
        await web.views_update(view_id=view["id"], hash=view["hash"], view=modal())
    other = slack.workspace.triggers.issue(slack.person("ben").id)
    with refused("duplicate_external_id"):
        await web.views_open(trigger_id=other, view=modal(external_id="declare-1"))
    await slack.close_modal("ada", await slack.modal("ada"))
    for wanted in ({"view_id": view["id"]}, {"external_id": "declare-1"}):
        with refused("not_found"):
            await web.views_update(view=modal(), **wanted)
    with refused("invalid_arguments"):
        await web.api_call("views.update", json={"view": modal()})


async def test_input_values_are_kept_under_the_same_ids(slack: Sandbox, web: AsyncWebClient, trigger: str) -> None:
    view = (await web.views_open(trigger_id=trigger, view=modal()))["view"]
    form: Form = await slack.modal("ada")
    form.fill("What", "checkout")
    changed = await web.views_update(view_id=view["id"], view=modal("Still here"))
    assert changed["view"]["state"]["values"]["what"]["text"]["value"] == "checkout"
    block = modal()["blocks"][0] | {"block_id": "other"}
    changed = await web.views_update(view_id=view["id"], view=modal("Gone", blocks=[block]))
    assert changed["view"]["state"]["values"]["other"]["text"]["value"] is None


async def test_home_tab_is_published_per_person(slack: Sandbox, web: AsyncWebClient) -> None:
    home, ada = {"type": "home", "blocks": [{"type": "divider"}]}, slack.person("ada").id
    first = (await web.views_publish(user_id=ada, view=home))["view"]
    await web.views_publish(user_id=ada, view=home, hash=first["hash"])
    with refused("hash_conflict"):
        await web.views_publish(user_id=ada, view=home, hash=first["hash"])
    assert slack.home("ben") is None
    with refused("invalid_arguments"):
        await web.views_publish(user_id="U0NOBODY", view=home)
    with refused("invalid_arguments"):
        await web.views_publish(user_id=ada, view=modal())
    slack.workspace.app.home_enabled = False
    with refused("not_enabled"):
        await web.views_publish(user_id=ada, view=home)
