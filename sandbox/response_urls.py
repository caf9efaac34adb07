"""What a post to a response_url does. https://docs.slack.dev/interactivity/handling-user-interaction"""

from __future__ import annotations

from sandbox import channel_operations
from sandbox.arguments import Arguments
from sandbox.errors import SlackError
from sandbox.methods.chat import message_content
from sandbox.model import Json
from sandbox.triggers import ResponseUrl
from sandbox.workspace import WorkspaceState


def respond(ws: WorkspaceState, url: ResponseUrl, args: Arguments) -> None:
    """Post, replace or delete, in the channel of the click or command; the app need not be a member. Raises SlackError."""
    channel, original = ws.channels[url.channel], url.message
    if args.flag("delete_original"):
        if original is not None and original.only_for is None:
            channel_operations.delete(ws, channel, original)
        elif original is not None:
            original.deleted = True
        return
    found: Json = message_content(args)
    if not any(found.values()):
        raise SlackError("no_text")
    if args.flag("replace_original") and original is not None:
        channel_operations.replace_content(ws, original, found)
        return
    thread = ws.find_message(channel, args.text("thread_ts")) if "thread_ts" in args else None
    if args.text("response_type", "ephemeral") == "in_channel":
        channel_operations.post(
            ws, channel, ws.app.bot_user, found.get("text", ""),
            blocks=found.get("blocks"), attachments=found.get("attachments"), thread=thread,
        )  # fmt: skip
    else:
        channel_operations.post_ephemeral(ws, channel, url.user, found, thread)
