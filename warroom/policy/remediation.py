"""What runbooks may change, where, how often, and who has to agree."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from functools import lru_cache
from typing import Annotated, Any, NamedTuple

from pydantic import BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from warroom.durations import Duration, format_duration, parse_duration
from warroom.policy.kinds import Text, Texts
from warroom.policy.mistake import Wrong, shown
from warroom.policy.permissions import May, Who
from warroom.value import Value


class Rate(NamedTuple):
    """So often within so long."""

    times: int
    span: timedelta

    def __str__(self) -> str:
        return f"{self.times} per {format_duration(self.span)}"


def _rate(said: Any) -> Any:
    if isinstance(said, Rate):
        return said
    found = re.fullmatch(r"\s*(\d{1,6})\s+per\s+(\S.*?)\s*", said, re.ASCII) if isinstance(said, str) else None
    if found is None:
        raise Wrong(f"{shown(said)} does not say how often", "write it as in 3 per 1h")
    try:
        span = parse_duration(found[2])
    except ValueError as error:
        raise Wrong(str(error), "write it as in 3 per 1h") from None
    if int(found[1]) < 1 or span <= timedelta(0):
        raise Wrong(f"{shown(said)} allows nothing", "write at least 1 per 1h")
    return Rate(int(found[1]), span)


PerTime = Annotated[
    Rate,
    BeforeValidator(_rate),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^\d+ per (\d+d)?(\d+h)?(\d+m)?(\d+s)?$", "examples": ["3 per 1h"]}),
]
"""Such as "3 per 1h"."""


class ApprovalRules(Value):
    """Who has to agree before something is changed."""

    by: May = (Who.RESPONDERS.value,)
    within: Duration = timedelta(minutes=10)
    """Unanswered for so long, the step has failed."""
    second_person: bool = False
    """Not whoever asked for the run."""


class Allowed(Value):
    """By family of steps ("vendor" of "vendor.restart") and limit: patterns with * and ? that what is changed has to fit.
    What is not listed is not allowed.
    """

    model_config = ConfigDict(frozen=True, extra="allow", ser_json_timedelta="float")
    __pydantic_extra__: dict[str, dict[Text, Texts]]  # of any family that integrations bring

    command: tuple[Annotated[tuple[Text, ...], Field(min_length=1)], ...] = ()
    """Argument lists, program first; each word is a pattern of one argument."""

    def family(self, name: str) -> dict[str, tuple[str, ...]] | None:
        """The patterns by limit; None where the policy does not name the family."""
        return (self.__pydantic_extra__ or {}).get(name)


class Remediation(Value):
    """The policy's `remediation`."""

    allow: Allowed = Allowed()
    at_most: PerTime | None = Rate(3, timedelta(hours=1))
    """How many runs may change the same target. None: any number."""
    approve: ApprovalRules = ApprovalRules()
    without_approval: Texts = ()
    """Kinds of steps that change something and need no approval: patterns such as "http.request"."""
    at_once: int = Field(default=4, ge=1, le=20)
    """Steps of one run that are done at the same time."""


@lru_cache(maxsize=1_024)
def _glob(pattern: str) -> re.Pattern[str]:
    parts = {"*": ".*", "?": "."}
    return re.compile("".join(parts.get(letter, re.escape(letter)) for letter in pattern), re.DOTALL)


def fits(pattern: str, value: str) -> bool:
    """Whether the whole value fits the pattern. Unlike elsewhere in the policy case counts: names in other systems have one."""
    return len(value) <= 1_000 and pattern.count("*") <= 8 and _glob(pattern).fullmatch(value) is not None


def arguments_fit(patterns: Sequence[str], arguments: Sequence[str]) -> bool:
    """Whether each argument fits the pattern in its place, and there are no more and no fewer. What looks like an option fits
    only a pattern that begins as an option too, so that no value becomes one.
    """
    return len(patterns) == len(arguments) and all(
        fits(pattern, argument) and (not argument.startswith("-") or pattern.startswith("-"))
        for pattern, argument in zip(patterns, arguments, strict=True)
    )
