"""Markdown as safe HTML: no raw HTML, no pictures from elsewhere, links only where a click does no harm."""

from __future__ import annotations

from markdown_it import MarkdownIt
from markupsafe import Markup

from sandbox.page.mrkdwn import safe_url


def _reader() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"])
    reader.disable("image")
    reader.validateLink = lambda url: safe_url(url) is not None  # type: ignore[method-assign]  # its documented hook
    return reader


_READER = _reader()


def draw(text: str) -> Markup:
    """Markdown as HTML."""
    return Markup(_READER.render(text))  # noqa: S704  # rendered with html off
