"""Bodies that are no alert: a sentence says why, and nothing is raised."""

from __future__ import annotations

import pytest

from tests.warroom.alerts.conftest import alert, fixture, posted, sent
from warroom.alerts.parsing.parse import MOST_ALERTS


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
    parsed = posted(body)
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
    parsed = posted(body, "application/x-www-form-urlencoded")
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
    body = dict.fromkeys(fixture("rich")["body"], long) | {"tags": [long] * 3, long: long}
    found = alert(body)
    assert (len(found.title), len(found.text), len(found.tags)) == (500, 8000, 1)
    assert all(len(key) < 200 for key in (found.delivery_id, *found.keys))
    assert alert(body).keys == found.keys


def test_a_huge_name_over_many_children_costs_nothing() -> None:
    body = {"title": "Queue", "n" * 200_000: {f"child {number}": number for number in range(20_000)}}
    assert alert(body).title == "Queue"


def test_a_shared_secret_in_a_body_goes_nowhere() -> None:
    found = alert({"title": "Queue", "api_token": "fake-1", "Authorization": "fake-2", "apiKey": "fake-3"})
    assert "fake" not in found.model_dump_json()
