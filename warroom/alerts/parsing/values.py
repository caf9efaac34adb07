"""Values that somebody else wrote: text cleaned and cut, times that may be believed, addresses that may be shown."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from warroom.text import line_in, text_in

SKEW = timedelta(minutes=5)
"""So far ahead of ours the sender's clock may be."""
OLDEST = timedelta(days=30)
"""What is said to be older comes from a wrong clock or a wrong unit: monitors remind of an alert for hours or days, not for a month."""
TITLE_LIMIT, TEXT_LIMIT, WORD_LIMIT = 500, 8000, 255
"""Characters that are kept."""
LINK_LIMIT = 3000

_MILLISECONDS_FROM = 100_000_000_000
_MICROSECONDS_FROM = 100_000_000_000_000
_NANOSECONDS_FROM = 100_000_000_000_000_000
_IN_WORDS = ("%b %d, %Y, %I:%M%p UTC", "%a %b %d %H:%M:%S UTC %Y")
"""As monitors write times for people: "Jul 02, 2020, 03:15PM UTC", "Thu Jul 2 15:15:31 UTC 2020"."""
_FORBIDDEN_IN_A_LINK = re.compile(r"[\s<>|\"\\\x00-\x1f\x7f]")


def occurred(said: str | None, received_at: datetime, oldest: timedelta = OLDEST) -> datetime | None:
    """The aware UTC time of `said`: seconds, milliseconds and finer since 1970, or ISO 8601 (UTC where it names no zone).

    None when it says nothing, and when it cannot be true: more than SKEW after `received_at`, or `oldest` before it. A
    time from the future would make every later recovery look stale; then the time of arrival is the better one.
    """
    if said is None:
        return None
    at = _since_1970(said) or _iso(said) or _in_words(said)
    if at is None or not received_at - oldest <= at <= received_at + SKEW:
        return None
    return at


def safe_link(url: str | None) -> str | None:
    """`url` if it is a whole http or https address that may be shown as a link, else None.

    An address with a user name in it is none: "https://monitors.example.com@evil.example" looks like what it is not.
    """
    if url is None or len(url) > LINK_LIMIT or _FORBIDDEN_IN_A_LINK.search(url):
        return None
    try:
        parts = urlsplit(url)
        whole = parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc
    except ValueError:
        return None
    return url if whole else None


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


def _in_words(said: str) -> datetime | None:
    for form in _IN_WORDS:
        try:
            return datetime.strptime(said, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None


def clean(value: object, limit: int = WORD_LIMIT) -> str | None:
    """`value` as one line of at most `limit` characters; None when it says nothing (`warroom.text.line_in`)."""
    return line_in(value, limit)


def clean_text(value: object, limit: int | None = TEXT_LIMIT) -> str | None:
    """As `clean`, but lines stay lines. `limit=None` keeps it whole."""
    return text_in(value, limit)
