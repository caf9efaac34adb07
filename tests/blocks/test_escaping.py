"""Whatever people and monitors write: it mentions nobody, forges no link, breaks nothing, and is as long as Slack takes."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from blocks import text

MARKUP = [
    "<!channel>",
    "<@U1>",
    "<#C1|x>",
    "<https://a.example|b>",
    "@here",
    "```",
    "&lt;!here&gt;",
    "&amp;",
    "mailto:",
]
PIECES = st.sampled_from(MARKUP) | st.sampled_from("<>|*_~`\u202e\x00\ud800\u200b\u2028\r\n")
HOSTILE = st.lists(PIECES | st.text(max_size=8), max_size=30).map("".join)
LIMIT = st.integers(min_value=1, max_value=200)
LINK = r"https?://[^\s<>|\"]+(\|[^<>|]*)?"
SPOKEN = rf"@[UW][A-Z0-9]+|#[CGD][A-Z0-9]+|{LINK}"


def is_whole(mrkdwn: str, tokens: str) -> bool:
    """Every < opens a token of those, every & an entity, and nothing else of Slack's syntax is left but quotation marks."""
    mrkdwn = re.sub(r"^> ?|^>$", "", mrkdwn, flags=re.MULTILINE)
    rest = re.sub(rf"<({tokens})>", "", mrkdwn)
    rest = re.sub(r"&(amp|lt|gt);", "", rest)
    return not set("<>&") & set(rest)


@pytest.mark.parametrize(
    ("shown", "tokens"),
    [(text.line, "(?!)"), (text.prose, LINK), (text.quote, LINK), (text.spoken, SPOKEN)],
    ids=lambda each: getattr(each, "__name__", ""),
)
@example(said="@here<|@here<https://a.example|b>", limit=19)
@given(said=HOSTILE, limit=LIMIT)
def test_text_from_outside_is_only_text(shown: Callable[..., str], tokens: str, said: str, limit: int) -> None:
    mrkdwn = shown(said, limit)
    assert is_whole(mrkdwn, tokens)
    assert len(mrkdwn) <= limit
    assert "```" not in mrkdwn
    assert not re.search(r"(?<![\w.+-])@(here|channel|everyone)\b", mrkdwn)
    assert not set("\x00\u202e\u2028\ud800\r") & set(mrkdwn)


def test_no_broadcast_comes_about_by_cutting() -> None:
    said = "&lt;!here&gt;<<<<<<|<!channel>mailto:"
    for limit in range(1, 80):
        assert not re.search(r"@(here|channel)", text.prose(said, limit) + text.plain("@channelmailto:", limit))


@given(said=HOSTILE, limit=LIMIT)
def test_plain_text_fits_and_has_nothing_that_steers(said: str, limit: int) -> None:
    plain = text.plain(said, limit)
    assert len(plain) <= limit
    assert not set("\x00\u202e\u2028\ud800\r") & set(plain)


@given(url=HOSTILE | st.just("https://a.example/x"), label=HOSTILE)
def test_a_link_leads_where_it_says_or_is_none(url: str, label: str) -> None:
    assert is_whole(text.link(url, label), LINK)


@pytest.mark.parametrize("typed", ["*bold*", "`code`", "~gone~", "_under_", "__init__", "```fence```"])
def test_a_literal_is_formatted_by_nothing(typed: str) -> None:
    assert not set("*`~") & set(text.literal(typed))
    assert not text.literal(typed).startswith("_")
    assert not text.literal(typed).endswith("_")


def test_a_literal_keeps_what_formats_nothing() -> None:
    assert text.literal("disk_full on db-02 at 99.9 %") == "disk_full on db-02 at 99.9 %"


def test_a_time_after_by_or_at_is_only_the_time_of_day_unless_another_day_could_be_meant() -> None:
    now = datetime(2026, 11, 21, 16, 40, tzinfo=UTC)
    assert text.at_time(now + timedelta(minutes=16), now) == "<!date^1795280160^{time}|16:56 UTC>"
    assert "{date_short_pretty} {time}" in text.at_time(now + timedelta(hours=13), now)
