"""Whatever is sent: nothing is raised, what comes out is clean, and the same body is the same alert."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.any_body import CONTENT_TYPES, check_clean, check_same, one_alert, patiently, some_alerts
from tests.warroom.alerts.conftest import fixture, posted, sent

_ALERT = one_alert([*fixture("rich")["body"], *fixture("labelled")["body"], "alert_transition", "date", "id"])


@patiently
@given(st.binary(max_size=200), CONTENT_TYPES)
def test_no_bytes_raise(body: bytes, content_type: str) -> None:
    parsed = posted(body, content_type)
    assert parsed.alerts or parsed.refused


@patiently
@given(some_alerts(_ALERT))
def test_no_types_raise_and_what_comes_out_is_clean(body: Any) -> None:
    check_clean(sent(body))


@patiently
@given(_ALERT)
def test_the_same_body_is_the_same_alert_whenever_it_comes(body: dict[str, Any]) -> None:
    check_same(sent, body)
