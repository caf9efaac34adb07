"""Whether a step's parameters are right as far as that can be said before values are filled in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from warroom.capabilities import StepBase
from warroom.policy.check import mistake_of
from warroom.policy.mistake import Mistake
from warroom.runbooks.values import PLACE, names_in

SAMPLES: tuple[Any, ...] = ("x", "1", 1, "1m", "https://example.com/x", "x.example.com", True, ["x"], {"x": "x"})
"""What may stand in place of a value that is not known yet, while the rest of the parameters is checked."""


def checked_parameters(kind: StepBase[Any], written: Mapping[Any, Any]) -> tuple[BaseModel | None, list[Mistake]]:
    """(the parameters, with samples in place of what is filled in later; what is wrong with them)."""
    model = kind.parameters
    sampled = {str(name): _sample(model, str(name), value) for name, value in written.items()}
    try:
        return model.model_validate(sampled), []
    except ValidationError as error:
        unsure = {str(name) for name, value in written.items() if list(names_in(value))}
        found = []
        for detail in error.errors(include_url=False):
            first = str(detail["loc"][0]) if detail["loc"] else ""
            if first in unsure and detail["type"] != "extra_forbidden":
                continue
            found.append(mistake_of(detail, model))
        return None, found


def _sample(model: type[BaseModel], name: str, value: Any) -> Any:
    """The value with its placeholders replaced by something that the field takes, as far as that can be found."""
    if not list(names_in(value)):
        return value
    field = next((each for key, each in model.model_fields.items() if name in (key, each.alias)), None)
    if field is None:
        return value
    adapter: TypeAdapter[Any] = TypeAdapter(field.rebuild_annotation())
    for sample in SAMPLES:
        tried = _replaced(value, sample)
        try:
            adapter.validate_python(tried)
        except (ValidationError, TypeError):
            continue
        return tried
    return value


def _replaced(part: Any, sample: Any) -> Any:
    if isinstance(part, str):
        return sample if PLACE.fullmatch(part) else PLACE.sub(str(sample), part)
    if isinstance(part, Mapping):
        return {str(key): _replaced(value, sample) for key, value in part.items()}
    if isinstance(part, list | tuple):
        return [_replaced(value, sample) for value in part]
    return part
