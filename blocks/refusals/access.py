"""Who may do it, and what is not there any more."""

from __future__ import annotations

from typing import assert_never

from blocks.refusals.medium import Medium
from warroom import refusals
from warroom.policy.permissions import Permission, Who
from warroom.refusals import AccessRefusal


def words(reason: AccessRefusal, medium: Medium) -> str:
    """Why, and what to do next."""
    match reason:
        case refusals.NothingToRetry():
            return f"It was done meanwhile, or is being tried again already. /incident timeline shows what happened in {reason.incident}."
        case refusals.NoSuchIncident():
            return f"There is no incident #{reason.number}. {medium.list_open} shows the open ones."
        case refusals.NotARoom():
            return (
                "This is not an incident's channel. Say which incident you mean by its number, for example #12; "
                f"{medium.list_open} shows the open ones."
            )
        case refusals.IncidentGone():
            return "That incident does not exist any more."
        case refusals.LeftRoom():
            return "You left the channel of this incident. Ask somebody in it to invite you again."
        case refusals.NotInQuarantine():
            return f"Nothing in quarantine has the id {reason.id}. List it: python -m bot alerts --quarantined"
        case refusals.AccountClosed():
            return "This Slack account is deactivated, so nothing was done. Ask an administrator of the workspace to activate it."
        case refusals.GuestMayNotDeclare():
            return "Guests may not declare incidents here. Tell somebody of the company what is wrong; they can declare it."
        case refusals.NotAllowed():
            return _not_allowed(reason)
        case refusals.ChannelGone():
            return f"The channel of {reason.incident} is archived already. Unarchive it by hand in Slack if it is still needed."
        case refusals.ChannelKept():
            return f"The channel of {reason.incident} is not going to be archived."
        case refusals.DoneBefore():
            return "This was done already; nothing changed the second time."
        case refusals.MenuOutdated():
            return "This menu is out of date. The card is being redrawn; use the new one."
        case refusals.RefusedByIntegration():
            return reason.text
    assert_never(reason)


def _not_allowed(reason: refusals.NotAllowed) -> str:
    doing = _DOING[reason.permission]
    what = f"{doing} {reason.incident}" if reason.incident else doing
    step = f"Join #{reason.room} and try again." if reason.room else "Ask one of them."
    return f"{what} is for {' or '.join(_who(each, reason) for each in reason.may)}. {step}"


def _who(said: str, reason: refusals.NotAllowed) -> str:
    if said == Who.RESPONDERS:
        return "the people in its channel" if reason.incident else "responders"
    if said == Who.COMMANDER:
        known = reason.incident is None or reason.has_commander
        return "its incident commander" if known else "its incident commander (none yet)"
    return said


_DOING = {
    Permission.DECLARE: "Declaring incidents",
    Permission.ACKNOWLEDGE: "Acknowledging",
    Permission.ESCALATE: "Escalating",
    Permission.UPDATE: "Posting updates of",
    Permission.RAISE_SEVERITY: "Raising the severity of",
    Permission.LOWER_SEVERITY: "Lowering the severity of",
    Permission.MITIGATE: "Mitigating",
    Permission.RESOLVE: "Resolving",
    Permission.REOPEN: "Reopening",
    Permission.CANCEL: "Cancelling",
    Permission.EDIT: "Editing",
    Permission.VISIBILITY: "Making public or private",
    Permission.MERGE: "Merging",
    Permission.ROLES: "Giving roles in",
    Permission.INVITE: "Inviting people to",
    Permission.PAGE: "Paging people for",
    Permission.MUTE: "Muting monitors of",
    Permission.RUN: "Running runbooks in",
    Permission.APPROVE: "Approving steps of runbooks in",
    Permission.COVER: "Changing who is on call",
    Permission.TIMELINE: "Adding to the timeline of",
    Permission.ACTIONS: "Adding action items to",
    Permission.POSTMORTEM: "Writing the post-mortem of",
    Permission.PUBLISH: "Publishing the post-mortem of",
}
"""What each permission allows, before the incident's name."""
