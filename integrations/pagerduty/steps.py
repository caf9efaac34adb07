"""The kinds of steps of runbooks that page and write through PagerDuty: each asks for one of its operations."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from integrations.pagerduty.policy import section
from integrations.pagerduty.rules import NOTE, TRIGGER, Note, Trigger, effect
from integrations.pagerduty.state import state_of
from warroom.capabilities import Finished
from warroom.incident.decision import Decision
from warroom.incident.model import Incident
from warroom.outbox.effects import URGENT
from warroom.policy.kinds import Text
from warroom.runbooks.decided import DecidedStep, NotNow, Told
from warroom.value import Value


class TriggerParameters(Value):
    """`pagerduty.trigger` takes nothing: the routing key is that of the incident's team."""


class TriggerStep(DecidedStep[TriggerParameters]):
    """A page."""

    step = "pagerduty.trigger"
    about = "Pages through PagerDuty, with the routing key of the incident's team."
    parameters = TriggerParameters
    changes = False
    example = """{id: page, do: pagerduty.trigger}"""

    def plan(self, parameters: TriggerParameters) -> Sequence[str]:
        return ["Page through PagerDuty"]

    async def decide(self, incident: Incident, parameters: TriggerParameters, told: Told) -> tuple[Decision, Finished]:
        state = state_of(incident)
        if not incident.state.open:
            raise NotNow(f"{incident.name} is {incident.state}")
        if not section(told.world.policy).route(incident.team):
            raise NotNow("the policy has no routing key for this team", "Add one to pagerduty.routing_keys.")
        if state.open:
            return Decision(incident, quiet=True), Finished(said="PagerDuty pages already")
        asked = effect(TRIGGER, f"trigger:{state.triggers}", incident, payload=Trigger(asked=True), weight=URGENT)
        return Decision(incident, quiet=True).with_effects(asked), Finished(said="Asked for")


class NoteParameters(Value):
    """What `pagerduty.note` takes."""

    text: Text = Field(description="The note.", max_length=2_000)


class NoteStep(DecidedStep[NoteParameters]):
    """A note."""

    step = "pagerduty.note"
    about = "Adds a note to the incident in PagerDuty."
    parameters = NoteParameters
    changes = False
    example = """{id: noted, do: pagerduty.note, with: {text: "{service} was restarted"}}"""

    def plan(self, parameters: NoteParameters) -> Sequence[str]:
        return [f"Note in PagerDuty: {parameters.text}"]

    async def decide(self, incident: Incident, parameters: NoteParameters, told: Told) -> tuple[Decision, Finished]:
        if not state_of(incident).there:
            raise NotNow("the incident is not in PagerDuty", "Page there before, with pagerduty.trigger.")
        note = Note(text=parameters.text, by=told.by, at=told.now)
        return Decision(incident, quiet=True).with_effects(effect(NOTE, told.key, incident, payload=note)), Finished(
            said="Asked for"
        )
