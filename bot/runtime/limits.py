"""What one address may ask of the web side: how much at once, how often, how long, and how many wrong secrets."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from bot import clock

log = structlog.get_logger(__name__)

BODY_LIMIT = 1024 * 1024
"""Bytes of a request's body; more is 413."""
HEADER_LIMIT = 8 * 1024
"""Bytes of the first line, and of one header; more is 400."""
HEADERS = 64
"""Header lines of a request; more is 400."""
HEADERS_WITHIN = 20.0
"""Seconds in which a request's headers must have arrived, and for which an idle connection is kept."""
ANSWERED_WITHIN = 30.0
"""Seconds for reading the body and answering."""
PROBES = frozenset({"/healthz", "/readyz"})
KEYED = "/oncall/"
"""Below it a link that is wrong is answered as one that never was."""
REMEMBERED = 10_000
"""Addresses whose rate is kept."""


@dataclass
class Rate:
    """So many a second from each address, and `burst` at once."""

    per_second: float
    burst: float
    steady: Callable[[], float] = clock.steady
    _left: dict[str, tuple[float, float]] = field(default_factory=dict)

    def take(self, address: str) -> float:
        """Seconds to wait; 0.0 when there is nothing to wait for, and then it is counted."""
        now = self.steady()
        if len(self._left) >= REMEMBERED:
            self._left = {name: seen for name, seen in self._left.items() if self._now(seen, now) < self.burst}
        if len(self._left) >= REMEMBERED and address not in self._left:
            return 1.0  # thousands of addresses at their limit: whoever is new comes again when it is over
        left = self._now(self._left.get(address, (self.burst, now)), now)
        if left < 1:
            return (1 - left) / self.per_second
        self._left[address] = (left - 1, now)
        return 0.0

    def _now(self, seen: tuple[float, float], now: float) -> float:
        left, at = seen
        return min(self.burst, left + (now - at) * self.per_second)


@dataclass
class Limits:
    """The limits of a server, kept by the middleware `watched`. Behind a proxy every sender has the proxy's address."""

    hooks: Rate = field(default_factory=lambda: Rate(5_000, 10_000))
    """A storm of alerts is what the webhook is for."""
    others: Rate = field(default_factory=lambda: Rate(20, 100))
    probes: Rate = field(default_factory=lambda: Rate(20, 100))
    """Of their own: whoever reads the metrics too often must not make the process look ill."""
    strangers: Rate = field(default_factory=lambda: Rate(1 / 6, 10))
    """Wrong secrets. A right one always passes: a stranger behind the same proxy must not keep alerts out."""
    warnings: Rate = field(default_factory=lambda: Rate(1 / 60, 1))
    """Lines of the log about them."""
    seconds: float = ANSWERED_WITHIN

    @web.middleware
    async def watched(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """The handler's answer, or the reason why it was not asked or not waited for."""
        rate = self._rate(request.path)
        address = request.remote or ""
        if wait := rate.take(address):
            return refused(429, "Too many requests from this address.", wait)
        if (request.content_length or 0) > BODY_LIMIT:
            return refused(413, f"The body is larger than {BODY_LIMIT} bytes. Send fewer alerts at a time.")
        try:
            async with asyncio.timeout(self.seconds):
                answer = await handler(request)
        except TimeoutError:
            return refused(503, f"This took longer than {self.seconds:g} s. Send it again.", 5)
        wrong = answer.status == 401 or (answer.status == 404 and request.path.startswith(KEYED))
        if wrong and (wait := self.strangers.take(address)):
            if not self.warnings.take(address):
                log.warning("an address keeps sending wrong secrets", address=address, path=request.path)
            return refused(429, "Too many wrong secrets from this address. Correct the secret, then wait.", wait)
        return answer

    def _rate(self, path: str) -> Rate:
        if path.startswith("/hooks/"):
            return self.hooks
        return self.probes if path in PROBES else self.others


def refused(status: int, why: str, wait: float | None = None) -> web.Response:
    """The reason as JSON, with the time to wait where waiting helps."""
    headers = {"Retry-After": str(math.ceil(wait))} if wait is not None else None
    return web.json_response({"error": why}, status=status, headers=headers)
