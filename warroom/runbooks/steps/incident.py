"""Steps about the incident itself. Each is decided in the transaction that says that it is done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from warroom.capabilities import Finished
from warroom.escalation import cadence
from warroom.escalation import rules as escalation
from warroom.incident import lifecycle
from warroom.incident.decision import Decision
from warroom.incident.declare import ids
from warroom.incident.events import PageReason, PeoplePaged, Reported
from warroom.incident.model import Incident
from warroom.incident.usecases import page_next
from warroom.people.resolution import resolve
from warroom.policy.kinds import Text, Texts
from warroom.runbooks.decided import DecidedStep, NotNow, Told
from warroom.value import Value

LONGEST = 2_000


class UpdateParameters(Value):
    """What `incident.update` takes."""

    text: Text = Field(description="The update.", max_length=LONGEST)


class UpdateStep(DecidedStep[UpdateParameters]):
    """An update."""

    step = "incident.update"
    about = "Posts an update in the room and below the announcement. Where nobody asked for the run it is a line of the timeline."
    parameters = UpdateParameters
    changes = False
    example = """{id: news, do: incident.update, with: {text: "{service} was restarted, memory is falling"}}"""

    def plan(self, parameters: UpdateParameters) -> Sequence[str]:
        return [f"Post an update: {parameters.text}"]

    async def decide(self, incident: Incident, parameters: UpdateParameters, told: Told) -> tuple[Decision, Finished]:
        done = Finished(said=parameters.text[:200])
        if told.by is None:
            event = Reported(integration="runbook", what="runbook update", text=parameters.text)
            return Decision(incident).record(event, told.now), done
        return cadence.post_update(incident, told.by, parameters.text, told.now, told.world.policy), done


class SeverityParameters(Value):
    """What `incident.severity` takes."""

    to: Text = Field(description="A severity of the policy: its key, name, number or alias.", max_length=80)
    why: str = Field(default="", description="Why.", max_length=LONGEST)


class SeverityStep(DecidedStep[SeverityParameters]):
    """Another severity."""

    step = "incident.severity"
    about = "Changes the severity."
    parameters = SeverityParameters
    changes = False
    example = """{id: worse, do: incident.severity, with: {to: SEV-1, why: "checkout is down for everybody"}}"""

    def plan(self, parameters: SeverityParameters) -> Sequence[str]:
        return [f"Change the severity to {parameters.to}"]

    async def decide(self, incident: Incident, parameters: SeverityParameters, told: Told) -> tuple[Decision, Finished]:
        policy = told.world.policy
        severity = policy.severity_named(parameters.to)
        if severity is None:
            raise NotNow(f"there is no severity {parameters.to}", f"Use one of {', '.join(policy.severities)}.")
        why = parameters.why or f"runbook “{told.runbook}”"
        decision = lifecycle.change_severity(incident, told.by, severity, told.now, policy, why=why)
        return decision, Finished(said=f"{incident.severity} to {severity}")


class EscalateParameters(Value):
    """What `incident.escalate` takes."""

    why: str = Field(default="", description="What the people who are paged read.", max_length=LONGEST)


class EscalateStep(DecidedStep[EscalateParameters]):
    """The next level."""

    step = "incident.escalate"
    about = "Pages the next level of the escalation policy."
    parameters = EscalateParameters
    changes = False
    example = """{id: more, do: incident.escalate, with: {why: "the restart did not help"}}"""

    def plan(self, parameters: EscalateParameters) -> Sequence[str]:
        return [f"Page the next level of the escalation policy{': ' if parameters.why else ''}{parameters.why}"]

    async def decide(self, incident: Incident, parameters: EscalateParameters, told: Told) -> tuple[Decision, Finished]:
        if not incident.state.open:
            raise NotNow(f"{incident.name} is {incident.state}")
        if not incident.escalation.levels:
            raise NotNow("there is no escalation policy for this incident", "Page somebody by name.")
        why = parameters.why or f"runbook “{told.runbook}”"
        decision = await page_next(told.world, incident, told.now, reason=PageReason.BUTTON, by=told.by, why=why)
        return decision, Finished(said="The next level was paged")


class ResolveParameters(Value):
    """What `incident.resolve` takes."""

    summary: str = Field(default="", description="What ended it.", max_length=LONGEST)


class ResolveStep(DecidedStep[ResolveParameters]):
    """The end."""

    step = "incident.resolve"
    about = "Resolves the incident."
    parameters = ResolveParameters
    changes = False
    example = """{id: over, do: incident.resolve, with: {summary: "restarted {service}"}, needs: [recovered]}"""

    def plan(self, parameters: ResolveParameters) -> Sequence[str]:
        return [f"Resolve the incident{': ' if parameters.summary else ''}{parameters.summary}"]

    async def decide(self, incident: Incident, parameters: ResolveParameters, told: Told) -> tuple[Decision, Finished]:
        summary = parameters.summary or f"runbook “{told.runbook}”"
        decision = lifecycle.resolve(incident, told.by, told.now, told.world.policy, summary)
        return decision, Finished(said="Resolved")


class PageParameters(Value):
    """What `incident.page` takes."""

    who: Texts = Field(
        description="Teams, people or schedules, as in an escalation policy.", min_length=1, max_length=10
    )
    why: str = Field(default="", description="What they read.", max_length=LONGEST)


class PageStep(DecidedStep[PageParameters]):
    """People by name."""

    step = "incident.page"
    about = "Pages people, teams or whoever is on call."
    parameters = PageParameters
    outputs: ClassVar = {"people": "their ids"}
    changes = False
    example = (
        """{id: human, do: incident.page, with: {who: ["schedule:database"], why: "the replica does not catch up"}}"""
    )

    def plan(self, parameters: PageParameters) -> Sequence[str]:
        return [f"Page {', '.join(parameters.who)}{': ' if parameters.why else ''}{parameters.why}"]

    async def decide(self, incident: Incident, parameters: PageParameters, told: Told) -> tuple[Decision, Finished]:
        people = await resolve(parameters.who, told.world.directory, told.world.policy, only_exact=True)
        called = ids(people)
        if not called:
            raise NotNow(f"nobody was found behind {', '.join(parameters.who)}", "Correct the names in the runbook.")
        led = tuple(dict.fromkeys(match.said for match in people.found))
        why = parameters.why or f"runbook “{told.runbook}”"
        event = PeoplePaged(paged=called, names=led, reason=PageReason.TEAM, why=why)
        after = incident.with_asked_back(*called)
        decision = escalation.paged_by(Decision(after), incident, event, told.now, by=told.by)
        return decision, Finished(outputs={"people": list(called)}, said=f"Paged {', '.join(led)}")
