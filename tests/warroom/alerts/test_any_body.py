"""Whatever is sent: nothing is raised, what comes out is clean, and the same body is the same alert."""

from __future__ import annotations

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.warroom.alerts.conftest import NIGHT, fixture, posted, sent

# How long a draw takes depends on the machine's other work, which is no fault of the code.
patiently = settings(suppress_health_check=[HealthCheck.too_slow])

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
    sorted({*fixture("rich")["body"], *fixture("labelled")["body"], "alert_transition", "date", "id"})
)
_BODIES = st.dictionaries(_NAMES, _JSON, max_size=8)


@patiently
@given(st.binary(max_size=200), st.sampled_from(["", "application/json", "application/x-www-form-urlencoded"]))
def test_no_bytes_raise(body: bytes, content_type: str) -> None:
    parsed = posted(body, content_type)
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
