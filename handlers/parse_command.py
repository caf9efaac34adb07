"""How what people type after `/incident` is taken apart. Pure; nothing typed is lost.

Only `declare` has options, and they may stand anywhere. Everything else is words, people and free text. Quotes and
dashes may have been made typographic on the way (phones and Slack's own composer do that).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from blocks.usage import OptionNeedsValue, OptionTwice, PrivateTakesNoValue, UnknownOption
from warroom.errors import Refused
from warroom.text import as_typed, did_you_mean
from warroom.value import Value

OPTIONS = {"sev": "sev", "severity": "sev", "private": "private", "service": "service", "team": "team"}
"""Every way to write an option, and the option it is."""

SURE = "service in quotes"
_PIECE = re.compile(r"[\"“”„][^\"“”„]*[\"“”„]|‘[^’]*’|[^,]+")
_NUMBER = re.compile(
    r"^(?:(?P<sure>\#|inc-)\s?)?(?P<number>\d{1,9})(?=$|\s|[:,.](?:\s|$))[:,.]?\s*(?P<rest>.*)$", re.I | re.S
)
_CHANNEL = re.compile(r"^<#(?P<channel>[CG][A-Z0-9]+)(?:\|[^<>]*)?>\s*(?P<rest>.*)$", re.S)


class Target(Value):
    """Which incident the words name, and the words after it. Neither number nor channel means: the room's own."""

    number: int | None = None
    channel: str | None = None
    rest: str = ""


class Declaration(Value):
    """What follows `declare`, understood."""

    title: str = ""
    severity: str | None = None
    team: str | None = None
    services: tuple[str, ...] = ()
    sure: tuple[str, ...] = ()
    """Those of `services` that stood in quotes, so that nobody asks whether they are misspelt."""
    people: tuple[str, ...] = ()
    private: bool = False

    @property
    def empty(self) -> bool:
        """True when nothing was said at all, so the form is what is wanted."""
        return self == Declaration()


def target(text: str, *, bare: bool) -> Target:
    """The incident named at the start of the text: #12, INC-12, a channel, and 12 alone where `bare` numbers count."""
    text = text.strip()
    if found := _CHANNEL.match(text):
        return Target(channel=found["channel"], rest=found["rest"])
    found = _NUMBER.match(text)
    if found and (found["sure"] or bare):
        return Target(number=int(found["number"]), rest=found["rest"])
    return Target(rest=text)


def declaration(text: str) -> Declaration:
    """Options and people anywhere, the rest is the title in order. Raises Refused, saying which option is wrong."""
    options: list[tuple[str, str]] = []
    people: list[str] = []
    title: list[re.Match[str]] = []
    typed = iter(words(text))
    for found in typed:
        name = _option(found) if found["option"] else None
        if name is not None:
            options += _values(name, found, typed)
        elif said := person(found[0]):
            people.append(said)
        else:
            title.append(found)
    return _declaration(options, people, _joined(title))


def _values(name: str, found: re.Match[str], typed: Iterator[re.Match[str]]) -> list[tuple[str, str]]:
    """(option, what it says): after its =, in its own name (--sev1), or the next word; services by commas, one each.

    A service in quotes is there a second time as SURE. Raises Refused without a value.
    """
    if name == "private":
        if found["value"]:
            raise Refused(PrivateTakesNoValue())
        return [(name, "")]
    written = _compact(found) or found["value"]
    if written is None:
        written = _next_word(typed)
    while name == "service" and written.endswith(",") and (more := _next_word(typed)):
        written += more
    pieces = _PIECE.findall(written) if name == "service" else [written]
    said = [(name, value) for piece in pieces if (value := as_typed(unquote(piece)))]
    if not said:
        raise Refused(OptionNeedsValue(option=name))
    quoted = [as_typed(unquote(piece)) for piece in pieces if unquote(piece) != piece.strip()]
    return said + [(SURE, value) for value in quoted if name == "service"]


def _next_word(typed: Iterator[re.Match[str]]) -> str:
    after = next(typed, None)
    return after[0] if after and not after["option"] else ""


def _joined(words: list[re.Match[str]]) -> str:
    """The words with a space wherever there was one, without the quotes around the whole."""
    if len(words) == 1:
        return unquote(words[0][0])
    pieces = [
        word[0] if not before or before.end() == word.start() else f" {word[0]}"
        for before, word in zip([None, *words], words, strict=False)
    ]
    return "".join(pieces)


def _declaration(options: list[tuple[str, str]], people: list[str], title: str) -> Declaration:
    for name in ("sev", "team"):
        values = [value for option, value in options if option == name]
        if len(values) > 1:
            raise Refused(OptionTwice(option=name, values=tuple(values)))
    said = dict(options)
    return Declaration(
        title=as_typed(title),
        severity=said.get("sev"),
        team=said.get("team"),
        services=tuple(dict.fromkeys(value for option, value in options if option == "service")),
        sure=tuple(value for option, value in options if option == SURE),
        people=tuple(dict.fromkeys(people)),
        private="private" in said,
    )


def _option(found: re.Match[str]) -> str | None:
    """The option that is meant; None when a long dash merely stands before a word. Raises Refused when unknown."""
    name = found["name"].casefold()
    if name in OPTIONS:
        return OPTIONS[name]
    if _compact(found) is not None:
        return "sev"
    near = did_you_mean(name, OPTIONS, likeness=0.7)
    if not found["option"].startswith("--") and near is None:
        return None
    raise Refused(UnknownOption(name=found["name"], near=near))


def _compact(found: re.Match[str]) -> str | None:
    """The level in `--sev1` or `--SEV-1`."""
    if found["value"] is not None:
        return None
    level = re.match(r"^sev(?:erity)?-?(\d+)$", found["name"].casefold())
    return level[1] if level else None


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
