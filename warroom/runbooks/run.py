"""A run of a runbook, as a value: what was asked, what has been done, what is waited for."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from functools import cached_property
from hashlib import sha256
from typing import Any

from pydantic import Field

from warroom.runbooks.model import UNDO, Do, Runbook, Step
from warroom.value import Stored


class RunState(StrEnum):
    """Where a run is."""

    QUEUED = "queued"
    """Another run changes one of its targets."""
    RUNNING = "running"
    STOPPING = "stopping"
    """Nothing new begins; the answer to what had begun is awaited."""
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    STOPPED = "stopped"

    @property
    def over(self) -> bool:
        """Whether nothing more happens."""
        return self in (RunState.SUCCEEDED, RunState.FAILED, RunState.STOPPED)


class Phase(StrEnum):
    """What a run is at."""

    STEPS = "steps"
    UNDO = "undo"
    """A step failed, and what has an `undo` is undone, last first."""
    OTHERWISE = "otherwise"
    """Then this is done."""


class StepState(StrEnum):
    """Where a step is."""

    WAITING = "waiting"
    """Its turn has not come."""
    BLOCKED = "blocked"
    """Another run changes what it would change."""
    APPROVAL = "approval"
    """Somebody has to agree."""
    ASKED = "asked"
    """Somebody has to answer."""
    RUNNING = "running"
    UNCLEAR = "unclear"
    """It may have been done, and only a person can find out."""
    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"
    STOPPED = "stopped"
    """It was not done, because the run was stopped or had failed."""

    @property
    def over(self) -> bool:
        """Whether nothing more becomes of it."""
        return self in (StepState.DONE, StepState.SKIPPED, StepState.FAILED, StepState.STOPPED)


class Agreed(Stored):
    """Who approved a step, and exactly what."""

    by: str
    at: datetime
    parameters: tuple[dict[str, Any], ...] = ()


class StepRun(Stored):
    """One step of a run; for a step with `for_each` also each of its items."""

    id: str
    """That of the step; "ID.2" for the second item, "undo.ID" and "otherwise.1" for what follows a failure."""
    do: str
    state: StepState = StepState.WAITING
    parameters: dict[str, Any] | None = None
    """With values filled in; secrets stand as env:NAME."""
    items: tuple[dict[str, Any], ...] = ()
    """Of a step with `for_each`: the parameters of each item."""
    plan: tuple[str, ...] = ()
    attempt: int = 1
    call: int = 0
    """Calls that were asked for, of all attempts; names the effect."""
    in_flight: bool = False
    """A call was asked for, and its answer is not here yet."""
    begun_call: int = 0
    """The last call that may have changed something."""
    look_first: bool = False
    """The answer to a call was lost: before the next one it is looked what came of it."""
    failures: int = 0
    """Calls in a row that could not be made."""
    memory: dict[str, Any] = Field(default_factory=dict)
    outputs: dict[str, Any] = Field(default_factory=dict)
    undo: dict[str, Any] = Field(default_factory=dict)
    begun_at: datetime | None = None
    tried_at: datetime | None = None
    """When this attempt began."""
    due_at: datetime | None = None
    """When it is looked at again."""
    ends_at: datetime | None = None
    """Until when it, an approval or an answer is waited for."""
    ended_at: datetime | None = None
    said: str = ""
    error: str = ""
    advice: str = ""
    may: tuple[str, ...] = ()
    """Who may approve or answer, in the words of the policy."""
    second_person: bool = False
    question: str = ""
    options: tuple[str, ...] = ()
    agreed: Agreed | None = None
    by: str | None = None
    """Who answered, ticked or decided."""

    @property
    def token(self) -> str:
        """Stands on the buttons that are about it as it is now: a button that says something else is of an earlier message."""
        return f"{self.state.value[0]}{self.attempt}.{self.call}"


LONGEST_TARGET = 200


def target_name(said: str) -> str:
    """The name of a target as it is stored; a long one is shortened so that two stay two."""
    if len(said) <= LONGEST_TARGET:
        return said
    return f"{said[:150]}…{sha256(said.encode()).hexdigest()[:32]}"


class Run(Stored):
    """One run. `version` is 0 until it is stored; every commit adds one."""

    id: str
    number: int
    """The first of its incident is 1."""
    incident_id: str
    version: int = 0
    definition: dict[str, Any]
    """The runbook as it was when the run began: a file that is edited meanwhile changes nothing."""
    asked_by: str | None = None
    """None: it began by itself, or on the command line."""
    automatic: bool = False
    """It began by itself."""
    why: tuple[str, ...] = ()
    """Why it was offered, or began."""
    inputs: dict[str, Any] = Field(default_factory=dict)
    values: dict[str, Any] = Field(default_factory=dict)
    """What was known of the incident when it began."""
    state: RunState = RunState.RUNNING
    phase: Phase = Phase.STEPS
    steps: tuple[StepRun, ...] = ()
    targets: tuple[str, ...] = ()
    """What it holds; no other run changes it meanwhile."""
    wanted: tuple[str, ...] = ()
    """What it waits for."""
    changed: dict[str, datetime] = Field(default_factory=dict)
    """By target: when it first changed it."""
    waits_for: str = ""
    """The name of the run that holds what it waits for."""
    begun_at: datetime
    ended_at: datetime | None = None
    ended_by: str | None = None
    """Who stopped it, or declined."""
    declined: bool = False
    failed_step: str = ""
    verified: bool = False
    """A step that proves that the service does again what it promises was done."""

    @property
    def checklist(self) -> bool:
        """Whether people do the steps and tick them."""
        return not self.runbook.steps

    @cached_property
    def runbook(self) -> Runbook:
        """The runbook as it was when the run began."""
        return Runbook.model_validate(self.definition)

    def step(self, step_id: str) -> StepRun | None:
        """The step with that id."""
        return next((step for step in self.steps if step.id == step_id), None)

    def definition_of(self, step_id: str) -> Step | Do | None:
        """What the runbook says of a step of the run."""
        kind, _, rest = step_id.partition(".")
        if kind == "undo":
            step = self.runbook.step(rest.partition(".")[0])
            return step.undo if step else None
        if kind == "otherwise":
            return self.runbook.otherwise[int(rest) - 1]
        return self.runbook.step(kind)

    def undoes_itself(self, step_id: str) -> bool:
        """Whether a step that takes another one back does so in the way of that one's own kind."""
        definition = self.definition_of(step_id)
        return definition is not None and definition.do == UNDO

    def due_at(self) -> datetime | None:
        """When something of it is looked at next without anybody doing anything; None: never."""
        if self.state.over:
            return None
        times = [
            at
            for step in self.steps
            if not step.state.over and not step.in_flight
            for at in (step.due_at, step.ends_at)
            if at
        ]
        return min(times, default=None)

    def with_step(self, step: StepRun) -> Run:
        """With that step in place of the one with its id, or after all others."""
        if self.step(step.id) is None:
            return self.copy_with(steps=(*self.steps, step))
        return self.copy_with(steps=tuple(step if each.id == step.id else each for each in self.steps))
