"""Addresses at which other systems tell of alerts and changes, and how a sender is recognised. Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from warroom.outbox.incoming import Incoming


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a sender is not let in: the HTTP status, the reason in words, and headers of the answer."""

    status: int
    why: str
    headers: tuple[tuple[str, str], ...] = ()


Body = Callable[[], Awaitable[bytes]]
"""Reads the body; the second call returns the same bytes."""
Verify = Callable[[Mapping[str, str], Body], Awaitable[Refusal | None]]
"""(the headers, whose names are compared without case; the body) to None for a known sender. Strangers' bodies are only read
where the signature covers them."""
Parse = Callable[[bytes, str, datetime], Incoming]
"""(body, content type, received at) to what it says."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """One address. `parse` is pure; what it refuses is kept in the quarantine under the webhook's name."""

    name: str
    """The alert source: what its alerts are counted, matched and kept as."""
    path: str
    """Such as "/hooks/vendor"."""
    verify: Verify
    parse: Parse


WRONG_SECRET = "The shared secret is missing or wrong. Send it as X-Warroom-Token, as Authorization: Bearer, or as basic-auth password."
CHALLENGE = (("WWW-Authenticate", 'Basic realm="warroom"'),)


def shared_secret(token: str | None, setting: str) -> Verify:
    """A sender that knows the secret, in one of three headers. Without a token nobody is let in, and the answer names the
    setting.
    """

    async def verify(headers: Mapping[str, str], _body: Body) -> Refusal | None:
        if not token:
            why = f"{setting} is not set, so nobody can be recognised. Set it here and in the webhook's headers."
            return Refusal(503, why)
        wanted = token.encode()
        # Every place is compared, so that the time says nothing.
        known = True in [hmac.compare_digest(given, wanted) for given in _given(headers)]
        return None if known else Refusal(401, WRONG_SECRET, CHALLENGE)

    return verify


def signed(secret: str | None, setting: str, *, header: str, prefix: str = "sha256=") -> Verify:
    """A sender that signs the body with HMAC-SHA256: the header holds one or several signatures in hexadecimal, separated by
    commas, each after the prefix. Without a secret nobody is let in, and the answer names the setting.
    """

    async def verify(headers: Mapping[str, str], body: Body) -> Refusal | None:
        if not secret:
            return Refusal(
                503, f"{setting} is not set, so no signature can be checked. Set it to the webhook's secret."
            )
        given = [each.strip() for each in headers.get(header, "").split(",")]
        if not any(each.startswith(prefix) for each in given):
            return Refusal(401, f"The signature is missing. It belongs in the header {header}.")
        wanted = f"{prefix}{hmac.new(secret.encode(), await body(), hashlib.sha256).hexdigest()}".encode()
        known = True in [hmac.compare_digest(_octets(each), wanted) for each in given]
        return (
            None if known else Refusal(401, f"The signature in {header} is wrong. Compare the secret with {setting}.")
        )

    return verify


def _given(headers: Mapping[str, str]) -> list[bytes]:
    given = [_octets(headers.get("X-Warroom-Token", ""))]
    scheme, _, credentials = headers.get("Authorization", "").partition(" ")
    if scheme.casefold() == "bearer":
        given.append(_octets(credentials.strip()))
    elif scheme.casefold() == "basic":
        try:
            given.append(base64.b64decode(_octets(credentials.strip()), validate=True).partition(b":")[2])
        except binascii.Error:
            return given
    return given


def _octets(header: str) -> bytes:
    """A header as it came over the wire: the server keeps bytes that are no UTF-8 as surrogates."""
    return header.encode("utf-8", "surrogateescape")
