"""Correcting an incident: its title, description, impact, services, team, fields, and who may know of it. Pure."""

from __future__ import annotations

from datetime import datetime

from warroom.errors import AlreadyDone, Refused
from warroom.escalation import rules as escalation
from warroom.incident import opening
from warroom.incident.decision import Decision, announce
from warroom.incident.events import Detail, DetailChanged, VisibilityChanged
from warroom.incident.model import Incident
from warroom.incident.notices import DetailsChanged, VisibilityNotice
from warroom.incident.parts import EscalationState
from warroom.outbox.effects import Place, RenameRoom, SetPurpose, TellTeam, Withdraw
from warroom.policy import Policy
from warroom.refusals import NothingChanged, TitleMissing, TitleTooLong, UnknownTeam, VisibilityUnchanged
from warroom.text import cut
from warroom.value import Value

TITLE_LIMIT = 500
"""Characters of a title."""
KEPT = 1_000
"""Characters of a text that the timeline keeps of how it was and how it is."""


class Corrections(Value):
    """What is to be different; None leaves it as it is."""

    title: str | None = None
    description: str | None = None
    impact: str | None = None
    services: tuple[str, ...] | None = None
    team: str | None = None
    """A word for a team of the policy; "" for none."""
    summary: str | None = None
    """What fixed it."""
    fields: tuple[tuple[str, str], ...] = ()
    """Fields of the template, by name; those that are not named stay. An empty value removes the field."""


def edited(incident: Incident, by: str, wanted: Corrections, now: datetime, policy: Policy) -> Decision:
    """The incident with these corrections, each on the timeline with how it was. Raises AlreadyDone, Refused."""
    after, changes = _texts(incident, wanted)
    after, more = _fields(after, wanted)
    changes += more
    if wanted.team is not None:
        after, more = _team(after, wanted.team, now, policy)
        changes += more
    if not changes:
        raise AlreadyDone(NothingChanged(incident=incident.name))
    decision = Decision(after)
    for change in changes:
        decision = decision.record(change, now, by=by)
    if incident.title != after.title or incident.services != after.services:
        key = f"{incident.id}:purpose:v{incident.version}"
        decision = decision.with_effects(SetPurpose(incident_id=incident.id, key=key))
    if incident.title != after.title and policy.workspace.rename_channel and after.room.channel_id:
        decision = decision.with_effects(RenameRoom(incident_id=incident.id, key=f"{incident.id}:rename"))
    for number, link in enumerate(opening.known_links(after, policy)):
        decision = decision.add_link(link, f"v{incident.version}:{number}")
    return decision.say(DetailsChanged(by=by, changes=changes), Place.CARD_THREAD)


def _texts(incident: Incident, wanted: Corrections) -> tuple[Incident, tuple[DetailChanged, ...]]:
    changes: list[DetailChanged] = []
    if wanted.title is not None:
        title = " ".join(wanted.title.split())
        if not title:
            raise Refused(TitleMissing())
        if len(title) > TITLE_LIMIT:
            raise Refused(TitleTooLong(length=len(title), limit=TITLE_LIMIT))
        changes += _change(Detail.TITLE, incident.title, title)
        incident = incident.copy_with(title=title)
    for detail in (Detail.DESCRIPTION, Detail.IMPACT, Detail.SUMMARY):
        said: str | None = getattr(wanted, detail.value)
        if said is not None:
            changes += _change(detail, getattr(incident, detail.value), said.strip())
            incident = incident.copy_with(**{detail.value: said.strip()})
    if wanted.services is not None:
        services = tuple(dict.fromkeys(name for each in wanted.services if (name := " ".join(each.split()))))
        changes += _change(Detail.SERVICES, ", ".join(incident.services), ", ".join(services))
        incident = incident.copy_with(services=services)
    return incident, tuple(changes)


def _fields(incident: Incident, wanted: Corrections) -> tuple[Incident, tuple[DetailChanged, ...]]:
    changes: list[DetailChanged] = []
    fields = dict(incident.fields)
    for name, said in wanted.fields:
        value = said.strip()
        changes += _change(Detail.FIELD, fields.get(name, ""), value, name)
        if value:
            fields[name] = value
        else:
            fields.pop(name, None)
    return incident.copy_with(fields=tuple(fields.items())), tuple(changes)


def _change(detail: Detail, before: str, after: str, name: str = "") -> tuple[DetailChanged, ...]:
    if before == after:
        return ()
    return (DetailChanged(detail=detail, name=name, before=cut(before, KEPT), after=cut(after, KEPT)),)


def _team(incident: Incident, said: str, now: datetime, policy: Policy) -> tuple[Incident, tuple[DetailChanged, ...]]:
    """With another team. Its escalation policy takes the place of the old one and counts from now: while nobody has
    acknowledged, its first level is paged at once and nobody is paged for time that has passed before.
    """
    team = policy.team_named(said) if said.strip() else None
    if said.strip() and team is None:
        raise Refused(UnknownTeam(said=said, known=tuple(policy.teams)))
    change = _change(Detail.TEAM, incident.team or "", team or "")
    if not change:
        return incident, ()
    after = incident.copy_with(team=team, escalation=_from_now(incident, team, now, policy))
    return after.with_deadlines(page=escalation.next_page_at(after, now, policy)), change


def _from_now(incident: Incident, team: str | None, now: datetime, policy: Policy) -> EscalationState:
    started = opening.escalation_of(team, incident.declared_by, policy)
    passed = now - incident.declared_at
    levels = tuple(level.copy_with(after=level.after + passed) for level in started.levels)
    return started.copy_with(levels=levels, paged=incident.escalation.paged)


def seen_by(incident: Incident) -> tuple[str, ...]:
    """Who is in the channel, or was: they have read it."""
    return tuple(dict.fromkeys((*incident.participants.invited, *incident.participants.left)))


def channel_private(incident: Incident) -> bool:
    """Whether the channel in the chat is a private one. It stays what it was made as: no app can change that."""
    return incident.private if incident.room.private is None else incident.room.private


def made_visible(incident: Incident, by: str, private: bool, now: datetime, policy: Policy) -> Decision:
    """The incident is private, or public. Raises AlreadyDone."""
    if incident.private is private:
        raise AlreadyDone(VisibilityUnchanged(incident=incident.name, private=private))
    in_private_channel = channel_private(incident)
    after = incident.copy_with(private=private).with_room(private=in_private_channel)
    event = VisibilityChanged(private=private, seen_by=seen_by(incident), announced=bool(incident.room.announced_ts))
    notice = VisibilityNotice(by=by, private=private, channel_private=in_private_channel)
    if private:
        return _hidden(Decision(after).record(event, now, by=by)).say(notice)
    decision = Decision(after).record(event, now, by=by).say(notice)
    if after.room.channel_id:
        decision = decision.with_effects(*announce(after, policy))
    team = policy.teams.get(after.team) if after.team else None
    if team and team.channel:
        told = TellTeam(incident_id=after.id, key=f"{after.id}:team", channel=team.channel)
        decision = decision.with_effects(told)
    return decision


def _hidden(decision: Decision) -> Decision:
    """Without the announcement and what was said below it."""
    room = decision.incident.room
    if room.announced_ts is None or room.announced_in is None:
        return decision
    gone = Withdraw(
        incident_id=decision.incident.id,
        key=f"{decision.incident.id}:withdraw:{room.announced_ts}",
        ts=room.announced_ts,
        channel=room.announced_in,
        thread=True,
    )
    hidden = decision.incident.with_room(announced_in=None, announced_ts=None)
    return decision.with_changes(room=hidden.room).with_effects(gone)
