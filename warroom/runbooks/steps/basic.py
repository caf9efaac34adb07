"""Steps that talk to people, or wait: ask, approve, say, wait."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar

from pydantic import Field

from warroom.capabilities import Finished, StepBase
from warroom.durations import Duration, format_duration
from warroom.incident.decision import Decision
from warroom.incident.model import Incident
from warroom.incident.notices import RunSays
from warroom.policy.kinds import Text, Texts
from warroom.policy.permissions import May
from warroom.runbooks.decided import DecidedStep, Told
from warroom.value import Value

LONGEST_TEXT = 2_000


class AskParameters(Value):
    """What `ask` takes."""

    question: Text = Field(description="What is asked.", max_length=500)
    options: Texts = Field(default=("yes", "no"), description="The answers, each a button.", min_length=1, max_length=5)


class AskStep(StepBase[AskParameters]):
    """A question with buttons."""

    step = "ask"
    about = "Asks the people in the room, with a button for each answer."
    parameters = AskParameters
    outputs: ClassVar = {"answer": "the answer", "by": "who answered"}
    changes = False
    within = timedelta(minutes=15)
    example = """{id: where, do: ask, with: {question: "Is {service} slow for everybody?", options: ["yes", "no", "not sure"]}}"""

    def plan(self, parameters: AskParameters) -> Sequence[str]:
        return [f"Ask: {parameters.question} ({', '.join(parameters.options)})"]


class ApproveParameters(Value):
    """What `approve` takes."""

    text: Text = Field(description="What is to be approved.", max_length=500)
    by: May | None = Field(
        default=None, description="Who may approve, in the words of `permissions`. By default as the policy says."
    )
    within: Duration | None = Field(
        default=None, description="How long an answer is waited for. By default as the policy says."
    )
    second_person: bool | None = Field(
        default=None, description="Whether whoever asked for the run may not approve it."
    )


class ApproveStep(StepBase[ApproveParameters]):
    """An approval for several steps."""

    step = "approve"
    about = (
        "Asks for one approval of everything after it that changes something and of which all values are known. What becomes known "
        "only later, or is changed meanwhile, asks for an approval of its own."
    )
    parameters = ApproveParameters
    outputs: ClassVar = {"by": "who approved"}
    changes = False
    example = (
        """{id: agreed, do: approve, with: {text: "Move the traffic of {service}", by: responders, within: 10m}}"""
    )

    def plan(self, parameters: ApproveParameters) -> Sequence[str]:
        return [f"Ask for approval: {parameters.text}"]


class WaitParameters(Value):
    """What `wait` takes."""

    duration: Duration = Field(description="How long.")


class WaitStep(StepBase[WaitParameters]):
    """Time that passes."""

    step = "wait"
    about = "Waits."
    parameters = WaitParameters
    changes = False
    example = """{id: settle, do: wait, with: {duration: 2m}}"""

    def plan(self, parameters: WaitParameters) -> Sequence[str]:
        return [f"Wait {format_duration(parameters.duration)}"]


class SayParameters(Value):
    """What `say` takes."""

    text: Text = Field(description="What is said.", max_length=LONGEST_TEXT)


class SayStep(DecidedStep[SayParameters]):
    """A message in the room."""

    step = "say"
    about = "Says something in the room."
    parameters = SayParameters
    changes = False
    example = """{id: told, do: say, with: {text: "Memory of {service} was {before.value} bytes"}}"""

    def plan(self, parameters: SayParameters) -> Sequence[str]:
        return [f"Say in the room: {parameters.text}"]

    async def decide(self, incident: Incident, parameters: SayParameters, told: Told) -> tuple[Decision, Finished]:
        notice = RunSays(runbook=told.runbook, text=parameters.text)
        return Decision(incident, quiet=True).say(notice, key=told.key), Finished(said=parameters.text[:200])
