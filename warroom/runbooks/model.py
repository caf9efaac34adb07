"""A runbook as somebody wrote it: when it is offered, what it asks, its steps."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    model_validator,
)

from warroom.durations import Delay, Duration
from warroom.policy.kinds import Text, Texts, Url
from warroom.policy.mistake import Wrong, shown
from warroom.policy.permissions import May
from warroom.value import Value

ID = re.compile(r"[a-z][a-z0-9_]{0,39}")
RESERVED = ("undo", "otherwise", "failed", "each")
"""Words that mean something else in texts and in the states of a run."""
MOST_STEPS = 60
MOST_ITEMS = 20
"""Items of one `for_each`."""


def _identifier(said: str) -> str:
    if not ID.fullmatch(said):
        raise Wrong(f"{shown(said)} cannot be an id", "begin with a letter; use small letters, digits and _")
    if said in RESERVED:
        raise Wrong(f"{shown(said)} cannot be an id", "use another word")
    return said


Identifier = Annotated[Text, AfterValidator(_identifier)]


def _kind(said: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?", said):
        raise Wrong(f"{shown(said)} is not a kind of step", "write it as in metrics.read")
    return said


KindName = Annotated[Text, AfterValidator(_kind)]
"""Such as "metrics.read"."""


class _Part(Value):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, ser_json_timedelta="float")


_ITEMS_SCHEMA = {
    "anyOf": [{"type": "string", "pattern": "^\\s*\\{"}, {"type": "array", "minItems": 1, "maxItems": MOST_ITEMS}]
}


class Do(_Part):
    """One thing to do, where nothing else has to be said about it."""

    do: KindName
    with_: dict[str, Any] = Field(default_factory=dict, alias="with")


class Retry(_Part):
    """How often a step that failed is tried again."""

    times: int = Field(ge=1, le=20)
    every: Delay = timedelta(seconds=10)


class Approve(_Part):
    """Who has to agree to the step. What is not said is as in the policy's `remediation.approve`."""

    by: May | None = None
    within: Duration | None = None
    second_person: bool | None = None


def _yes(said: Any) -> Any:
    return {} if said is True else said


UNDO = "undo"
"""In place of a kind of step: the step's own way to take itself back."""


def _undo(said: Any) -> Any:
    return {"do": UNDO} if said is True else None if said is False else said


def _items(said: Any) -> Any:
    if isinstance(said, str) and said.strip().startswith("{"):
        return said.strip()
    if isinstance(said, list | tuple) and 0 < len(said) <= MOST_ITEMS:
        return tuple(said)
    raise Wrong("is no list", f"write a list of at most {MOST_ITEMS}, or one placeholder such as {{find.items}}")


def _one_or_many(said: Any) -> Any:
    return said if isinstance(said, list | tuple) else () if said is None else (said,)


class Step(_Part):
    """One step of the graph."""

    id: Identifier
    do: KindName
    with_: dict[str, Any] = Field(default_factory=dict, alias="with")
    """Its parameters; texts may contain {name} and {id.field}."""
    needs: Texts = ()
    """Ids of steps that have to be done before."""
    if_: Annotated[Texts, BeforeValidator(_one_or_many)] = Field(default=(), alias="if")
    """Comparisons that all have to hold; else the step is skipped."""
    for_each: Annotated[Any, BeforeValidator(_items), WithJsonSchema(_ITEMS_SCHEMA)] = None
    """It is done for each of these, one after another; {each} is the one."""
    retry: Retry | None = None
    within: Duration | None = None
    """How long it may take, all tries together. None: as its kind says."""
    approve: Annotated[Approve | None, BeforeValidator(_yes)] = None
    """Asks for an approval also where none is needed, or says who gives it."""
    undo: Annotated[Do | None, BeforeValidator(_undo)] = None
    """What takes it back when a later step fails: true, where its kind can do that itself, or something to do."""


class Input(_Part):
    """Something that is asked before the run."""

    default: str | int | float | None = None
    """May contain {name} of what is known about the incident."""
    about: str = ""
    options: Texts = ()
    """One of these; without any it is text."""


class Fits(_Part):
    """The incidents in which it is offered: all that is said has to hold, of several values one."""

    monitor: Texts = ()
    """Patterns of the incident's title or its alerts' titles."""
    tags: Texts = ()
    """Patterns of the tags of its alerts; each has to be there."""
    service: Texts = ()
    severity: Texts = ()
    cause: Texts = ()
    """Patterns of the cause that the investigation found."""

    @property
    def always(self) -> bool:
        """Whether it says nothing."""
        return not any(getattr(self, name) for name in type(self).model_fields)


class Runbook(_Part):
    """A graph of steps, or a checklist where it has none."""

    key: str = ""
    """By which it is named in commands: its file's name, or its key in the policy."""
    name: Text
    about: str = ""
    when: Fits = Fits()
    auto: bool = False
    """It begins by itself where it fits."""
    inputs: dict[Identifier, Annotated[Input, BeforeValidator(lambda said: {} if said is None else said)]] = Field(
        default_factory=dict
    )
    steps: Annotated[tuple[Step, ...], Field(max_length=MOST_STEPS)] = ()
    otherwise: Annotated[tuple[Do, ...], BeforeValidator(_one_or_many)] = ()
    """What is done, one after another, when a step failed and what has an `undo` was undone."""
    at_once: Annotated[int, Field(ge=1, le=20)] | None = None
    """Steps that are done at the same time, at most. None: as the policy says."""
    checklist: str = ""
    """Markdown; each "- [ ] text" is a box that people tick."""
    link: Url | None = None

    @model_validator(mode="after")
    def _something(self) -> Runbook:
        if not (self.steps or self.checklist or self.link):
            raise Wrong("has nothing to do", "add steps, a checklist or a link")
        if self.steps and self.checklist:
            raise Wrong("has steps and a checklist", "make two runbooks")
        return self

    def step(self, step_id: str) -> Step | None:
        """The step with that id."""
        return next((step for step in self.steps if step.id == step_id), None)


BOX = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s+\[[ xX]\]\s+(\S.*?)\s*$", re.MULTILINE)


def boxes(markdown: str) -> tuple[str, ...]:
    """The texts of a checklist's boxes, in order; where it has none, one for each item of its lists."""
    found = BOX.findall(markdown) or re.findall(r"^\s*(?:[-*+]|\d+[.)])\s+(\S.*?)\s*$", markdown, re.MULTILINE)
    return tuple(found)[:MOST_STEPS]
