"""Turns text typed into the message box into Slack's markup, as Slack's client does before sending."""

from __future__ import annotations

import html
import re

from sandbox.workspace import WorkspaceState

_URL = re.compile(r"https?://[^\s<>]+[^\s<>.,;:!?)\]]")
_NAMED = re.compile(r"(?<![\w@#])([@#])([\w][\w.-]*)")
_EVERYBODY = {"here", "channel", "everyone"}


def to_slack_markup(ws: WorkspaceState, text: str) -> str:
    """The text with &, < and > escaped, and with links, @names and #channels as tokens."""
    out, at = "", 0
    for url in _URL.finditer(text):
        out += _mark_names(ws, text[at : url.start()]) + f"<{html.escape(url[0], quote=False)}>"
        at = url.end()
    return out + _mark_names(ws, text[at:])


def _mark_names(ws: WorkspaceState, text: str) -> str:
    return _NAMED.sub(lambda found: _token(ws, found[1], found[2]), html.escape(text, quote=False))


def _token(ws: WorkspaceState, sign: str, word: str) -> str:
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
