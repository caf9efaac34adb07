"""The sections of the policy file that integrations bring: each is a model with the integration's name as its key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

from pydantic import create_model

from warroom.policy.mistake import Mistake, unknown_name
from warroom.policy.model import Policy
from warroom.value import Value


@dataclass(frozen=True, slots=True)
class KnownNames:
    """What a section may refer to: every word that means a severity, and the names of teams and templates."""

    severities: tuple[str, ...]
    teams: tuple[str, ...]
    templates: tuple[str, ...]
    severity_keys: tuple[str, ...] = ()
    """The severities themselves, without their other words."""

    def unknown_severity(self, path: str, written: object) -> Iterator[Mistake]:
        """The mistake, if that text means no severity."""
        return unknown_name(path, written, "severity", self.severities, self.severity_keys or None)

    def unknown_team(self, path: str, written: object) -> Iterator[Mistake]:
        """The mistake, if that text names no team."""
        return unknown_name(path, written, "team", self.teams)


class Section(Value):
    """The base of an integration's section. Without fields of its own the integration has none."""

    severity_fields: ClassVar[tuple[str, ...]] = ()
    """Fields that list severities, or map them to something: each must be one of the policy's."""

    reads: ClassVar[tuple[str, ...]] = ()
    """What an investigation can read there: "metrics", "logs"."""

    open_keys: ClassVar[bool] = False
    """Whether its keys are names that the policy gives, and not fields."""

    @classmethod
    def mistakes(cls, written: Mapping[Any, Any], known: KnownNames) -> Iterator[Mistake]:
        """What the fields' types cannot say: names that do not exist, values that contradict each other.

        `written` is the section as the file has it, right or wrong. Paths begin within the section.
        """
        for name in cls.severity_fields:
            said = written.get(name)
            if isinstance(said, Mapping):
                for severity in said:
                    yield from known.unknown_severity(f"{name}.{severity}", severity)
            elif isinstance(said, list | tuple):
                for place, severity in enumerate(said):
                    yield from known.unknown_severity(f"{name}[{place}]", severity)
            else:
                yield from known.unknown_severity(name, said)

    def warnings(self, policy: Policy) -> Iterable[Mistake]:
        """What is allowed but looks like an oversight. Paths begin within the section."""
        return ()


def with_sections(sections: Mapping[str, type[Section]]) -> type[Policy]:
    """The type of a policy that has these sections, by key. Those without fields are left out."""
    return _with_sections(
        tuple((name, model) for name, model in sections.items() if model.model_fields or model.open_keys)
    )


@cache
def _with_sections(sections: tuple[tuple[str, type[Section]], ...]) -> type[Policy]:
    if twice := {name for name, _ in sections} & Policy.model_fields.keys():
        raise ValueError(f"the policy has a key of its own that is called {', '.join(sorted(twice))}")
    fields: dict[str, Any] = {name: (model, model()) for name, model in sections}
    return create_model("Policy", __base__=_Sectioned, **fields)


class _Sectioned(Policy):
    """A policy of a type that is made here: another process finds the type again by its sections."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _blank, (tuple(sections_of(type(self)).items()),), self.__getstate__()


def _blank(sections: tuple[tuple[str, type[Section]], ...]) -> Policy:
    model = _with_sections(sections)
    return model.__new__(model)


def sections_of(policy: type[Policy]) -> dict[str, type[Section]]:
    """The sections that a type of policy has, by key."""
    models = {name: field.annotation for name, field in policy.model_fields.items()}
    return {name: model for name, model in models.items() if isinstance(model, type) and issubclass(model, Section)}
