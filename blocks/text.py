"""Text as Slack shows it: escaped, cut, and with mentions, links and times that only we can write.

Everything that comes from outside goes through `escape` (or `line`, `prose`, `quote`, which call it) exactly once.
What comes back is mrkdwn: in it every `<` opens a token of ours and every `&` an entity, and `cut` relies on that.
Rules: Slack, "Formatting message text" (escaping, links, mentions, date formatting).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from urllib.parse import quote as percent
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from warroom.text import ELLIPSIS, clean, readable

WORD_JOINER = "\u2060"
MAX_URL = 2000

# Without an end to the word: what is cut right behind it must not become one.
_BROADCAST = re.compile(r"(?<![\w.+-])@(?=here|channel|everyone|group)", re.IGNORECASE)
_SPECIAL = re.compile(r"<(?=[!@#])")
_URL = re.compile(r"https?://(?:(?!&[lg]t;)[^\s<>|\"'`*~])+(?<![.,:!?)])")
_SPOKEN = re.compile(r"<(?:@([UW][A-Z0-9]+)|#([CGD][A-Z0-9]+))(?:\|[^<>|]*)?>")
_PERSON = re.compile(r"[UW][A-Z0-9]+")
_GROUP = re.compile(r"S[A-Z0-9]+")
_CHANNEL = re.compile(r"[CGD][A-Z0-9]+")


def escape(text: str) -> str:
    """Text from outside as mrkdwn: it mentions nobody, links nowhere and ends no code block of ours."""
    text = clean(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("```", "'''")
    return _BROADCAST.sub("@" + WORD_JOINER, text)


def cut(text: str, limit: int) -> str:
    """mrkdwn of at most `limit` characters, an ellipsis where it was cut; entities and tokens stay whole or go."""
    if len(text) <= limit:
        return text
    head = text[: max(0, limit - 1)]
    if head.rfind("<") > head.rfind(">"):
        head = head[: head.rfind("<")]
    ampersand = head.rfind("&")
    if ampersand > head.rfind(";"):
        head = head[:ampersand]
    return head.rstrip() + ELLIPSIS


def _enough(text: str, limit: int) -> str:
    """As much of `text` as could be shown in `limit` characters: a long log is not escaped whole to be cut after."""
    most = 2 * limit + 1_000
    return text if len(text) <= most else text[:most] + ELLIPSIS


def line(text: str, limit: int = 300) -> str:
    """Text from outside as mrkdwn on one line."""
    return cut(escape(" ".join(readable(_enough(text, limit)).split())), limit)


def literal(text: str, limit: int = 300) -> str:
    """As `line`, with signs that look like Slack's in place of those that would make it bold, italic, struck out or code.

    mrkdwn has no way to escape them, and a title shows them as they were typed.
    """
    return line(unmarked(text), limit)


def unmarked(text: str) -> str:
    """Plain text in which nothing is taken for formatting: topics too are drawn as mrkdwn."""
    return _UNDERSCORE.sub("ˍ", text.translate(_MARKS))


_MARKS = str.maketrans({"*": "∗", "~": "∼", "`": "ˋ"})
_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
"""Only at the edge of a word is it formatting: snake_case stays."""


def prose(text: str, limit: int = 2900) -> str:
    """Text from outside as mrkdwn with its lines kept and its web addresses clickable."""
    return cut(_URL.sub(_clickable, escape(readable(_enough(text, limit)).strip())), limit)


def _clickable(url: re.Match[str]) -> str:
    return f"<{url[0]}>" if len(url[0]) <= MAX_URL else url[0]


def spoken(text: str, limit: int = 2900) -> str:
    """As `prose`, with people and channels mentioned: only for answers that one person sees, which call nobody."""
    text = _enough(text, limit)
    parts, end = [], 0
    for token in _SPOKEN.finditer(text):
        parts += [escape(readable(text[end : token.start()])), mention(token[1]) if token[1] else f"<#{token[2]}>"]
        end = token.end()
    return cut("".join([*parts, escape(readable(text[end:]))]).strip(), limit)


def quote(text: str, limit: int = 2900) -> str:
    """Text from outside, set apart as a quotation. Every line of it is inside the quotation."""
    return set_apart(prose(text, limit), limit)


def set_apart(mrkdwn: str, limit: int = 2900) -> str:
    """mrkdwn as a quotation."""
    return cut("\n".join("> " + each for each in mrkdwn.split("\n")), limit)


def plain(text: str, limit: int) -> str:
    """Text from outside for a plain_text object: never parsed by Slack, but counted after Slack's own escaping."""
    text = _BROADCAST.sub("@" + WORD_JOINER, _SPECIAL.sub("‹", clean(_enough(text, limit)).strip()))
    room = limit
    for i, c in enumerate(text):
        room -= {"&": 5, "<": 4, ">": 4}.get(c, 1)
        if room < 0:
            return _plain_head(text[:i], limit)
    return text


def _plain_head(text: str, limit: int) -> str:
    while text and len(text) + 4 * text.count("&") + 3 * text.count("<") + 3 * text.count(">") > limit - 1:
        text = text[:-1]
    return text.rstrip() + ELLIPSIS


def mention(user_id: str) -> str:
    """`<@U…>`, or a group's mention for a group's id. Anything that is no id is shown as text."""
    if _PERSON.fullmatch(user_id):
        return f"<@{user_id}>"
    return group(user_id)


def group(group_id: str) -> str:
    """`<!subteam^S…>`. Anything that is no id is shown as text."""
    return f"<!subteam^{group_id}>" if _GROUP.fullmatch(group_id) else line(group_id, 80)


def mentions(user_ids: Iterable[str], limit: int = 2400) -> str:
    """Everybody by mention, one after another; "and N more" beyond `limit` characters."""
    shown: list[str] = []
    ids = list(dict.fromkeys(user_ids))
    room = limit
    for user_id in ids:
        text = mention(user_id)
        room -= len(text) + 1
        if room < 0:
            return f"{' '.join(shown)} and {len(ids) - len(shown)} more".strip()
        shown.append(text)
    return " ".join(shown)


def channel_link(channel_id: str | None) -> str:
    """`<#C…>`, or "no channel yet"."""
    return f"<#{channel_id}>" if channel_id and _CHANNEL.fullmatch(channel_id) else "no channel yet"


def web_address(url: str | None) -> str | None:
    """`url` made safe for a link if a person may be sent there (http or https, of sensible length), else None."""
    url = clean(url or "").strip()
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if parts.scheme.lower() not in ("http", "https") or not parts.netloc:
        return None
    safe = percent(url, safe="%/:?#[]@!$&'()*+,;=~-._")
    return safe if len(safe) <= MAX_URL else None


def link(url: str | None, label: str) -> str:
    """`<url|label>`; just the label where the address is missing, too long or no web address."""
    label = line(label, 150) or "link"
    address = web_address(url)
    if address is None:
        return label
    return f"<{address.replace('&', '&amp;')}|{label.replace('|', '¦')}>"


def zone(name: str) -> ZoneInfo:
    """The time zone of that name, UTC where there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def moment(at: datetime, tz: str = "UTC") -> str:
    """A time in plain text: "5 Mar 2026, 14:02 UTC"."""
    there = at.astimezone(zone(tz))
    return f"{there.day} {there:%b %Y, %H:%M %Z}"


def when(at: datetime, tz: str = "UTC") -> str:
    """A time that Slack shows in each reader's own zone; `tz` is for the fallback."""
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time}}|{line(moment(at, tz))}>"


SAME_DAY = timedelta(hours=12)


def at_time(at: datetime, now: datetime, tz: str = "UTC") -> str:
    """As `when`, for use after "by", "at" or "until": only the time of day where no other day can be meant."""
    if abs(at - now) > SAME_DAY:
        return when(at, tz)
    return f"<!date^{int(at.timestamp())}^{{time}}|{line(f'{at.astimezone(zone(tz)):%H:%M %Z}')}>"


def since(at: datetime, now: datetime) -> str:
    """ "12 min ago" or "in 12 min", kept current by Slack as long as the message is shown."""
    return f"<!date^{int(at.timestamp())}^{{ago}}|{ago(at, now)}>"


def ago(at: datetime, now: datetime) -> str:
    """ "12 min ago" as of `now`; "in 12 min" for a time to come."""
    if abs(at - now) < timedelta(seconds=1):
        return "just now"
    return f"in {duration(at - now)}" if at > now else f"{duration(now - at)} ago"


def duration(span: timedelta) -> str:
    """In words, with the two largest units: "40 s", "12 min", "2 h 5 min", "3 d 4 h". A negative span counts as 0."""
    seconds = max(0, int(span.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    minutes = seconds // 60
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


def count(number: int, one: str, many: str | None = None) -> str:
    """ "1 alert", "12 alerts"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
