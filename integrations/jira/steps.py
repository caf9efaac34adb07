"""The kinds of steps of runbooks that concern the incident's issue: each asks for one of Jira's operations."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from integrations.jira.policy import section
from integrations.jira.rules import COMMENT, CREATE, Comment, effect
from integrations.jira.state import state_of
from warroom.capabilities import Finished
from warroom.incident.decision import Decision
from warroom.incident.model import Incident
from warroom.policy.kinds import Text
from warroom.runbooks.decided import DecidedStep, NotNow, Told
from warroom.value import Value

PRIVATE = "nothing of a private incident is written to Jira"


class CommentParameters(Value):
    """What `jira.comment` takes."""

    text: Text = Field(description="The comment.", max_length=4_000)


class CommentStep(DecidedStep[CommentParameters]):
    """A comment."""

    step = "jira.comment"
    about = "Comments on the incident's issue in Jira."
    parameters = CommentParameters
    changes = False
    example = """{id: noted, do: jira.comment, with: {text: "{service} was restarted"}}"""

    def plan(self, parameters: CommentParameters) -> Sequence[str]:
        return [f"Comment on the issue in Jira: {parameters.text}"]

    async def decide(self, incident: Incident, parameters: CommentParameters, told: Told) -> tuple[Decision, Finished]:
        if incident.private:
            raise NotNow(PRIVATE)
        if not state_of(incident).key:
            raise NotNow("the incident has no issue in Jira", "Make one before, with jira.create.")
        comment = Comment(text=parameters.text, by=told.by, at=told.now)
        asked = effect(COMMENT, told.key, incident, comment)
        return Decision(incident, quiet=True).with_effects(asked), Finished(said=f"For {state_of(incident).key}")


class CreateParameters(Value):
    """`jira.create` takes nothing: the issue is as the policy says."""


class CreateStep(DecidedStep[CreateParameters]):
    """An issue."""

    step = "jira.create"
    about = "Makes the incident's issue in Jira, where it has none."
    parameters = CreateParameters
    changes = False
    example = """{id: issue, do: jira.create}"""

    def plan(self, parameters: CreateParameters) -> Sequence[str]:
        return ["Make an issue in Jira"]

    async def decide(self, incident: Incident, parameters: CreateParameters, told: Told) -> tuple[Decision, Finished]:
        if incident.private:
            raise NotNow(PRIVATE)
        if section(told.world.policy).project is None:
            raise NotNow("the policy names no project in Jira", "Add jira.project to the policy.")
        if key := state_of(incident).key:
            return Decision(incident, quiet=True), Finished(said=f"There is {key} already")
        return Decision(incident, quiet=True).with_effects(effect(CREATE, "issue", incident)), Finished(
            said="Asked for"
        )
