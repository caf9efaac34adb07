"""Who is in an incident's channel, as the chat says: people came, people left, everybody was read. Pure.

The chat's events may come late and in another order, so the time of each is compared with what is known already. What
cannot be decided from them is read: the chat's own list of members counts more than anything that was heard.
"""

from __future__ import annotations

from datetime import datetime

from warroom.incident.model import Incident
from warroom.incident.parts import Participants


def outdated(incident: Incident, user: str, at: datetime) -> bool:
    """Whether something newer, or the same, is known of that person's coming and leaving."""
    known = incident.participants.moved_at.get(user)
    return known is not None and at <= known


def came(incident: Incident, user: str, at: datetime) -> Incident | None:
    """The same incident after they came in at that time; None when nothing changes."""
    there = incident.participants
    if outdated(incident, user, at) or (present(there, user) and not incident.private):
        return None
    return incident.copy_with(participants=_with(there, user, at))


def went(incident: Incident, user: str, at: datetime) -> Incident | None:
    """The same incident after they left at that time, or were removed; None when nothing changes."""
    there = incident.participants
    if outdated(incident, user, at) or (user in there.left and not incident.private):
        return None
    return incident.copy_with(participants=_without(there, user, at))


def present(there: Participants, user: str) -> bool:
    """Whether they are in the channel as far as is known."""
    return user in there.invited and user not in there.left


def read(incident: Incident, members: tuple[str, ...], before: Participants, at: datetime) -> Incident | None:
    """The same incident with `members` in its channel and nobody else; None when nothing changes.

    `before` is what was known when the chat was asked, at that time. Who came or left since then is left as they are.
    """
    now = after = incident.participants
    there = frozenset(members)
    for user in dict.fromkeys((*now.invited, *members)):
        moved_since = (present(now, user), now.moved_at.get(user)) != (present(before, user), before.moved_at.get(user))
        if moved_since or (user in there) == present(now, user):
            continue
        # The two clocks may differ: what is known never goes back in time.
        when = max(at, now.moved_at.get(user, at))
        after = _with(after, user, when) if user in there else _without(after, user, when)
    return incident.copy_with(participants=after) if after is not now else None


def _with(there: Participants, user: str, at: datetime) -> Participants:
    return there.copy_with(
        invitees=there.invitees if user in there.invitees else (*there.invitees, user),
        invited=there.invited if user in there.invited else (*there.invited, user),
        left=tuple(each for each in there.left if each != user),
        uninvited=tuple(each for each in there.uninvited if each != user),
        moved_at=there.moved_at | {user: at},
    )


def _without(there: Participants, user: str, at: datetime) -> Participants:
    left = there.left if user in there.left else (*there.left, user)
    return there.copy_with(left=left, moved_at=there.moved_at | {user: at})
