"""A gesture in the page sends the app the payload that Slack would send."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from sandbox import SlackMessage
from tests.page.auto_ack_app import AutoAckApp, listening
from tests.page.conftest import Visitor, element_ids


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


OPTIONS = [{"text": plain("One"), "value": "1"}, {"text": plain("Two"), "value": "2"}]


@pytest.fixture
async def app(visitor: Visitor) -> AsyncIterator[AutoAckApp]:
    """Our app, listening."""
    async with listening(visitor.slack) as connected:
        yield connected


async def posted(visitor: Visitor, *elements: dict[str, Any]) -> SlackMessage:
    """A message of the app with these elements, all called "it"."""
    blocks = [
        {"type": "actions", "block_id": f"b{n}", "elements": [{"action_id": "it"} | e]} for n, e in enumerate(elements)
    ]
    return await visitor.slack.say("deploybot", "general", "choose", blocks=blocks)


async def test_button_sends_block_actions(visitor: Visitor, app: AutoAckApp) -> None:
    message = await posted(visitor, {"type": "button", "text": plain("Go"), "value": "v1", "style": "danger"})
    assert await visitor.does("press", **element_ids(message, "b0", "it")) == {}
    assert app.last["type"] == "block_actions"
    assert app.last["user"]["username"] == "ada"
    assert app.last["container"]["message_ts"] == message.ts
    assert app.last["response_url"].startswith(visitor.slack.page_url)
    action = {k: v for k, v in app.last["actions"][0].items() if k != "action_ts"}
    assert action == {"type": "button", "action_id": "it", "block_id": "b0", "value": "v1", "style": "danger",
                      "text": {"type": "plain_text", "text": "Go"}}  # fmt: skip


@pytest.mark.parametrize(
    ("element", "values", "held"),
    [
        ({"type": "static_select", "options": OPTIONS}, ["1"], {"selected_option": OPTIONS[1]}),
        ({"type": "radio_buttons", "options": OPTIONS}, ["0"], {"selected_option": OPTIONS[0]}),
        ({"type": "checkboxes", "options": OPTIONS}, ["0", "1"], {"selected_options": OPTIONS}),
        ({"type": "checkboxes", "options": OPTIONS}, [], {"selected_options": []}),
        ({"type": "users_select"}, ["U00000002SBX"], {"selected_user": "U00000002SBX"}),
        ({"type": "conversations_select"}, ["C00000001SBX"], {"selected_conversation": "C00000001SBX"}),
        ({"type": "channels_select"}, ["C00000001SBX"], {"selected_channel": "C00000001SBX"}),
        ({"type": "datepicker"}, ["2026-11-21"], {"selected_date": "2026-11-21"}),
        ({"type": "timepicker"}, ["03:15"], {"selected_time": "03:15"}),
        ({"type": "datetimepicker"}, ["2026-11-21T03:00"], {"selected_date_time": 1795226400}),
    ],
    ids=lambda x: x["type"] if isinstance(x, dict) and "type" in x else "",
)
async def test_input_choice_sends_block_actions_with_state(
    visitor: Visitor, app: AutoAckApp, element: dict[str, Any], values: list[str], held: dict[str, Any]
) -> None:
    message = await posted(visitor, element)
    entered = [{"block": "b0", "action": "it", "values": values}]
    assert await visitor.does("press", **element_ids(message, "b0", "it"), entered=entered) == {}
    assert app.last["actions"][0].items() >= held.items()
    assert app.last["state"]["values"] == {"b0": {"it": {"type": element["type"]} | held}}


async def test_overflow_menu_sends_the_chosen_option(visitor: Visitor, app: AutoAckApp) -> None:
    message = await posted(visitor, {"type": "overflow", "options": OPTIONS})
    await visitor.does("press", **element_ids(message, "b0", "it"), option="1")
    assert app.last["actions"][0]["selected_option"] == OPTIONS[1]
    answer = await visitor.does("press", **element_ids(message, "b0", "it"), option="7")
    assert answer == {"error": "That option is not offered any more."}


async def test_form_submission_carries_every_kind_of_input(visitor: Visitor, app: AutoAckApp) -> None:
    def asking(name: str, element: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "input",
            "block_id": name,
            "optional": True,
            "label": plain(name),
            "element": {"action_id": "it"} | element,
        }

    people = ["U00000001SBX", "U00000002SBX"]
    wanted: dict[str, tuple[dict[str, Any], list[str], dict[str, Any]]] = {
        "words": ({"type": "plain_text_input"}, ["hello"], {"value": "hello"}),
        "nothing": ({"type": "plain_text_input"}, [""], {"value": None}),
        "number": ({"type": "number_input", "is_decimal_allowed": False}, ["7"], {"value": "7"}),
        "people": ({"type": "multi_users_select"}, people, {"selected_users": people}),
        "several": ({"type": "multi_static_select", "options": OPTIONS}, ["1"], {"selected_options": OPTIONS[1:]}),
        "rooms": ({"type": "multi_channels_select"}, ["C00000001SBX"], {"selected_channels": ["C00000001SBX"]}),
    }
    view = visitor.modal(
        *(asking(name, element) for name, (element, _, _) in wanted.items()), callback_id="f", private_metadata="m"
    )
    entered = [{"block": name, "action": "it", "values": values} for name, (_, values, _) in wanted.items()]
    assert await visitor.does("submit", view=view.id, entered=entered) == {}
    assert app.last["type"] == "view_submission"
    assert (app.last["view"]["callback_id"], app.last["view"]["private_metadata"]) == ("f", "m")
    held = {name: {"it": {"type": element["type"]} | state} for name, (element, _, state) in wanted.items()}
    assert app.last["view"]["state"]["values"] == held
    assert visitor.slack.open_modal("ada") is None


async def test_form_errors_come_back_to_their_inputs(visitor: Visitor, app: AutoAckApp) -> None:
    element = {"type": "plain_text_input", "action_id": "it", "max_length": 3}
    view = visitor.modal({"type": "input", "block_id": "b", "label": plain("Name"), "element": element})
    app.answer = {"response_action": "errors", "errors": {"b": "Taken."}}
    entered = [{"block": "b", "action": "it", "values": ["bob"]}]
    assert await visitor.does("submit", view=view.id) == {"errors": {"b": "Please complete this required field."}}
    assert app.received == [], "what is required is asked for without the app"
    assert await visitor.does("submit", view=view.id, entered=entered) == {"errors": {"b": "Taken."}}
    long = [{"block": "b", "action": "it", "values": ["robert"]}]
    assert "at most 3 characters" in (await visitor.does("submit", view=view.id, entered=long))["errors"]["b"]
    assert visitor.slack.open_modal("ada") is view


async def test_form_can_be_pushed_on_another(visitor: Visitor, app: AutoAckApp) -> None:
    below = visitor.modal({"type": "section", "text": plain("below")})
    next_one = {"type": "modal", "title": plain("Above"), "blocks": [{"type": "section", "text": plain("above")}]}
    app.answer = {"response_action": "push", "view": next_one}
    await visitor.does("submit", view=below.id)
    page = await visitor.room()
    assert "step 2" in page
    assert ">Above</h2>" in page
    top = visitor.slack.open_modal("ada")
    assert top is not None
    await visitor.does("close", view=top.id)
    assert visitor.slack.open_modal("ada") is below
    assert await visitor.does("close", who="ben", view=below.id) == {"error": "This form is closed."}, "it is Ada's"


async def test_commands_shortcuts_and_home(visitor: Visitor, app: AutoAckApp) -> None:
    await visitor.does("say", text="/incident declare @ben in #random")
    ben, random = visitor.slack.person("ben"), visitor.slack.channel("random")
    assert (app.last["command"], app.last["text"]) == ("/incident", f"declare <@{ben.id}|ben> in <#{random.id}|random>")
    message = await visitor.slack.say("ben", "general", "help")
    await visitor.does("shortcut", ts=message.ts, name="declare_from_message")
    assert (app.last["type"], app.last["callback_id"]) == ("message_action", "declare_from_message")
    assert app.last["message"]["text"] == "help"
    await visitor.does("home")
    await visitor.slack.sockets.until_all_delivered()
    assert app.last["event"]["type"] == "app_home_opened"


async def test_missing_acknowledgement_is_reported(visitor: Visitor) -> None:
    message = await posted(visitor, {"type": "button", "text": plain("Go")})
    assert "did not answer in time" in (await visitor.does("press", **element_ids(message, "b0", "it")))["error"]
    assert "did not answer in time" in (await visitor.does("say", text="/incident"))["error"]


async def test_messages_are_edited_deleted_pinned_and_answered_by_people(visitor: Visitor) -> None:
    slack = visitor.slack
    await visitor.does("say", text="first")
    message = slack.channel("general").messages[-1]
    await visitor.does("edit", ts=message.ts, text="second")
    await visitor.does("edit", who="ben", ts=message.ts, text="not his")
    await visitor.does("delete", who="ben", ts=message.ts)
    await visitor.does("react", ts=message.ts, name="eyes")
    await visitor.does("react", who="ben", ts=message.ts, name="eyes")
    await visitor.does("react", ts=message.ts, name="eyes")
    await visitor.does("pin", ts=message.ts)
    assert "Remove pin" in await visitor.room()
    assert (message.text, message.deleted) == ("second", False)
    assert message.reactions == {"eyes": [slack.person("ben").id]}
    assert [pin.message for pin in slack.channel("general").pins] == [message]
    await visitor.does("pin", ts=message.ts)
    assert slack.channel("general").pins == []
    await visitor.does("say", text="answer", thread=message.ts)
    assert [reply.text for reply in message.replies] == ["answer"]
    opened = await visitor.does("dm", name="ben")
    direct = slack.workspace.direct_channel([slack.person("ada").id, slack.person("ben").id])
    assert direct is not None
    assert opened == {"goto": f"/as/ada/{direct.id}"}
    await visitor.does("delete", ts=message.ts)
    assert message.deleted


async def test_channels_are_joined_and_left(visitor: Visitor) -> None:
    support = visitor.slack.channel("support")
    assert await visitor.does("say", channel=support.id, text="hi") == {"error": "Join #support to write there."}
    assert "Join channel" in await visitor.room("ada", "support")
    await visitor.does("join", channel=support.id)
    assert await visitor.does("say", channel=support.id, text="hi") == {"sent": True}
    await visitor.does("leave", channel=support.id)
    assert visitor.slack.person("ada").id not in support.members
