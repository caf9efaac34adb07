"""Words as Slack delivers them: quotes, dashes, mentions, emails, markup. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches

_QUOTED = r"[\"“”„][^\"“”„]*[\"“”„]|'[^']*'|‘[^’]*’"
_WORD = re.compile(
    rf"""
    (?P<option>(?:--|—|–)(?P<name>[A-Za-z][\w-]*)(?:=(?P<value>{_QUOTED}|\S*))?)(?=\s|$)
  | (?P<quoted>@?(?:[\"“”„][^\"“”„]*[\"“”„]|‘[^’]*’))(?=[\s,;]|$)
  | (?P<markup><(?:[@!\#]|mailto:)[^<>]*>[,;:.!?)]*)
  | (?P<plain>[^\s<]+|<)
    """,
    re.VERBOSE,
)
_MENTION = re.compile(r"^<(?:@[UW][A-Z0-9]+|!subteam\^S[A-Z0-9]+)(?:\|[^<>]*)?>$")
_MAILTO = re.compile(r"^<mailto:(?P<email>[^<>|]+)(?:\|[^<>]*)?>$")
_EMAIL = re.compile(r"^[\w.+%'’-]+@[\w-]+(?:\.[\w-]+)+$")
_HANDLE = re.compile(r"^@[\w\"“„‘]")
_TRAILING = ",;:.!?)"
_QUOTES = "\"“”„'‘’"
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))


def words(text: str) -> list[re.Match[str]]:
    """The words in order; only spaces are left out. Groups: option (with name and value), quoted, markup or plain."""
    return list(_WORD.finditer(text))


def split(text: str) -> tuple[str, str]:
    """(the subcommand in lower case, the text after it)."""
    first, *rest = text.strip().split(maxsplit=1) or [""]
    return first.casefold(), rest[0] if rest else ""


def person(word: str) -> str | None:
    """What to look up when the word can only be a person, a group or an email; None when it is an ordinary word."""
    bare = word.rstrip(_TRAILING)
    if _MENTION.match(bare):
        return bare
    if mail := _MAILTO.match(bare):
        return mail["email"]
    if _EMAIL.match(bare):
        return plain(bare)
    if bare[:1] in _QUOTES and unquote(bare).startswith("@"):
        bare = unquote(bare)
    if _HANDLE.match(bare):
        name = plain(unquote(bare[1:]))
        return f"@{name}" if name else None
    return None


def plain(text: str) -> str:
    """Slack's markup as the text a person saw: `&lt;` is <, `<#C1|ops>` is #ops, `<https://x|y>` is its address."""

    def shown(found: re.Match[str]) -> str:
        inside, _, label = found[1].partition("|")
        if inside.startswith("#"):
            return f"#{label or inside[1:]}"
        if inside.startswith("!"):
            return label or f"@{inside[1:].partition('^')[0]}"
        return inside.removeprefix("mailto:")

    text = re.sub(r"<((?:#|!|https?:|mailto:)[^<>]*)>", shown, text)
    for written, meant in _ENTITIES:
        text = text.replace(written, meant)
    return text


def unquote(word: str) -> str:
    """The word without the quotes around it, if there are any."""
    word = word.strip()
    if len(word) >= 2 and word[0] in _QUOTES and word[-1] in _QUOTES:
        return word[1:-1].strip()
    return word


def did_you_mean(typed: str, known: Sequence[str]) -> str | None:
    """The one known word that `typed` is probably a slip of, or None."""
    near = get_close_matches(typed.casefold(), known, n=1, cutoff=0.6)
    return near[0] if near else None
