"""What Datadog writes into titles, links and messages: "[P1] [Triggered on {host:a}] [TEST] Name", "…/monitors/42?group=…"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from urllib.parse import SplitResult, parse_qs, urlsplit

from warroom.alerts.parsing import words
from warroom.alerts.parsing.reading import Title
from warroom.alerts.parsing.values import clean, safe_link

_BRACKET = re.compile(r"\[(?P<word>[A-Za-z][A-Za-z0-9 _-]{0,30}?)(?:\]| on \{)")
_PRIORITY = re.compile(r"P[1-5]", re.IGNORECASE)
_MOST_BRACKETS = 6
# "…/monitors/42?group=…&event_id=…"; before 2022 "…/monitors#42?group=…".
_MONITOR = re.compile(r"https?://[^\s()\[\]<>\"/]{1,255}/monitors[/#](\d{1,20})(?:\?([^\s()\[\]<>\"]{0,3000}))?")
_ADDRESS = re.compile(r"https?://[^\s()\[\]<>\"]{1,3300}")
_MOST_ADDRESSES = 100
_DATADOGS_OWN = re.compile(r"\A(?:[a-z0-9-]{1,63}\.){0,5}(?:datadoghq\.(?:com|eu)|ddog-gov\.com)\Z")
_NUMBER = re.compile(r"\d{1,20}")
# The text of an image may not hold a bracket, so that every "![" ends the search that the one before it began.
_IMAGE = re.compile(r"!\[[^\[\]\n]{0,200}\]\((https?://[^\s()]{1,3000})\)")
_FOOTER = re.compile(r"\n[ \t]*- - -[ \t]*(?:\n|\Z)")
_TEST = re.compile(r"test notification triggered by", re.IGNORECASE)


class FromLink(NamedTuple):
    """What the links in a text say."""

    link: str | None = None
    monitor_id: str | None = None
    group: str | None = None
    event_id: str | None = None


def title_of(titles: Iterable[str]) -> Title:
    """The parts of all titles; the name is that of the first."""
    found = [split_title(title) for title in titles]
    return Title(
        name=found[0].name if found else "",
        word=next((each.word for each in found if each.word), None),
        scope=next((each.scope for each in found if each.scope), None),
        priority=next((each.priority for each in found if each.priority), None),
        test=any(each.test for each in found),
    )


def split_title(title: str) -> Title:
    """The title's parts. Brackets stand in any order; a bracket that is none of Datadog's begins the name."""
    word = scope = priority = None
    test = False
    rest = title
    for _ in range(_MOST_BRACKETS):
        found = _BRACKET.match(rest)
        if found is None:
            break
        said, end = found["word"], found.end()
        if found[0].endswith("{"):
            # The scope itself may hold "]" and "}"; only both together end it.
            closing = rest.find("}]", end)
            if closing < 0 or words.of_title(said) is None:
                break
            word, scope, end = said, rest[end:closing], closing + 2
        elif _PRIORITY.fullmatch(said):
            priority = said.upper()
        elif said == "TEST":
            test = True
        elif words.of_title(said) is not None:
            word = said
        else:
            break
        rest = rest[end:].lstrip()
    return Title(rest or title, word, scope, priority, test)


def from_link(text: str | None) -> FromLink:
    """Monitor, group and event, from the first link to a monitor in `text`."""
    found = _MONITOR.search(text or "")
    if found is None:
        return FromLink()
    said = _query(found[2] or "")
    return FromLink(safe_link(found[0]), found[1], said.get("group"), _event(said))


def mentioned(text: str | None) -> FromLink:
    """As `from_link`, but from any page of Datadog's that names a monitor: a Synthetics test's, a list of logs.

    Notifications carry the monitor's id in the query of every link ("link_monitor_id"). `link` is None: it leads to
    that page, not to the monitor.
    """
    for parts in _pages(text or ""):
        said = _query(parts.query) or _query(parts.fragment.partition("?")[2])
        numbers = (said.get("link_monitor_id"), said.get("monitor_id"), _monitor_in(parts.path), parts.fragment)
        number = next((one for one in numbers if one and _NUMBER.fullmatch(one)), None)
        if number:
            return FromLink(None, number, said.get("group"), _event(said))
    return FromLink()


def event_of(text: str | None) -> str | None:
    """The id of the event whose page `text` links to: `$LINK` ("…/event/event?id=…")."""
    for parts in _pages(text or ""):
        if parts.path.startswith("/event/"):
            said = _query(parts.query)
            number = said.get("event_id") or said.get("id")
            if number and number.isdecimal():
                return number
    return None


def image_in(text: str | None) -> str | None:
    """The address of the first Markdown image in `text`: Datadog's snapshot of the graph."""
    found = _IMAGE.search(text or "")
    return safe_link(found[1]) if found else None


def without_footer(text: str) -> str:
    """The text without the line of links that Datadog adds at its end."""
    return _FOOTER.split(text, maxsplit=1)[0].rstrip()


def is_test(text: str) -> bool:
    """Whether somebody pressed *Test Notifications*."""
    return _TEST.search(text) is not None


def _pages(text: str) -> Iterator[SplitResult]:
    for number, found in enumerate(_ADDRESS.finditer(text)):
        if number == _MOST_ADDRESSES:
            return
        try:
            parts = urlsplit(found[0])
            host = parts.hostname or ""
        except ValueError:
            continue
        if len(host) <= 255 and _DATADOGS_OWN.match(host):
            yield parts


def _query(query: str) -> dict[str, str | None]:
    try:
        found = parse_qs(query, max_num_fields=50)
    except ValueError:
        return {}
    return {name: clean(values[0]) for name, values in found.items()}


def _event(said: dict[str, str | None]) -> str | None:
    event = said.get("event_id") or said.get("link_event_id")
    return event if event and event.isdecimal() else None


def _monitor_in(path: str) -> str | None:
    """The number in "/monitors/edit/42" and the like."""
    first, *rest = path.strip("/").split("/")
    return next((part for part in rest if _NUMBER.fullmatch(part)), None) if first == "monitors" else None
