"""Slack's markup becomes HTML, and nothing that a text holds becomes a tag of its own."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from sandbox import SandboxClock, SlackUser, UserGroup
from sandbox.installation import Installation
from sandbox.page import markdown_html, mrkdwn_html
from sandbox.page.names import ReaderNames
from sandbox.sample_company import InitialChannel
from sandbox.workspace import WorkspaceState

NIGHT = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def names() -> ReaderNames:
    """Ada in Berlin at three in the morning, and Ben."""
    workspace = WorkspaceState(SandboxClock(NIGHT, frozen=True), Installation())
    ada, ben = SlackUser("U1", "ada", "Ada Lovelace"), SlackUser("U2", "ben", "Benjamin Banneker", display_name="ben")
    workspace.populate(
        [ada, ben],
        [UserGroup("S1", "sre", "SRE", ["ada"])],
        [InitialChannel("general"), InitialChannel("secret", ("ben",), True)],
    )
    return ReaderNames(workspace, ada)


def drawn(text: str, names: ReaderNames) -> str:
    return str(mrkdwn_html.to_html(text, names.token))


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("*bold* _italic_ ~gone~", "<strong>bold</strong> <em>italic</em> <del>gone</del>"),
        ("*a _b_ c*", "<strong>a <em>b</em> c</strong>"),
        ("2*3*4 and snake_case_name", "2*3*4 and snake_case_name"),
        ("`a *b* <http://x.example|y>`", "<code>a *b* y</code>"),
        ("```\nx &lt; y\n```", "<pre>x &lt; y</pre>"),
        ("one\ntwo", "one<br>two"),
        ("&gt; said\nplain", "<blockquote>said</blockquote>plain"),
        ("> said\n> again", "<blockquote>said<br>again</blockquote>"),
        ("&gt;&gt;&gt; all\nof it", "<blockquote>all<br>of it</blockquote>"),
        ("a &amp; b &lt;i&gt;", "a &amp; b &lt;i&gt;"),
        (":no_such_emoji_: at 10:30:00", ":no_such_emoji_: at 10:30:00"),
    ],
)
def test_mrkdwn_formatting(text: str, html: str, names: ReaderNames) -> None:
    assert drawn(text, names) == html


def test_links_open_in_a_new_tab_and_only_safe_ones_are_links(names: ReaderNames) -> None:
    html = drawn("<https://example.com/?a=1&amp;b=2|the page> <mailto:a@b.example|mail> <https://x.example>", names)
    assert (
        'href="https://example.com/?a=1&amp;b=2" target="_blank" rel="noopener noreferrer nofollow">the page</a>'
        in html
    )
    assert 'href="mailto:a@b.example"' in html
    assert ">https://x.example</a>" in html
    for bad in (
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "JaVaScRiPt:x",
        "//x.example",
        "vbscript:x",
    ):
        assert "<a" not in drawn(f"<{bad}|press>", names)


def test_mentions_show_names_and_highlight_the_reader(names: ReaderNames) -> None:
    html = drawn("<@U1> <@U2> <@UNOBODY|ghost> <!subteam^S1> <!here>", names)
    assert 'class="mention me" title="Ada Lovelace">@Ada Lovelace</span>' in html
    assert 'class="mention" title="Benjamin Banneker">@ben</span>' in html
    assert "@ghost" in html
    assert '<span class="mention me">@sre</span>' in html
    assert '<span class="mention me">@here</span>' in html


def test_private_channel_keeps_its_name(names: ReaderNames) -> None:
    general, secret = list(names._ws.channels)
    assert "#general</a>" in drawn(f"<#{general}|general>", names)
    assert "secret" not in drawn(f"<#{secret}|secret>", names)


def test_dates_are_in_the_readers_zone(names: ReaderNames) -> None:
    at = int(NIGHT.timestamp())
    assert ">today at 03:00</time>" in drawn(f"<!date^{at}^{{date_short_pretty}} at {{time}}|then>", names)
    assert ">2026-11-21</time>" in drawn(f"<!date^{at}^{{date_num}}|then>", names)
    assert ">15 minutes ago</time>" in drawn(f"<!date^{at - 900}^{{ago}}|then>", names)
    assert drawn("<!date^never^{time}|then>", names) == "then"


def test_emoji_by_slacks_names(names: ReaderNames) -> None:
    html = drawn(":rotating_light: :large_green_circle: :+1::skin-tone-3:", names)
    assert all(glyph in html for glyph in "🚨🟢👍")


@given(st.text(alphabet="<>&\"'`*_~:|@#!/\n ahjst^{}0;=()", max_size=80))
def test_mrkdwn_text_never_becomes_a_tag(text: str) -> None:
    names = lambda inside: Markup("<i>{}</i>").format(inside)  # noqa: E731
    html = str(mrkdwn_html.to_html(text, names))
    ours = r'</?(?:strong|em|del|code|pre|blockquote|i|br)>|</a>|<a href="(?:https?|mailto):[^"<>]*" target="_blank" rel="[a-z ]+">'
    ours += r'|<span class="emoji" title="[^"<>]*">|</span>'
    assert not re.search(r"[<>]", re.sub(ours, "", html))


def test_markdown_has_no_raw_html_and_no_foreign_pictures() -> None:
    html = markdown_html.to_html(
        "# Post-mortem\n\n| a | b |\n|---|---|\n| 1 | ~~2~~ |\n\n<script>alert(1)</script> ![x](https://x.example/x.png) "
        "[bad](javascript:alert(1)) [good](https://example.com)"
    )
    assert "<h1>Post-mortem</h1>" in html
    assert "<td>1</td>" in html
    assert '<a href="https://example.com">good</a>' in html
    assert not re.search(r"<script|<img|href=.javascript", html)
