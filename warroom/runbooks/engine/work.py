"""What the rules of runs look at and give back, and one decision about a run while it is being made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from warroom.capabilities import Finished, Pending
from warroom.incident.events import Event
from warroom.policy.remediation import Remediation
from warroom.runbooks.library import Kinds
from warroom.runbooks.run import Run, StepRun, StepState

AGAIN = timedelta(seconds=30)
"""So often a run that waits for another one looks whether that has ended, beside being told."""
CHECK = "check"
"""The kind of a checklist's box: people do it."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What the rules look at besides the run."""

    kinds: Kinds
    remediation: Remediation
    now: datetime
    busy: Mapping[str, str] = field(default_factory=dict)
    """By target: the name of the other run that holds it."""


@dataclass(frozen=True, slots=True)
class News:
    """Something for the timeline."""

    event: Event
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Advanced:
    """A run as it is now, what happened, the steps that are to be called, and the one that is to be decided in this transaction."""

    run: Run
    news: tuple[News, ...] = ()
    calls: tuple[str, ...] = ()
    decide: str | None = None
    fell: bool = False
    """A step failed for good, and now what can be undone is undone."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A step failed for good. With `unclear` it may have happened all the same, and only a person can tell."""

    error: str
    advice: str = ""
    unclear: bool = False


@dataclass(frozen=True, slots=True)
class Away:
    """A call could not be made, or its answer was lost (`unknown`): it is made again, or looked at."""

    error: str
    after: float | None = None
    unknown: bool = False


Outcome = Finished | Pending | Failed | Away


class Work:
    """One decision about a run, while it is being made."""

    def __init__(self, run: Run, setting: Setting) -> None:
        self.run, self.setting, self.now = run, setting, setting.now
        self.steps = {step.id: step for step in run.steps}
        self.news: list[News] = []
        self.calls: list[str] = []
        """Ids of the steps that are to be called."""
        self.decide: str | None = None
        """Id of the step that is to be decided in this transaction; then nothing else goes on before that."""
        self.fell = False

    def tell(self, event: Event, by: str | None = None) -> None:
        """Something for the timeline."""
        self.news.append(News(event, by))

    def put(self, step: StepRun) -> None:
        """The step as it is now."""
        self.steps[step.id] = step

    def decided(self) -> Advanced:
        """The decision."""
        run = self.run.copy_with(steps=tuple(self.steps.values()))
        return Advanced(run, tuple(self.news), tuple(self.calls), self.decide, self.fell)

    def failed_step(self) -> StepRun | None:
        """The first step of the runbook itself that failed."""
        return next((each for each in self.steps.values() if each.state is StepState.FAILED and is_main(each)), None)

    def is_item(self, step: StepRun) -> bool:
        """Whether it does another step for one item of its `for_each`."""
        return step.id.rpartition(".")[0] in self.steps

    def items_of(self, step: StepRun) -> list[StepRun]:
        """Those that have begun."""
        return [each for each in self.steps.values() if each.id.rpartition(".")[0] == step.id]


def is_main(step: StepRun) -> bool:
    """Whether it is a step of the runbook itself, and no item of one and nothing that follows a failure."""
    return "." not in step.id


def is_undo(step: StepRun) -> bool:
    """Whether it takes a step back."""
    return step.id.startswith("undo.")
