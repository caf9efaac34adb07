"""What is remembered of an incident: its issue, and those of its action items."""

from __future__ import annotations

from integrations.jira.policy import NAME
from warroom.incident.model import Incident
from warroom.value import Stored

LABEL = "warroom"


class ActionIssue(Stored):
    """The issue of an action item."""

    item: str
    key: str
    done: bool = False
    """As far as is known there."""


class JiraState(Stored):
    """What `Incident.external` holds under Jira's name."""

    key: str = ""
    """Such as OPS-12; "" before there is an issue."""
    status: str = ""
    """The status there as it was last seen or made."""
    done: bool = False
    """Whether that status counts as done."""
    step: str = ""
    """The last step of the incident's life that the issue followed."""
    actions: tuple[ActionIssue, ...] = ()

    def action(self, item: str) -> ActionIssue | None:
        """The issue of that action item."""
        return next((each for each in self.actions if each.item == item), None)

    def with_action(self, issue: ActionIssue) -> JiraState:
        """The same with that action item's issue as given."""
        return self.copy_with(actions=(*(each for each in self.actions if each.item != issue.item), issue))


def state_of(incident: Incident) -> JiraState:
    """What is remembered."""
    return incident.external_state(NAME, JiraState)


def label(incident: Incident, item: str = "") -> str:
    """The label by which an issue that was made is found again. Labels have no spaces."""
    return f"{LABEL}-{incident.id}{f'-{item}' if item else ''}"


def incident_in(labels: object) -> str | None:
    """The id of the incident whose issue has these labels; None for issues that are nobody's here."""
    found = labels if isinstance(labels, list) else []
    names = [each.removeprefix(f"{LABEL}-") for each in found if isinstance(each, str) and each.startswith(f"{LABEL}-")]
    return names[0].partition("-")[0] if names else None
