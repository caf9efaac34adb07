"""What the app scheduled is posted by Slack when its time has come."""

from __future__ import annotations

import asyncio

from sandbox import speaking
from sandbox.workspace import Workspace


async def keep_posting(workspace: Workspace) -> None:
    """Post scheduled messages, until cancelled."""
    while True:
        if not workspace.scheduled:
            await workspace.pulse.next()
            continue
        entry = min(workspace.scheduled.values(), key=lambda each: each.post_at)
        if entry.post_at > workspace.clock.seconds():
            beat = asyncio.ensure_future(workspace.pulse.next())
            due = asyncio.ensure_future(workspace.clock.until(entry.post_at))
            await asyncio.wait({beat, due}, return_when=asyncio.FIRST_COMPLETED)
            beat.cancel()
            due.cancel()
            continue
        del workspace.scheduled[entry.id]
        channel = workspace.channels[entry.channel]
        if channel.is_archived or workspace.app.bot_user not in channel.members:
            continue  # Slack drops it without telling anybody
        thread = workspace.find_message(channel, entry.thread_ts) if entry.thread_ts else None
        speaking.post(
            workspace, channel, workspace.app.bot_user, entry.said.get("text", ""),
            blocks=entry.said.get("blocks"), attachments=entry.said.get("attachments"), thread=thread,
        )  # fmt: skip
