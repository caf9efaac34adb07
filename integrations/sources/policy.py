"""The section `sources`: an address, a secret and a way to read bodies for each name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import jmespath
from jmespath.exceptions import JMESPathError
from pydantic import AfterValidator, ConfigDict, Field

from warroom.policy.kinds import SecretName, Text
from warroom.policy.mistake import Mistake, Wrong, shown
from warroom.policy.section import KnownNames, Section
from warroom.value import Value

NAME = "sources"
NAMES = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
TAKEN = frozenset({"alertmanager", "changes", "datadog", "github", "grafana", "jira", "pagerduty", "webhook"})
"""Addresses and names of other integrations."""


def _expression(said: str) -> str:
    try:
        jmespath.compile(said)
    except JMESPathError as error:
        why = " ".join(str(error).split())
        raise Wrong(f"{shown(said)} is no JMESPath expression", f"see jmespath.org; it says: {why[:120]}") from None
    return said


Expression = Annotated[Text, AfterValidator(_expression)]


class SourcePolicy(Value):
    """One alert source."""

    token: SecretName
    """The secret that the sender gives in one of three headers."""
    items: Expression | None = None
    """Where the alerts of a body are. None: the body is one alert, or a list of them."""
    map: dict[Text, Expression] = Field(default_factory=dict)
    """Our name of each part to where it stands in one alert. Empty: the alert says everything under our names."""


class SourcesPolicy(Section):
    """By name, which is the address /hooks/NAME too."""

    model_config = ConfigDict(extra="allow")
    open_keys = True
    __pydantic_extra__: dict[str, SourcePolicy] = Field(init=False)

    @classmethod
    def mistakes(cls, written: Mapping[Any, Any], known: KnownNames) -> Iterator[Mistake]:
        """Also names that cannot be an address, or are somebody else's."""
        yield from super().mistakes(written, known)
        for name in written:
            if not NAMES.fullmatch(str(name)):
                hint = "small letters, digits, - and _, as in my-monitor"
                yield Mistake(path=str(name), problem="cannot be part of an address", suggestion=hint)
            elif name in TAKEN:
                yield Mistake(
                    path=str(name), problem=f"/hooks/{name} is there already", suggestion="choose another name"
                )

    @property
    def by_name(self) -> dict[str, SourcePolicy]:
        """Every source."""
        return self.__pydantic_extra__ or {}
