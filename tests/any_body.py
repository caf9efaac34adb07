"""Bodies of every shape, and what has to be true of whatever is read from them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tests.clock import NIGHT
from warroom.alerts.parsing import Parsed
from warroom.outbox.incoming import Incoming

Read = Parsed | Incoming

patiently = settings(suppress_health_check=[HealthCheck.too_slow])
"""How long a draw takes depends on the machine's other work, which is no fault of the code."""

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
JSON = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)
CONTENT_TYPES = st.sampled_from(["", "application/json", "application/x-www-form-urlencoded"])


def one_alert(names: Iterable[str]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with some of these keys and anything under them."""
    return st.dictionaries(st.sampled_from(sorted(set(names))), JSON, max_size=8)


def some_alerts(one: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[Any]:
    """Such an object, several, or several under `alerts`."""
    several = st.lists(one, max_size=3)
    return one | several | st.fixed_dictionaries({"alerts": JSON | several})


def check_clean(parsed: Read) -> None:
    """Something came out, and what did can be stored, has a title, and holds no character that hides another."""
    assert parsed.alerts or parsed.refused
    for found in parsed.alerts:
        said = found.model_dump_json()
        assert type(found).model_validate_json(said) == found
        assert found.title
        assert found.keys[0] == found.dedup_key
        assert not set("\x00\u202e\u2066") & set(json.loads(said)["title"] + found.text)


def check_same(sent: Callable[..., Read], body: dict[str, object]) -> None:
    """The same body is the same alert, in whatever order its keys stand and whenever it comes."""

    def identity(parsed: Read) -> list[tuple[str, tuple[str, ...]]]:
        return [(each.delivery_id, each.keys) for each in parsed.alerts]

    first = identity(sent(body))
    assert identity(sent(dict(reversed(body.items())))) == first
    assert identity(sent(body, NIGHT.replace(year=2027))) == first
