"""Words as Slack delivers them: quotes, dashes, mentions, emails. Pure."""

from __future__ import annotations

import re

from warroom.text import as_typed

_QUOTED = r"[\"“”„][^\"“”„]*[\"“”„]|'[^']*'|‘[^’]*’"
_WORD = re.compile(
    rf"""
    (?P<option>(?:--|—|–|-(?=(?:private|team|service|sev|severity)(?:[\s=]|$)))(?P<name>[A-Za-z][\w-]*)(?:=(?P<value>{_QUOTED}|\S*))?)(?=\s|$)
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
        return as_typed(bare)
    if bare[:1] in _QUOTES and unquote(bare).startswith("@"):
        bare = unquote(bare)
    if _HANDLE.match(bare):
        name = as_typed(unquote(bare[1:]))
        return f"@{name}" if name else None
    return None


def unquote(word: str) -> str:
    """The word without the quotes around it, if there are any."""
    word = word.strip()
    if len(word) >= 2 and word[0] in _QUOTES and word[-1] in _QUOTES:
        return word[1:-1].strip()
    return word
