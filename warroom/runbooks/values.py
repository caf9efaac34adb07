"""Filling values into a runbook's texts. Pure, and nothing in a text is ever run: a placeholder is a name, and a condition one
comparison.

Values come from people and from alerts. Where a text is more than text (a query, an address, an argument), `Placed` says so, and a
value that could leave its place there is refused or quoted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel

from warroom.capabilities import Placed

NAME = r"[a-z][a-z0-9_]*"
PLACE = re.compile(rf"\{{\{{({NAME})\}}\}}|\{{({NAME}(?:\.[a-z0-9_]+){{0,3}})\}}")
"""{{word}}, which stands for {word} itself, or {name} and {id.field}."""
LONGEST = 4_000
"""Characters of one value that is filled in."""
_SAFE = re.compile(r"[\w.:/@+\- ]*")
"""What may stand in a query within quotes: letters, digits and these."""
_PLAIN = re.compile(r"[\w.:/@+\-]*")

Values = Mapping[str, Any]
"""By name: of an input, of what is known of the incident, or of a step (then a mapping of its fields)."""


class NotFilled(ValueError):
    """A text cannot be filled in; the message is a sentence for people."""


class Missing(NotFilled):
    """There is no such value. `name` is what was asked for."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no value {{{name}}}")
        self.name = name


def names_in(part: Any) -> Iterator[str]:
    """Every name that a text, or the texts in lists and mappings, has as a placeholder, such as "before.value"."""
    if isinstance(part, str):
        yield from (found[2] for found in PLACE.finditer(part) if found[2])
    elif isinstance(part, Mapping):
        for key, value in part.items():
            yield from names_in(key)
            yield from names_in(value)
    elif isinstance(part, Sequence):
        for value in part:
            yield from names_in(value)


def value_of(name: str, values: Values) -> Any:
    """The value of that name. Raises Missing."""
    found: Any = values
    for part in name.split("."):
        if isinstance(found, Mapping) and part in found:
            found = found[part]
        elif isinstance(found, list | tuple) and part.isdigit() and int(part) < len(found):
            found = found[int(part)]
        else:
            raise Missing(name)
    return found


def as_text(value: Any) -> str:
    """How a value reads within a text: whole numbers without a fraction, lists and mappings as JSON."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)[:LONGEST]


def filled(text: str, values: Values, place: Placed = Placed.TEXT) -> Any:
    """The text with its placeholders filled in; a text that is nothing but one placeholder becomes the value itself, with its
    type, where `place` is TEXT. Raises NotFilled.
    """
    whole = PLACE.fullmatch(text)
    if whole and whole[2] and place is Placed.TEXT:
        return _short(value_of(whole[2], values), whole[2])
    parts: list[str] = []
    end = 0
    for found in PLACE.finditer(text):
        parts.append(text[end : found.start()])
        end = found.end()
        if found[1]:
            parts.append("{" + found[1] + "}")
            continue
        value = _short(as_text(value_of(found[2], values)), found[2])
        parts.append(_placed(value, found[2], place, "".join(parts)))
    return "".join(parts) + text[end:]


def _short(value: Any, name: str) -> Any:
    if isinstance(value, str) and len(value) > LONGEST:
        raise NotFilled(f"the value of {{{name}}} has more than {LONGEST} characters")
    return value


def _placed(value: str, name: str, place: Placed, before: str) -> str:
    if place is Placed.TEXT:
        return value
    if re.search(r"[\x00-\x1f\x7f\u2028\u2029]", value):
        raise NotFilled(f"the value of {{{name}}} has a control character or a line break, which cannot stand here")
    if place is Placed.URL:
        if value.strip() in (".", "..") or value != value.strip():
            raise NotFilled(f"the value of {{{name}}} cannot stand in an address")
        return quote(value, safe="")
    if place is Placed.QUERY:
        # Within quotes a space is harmless; outside, it would begin another word of the query.
        quoted = _open_quote(before)
        if not (_SAFE if quoted else _PLAIN).fullmatch(value):
            raise NotFilled(
                f"the value of {{{name}}} has characters that cannot stand in a query; use letters, digits, _ . : / @ -"
            )
        return value
    if not before and value.startswith("-"):
        raise NotFilled(f"the value of {{{name}}} begins with -, so the program would take it for an option")
    return value


def _open_quote(before: str) -> bool:
    """Whether what follows stands within quotes."""
    open_with = ""
    escaped = False
    for letter in before:
        if escaped:
            escaped = False
        elif letter == "\\" and open_with and open_with != "`":
            escaped = True
        elif open_with:
            open_with = "" if letter == open_with else open_with
        elif letter in "\"'`":
            open_with = letter
    return bool(open_with)


def filled_parameters(written: Mapping[str, Any], values: Values, model: type[BaseModel]) -> dict[str, Any]:
    """The parameters with every text in them filled in, each as its field is placed. Raises NotFilled."""
    return {name: _each(value, values, place_of(model, name)) for name, value in written.items()}


def place_of(model: type[BaseModel], name: str) -> Placed:
    """How the field with that name or alias is placed."""
    for field_name, field in model.model_fields.items():
        if name in (field_name, field.alias):
            return next((each for each in field.metadata if isinstance(each, Placed)), Placed.TEXT)
    return Placed.TEXT


def _each(part: Any, values: Values, place: Placed) -> Any:
    if isinstance(part, str):
        return part if place is Placed.SECRET else filled(part, values, place)
    if isinstance(part, Mapping):
        return {str(key): _each(value, values, place) for key, value in part.items()}
    if isinstance(part, list | tuple):
        return [_each(value, values, place) for value in part]
    return part


# -- conditions

_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda a, b: bool(a == b),
    "!=": lambda a, b: bool(a != b),
    "<=": lambda a, b: bool(a <= b),
    ">=": lambda a, b: bool(a >= b),
    "<": lambda a, b: bool(a < b),
    ">": lambda a, b: bool(a > b),
}
_CONDITION = re.compile(r"(.+?)\s*(==|!=|<=|>=|<|>)\s*(.+)", re.DOTALL)
_FALSE = ("", "false", "no", "0", "none")


def condition(text: str) -> tuple[str, str, str]:
    """(left, operator, right) of a condition; (text, "", "") where it is only a value, and ("not", …) before one. Raises NotFilled
    where it is neither.
    """
    found = _CONDITION.fullmatch(text.strip())
    if found:
        return found[1].strip(), found[2], found[3].strip()
    plain = text.strip()
    word = plain.removeprefix("not ").strip()
    if not PLACE.fullmatch(word):
        raise NotFilled("is not a condition; write it as in {before.value} > 100 or {answer.answer} == yes")
    return word, "not" if plain != word else "", ""


def holds(text: str, values: Values) -> bool:
    """Whether the condition holds. Two numbers are compared as numbers, everything else as text. Raises NotFilled."""
    left, operator, right = condition(text)
    value = _operand(left, values)
    if operator in ("", "not"):
        true = as_text(value).strip().casefold() not in _FALSE
        return true if not operator else not true
    other = _operand(right, values)
    numbers = _number(value), _number(other)
    if numbers[0] is not None and numbers[1] is not None:
        return _OPERATORS[operator](*numbers)
    if operator not in ("==", "!="):
        raise NotFilled(
            f"“{as_text(value)[:40]}” and “{as_text(other)[:40]}” are not both numbers, so {operator} says nothing"
        )
    return _OPERATORS[operator](as_text(value).strip(), as_text(other).strip())


def _operand(text: str, values: Values) -> Any:
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1]
    return filled(text, values)


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if number == number and abs(number) != float("inf") else None
