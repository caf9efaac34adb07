"""Addresses at which other systems tell of alerts and changes: how a sender is recognised, and how a body is read. Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from pydantic import SecretStr

from warroom.alerts.parsing.formats import AlertFormat, Arrival
from warroom.alerts.parsing.parse import parse
from warroom.alerts.parsing.values import OLDEST
from warroom.outbox.incoming import Incoming

log = structlog.get_logger(__name__)

UNEXPECTED_SHAPE_ERRORS = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)
"""What reading a body raises that lacks what the sender's documentation promises, or is nested without end."""


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


@dataclass(frozen=True, slots=True)
class WebhookBody:
    """A body as it came."""

    body: bytes
    content_type: str
    received_at: datetime
    """Aware UTC."""
    oldest: timedelta = OLDEST
    """A time in it that lies further back is not believed; a body out of a file may be older than one that just came."""


Parse = Callable[[WebhookBody], Incoming]
"""What a body says."""
SignedAt = Callable[[bytes], datetime | None]
"""When the sender says that it happened, in a body that it signed; None where it does not say. Raises what a strange body raises."""
REPLAY_WINDOW = timedelta(hours=2)
"""What happened longer ago is not taken. Senders sign when it happened, not when they send, so their own tries have to fit in."""
CLOCKS_APART = timedelta(minutes=5)
"""So far the sender's clock may be ahead of ours."""


@dataclass(frozen=True, slots=True)
class AlertParser:
    """The `parse` of an address that brings alerts only. Each object of a body is read by the first format that recognises it:
    those of `also`, then the address's own; what none recognises is read as a plain alert.
    """

    source: str
    """The source of alerts that do not name their sender. It is part of their keys, so it never changes."""
    own: tuple[AlertFormat, ...] = ()
    also: tuple[str, ...] = ()
    """Names of formats of other integrations that are sent here too; `Integrations` knows them."""
    others: tuple[AlertFormat, ...] = ()

    def knowing(self, formats: Mapping[str, AlertFormat]) -> AlertParser:
        """The same with those formats of `also` that there are."""
        return replace(self, others=tuple(formats[name] for name in self.also if name in formats))

    def __call__(self, posted: WebhookBody) -> Incoming:
        """The alerts in it. Raises nothing, whatever the bytes."""
        arrival = Arrival(posted.received_at, posted.oldest, self.source)
        found = parse(posted.body, posted.content_type, arrival, (*self.others, *self.own))
        return Incoming(alerts=found.alerts, refused=found.refused)


@dataclass(frozen=True, slots=True)
class Webhook:
    """One address: an alert source, a source of changes, or both. `parse` is pure; what it refuses is kept in the quarantine
    under the webhook's name.
    """

    name: str
    """What its alerts are counted and stored under. It never changes: what is in the quarantine is read again by it."""
    path: str
    """Such as "/hooks/vendor"."""
    verify: Verify
    parse: Parse
    signed_at: SignedAt | None = None
    """Where the sender signs a time, a delivery that somebody recorded cannot be sent again later."""

    def outdated(self, body: bytes, now: datetime) -> Refusal | None:
        """Why a body with a good signature is not taken: the time in it is not near now. None where it says none."""
        try:
            at = self.signed_at(body) if self.signed_at else None
            if at is None or -CLOCKS_APART <= now - at <= REPLAY_WINDOW:
                return None
        except UNEXPECTED_SHAPE_ERRORS:
            return None  # `read` says what is wrong with it
        hours = REPLAY_WINDOW // timedelta(hours=1)
        return Refusal(
            401, f"It is signed with the time {at:%Y-%m-%d %H:%M:%S} UTC; only the last {hours} hours are taken."
        )

    def read(self, posted: WebhookBody) -> Incoming:
        """What the body says, or why it cannot be used. Raises nothing."""
        try:
            return self.parse(posted)
        except UNEXPECTED_SHAPE_ERRORS as error:
            log.warning("a body that was posted is not understood", path=self.path, exc_info=True)
            return Incoming(refused=(f"The body is not understood ({type(error).__name__}).",))


WRONG_SECRET = "The shared secret is missing or wrong. Send it as X-Warroom-Token, as Authorization: Bearer, or as basic-auth password."
CHALLENGE = (("WWW-Authenticate", 'Basic realm="warroom"'),)


def shared_secret(configured: SecretStr | str | None, setting: str) -> Verify:
    """A sender that knows the secret, in one of three headers. Without a token, or with a blank one, nobody is let in, and the
    answer names the setting.
    """
    token = _plain(configured)

    async def verify(headers: Mapping[str, str], _body: Body) -> Refusal | None:
        if not token or not token.strip():
            why = f"{setting} {_unset(token)}, so nobody can be recognised. Set it here and in the webhook's headers."
            return Refusal(503, why)
        wanted = token.encode()
        # Every place is compared, so that the time says nothing.
        known = True in [hmac.compare_digest(given, wanted) for given in _given(headers)]
        return None if known else Refusal(401, WRONG_SECRET, CHALLENGE)

    return verify


def signed(configured: SecretStr | str | None, setting: str, *, header: str, prefix: str = "sha256=") -> Verify:
    """A sender that signs the body with HMAC-SHA256: the header holds one or several signatures in hexadecimal, separated by
    commas, each after the prefix. Without a secret, or with a blank one, nobody is let in, and the answer names the setting.
    """
    secret = _plain(configured)

    async def verify(headers: Mapping[str, str], body: Body) -> Refusal | None:
        if not secret or not secret.strip():
            return Refusal(
                503, f"{setting} {_unset(secret)}, so no signature can be checked. Set it to the webhook's secret."
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


def _plain(configured: SecretStr | str | None) -> str | None:
    return configured.get_secret_value() if isinstance(configured, SecretStr) else configured


def _unset(secret: str | None) -> str:
    return "is blank, which counts as not set" if secret else "is not set"


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
