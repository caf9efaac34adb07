"""Protects the page: security headers on every answer, and no changes on behalf of another site."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def with_security_headers(handler: Handler) -> Handler:
    """The handler, with headers that forbid scripts, styles and frames of other origins."""

    async def with_headers(request: web.Request) -> web.StreamResponse:
        answer = await handler(request)
        if not answer.prepared:
            answer.headers.update(HEADERS)
        return answer

    return with_headers


def same_origin_only(handler: Handler) -> Handler:
    """The handler, for requests that change something: 403 when a page of another origin sends them.

    Browsers name the origin of a POST. A request without one comes from a script or a test and is allowed.
    """

    async def checked(request: web.Request) -> web.StreamResponse:
        origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")
        foreign = origin is not None and origin != f"http://{request.host}"
        if foreign or site not in (None, "same-origin", "none"):
            return web.json_response({"error": "Only the sandbox's own page may do this."}, status=403)
        return await handler(request)

    return with_security_headers(checked)
