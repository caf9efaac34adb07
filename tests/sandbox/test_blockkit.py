"""The sandbox refuses the Block Kit that Slack refuses, in Slack's words."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.blockkit import Surface, problems, text_length, view_problems

Json = dict[str, Any]


def plain(text: str = "x") -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str = "x") -> Json:
    return {"type": "mrkdwn", "text": text}


def option(text: str = "one", value: str = "1") -> Json:
    return {"text": plain(text), "value": value}


def button(**more: Any) -> Json:
    return {"type": "button", "text": plain("Go"), "action_id": "go", **more}


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def section(**parts: Any) -> Json:
    return {"type": "section", **parts}


def asked(element: Json, **more: Any) -> Json:
    return {"type": "input", "label": plain("Name"), "element": element, **more}


def modal(*blocks: Json, **more: Any) -> Json:
    return {"type": "modal", "title": plain("Declare"), "submit": plain("Go"), "blocks": list(blocks), **more}


def wrong(block: Json, surface: Surface = "message") -> str:
    """The one problem of a block."""
    found = problems([block], surface)
    assert len(found) == 1, found
    return found[0]


CONFIRM = {"title": plain(), "text": plain(), "confirm": plain(), "deny": plain(), "style": "danger"}
SELECT = {"type": "static_select", "action_id": "s", "placeholder": plain(), "options": [option()]}
BOXES = [option("one", "1"), {"text": mrkdwn("*two*"), "value": "2", "description": mrkdwn("more")}]
RICH = {
    "type": "rich_text",
    "elements": [
        {
            "type": "rich_text_section",
            "elements": [
                {"type": "text", "text": "hello", "style": {"bold": True}},
                {"type": "user", "user_id": "U1"},
                {"type": "link", "url": "https://a.example", "text": "a"},
                {"type": "emoji", "name": "wave"},
                {"type": "broadcast", "range": "here"},
                {"type": "date", "timestamp": 1718000000, "format": "{date}", "fallback": "then"},
            ],
        },
        {
            "type": "rich_text_list",
            "style": "bullet",
            "indent": 1,
            "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "one"}]}],
        },
        {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "code"}], "border": 0},
        {"type": "rich_text_quote", "elements": [{"type": "text", "text": "said"}]},
    ],
}
MESSAGE = [
    {"type": "header", "text": plain("h" * 150), "block_id": "head"},
    section(text=mrkdwn("t" * 3000), accessory=button(url="https://a.example/x", style="primary", confirm=CONFIRM)),
    section(fields=[mrkdwn("f" * 2000)] * 10),
    {"type": "divider"},
    {"type": "context", "elements": [mrkdwn(), plain(), {"type": "image", "image_url": "https://a.example/i.png", "alt_text": "i"}]},
    actions(
        button(action_id="a", value="v" * 2000),
        {"type": "overflow", "action_id": "b", "options": [option(value=str(i)) for i in range(5)]},
        SELECT,
        {"type": "users_select", "action_id": "c", "initial_user": "U1"},
        {"type": "conversations_select", "action_id": "d", "filter": {"include": ["public"], "exclude_bot_users": True}},
        {"type": "channels_select", "action_id": "e", "initial_channel": "C1"},
        {"type": "datepicker", "action_id": "f", "initial_date": "2026-11-21"},
        {"type": "timepicker", "action_id": "g", "initial_time": "23:59"},
        {"type": "datetimepicker", "action_id": "h", "initial_date_time": 1718000000},
        {"type": "radio_buttons", "action_id": "i", "options": BOXES, "initial_option": BOXES[1]},
        {"type": "checkboxes", "action_id": "j", "options": BOXES, "initial_options": BOXES},
    ),
    section(text=plain(), accessory={"type": "multi_users_select", "action_id": "k", "initial_users": ["U1"]}),
    {"type": "image", "image_url": "https://a.example/i.png", "alt_text": "a picture", "title": plain("Picture")},
    {"type": "markdown", "text": "# m"},
    {"type": "table", "rows": [[{"type": "raw_text", "text": "a"}, RICH]], "column_settings": [{"align": "right"}]},
    RICH,
]  # fmt: skip
FORM = modal(
    asked({"type": "plain_text_input", "action_id": "v", "max_length": 3000, "multiline": True}, block_id="title"),
    asked({"type": "number_input", "action_id": "v", "is_decimal_allowed": False, "min_value": "1"}, block_id="number"),
    asked({"type": "url_text_input", "action_id": "v"}, hint=plain("h" * 2000), optional=True),
    asked({"type": "email_text_input", "action_id": "v", "initial_value": "a@example.com"}),
    asked({"type": "multi_static_select", "action_id": "v", "options": [option()], "initial_options": [option()]}),
    asked({"type": "multi_channels_select", "action_id": "v", "max_selected_items": 3}, dispatch_action=True),
    asked({"type": "multi_conversations_select", "action_id": "v", "default_to_current_conversation": True}),
    asked({"type": "external_select", "action_id": "v", "min_query_length": 2}),
    asked({"type": "file_input", "action_id": "v", "filetypes": ["png"], "max_files": 1}),
    asked({"type": "static_select", "option_groups": [{"label": plain(), "options": [option()]}]}),
    private_metadata="m" * 3000,
    callback_id="form.declare",
    close=plain("Cancel"),
    notify_on_close=True,
)


def test_message_at_every_limit_is_fine() -> None:
    assert problems(MESSAGE, "message") == []


def test_form_with_every_field_is_fine() -> None:
    assert view_problems(FORM) == []


def test_home_tab_is_fine() -> None:
    assert view_problems({"type": "home", "blocks": [section(text=mrkdwn()), actions(button())]}) == []


def test_problem_has_slacks_wording_and_a_json_pointer() -> None:
    block = {"type": "header", "text": plain("h" * 151)}
    assert wrong(block) == "[ERROR] must be less than 151 characters [json-pointer:/blocks/0/text/text]"


TOO_MUCH: list[tuple[Json, str, str]] = [
    (section(text=mrkdwn("t" * 3001)), "less than 3001 characters", "/text/text"),
    (section(text=mrkdwn("")), "more than 0 characters", "/text/text"),
    (section(text=mrkdwn("  \n")), "more than 0 characters", "/text/text"),
    (section(fields=[mrkdwn()] * 11), "no more than 10 items", "/fields"),
    (section(fields=[mrkdwn("f" * 2001)]), "less than 2001 characters", "/fields/0/text"),
    (section(), "missing required field: text", ""),
    (section(text="words"), "must provide an object", "/text"),
    (section(text=mrkdwn(), color="red"), "invalid additional property: color", ""),
    (section(text={**mrkdwn(), "emoji": True}), "invalid additional property: emoji", "/text"),
    (section(text={**plain(), "verbatim": True}), "invalid additional property: verbatim", "/text"),
    (section(text=mrkdwn(), accessory={"type": "datetimepicker"}), "unsupported type: datetimepicker", "/accessory/type"),
    ({"type": "header", "text": mrkdwn()}, "unsupported type: mrkdwn", "/text/type"),
    ({"type": "divider", "block_id": "b" * 256}, "less than 256 characters", "/block_id"),
    ({"type": "context", "elements": [mrkdwn()] * 11}, "no more than 10 items", "/elements"),
    ({"type": "context", "elements": []}, "no fewer than 1 items", "/elements"),
    ({"type": "context", "elements": [button()]}, "unsupported type: button", "/elements/0/type"),
    (actions(), "no fewer than 1 items", "/elements"),
    (actions(*(button(action_id=str(i)) for i in range(26))), "no more than 25 items", "/elements"),
    (actions({"type": "plain_text_input"}), "unsupported type: plain_text_input", "/elements/0/type"),
    (actions(button(text=plain("b" * 76))), "less than 76 characters", "/elements/0/text/text"),
    (actions(button(text=mrkdwn())), "unsupported type: mrkdwn", "/elements/0/text/type"),
    (actions(button(value="v" * 2001)), "less than 2001 characters", "/elements/0/value"),
    (actions(button(style="default")), "one of: primary, danger", "/elements/0/style"),
    (actions(button(url="javascript:alert(1)")), "valid URL", "/elements/0/url"),
    (actions(button(url="https://a.example/" + "x" * 3000)), "less than 3001 characters", "/elements/0/url"),
    (actions(button(action_id="a" * 256)), "less than 256 characters", "/elements/0/action_id"),
    (actions(button(confirm={**CONFIRM, "title": plain("t" * 101)})), "less than 101", "/elements/0/confirm/title/text"),
    (actions(button(confirm={**CONFIRM, "text": plain("t" * 301)})), "less than 301", "/elements/0/confirm/text/text"),
    (actions(button(confirm={**CONFIRM, "deny": plain("t" * 31)})), "less than 31", "/elements/0/confirm/deny/text"),
    (actions({"type": "overflow", "options": [option()] * 6}), "no more than 5 items", "/elements/0/options"),
    (actions({"type": "overflow", "options": []}), "no fewer than 1 items", "/elements/0/options"),
    (actions({**SELECT, "options": [option()] * 101}), "no more than 100 items", "/elements/0/options"),
    (actions({**SELECT, "options": [option("t" * 76)]}), "less than 76", "/elements/0/options/0/text/text"),
    (actions({**SELECT, "options": [option(value="v" * 151)]}), "less than 151", "/elements/0/options/0/value"),
    (actions({**SELECT, "initial_option": option("other")}), "match one of the options", "/elements/0/initial_option"),
    (actions({**SELECT, "placeholder": plain("p" * 151)}), "less than 151", "/elements/0/placeholder/text"),
    (actions({**SELECT, "option_groups": [{"label": plain(), "options": [option()]}]}), "exactly one of", "/elements/0"),
    (actions({"type": "checkboxes", "options": [option()] * 11}), "no more than 10 items", "/elements/0/options"),
    (actions({"type": "radio_buttons", "options": [option()] * 11}), "no more than 10 items", "/elements/0/options"),
    (actions({"type": "users_select", "initial_user": "ada"}), "valid user id", "/elements/0/initial_user"),
    (actions({"type": "datepicker", "initial_date": "21.11.2026"}), "valid date", "/elements/0/initial_date"),
    (actions({"type": "timepicker", "initial_time": "24:00"}), "valid time", "/elements/0/initial_time"),
    (actions({"type": "datetimepicker", "initial_date_time": "now"}), "an integer", "/elements/0/initial_date_time"),
    ({"type": "image", "image_url": "https://a.example/i"}, "missing required field: alt_text", ""),
    ({"type": "image", "alt_text": "i"}, "exactly one of: image_url, slack_file", ""),
    ({"type": "image", "image_url": "i.png", "alt_text": "i"}, "valid URL", "/image_url"),
    ({"type": "table", "rows": [[{"type": "raw_text", "text": "a"}] * 21]}, "no more than 20 items", "/rows/0"),
    ({"type": "table", "rows": [[{"type": "raw_text", "text": "a"}]] * 101}, "no more than 100 items", "/rows"),
    ({"type": "rich_text", "elements": [{"type": "text", "text": "x"}]}, "unsupported type: text", "/elements/0/type"),
    ({"type": "carousel"}, "unsupported type: carousel", "/type"),
    ({"text": plain()}, "missing required field: type", ""),
    (asked({"type": "file_input"}), "unsupported type: file_input", "/element/type"),
    (asked(button()), "unsupported type: button", "/element/type"),
    (asked({"type": "plain_text_input"}, label=plain("l" * 2001)), "less than 2001", "/label/text"),
    (asked({"type": "plain_text_input", "max_length": 3001}), "at most 3000", "/element/max_length"),
    (asked({"type": "plain_text_input", "min_length": 9, "max_length": 3}), "max_length", "/element/min_length"),
    (asked({"type": "plain_text_input", "max_length": 3, "initial_value": "long"}), "max_length", "/element/initial_value"),
    (asked({"type": "number_input"}), "missing required field: is_decimal_allowed", "/element"),
]  # fmt: skip


@pytest.mark.parametrize(("block", "what", "where"), TOO_MUCH)
def test_block_one_step_over_a_limit_is_named(block: Json, what: str, where: str) -> None:
    found = wrong(block)
    assert what in found
    assert found.endswith(f"[json-pointer:/blocks/0{where}]")


def test_plain_text_is_counted_after_slacks_escaping() -> None:
    assert problems([{"type": "header", "text": plain("&" * 30)}], "message") == []
    assert "less than 151" in wrong({"type": "header", "text": plain("&" * 31)})
    assert problems([{"type": "header", "text": plain("&amp;" * 30)}], "message") == []


@pytest.mark.parametrize(("surface", "most"), [("message", 50), ("modal", 100), ("home", 100)])
def test_number_of_blocks_is_limited(surface: Surface, most: int) -> None:
    blocks = [{"type": "divider"}] * most
    assert problems(blocks, surface) == []
    assert f"no more than {most} items allowed" in problems([*blocks, {"type": "divider"}], surface)[0]


def test_blocks_of_messages_only_are_refused_in_a_form() -> None:
    assert "unsupported type: markdown" in wrong({"type": "markdown", "text": "m"}, "modal")
    assert "unsupported type: table" in wrong(MESSAGE[-2], "home")


def test_block_ids_and_action_ids_are_unique() -> None:
    twice = [{"type": "divider", "block_id": "same"}] * 2
    assert problems(twice, "message") == ['[ERROR] `block_id` "same" already exists [json-pointer:/blocks/1/block_id]']
    assert "already exists" in problems([actions(button()), actions(button())], "message")[0]
    assert "already exists" in problems([actions(button(), button())], "home")[0]
    assert problems([actions(button()), actions(button())], "home") == []


def test_markdown_length_is_limited_over_all_blocks() -> None:
    half = {"type": "markdown", "text": "m" * 6001}
    assert problems([half], "message") == []
    assert "all markdown blocks together" in problems([half, half], "message")[0]


def test_message_has_one_table() -> None:
    assert "only_one_table_allowed" in problems([MESSAGE[-2], MESSAGE[-2]], "message")[0]


@pytest.mark.parametrize(
    ("changes", "what", "where"),
    [
        ({"title": plain("t" * 25)}, "less than 25", "/view/title/text"),
        ({"title": mrkdwn()}, "unsupported type: mrkdwn", "/view/title/type"),
        ({"submit": plain("t" * 25)}, "less than 25", "/view/submit/text"),
        ({"close": plain("t" * 25)}, "less than 25", "/view/close/text"),
        ({"submit": None}, "submit", "/view"),
        ({"callback_id": "c" * 256}, "less than 256", "/view/callback_id"),
        ({"private_metadata": "p" * 3001}, "less than 3001", "/view/private_metadata"),
        ({"blocks": [{"type": "divider"}] * 101}, "no more than 100 items", "/view/blocks"),
        ({"blocks": None}, "missing required field: blocks", "/view"),
        ({"type": "popup"}, "unsupported type: popup", "/view/type"),
        ({"type": "home"}, "invalid additional property: title", "/view"),
    ],
)
def test_view_over_a_limit_is_named(changes: Json, what: str, where: str) -> None:
    view = {key: value for key, value in {**FORM, **changes}.items() if value is not None}
    assert any(what in each and each.endswith(f"[json-pointer:{where}]") for each in view_problems(view))


def test_view_has_at_most_one_focused_field() -> None:
    field = asked({"type": "plain_text_input", "focus_on_load": True})
    assert view_problems(modal(field)) == []
    assert "only one element" in view_problems(modal(field, field))[0]


@pytest.mark.parametrize(
    "nonsense", [None, 3, "[]", {}, [None], [[]], [{"type": []}], [{"type": "section", "text": []}]]
)
def test_block_check_refuses_nonsense_without_an_exception(nonsense: object) -> None:
    assert problems(nonsense, "message") != []
    assert view_problems(nonsense) != []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(path=st.lists(st.integers(0, 9), max_size=6), junk=JSON)
def test_block_check_survives_a_broken_part_anywhere(path: list[int], junk: object) -> None:
    blocks: Any = copy.deepcopy(MESSAGE)
    put: Callable[[Any], None] = blocks.append
    part: Any = blocks
    for step in path:
        if isinstance(part, dict) and part:
            key: Any = list(part)[step % len(part)]
        elif isinstance(part, list) and part:
            key = step % len(part)
        else:
            break
        put = (lambda within, at: lambda value: within.__setitem__(at, value))(part, key)
        part = part[key]
    put(junk)
    assert all(each.startswith("[ERROR] ") for each in problems(blocks, "message"))


def test_length_of_a_message_is_the_sum_of_its_texts() -> None:
    assert text_length([section(text=mrkdwn("abc")), actions(button())]) == 5
