"""Addresses: which may be shown, and what Datadog's own say about the monitor."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

from warroom.alerts.parsing.clean import clean

LINK_LIMIT = 3000
_FORBIDDEN = re.compile(r"[\s<>|\"\\\x00-\x1f\x7f]")
# "…/monitors/42?group=…&event_id=…"; before 2022 "…/monitors#42?group=…".
_MONITOR = re.compile(r"https?://[^\s()\[\]<>\"/]{1,255}/monitors[/#](\d{1,20})(?:\?([^\s()\[\]<>\"]{0,3000}))?")
_IMAGE = re.compile(r"!\[[^\]\n]{0,200}\]\((https?://[^\s()]{1,3000})\)")


class FromLink(NamedTuple):
    """What the links in a text say."""

    link: str | None = None
    monitor_id: str | None = None
    group: str | None = None
    event_id: str | None = None


def safe(url: str | None) -> str | None:
    """`url` if it is a whole http or https address that may be shown as a link, else None.

    An address with a user name in it is none: "https://datadoghq.com@evil.example" looks like what it is not.
    """
    if url is None or len(url) > LINK_LIMIT or _FORBIDDEN.search(url):
        return None
    try:
        parts = urlsplit(url)
        whole = parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc
    except ValueError:
        return None
    return url if whole else None


def from_link(text: str | None) -> FromLink:
    """Monitor, group and event, from the first link to a monitor in `text`."""
    found = _MONITOR.search(text or "")
    if found is None:
        return FromLink()
    try:
        query = parse_qs(found[2] or "", max_num_fields=50)
    except ValueError:
        query = {}
    first = {name: clean(values[0]) for name, values in query.items()}
    event = first.get("event_id") or first.get("link_event_id")
    return FromLink(safe(found[0]), found[1], first.get("group"), event if event and event.isdecimal() else None)


def image_in(text: str | None) -> str | None:
    """The address of the first Markdown image in `text`: Datadog's snapshot of the graph."""
    found = _IMAGE.search(text or "")
    return safe(found[1]) if found else None
