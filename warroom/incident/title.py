"""The severity that somebody wrote into a title, and titles that are nearly the same. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from rapidfuzz import fuzz

from warroom.errors import Refused
from warroom.incident.model import Incident
from warroom.people.model import normal
from warroom.policy import Policy
from warroom.refusals import SeveralSeverities, UnknownSeverity
from warroom.value import Value

ALIKE = 75.0
"""From this likeness (0 to 100) on, two titles may be about the same."""

_LEVEL = re.compile(r"(?<![\w./@#])[-–—]{0,2}sev(?:erity)?[ \t]*[-_:= ]?[ \t]*(\d{1,2})(?![\w%./-])(?!:\d)", re.I)
"""`sev1`, `sev 1`, `-sev 1`, `SEV-1`, `severity: 1`, wherever it stands."""
_FIRST = re.compile(r"^[\s\[({]*([\w-]+)\s*(?P<mark>[:\])}])?[\s\])}]*")
_LAST = re.compile(r"(?P<mark>[\[({])?\s*([\w-]+)[\s\])}.!]*$")
_EDGE = " \t,;:|/-–—·"
_EMPTY = re.compile(r"[\[({]\s*[\])}]")


class TitleWords(Value):
    """A title without the severity in it; `severity` is a key of the policy, None when no severity was written."""

    title: str
    severity: str | None = None


def read_title(text: str, policy: Policy) -> TitleWords:
    """The title and the severity that was clearly meant in it.

    `sev1` in all its spellings counts anywhere; the policy's keys and aliases with a number in them (`P1`) at either end; a
    name such as critical only in brackets, or with a colon behind it at the start, for “critical path broken” is a title.
    Raises Refused when the title names two severities, or one that the policy does not know.
    """
    found: list[tuple[str, str]] = []

    def take(match: re.Match[str]) -> str:
        said = f"sev{int(match[1])}"
        key = policy.severity_named(said)
        if key is None:
            raise Refused(UnknownSeverity(said=match[0].strip(" -–—"), known=tuple(policy.severities)))
        found.append((match[0].strip(" -–—"), key))
        return " "

    rest = _EMPTY.sub(" ", _LEVEL.sub(take, text))
    rest = _at_the_end(_at_the_start(rest, policy, found), policy, found)
    if not found:
        return TitleWords(title=text)
    if len({key for _, key in found}) > 1:
        raise Refused(SeveralSeverities(said=tuple(dict.fromkeys(said for said, _ in found))))
    return TitleWords(title=_tidy(rest), severity=found[0][1])


def _at_the_start(text: str, policy: Policy, found: list[tuple[str, str]]) -> str:
    match = _FIRST.match(text)
    key = _meant(match[1], match["mark"], policy) if match else None
    if match is None or key is None:
        return text
    found.append((match[1], key))
    return text[match.end() :]


def _at_the_end(text: str, policy: Policy, found: list[tuple[str, str]]) -> str:
    match = _LAST.search(text)
    key = _meant(match[2], match["mark"], policy) if match else None
    if match is None or key is None:
        return text
    found.append((match[2], key))
    return text[: match.start()]


def _meant(word: str, mark: str | None, policy: Policy) -> str | None:
    """The severity of a word at an end of the title: with a number and a letter in it, or a name set apart by `mark`."""
    key = None if word.isdigit() else policy.severity_named(word)
    if key is None:
        return None
    named = mark and normal(word) in (normal(key), normal(policy.severities[key].name))
    return key if named or any(char.isdigit() for char in word) else None


def _tidy(text: str) -> str:
    """Without the gap and the punctuation that the severity left behind."""
    return re.sub(r"\s+([,;:.!?])", r"\1", " ".join(text.split())).strip(_EDGE)


def similar(title: str, services: Sequence[str], among: Iterable[Incident], limit: int = 3) -> list[Incident]:
    """The incidents among these with one of the services or nearly this title, the likeliest first."""
    wanted = {normal(service) for service in services}
    plain = title.casefold()
    ranked = []
    for incident in among:
        score = fuzz.token_set_ratio(plain, incident.title.casefold()) if len(plain) > 3 else 0.0
        if wanted & {normal(service) for service in incident.services}:
            score += 100.0
        if score >= ALIKE:
            ranked.append((score, incident))
    ranked.sort(key=lambda each: (-each[0], -each[1].number))
    return [incident for _, incident in ranked[:limit]]


def nearly(service: str, known: Iterable[str]) -> str | None:
    """The known service that is probably meant; None when it is one of them, or like none of them."""
    names = {normal(each): each for each in known if not {"*", "?"} & set(each)}
    wanted = normal(service)
    if not wanted or wanted in names:
        return None
    scored = [(fuzz.ratio(wanted, name), name) for name in names]
    score, name = max(scored, default=(0.0, ""))
    return names[name] if score >= ALIKE else None
