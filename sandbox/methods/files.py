"""files.*: an upload in three steps. https://docs.slack.dev/messaging/working-with-files"""

from __future__ import annotations

from sandbox import api_objects, channel_operations
from sandbox.arguments import Arguments
from sandbox.errors import SlackError
from sandbox.methods.chat import checked_blocks
from sandbox.methods.registry import TIER_4, joined_channel, method
from sandbox.model import Channel, File, Json
from sandbox.workspace import WorkspaceState

SNIPPET_LIMIT = 1_000_000
ALT_TEXT = 1_000
"""Characters of the description of a picture."""


@method("files.getUploadURLExternal", TIER_4, "files:write", arguments="filename, length, snippet_type, alt_txt")
def get_upload_url(ws: WorkspaceState, args: Arguments) -> Json:
    name, length = args.text("filename"), args.number("length", 0)
    if length <= 0 or not name:
        raise SlackError("missing_argument")
    if args.text("snippet_type") and length > SNIPPET_LIMIT:
        raise SlackError("snippet_too_large")
    if len(args.text("alt_txt")) > ALT_TEXT:
        raise SlackError("alt_txt_too_large")
    file = File(ws.new_id("F"), name, length, ws.app.bot_user, ws.now_seconds, snippet_type=args.text("snippet_type"))
    file.alt_text = args.text("alt_txt")
    file.key = ws.new_secret(12)
    ws.files[file.id] = file
    return {"upload_url": f"{ws.base_url}/upload/{file.id}?key={file.key}", "file_id": file.id}


@method("files.completeUploadExternal", TIER_4, "files:write",
        arguments="files, channel_id, channels, initial_comment, thread_ts, blocks")  # fmt: skip
def complete_upload(ws: WorkspaceState, args: Arguments) -> Json:
    files = [_uploaded(ws, each) for each in args.nested("files") or []]
    if not files:
        raise SlackError("missing_argument")
    named = args.ids("channel_id") or args.ids("channels")
    channels = [
        joined_channel(ws, Arguments({"channel": each}), archived="posting_to_channel_denied") for each in named
    ]
    blocks = checked_blocks(args.nested("blocks") or []) if "initial_comment" not in args else []
    for file in files:
        file.completed = True
    # Slack shares the files after answering: `shares` comes with the event file_shared and from files.info.
    answer: Json = {"files": [api_objects.file(ws, file) for file in files]}
    for channel in channels:
        _share(ws, channel, files, args, blocks)
    return answer


def _uploaded(ws: WorkspaceState, given: object) -> File:
    if not isinstance(given, dict) or given.get("id") not in ws.files:
        raise SlackError("file_not_found")
    file = ws.files[given["id"]]
    if file.content is None or file.completed:
        raise SlackError("file_update_failed" if file.content is None else "file_not_found")
    file.title = str(given.get("title") or "")
    return file


def _share(ws: WorkspaceState, channel: Channel, files: list[File], args: Arguments, blocks: list[Json]) -> None:
    thread = next((m for m in channel.log if m.ts == args.text("thread_ts")), None)
    message = channel_operations.post(
        ws, channel, ws.app.bot_user, args.text("initial_comment"), files=files, thread=thread, blocks=blocks
    )
    for file in files:
        file.shares.append((channel.id, message.ts))


@method("files.info", TIER_4, "files:read", arguments="file")
def file_info(ws: WorkspaceState, args: Arguments) -> Json:
    file = ws.files.get(args.required("file"))
    if file is None or not file.completed:
        raise SlackError("file_not_found")
    return {"file": api_objects.file(ws, file)}
