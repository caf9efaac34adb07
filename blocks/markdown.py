"""Markdown from text that came from outside: it shows as typed, forges no heading or link, and runs no HTML.

Rules: CommonMark 0.31 (backslash escapes, autolinks) and GFM 0.29 (tables, strikethrough).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from warroom.text import clean, cut, readable

_ACTIVE = re.compile(r"([\\`*_\[\]<>|~$&])")
_AT_START = re.compile(r"^(#{1,6}(?=\s|$)|[-+=]|\d{1,9}(?=[.)]))", re.MULTILINE)
_WEB = re.compile(r"https?://[^\s<>\"'`|\\]+(?<![.,:;!?)*_~])")


def prose(text: str, names: Mapping[str, str]) -> str:
    """Text from outside as Markdown paragraphs, its lines kept, its web addresses clickable and shown in full."""
    lines = [" ".join(each.split()) for each in clean(readable(text, names)).strip().split("\n")]
    return re.sub(r"(?<=[^\n])\n(?=[^\n])", "  \n", re.sub(r"\n{3,}", "\n\n", _linked("\n".join(lines))))


def line(text: str, names: Mapping[str, str], limit: int = 300) -> str:
    """Text from outside as Markdown on one line, cut to `limit` characters before escaping."""
    return _linked(cut(" ".join(clean(readable(text, names)).split()), limit))


def link(url: str | None, label: str, names: Mapping[str, str]) -> str:
    """`[label](<url>)`; just the label where the address is missing or no web address."""
    shown = _escaped(" ".join(clean(readable(label, names)).split())[:200]) or "link"
    address = clean(url or "").strip()
    try:
        parts = urlsplit(address)
    except ValueError:
        return shown
    if parts.scheme.lower() not in ("http", "https") or not parts.netloc:
        return shown
    safe = quote(address, safe="%/:?#[]@!$&'()*+,;=~-._")
    return f"[{shown}](<{safe}>)"


def _linked(text: str) -> str:
    parts, end = [], 0
    for found in _WEB.finditer(text):
        parts += [_escaped(text[end : found.start()]), f"<{found[0]}>"]
        end = found.end()
    return _AT_START.sub(_backslashed, "".join([*parts, _escaped(text[end:])]))


def _escaped(text: str) -> str:
    return _ACTIVE.sub(r"\\\1", text)


def _backslashed(start: re.Match[str]) -> str:
    """A digit cannot be escaped itself; what follows it can."""
    return f"{start[0]}\\" if start[0].isdigit() else f"\\{start[0]}"
