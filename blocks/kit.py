"""The only file that spells Block Kit JSON. Every builder keeps Slack's limits by cutting, and refuses nothing.

Texts of sections and contexts are mrkdwn that `blocks.text` made safe; titles, labels, options and buttons are plain
text and may come straight from outside. Limits: Slack, "Block Kit reference" and "Modal views".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from blocks.text import (
    ago,
    channel_link,
    cut,
    duration,
    escape,
    group,
    line,
    link,
    mention,
    mentions,
    plain,
    prose,
    quote,
    web_address,
    when,
)
from warroom.text import cut as plain_cut

__all__ = [
    "Block", "Card", "Option", "actions", "ago", "button", "card", "channel_link", "checkboxes", "confirm",
    "context", "cut", "divider", "duration", "escape", "fit", "group", "grouped_select", "header", "home_view",
    "image", "input_block", "line", "link", "mention", "mentions", "modal", "multi_select", "multi_users_select",
    "overflow", "plain",
    "plain_text_input", "prose", "quote", "section", "select", "users_select", "web_address", "when",
]  # fmt: skip

Block = dict[str, Any]

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
MESSAGE_TEXT = 11_500  # Slack answers msg_blocks_too_long at about 13,000 characters in all
FALLBACK_TEXT = 3_000  # chat.update refuses more than 4,000
OPTIONS = 100
NOTHING = "–"  # Slack refuses an empty text


@dataclass(frozen=True, slots=True)
class Card:
    """A message: `text` is what notifications and screen readers say."""

    text: str
    blocks: list[Block]


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a menu or select. `value` is not shown."""

    text: str
    value: str
    url: str | None = None
    """Where an entry of an overflow menu leads."""
    description: str = ""
    """A smaller line below it."""


def card(text: str, blocks: Iterable[Block | None]) -> Card:
    """A message that Slack accepts: what is too much is left out from the end, buttons last of all."""
    return Card(text=cut(text, FALLBACK_TEXT) or NOTHING, blocks=fit([b for b in blocks if b]))


def fit(blocks: Sequence[Block]) -> list[Block]:
    """The blocks of one message, within its count and total length; a line says so when something was left out."""
    if len(blocks) <= MESSAGE_BLOCKS and sum(map(_length, blocks)) <= MESSAGE_TEXT:
        return list(blocks)
    note = context("… shortened: there is more than one message can show.")
    buttons = [b for b in blocks if b["type"] == "actions"]
    room, places = MESSAGE_TEXT - _length(note) - sum(map(_length, buttons)), MESSAGE_BLOCKS - 1 - len(buttons)
    kept: list[Block] = []
    full = False
    for block in blocks:
        if block["type"] == "actions":
            kept.append(block)
            continue
        if full or places <= 0 or _length(block) > room:
            if not full:
                kept.append(note)
            full = True
            continue
        kept.append(block)
        room, places = room - _length(block), places - 1
    return kept


def _length(part: Any) -> int:
    """Characters of text in a block, however deep."""
    if isinstance(part, dict):
        return sum(len(v) if k == "text" and isinstance(v, str) else _length(v) for k, v in part.items())
    return sum(map(_length, part)) if isinstance(part, list) else 0


def _plain(text: str, limit: int) -> Block:
    return {"type": "plain_text", "text": plain(text, limit) or NOTHING, "emoji": True}


def _mrkdwn(text: str, limit: int) -> Block:
    # verbatim: Slack would otherwise turn "@name" and "#channel" in other people's text into mentions and links.
    return {"type": "mrkdwn", "text": cut(text.strip(), limit) or NOTHING, "verbatim": True}


def header(text: str) -> Block:
    """A headline, plain text, one line."""
    return {"type": "header", "text": _plain(" ".join(text.split()), 150)}


def section(text: str = "", *, fields: Sequence[str] = (), accessory: Block | None = None) -> Block:
    """mrkdwn text, or up to ten fields in two columns (one on a phone), or both."""
    block: Block = {"type": "section"}
    if text.strip() or not fields:
        block["text"] = _mrkdwn(text, 3000)
    if fields:
        block["fields"] = [_mrkdwn(field, 2000) for field in fields[:10]]
    if accessory:
        block["accessory"] = accessory
    return block


def context(*texts: str) -> Block:
    """Small grey mrkdwn."""
    return {"type": "context", "elements": [_mrkdwn(text, 2000) for text in texts[:10] or (NOTHING,)]}


def image(url: str | None, alt: str) -> Block | None:
    """A picture; None when the address is no web address or longer than Slack takes."""
    address = web_address(url)
    if not address or len(address) > 3000:
        return None
    return {"type": "image", "image_url": address, "alt_text": " ".join(alt.split())[:2000] or NOTHING}


def divider() -> Block:
    """A line across."""
    return {"type": "divider"}


def actions(elements: Iterable[Block | None], block_id: str | None = None) -> Block | None:
    """A row of buttons and menus; None when there are none."""
    shown = [element for element in elements if element][:25]
    if not shown:
        return None
    return {"type": "actions", "elements": shown} | ({"block_id": block_id[:255]} if block_id else {})


def button(
    label: str,
    action_id: str,
    value: str = "",
    *,
    style: str | None = None,
    confirm: Block | None = None,
    url: str | None = None,
) -> Block:
    """A button. `style` is "primary" or "danger"; a `url` that is no web address is left out."""
    block: Block = {"type": "button", "text": _plain(label, 75), "action_id": action_id[:255]}
    if value:
        block["value"] = value[:2000]
    if style in ("primary", "danger"):
        block["style"] = style
    if confirm:
        block["confirm"] = confirm
    address = web_address(url)
    return block | ({"url": address} if address else {})


def confirm(title: str, text: str, yes: str, no: str, *, style: str = "primary") -> Block:
    """The question before something that everybody notices."""
    return {
        "title": _plain(title, 100),
        "text": _plain(text, 300),
        "confirm": _plain(yes, 30),
        "deny": _plain(no, 30),
        "style": style,
    }


def _option(option: Option) -> Block:
    shown: Block = {"text": _plain(option.text, 75), "value": option.value[:150] or NOTHING}
    return shown | ({"description": _plain(option.description, 75)} if option.description else {})


def overflow(action_id: str, options: Sequence[Option]) -> Block | None:
    """The menu behind "⋯": at most five options; None when there are none."""
    if not options:
        return None
    shown = []
    for option in options[:5]:
        address = web_address(option.url)
        shown.append(_option(option) | ({"url": address} if address else {}))
    return {"type": "overflow", "action_id": action_id[:255], "options": shown}


def select(
    action_id: str, options: Sequence[Option], *, initial: str | None = None, placeholder: str = "Choose"
) -> Block:
    """A menu of up to 100 options; the one whose value is `initial` is chosen and always among those shown."""
    chosen = next((option for option in options if option.value == initial), None)
    shown = list(options[:OPTIONS])
    if chosen and chosen not in shown:
        shown[-1] = chosen
    block: Block = {
        "type": "static_select",
        "action_id": action_id[:255],
        "placeholder": _plain(placeholder, 150),
        "options": [_option(option) for option in shown or [Option(NOTHING, NOTHING)]],
    }
    return block | ({"initial_option": _option(chosen)} if chosen else {})


def multi_select(
    action_id: str,
    groups: Sequence[tuple[str, Sequence[Option]]],
    *,
    initial: Sequence[str] = (),
    placeholder: str = "Choose",
) -> Block:
    """A menu of up to 100 groups of up to 100 options, of which any number is chosen; there must be one at least."""
    shown = [(label, options[:OPTIONS]) for label, options in groups if options][:OPTIONS]
    block: Block = {
        "type": "multi_static_select",
        "action_id": action_id[:255],
        "placeholder": _plain(placeholder, 150),
        "option_groups": [
            {"label": _plain(label, 75), "options": [_option(option) for option in options]} for label, options in shown
        ],
    }
    chosen = {option.value: option for _, options in shown for option in options if option.value in initial}
    return block | ({"initial_options": [_option(option) for option in chosen.values()]} if chosen else {})


def grouped_select(
    action_id: str, groups: Sequence[tuple[str, Sequence[Option]]], *, placeholder: str = "Choose"
) -> Block | None:
    """A menu in groups, with nothing chosen; None when all are empty."""
    shown = [
        {"label": _plain(name, 75), "options": [_option(option) for option in options[:OPTIONS]]}
        for name, options in groups[:OPTIONS]
        if options
    ]
    if not shown:
        return None
    return {
        "type": "static_select",
        "action_id": action_id[:255],
        "placeholder": _plain(placeholder, 150),
        "option_groups": shown,
    }


def users_select(action_id: str, *, initial: str | None = None, placeholder: str = "Choose a person") -> Block:
    """One person of the workspace."""
    block: Block = {"type": "users_select", "action_id": action_id[:255], "placeholder": _plain(placeholder, 150)}
    return block | ({"initial_user": initial} if initial else {})


def multi_users_select(action_id: str, *, initial: Sequence[str] = (), placeholder: str = "Choose people") -> Block:
    """Any number of people of the workspace."""
    block: Block = {"type": "multi_users_select", "action_id": action_id[:255], "placeholder": _plain(placeholder, 150)}
    return block | ({"initial_users": list(initial)} if initial else {})


def plain_text_input(
    action_id: str, *, initial: str = "", multiline: bool = False, max_length: int = 3000, placeholder: str = ""
) -> Block:
    """A field to type in. `initial` is shown as it is, cut to `max_length` (at most 3000)."""
    limit = max(1, min(3000, max_length))
    block: Block = {
        "type": "plain_text_input",
        "action_id": action_id[:255],
        "multiline": multiline,
        "max_length": limit,
    }
    if initial:
        block["initial_value"] = plain_cut(initial, limit)
    return block | ({"placeholder": _plain(placeholder, 150)} if placeholder else {})


def checkboxes(action_id: str, options: Sequence[Option], *, initial: Sequence[str] = ()) -> Block:
    """Up to ten boxes; those whose value is in `initial` are ticked."""
    shown = options[:10] or [Option(NOTHING, NOTHING)]
    block: Block = {
        "type": "checkboxes",
        "action_id": action_id[:255],
        "options": [_option(option) for option in shown],
    }
    ticked = [_option(option) for option in shown if option.value in initial]
    return block | ({"initial_options": ticked} if ticked else {})


def input_block(
    block_id: str, label: str, element: Block, *, optional: bool = False, hint: str = "", dispatch: bool = False
) -> Block:
    """A labelled field of a form. With `dispatch` every change of it is an action."""
    block: Block = {
        "type": "input",
        "block_id": block_id[:255],
        "label": _plain(label, 2000),
        "element": element,
        "optional": optional,
    }
    if dispatch:
        block["dispatch_action"] = True
    return block | ({"hint": _plain(hint, 2000)} if hint else {})


def modal(
    title: str,
    submit: str | None,
    blocks: Iterable[Block | None],
    *,
    callback_id: str,
    private_metadata: str = "",
    close: str = "Cancel",
) -> Block:
    """A form; without `submit` something to read."""
    return {
        "type": "modal",
        "callback_id": callback_id[:255],
        "title": _plain(title, 24),
        **({"submit": _plain(submit, 24)} if submit else {}),
        "close": _plain(close, 24),
        "private_metadata": private_metadata[:3000],
        "blocks": [block for block in blocks if block][:VIEW_BLOCKS],
    }


def home_view(blocks: Iterable[Block | None]) -> Block:
    """The App Home tab."""
    return {"type": "home", "blocks": [block for block in blocks if block][:VIEW_BLOCKS]}
