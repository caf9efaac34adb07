"""One way to read a value somebody else wrote: plain text, or None where there is nothing to say.

Nothing here escapes for Slack: whoever draws a text escapes it, once.
"""

from __future__ import annotations

import html
import math
import re

TITLE_LIMIT = 500
TEXT_LIMIT = 8000
WORD_LIMIT = 255

_NOTHING = frozenset({"", "null", "none", "undefined", "n/a"})
_UNSUBSTITUTED = re.compile(r"\$[a-z_][a-z0-9_]*(\[[^\[\]]*\])?", re.IGNORECASE)
_VARIABLE = re.compile(r"\$[A-Z][A-Z0-9_]+(\[[^\[\]]*\])?")
# Longer texts say something, and looking for variables in them would cost.
_LONGEST_NOTHING = 1000
_LETTER_OR_DIGIT = re.compile(r"[^\W_]")
# Control characters, lone surrogates (neither UTF-8 nor a database takes them), direction overrides and the
# byte order mark. Tab and newline stay; joiners stay too, emoji are built with them.
_UNWANTED = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]"
)
_LINE_ENDS = re.compile(r"\r\n?|[\u2028\u2029]")
# Only entities that end in a semicolon: html.unescape alone turns the "&region=" of a link into "®ion=".
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_MARKDOWN_FENCE = re.compile(r"^[ \t]*%%%[ \t]*(?:\n|\Z)", re.MULTILINE)
_INVISIBLE = " \t\n\u00a0\u200b\u200c\u200d\u2060\u3000"


def clean(value: object, limit: int = WORD_LIMIT) -> str | None:
    """`value` as one line of at most `limit` characters; None when it says nothing.

    Nothing said is "", null, none, undefined, n/a in any case, a variable that was never filled in (`$HOSTNAME`,
    `$TAGS[service]`), a list, an object, a truth value, NaN. Numbers become text. Markdown's `%%%` fences go, HTML
    entities are unescaped once, control characters and lone surrogates are removed.
    """
    text = _plain(value)
    return None if text is None else cut(" ".join(text.split()), limit)


def clean_text(value: object, limit: int | None = TEXT_LIMIT) -> str | None:
    """As `clean`, but lines stay lines. `limit=None` keeps it whole."""
    text = _plain(value)
    return text if text is None or limit is None else cut(text, limit)


def cut(text: str, limit: int) -> str:
    """`text` in at most `limit` characters, with an ellipsis where something was cut."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def _plain(value: object) -> str | None:
    text = _spelled(value)
    if text is None:
        return None
    text = _scrubbed(text)
    if "%%%" in text:
        text = _unfenced(text)
    if "&" in text:
        text = _scrubbed(_ENTITY.sub(lambda entity: html.unescape(entity[0]), text))
    text = text.strip(_INVISIBLE).strip()
    return None if _says_nothing(text) else text


def _spelled(value: object) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        # str() refuses very long numbers; nothing we read is that long.
        return str(value) if value.bit_length() < 512 else None
    if isinstance(value, float) and math.isfinite(value):
        return str(int(value)) if value.is_integer() and abs(value) < 2**63 else str(value)
    return None


def _scrubbed(text: str) -> str:
    # Nothing unwanted is printable, and most texts are: a short cut through both patterns.
    return text if text.isprintable() else _UNWANTED.sub("", _LINE_ENDS.sub("\n", text))


def _unfenced(text: str) -> str:
    text = _MARKDOWN_FENCE.sub("", text).strip()
    return text.removeprefix("%%%").removesuffix("%%%")


def _says_nothing(text: str) -> bool:
    if len(text) > _LONGEST_NOTHING:
        return False
    if text.lower() in _NOTHING:
        return True
    if "$" not in text:
        return False
    # "[$ALERT_TRANSITION] $ALERT_TITLE": variables and punctuation, no word of anybody's.
    rest = _VARIABLE.sub("", text)
    return _UNSUBSTITUTED.fullmatch(text) is not None or (rest != text and _LETTER_OR_DIGIT.search(rest) is None)
