"""The HTTP client for vendors without a good library of their own: JSON in, JSON out, every failure understood.

It repeats nothing that may have taken effect: the outbox tries again, and the performer looks first where `outcome_unknown` says
so. Only a read that found the connection broken is repeated, once.
"""

from __future__ import annotations

import asyncio
import json as encoding
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

import aiohttp
import structlog

from warroom.errors import Rejected, Retryable
from warroom.ports import Clock, outside, time_is_up

log = structlog.get_logger(__name__)

CONNECT, WHOLE = 3.0, 9.0
"""Seconds to connect, and for the whole call; less than the lease of a claim."""
BODY_LIMIT = 8 * 1024 * 1024
"""Bytes of an answer that are read."""
TOO_MANY = frozenset({420, 429})
"""420 is what some systems answered before there was 429 (RFC 6585), and some do still: Statuspage ("Rate Limiting")."""
RESETS = ("Retry-After", "RateLimit-Reset", "X-RateLimit-Reset")
"""Where systems say how long to wait: RFC 9110; PagerDuty ("REST API Rate Limits": seconds); GitHub ("Rate limits for the REST
API": seconds since 1970) and Jira ("Rate limiting": a time)."""
EPOCH = 1_000_000_000
"""A larger number of seconds is a moment, not a wait."""
UNTOLD_WAIT = 30.0
"""Seconds to wait when a 429 does not say how long."""
LONGEST_WAIT = 900.0
LONGEST_REASON = 200
"""Characters of the other system's own words that are shown."""
ODD = (AttributeError, LookupError, OSError, OverflowError, TypeError, ValueError)
"""What comes of reading an answer that is built in another way than the API says."""
LARGE = 256 * 1024
"""Bytes of an answer that is read beside the event loop."""
SHORTEST_SECRET = 6
CONNECTIONS = 8
READS = frozenset({"GET", "HEAD"})
REASONS = ("detail", "message", "error_description", "errorMessages", "errors", "error", "title", "reason")
"""Where systems write why they refused, the most telling first."""

Json = Any


class Declined(Rejected):
    """The other system said no. `status` is the HTTP status, `answer` what it said, None where that was no JSON."""

    def __init__(self, message: str, *, status: int, advice: str, answer: Json) -> None:
        super().__init__(message, code=str(status), advice=advice)
        self.status, self.answer = status, answer


class TooLarge(Retryable):
    """The other system answered more than is read. Asked for less, it may answer."""


class HttpClient:
    """Calls one system. One for a whole process; it connects with the first call, and `close` ends it."""

    def __init__(
        self,
        title: str,
        base_url: str,
        clock: Clock,
        *,
        headers: Mapping[str, str] | None = None,
        secrets: Sequence[str] = (),
        advice: Mapping[int, str] | None = None,
        whole: float = WHOLE,
    ) -> None:
        """`title` is how people call the system. `advice` says what to do by HTTP status. The values of `headers` are secrets,
        like `secrets`: wherever the other system repeats one, it is masked. `whole` is the time limit of a call in seconds, for
        what is not called within the lease of a claim.
        """
        self._whole = whole
        self._title, self._base, self._clock = title, base_url.rstrip("/"), clock
        self._headers, self._advice = dict(headers or {}), dict(advice or {})
        words = (word for value in (*self._headers.values(), *secrets) for word in (value, *value.split()))
        self._secrets = sorted({word for word in words if len(word) >= SHORTEST_SECRET}, key=len, reverse=True)
        self._session: aiohttp.ClientSession | None = None

    async def get(self, what: str, *path: str, **params: str) -> Json:
        """What stands there. See `call`."""
        return await self.call("GET", what, *path, params=params)

    async def post(self, what: str, *path: str, json: Json = None, headers: Mapping[str, str] | None = None) -> Json:
        """What making it answers. See `call`."""
        return await self.call("POST", what, *path, json=json, headers=headers)

    async def call(
        self,
        method: str,
        what: str,
        *path: str,
        params: Mapping[str, str] | None = None,
        json: Json = None,
        headers: Mapping[str, str] | None = None,
    ) -> Json:
        """The JSON that the other system answered, None where the answer is empty. `what` says in words what was tried; each part
        of `path` is quoted.

        Raises Declined when it was refused, another Rejected when the address is wrong, and Retryable for everything that may
        pass: `outcome_unknown` is True where a write may have happened all the same.
        """
        reads = method in READS
        url = "/".join([self._base, *(quote(part, safe="") for part in path)])
        tries = 2 if reads else 1
        while True:
            tries -= 1
            if not reads and time_is_up():
                raise Retryable(f"{what}: the time for it is over", outcome_unknown=True)
            try:
                with outside():
                    status, answered, body = await self._send(method, url, params, json, headers)
                break
            except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError) as error:
                raise Rejected(
                    f"{what}: the address of {self._title} is not a URL",
                    code="invalid_url",
                    advice="Correct its setting.",
                ) from error
            except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
                raise Retryable(f"{what}: {self._title} cannot be reached", outcome_unknown=False) from error
            except TimeoutError as error:
                raise Retryable(f"{what}: {self._title} took too long to answer", outcome_unknown=not reads) from error
            except (aiohttp.ClientError, OSError, asyncio.IncompleteReadError) as error:
                if tries:
                    continue
                log.info("a call failed", system=self._title, what=what, error=type(error).__name__)
                why = f"{what}: the connection to {self._title} broke"
                raise Retryable(why, outcome_unknown=not reads) from error
        decoded = await asyncio.to_thread(_decoded, body) if body and len(body) > LARGE else _decoded(body)
        return self._read(what, status, answered, body, decoded, reads)

    async def close(self) -> None:
        """Close the connections. Another call opens them again."""
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()

    async def _send(
        self,
        method: str,
        url: str,
        params: Mapping[str, str] | None,
        json: Json,
        headers: Mapping[str, str] | None,
    ) -> tuple[int, Mapping[str, str], bytes | None]:
        """(status, headers, body; None where it is larger than BODY_LIMIT). Raises what aiohttp raises."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                headers={"Accept": "application/json", "User-Agent": "Warroom"} | self._headers,
                timeout=aiohttp.ClientTimeout(total=self._whole, sock_connect=CONNECT),
                connector=aiohttp.TCPConnector(limit=CONNECTIONS),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        # A redirect is not followed: the secrets in our headers would go wherever it leads.
        async with self._session.request(
            method, url, params=params, json=json, headers=headers, allow_redirects=False
        ) as response:
            body = bytearray()
            async for chunk in response.content.iter_any():
                body += chunk
                if len(body) > BODY_LIMIT:
                    response.close()
                    return response.status, response.headers, None
            return response.status, response.headers, bytes(body)

    def _read(
        self,
        what: str,
        status: int,
        headers: Mapping[str, str],
        body: bytes | None,
        decoded: tuple[Json, bool],
        reads: bool,
    ) -> Json:
        unknown = not reads
        if status in TOO_MANY or (status == 403 and _used_up(headers)):
            wait = retry_after(headers, self._clock.now())
            raise Retryable(f"{what}: {self._title} asks to wait {wait:g} s", after=wait, outcome_unknown=False)
        if status >= 500 or status == 408:
            wait_or_none = retry_after(headers, self._clock.now()) if "Retry-After" in headers else None
            why = f"{what}: {self._title} is in trouble (HTTP {status})"
            raise Retryable(why, after=wait_or_none, outcome_unknown=unknown)
        answer, readable = decoded
        if status >= 400:
            plain = not readable and headers.get("Content-Type", "").startswith("text/plain")
            reason = self.masked(reason_in(body.decode(errors="replace") if body and plain else answer))
            said = f"{what}: {reason}" if reason else f"{what}: {self._title} said no (HTTP {status})"
            raise Declined(said, status=status, advice=self._advice.get(status, ""), answer=answer)
        if status >= 300:
            advice = "Correct the address in its setting: it must be that of the API itself."
            raise Rejected(f"{what}: {self._title} has moved (HTTP {status})", code=str(status), advice=advice)
        if body is None:
            raise TooLarge(f"{what}: {self._title} answered more than {BODY_LIMIT} bytes", outcome_unknown=unknown)
        if not readable:
            raise Retryable(f"{what}: {self._title} answered something unreadable", outcome_unknown=unknown)
        return answer

    def masked(self, text: str) -> str:
        """The text without any of this client's secrets."""
        for secret in self._secrets:
            text = text.replace(secret, "[hidden]")
        return text


def _decoded(body: bytes | None) -> tuple[Json, bool]:
    """(the JSON or None, whether the body is JSON or empty)."""
    if not body or not body.strip():
        return None, body is not None
    try:
        return encoding.loads(body), True
    except (ValueError, RecursionError):  # UnicodeDecodeError is a ValueError
        return None, False


def reason_in(answer: Json) -> str:
    """Why a request was refused, in the other system's words, shortened; "" when it does not say."""
    text = " ".join(_first_text(answer, 4).split())
    return text if len(text) <= LONGEST_REASON else text[: LONGEST_REASON - 1] + "…"


def _first_text(answer: Json, depth: int) -> str:
    """The first text under one of REASONS, at most so many levels down; "" when there is none."""
    if isinstance(answer, str):
        return answer
    if depth == 0:
        return ""
    if isinstance(answer, list):
        return next((text for each in answer if (text := _first_text(each, depth - 1))), "")
    if not isinstance(answer, dict):
        return ""
    known = [answer[name] for name in REASONS if name in answer]
    found = next((text for each in known if (text := _first_text(each, depth - 1))), "")
    return found or next((text for each in known if (text := _by_field(each))), "")


def _by_field(errors: Json) -> str:
    """The first of errors that are told by field, such as {"summary": "is required"}."""
    fields = errors.items() if isinstance(errors, dict) else ()
    return next((f"{name}: {each}" for name, each in fields if isinstance(each, str) and each), "")


def retry_after(headers: Mapping[str, str], now: datetime) -> float:
    """Seconds that an answer asks to wait, between 1 and LONGEST_WAIT; UNTOLD_WAIT when it does not say. Each of `RESETS` is a
    number of seconds, a date (RFC 9110, 10.2.3), a time, or seconds since 1970.
    """
    for name in RESETS:
        wait = _wait(str(headers.get(name, "")).strip(), now)
        if wait is not None:
            return min(max(1.0, wait), LONGEST_WAIT)
    return UNTOLD_WAIT


def _wait(written: str, now: datetime) -> float | None:
    """Seconds; None where nothing can be read."""
    if written.isascii() and written.isdigit():
        # As a float: a header may hold more digits than `int` takes.
        seconds = float(written)
        return seconds - now.timestamp() if seconds > EPOCH else seconds
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            at = read(written)
        except ValueError:
            continue
        return ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds()
    return None


def _used_up(headers: Mapping[str, str]) -> bool:
    """Whether a refusal is about how often, not about what: GitHub says both with 403 ("Rate limits for the REST API")."""
    return "Retry-After" in headers or str(headers.get("X-RateLimit-Remaining", "")).strip() == "0"
