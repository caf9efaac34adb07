"""canvases.*: https://docs.slack.dev/surfaces/canvases. A canvas is its Markdown, cut into sections at blank lines."""

from __future__ import annotations

import re

from sandbox.arguments import Arguments
from sandbox.errors import SlackError, invalid
from sandbox.methods.table import TIER_2, TIER_3, joined, method, visible
from sandbox.model import Canvas, Channel, Json, Section
from sandbox.workspace import Workspace

HEADERS = {"h1": "# ", "h2": "## ", "h3": "### "}


def _sections(ws: Workspace, content: object, code: str) -> list[Section]:
    if not isinstance(content, dict) or content.get("type") != "markdown":
        raise SlackError(code)
    pieces = re.split(r"\n{2,}", str(content.get("markdown", "")).strip())
    return [Section(ws.new_id("Se"), piece) for piece in pieces if piece]


def _new(ws: Workspace, args: Arguments) -> str:
    content = args.nested("document_content")
    sections = [] if content is None else _sections(ws, content, "canvas_creation_failed")
    canvas = Canvas(ws.new_id("F"), args.text("title"), sections)
    ws.canvases[canvas.id] = canvas
    return canvas.id


def _writable(ws: Workspace, args: Arguments) -> Channel:
    try:
        return joined(ws, args, "channel_id")
    except SlackError:
        raise SlackError("canvas_creation_failed") from None


def _canvas(ws: Workspace, args: Arguments) -> Canvas:
    canvas = ws.canvases.get(args.required("canvas_id"))
    if canvas is None:
        raise SlackError("canvas_not_found")
    return canvas


@method("canvases.create", TIER_2, "canvases:write", honours="title, document_content, channel_id")
def create(ws: Workspace, args: Arguments) -> Json:
    if ws.plan_is_free and "channel_id" not in args:
        raise SlackError("free_teams_cannot_create_non_tabbed_canvases")
    if "channel_id" in args:
        _writable(ws, args)
    return {"canvas_id": _new(ws, args)}


@method("conversations.canvases.create", TIER_2, "canvases:write", honours="channel_id, title, document_content")
def create_for_channel(ws: Workspace, args: Arguments) -> Json:
    if ws.plan_is_free:
        raise SlackError("team_tier_cannot_create_channel_canvases")
    channel = _writable(ws, args)
    if channel.canvas:
        raise SlackError("channel_canvas_already_exists")
    channel.canvas = _new(ws, args)
    return {"canvas_id": channel.canvas}


@method("canvases.edit", TIER_3, "canvases:write", honours="canvas_id; changes, one a call: insert_at_start, insert_at_end, "
        "insert_before, insert_after, replace, delete")  # fmt: skip
def edit(ws: Workspace, args: Arguments) -> Json:
    canvas = _canvas(ws, args)
    changes = args.nested("changes")
    if not isinstance(changes, list) or len(changes) != 1 or not isinstance(changes[0], dict):
        raise SlackError("canvas_editing_failed")
    change = changes[0]
    found = [at for at, section in enumerate(canvas.sections) if section.id == change.get("section_id")]
    if "section_id" in change and not found:
        raise SlackError("canvas_editing_failed")
    new = (
        []
        if change.get("operation") == "delete"
        else _sections(ws, change.get("document_content"), "canvas_editing_failed")
    )
    first, last = _place(str(change.get("operation")), found, len(canvas.sections))
    canvas.sections[first:last] = new
    ws.pulse.beat()
    return {}


def _place(operation: str, found: list[int], count: int) -> tuple[int, int]:
    """(the first section that gives way, the one after the last)."""
    match operation, found:
        case "insert_at_start", []:
            return 0, 0
        case "insert_at_end", []:
            return count, count
        case "replace", []:
            return 0, count
        case "insert_before", [at]:
            return at, at
        case "insert_after", [at]:
            return at + 1, at + 1
        case (("replace" | "delete"), [at]):
            return at, at + 1
    raise SlackError("canvas_editing_failed")


@method(
    "canvases.sections.lookup", TIER_3, "canvases:read", honours="canvas_id; criteria: section_types, contains_text"
)
def look_up(ws: Workspace, args: Arguments) -> Json:
    canvas, criteria = _canvas(ws, args), args.object("criteria")
    types, text = criteria.get("section_types"), str(criteria.get("contains_text", ""))
    if any(kind not in (*HEADERS, "any_header") for kind in types or ()):
        raise invalid("invalid_arguments", ["[ERROR] unknown section type [json-pointer:/criteria/section_types]"])
    starts = tuple(HEADERS.values()) if "any_header" in (types or ()) else tuple(HEADERS[kind] for kind in types or ())
    return {
        "sections": [
            {"id": section.id}
            for section in canvas.sections
            if text in section.text and (types is None or section.text.startswith(starts))
        ]
    }


@method("canvases.access.set", TIER_3, "canvases:write", honours="canvas_id, access_level, channel_ids or user_ids")
def set_access(ws: Workspace, args: Arguments) -> Json:
    canvas, level = _canvas(ws, args), args.required("access_level")
    channels, users = args.ids("channel_ids"), args.ids("user_ids")
    if level not in ("read", "write", "owner") or bool(channels) == bool(users):
        raise SlackError("invalid_parameters")
    if any(user not in ws.people for user in users):
        raise SlackError("user_not_found")
    for channel in channels:
        visible(ws, Arguments({"channel": channel}))
    canvas.access |= dict.fromkeys([*channels, *users], level)
    return {}
