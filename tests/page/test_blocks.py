"""Every kind of block and element is shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.page.conftest import Visitor


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def md(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text}


def asking(element: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "type": "input",
        "block_id": "ask",
        "label": plain("Question"),
        "element": {"action_id": "it"} | element,
    } | more


def cases(name: str) -> list[Any]:
    """The samples of a file beside this one."""
    return list(yaml.safe_load(Path(__file__).with_name(name).read_text("utf-8")))


def named(case: dict[str, Any]) -> str:
    """What a sample is about."""
    about = case.get("element") or case["block"].get("accessory") or case["block"]
    return str(about["type"])


@pytest.mark.parametrize("case", cases("blocks.yml"), ids=named)
async def test_message_block_is_shown(visitor: Visitor, case: dict[str, Any]) -> None:
    page = await visitor.shown(case["block"])
    assert [piece for piece in case["shows"] if piece not in page] == []
    assert "The sandbox does not show" not in page


@pytest.mark.parametrize("case", cases("inputs.yml"), ids=named)
async def test_modal_input_is_shown(visitor: Visitor, case: dict[str, Any]) -> None:
    visitor.modal(asking(case["element"], hint=plain("A hint"), optional=True))
    page = await visitor.room()
    assert case["shows"] in page.replace("  ", " ")
    assert "A hint" in page
    assert "(optional)" in page
    assert "The sandbox does not show" not in page


HOSTILE = '"><script>alert(1)</script><img src=x>'


async def test_hostile_text_is_escaped_everywhere(visitor: Visitor) -> None:
    slack = visitor.slack
    ada, general = slack.person("ada"), slack.channel("general")
    slack.person("ben").display_name = HOSTILE
    general.topic_note.value = HOSTILE
    message = await slack.say("ben", "general", HOSTILE, attachments=[{"title": HOSTILE, "text": HOSTILE}])
    await slack.pin(ada, message)
    await slack.react(ada, message, HOSTILE)
    visitor.modal(
        asking({"type": "static_select", "options": [{"text": plain(HOSTILE), "value": "v"}]}),
        title=plain(HOSTILE[:9]),
    )
    page = await visitor.shown(
        {"type": "header", "text": plain(HOSTILE)},
        {"type": "section", "text": md(HOSTILE), "accessory": {"type": "button", "action_id": "b", "text": plain(HOSTILE)}},
        {"type": "markdown", "text": HOSTILE},
        {"type": "context", "elements": [plain(HOSTILE)]},
    )  # fmt: skip
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "alert(1)" in page, "it is shown, as text"


async def test_link_cannot_lead_to_a_script(visitor: Visitor) -> None:
    page = await visitor.shown(
        {"type": "section", "text": md("<javascript:alert(1)|press> <data:text/html,x|me>")},
        {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "link", "url": "https:x", "text": "odd"}]}]},
    )  # fmt: skip
    assert "javascript:" not in page
    assert "data:text" not in page
