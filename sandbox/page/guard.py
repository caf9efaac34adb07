"""Who may talk to the page: browsers looking at this very page, and whoever has no browser at all."""

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


def shown(handler: Handler) -> Handler:
    """The handler with the headers that keep foreign scripts out of its page."""

    async def with_headers(request: web.Request) -> web.StreamResponse:
        answer = await handler(request)
        if not answer.prepared:
            answer.headers.update(HEADERS)
        return answer

    return with_headers


def acts(handler: Handler) -> Handler:
    """The handler for requests that change something: refused when another site's page makes them.

    Browsers say where a POST comes from; a request without a word about it comes from a terminal or a test.
    """

    async def checked(request: web.Request) -> web.StreamResponse:
        origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")
        foreign = origin is not None and origin != f"http://{request.host}"
        if foreign or site not in (None, "same-origin", "none"):
            return web.json_response({"error": "Only the sandbox's own page may do this."}, status=403)
        return await handler(request)

    return shown(checked)
