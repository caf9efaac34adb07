"""The kind of step of runbooks that publishes on the status page. Customers read it, so it needs an approval like a change."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from integrations.statuspage.model import BODY_LIMIT, PageStatus, component_state, prepared
from integrations.statuspage.policy import section
from integrations.statuspage.rules import PUBLISH, effect
from warroom.capabilities import Finished
from warroom.incident.decision import Decision
from warroom.incident.model import Incident
from warroom.policy.kinds import Text
from warroom.runbooks.decided import DecidedStep, NotNow, Told
from warroom.value import Value


class PublishParameters(Value):
    """What `statuspage.publish` takes."""

    text: Text = Field(description="What customers read.", max_length=BODY_LIMIT)
    status: PageStatus | None = Field(
        default=None, description="investigating, identified, monitoring or resolved. By default as the incident is."
    )


class PublishStep(DecidedStep[PublishParameters]):
    """An update for customers."""

    step = "statuspage.publish"
    about = (
        "Publishes an update on the status page. It needs an approval like everything that is seen outside, and `statuspage: {}` in "
        "`remediation.allow`."
    )
    parameters = PublishParameters
    changes = True
    example = """{id: customers, do: statuspage.publish, with: {text: "A fix is in place. We are watching.", status: monitoring}}"""

    def plan(self, parameters: PublishParameters) -> Sequence[str]:
        status = f" ({parameters.status})" if parameters.status else ""
        return [f"Publish on the status page{status}: {parameters.text}"]

    async def decide(self, incident: Incident, parameters: PublishParameters, told: Told) -> tuple[Decision, Finished]:
        policy = told.world.policy
        said = section(policy)
        if incident.private:
            raise NotNow("nothing of a private incident is published")
        if not said.page:
            raise NotNow("the policy names no status page", "Add statuspage.page to the policy.")
        draft = prepared(incident, said, policy, parameters.text)
        if parameters.status is not None:
            state = component_state(incident, parameters.status, policy)
            draft = draft.copy_with(status=parameters.status, components=dict.fromkeys(draft.components, state))
        draft = draft.copy_with(by=told.by)
        return Decision(incident, quiet=True).with_effects(effect(PUBLISH, told.key, incident, draft)), Finished(
            said="Asked for"
        )
