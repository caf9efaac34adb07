"""Trouble as the app meets it: refusals, broken answers, connections that end, answers that never come."""

from __future__ import annotations

import math

from aiohttp import web

from sandbox.clock import really_wait
from sandbox.faults import Fault
from sandbox.wire import answered

HANG = 3600.0
"""Real seconds a hanging call hangs; whoever asks gives up before."""


async def before(fault: Fault, request: web.Request) -> web.StreamResponse | None:
    """What the call gets instead of taking effect; None when it goes on."""
    match fault.kind:
        case "ratelimited":
            return answered(
                {"ok": False, "error": "ratelimited"}, 429, {"Retry-After": f"{max(1, math.ceil(fault.seconds))}"}
            )
        case "500":
            return answered({"ok": False, "error": "internal_error"}, 500)
        case "503":
            return web.Response(
                status=503, text="<html><body>Service unavailable</body></html>", content_type="text/html"
            )
        case "reset_before":
            return _reset(request)
        case "hang_before":
            await really_wait(HANG)
        case "delay" if fault.until is not None:
            await fault.until.wait()
        case "delay":
            await really_wait(fault.seconds)
    return None


async def after(fault: Fault, request: web.Request) -> web.StreamResponse | None:
    """What the call gets instead of its answer, though it took effect; None when it gets its answer."""
    match fault.kind:
        case "reset_after":
            return _reset(request)
        case "internal_error_after":
            return answered({"ok": False, "error": "internal_error"})
        case "garbage_after":
            return web.Response(text="<!doctype html><title>Slack</title>", content_type="text/html")
        case "hang_after":
            await really_wait(HANG)
    return None


def _reset(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)
