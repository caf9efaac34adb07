"""Reads Block Kit as a person does: the visible text, the buttons and the menu options."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

_NOT_SHOWN = {"options", "option_groups", "confirm", "initial_option", "initial_options", "placeholder", "state"}


@dataclass(frozen=True)
class Control:
    """A button, or one option of a menu, with the block and element it belongs to."""

    block: Json
    element: Json
    label: str
    option: Json | None = None


def elements(blocks: Sequence[Json]) -> Iterator[tuple[Json, Json]]:
    """Every interactive element as (block, element), top to bottom."""
    for block in blocks:
        inside = list(block.get("elements", ())) if block["type"] in {"actions", "context_actions"} else []
        inside += [block[key] for key in ("accessory", "element") if isinstance(block.get(key), dict)]
        for element in inside:
            if "action_id" in element:
                yield block, element


def options_of(element: Json) -> list[Json]:
    """The options of a menu, those of its groups included."""
    grouped = [option for group in element.get("option_groups", ()) for option in group["options"]]
    return [*element.get("options", ()), *grouped]


def controls(blocks: Sequence[Json]) -> Iterator[Control]:
    """Every button and every menu option, with its label."""
    for block, element in elements(blocks):
        if "text" in element:
            yield Control(block, element, element["text"]["text"])
        for option in options_of(element):
            yield Control(block, element, option["text"]["text"], option)


def labels(blocks: Sequence[Json]) -> list[str]:
    """The labels of all `controls`."""
    return [control.label for control in controls(blocks)]


def plain(thing: object) -> str:
    """All visible text, one piece per line. Menu options are not part of it; see `labels`."""
    return "\n".join(piece for piece in _pieces(thing) if piece)


def _pieces(thing: object) -> Iterator[str]:
    if isinstance(thing, list):
        for item in thing:
            yield from _pieces(item)
    elif isinstance(thing, dict):
        yield from _of_dict(thing)


def _of_dict(thing: Json) -> Iterator[str]:
    match thing.get("type"):
        case "user":
            yield f"<@{thing['user_id']}>"
        case "channel":
            yield f"<#{thing['channel_id']}>"
        case "emoji":
            yield f":{thing['name']}:"
        case "link" if "text" not in thing:
            yield thing["url"]
        case "image":
            yield thing.get("alt_text", "")
        case _:
            yield ""
    for key, value in thing.items():
        if key in _NOT_SHOWN:
            continue
        if key in {"text", "markdown"} and isinstance(value, str):
            yield value
        else:
            yield from _pieces(value)
