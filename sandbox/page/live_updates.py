"""Live updates: a server-sent event after every change, at most about twenty a second."""

from __future__ import annotations

import asyncio

from aiohttp import web

from sandbox.clock import really_wait
from sandbox.page.security import HEADERS
from sandbox.workspace import WorkspaceState

TOGETHER = 0.05
"""Real seconds within which changes are sent as one event."""
QUIET = 15.0
"""Real seconds without a change after which a comment is sent, to notice a closed connection."""


async def stream(ws: WorkspaceState, request: web.Request) -> web.StreamResponse:
    """The stream of events, until the browser disconnects."""
    answer = web.StreamResponse(headers=HEADERS | {"Content-Type": "text/event-stream"})
    await answer.prepare(request)
    change = asyncio.ensure_future(ws.changed.wait())
    try:
        await answer.write(b"retry: 500\n\n")
        while True:
            done, _ = await asyncio.wait({change}, timeout=QUIET)
            if not done:
                await answer.write(b": still here\n\n")
                continue
            await really_wait(TOGETHER)
            change = asyncio.ensure_future(ws.changed.wait())
            await answer.write(b"event: change\ndata: 1\n\n")
    except ConnectionError:
        return answer
    finally:
        change.cancel()
