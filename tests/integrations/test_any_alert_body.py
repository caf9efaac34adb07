"""Whatever is sent: nothing is raised, what comes out is clean, and the same body is the same alert."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.alert_sources import fixture, posted, sent
from tests.any_body import CONTENT_TYPES, JSON, check_clean, check_same, one_alert, patiently, some_alerts

_SHAPES = ("template_triggered", "plain_rich", "labelled")
_ALERT = one_alert([*(name for shape in _SHAPES for name in fixture(shape)["body"]), "id"])


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
@given(JSON, JSON, JSON, _ALERT)
def test_no_envelope_raises(monitor: Any, happened: Any, more: Any, inside: dict[str, Any]) -> None:
    meta = {"monitor": monitor, "transition": happened, "states": more}
    bus = {"detail-type": more, "source": happened, "id": monitor, "detail": inside | {"meta": meta}}
    api = {"id": more, "attributes": {"tags": happened, "attributes": inside | {"monitor": meta, "evt": more}}}
    quoted = inside | {"incident_commander": json.dumps(meta), "incident_fields": json.dumps(more)}
    for body in (bus, api, quoted, bus | {"detail": monitor}, api | {"attributes": {"attributes": happened}}):
        parsed = sent(body)
        assert parsed.alerts or parsed.refused
        for found in parsed.alerts:
            assert not set("\x00\u202e\u2066") & set(found.title + found.text + "".join(found.people))


@patiently
@given(_ALERT)
def test_the_same_body_is_the_same_alert_whenever_it_comes(body: dict[str, Any]) -> None:
    check_same(sent, body)
