"""What can only be judged over all blocks together: ids that repeat, and sums."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.blockkit.layout import MARKDOWN_IN_ALL, TABLE_IN_ALL, Surface
from sandbox.blockkit.spot import Spot


def together(blocks: list[Any], surface: Surface, spot: Spot) -> None:
    """Write down what is wrong with well-formed blocks as a whole."""
    shaped = [(spot.at(i), block) for i, block in enumerate(blocks) if isinstance(block, dict)]
    _block_ids(shaped)
    _action_ids(shaped, within_block=surface != "message")
    _sums(shaped, spot)
    focused = [place for at, block in shaped for place, part in _parts(block, at) if part.get("focus_on_load") is True]
    for place in focused[1:]:
        place.at("focus_on_load").error("only one element may have focus_on_load")


def _block_ids(shaped: list[tuple[Spot, dict[str, Any]]]) -> None:
    known: set[str] = set()
    for at, block in shaped:
        block_id = block.get("block_id")
        if isinstance(block_id, str):
            if block_id in known:
                at.at("block_id").error(f'`block_id` "{block_id}" already exists')
            known.add(block_id)


def _action_ids(shaped: list[tuple[Spot, dict[str, Any]]], *, within_block: bool) -> None:
    """A form may repeat an action_id in another block, since its values are told apart by block_id."""
    known: set[str] = set()
    for at, block in shaped:
        if within_block:
            known = set()
        for place, part in _parts(block, at):
            action_id = part.get("action_id")
            if isinstance(action_id, str):
                if action_id in known:
                    place.at("action_id").error(f'`action_id` "{action_id}" already exists')
                known.add(action_id)


def _parts(part: Any, at: Spot) -> Iterator[tuple[Spot, dict[str, Any]]]:
    """Every object within, outermost first."""
    if isinstance(part, dict):
        yield at, part
        for name, inner in part.items():
            yield from _parts(inner, at.at(name))
    elif isinstance(part, list):
        for i, inner in enumerate(part):
            yield from _parts(inner, at.at(i))


def _sums(shaped: list[tuple[Spot, dict[str, Any]]], spot: Spot) -> None:
    markdown = sum(text_length(block) for _, block in shaped if block.get("type") == "markdown")
    if markdown > MARKDOWN_IN_ALL:
        spot.error(f"all markdown blocks together must be less than {MARKDOWN_IN_ALL + 1} characters")
    tables = [(at, block) for at, block in shaped if block.get("type") == "table"]
    for at, _ in tables[1:]:
        at.error("only_one_table_allowed")
    if sum(text_length(block) for _, block in tables) > TABLE_IN_ALL:
        spot.error(f"all cells of a table together must be less than {TABLE_IN_ALL + 1} characters")


def text_length(part: Any) -> int:
    """Characters of all text within, however deep: what Slack adds up before it answers msg_blocks_too_long."""
    if isinstance(part, dict):
        return sum(len(v) if k == "text" and isinstance(v, str) else text_length(v) for k, v in part.items())
    return sum(map(text_length, part)) if isinstance(part, list) else 0
