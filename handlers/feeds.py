"""`GET /oncall/SCHEDULE.ics?key=…` and `/oncall/people/ID.ics?key=…`: shifts, for calendars that read them by themselves.

Whatever is wrong with a link is answered alike: a stranger learns neither which schedules there are nor which keys.
"""

from __future__ import annotations

import structlog
from aiohttp import web

from blocks.ical import calendar_text
from warroom.errors import StoreUnavailable
from warroom.oncall.feeds import Feed, feed_of
from warroom.ports import World

log = structlog.get_logger(__name__)

NO_SUCH = (
    "There is no such calendar: the link is wrong, or it was revoked. Get a new one in Slack: /incident oncall calendar"
)
HEADERS = {
    "Cache-Control": "private, max-age=300",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}


def routes(world: World) -> web.RouteTableDef:
    """The two routes."""
    table = web.RouteTableDef()

    @table.get("/oncall/people/{name}.ics")
    async def of_person(request: web.Request) -> web.Response:
        return await _answer(world, request, person=request.match_info["name"])

    @table.get("/oncall/{name}.ics")
    async def of_schedule(request: web.Request) -> web.Response:
        return await _answer(world, request, schedule=request.match_info["name"])

    return table


async def _answer(
    world: World, request: web.Request, *, schedule: str | None = None, person: str | None = None
) -> web.Response:
    try:
        feed: Feed | None = await feed_of(world, request.query.get("key", ""), schedule=schedule, person=person)
    except StoreUnavailable as error:
        log.warning("a calendar cannot be answered; the database is away", error=str(error))
        why = {"error": "The database cannot be reached. Try again."}
        return web.json_response(why, status=503, headers={"Retry-After": "60"})
    if feed is None:
        return web.json_response({"error": NO_SUCH}, status=404, headers=HEADERS)
    said = calendar_text(feed, world.clock.now())
    return web.Response(text=said, content_type="text/calendar", charset="utf-8", headers=HEADERS)
