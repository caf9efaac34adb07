"""Live updates: a server-sent event whenever something changed, at most some twenty a second."""

from __future__ import annotations

import asyncio

from aiohttp import web

from sandbox.clock import really_wait
from sandbox.page.guard import HEADERS
from sandbox.workspace import Workspace

TOGETHER = 0.05
"""Real seconds within which changes are told as one."""
QUIET = 15.0
"""Real seconds of silence after which a comment shows whether anybody still listens."""


async def stream(ws: Workspace, request: web.Request) -> web.StreamResponse:
    """The stream, until the browser goes away."""
    answer = web.StreamResponse(headers=HEADERS | {"Content-Type": "text/event-stream"})
    await answer.prepare(request)
    beat = asyncio.ensure_future(ws.pulse.next())
    try:
        await answer.write(b"retry: 500\n\n")
        while True:
            done, _ = await asyncio.wait({beat}, timeout=QUIET)
            if not done:
                await answer.write(b": still here\n\n")
                continue
            await really_wait(TOGETHER)
            beat = asyncio.ensure_future(ws.pulse.next())
            await answer.write(b"event: change\ndata: 1\n\n")
    except ConnectionError:
        return answer
    finally:
        beat.cancel()
