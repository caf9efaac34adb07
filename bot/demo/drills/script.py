"""The file of a drill: what happens when, and what its people are expected to have done. Every mistake names its line."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BeforeValidator, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from bot.yaml_file import at_line, syntax, walked, whole_file
from warroom.policy import Mistake
from warroom.policy.check import path_of
from warroom.policy.mistake import did_you_mean
from warroom.value import Value

FOLDER = Path(__file__).parent
"""Where the drills of the repository are."""
EFFECT_CASES = ("alert", "press", "type", "say", "react", "pin")
BY_PEOPLE = ("press", "type", "say", "react", "pin")


class DrillError(Exception):
    """A drill cannot be read or played; the text says which, where in it and what to write instead."""


def _moment(said: object) -> object:
    found = re.fullmatch(r"(?:(\d{1,3}):)?(\d{1,3}):([0-5]\d)", str(said).strip())
    if found is None or (found[1] and int(found[2]) > 59):
        raise ValueError(
            f"“{str(said)[:40]}” is no moment of the story; write minutes and seconds as in 3:00, or 1:30:00"
        )
    return timedelta(hours=int(found[1] or 0), minutes=int(found[2]), seconds=int(found[3]))


Moment = Annotated[timedelta, BeforeValidator(_moment)]
Words = Annotated[str, Field(min_length=1)]


class Alert(Value):
    """Datadog calls the webhook, for each host of a monitor."""

    monitor: Literal["memory", "errors", "disk"]
    state: Literal["triggered", "recovered"] = "triggered"
    hosts: int = Field(default=1, ge=1, le=200)

    @model_validator(mode="before")
    @classmethod
    def _by_name(cls, said: Any) -> Any:
        return {"monitor": said} if isinstance(said, str) else said


class Step(Value):
    """One line of the story: a deed of Datadog or of a person, or only something to tell or to show."""

    at: Moment
    tell: Words | None = None
    """In place of the words that the player finds for the deed."""
    who: Words | None = None
    """A handle of the sample company."""
    where: Words = "INC-1"
    """An incident, meaning its room, or a #channel."""
    alert: Alert | None = None
    press: Words | None = None
    """The label of a button or of an option; the newest that this person can see."""
    fill: dict[str, str] = Field(default_factory=dict)
    """Label to value of the form that opens then."""
    type: Words | None = None
    """A slash command."""
    say: Words | None = None
    react: Words | None = None
    """The name of an emoji, given to the last thing that somebody said there."""
    pin: Words | None = None
    """Part of the message that is pinned."""
    show: Literal["card", "newest", "announcement", "only you"] | None = None
    """What the reader is shown then."""

    @model_validator(mode="after")
    def _one_deed(self) -> Self:
        done = [case for case in EFFECT_CASES if getattr(self, case) is not None]
        if len(done) > 1:
            raise ValueError(f"does {' and '.join(done)} at once; write one step for each")
        if not done and self.tell is None and self.show is None:
            raise ValueError(f"nothing happens; write one of {', '.join(EFFECT_CASES)}, or tell, or show")
        if self.who is None and (done and done[0] in BY_PEOPLE):
            raise ValueError(f"nobody is named who does it; add for example who: ada to {done[0]}")
        if self.fill and self.press is None:
            raise ValueError("a form is filled that nobody opened; add press with the button that opens it")
        return self


class Outcome(Value):
    """What is expected of one incident's people. What is left out is not looked at."""

    state: Literal["detected", "acknowledged", "mitigated", "resolved", "closed", "cancelled"] | None = None
    acknowledged: Literal["in time", "late", "never", "not needed"] | None = None
    updates: Literal["in time", "late", "not needed"] | None = None
    level: int | None = Field(default=None, ge=0)
    """The level of the escalation policy that was reached; 0 is nobody."""
    postmortem: Literal["in time", "late", "open", "not needed"] | None = None


class Expected(Value):
    """How the drill ends. `incidents` are by number."""

    rooms: int | None = Field(default=None, ge=0)
    incidents: dict[int, Outcome] = Field(default_factory=dict)


class Drill(Value):
    """A story. `name` is that of its file."""

    name: str
    about: Words
    steps: tuple[Step, ...] = Field(min_length=1)
    expect: Expected = Expected()

    @model_validator(mode="after")
    def _forward(self) -> Self:
        for earlier, later in zip(self.steps, self.steps[1:], strict=False):
            if later.at < earlier.at:
                raise ValueError("time runs backwards in the steps; put them in the order of their at")
        return self


def drills() -> list[str]:
    """The names of the repository's drills, alphabetically."""
    return sorted(path.stem for path in FOLDER.glob("*.yml"))


def load(name: str) -> Drill:
    """The drill of that name, or of that file when it ends in .yml. Raises DrillError with every mistake in it."""
    path = Path(name) if name.endswith((".yml", ".yaml")) else FOLDER / f"{name}.yml"
    if path.parent == FOLDER and path.stem not in drills():
        raise DrillError(f"There is no drill {name!r}; {did_you_mean(name, drills())} A file of your own ends in .yml.")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DrillError(f"The drill {path} cannot be read: {error}. Give a text file in UTF-8.") from None
    return _read(text, path)


def _read(text: str, path: Path) -> Drill:
    try:
        # Every scalar as it is written: YAML would make 3:00 the number 180.
        node = yaml.compose(text, Loader=yaml.BaseLoader)
        lines, mistakes = walked(node)
        data = yaml.BaseLoader("").construct_document(node) if node is not None else None
    except yaml.YAMLError as error:
        raise _wrong(path, [syntax(error)]) from None
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


_MODELS: dict[str, type[Value]] = {"steps": Step, "alert": Alert, "expect": Expected, "incidents": Outcome}


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
            return Mistake(path=path, problem="is none of the words for it", suggestion=detail["msg"])
        case _:
            return Mistake(path=path, problem=detail["msg"].removeprefix("Value error, "))
