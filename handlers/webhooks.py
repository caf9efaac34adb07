"""`POST /hooks/…`: what other systems tell. It is answered with 202 only after it is stored, so that the sender's retry works for
us.

What cannot be used is answered with 400 and the reason, and kept whole in the quarantine.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass

from aiohttp import web

from warroom.alerts.quarantine import unusable
from warroom.alerts.usecases import receive
from warroom.errors import Conflict, StoreUnavailable
from warroom.outbox.incoming import Incoming
from warroom.outbox.remote import take
from warroom.ports import World
from warroom.webhook import Body, Refusal, Webhook, WebhookBody

log = logging.getLogger(__name__)

LIMIT = 1024 * 1024
"""Bytes of a body that are read, counted after decompression."""
RETRY_AFTER = (("Retry-After", "5"),)
"""Seconds after which a sender may try again when the database is away."""
TOO_LARGE = Refusal(413, f"The body is larger than {LIMIT} bytes. Send fewer alerts at a time.")
AWAY = Refusal(503, "The database cannot be reached; nothing was stored. Try again.", RETRY_AFTER)

Received = Callable[[str, int], None]
"""Called with the alert source and how many alerts a webhook brought."""


class Unreadable(Exception):
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
        answer = await answered(
            world, webhook, request.headers, _Body(request).read, request.content_type, received=received
        )
        return web.json_response(answer.said, status=answer.status, headers=dict(answer.headers))

    return posted


@dataclass(frozen=True, slots=True)
class WebhookAnswer:
    """What a sender is told: the HTTP status, an object of JSON, and further headers."""

    status: int
    said: Mapping[str, object]
    headers: tuple[tuple[str, str], ...] = ()


async def answered(
    world: World,
    webhook: Webhook,
    headers: Mapping[str, str],
    read: Body,
    content_type: str,
    *,
    received: Received = lambda _source, _count: None,
) -> WebhookAnswer:
    """What was sent to the webhook is stored, and answered. `headers` are found by names in any case; `read` may raise
    Unreadable, everything else becomes an answer.
    """
    try:
        if refusal := await webhook.verify(headers, read):
            return _refused(refusal)
        body = await read()
        if refusal := webhook.outdated(body, world.clock.now()):
            return _refused(refusal)
        return await _receive(world, webhook, body, content_type, received)
    except Unreadable as error:
        return _refused(error.refusal)


async def _receive(world: World, webhook: Webhook, body: bytes, content_type: str, received: Received) -> WebhookAnswer:
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
        return _refused(AWAY)
    if useless:
        return _refused(Refusal(400, kept.reason))
    said: dict[str, object] = {"accepted": accepted}
    if refused:
        said["refused"] = list(refused)
    return WebhookAnswer(202, said)


class _Body:
    """The decompressed body of a request, read at most once."""

    def __init__(self, request: web.Request) -> None:
        self._request = request
        self._known: bytes | None = None

    async def read(self) -> bytes:
        """All of it. What is too much is not read. Raises Unreadable."""
        if self._known is None:
            try:
                self._known = await self._all()
            except web.RequestPayloadError as error:
                raise Unreadable(Refusal(400, f"The body could not be read: {error}")) from error
        return self._known

    async def _all(self) -> bytes:
        if (self._request.content_length or 0) > LIMIT:
            raise Unreadable(TOO_LARGE)
        body = bytearray()
        async for chunk in self._request.content.iter_any():
            body += chunk
            if len(body) > LIMIT:
                raise Unreadable(TOO_LARGE)
        return bytes(body)


def _refused(refusal: Refusal) -> WebhookAnswer:
    return WebhookAnswer(refusal.status, {"error": refusal.why}, refusal.headers)
