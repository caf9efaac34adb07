"""Text that somebody else wrote, made fit for us: cleaned, cut, without a chat's markup, compared with what is known. Pure.

Nothing here escapes for a chat or for Markdown: whoever draws a text escapes it, once.
"""

from __future__ import annotations

import html
import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from difflib import get_close_matches

ELLIPSIS = "…"

_KEPT = "\n\u200d"  # the latter joins the parts of an emoji
_TOKEN = re.compile(r"<(?:([@#!])([^<>|\s]+)|((?:https?://|mailto:)[^<>|\s]+))(?:\|([^<>|]*))?>")
_TYPED_TOKEN = re.compile(r"<((?:#|!|https?:|mailto:)[^<>]*)>")
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))
_NOTHING = frozenset({"", "null", "none", "undefined", "n/a"})
_LONGEST_WORD = max(map(len, _NOTHING))
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


def clean(text: str) -> str:
    """`text` without what changes how its surroundings read: control characters, direction overrides, lone surrogates.

    Lines end in a line feed, a tab is a space.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    text = text.replace("\u2028", "\n").replace("\u2029", "\n")
    if text.isascii() and text.isprintable():
        return text
    return "".join(c for c in text if c in _KEPT or unicodedata.category(c) not in ("Cc", "Cf", "Cs"))


def cut(text: str, limit: int) -> str:
    """`text` in at most `limit` characters, with an ellipsis where something was cut."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + ELLIPSIS


def readable(text: str, names: Mapping[str, str] | None = None) -> str:
    """Plain text for what Slack wrote into a message: "<@U1|ada>" is "@ada", "<https://a.example|x>" shows its address.

    `names` maps ids to names; an id without one is shown by its label, else stays an id.
    """
    known = names or {}

    def spelled(token: re.Match[str]) -> str:
        sign, target, url, label = token.groups()
        if url:
            address = url.removeprefix("mailto:")
            return address if label in (None, "", url, address) else f"{label} ({address})"
        target = target.removeprefix("subteam^")
        name = known.get(target) or label or target
        return f"{'#' if sign == '#' else '@'}{name.lstrip('@#')}"

    return _TOKEN.sub(spelled, text)


def as_typed(text: str) -> str:
    """What a person typed, from what Slack made of it: `&lt;` is <, `<#C1|ops>` is #ops, `<https://x|y>` is its address.

    Mentions of people stay: they say exactly who is meant.
    """

    def shown(found: re.Match[str]) -> str:
        inside, _, label = found[1].partition("|")
        if inside.startswith("#"):
            return f"#{label or inside[1:]}"
        if inside.startswith("!"):
            return label or f"@{inside[1:].partition('^')[0]}"
        return inside.removeprefix("mailto:")

    text = _TYPED_TOKEN.sub(shown, text)
    for written, meant in _ENTITIES:
        text = text.replace(written, meant)
    return text


def did_you_mean(said: str, known: Iterable[str], *, likeness: float = 0.6) -> str | None:
    """The one known word that `said` is probably a slip of, or None. `likeness` is between 0 and 1 (equal)."""
    near = get_close_matches(said.casefold(), list(known), n=1, cutoff=likeness)
    return near[0] if near else None


def line_in(value: object, limit: int) -> str | None:
    """`value` as one line of at most `limit` characters; None when it says nothing.

    Nothing said is "", null, none, undefined, n/a in any case, a variable that was never filled in (`$HOSTNAME`,
    `$TAGS[service]`), a list, an object, a truth value, NaN. Numbers become text. `%%%` fences, between which some senders
    put Markdown, go; HTML entities are unescaped once, control characters and lone surrogates are removed.
    """
    text = _said(value)
    return None if text is None else cut(" ".join(text.split()), limit)


def text_in(value: object, limit: int | None) -> str | None:
    """As `line_in`, but lines stay lines. `limit=None` keeps it whole."""
    text = _said(value)
    return text if text is None or limit is None else cut(text, limit)


def _said(value: object) -> str | None:
    text = value if isinstance(value, str) else _spelled(value)
    if text is None:
        return None
    # Nothing unwanted is printable, and most texts are.
    if not text.isprintable():
        text = _scrubbed(text)
    if "%%%" in text:
        text = _unfenced(text)
    if "&" in text:
        text = _scrubbed(_ENTITY.sub(lambda entity: html.unescape(entity[0]), text))
    text = text.strip(_INVISIBLE).strip()
    return None if _says_nothing(text) else text


def _spelled(value: object) -> str | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        # str() refuses very long numbers; nothing we read is that long.
        return str(value) if value.bit_length() < 512 else None
    if isinstance(value, float) and math.isfinite(value):
        return str(int(value)) if value.is_integer() and abs(value) < 2**63 else str(value)
    return None


def _scrubbed(text: str) -> str:
    return _UNWANTED.sub("", _LINE_ENDS.sub("\n", text))


def _unfenced(text: str) -> str:
    text = _MARKDOWN_FENCE.sub("", text).strip()
    return text.removeprefix("%%%").removesuffix("%%%")


def _says_nothing(text: str) -> bool:
    if "$" not in text:
        return len(text) <= _LONGEST_WORD and text.lower() in _NOTHING
    if len(text) > _LONGEST_NOTHING:
        return False
    # "[$ALERT_TRANSITION] $ALERT_TITLE": variables and punctuation, no word of anybody's.
    rest = _VARIABLE.sub("", text)
    return _UNSUBSTITUTED.fullmatch(text) is not None or (rest != text and _LETTER_OR_DIGIT.search(rest) is None)
