"""Who may post to a webhook."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from multidict import CIMultiDict

from warroom.webhook import shared_secret, signed

SECRET = "a-secret-for-tests"
BODY = b'{"a": 1}'
RIGHT = hmac.new(SECRET.encode(), BODY, hashlib.sha256).hexdigest()


async def body() -> bytes:
    """What was posted."""
    return BODY


async def nobody_reads() -> bytes:
    """A stranger's body."""
    raise AssertionError("the body of a stranger is not read")


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (f"sha256={RIGHT}", None),
        (f"sha256={'0' * 64}, sha256={RIGHT}", None),
        (f"sha256={RIGHT.upper()}", 401),
        (f"sha1={RIGHT}", 401),
        ("sha256=", 401),
        ("sha256=\udcff", 401),
    ],
)
async def test_a_signature_covers_the_body(header: str, status: int | None) -> None:
    refusal = await signed(SECRET, "THE_SECRET", header="X-Signature")(CIMultiDict({"x-signature": header}), body)
    assert (refusal.status if refusal else None) == status
    assert SECRET not in str(refusal)


async def test_who_signs_nothing_is_refused_before_the_body_is_read() -> None:
    refusal = await signed(SECRET, "THE_SECRET", header="X-Signature")(CIMultiDict[str](), nobody_reads)
    assert refusal is not None
    assert (refusal.status, "X-Signature" in refusal.why) == (401, True)


@pytest.mark.parametrize("secret", [None, ""])
async def test_without_a_secret_nobody_is_let_in_and_the_setting_is_named(secret: str | None) -> None:
    for verify in (shared_secret(secret, "THE_SECRET"), signed(secret, "THE_SECRET", header="X-Signature")):
        headers = CIMultiDict({"X-Warroom-Token": "", "X-Signature": "sha256="})
        refusal = await verify(headers, nobody_reads)
        assert refusal is not None
        assert (refusal.status, "THE_SECRET is not set" in refusal.why) == (503, True)
