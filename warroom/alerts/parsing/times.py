"""When it happened, as the sender says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

SKEW = timedelta(minutes=5)
"""So far ahead of ours the sender's clock may be."""
OLDEST = timedelta(days=30)
"""What is said to be older comes from a wrong clock or a wrong unit: Datadog reminds of an alert for 30 hours."""

_MILLISECONDS_FROM = 100_000_000_000
_MICROSECONDS_FROM = 100_000_000_000_000
_NANOSECONDS_FROM = 100_000_000_000_000_000


def occurred(said: str | None, received_at: datetime, oldest: timedelta = OLDEST) -> datetime | None:
    """The aware UTC time of `said`: seconds, milliseconds and finer since 1970, or ISO 8601 (UTC where it names no zone).

    None when it says nothing, and when it cannot be true: more than SKEW after `received_at`, or `oldest` before it. A
    time from the future would make every later recovery look stale; then the time of arrival is the better one.
    """
    if said is None:
        return None
    at = _since_1970(said) or _iso(said)
    if at is None or not received_at - oldest <= at <= received_at + SKEW:
        return None
    return at


def _since_1970(said: str) -> datetime | None:
    try:
        number = float(said)
        for limit, unit in ((_NANOSECONDS_FROM, 1e9), (_MICROSECONDS_FROM, 1e6), (_MILLISECONDS_FROM, 1e3)):
            if abs(number) >= limit:
                return datetime.fromtimestamp(number / unit, UTC)
        return datetime.fromtimestamp(number, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _iso(said: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(said)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
