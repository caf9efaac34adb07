"""Text from outside: cleaned, cut, without markup, compared."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warroom.text import as_typed, clean, cut, did_you_mean, line_in, readable, text_in


@pytest.mark.parametrize(
    ("written", "names", "shown"),
    [
        ("<@U1> and <@U2|ben>", {"U1": "ada"}, "@ada and @ben"),
        ("<@U1>", {}, "@U1"),
        ("<!subteam^S1|@sre> in <#C1|ops>", {}, "@sre in #ops"),
        ("<!here>", {}, "@here"),
        ("<https://a.example|the page>", {}, "the page (https://a.example)"),
        ("<https://a.example|https://a.example>", {}, "https://a.example"),
        ("<mailto:ada@example.com|ada@example.com>", {}, "ada@example.com"),
        ("1 < 2 > 1", {}, "1 < 2 > 1"),
    ],
)
def test_a_chats_markup_reads_as_text(written: str, names: dict[str, str], shown: str) -> None:
    assert readable(written, names) == shown


def test_what_was_typed_keeps_who_is_meant() -> None:
    assert as_typed("<@U1> a &lt; b &amp;&amp; c <#C1|ops> <http://x.io|x.io>") == "<@U1> a < b && c #ops http://x.io"


def test_the_nearest_known_word() -> None:
    assert did_you_mean("Resolv", ["resolve", "reopen"]) == "resolve"
    assert did_you_mean("xyz", ["resolve"]) is None
    assert did_you_mean("team", ["tema"], likeness=1.0) is None


def test_a_value_that_says_nothing_is_none() -> None:
    nothing: tuple[object, ...] = ("", " null ", "$HOSTNAME", None, [], True, float("nan"))
    assert [line_in(value, 9) for value in nothing] == [None] * 7
    assert (line_in(4.0, 9), line_in("a\n b", 9), text_in("a\n b", None)) == ("4", "a b", "a\n b")


@given(st.text(), st.integers(1, 20))
def test_a_cut_text_fits_and_a_clean_one_stays_clean(text: str, limit: int) -> None:
    assert len(cut(text, limit)) <= limit
    assert clean(clean(text)) == clean(text)
    clean(text).encode()
