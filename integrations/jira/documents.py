"""Texts as Jira stores them: the Atlassian Document Format (developer.atlassian.com, "Atlassian Document Format")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

DEEPEST = 20
LONGEST = 30_000
"""Characters; a description or comment may have 32,767."""


def document(text: str, *links: tuple[str, str]) -> dict[str, Any]:
    """A document with a paragraph for each line, and one with links as (title, address)."""
    lines = [line for line in text[:LONGEST].splitlines() if line.strip()]
    content = [_paragraph([_text(line)]) for line in lines]
    if links:
        shown = [_text(title, [{"type": "link", "attrs": {"href": url}}]) for title, url in links]
        between: list[dict[str, Any]] = []
        for each in shown:
            between += [*([_text(" · ")] if between else []), each]
        content.append(_paragraph(between))
    return {"type": "doc", "version": 1, "content": content or [_paragraph([])]}


def _paragraph(content: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "paragraph", "content": content}


def _text(text: str, marks: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    return {"type": "text", "text": text} | ({"marks": marks} if marks else {})


def plain(node: object, depth: int = DEEPEST) -> str:
    """The words of a document; paragraphs are lines."""
    if isinstance(node, str):
        return node
    if not isinstance(node, Mapping) or not depth:
        return ""
    if node.get("type") == "text":
        return str(node.get("text") or "")
    if node.get("type") == "hardBreak":
        return "\n"
    if node.get("type") == "mention":
        return str((node.get("attrs") or {}).get("text") or "")
    inner = [plain(each, depth - 1) for each in node.get("content") or ()]
    blocks = node.get("type") in ("doc", "bulletList", "orderedList", "blockquote")
    return ("\n" if blocks else "").join(inner).strip("\n") if blocks else "".join(inner)
