"""Bodies that are no alert: a sentence says why, and nothing is raised."""

from __future__ import annotations

import json
from time import process_time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.normalise.conftest import NIGHT, alert, fixture, sent
from warroom.normalise import parse
from warroom.normalise.parse import MOST_ALERTS


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "The body is empty"),
        (b" \n\x00", "The body is empty"),
        (b"\xff\xfe{", "The body is not UTF-8 text (see byte 1)"),
        (b'{"title": "a', "The body is not JSON"),
        (b"title=a", "The body is not JSON"),
        (b"7", "The body is a number"),
        (b"null", "The body is null"),
        (b'"High memory"', "The body is a text"),
        (b"[]", "The list of alerts is empty"),
        (b'{"alerts": []}', "The list of alerts is empty"),
        (b"{}", "The alert has neither a title, a message nor an id"),
        (b"[" * 100_000, "The body is nested more than"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "The body is nested more than"),
        (b'{"title":"x","a":' + b"[" * 80 + b"]" * 80 + b"}", "The body is nested more than"),
    ],
)
def test_a_useless_body_has_one_reason(body: bytes, reason: str) -> None:
    parsed = parse(body, "application/json", NIGHT)
    assert parsed.alerts == ()
    [said] = parsed.refused
    assert said.startswith(reason)
    assert said.endswith(".")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"title=%ff", "The body is not UTF-8 text (see one of the form's fields)"),
        (b"&".join(b"a%d=1" % number for number in range(2000)), "The form has more than 1000 fields"),
        (b"payload=nonsense", "The alert has neither a title"),
    ],
)
def test_a_useless_form_has_one_reason(body: bytes, reason: str) -> None:
    parsed = parse(body, "application/x-www-form-urlencoded", NIGHT)
    assert parsed.alerts == ()
    assert parsed.refused[0].startswith(reason)


def test_more_alerts_than_are_read_are_told_of() -> None:
    parsed = sent([{"title": f"Queue {number}"} for number in range(MOST_ALERTS + 2)])
    assert len(parsed.alerts) == MOST_ALERTS
    assert parsed.refused == (
        "Alerts 1001 to 1002 were not read: a body may hold 1000. Send the others in a second one.",
    )


def test_huge_texts_are_cut_and_still_told_apart() -> None:
    long = "x" * 100_000
    body = dict.fromkeys(fixture("template_triggered")["body"], long) | {"tags": [long] * 3, long: long}
    found = alert(body)
    assert (len(found.title), len(found.text), len(found.tags)) == (500, 8000, 1)
    assert all(len(key) < 200 for key in (found.delivery_id, *found.keys))
    assert alert(body).keys == found.keys


def test_a_huge_name_over_many_children_costs_nothing() -> None:
    body = {"title": "Queue", "n" * 200_000: {f"child {number}": number for number in range(20_000)}}
    assert alert(body).title == "Queue"


@pytest.mark.parametrize(
    "piece",
    [
        "$AA[",
        "a,",
        "a:b\n",
        "\n\t",
        "%%%\n",
        "&#",
        "![",
        "![a](",
        "http://",
        "https://a/monitors/1?",
        "[P1] ",
        "- - -",
        "{",
    ],
)
def test_no_text_takes_long(piece: str) -> None:
    long = piece * (200_000 // len(piece))
    began = process_time()
    sent({"title": long, "alert_title": long, "body": long, "tags": long, "alert_scope": long, "link": long, "x": long})
    assert process_time() - began < 2


def test_a_shared_secret_in_a_body_goes_nowhere() -> None:
    found = alert({"title": "Queue", "api_token": "fake-1", "Authorization": "fake-2", "apiKey": "fake-3"})
    assert "fake" not in found.model_dump_json()


# How long a draw takes depends on the machine's other work, which is no fault of the code.
patiently = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(st.characters(codec=None), max_size=20),
    st.sampled_from(
        ["$ALERT_ID", "null", "[P1] [Triggered on {", "%%%", "\ud800", "\u202e", "1e999", "https://[", "{}"]
    ),
)
_JSON = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)
_NAMES = st.sampled_from(
    sorted({*fixture("template_triggered")["body"], *fixture("plain_rich")["body"], *fixture("labelled")["body"], "id"})
)
_BODIES = st.dictionaries(_NAMES, _JSON, max_size=8)


@patiently
@given(st.binary(max_size=200), st.sampled_from(["", "application/json", "application/x-www-form-urlencoded"]))
def test_no_bytes_raise(body: bytes, content_type: str) -> None:
    parsed = parse(body, content_type, NIGHT)
    assert parsed.alerts or parsed.refused


@patiently
@given(
    _BODIES | st.lists(_BODIES, max_size=3) | st.fixed_dictionaries({"alerts": _JSON | st.lists(_BODIES, max_size=3)})
)
def test_no_types_raise_and_what_comes_out_is_clean(body: object) -> None:
    parsed = sent(body)
    assert parsed.alerts or parsed.refused
    for found in parsed.alerts:
        said = found.model_dump_json()
        assert type(found).model_validate_json(said) == found
        assert found.title
        assert found.keys[0] == found.dedup_key
        assert not set("\x00\u202e\u2066") & set(json.loads(said)["title"] + found.text)


@patiently
@given(_BODIES)
def test_the_same_body_is_the_same_alert_whenever_it_comes(body: dict[str, object]) -> None:
    shuffled = dict(reversed(body.items()))
    first, again = sent(body), sent(shuffled)
    assert [each.delivery_id for each in first.alerts] == [each.delivery_id for each in again.alerts]
    assert [each.keys for each in first.alerts] == [each.keys for each in again.alerts]
    after = sent(body, NIGHT.replace(year=2027))
    assert [(each.delivery_id, each.keys) for each in first.alerts] == [
        (each.delivery_id, each.keys) for each in after.alerts
    ]
