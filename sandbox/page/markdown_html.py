"""Markdown as safe HTML: no raw HTML, no images, only http, https and mailto links."""

from __future__ import annotations

from markdown_it import MarkdownIt
from markupsafe import Markup

from sandbox.page.mrkdwn_html import safe_url


def _reader() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"])
    reader.disable("image")
    reader.validateLink = lambda url: safe_url(url) is not None  # type: ignore[method-assign]  # its documented hook
    return reader


_READER = _reader()


def to_html(text: str) -> Markup:
    """Markdown as HTML."""
    return Markup(_READER.render(text))  # noqa: S704  # rendered with html off
