"""Why people are not paged or invited, or have no role."""

from __future__ import annotations

from typing import assert_never

from blocks import labels
from blocks.refusals.medium import Medium
from warroom import refusals
from warroom.incident.model import State
from warroom.refusals import PeopleRefusal


def words(reason: PeopleRefusal, medium: Medium) -> str:
    """Why, and what to do next."""
    match reason:
        case refusals.AlreadyAcknowledged():
            return _acknowledged(reason, medium)
        case refusals.SilenceEnded():
            return f"Somebody is on {reason.incident} already: it was answered, or something was done since."
        case refusals.InRoomAlready():
            return f"You are in the channel of {reason.incident} already."
        case refusals.OnlyYourself():
            return f"Nobody is behind “{', '.join(reason.said)}” but you. Name somebody else to page."
        case refusals.UnknownTeam():
            choices = ", ".join(reason.known) or "none yet: teams are described in the policy file"
            known = "Known teams" if reason.what == "team" else "Known"
            return f"There is no {reason.what} “{reason.said}”. {known}: {choices}."
        case refusals.NoEscalationPolicy():
            return (
                f"{reason.incident} has no escalation policy. "
                "Page a team: /incident page TEAM. Page a person: /incident page @name"
            )
        case refusals.EscalatedMeanwhile():
            return f"{reason.incident} was escalated a moment ago; the next level has been paged."
        case refusals.RoleMissing():
            return "Name the role, for example: role commander @ada"
        case refusals.RoleHeld():
            return f"{medium.person(reason.person)} is {reason.role} of {reason.incident} already."
        case refusals.NobodyToInvite():
            return "Say whom to invite: mentions, @names, emails, user groups or teams."
        case refusals.NobodyToPage():
            return f"Say whom to page. Known teams: {', '.join(reason.teams) or 'none yet'}."
        case refusals.PageFoundNobody():
            whys = "; ".join(f"{each.said} ({labels.NOBODY[each.why]})" for each in reason.unknown)
            return f"There is nobody to page: {whys}. Name a team, a user group or a person."
    assert_never(reason)


def _acknowledged(reason: refusals.AlreadyAcknowledged, medium: Medium) -> str:
    who = medium.person(reason.by) if reason.by else "somebody"
    if reason.state is not State.ACKNOWLEDGED:
        return f"{reason.incident} is {reason.state} already; {who} acknowledged it."
    return "You have it already." if reason.by and reason.by == reason.asked_by else f"{who} has it already."
