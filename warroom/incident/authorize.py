"""Whether somebody may do something under the policy, and who may when they may not."""

from __future__ import annotations

from enum import StrEnum

from warroom.errors import Forbidden
from warroom.incident.model import Incident
from warroom.people.resolution import resolve
from warroom.policy.permissions import Who
from warroom.ports import World


class Permission(StrEnum):
    """What the policy's `permissions` speak of: the key there, and how a refusal calls it."""

    DECLARE = "declare", "Declaring incidents"
    ACKNOWLEDGE = "acknowledge", "Acknowledging"
    ESCALATE = "escalate", "Escalating"
    UPDATE = "update", "Posting updates of"
    RAISE_SEVERITY = "raise_severity", "Raising the severity of"
    LOWER_SEVERITY = "lower_severity", "Lowering the severity of"
    MITIGATE = "mitigate", "Mitigating"
    RESOLVE = "resolve", "Resolving"
    REOPEN = "reopen", "Reopening"
    CANCEL = "cancel", "Cancelling"
    MERGE = "merge", "Merging"
    ROLES = "roles", "Giving roles in"
    INVITE = "invite", "Inviting people to"
    PAGE = "page", "Paging people to"
    MUTE = "mute", "Muting monitors of"
    POSTMORTEM = "postmortem", "Writing the post-mortem of"
    PUBLISH = "publish", "Publishing the post-mortem of"

    words: str

    def __new__(cls, key: str, words: str) -> Permission:
        """A key of the policy that knows its words."""
        case = str.__new__(cls, key)
        case._value_, case.words = key, words
        return case


async def authorize(world: World, case: Permission, by: str | None, incident: Incident | None = None) -> None:
    """Returns when `by` may do it; None, which is no person, may do everything. Raises Forbidden, naming who may."""
    may: tuple[str, ...] = getattr(world.policy.permissions, case.value)
    if by is None or Who.EVERYBODY in may:
        return
    if incident is not None and Who.RESPONDERS in may and incident.concerns(by):
        return
    if incident is not None and Who.COMMANDER in may and incident.commander == by:
        return
    names = [name for name in may if name not in tuple(Who)]
    people = await resolve(names, world.directory, world.policy)
    if by in (match.person.id for match in people.found):
        return
    raise Forbidden(_refusal(case, may, incident))


def _refusal(case: Permission, may: tuple[str, ...], incident: Incident | None) -> str:
    what = f"{case.words} {incident.name}" if incident else case.words
    return f"{what} is for {' or '.join(_who(each, incident) for each in may)}.{_step(may, incident)}"


def _who(said: str, incident: Incident | None) -> str:
    if said == Who.RESPONDERS:
        return "the people in its room" if incident else "responders"
    if said == Who.COMMANDER:
        return "its commander" if incident is None or incident.commander else "its commander, who is nobody yet"
    return said


def _step(may: tuple[str, ...], incident: Incident | None) -> str:
    if incident and incident.room.channel_name and Who.RESPONDERS in may and not incident.private:
        return f" Join #{incident.room.channel_name} and try again."
    return " Ask one of them."
