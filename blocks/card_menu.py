"""The card's menu, one table: what it offers, in which group and in which states."""

from __future__ import annotations

from typing import NamedTuple

from blocks import ids, kit
from blocks.kit import Block, Option
from warroom.incident.model import State
from warroom.incident.view import IncidentView

BEFORE_MITIGATION = frozenset({State.DETECTED, State.ACKNOWLEDGED})
OPEN = BEFORE_MITIGATION | {State.MITIGATED}
RESPOND, RECORD, AFTER = "Respond", "Record", "After"
GROUPS = (RESPOND, RECORD, AFTER)
"""In this order."""


class CardMenuEntry(NamedTuple):
    """One entry. `chosen` is what `handlers.actions.MENU` knows it by."""

    group: str
    label: str
    chosen: str
    states: frozenset[State] = OPEN


ENTRIES = (
    CardMenuEntry(RESPOND, "Mitigated", ids.MENU_MITIGATE, BEFORE_MITIGATION),
    CardMenuEntry(RESPOND, "Not mitigated after all", ids.MENU_REOPEN, frozenset({State.MITIGATED})),
    CardMenuEntry(RESPOND, "Severity…", ids.MENU_SEVERITY),
    CardMenuEntry(RESPOND, "Roles…", ids.MENU_ROLES),
    CardMenuEntry(RESPOND, "Page someone…", ids.MENU_PAGE),
    CardMenuEntry(RESPOND, "Run a runbook…", ids.MENU_RUN),
    CardMenuEntry(RESPOND, "Investigate", ids.MENU_INVESTIGATE, OPEN),
    CardMenuEntry(RECORD, "Catch up", ids.MENU_CATCH_UP),
    CardMenuEntry(RECORD, "Edit…", ids.MENU_EDIT),
    CardMenuEntry(RECORD, "Add to timeline…", ids.MENU_TIMELINE),
    CardMenuEntry(RECORD, "Action item…", ids.MENU_ACTION),
    CardMenuEntry(AFTER, "Post-mortem", ids.MENU_POSTMORTEM),
    CardMenuEntry(AFTER, "Cancel…", ids.MENU_CANCEL),
)
"""Everything, in the order in which it stands within its group."""


def card_menu(view: IncidentView) -> Block | None:
    """The menu of the card, with what integrations offer about the incident; None in a state in which it would be empty."""
    incident = view.incident
    offered = [entry for entry in ENTRIES if incident.state in entry.states]
    offered += [CardMenuEntry(RESPOND, entry.label, entry.value) for entry in view.menu if entry.about_incident]
    groups = [
        (group, [Option(each.label, ids.carry(incident.id, each.chosen)) for each in offered if each.group == group])
        for group in GROUPS
    ]
    return kit.grouped_select(ids.MENU, groups, placeholder="More")
