"""Times in a person's time zone: the tokens of Slack's <!date^…>.

https://docs.slack.dev/messaging/formatting-message-text#date-formatting
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sandbox.model import SlackUser

_TOKEN = re.compile(r"\{(\w+)\}")


def zone(who: SlackUser) -> tzinfo:
    """That person's time zone; without a zone database its current offset."""
    try:
        return ZoneInfo(who.tz)
    except (ZoneInfoNotFoundError, ValueError):
        return timezone(timedelta(seconds=who.tz_offset))


def formatted(pattern: str, moment: datetime, now: datetime) -> str:
    """The pattern with its tokens replaced; both moments are in the reader's zone. Unknown tokens are kept."""
    return _TOKEN.sub(lambda found: _token(found[1], moment, now) or found[0], pattern)


def _token(name: str, moment: datetime, now: datetime) -> str | None:
    if name.endswith("_pretty"):
        near = {0: "today", -1: "yesterday", 1: "tomorrow"}.get((moment.date() - now.date()).days)
        return near or _token(name.removesuffix("_pretty"), moment, now)
    match name:
        case "date_num":
            return f"{moment:%Y-%m-%d}"
        case "date_slash":
            return f"{moment:%m/%d/%Y}"
        case "date":
            return f"{moment:%B} {moment.day}, {moment:%Y}"
        case "date_short":
            return f"{moment:%b} {moment.day}, {moment:%Y}"
        case "date_long":
            return f"{moment:%A}, {moment:%B} {moment.day}, {moment:%Y}"
        case "time":
            return f"{moment:%H:%M}"
        case "time_secs":
            return f"{moment:%H:%M:%S}"
        case "ago":
            return ago(moment, now)
    return None


def ago(moment: datetime, now: datetime) -> str:
    """The distance from now in words, as in "15 minutes ago"."""
    seconds = (now - moment).total_seconds()
    for size, name in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if abs(seconds) >= size:
            count = int(abs(seconds) // size)
            words = f"{count} {name}{'s' if count > 1 else ''}"
            return f"{words} ago" if seconds > 0 else f"in {words}"
    return "just now" if seconds >= 0 else "in a moment"


def from_seconds(text: str | float, where: tzinfo) -> datetime:
    """The time so many seconds after 1970. ValueError, OverflowError or OSError when it is not representable."""
    return datetime.fromtimestamp(float(text), UTC).astimezone(where)
