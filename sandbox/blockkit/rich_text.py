"""The rich_text block. Shapes: Slack, "Rich text block"."""

from __future__ import annotations

from sandbox.blockkit.checks import Check, array, boolean, by_type, integer, matching, one_of, record, string
from sandbox.blockkit.composition import URL

_STYLE = record({}, dict.fromkeys(("bold", "italic", "strike", "code", "underline"), boolean))
_HIGHLIGHT = record({}, dict.fromkeys(("bold", "italic", "strike", "highlight", "client_highlight", "unlink"), boolean))
_BORDER: dict[str, Check] = {"border": integer(0, 1)}

_TEXT = record({"text": string()}, {"style": _STYLE})
_LINK = record({"url": URL}, {"text": string(), "unsafe": boolean, "style": _STYLE})

INLINE = by_type(
    {
        "text": _TEXT,
        "link": _LINK,
        "emoji": record({"name": string()}, {"unicode": string(), "skin_tone": integer(1, 6)}),
        "user": record({"user_id": matching(r"[UW][A-Z0-9]+", "user id")}, {"style": _HIGHLIGHT}),
        "usergroup": record({"usergroup_id": matching(r"S[A-Z0-9]+", "user group id")}, {"style": _HIGHLIGHT}),
        "channel": record({"channel_id": matching(r"[CGD][A-Z0-9]+", "channel id")}, {"style": _HIGHLIGHT}),
        "broadcast": record({"range": one_of("here", "channel", "everyone")}),
        "color": record({"value": matching(r"#[0-9A-Fa-f]{6}", "color")}),
        "date": record({"timestamp": integer(0), "format": string()}, {"url": URL, "fallback": string()}),
    }
)
SECTION = record({"elements": array(INLINE, least=0)})
RICH_TEXT = array(
    by_type(
        {
            "rich_text_section": SECTION,
            "rich_text_quote": record({"elements": array(INLINE, least=0)}, _BORDER),
            "rich_text_preformatted": record(
                {"elements": array(by_type({"text": _TEXT, "link": _LINK}), least=0)}, {**_BORDER, "language": string()}
            ),
            "rich_text_list": record(
                {"style": one_of("bullet", "ordered"), "elements": array(by_type({"rich_text_section": SECTION}))},
                {**_BORDER, "indent": integer(0, 8), "offset": integer(0)},
            ),
        }
    )
)
