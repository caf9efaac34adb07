"""Slack's mrkdwn as safe HTML: the only tags in the result are those made here.

https://docs.slack.dev/messaging/formatting-message-text
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from markupsafe import Markup, escape

from sandbox.page.emojis import glyph

SAFE = {"http", "https", "mailto"}

_FENCE = re.compile(r"```\n?(.*?)\n?```", re.S)
_STYLES = (("*", "strong"), ("_", "em"), ("~", "del"))
_PIECE = re.compile(
    r"`(?P<code>[^`\n]+)`"
    r"|<(?P<token>[^<>\n]+)>"
    r"|:(?P<emoji>[a-z0-9_+'-]+(?:::skin-tone-\d)?):"
    + "".join(
        rf"|(?<![\w{re.escape(mark)}]){re.escape(mark)}(?P<{tag}>[^\s{re.escape(mark)}](?:[^{re.escape(mark)}\n]*[^\s{re.escape(mark)}])?){re.escape(mark)}(?![\w{re.escape(mark)}])"
        for mark, tag in _STYLES
    )
)
_QUOTED = re.compile(r"(?:&gt;|>) ?")

TokenRenderer = Callable[[str], Markup]
"""Renders a token between < and > that is not a link: a mention, a channel, a date."""


def safe_url(url: str) -> str | None:
    """The URL when its scheme is http, https or mailto; None otherwise."""
    try:
        scheme = urlsplit(url.strip()).scheme.lower()
    except ValueError:
        return None
    return url.strip() if scheme in SAFE else None


def link(url: str, label: str | Markup) -> Markup:
    """A link that opens in another tab, or only its label when the URL is not safe."""
    address = safe_url(url)
    if address is None:
        return escape(label)
    return Markup('<a href="{}" target="_blank" rel="noopener noreferrer nofollow">{}</a>').format(address, label)


def to_html(text: str, named: TokenRenderer) -> Markup:
    """mrkdwn as HTML."""
    return Markup("").join(_blocks(text, named))


def plain_text_to_html(text: str) -> Markup:
    """plain_text as HTML: emoji and line breaks are rendered, everything else is escaped."""
    return Markup("<br>").join(_emojis(line) for line in text.split("\n"))


def _blocks(text: str, named: TokenRenderer) -> Iterator[Markup]:
    at = 0
    for fence in _FENCE.finditer(text):
        yield _lines(text[at : fence.start()].rstrip("\n"), named)
        yield Markup("<pre>{}</pre>").format(_without_tokens(fence[1]))
        at = fence.end()
    rest = text[at:]
    yield _lines(rest.removeprefix("\n") if at else rest, named)


def _lines(text: str, named: TokenRenderer) -> Markup:
    """Lines joined by breaks. Lines that begin with > are quotes; >>> quotes everything after it."""
    out: list[Markup] = []
    quote: list[Markup] = []
    everything = False

    def close() -> None:
        if quote:
            out.append(Markup("<blockquote>{}</blockquote>").format(Markup("<br>").join(quote)))
            quote.clear()

    for line in text.split("\n") if text else ():
        if line.startswith(("&gt;&gt;&gt;", ">>>")):
            everything, line = True, line.replace("&gt;", ">")[3:].lstrip()
        elif (mark := _QUOTED.match(line)) and not everything:
            quote.append(_inline(line[mark.end() :], named))
            continue
        if everything:
            quote.append(_inline(line, named))
            continue
        close()
        out.append(_inline(line, named))
    close()
    return _join_lines(out)


def _join_lines(lines: list[Markup]) -> Markup:
    """Joined by breaks, except next to quotes, which are blocks of their own."""
    joined = Markup("")
    for i, line in enumerate(lines):
        around = line.startswith("<blockquote") or (i and lines[i - 1].startswith("<blockquote"))
        joined += line if not i or around else Markup("<br>") + line
    return joined


def _inline(text: str, named: TokenRenderer) -> Markup:
    out, at = Markup(""), 0
    for piece in _PIECE.finditer(text):
        out += _escaped(text[at : piece.start()]) + _piece(piece, named)
        at = piece.end()
    return out + _escaped(text[at:])


def _piece(piece: re.Match[str], named: TokenRenderer) -> Markup:
    kind = piece.lastgroup or ""
    inside = piece[kind]
    match kind:
        case "code":
            return Markup("<code>{}</code>").format(_without_tokens(inside))
        case "emoji":
            return _emoji(inside)
        case "token":
            return _token(inside, named)
    return Markup(f"<{kind}>{{}}</{kind}>").format(_inline(inside, named))  # noqa: S704  # kind is one of _STYLES


def _token(inside: str, named: TokenRenderer) -> Markup:
    if inside[0] in "@#!":
        return named(inside)
    url, _, label = inside.partition("|")
    url = html.unescape(url)
    return link(url, _emojis(html.unescape(label)) if label else url.removeprefix("mailto:"))


def _without_tokens(text: str) -> str:
    """Text within code: links lose their brackets, nothing else is rendered."""
    return html.unescape(re.sub(r"<([^<>|\n]+)(?:\|([^<>\n]*))?>", lambda t: t[2] or t[1], text))


def _escaped(text: str) -> Markup:
    return escape(html.unescape(text))


def _emojis(text: str) -> Markup:
    out, at = Markup(""), 0
    for found in re.finditer(r":([a-z0-9_+'-]+(?:::skin-tone-\d)?):", text):
        out += escape(text[at : found.start()]) + _emoji(found[1])
        at = found.end()
    return out + escape(text[at:])


def _emoji(name: str) -> Markup:
    shown = glyph(name)
    if shown.startswith(":"):
        return escape(shown)
    return Markup('<span class="emoji" title=":{}:">{}</span>').format(name, shown)
