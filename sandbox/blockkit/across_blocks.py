"""Checks across all blocks of a surface: duplicate ids, total lengths, one table, one focus."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.blockkit.checks import Location
from sandbox.blockkit.layout import MARKDOWN_IN_ALL, TABLE_IN_ALL, Surface


def check_across_blocks(blocks: list[Any], surface: Surface, location: Location) -> None:
    """Add the problems of the blocks as a whole, after each has been checked by itself."""
    shaped = [(location.at(i), block) for i, block in enumerate(blocks) if isinstance(block, dict)]
    _block_ids(shaped)
    _action_ids(shaped, within_block=surface != "message")
    _total_lengths(shaped, location)
    focused = [place for at, block in shaped for place, part in _parts(block, at) if part.get("focus_on_load") is True]
    for place in focused[1:]:
        place.at("focus_on_load").error("only one element may have focus_on_load")


def _block_ids(shaped: list[tuple[Location, dict[str, Any]]]) -> None:
    known: set[str] = set()
    for at, block in shaped:
        block_id = block.get("block_id")
        if isinstance(block_id, str):
            if block_id in known:
                at.at("block_id").error(f'`block_id` "{block_id}" already exists')
            known.add(block_id)


def _action_ids(shaped: list[tuple[Location, dict[str, Any]]], *, within_block: bool) -> None:
    """In a form, `within_block`, another block may repeat an action_id, because values are addressed by block_id too."""
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


def _parts(part: Any, at: Location) -> Iterator[tuple[Location, dict[str, Any]]]:
    """Every object within `part` and its location, outermost first."""
    if isinstance(part, dict):
        yield at, part
        for name, inner in part.items():
            yield from _parts(inner, at.at(name))
    elif isinstance(part, list):
        for i, inner in enumerate(part):
            yield from _parts(inner, at.at(i))


def _total_lengths(shaped: list[tuple[Location, dict[str, Any]]], location: Location) -> None:
    markdown = sum(text_length(block) for _, block in shaped if block.get("type") == "markdown")
    if markdown > MARKDOWN_IN_ALL:
        location.error(f"all markdown blocks together must be less than {MARKDOWN_IN_ALL + 1} characters")
    tables = [(at, block) for at, block in shaped if block.get("type") == "table"]
    for at, _ in tables[1:]:
        at.error("only_one_table_allowed")
    if sum(text_length(block) for _, block in tables) > TABLE_IN_ALL:
        location.error(f"all cells of a table together must be less than {TABLE_IN_ALL + 1} characters")


def text_length(part: Any) -> int:
    """The total length of all texts within `part`, which Slack limits with msg_blocks_too_long."""
    if isinstance(part, dict):
        return sum(len(v) if k == "text" and isinstance(v, str) else text_length(v) for k, v in part.items())
    return sum(map(text_length, part)) if isinstance(part, list) else 0
