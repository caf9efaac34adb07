"""What people type into the message box, as Slack's client sends it."""

from __future__ import annotations

import html
import re

from sandbox.workspace import Workspace

_URL = re.compile(r"https?://[^\s<>]+[^\s<>.,;:!?)\]]")
_NAMED = re.compile(r"(?<![\w@#])([@#])([\w][\w.-]*)")
_EVERYBODY = {"here", "channel", "everyone"}


def escaped(ws: Workspace, text: str) -> str:
    """With &, < and > escaped, and with links, @names and #channels as tokens."""
    out, at = "", 0
    for url in _URL.finditer(text):
        out += _names(ws, text[at : url.start()]) + f"<{html.escape(url[0], quote=False)}>"
        at = url.end()
    return out + _names(ws, text[at:])


def _names(ws: Workspace, text: str) -> str:
    return _NAMED.sub(lambda found: _token(ws, found[1], found[2]), html.escape(text, quote=False))


def _token(ws: Workspace, sign: str, word: str) -> str:
    name = word.rstrip(".-")
    rest = word[len(name) :]
    if sign == "#":
        channel = ws.channel_named(name)
        return f"<#{channel.id}|{channel.name}>{rest}" if channel else sign + word
    if name in _EVERYBODY:
        return f"<!{name}>{rest}"
    person = next((p for p in ws.people.values() if p.name == name and not p.deleted), None)
    if person:
        return f"<@{person.id}>{rest}"
    group = next((g for g in ws.groups.values() if g.handle == name and not g.disabled), None)
    return f"<!subteam^{group.id}>{rest}" if group else sign + word
