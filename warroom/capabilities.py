"""What an integration may be able to do besides: each protocol is implemented by whoever can."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, Generic, Protocol, TypeVar, runtime_checkable

from pydantic import BaseModel, Field

from warroom.changes.model import Change as Change
from warroom.policy.remediation import Allowed, fits
from warroom.value import Value


@runtime_checkable
class OnCallSource(Protocol):
    """Knows who is on call. In a policy's `notify` the names that begin with one of the prefixes mean its schedules."""

    on_call_prefixes: tuple[str, ...]
    """Such as "vendor:" of "vendor:P7KXG1"."""

    async def on_call(self, prefix: str, schedule: str, at: datetime) -> Sequence[str]:
        """Emails of whoever is on call then. Raises Retryable or Rejected."""
        ...


class Series(Value):
    """One line of a metric: its labels, and values by time."""

    labels: dict[str, str]
    points: tuple[tuple[datetime, float], ...]


@runtime_checkable
class MetricSource(Protocol):
    """Answers queries of metrics."""

    async def series(self, query: str, since: datetime, until: datetime, step: timedelta) -> Sequence[Series]:
        """What the query yields, in the source's own language. Raises Retryable or Rejected."""
        ...


class LogLine(Value):
    """One line of a log."""

    at: datetime
    text: str
    labels: dict[str, str] = Field(default_factory=dict)


@runtime_checkable
class LogSource(Protocol):
    """Answers queries of logs."""

    async def lines(self, query: str, since: datetime, until: datetime, limit: int) -> Sequence[LogLine]:
        """The newest lines that fit, in the source's own language. Raises Retryable or Rejected."""
        ...


@runtime_checkable
class QueryLanguage(Protocol):
    """Of a MetricSource or LogSource: how names get into its queries, and where people look at them."""

    def filled(self, query: str, values: Mapping[str, str]) -> str:
        """The query with each `{name}` of `values` replaced, escaped for where it stands: see `warroom.queries`. Raises Rejected."""
        ...

    def page_of(self, query: str, since: datetime, until: datetime) -> str:
        """The address where a person sees what the query yields; "" where there is none."""
        ...


@runtime_checkable
class ChangeSource(Protocol):
    """Knows what was changed, and when."""

    async def changes(self, since: datetime, until: datetime) -> Sequence[Change]:
        """Oldest first. Raises Retryable or Rejected."""
        ...


class Placed(StrEnum):
    """Where a text among a step's parameters ends up, as a mark on its field: `query: Annotated[str, Placed.QUERY]`. A value that is
    filled into it is refused or quoted where it could leave its place there.
    """

    TEXT = "text"
    """Data: nothing reads it as anything else. The mark of every field that has none."""
    QUERY = "query"
    """A query of metrics or logs: only letters, digits and _ . : / @ + - (spaces within quotes)."""
    URL = "url"
    """An address: each value is percent-encoded."""
    SECRET = "secret"
    """Names a secret as env:NAME: nothing is filled in."""
    ARGUMENT = "argument"
    """One argument of a program: no value makes it an option."""


class Finished(Value):
    """A step is done. `outputs` is what later steps read as {id.field}: JSON, cut and with secrets masked before it is kept."""

    outputs: dict[str, Any] = Field(default_factory=dict)
    said: str = ""
    """One line for people about what came of it: "3 of 3 pods are ready"."""
    undo: dict[str, Any] = Field(default_factory=dict)
    """What `StepKind.undo` has to know, such as the number of replicas before."""


class Pending(Value):
    """A step is not done yet: it is called again with the same key, as long as its `within` lasts."""

    said: str
    """What is being waited for, in one line: "1 of 3 pods is ready"."""
    after: timedelta = timedelta(seconds=5)
    """When it is called again, at the earliest."""
    memory: dict[str, Any] = Field(default_factory=dict)
    """What the next call (or `look`, after a call whose answer was lost) is given: JSON. It is stored before the next call begins, so
    a step that changes something may first read how things are, return that with `after=timedelta(0)`, and then act."""


StepOutcome = Finished | Pending


@dataclass(frozen=True, slots=True)
class StepCall:
    """What a step is told besides its parameters."""

    key: str
    """The same for every call about one try of the step; another try (`retry`) has another one."""
    now: datetime
    begun_at: datetime
    """When this try of the step began: waiting is measured from here."""
    ends_at: datetime
    """When its `within` is over; then it has failed."""
    memory: Mapping[str, Any]
    """That of the last `Pending`; empty at first."""
    secret: Callable[[str], str]
    """The secret behind "env:NAME". Its value is masked in everything that is kept of the step. Raises Rejected where it is not set."""


P = TypeVar("P", bound=BaseModel)


class StepBase(ABC, Generic[P]):
    """What every kind of step of a runbook is, such as "vendor.restart"; it belongs to the family "vendor".

    Parameters come from people and from alerts. They are data: an implementation puts them where they cannot leave their place
    (an escaped segment of a path, a member of JSON, one argument of a list), and `parameters` refuses what cannot be right.
    """

    step: ClassVar[str]
    about: ClassVar[str]
    """What it does, in one sentence for docs/runbooks.md."""
    parameters: ClassVar[type[BaseModel]]
    """Forbids unknown keys; every field has a description. Values are filled in before they are checked against it: a text that is
    nothing but one placeholder becomes the value itself, any other stays text, so fields take numbers and durations as text too."""
    outputs: ClassVar[Mapping[str, str]] = {}
    """Each field of `Finished.outputs` that later steps may use, and what it is."""
    changes: ClassVar[bool]
    """Whether it changes something outside of the incident's own record: then it needs an approval and the policy's leave
    (`remediation.allow`), and it is never called twice without `look`."""
    limits: ClassVar[tuple[str, ...]] = ()
    """The keys of `remediation.allow.FAMILY` that bound it, such as ("namespaces", "deployments"). Each value that `scope` says of one
    has to fit one of its patterns. A step that changes something and has no limits needs its family in `allow`."""
    within: ClassVar[timedelta] = timedelta(minutes=2)
    """How long all calls together may take where the runbook does not say."""
    most_output: ClassVar[int] = 4_000
    """Characters of one text among the outputs; longer ones are cut in the middle."""
    looks: ClassVar[bool] = True
    """Whether it can be found out what came of a call whose answer was lost. False: a person is asked. Of no meaning where nothing is
    changed: such a step is simply called again."""
    undoes: ClassVar[bool] = False
    """Whether it can take back what it did."""
    verifies: ClassVar[bool] = False
    """Whether its success shows that the service does again what it promises, as a metric or an endpoint does; an answer that a
    command was accepted does not."""
    example: ClassVar[str]
    """One step as YAML for docs/runbooks.md: "{id: …, do: …, with: {…}}". A test checks it."""

    @abstractmethod
    def plan(self, parameters: P) -> Sequence[str]:
        """Every call that would be made, in plain words for the person who approves it, with the values: "Restart the deployment
        checkout in the namespace prod". Pure. Secrets stand as env:NAME.
        """

    def scope(self, parameters: P) -> Sequence[tuple[str, str]]:
        """(a key of `limits`, the value that has to fit one of its patterns). Pure."""
        return ()

    def refused(self, parameters: P, allow: Allowed) -> str:
        """Why the policy does not allow it, as a sentence that names what is missing; "" where it does. Pure."""
        family = self.step.partition(".")[0]
        patterns = allow.family(family)
        if patterns is None:
            bound = self.changes or self.limits
            return f"the policy allows nothing of {family}; add {family} to remediation.allow" if bound else ""
        for limit, value in self.scope(parameters):
            if not any(fits(pattern, value) for pattern in patterns.get(limit, ())):
                return f"the policy does not allow “{value}” in remediation.allow.{family}.{limit}"
        return ""

    def changing(self, parameters: P) -> bool:
        """Whether it changes something with these parameters; by default as `changes` says. Pure."""
        return self.changes

    def proves(self, parameters: P) -> bool:
        """Whether this step `verifies`, where that depends on its parameters. Pure."""
        return self.verifies

    def targets(self, parameters: P) -> Sequence[str]:
        """Names of what it changes, the same in every runbook: "vendor:prod/deployment/checkout". Two runs that change the same
        target wait for each other. Pure.
        """
        return ()

    def undo_plan(self, parameters: P) -> Sequence[str]:
        """What undoing it would do, in words. Pure."""
        return ()


class StepKind(StepBase[P]):
    """A kind of step that calls another system. Each call is an effect of the outbox."""

    time_limit: ClassVar[timedelta] = timedelta(seconds=12)
    """Of one call; at most 12 s. What takes longer returns Pending."""

    @abstractmethod
    async def run(self, parameters: P, call: StepCall) -> StepOutcome:
        """Do it, or go on waiting for it. Raises Retryable (it is called again; with `outcome_unknown` after `look`) or Rejected (it
        has failed; the message is a sentence and `advice` a way on).
        """

    async def look(self, parameters: P, call: StepCall) -> StepOutcome | None:
        """What came of an earlier call whose answer was lost; None when it did not happen, so it may be made. Called for steps that
        change something. Raises Retryable (it is looked at again) or Rejected (it cannot be told: a person is asked).
        """
        raise NotImplementedError

    async def undo(self, parameters: P, done: Mapping[str, Any], call: StepCall) -> StepOutcome:
        """Take it back; `done` is `Finished.undo` of the run of it. Must be harmless when called twice. Raises as `run` does."""
        raise NotImplementedError


@runtime_checkable
class StepSource(Protocol):
    """Brings kinds of steps."""

    def step_kinds(self) -> Sequence[StepBase[Any]]:
        """All of them, also where nothing is set up: a runbook is checked without secrets. They are called only after `start`."""
        ...
