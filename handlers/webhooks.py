"""`POST /hooks/…`: what other systems tell. It is answered with 202 only after it is stored, so that the sender's retry works for
us.

What cannot be used is answered with 400 and the reason, and kept whole in the quarantine.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable

from aiohttp import web

from warroom.alerts.quarantine import unusable
from warroom.alerts.usecases import receive
from warroom.errors import Conflict, StoreUnavailable
from warroom.outbox.incoming import Incoming
from warroom.outbox.remote import take
from warroom.ports import World
from warroom.webhook import Refusal, Webhook, WebhookBody

log = logging.getLogger(__name__)

LIMIT = 1024 * 1024
"""Bytes of a body that are read, counted after decompression."""
RETRY_AFTER = (("Retry-After", "5"),)
"""Seconds after which a sender may try again when the database is away."""
TOO_LARGE = Refusal(413, f"The body is larger than {LIMIT} bytes. Send fewer alerts at a time.")
AWAY = Refusal(503, "The database cannot be reached; nothing was stored. Try again.", RETRY_AFTER)

Received = Callable[[str, int], None]
"""Called with the alert source and how many alerts a webhook brought."""


class _Unreadable(Exception):
    """The body cannot be read; `refusal` says why."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.why)
        self.refusal = refusal


def routes(
    world: World, webhooks: Iterable[Webhook], received: Received = lambda _source, _count: None
) -> web.RouteTableDef:
    """A route for each webhook."""
    table = web.RouteTableDef()
    for webhook in webhooks:
        table.post(webhook.path)(_route(world, webhook, received))
    return table


def _route(
    world: World, webhook: Webhook, received: Received
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def posted(request: web.Request) -> web.StreamResponse:
        body = _Body(request)
        try:
            if refusal := await webhook.verify(request.headers, body.read):
                return _error(refusal)
            read = await body.read()
            if refusal := webhook.outdated(read, world.clock.now()):
                return _error(refusal)
            return await _receive(world, webhook, read, request.content_type, received)
        except _Unreadable as error:
            return _error(error.refusal)

    return posted


async def _receive(world: World, webhook: Webhook, body: bytes, content_type: str, received: Received) -> web.Response:
    now = world.clock.now()
    found = webhook.read(WebhookBody(body, content_type, now))
    received(webhook.name, len(found.alerts))
    accepted, refused = len(found.alerts) + len(found.changes) + len(found.service_changes), found.refused
    useless = bool(refused) and found == Incoming(refused=refused)
    kept = unusable(body, content_type, found.refused, webhook.name, now)
    try:
        if refused:
            # In one transaction with the alerts: a sender that tries again meets both or neither.
            await receive(world, found.alerts, webhook.name, (kept,))
            found = found.copy_with(alerts=())
        await take(world, found, webhook.name)
    except (StoreUnavailable, Conflict) as error:
        log.warning("what was posted to %s is refused, the database is away: %s", webhook.path, error)
        return _error(AWAY)
    if useless:
        return _error(Refusal(400, kept.reason))
    said: dict[str, object] = {"accepted": accepted}
    if refused:
        said["refused"] = list(refused)
    return web.json_response(said, status=202)


class _Body:
    """The decompressed body of a request, read at most once."""

    def __init__(self, request: web.Request) -> None:
        self._request = request
        self._known: bytes | None = None

    async def read(self) -> bytes:
        """All of it. What is too much is not read. Raises _Unreadable."""
        if self._known is None:
            try:
                self._known = await self._all()
            except web.RequestPayloadError as error:
                raise _Unreadable(Refusal(400, f"The body could not be read: {error}")) from error
        return self._known

    async def _all(self) -> bytes:
        if (self._request.content_length or 0) > LIMIT:
            raise _Unreadable(TOO_LARGE)
        body = bytearray()
        async for chunk in self._request.content.iter_any():
            body += chunk
            if len(body) > LIMIT:
                raise _Unreadable(TOO_LARGE)
        return bytes(body)


def _error(refusal: Refusal) -> web.Response:
    return web.json_response({"error": refusal.why}, status=refusal.status, headers=dict(refusal.headers))
