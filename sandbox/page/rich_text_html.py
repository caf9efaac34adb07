"""rich_text blocks as safe HTML. https://docs.slack.dev/reference/block-kit/blocks/rich-text-block"""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape

from sandbox.model import Json
from sandbox.page import dates, mrkdwn_html
from sandbox.page.emojis import glyph
from sandbox.page.names import ReaderNames

_TAGS = {"bold": "strong", "italic": "em", "strike": "del", "underline": "u", "code": "code"}


def to_html(parts: Sequence[Json], names: ReaderNames) -> Markup:
    """The elements of a rich_text block as HTML."""
    return Markup("").join(_part(part, names) for part in parts)


def _part(part: Json, names: ReaderNames) -> Markup:
    if part["type"] == "rich_text_list":
        tag = "ol" if part["style"] == "ordered" else "ul"
        items = Markup("").join(Markup("<li>{}</li>").format(_run(item, names)) for item in part["elements"])
        indent = min(int(part.get("indent", 0)), 8)
        return Markup(f'<{tag} class="indent-{indent}" start="{{}}">{{}}</{tag}>').format(  # noqa: S704  # ours
            int(part.get("offset", 0)) + 1, items
        )
    tag = {"rich_text_quote": "blockquote", "rich_text_preformatted": "pre"}.get(part["type"], "div")
    return Markup(f"<{tag}>{{}}</{tag}>").format(_run(part, names))  # noqa: S704  # ours


def _run(part: Json, names: ReaderNames) -> Markup:
    return Markup("").join(_piece(piece, names) for piece in part["elements"])


def _piece(piece: Json, names: ReaderNames) -> Markup:
    shown = _plain(piece, names)
    for style, on in (piece.get("style") or {}).items():
        if on and style in _TAGS:
            shown = Markup(f"<{_TAGS[style]}>{{}}</{_TAGS[style]}>").format(shown)  # noqa: S704  # ours
    return shown


def _plain(piece: Json, names: ReaderNames) -> Markup:
    match piece["type"]:
        case "text":
            return Markup("<br>").join(escape(line) for line in piece["text"].split("\n"))
        case "link":
            return mrkdwn_html.link(piece["url"], piece.get("text") or piece["url"])
        case "user":
            return names.mention(piece["user_id"])
        case "channel":
            return names.channel_link(piece["channel_id"])
        case "usergroup":
            return names.group(piece["usergroup_id"])
        case "broadcast":
            return names.token(f"!{piece['range']}")
        case "emoji":
            return escape(glyph(piece["name"]))
        case "date":
            moment = dates.from_seconds(piece["timestamp"], names.zone)
            return escape(dates.formatted(piece["format"], moment, moment))
        case "color":
            return escape(piece["value"])
    return Markup("")
