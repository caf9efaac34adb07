"""The language of rules: which alerts (`when`), and what becomes of them. `warroom.alerts.rules` applies it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from warroom.alerts.model import AlertState, Transition
from warroom.durations import Duration
from warroom.people.model import normal
from warroom.policy.hours import Days, Hours
from warroom.policy.kinds import Text, Texts, Title, Url
from warroom.policy.mistake import Wrong, did_you_mean, shown
from warroom.value import Value

TRANSITIONS = {normal(word): word for word in Transition} | {
    "triggered": Transition.TRIGGER,
    "alert": Transition.TRIGGER,
    "retriggered": Transition.RETRIGGER,
    "renotified": Transition.RENOTIFY,
    "recovered": Transition.RECOVER,
    "resolved": Transition.RECOVER,
    "ok": Transition.RECOVER,
    "updated": Transition.UPDATE,
}
STATES = {normal(word): word for word in AlertState} | {
    "alerting": AlertState.ALERT,
    "triggered": AlertState.ALERT,
    "warning": AlertState.WARN,
    "recovered": AlertState.OK,
}
PRIORITIES = {f"p{n}": f"P{n}" for n in range(1, 6)} | {str(n): f"P{n}" for n in range(1, 6)}

OUTCOMES = ("declare", "attach_or_declare", "attach_only", "drop")


def _many(said: Any) -> Any:
    return (said,) if isinstance(said, str | int) and not isinstance(said, bool) else said


def _transition(said: Any) -> Any:
    return _word(said, TRANSITIONS, "transition")


def _state(said: Any) -> Any:
    return _word(said, STATES, "state")


def _priority(said: Any) -> Any:
    return _word(said, PRIORITIES, "priority")


def _word(said: Any, known: Mapping[str, Any], what: str) -> Any:
    if isinstance(said, bool) or not isinstance(said, str | int):
        raise Wrong(f"{shown(said)} is not a {what}", "put the word in quotes" if isinstance(said, bool) else "")
    found = known.get(normal(str(said)[:100]))
    if found is None:
        raise Wrong(f"there is no {what} {shown(said)}", did_you_mean(str(said)[:100], dict.fromkeys(known.values())))
    return found


def _schema(what: str) -> WithJsonSchema:
    one = {"type": ["string", "integer"] if what == "priority" else "string", "description": f"a {what}"}
    return WithJsonSchema({"anyOf": [one, {"type": "array", "items": one}]})


States = Annotated[tuple[Annotated[AlertState, BeforeValidator(_state)], ...], BeforeValidator(_many), _schema("state")]
"""One state or several."""


class When(Value):
    """Conditions, all of which must hold; empty ones always do. * and ? match anything, a leading ! excludes.

    Of several values one must match; of several `tags` each.
    """

    monitor: Texts = ()
    """Patterns of the monitor's title."""
    tags: Texts = ()
    state: States = ()
    transition: Annotated[
        tuple[Annotated[Transition, BeforeValidator(_transition)], ...], BeforeValidator(_many), _schema("transition")
    ] = ()
    priority: Annotated[
        tuple[Annotated[str, BeforeValidator(_priority)], ...], BeforeValidator(_many), _schema("priority")
    ] = ()
    hosts: Texts = ()
    service: Texts = ()
    env: Texts = ()
    team: Texts = ()
    query: Texts = ()
    source: Texts = ()
    hours: Hours = ()
    """Times of day on the workspace's clock, as in "22:00-06:00"."""
    days: Days = ()

    @property
    def always(self) -> bool:
        """True when every alert fits."""
        return not any(getattr(self, name) for name in type(self).model_fields)


class Joining(Value):
    """How an alert finds the incident it belongs to, beside the one its own monitor opened."""

    group_by: Texts = ()
    """Fields (monitor, group, service, host, env, team, source) or tag names whose equal values belong together."""


class Opening(Joining):
    """What an incident that an alert opens is like. What is not said follows from the alert and the team."""

    title: Title | None = None
    severity: Text | None = None
    team: Text | None = None
    private: bool = False
    template: Text | None = None
    window: Duration | None = None
    """So long after the first alert others with the same `group_by` value join. None: while the incident is open."""
    commander: Text | None = None
    people: Texts = ()
    links: dict[Text, Url] = Field(default_factory=dict)
    fields: dict[Text, Text] = Field(default_factory=dict)
    auto_resolve_after: Duration | None = None

    @model_validator(mode="after")
    def _window_needs_group(self) -> Opening:
        if self.window and not self.group_by:
            raise Wrong(
                "window says how long alerts join, but not which", "add group_by: service, or another field or tag"
            )
        return self


def _plain_yes(said: Any) -> Any:
    """ "attach_only: true" means the same as an empty mapping."""
    return {} if said is True else said


_Declare = Annotated[Opening | None, BeforeValidator(_plain_yes)]
_Attach = Annotated[Joining | None, BeforeValidator(_plain_yes)]


def _true(said: Any) -> Any:
    if said is not None and said is not True:
        raise Wrong("drop has only one value, true", "write drop: true, or take the rule out")
    return said


class Rule(Value):
    """One rule: `when` it applies and exactly one outcome."""

    name: Annotated[str, AfterValidator(str.strip)] = ""
    when: When = When()
    declare: _Declare = None
    attach_or_declare: _Declare = None
    attach_only: _Attach = None
    drop: Annotated[Literal[True] | None, BeforeValidator(_true)] = None

    @model_validator(mode="after")
    def _one_outcome(self) -> Rule:
        said = [name for name in OUTCOMES if getattr(self, name) is not None]
        if not said:
            raise Wrong("says when but not what to do", f"add one of: {', '.join(OUTCOMES)}")
        if len(said) > 1:
            raise Wrong(f"has several outcomes ({', '.join(said)})", "keep one, or make two rules")
        return self

    @property
    def opening(self) -> Opening | None:
        """What an incident opened by this rule is like; None when it opens none."""
        return self.declare if self.declare is not None else self.attach_or_declare
