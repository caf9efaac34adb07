"""files.* (upload in three steps) and canvases.*: https://docs.slack.dev/messaging/working-with-files"""

from __future__ import annotations

from sandbox import shapes, speaking
from sandbox.arguments import Arguments
from sandbox.errors import SlackError
from sandbox.methods.chat import checked_blocks
from sandbox.methods.table import TIER_2, TIER_3, TIER_4, joined, method, visible
from sandbox.model import Channel, File, Json
from sandbox.workspace import Workspace

SNIPPET_LIMIT = 1_000_000


@method("files.getUploadURLExternal", TIER_4, "files:write", honours="filename, length, snippet_type")
def get_upload_url(ws: Workspace, args: Arguments) -> Json:
    name, length = args.required("filename"), args.number("length", 0)
    if length <= 0:
        raise SlackError("missing_argument")
    if args.text("snippet_type") and length > SNIPPET_LIMIT:
        raise SlackError("snippet_too_large")
    file = File(ws.new_id("F"), name, length, ws.app.bot_user, ws.today, snippet_type=args.text("snippet_type"))
    ws.files[file.id] = file
    return {"upload_url": f"{ws.base}/upload/{file.id}?key={ws.new_secret(12)}", "file_id": file.id}


@method("files.completeUploadExternal", TIER_4, "files:write",
        honours="files, channel_id, channels, initial_comment, thread_ts, blocks")  # fmt: skip
def complete_upload(ws: Workspace, args: Arguments) -> Json:
    files = [_uploaded(ws, each) for each in args.nested("files") or []]
    if not files:
        raise SlackError("missing_argument")
    named = args.ids("channel_id") or args.ids("channels")
    channels = [joined(ws, Arguments({"channel": each}), archived="posting_to_channel_denied") for each in named]
    blocks = checked_blocks(args.nested("blocks") or []) if "initial_comment" not in args else []
    for file in files:
        file.completed = True
    for channel in channels:
        _share(ws, channel, files, args, blocks)
    return {"files": [shapes.file(ws, file) for file in files]}


def _uploaded(ws: Workspace, given: object) -> File:
    if not isinstance(given, dict) or given.get("id") not in ws.files:
        raise SlackError("file_not_found")
    file = ws.files[given["id"]]
    if file.content is None or file.completed:
        raise SlackError("file_update_failed" if file.content is None else "file_not_found")
    file.title = str(given.get("title") or "")
    return file


def _share(ws: Workspace, channel: Channel, files: list[File], args: Arguments, blocks: list[Json]) -> None:
    thread = next((m for m in channel.log if m.ts == args.text("thread_ts")), None)
    message = speaking.post(
        ws, channel, ws.app.bot_user, args.text("initial_comment"), files=files, thread=thread, blocks=blocks
    )
    for file in files:
        file.shares.append((channel.id, message.ts))


@method("files.info", TIER_4, "files:read", honours="file")
def file_info(ws: Workspace, args: Arguments) -> Json:
    file = ws.files.get(args.required("file"))
    if file is None or not file.completed:
        raise SlackError("file_not_found")
    return {"file": shapes.file(ws, file)}


def _content(args: Arguments) -> str:
    content = args.nested("document_content") or {"type": "markdown", "markdown": ""}
    if not isinstance(content, dict) or content.get("type") != "markdown":
        raise SlackError("canvas_creation_failed")
    return str(content.get("markdown", ""))


@method("canvases.create", TIER_2, "canvases:write", honours="title, document_content, channel_id")
def create_canvas(ws: Workspace, args: Arguments) -> Json:
    if ws.plan_is_free and "channel_id" not in args:
        raise SlackError("free_teams_cannot_create_non_tabbed_canvases")
    canvas = ws.new_id("F")
    ws.canvases[canvas] = {"title": args.text("title"), "markdown": _content(args)}
    return {"canvas_id": canvas}


@method("conversations.canvases.create", TIER_2, "canvases:write", honours="channel_id, document_content")
def create_channel_canvas(ws: Workspace, args: Arguments) -> Json:
    channel = visible(ws, args, "channel_id")
    if channel.canvas:
        raise SlackError("channel_canvas_already_exists")
    channel.canvas = ws.new_id("F")
    ws.canvases[channel.canvas] = {"title": "", "markdown": _content(args)}
    return {"canvas_id": channel.canvas}


@method(
    "canvases.edit", TIER_3, "canvases:write", honours="canvas_id; changes: insert_at_start, insert_at_end, replace"
)
def edit_canvas(ws: Workspace, args: Arguments) -> Json:
    canvas = ws.canvases.get(args.required("canvas_id"))
    if canvas is None:
        raise SlackError("canvas_not_found")
    changes = args.nested("changes") or []
    if len(changes) != 1:
        raise SlackError("canvas_editing_failed")
    text = str((changes[0].get("document_content") or {}).get("markdown", ""))
    match changes[0].get("operation"):
        case "insert_at_start":
            canvas["markdown"] = text + canvas["markdown"]
        case "insert_at_end":
            canvas["markdown"] += text
        case "replace" if "section_id" not in changes[0]:
            canvas["markdown"] = text
        case _:
            raise SlackError("canvas_editing_failed")
    return {}
