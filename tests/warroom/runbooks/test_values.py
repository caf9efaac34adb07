"""Values from alerts are data: whatever they say, they stay in their place."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warroom.capabilities import Placed
from warroom.policy.remediation import arguments_fit, fits
from warroom.runbooks.outputs import HIDDEN, Mask, plain
from warroom.runbooks.values import Missing, NotFilled, filled, filled_parameters, holds
from warroom.value import Value

HOSTILE = (
    'x"} or vector(1) or up{job="',
    "x'; rm -rf / #",
    "$(reboot)",
    "`reboot`",
    "a|b",
    "a&b=c",
    "../../etc/passwd",
    "a/../b",
    "..",
    "@evil.example.com/",
    "evil.example.com#",
    "x\ny",
    "x\x00y",
    "--config=/tmp/x",
    "-rf",
    "{other}",
    "{{other}}",
    "{each.__class__.__mro__}",
    "{0.__globals__}",
    "%2e%2e",
    "x\u2028y",
)
VALUES = {"other": "SECOND", "each": "EACH"}


@pytest.mark.parametrize("value", HOSTILE)
def test_a_value_is_filled_in_once_and_never_read_as_a_template(value: str) -> None:
    assert filled("say {service}!", {**VALUES, "service": value}) == f"say {value}!"
    assert filled("{service}", {**VALUES, "service": value}) == value


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("query", ['up{{service="{service}"}}', "up{{service=~'{service}'}}", "sum({service})"])
def test_no_value_leaves_its_place_in_a_query(query: str, value: str) -> None:
    query = query.replace("{{", "{").replace("}}", "}")
    harmless = {"..", "../../etc/passwd", "a/../b", "-rf", "@evil.example.com/"}
    if value in harmless:
        assert value in filled(query, {"service": value}, Placed.QUERY)
    else:
        with pytest.raises(NotFilled):
            filled(query, {"service": value}, Placed.QUERY)


def test_a_space_is_only_harmless_within_quotes() -> None:
    assert filled('up{service="{s}"}', {"s": "a or b"}, Placed.QUERY) == 'up{service="a or b"}'
    with pytest.raises(NotFilled):
        filled("sum({s})", {"s": "a or b"}, Placed.QUERY)
    with pytest.raises(NotFilled):
        filled('up{a="\\"",b={s}}', {"s": "a or b"}, Placed.QUERY)


@pytest.mark.parametrize("value", HOSTILE)
def test_no_value_leaves_its_place_in_an_address(value: str) -> None:
    try:
        address = filled("https://a.example.com/q/{v}/drain?n={v}", {"v": value}, Placed.URL)
    except NotFilled:
        return
    assert address.startswith("https://a.example.com/q/")
    assert address.count("/") == 5
    assert (address.count("?"), address.count("#"), address.count("&"), address.count("=")) == (1, 0, 0, 1)


@given(st.text(max_size=40))
def test_an_address_never_gets_another_host(value: str) -> None:
    from urllib.parse import urlsplit

    try:
        address = filled("https://{v}.example.com/{v}", {"v": value}, Placed.URL)
    except NotFilled:
        return
    parts = urlsplit(address)
    assert parts.netloc.endswith(".example.com")
    assert not parts.query
    assert not parts.fragment


@pytest.mark.parametrize("value", ["--config=/tmp/x", "-rf", "x\ny", "x\x00y"])
def test_no_value_becomes_an_option(value: str) -> None:
    with pytest.raises(NotFilled):
        filled("{v}", {"v": value}, Placed.ARGUMENT)


def test_an_argument_stays_one_argument() -> None:
    class Parameters(Value):
        run: Annotated[tuple[str, ...], Placed.ARGUMENT]

    found = filled_parameters({"run": ["prog", "{v}", "--name={v}"]}, {"v": "a b; reboot"}, Parameters)
    assert found["run"] == ["prog", "a b; reboot", "--name=a b; reboot"]
    assert arguments_fit(["prog", "*"], ["prog", "x"])
    assert not arguments_fit(["prog", "*"], ["prog", "--delete"])
    assert not arguments_fit(["prog", "*"], ["prog", "x", "y"])
    assert not arguments_fit(["prog"], ["/tmp/prog"])


def test_nothing_is_filled_in_where_a_secret_is_named() -> None:
    class Parameters(Value):
        token: Annotated[str, Placed.SECRET]

    assert filled_parameters({"token": "{v}"}, {"v": "env:OTHER"}, Parameters) == {"token": "{v}"}


@pytest.mark.parametrize(
    ("text", "values", "wanted"),
    [
        ("{{service}} is {service}", {"service": "api"}, "{service} is api"),
        ('{"a": {"b": 1}}', {}, '{"a": {"b": 1}}'),
        ("{x.0.name}", {"x": [{"name": "n"}]}, "n"),
        ("{n}", {"n": 3.0}, 3.0),
        ("{n} pods", {"n": 3.0}, "3 pods"),
        ("{b}", {"b": True}, True),
        ("is {b}", {"b": True}, "is true"),
        ("rate{5m}", {}, "rate{5m}"),
    ],
)
def test_what_is_filled_in(text: str, values: dict[str, Any], wanted: Any) -> None:
    assert filled(text, values) == wanted


@pytest.mark.parametrize("text", ["{a.b.c.d.e}", "{a!r}", "{a:>10}", "{a[0]}", "{A}", "{}"])
def test_nothing_but_names_is_a_placeholder(text: str) -> None:
    assert filled(f"x{text}", {"a": "1"}) == f"x{text}"


@pytest.mark.parametrize("name", ["a.__class__", "a.upper", "a.0", "l.append", "m.keys", "m.items"])
def test_no_attribute_of_a_value_is_reached(name: str) -> None:
    with pytest.raises(Missing):
        filled(f"{{{name}}}", {"a": "1", "l": [], "m": {}})


def test_what_is_not_there_is_said() -> None:
    with pytest.raises(Missing) as missing:
        filled("{nothing.here}", {"nothing": {}})
    assert missing.value.name == "nothing.here"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("{n} > 5", True),
        ("{n} < 5", False),
        ("{n} == 10", True),
        ("{n} == 10.0", True),
        ("{s} == yes", True),
        ("{s} == 'yes'", True),
        ("{s} != no", True),
        ("{s}", True),
        ("not {s}", False),
        ("{empty}", False),
        ("{no}", False),
        ("{tricky} == x", False),
    ],
)
def test_a_condition_is_one_comparison(text: str, wanted: bool) -> None:
    values = {"n": 10, "s": "yes", "empty": "", "no": "no", "tricky": "x == x or 1"}
    assert holds(text, values) is wanted


def test_a_value_is_no_part_of_the_condition() -> None:
    assert not holds("{v} == no", {"v": "yes == yes"})


@pytest.mark.parametrize(
    ("pattern", "value", "wanted"),
    [("a-*", "a-b", True), ("a-*", "A-b", False), ("*", "a\nb", True), ("a", "ab", False)],
)
def test_patterns_of_the_policy_are_exact(pattern: str, value: str, wanted: bool) -> None:
    assert fits(pattern, value) is wanted


def test_what_is_kept_is_cut_and_has_no_secret() -> None:
    deep: Any = "end"
    for _ in range(20):
        deep = {"more": deep}
    mask = Mask(["hunter22"])
    assert "end" not in str(plain(deep, 100, mask))
    assert plain({"x": "the hunter22 said"}, 100, mask) == {"x": f"the {HIDDEN} said"}
    assert len(plain("y" * 10_000, 500, mask)) <= 500
    assert plain(float("nan"), 10, mask) == "nan"
    assert len(plain(list(range(1000)), 10, mask)) == 50
