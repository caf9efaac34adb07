"""How an incident begins and what its room gets. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime, timedelta

from warroom.escalation import cadence
from warroom.escalation import rules as escalation
from warroom.incident import membership
from warroom.incident.decision import Decision, announce, set_topic, show_card
from warroom.incident.events import Declared, PageReason, PeoplePaged, RoomOpened
from warroom.incident.model import EscalationLevel, EscalationState, Incident, Link
from warroom.incident.notices import CouldNotInvite, NobodyFound
from warroom.outbox.effects import AddBookmark, Effect, Invite, LookForChanges, OpenRoom, PinCard, SetPurpose, TellTeam
from warroom.outbox.results import Announced, CardShown, ChannelCreated, PeopleAdded, Posted, RoomMembers
from warroom.policy import Policy

NAME_LIMIT = 80
"""Characters in a channel's name (Slack: conversations.create, `invalid_name_maxlength`)."""


def escalation_of(team: str | None, declared_by: str | None, policy: Policy) -> EscalationState:
    """The escalation policy copied from the policy: the team's, else the declarer alone, else an empty one."""
    known = policy.teams.get(team) if team else None
    if known and known.escalation:
        levels = tuple(
            EscalationLevel(after=level.after, notify=tuple(level.notify), only=tuple(level.only))
            for level in known.escalation
        )
        return EscalationState(team=team, levels=levels)
    if declared_by:
        return EscalationState(levels=(EscalationLevel(after=timedelta(0), notify=(f"<@{declared_by}>",)),))
    return EscalationState()


def begin(
    incident: Incident,
    paged: Mapping[int, tuple[str, ...]],
    now: datetime,
    policy: Policy,
    *,
    nobody: tuple[str, ...] = (),
) -> Decision:
    """A new incident, its first levels paged and its timers set.

    `paged` maps levels due at once to the people behind them; `nobody` are names behind which nobody was found.
    """
    for index, people in paged.items():
        incident = escalation.paged(incident, index, people)
    severity = policy.severities[incident.severity]
    incident = incident.copy_with(
        links=(*incident.links, *(link for link in known_links(incident, policy) if link not in incident.links))
    ).with_deadlines(
        page=escalation.next_page_at(incident, now, policy),
        ack=now + severity.acknowledge_within,
        update=cadence.next_update(incident.severity, policy, now),
    )
    decision = Decision(incident).record(Declared(title=incident.title), now, by=incident.declared_by)
    for index, people in paged.items():
        if people and people != (incident.declared_by,):
            decision = decision.record(
                PeoplePaged(
                    paged=people,
                    level=escalation.level_number(incident, index),
                    names=incident.escalation.levels[index].notify,
                    reason=PageReason.DECLARED,
                ),
                now,
            )
    name = room_name(incident, policy)
    return nobody_found(decision, nobody).with_effects(
        OpenRoom(incident_id=incident.id, key=f"{incident.id}:room", name=name, private=incident.private)
    )


def nobody_found(decision: Decision, names: tuple[str, ...]) -> Decision:
    """With one line about names behind which nobody was found; the decision as it is when there are none."""
    if not names:
        return decision
    return decision.say(NobodyFound(names=names))


def room_name(incident: Incident, policy: Policy) -> str:
    """The channel's name from the policy's template: lower case, digits, hyphens, at most 80 characters."""
    known = {
        "number": str(incident.number),
        "date": incident.declared_at.strftime("%Y-%m-%d"),
        "severity": incident.severity,
        "team": incident.team or "",
        "slug": "",
    }
    template = policy.workspace.channel_name
    fixed = _slug(template.format_map(known))
    known["slug"] = _slug(incident.title)[: max(0, NAME_LIMIT - len(fixed) - 1)].strip("-")
    return _slug(template.format_map(known))[:NAME_LIMIT].strip("-") or f"inc-{incident.number}"


def _slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9_]+", "-", plain).strip("-")


def known_links(incident: Incident, policy: Policy) -> tuple[Link, ...]:
    """Links the policy knows for this team and title: runbook, dashboard, status page, meeting."""
    return tuple(
        Link(title=title, url=url, emoji=emoji) for title, url, emoji in policy.links_for(incident.team, incident.title)
    )


def opened(incident: Incident, result: ChannelCreated, now: datetime, policy: Policy) -> Decision:
    """The channel exists: everything else side by side, the card and the people first."""
    after = incident.with_room(channel_id=result.channel_id, channel_name=result.name)
    effects: list[Effect] = [show_card(after)]
    if after.participants.invitees:
        effects.append(Invite(incident_id=after.id, key=f"{after.id}:invite:first", people=after.participants.invitees))
    effects += [
        *announce(after, policy),
        set_topic(after),
        SetPurpose(incident_id=after.id, key=f"{after.id}:purpose"),
    ]
    effects += [
        AddBookmark(incident_id=after.id, key=f"{after.id}:bookmark:{n}", title=k.title, url=k.url, emoji=k.emoji)
        for n, k in enumerate(after.links)
    ]
    team = policy.teams.get(after.team) if after.team else None
    if team and team.channel and not after.private:
        effects.append(TellTeam(incident_id=after.id, key=f"{after.id}:team", channel=team.channel))
    if after.services:
        effects.append(LookForChanges(incident_id=after.id, key=f"{after.id}:changes"))
    event = RoomOpened(name=result.name, channel_id=result.channel_id)
    return Decision(after, quiet=True).record(event, now, key="opened").with_effects(*effects)


def shown(incident: Incident, result: CardShown) -> Decision:
    """The card is there: pin it."""
    after = incident.with_room(card_ts=result.ts)
    return Decision(after, quiet=True).with_effects(PinCard(incident_id=after.id, key=f"{after.id}:pin:{result.ts}"))


def announced(incident: Incident, result: Announced) -> Decision:
    """The announcement is there; from now on it is redrawn."""
    return Decision(incident.with_room(announced_in=result.channel_id, announced_ts=result.ts), quiet=True)


def posted(incident: Incident, result: Posted) -> Decision:
    """A notice fills a slot until a newer one takes its place."""
    slots = tuple(pair for pair in incident.room.slots if pair[0] != result.slot)
    return Decision(incident.with_room(slots=(*slots, (result.slot, result.ts))), quiet=True)


def invited(incident: Incident, result: PeopleAdded) -> Decision:
    """Who is in the room; who could not be invited is said once, with the reason."""
    there = incident.participants
    refused = tuple(person for person, _ in result.failed)
    after = incident.with_participants(
        invited=tuple(dict.fromkeys((*there.invited, *result.people))),
        uninvited=tuple(dict.fromkeys((*(each for each in there.uninvited if each not in result.people), *refused))),
    )
    decision = Decision(after, quiet=True)
    for reason in dict.fromkeys(reason for _, reason in result.failed):
        who = tuple(person for person, why in result.failed if why == reason)
        decision = decision.say(CouldNotInvite(people=who, reason=reason))
    return decision


def members_read(incident: Incident, result: RoomMembers) -> Decision | None:
    """Who is in the room is what the chat says; None when it says what was known."""
    after = membership.read(incident, result.people, result.before, result.asked_at)
    return Decision(after, quiet=True) if after is not None else None
