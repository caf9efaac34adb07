"""How an incident begins and what its room gets. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime, timedelta

from warroom.escalation import activity
from warroom.escalation import rules as escalation
from warroom.incident import membership, notices
from warroom.incident.deadlines import lead_wanted
from warroom.incident.decision import Decision, announce, set_topic, show_card, tell_team
from warroom.incident.direct import send_direct
from warroom.incident.events import Declared, PageReason, PeoplePaged, RoomOpened
from warroom.incident.model import Incident, State
from warroom.incident.notices import CouldNotInvite, DeclaredNotice, NewRoom, NobodyFound
from warroom.incident.parts import DirectMessage, DirectPurpose, EscalationLevel, EscalationState, Link
from warroom.investigation.lifecycle import automatic, show
from warroom.outbox.effects import (
    AddBookmark,
    Effect,
    Invite,
    LookForChanges,
    OpenRoom,
    PinCard,
    PrivateReply,
    ReplyToSource,
    SetPurpose,
    Withdraw,
)
from warroom.outbox.results import (
    Announced,
    CardShown,
    ChannelCreated,
    DirectlySent,
    PeopleAdded,
    Posted,
    RoomMembers,
    TeamTold,
)
from warroom.policy import Policy

NAME_LIMIT = 80
"""Characters in a channel's name (Slack: conversations.create, `invalid_name_maxlength`)."""


SIMILAR_AFTER = timedelta(seconds=10)
"""When similar incidents are looked for: by then the room is there, and nobody waits for the search."""


def escalation_of(
    team: str | None, declared_by: str | None, policy: Policy, named: tuple[str, ...] = ()
) -> EscalationState:
    """The escalation policy copied from the policy: the team's, else the people who were named, else the declarer alone, else
    an empty one. `named` are ids.
    """
    known = policy.teams.get(team) if team else None
    if known and known.escalation:
        levels = tuple(
            EscalationLevel(after=level.after, notify=tuple(level.notify), only=tuple(level.only))
            for level in known.escalation
        )
        return EscalationState(team=team, levels=levels)
    people = named or ((declared_by,) if declared_by else ())
    if people:
        level = EscalationLevel(after=timedelta(0), notify=tuple(f"<@{person}>" for person in people))
        return EscalationState(levels=(level,))
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
    paged = {index: others(people, incident.declared_by) for index, people in paged.items()}
    for index, people in paged.items():
        incident = escalation.paged(incident, index, people)
    severity = policy.severities[incident.severity]
    incident = incident.copy_with(
        links=(*incident.links, *(link for link in known_links(incident, policy) if link not in incident.links))
    ).with_deadlines(
        page=escalation.next_page_at(incident, now, policy),
        ack=now + severity.acknowledge_within,
        similar=now + SIMILAR_AFTER,
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


def others(people: tuple[str, ...], actor: str | None) -> tuple[str, ...]:
    """These people without the one who acts, who is not paged by her own act; all of them where she is the only one."""
    return tuple(person for person in people if person != actor) or people


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
    after = incident.with_room(channel_id=result.channel_id, channel_name=result.name).copy_with(reply_to=None)
    after = after.with_participants(first=after.participants.invitees)
    effects: list[Effect] = [show_card(after)]
    # A second channel, in place of an archived one, is furnished once more.
    again = f":{len(after.room.earlier)}" if after.room.earlier else ""
    if after.participants.invitees:
        key = f"{after.id}:invite:first{again}"
        effects.append(Invite(incident_id=after.id, key=key, people=after.participants.invitees))
    effects += [
        *announce(after, policy),
        set_topic(after),
        SetPurpose(incident_id=after.id, key=f"{after.id}:purpose{again}"),
    ]
    effects += [
        AddBookmark(
            incident_id=after.id, key=f"{after.id}:bookmark:{n}{again}", title=k.title, url=k.url, emoji=k.emoji
        )
        for n, k in enumerate(after.links)
    ]
    effects += tell_team(after, policy)
    event = RoomOpened(name=result.name, channel_id=result.channel_id)
    decision = Decision(after, quiet=True).record(event, now, key=f"opened{again}")
    if after.room.earlier:
        return decision.with_effects(*effects).say(NewRoom(earlier=after.room.earlier[-1]), key=f"new-room{again}")
    effects += _told(incident, policy)
    if after.services:
        effects.append(LookForChanges(incident_id=after.id, key=f"{after.id}:changes"))
    return automatic(decision.with_effects(*effects), now, policy)


def _told(incident: Incident, policy: Policy) -> list[Effect]:
    """Who hears of the new channel besides those who read the announcement: the declarer, whoever is paged, subscribers and
    the thread of the message it was declared from.
    """
    declarer, people = incident.declared_by, incident.participants.invitees
    paged = tuple(person for person in incident.escalation.paged if person != declarer)
    effects: list[Effect] = []
    if incident.reply_to is not None:
        to = incident.reply_to
        known = policy.services_by_team()
        notice = DeclaredNotice(
            paged=paged,
            invited=tuple(person for person in people if person not in (*paged, declarer)),
            unknown_services=tuple(s for s in incident.services if known and not policy.team_for_service(s)),
            ambiguous=to.ambiguous,
            unknown=to.unknown,
        )
        effects.append(
            PrivateReply(
                incident_id=incident.id,
                key=f"{to.key}:declared",
                priority=1,
                user=to.user,
                channel=to.channel,
                response_url=to.response_url,
                notice=notice,
            )
        )
    effects += send_direct(incident, paged, DirectPurpose.PAGE, policy, key="declared")
    effects += send_direct(incident, incident.subscribers, DirectPurpose.SUBSCRIPTION, policy, key="declared")
    if incident.source_channel and incident.source_ts and not incident.private:
        key = f"{incident.id}:source"
        effects.append(
            ReplyToSource(incident_id=incident.id, key=key, channel=incident.source_channel, ts=incident.source_ts)
        )
    return effects


def directly_sent(incident: Incident, result: DirectlySent) -> Decision:
    """The message is there; from now on it is redrawn, and the one before is deleted."""
    before = incident.direct_message(result.user, result.purpose)
    message = DirectMessage(user=result.user, purpose=result.purpose, channel_id=result.channel_id, ts=result.ts)
    decision = Decision(incident.with_direct_message(message), quiet=True)
    if before is None or before.ts == message.ts:
        return decision
    key = f"{incident.id}:withdraw:{before.channel_id}:{before.ts}"
    return decision.with_effects(Withdraw(incident_id=incident.id, key=key, ts=before.ts, channel=before.channel_id))


def shown(incident: Incident, result: CardShown) -> Decision:
    """The card is there: pin it, and show below it what is being looked into."""
    after = incident.with_room(card_ts=result.ts)
    pin = PinCard(incident_id=after.id, key=f"{after.id}:pin:{result.ts}")
    decision = Decision(after, quiet=True).with_effects(pin)
    return decision.with_effects(show(after)) if after.investigation.runs else decision


def announced(incident: Incident, result: Announced) -> Decision:
    """The announcement is there; from now on it is redrawn. It goes at once when the incident was made private meanwhile."""
    return hidden(Decision(incident.with_room(announced_in=result.channel_id, announced_ts=result.ts), quiet=True))


def team_told(incident: Incident, result: TeamTold) -> Decision:
    """The line in the team's channel is there; from now on it is redrawn. It goes at once when the incident was made private
    meanwhile.
    """
    return hidden(Decision(incident.with_room(team_in=result.channel_id, team_ts=result.ts), quiet=True))


def hidden(decision: Decision) -> Decision:
    """Of a private incident: without the announcement, what was said below it, and the line in the team's channel. A public
    one as it is.
    """
    incident, room = decision.incident, decision.incident.room
    if not incident.private:
        return decision
    for channel, ts, thread in ((room.announced_in, room.announced_ts, True), (room.team_in, room.team_ts, False)):
        if channel is not None and ts is not None:
            key = f"{incident.id}:withdraw:{channel}:{ts}"
            gone = Withdraw(incident_id=incident.id, key=key, ts=ts, channel=channel, thread=thread)
            decision = decision.with_effects(gone)
    return decision.with_changes(room=room.copy_with(announced_in=None, announced_ts=None, team_in=None, team_ts=None))


def posted(incident: Incident, result: Posted) -> Decision:
    """A notice fills a slot until a newer one takes its place. It goes at once when it is out of date meanwhile."""
    slot, there, newest = result.slot, incident.room.slot(result.slot), result.ts
    others = tuple(pair for pair in incident.room.slots if pair[0] != slot)
    decision = Decision(incident, quiet=True)
    if there is not None and there not in (result.ts, result.replaced):
        # Two were posted side by side, and neither knew of the other.
        oldest, newest = sorted((there, result.ts), key=float)
        decision = Decision(incident.with_room(slots=(*others, (slot, oldest))), quiet=True).withdraw(slot)
    filled = decision.with_changes(room=incident.room.copy_with(slots=(*others, (slot, newest))))
    return filled if still_true(slot, incident) else filled.withdraw(slot)


def still_true(slot: str, incident: Incident) -> bool:
    """Whether what a message in that slot says may still be so: reminders and offers end with what they are about."""
    match slot:
        case "recovery":
            return incident.state.open and not incident.alerts.firing
        case "reminder":
            return incident.state.open and incident.deadlines.update is not None
        case activity.SLOT:
            return incident.state is State.ACKNOWLEDGED
        case "stale" | "worse" | notices.OFFER_SLOT:
            return incident.state.open
        case "lead":
            return lead_wanted(incident)
        case "archive":
            return not incident.state.open
        case _:
            return True


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
