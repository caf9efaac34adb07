"""Names in queries: whatever an alert calls a service, the query asks for that service and nothing else."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warroom.errors import Rejected
from warroom.queries import filled, in_search, in_selector, in_tags


def selector(query: str, name: str) -> str:
    return filled(query, {"service": name}, in_selector)


def search(query: str, name: str) -> str:
    return filled(query, {"service": name}, in_search, quotes='"')


@pytest.mark.parametrize(
    ("query", "name", "written"),
    [
        ('{service="{service}"} |= "error"', "checkout", '{service="checkout"} |= "error"'),
        ('{service="{service}"}', 'x"} or {job="y', '{service="x\\"} or {job=\\"y"}'),
        ('{service="{service}"}', "a\\", '{service="a\\\\"}'),
        ("{service='{service}'}", "it's", "{service='it\\'s'}"),
        ("{service=`{service}`}", "a\\d", "{service=`a\\d`}"),
        ('{service=~"{service}"}', "a.b", '{service=~"a\\\\.b"}'),
        ('{service=~"(x|{service})-.*"}', "a|b", '{service=~"(x|a\\\\|b)-.*"}'),
        ("{service=~`{service}`}", "a.b", "{service=~`a\\.b`}"),
        ('{job="a\\"{service}"}', 'q"', '{job="a\\"q\\""}'),
        ('up{service="{service}"} by (service) {other}', "x", 'up{service="x"} by (service) {other}'),
    ],
)
def test_in_a_selector(query: str, name: str, written: str) -> None:
    assert selector(query, name) == written


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("{service=`{service}`}", "a`b"),
        ("rate({service}[5m])", "up or vector(1)"),
        ('{service="{service}"}', "two\nlines"),
        ('{service="{service}"}', ""),
        ('{service="{service}"}', "x" * 251),
    ],
)
def test_what_cannot_be_written_in_a_selector_is_refused(query: str, name: str) -> None:
    with pytest.raises(Rejected):
        selector(query, name)


@pytest.mark.parametrize(
    ("query", "name", "written"),
    [
        ("service:{service} AND level:error", "checkout", 'service:"checkout" AND level:error'),
        ('service:"{service}"', 'a" OR "b', 'service:"a\\" OR \\"b"'),
        ("service:{service}", "* OR level:info", 'service:"* OR level:info"'),
        ("service:{service}", "a\\", 'service:"a\\\\"'),
    ],
)
def test_in_a_search(query: str, name: str, written: str) -> None:
    assert search(query, name) == written


def test_no_name_is_written_into_a_regular_expression_of_a_search() -> None:
    with pytest.raises(Rejected):
        search("service:/{service}.*/", "x")


def test_in_tags_stands_only_what_a_tag_may_hold() -> None:
    query = "avg:errors{service:{service}} by {host}"
    assert (
        filled(query, {"service": "check-out_1.eu/a"}, in_tags, quotes="")
        == "avg:errors{service:check-out_1.eu/a} by {host}"
    )
    for evil in ("a,env:dev", "a}", "a b", "ä"):
        with pytest.raises(Rejected):
            filled(query, {"service": evil}, in_tags, quotes="")


NAMES = st.text(min_size=1, max_size=40).filter(lambda name: not re.search(r"[\x00-\x1f\x7f]", name))


@given(NAMES)
def test_a_selector_has_one_string_with_that_name_whatever_it_is(name: str) -> None:
    written = selector('{service="{service}"}', name)
    found = re.fullmatch(r'\{service="((?:[^"\\]|\\.)*)"\}', written, re.DOTALL)
    assert found is not None
    assert re.sub(r"\\(.)", r"\1", found[1], flags=re.DOTALL) == name


@given(NAMES)
def test_a_search_has_one_phrase_with_that_name_whatever_it_is(name: str) -> None:
    found = re.fullmatch(r'service:"((?:[^"\\]|\\.)*)"', search("service:{service}", name), re.DOTALL)
    assert found is not None
    assert re.sub(r"\\(.)", r"\1", found[1], flags=re.DOTALL) == name
