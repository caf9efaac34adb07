"""Applies a fault to one HTTP call: a refusal, an unreadable answer, a closed connection, or no answer at all."""

from __future__ import annotations

import math

from aiohttp import web

from sandbox.clock import really_wait
from sandbox.faults import CallFault

HANG_SECONDS = 3600.0
"""Real seconds that a hanging call stays open; every client gives up before."""


async def response_before_effect(fault: CallFault, request: web.Request) -> web.StreamResponse | None:
    """The response that the caller gets in place of the call taking effect; None when the call goes on."""
    match fault.kind:
        case "ratelimited":
            headers = {"Retry-After": f"{max(1, math.ceil(fault.seconds))}"}
            return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers=headers)
        case "500":
            return web.json_response({"ok": False, "error": "internal_error"}, status=500)
        case "503":
            page = "<html><body>Service unavailable</body></html>"
            return web.Response(status=503, text=page, content_type="text/html")
        case "reset_before":
            return _closed_connection(request)
        case "hang_before":
            await really_wait(HANG_SECONDS)
        case "delay" if fault.until is not None:
            await fault.until.wait()
        case "delay":
            await really_wait(fault.seconds)
    return None


async def response_after_effect(fault: CallFault, request: web.Request) -> web.StreamResponse | None:
    """The response that replaces the real one after the call took effect; None when the real one is sent."""
    match fault.kind:
        case "reset_after":
            return _closed_connection(request)
        case "internal_error_after":
            return web.json_response({"ok": False, "error": "internal_error"})
        case "garbage_after":
            return web.Response(text="<!doctype html><title>Slack</title>", content_type="text/html")
        case "hang_after":
            await really_wait(HANG_SECONDS)
    return None


def _closed_connection(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)
