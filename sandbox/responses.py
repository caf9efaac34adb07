"""What an app posts to a response_url. https://docs.slack.dev/interactivity/handling-user-interaction"""

from __future__ import annotations

from sandbox import speaking
from sandbox.arguments import Arguments
from sandbox.errors import SlackError
from sandbox.methods.chat import said
from sandbox.model import Json
from sandbox.triggers import ResponseUrl
from sandbox.workspace import Workspace


def respond(ws: Workspace, url: ResponseUrl, args: Arguments) -> None:
    """Do it, in the channel of the gesture, whether the app is in there or not. Raises SlackError."""
    channel, original = ws.channels[url.channel], url.message
    if args.flag("delete_original"):
        if original is not None and original.only_for is None:
            speaking.delete(ws, channel, original)
        elif original is not None:
            original.deleted = True
        return
    found: Json = said(args)
    if not any(found.values()):
        raise SlackError("no_text")
    if args.flag("replace_original") and original is not None:
        speaking.rewrite(ws, original, found)
        return
    thread = ws.find_message(channel, args.text("thread_ts")) if "thread_ts" in args else None
    if args.text("response_type", "ephemeral") == "in_channel":
        speaking.post(
            ws, channel, ws.app.bot_user, found.get("text", ""),
            blocks=found.get("blocks"), attachments=found.get("attachments"), thread=thread,
        )  # fmt: skip
    else:
        speaking.whisper(ws, channel, url.user, found, thread)
