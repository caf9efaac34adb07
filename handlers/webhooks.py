"""`POST /hooks/datadog`: alerts are answered with 202 only after they are stored, so that the sender's retry works for us.

What cannot be used is answered with 400 and the reason, and kept whole in the quarantine.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from aiohttp import web

from warroom.alerts import usecases as alerts
from warroom.alerts.model import Alert
from warroom.alerts.quarantine import unusable
from warroom.errors import StoreUnavailable
from warroom.ports import World

log = logging.getLogger(__name__)

SOURCE = "webhook"
LIMIT = 1024 * 1024
"""Bytes of a body that are read, counted after decompression."""
RETRY_AFTER = "5"
"""Seconds after which a sender may try again when the database is away."""
NO_SECRET = "DATADOG_WEBHOOK_TOKEN is not set, so nobody can be recognised. Set it here and in the webhook's headers."
WRONG_SECRET = "The shared secret is missing or wrong. Send it as X-Warroom-Token, as Authorization: Bearer, or as basic-auth password."


class Parsed(Protocol):
    """What a body turned out to be: alerts, and for what could not be read, why."""

    @property
    def alerts(self) -> tuple[Alert, ...]: ...
    @property
    def refused(self) -> tuple[str, ...]: ...


Parse = Callable[[bytes, str, datetime], Parsed]
"""(body, content type, received at) to alerts."""


def routes(world: World, token: str | None, parse: Parse) -> web.RouteTableDef:
    """The webhook's route. Without a `token` it answers 503 with the reason."""
    table = web.RouteTableDef()

    @table.post("/hooks/datadog")
    async def datadog(request: web.Request) -> web.Response:
        if not token:
            return _error(503, NO_SECRET)
        if not _knows(request, token):
            return _error(401, WRONG_SECRET, {"WWW-Authenticate": 'Basic realm="warroom"'})
        try:
            body = await _body(request)
        except web.RequestPayloadError as error:
            return _error(400, f"The body could not be read: {error}")
        if body is None:
            return _error(413, f"The body is larger than {LIMIT} bytes. Send fewer alerts at a time.")
        return await _receive(world, parse, body, request.content_type)

    return table


async def _receive(world: World, parse: Parse, body: bytes, content_type: str) -> web.Response:
    now = world.clock.now()
    parsed = parse(body, content_type, now)
    useless = not parsed.alerts or bool(parsed.refused)
    kept = unusable(body, content_type, parsed.refused, SOURCE, now)
    try:
        accepted = await alerts.receive(world, parsed.alerts, SOURCE, (kept,) if useless else ())
    except StoreUnavailable as error:
        log.warning("alerts refused, the database is away: %s", error)
        return _error(
            503, "The database cannot be reached; nothing was stored. Try again.", {"Retry-After": RETRY_AFTER}
        )
    if not parsed.alerts:
        return _error(400, kept.reason)
    said: dict[str, object] = {"accepted": accepted}
    if parsed.refused:
        said["refused"] = list(parsed.refused)
    return web.json_response(said, status=202)


async def _body(request: web.Request) -> bytes | None:
    """The decompressed body, None when it is larger than LIMIT; what is too much is not read."""
    if (request.content_length or 0) > LIMIT:
        return None
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > LIMIT:
            return None
    return bytes(body)


def _knows(request: web.Request, token: str) -> bool:
    """Whether the shared secret is in one of the three places; compared in constant time."""
    wanted = token.encode()
    return True in [hmac.compare_digest(given, wanted) for given in _given(request)]


def _given(request: web.Request) -> list[bytes]:
    given = [_octets(request.headers.get("X-Warroom-Token", ""))]
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    if scheme.casefold() == "bearer":
        given.append(_octets(credentials.strip()))
    elif scheme.casefold() == "basic":
        try:
            given.append(base64.b64decode(_octets(credentials.strip()), validate=True).partition(b":")[2])
        except binascii.Error:
            return given
    return given


def _octets(header: str) -> bytes:
    """A header as it came over the wire: aiohttp keeps bytes that are no UTF-8 as surrogates."""
    return header.encode("utf-8", "surrogateescape")


def _error(status: int, why: str, headers: dict[str, str] | None = None) -> web.Response:
    return web.json_response({"error": why}, status=status, headers=headers)
