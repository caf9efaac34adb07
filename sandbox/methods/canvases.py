"""canvases.*: https://docs.slack.dev/surfaces/canvases. A canvas is its Markdown, cut into sections at blank lines."""

from __future__ import annotations

import re

from sandbox.arguments import Arguments
from sandbox.errors import SlackError, invalid
from sandbox.methods.registry import TIER_2, TIER_3, joined_channel, method, visible_channel
from sandbox.model import Canvas, CanvasSection, Channel, Json
from sandbox.workspace import WorkspaceState

HEADERS = {"h1": "# ", "h2": "## ", "h3": "### "}


def _sections(ws: WorkspaceState, content: object, code: str) -> list[CanvasSection]:
    if not isinstance(content, dict) or content.get("type") != "markdown":
        raise SlackError(code)
    pieces = re.split(r"\n{2,}", str(content.get("markdown", "")).strip())
    return [CanvasSection(ws.new_id("Se"), piece) for piece in pieces if piece]


def _new(ws: WorkspaceState, args: Arguments) -> str:
    content = args.nested("document_content")
    sections = [] if content is None else _sections(ws, content, "canvas_creation_failed")
    canvas = Canvas(ws.new_id("F"), args.text("title"), sections)
    ws.canvases[canvas.id] = canvas
    return canvas.id


def _writable(ws: WorkspaceState, args: Arguments) -> Channel:
    try:
        return joined_channel(ws, args, "channel_id")
    except SlackError:
        raise SlackError("canvas_creation_failed") from None


def _canvas(ws: WorkspaceState, args: Arguments) -> Canvas:
    canvas = ws.canvases.get(args.required("canvas_id"))
    if canvas is None:
        raise SlackError("canvas_not_found")
    return canvas


@method("canvases.create", TIER_2, "canvases:write", arguments="title, document_content, channel_id")
def create(ws: WorkspaceState, args: Arguments) -> Json:
    if ws.plan_is_free and "channel_id" not in args:
        raise SlackError("free_teams_cannot_create_non_tabbed_canvases")
    if "channel_id" in args:
        _writable(ws, args)
    return {"canvas_id": _new(ws, args)}


@method("conversations.canvases.create", TIER_2, "canvases:write", arguments="channel_id, title, document_content")
def create_for_channel(ws: WorkspaceState, args: Arguments) -> Json:
    if ws.plan_is_free:
        raise SlackError("team_tier_cannot_create_channel_canvases")
    channel = _writable(ws, args)
    if channel.canvas:
        raise SlackError("channel_canvas_already_exists")
    channel.canvas = _new(ws, args)
    return {"canvas_id": channel.canvas}


@method("canvases.edit", TIER_3, "canvases:write", arguments="canvas_id; changes, one a call: insert_at_start, insert_at_end, "
        "insert_before, insert_after, replace, delete")  # fmt: skip
def edit(ws: WorkspaceState, args: Arguments) -> Json:
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
    first, last = _replaced_slice(str(change.get("operation")), found, len(canvas.sections))
    canvas.sections[first:last] = new
    ws.changed.notify()
    return {}


def _replaced_slice(operation: str, found: list[int], count: int) -> tuple[int, int]:
    """The slice of sections that is replaced: (first, one after the last). Raises canvas_editing_failed."""
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
    "canvases.sections.lookup", TIER_3, "canvases:read", arguments="canvas_id; criteria: section_types, contains_text"
)
def look_up(ws: WorkspaceState, args: Arguments) -> Json:
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


@method("canvases.access.set", TIER_3, "canvases:write", arguments="canvas_id, access_level, channel_ids or user_ids")
def set_access(ws: WorkspaceState, args: Arguments) -> Json:
    canvas, level = _canvas(ws, args), args.required("access_level")
    channels, users = args.ids("channel_ids"), args.ids("user_ids")
    if level not in ("read", "write", "owner") or bool(channels) == bool(users):
        raise SlackError("invalid_parameters")
    if any(user not in ws.people for user in users):
        raise SlackError("user_not_found")
    for channel in channels:
        visible_channel(ws, Arguments({"channel": channel}))
    canvas.access |= dict.fromkeys([*channels, *users], level)
    return {}
