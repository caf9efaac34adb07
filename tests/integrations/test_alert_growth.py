"""What a hostile text costs grows with its length and no faster: parsing runs on the event loop.

Only ratios of processor time are compared, of the same work on the same machine in the same moment, and so roughly that
another program's load cannot decide: a factor of 8 in length gives 8 where the work is linear, 64 where it is not.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable
from time import process_time

import pytest

import integrations
import warroom.alerts.parsing
from integrations.datadog.parsing.slack_message import parse_message, wrote
from tests.alert_sources import SOURCES, sent
from tests.clock import NIGHT
from warroom.alerts.app_messages import is_from

FACTOR = 8
TOO_MUCH = 30
"""Nearer to FACTOR than to its square, with room for a cache that is too small for the longer text."""
NOTHING = 0.01
"""Seconds of processor time below which a clock's grain would be compared."""
STEPS = 2.5
"""What a pattern may cost for each character, in calls of an empty function: it is linear to look 200 characters ahead of
each, and still too dear."""
PIECES = [
    *("![", "![a", "![](", "![a](http://", "[![", "[", "]", "(", "](", "http://", "https://a/", "http://a ", "://"),
    *(
        "https://app.datadoghq.eu/monitors/1?",
        "https://app.datadoghq.eu/monitors/",
        "https://datadoghq.com/event/?id=1 ",
    ),
    *("https://a/monitors/", "https://a.datadoghq.com/?link_monitor_id=x&", "a.", "a-", "datadoghq."),
    *(
        "$AA[",
        "$A",
        "$",
        "[$A]",
        "&#",
        "&",
        "&aaaaaaaa",
        "&#1;",
        "%%%",
        "%%%\n",
        "\n%%% ",
        " %%%",
        "\n\t",
        "\n \n",
        " ",
    ),
    *(
        "[P1] ",
        "[Triggered on {",
        "}]",
        "[TEST] ",
        "- - -",
        "\n- - - ",
        "\n   - ",
        " on a:b,",
        " on ",
        "a:b,",
        "a,",
        ":",
        ",",
    ),
    *(
        "<http://a|",
        "<http://a",
        "<",
        ":a:",
        ":a",
        " :a",
        "Warn on {",
        "}",
        "} ",
        "A ",
        "Tags: ",
        "\ntags ",
        "*tags*\t",
    ),
    *("{", '{"a":', "test notification triggered b", "\u202e", "\x00", "é", "_", "0", "Aa0 -"),
]


def _seconds(work: Callable[[], object], enough: float = 0.0) -> float:
    """The least of three runs, because what disturbs a run only adds to it; the first one that took less than `enough`."""
    least = float("inf")
    for _ in range(3):
        began = process_time()
        work()
        least = min(least, process_time() - began)
        if least < enough:
            break
    return least


def _text(piece: str, length: int) -> str:
    return piece * (length // len(piece))


def _grows(work: Callable[[str], object], piece: str, length: int) -> float:
    """By how much dearer a text is that is FACTOR times as long; 0.0 where it costs nothing."""
    dear = _seconds(lambda: work(_text(piece, length * FACTOR)), NOTHING)
    return dear / max(_seconds(lambda: work(_text(piece, length))), NOTHING / FACTOR) if dear > NOTHING else 0.0


def _everywhere(text: str) -> None:
    """`text` wherever a sender may write one."""
    fields = ("title", "event_msg", "tags", "alert_scope", "link", "date", "id", "x")
    for body in (
        dict.fromkeys(fields, text),
        {"labels": {"a": text}, "annotations": {"summary": text}, "startsAt": text},
    ):
        sent({"data": body})


def _in_slack(text: str) -> None:
    block = {"type": "section", "text": {"type": "mrkdwn", "text": text}, "fields": [{"text": text}]}
    said = {"bot_id": "B1", "ts": "1.2", "text": text, "blocks": [block]}
    is_from(said, SOURCES.message_readers)
    wrote(said)
    parse_message(said, "C1", NIGHT)
    part = {"title": f"Triggered: {text}", "title_link": text, "text": text, "fallback": text, "pretext": text}
    parse_message(said | {"attachments": [part, {"blocks": [block]}]}, "C1", NIGHT)


def _patterns() -> dict[str, re.Pattern[str]]:
    """Every pattern that stands in a module that parses alerts, by its place."""
    shared = pkgutil.walk_packages(warroom.alerts.parsing.__path__, "warroom.alerts.parsing.")
    own = pkgutil.walk_packages(integrations.__path__, "integrations.")
    names = [each.name for each in shared] + [each.name for each in own if ".parsing" in each.name] + ["warroom.text"]
    found = {}
    for module in names:
        for name, value in vars(importlib.import_module(module)).items():
            if isinstance(value, re.Pattern):
                found[f"{module}.{name}"] = value
    return found


def test_the_patterns_are_found() -> None:
    assert len(_patterns()) > 15


@pytest.mark.parametrize("place", _patterns())
def test_no_pattern_looks_at_a_text_again_and_again(place: str) -> None:
    pattern = _patterns()[place]

    def work(text: str) -> None:
        pattern.search(text)
        pattern.fullmatch(text)
        pattern.sub("", text)
        pattern.search(f"Triggered on {{{text}")

    grown = {piece: _grows(work, piece, 5_000) for piece in PIECES}
    assert {piece: factor for piece, factor in grown.items() if factor > TOO_MUCH} == {}


@pytest.mark.parametrize("work", [_everywhere, _in_slack], ids=["webhook", "Slack"])
def test_no_text_costs_more_than_its_length(work: Callable[[str], None]) -> None:
    grown = {piece: _grows(work, piece, 5_000) for piece in PIECES}
    assert {piece: factor for piece, factor in grown.items() if factor > TOO_MUCH} == {}


@pytest.mark.parametrize("place", _patterns())
def test_no_pattern_goes_far_from_every_character(place: str) -> None:
    pattern = _patterns()[place]
    length = 50_000
    call_each = re.compile(".", re.DOTALL)
    limit = STEPS * _seconds(lambda: call_each.sub(lambda _: "", "x" * length))

    def taken(piece: str) -> float:
        text = _text(piece, length)
        return _seconds(lambda: pattern.sub("", text), limit)

    dear = {piece: taken(piece) for piece in PIECES}
    assert {piece: seconds for piece, seconds in dear.items() if seconds > limit} == {}
