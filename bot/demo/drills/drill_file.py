"""The file of a drill: its steps with their times, and the expected outcome. Each mistake in it is reported with its line."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BeforeValidator, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from bot.yaml_file import UnreadableFile, at_line, read_yaml, text_of, whole_file
from warroom.policy import Mistake
from warroom.policy.check import path_of
from warroom.policy.mistake import did_you_mean
from warroom.value import Value

FOLDER = Path(__file__).parent
"""The folder of the project's drills."""
STEP_ACTIONS = ("alert", "trouble", "operate", "press", "type", "say", "react", "pin")
ACTIONS_OF_PEOPLE = ("operate", "press", "type", "say", "react", "pin")


CauseOutcome = Literal["named", "among three", "missed", "inconclusive", "not looked at"]


class DrillError(Exception):
    """A drill cannot be read or played. The text names the drill, the place in it and what to write instead."""


def _moment(said: object) -> object:
    found = re.fullmatch(r"(?:(\d{1,3}):)?(\d{1,3}):([0-5]\d)", str(said).strip())
    if found is None or (found[1] and int(found[2]) > 59):
        raise ValueError(f"“{str(said)[:40]}” is not a time; write minutes and seconds as in 3:00, or 1:30:00")
    return timedelta(hours=int(found[1] or 0), minutes=int(found[2]), seconds=int(found[3]))


Moment = Annotated[timedelta, BeforeValidator(_moment)]
Words = Annotated[str, Field(min_length=1)]


class AlertStep(Value):
    """A monitor of the demo company sends an alert to the webhook, once per host."""

    monitor: Literal["memory", "errors", "disk"]
    state: Literal["triggered", "recovered"] = "triggered"
    hosts: int = Field(default=1, ge=1, le=200)

    @model_validator(mode="before")
    @classmethod
    def _by_name(cls, said: Any) -> Any:
        return {"monitor": said} if isinstance(said, str) else said


class TroubleStep(Value):
    """Something goes wrong in one of the demo company's services."""

    kind: Words
    """As in docs/sandbox.md."""
    service: Words | None = None
    """None: a usual place for it."""
    strength: float = Field(default=1.0, gt=0, le=10)

    @model_validator(mode="before")
    @classmethod
    def _by_kind(cls, said: Any) -> Any:
        return {"kind": said} if isinstance(said, str) else said


class DrillStep(Value):
    """One step: an alert or an action of a person, or only a text to print or a message to show."""

    at: Moment
    tell: Words | None = None
    """The text to print in place of the default one."""
    who: Words | None = None
    """A handle of the sample company."""
    where: Words = "INC-1"
    """An incident, which stands for its channel, or a #channel."""
    alert: AlertStep | None = None
    trouble: TroubleStep | None = None
    operate: Words | None = None
    """What a person does to a service, as in "rollback checkout" or "scale checkout 6"."""
    press: Words | None = None
    """The label of a button or menu option; the newest that this person can see."""
    fill: dict[str, str] = Field(default_factory=dict)
    """The values to enter in the form that opens, and in those that follow it, by label."""
    type: Words | None = None
    """A slash command."""
    say: Words | None = None
    react: Words | None = None
    """The name of an emoji, added to the newest message of a person there."""
    pin: Words | None = None
    """A part of the text of the message to pin."""
    show: (
        Literal["card", "newest", "thread", "announcement", "only you", "run", "pagerduty", "jira", "statuspage"] | None
    ) = None
    """What is printed after the step: a message, or what one of the company's other systems shows."""

    @model_validator(mode="after")
    def _one_action(self) -> Self:
        done = [case for case in STEP_ACTIONS if getattr(self, case) is not None]
        if len(done) > 1:
            raise ValueError(f"does {' and '.join(done)} at once; write one step for each")
        if not done and self.tell is None and self.show is None:
            raise ValueError(f"nothing happens; write one of {', '.join(STEP_ACTIONS)}, or tell, or show")
        if self.who is None and (done and done[0] in ACTIONS_OF_PEOPLE):
            raise ValueError(f"who is missing; name a person for {done[0]}, as in who: ada")
        if self.fill and self.press is None:
            raise ValueError("fill needs press with the button that opens the form")
        return self


class Outcome(Value):
    """The expected outcome of one incident. What is left out is not checked."""

    state: Literal["detected", "acknowledged", "mitigated", "resolved", "closed", "cancelled"] | None = None
    acknowledged: Literal["in time", "late", "never", "not needed"] | None = None
    updates: Literal["in time", "late", "not needed"] | None = None
    level: int | None = Field(default=None, ge=0)
    """The highest level of the escalation policy that was paged; 0 when nobody was."""
    postmortem: Literal["in time", "late", "open", "not needed"] | None = None
    cause: CauseOutcome | None = None
    """Whether the investigation named the service in which the trouble has its cause."""


class Expected(Value):
    """The expected end of the drill. `incidents` are by number."""

    rooms: int | None = Field(default=None, ge=0)
    incidents: dict[int, Outcome] = Field(default_factory=dict)


class Drill(Value):
    """A drill. `name` is the name of its file without .yml."""

    name: str
    about: Words
    steps: tuple[DrillStep, ...] = Field(min_length=1)
    expect: Expected = Expected()

    @model_validator(mode="after")
    def _forward(self) -> Self:
        for earlier, later in zip(self.steps, self.steps[1:], strict=False):
            if later.at < earlier.at:
                raise ValueError("the steps are not in the order of their at; sort them")
        return self


def drill_names() -> list[str]:
    """The names of the project's drills, alphabetically."""
    return sorted(path.stem for path in FOLDER.glob("*.yml"))


def load(name: str) -> Drill:
    """The drill of that name, or of that file when it ends in .yml. Raises DrillError with every mistake in it."""
    path = Path(name) if name.endswith((".yml", ".yaml")) else FOLDER / f"{name}.yml"
    if path.parent == FOLDER and path.stem not in drill_names():
        raise DrillError(
            f"There is no drill {name!r}; {did_you_mean(name, drill_names())}. A file of your own ends in .yml."
        )
    try:
        return _read(text_of(path, "give a text file in UTF-8"), path)
    except UnreadableFile as error:
        raise _wrong(path, [error.mistake]) from None


def _read(text: str, path: Path) -> Drill:
    # BaseLoader keeps every scalar as text: otherwise YAML reads 3:00 as the number 180.
    data, lines, mistakes = read_yaml(text, yaml.BaseLoader)
    if not isinstance(data, dict):
        raise _wrong(path, [whole_file("a drill is a mapping", "begin with about: and steps:")])
    try:
        drill = Drill.model_validate({**data, "name": path.stem})
    except ValidationError as error:
        mistakes += [at_line(_mistake(detail), lines) for detail in error.errors(include_url=False)]
    if mistakes:
        raise _wrong(path, mistakes)
    return drill


def _wrong(path: Path, mistakes: list[Mistake]) -> DrillError:
    found = "\n".join(f"  {mistake}" for mistake in sorted(mistakes, key=lambda mistake: mistake.line or 0))
    return DrillError(f"The drill {path} cannot be played:\n{found}")


_MODELS: dict[str, type[Value]] = {
    "steps": DrillStep,
    "alert": AlertStep,
    "trouble": TroubleStep,
    "expect": Expected,
    "incidents": Outcome,
}


def _mistake(detail: ErrorDetails) -> Mistake:
    where = [part for part in detail["loc"] if part != "[key]"]
    path = path_of(where)
    match detail["type"]:
        case "extra_forbidden":
            inside = next((_MODELS[part] for part in reversed(where[:-1]) if part in _MODELS), Drill)
            known = [name for name in inside.model_fields if inside is not Drill or name != "name"]
            return Mistake(path=path, problem="is not known here", suggestion=did_you_mean(str(where[-1]), known))
        case "missing":
            return Mistake(path=path, problem="is missing", suggestion=f"add {where[-1]}:")
        case "literal_error":
            return Mistake(path=path, problem="is not one of the allowed values", suggestion=detail["msg"])
        case _:
            return Mistake(path=path, problem=detail["msg"].removeprefix("Value error, "))
