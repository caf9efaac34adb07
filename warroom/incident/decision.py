"""What a rule decided, and how a decision becomes one commit. Pure.

Timers are drawn like cards: whole, from the incident as it is after the decision. What follows from any visible change
(redraw the card, redraw the announcement, count the incident as touched) is added here once, not by every rule.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from warroom.escalation import activity
from warroom.incident import deadlines
from warroom.incident.direct import direct_effects
from warroom.incident.events import Event
from warroom.incident.model import Incident
from warroom.incident.notices import Notice, Paged
from warroom.incident.parts import Deadlines, Link
from warroom.incident.timeline import Entry
from warroom.outbox.changes import AlertDecision, Changeset, ClaimResult, Firing, Timer
from warroom.outbox.effects import (
    AddBookmark,
    Announce,
    Effect,
    Invite,
    PinCard,
    Place,
    Post,
    ReadRoomMembers,
    RenameRoom,
    SetPurpose,
    SetTopic,
    ShareCanvas,
    ShareDocument,
    SharePicture,
    ShowCard,
    TellTeam,
    Withdraw,
)
from warroom.policy import Policy
from warroom.policy.model import PageBy
from warroom.runbooks.run import Run

React = Callable[[Incident, Entry, Policy], Sequence[Effect]]
"""What integrations want done about an event; the incident is as it is afterwards."""


def nobody_reacts(_incident: Incident, _entry: Entry, _policy: Policy) -> Sequence[Effect]:
    """The reaction where there are no integrations."""
    return ()


@dataclass(frozen=True, slots=True)
class Decision:
    """The incident as it should be, what happened (its new timeline entries) and what to ask of the world.

    A `quiet` decision changes nothing that the card or the announcement shows, so nothing is redrawn.
    """

    incident: Incident
    entries: tuple[Entry, ...] = ()
    effects: tuple[Effect, ...] = ()
    firings: tuple[Firing, ...] = ()
    alert_decisions: tuple[AlertDecision, ...] = ()
    decides: tuple[str, ...] = ()
    runs: tuple[Run, ...] = ()
    """Runs of runbooks as they should be."""
    quiet: bool = False

    def and_then(self, later: Decision) -> Decision:
        """This decision and one made from its incident, as one."""
        return replace(
            later,
            entries=self.entries + later.entries,
            effects=self.effects + later.effects,
            runs=self.runs + later.runs,
        )

    def with_changes(self, **changes: object) -> Decision:
        """With the incident changed further."""
        return replace(self, incident=self.incident.copy_with(**changes))

    def with_deadlines(self, **due: datetime | None) -> Decision:
        """With these timers set, or disarmed where None is given."""
        return replace(self, incident=self.incident.with_deadlines(**due))

    def record(
        self, event: Event, now: datetime, *, by: str | None = None, link: str | None = None, key: str = ""
    ) -> Decision:
        """With one more event, which is on the timeline from then on. Without `key` it is unique to this version of the
        incident.
        """
        entry = Entry(
            incident_id=self.incident.id,
            key=key or f"v{self.incident.version}:{event.kind}:{len(self.entries)}",
            at=now,
            event=event,
            by=by,
            link=link,
        )
        return replace(self, entries=(*self.entries, entry))

    def with_entries(self, *entries: Entry) -> Decision:
        """With entries of the timeline that were made elsewhere."""
        return replace(self, entries=(*self.entries, *entries))

    def with_effects(self, *effects: Effect) -> Decision:
        """With more effects."""
        return replace(self, effects=(*self.effects, *effects))

    def done_in(self, source: str, link: str | None = None, name: str = "") -> Decision:
        """With `source`, another system as people call it, as the place where all of this was done. `name` is how that system
        calls whoever did it; it stands where nobody here did.
        """
        entries = (
            each.copy_with(source=source, link=each.link or link, name="" if each.by else name) for each in self.entries
        )
        return replace(self, entries=tuple(entries))

    def add_link(self, link: Link, key: str) -> Decision:
        """With one more link on the card and among the room's bookmarks, unless that address is there already."""
        incident = self.incident
        if any(each.url == link.url for each in incident.links):
            return self
        linked = self.with_changes(links=(*incident.links, link))
        if incident.room.channel_id is None:
            return linked  # opening the room adds the bookmarks of all links
        bookmark = f"{incident.id}:bookmark:{key}"
        return linked.with_effects(
            AddBookmark(incident_id=incident.id, key=bookmark, title=link.title, url=link.url, emoji=link.emoji)
        )

    def say(
        self,
        notice: Notice,
        place: Place = Place.ROOM,
        *,
        slot: str | None = None,
        in_place: bool = False,
        key: str = "",
    ) -> Decision:
        """With one more notice. Without `key` it is unique to this version of the incident. See `Post`."""
        key = key or f"v{self.incident.version}:{notice.kind}:{len(self.effects)}"
        post = Post(
            incident_id=self.incident.id,
            key=f"{self.incident.id}:post:{key}",
            place=place,
            notice=notice,
            slot=slot,
            in_place=in_place,
        )
        return self.with_effects(post)

    def withdraw(self, slot: str) -> Decision:
        """Without the bot's message in that slot, if there is one."""
        ts = self.incident.room.slot(slot)
        if ts is None:
            return self
        slots = tuple(pair for pair in self.incident.room.slots if pair[0] != slot)
        gone = Withdraw(incident_id=self.incident.id, key=f"{self.incident.id}:withdraw:{ts}", ts=ts)
        return replace(self, incident=self.incident.with_room(slots=slots)).with_effects(gone)


def timers_of(incident: Incident) -> dict[str, datetime]:
    """Every timer the incident has now, by kind."""
    due = {kind: getattr(incident.deadlines, kind) for kind in Deadlines.model_fields}
    due |= {f"action:{item.id}": item.next_reminder() for item in incident.actions}
    return {kind: at for kind, at in due.items() if at is not None}


def changeset(
    before: Incident | None,
    decision: Decision,
    *,
    now: datetime,
    policy: Policy,
    react: React = nobody_reacts,
    claim_result: ClaimResult | None = None,
) -> Changeset:
    """The one transaction that makes the decision true: state, timeline, timers and effects together."""
    decision = _heard(before, decision, policy, now)
    if decision.incident.commander:
        decision = decision.withdraw(deadlines.LEAD_SLOT)
    after = decision.incident
    effects = decision.effects
    if not decision.quiet:
        after = deadlines.followed(after.copy_with(touched_at=now), policy, now)
        effects = (*effects, *_redraw(before, after, policy))
    if PageBy.MENTION not in policy.workspace.page_by:
        effects = tuple(each for each in effects if not (isinstance(each, Post) and isinstance(each.notice, Paged)))
    effects = (*effects, *direct_effects(before, after, decision.entries, policy))
    for entry in decision.entries:
        effects = (*effects, *react(after, entry, policy))
    if after.room.archived_at:
        effects = tuple(each for each in effects if not _in_room(each))
    rank = policy.rank(after.severity)
    return Changeset(
        now=now,
        incident=after,
        entries=decision.entries,
        timers=_rearm(before, after, rank),
        effects=tuple(_ranked(effect, rank) for effect in effects),
        firings=decision.firings,
        alert_decisions=decision.alert_decisions,
        decides=decision.decides,
        runs=decision.runs,
        claim_result=claim_result,
    )


def _heard(before: Incident | None, decision: Decision, policy: Policy, now: datetime) -> Decision:
    """With whatever a person did as a sign that somebody is there: the page about silence is withdrawn."""
    silent = decision.incident.escalation.silent
    heard = replace(decision, incident=activity.noted(before, decision.incident, decision.entries, policy, now))
    answered = any(isinstance(effect, Post) and effect.slot == activity.SLOT for effect in decision.effects)
    return heard if not silent or heard.incident.escalation.silent or answered else heard.withdraw(activity.SLOT)


def _in_room(effect: Effect) -> bool:
    """Whether it is done in the incident's channel, so that it cannot be done once that is archived."""
    if isinstance(effect, Post):
        return effect.place is not Place.ANNOUNCEMENT
    if isinstance(effect, Withdraw):
        return effect.channel is None
    return isinstance(
        effect,
        ShowCard
        | PinCard
        | Invite
        | SetTopic
        | SetPurpose
        | AddBookmark
        | RenameRoom
        | ShareDocument
        | ShareCanvas
        | SharePicture
        | ReadRoomMembers,
    )


def _redraw(before: Incident | None, after: Incident, policy: Policy) -> list[Effect]:
    if before is None or after.room.channel_id is None:
        return []
    effects: list[Effect] = [show_card(after)]
    if _announcement_parts(before) != _announcement_parts(after):
        effects += elsewhere(after, policy)
    if (before.severity, before.title, before.state.open) != (after.severity, after.title, after.state.open):
        effects.append(set_topic(after))
    return effects


def _announcement_parts(incident: Incident) -> tuple[object, ...]:
    return (
        incident.title,
        incident.severity,
        incident.state,
        incident.commander,
        incident.updates.last,
        incident.summary,
        incident.impact,
        incident.services,
        incident.room.channel_id,
        incident.description,
        incident.impact,
        incident.services,
        incident.overdue,
        incident.updates.overdue_since,
        incident.updates.missed,
        incident.deadlines.update,
    )


def show_card(incident: Incident) -> ShowCard:
    """The effect that posts or redraws the card."""
    return ShowCard(incident_id=incident.id, key=f"{incident.id}:card")


def set_topic(incident: Incident) -> SetTopic:
    """The effect that sets the topic."""
    return SetTopic(incident_id=incident.id, key=f"{incident.id}:topic")


def announce(incident: Incident, policy: Policy) -> list[Effect]:
    """The effect that posts or redraws the announcement: none for a private incident or without a broadcast channel."""
    channel = policy.workspace.announce
    if incident.private or not channel:
        return []
    return [Announce(incident_id=incident.id, key=f"{incident.id}:announce", channel=channel)]


def tell_team(incident: Incident, policy: Policy) -> list[Effect]:
    """The effect that posts or redraws the line in the team's channel: none for a private incident or a team without one."""
    if incident.private:
        return []
    team = policy.teams.get(incident.team) if incident.team else None
    channel = (team.channel if team else None) or incident.room.team_in
    return [TellTeam(incident_id=incident.id, key=f"{incident.id}:team", channel=channel)] if channel else []


def elsewhere(incident: Incident, policy: Policy) -> list[Effect]:
    """The effects that redraw what was posted about the incident outside of its room."""
    return [*announce(incident, policy), *tell_team(incident, policy)]


def _rearm(before: Incident | None, after: Incident, rank: int) -> tuple[Timer, ...]:
    old = timers_of(before) if before else {}
    new = timers_of(after)
    changed = [kind for kind in {**old, **new} if old.get(kind) != new.get(kind)]
    return tuple(
        Timer(incident_id=after.id, kind=kind, due_at=new.get(kind), priority=rank * 10 + 2) for kind in changed
    )


def _ranked(effect: Effect, rank: int) -> Effect:
    # Not `copy_with`: a number takes the place of a number, for every effect of every change.
    return effect.model_copy(update={"priority": effect.weight if effect.weight == 0 else rank * 10 + effect.weight})
