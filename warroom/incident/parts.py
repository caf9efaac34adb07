"""The parts of an incident: its escalation, its room, its people, its updates, its deadlines and what belongs to it."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from pydantic import Field

from warroom.alerts.model import AlertState
from warroom.people.model import Ambiguity, Unknown
from warroom.value import Stored


class EscalationLevel(Stored):
    """One level of an escalation policy, with the names as the policy wrote them."""

    after: timedelta
    notify: tuple[str, ...]
    only: tuple[str, ...] = ()
    """Severities this level is for; empty means all."""


class EscalationState(Stored):
    """The escalation policy as it was when the incident started, and how far it got."""

    team: str | None = None
    levels: tuple[EscalationLevel, ...] = ()
    reached: int = 0
    """How many levels (counted in `levels`, skipped ones included) have been paged."""
    rounds: int = 0
    """How often the last level was paged again after all were."""
    paged: tuple[str, ...] = ()
    """Ids of everybody paged so far, in order."""
    last_paged_at: datetime | None = None
    """When a level was last paged after the start."""
    paused_at: datetime | None = None
    """Since when nobody is paged further, because every alert has recovered; None while it goes on."""
    paused_for: timedelta = timedelta(0)
    """How long earlier pauses were, all together: the levels are due so much later."""
    waiting: tuple[str, ...] = ()
    """Ids of who is paged next, when the hours begin in which they are paged for this severity."""
    waiting_until: datetime | None = None
    """When that is, or was."""
    waited: tuple[str, ...] = ()
    """Ids of who was paged then."""
    heard_at: datetime | None = None
    """When a person last did or wrote something after it was acknowledged; kept only where the severity has `repage_after`."""
    silent: int = 0
    """How often people were paged since, because nobody did."""


class Link(Stored):
    """A link of the incident: runbook, dashboard, alert, status page, meeting."""

    title: str
    url: str
    emoji: str | None = None


DAY = timedelta(days=1)
"""So long before and after it is due somebody is told of an action item."""


class ActionPriority(StrEnum):
    """How much an action item matters."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class ActionItem(Stored):
    """A promise made during or after the incident."""

    id: str
    text: str
    owner: str | None = None
    priority: ActionPriority | None = None
    due_at: datetime | None = None
    done_at: datetime | None = None
    created_at: datetime
    created_by: str | None = None
    warned_at: datetime | None = None
    """When its owner was told that it is due soon."""
    reminded_at: datetime | None = None
    """When its owner was told that it is due."""
    late_at: datetime | None = None
    """When the people of the incident were told that it is late."""
    tickets: tuple[Link, ...] = ()
    """The issues that other systems keep of it."""

    def next_reminder(self) -> datetime | None:
        """When somebody is told of it next: the day before, when it is due, and a day after; None when nobody is."""
        if self.due_at is None or self.done_at or self.late_at:
            return None
        if self.reminded_at:
            return self.due_at + DAY
        soon = self.due_at - DAY
        return soon if self.warned_at is None and soon > self.created_at else self.due_at


def action_number(item: ActionItem) -> int:
    """How people call it within its incident: 3 for the item "a3"."""
    return int(item.id.removeprefix("a"))


class AlertSummary(Stored):
    """The alerts of an incident in a few numbers, so that a card need not read them all."""

    count: int = 0
    firing: int = 0
    """How many distinct things are firing now."""
    monitors: int = 0
    """How many distinct things ever fired."""
    last_title: str = ""
    last_state: AlertState = AlertState.UNKNOWN
    last_link: str | None = None
    monitor_id: str | None = None
    """Of the last alert that named one."""
    snapshot: str | None = None
    """The address of the picture of the metric that the last alert brought."""
    last_seen_at: datetime | None = None
    recovered_at: datetime | None = None
    """When the last firing alert recovered; None while something fires."""
    worst: str | None = None
    """The worst severity that any of them would have opened an incident with."""
    flapping: bool = False
    burst_from: datetime | None = None
    """When the alerts counted in `burst` began to come."""
    burst: int = 0
    stormy: bool = False
    """There was a storm, and the room was told or will be."""


class SimilarIncident(Stored):
    """An incident of the past that was like another one."""

    number: int
    title: str
    summary: str = ""
    """What ended it."""
    declared_at: datetime
    channel_id: str | None = None
    same_monitor: bool = False


class Deadlines(Stored):
    """When the incident is looked at again; None while there is nothing to wait for.

    Each field is a kind of timer; `warroom.escalation.timers.RULES` says what happens when it is due.
    """

    page: datetime | None = None
    """The next level of the escalation policy is paged."""
    ack: datetime | None = None
    """The time to acknowledge has passed."""
    update: datetime | None = None
    stale: datetime | None = None
    postmortem: datetime | None = None
    """The next time somebody is reminded; the promise itself is `postmortem_required_by`."""
    close: datetime | None = None
    auto_resolve: datetime | None = None
    redraw: datetime | None = None
    """The card catches up with alerts that come too fast to redraw it for each."""
    storm: datetime | None = None
    """The room is told of an alert storm, or its message is redrawn."""
    late: datetime | None = None
    """What says how late something is (card, announcement, the team's line) is redrawn."""
    similar: datetime | None = None
    """Similar incidents are looked for, once what people wait for is done."""
    undo: datetime | None = None
    """Until then a cancellation can be taken back."""
    runbook: datetime | None = None
    """A run of a runbook is looked at: something has lasted too long, or is tried again."""
    silence: datetime | None = None
    """It is acknowledged; if nobody did or wrote anything until then, people are paged again."""
    archive: datetime | None = None
    """It is announced that the channel will be archived; after that, it is archived."""
    lead: datetime | None = None
    """Nobody commands: the role is offered to everybody in the room, once."""


class LeftOpen(Stored):
    """What could not be closed in another system when the incident ended: the key of the effect, and the words for it."""

    key: str
    what: str
    """In the words of the integration: "The status page was not changed"."""
    error: str
    advice: str = ""


class Merged(Stored):
    """Where an incident went that was merged into another one, and what is needed to take that back."""

    into: str
    """The id of the other one."""
    number: int
    """Its number."""
    at: datetime
    by: str | None = None
    stamp: int
    """The version at which it was merged: tells this merge from others of the same two."""
    moved: tuple[str, ...] = ()
    """Dedup keys of the firings that went with it."""
    kept: tuple[dict[str, Any], ...] = ()
    """Firings of the other one with the same keys, as they were before, each as its JSON."""
    actions: tuple[tuple[str, str], ...] = ()
    """(id of an action item here, its id there)."""
    commander: bool = False
    """Its commander leads the other one, which had none."""


class Room(Stored):
    """Where the incident is in the chat: its channel and the bot's own messages about it."""

    channel_id: str | None = None
    channel_name: str | None = None
    private: bool | None = None
    """Whether the channel itself is private, where the incident was made private or public after it was opened."""
    card_ts: str | None = None
    announced_in: str | None = None
    announced_ts: str | None = None
    team_in: str | None = None
    """The channel of the team that was told."""
    team_ts: str | None = None
    """The line there, which is redrawn until the end."""
    canvas_id: str | None = None
    """The canvas with the post-mortem, where the plan has canvases."""
    menu_used: int = 0
    """How often something was chosen in the card's menu: a new number makes Slack forget the choice."""
    slots: tuple[tuple[str, str], ...] = ()
    """(slot, ts) of the bot's own messages that a newer one replaces."""
    archive_at: datetime | None = None
    """When the channel is archived, once that was announced."""
    archived_at: datetime | None = None
    """Since when the channel is archived; nothing can be said in it any more."""
    kept: bool = False
    """Somebody asked that the channel is not archived."""
    earlier: tuple[str, ...] = ()
    """Ids of channels that it had before: archived ones that the bot could not open again."""

    def slot(self, name: str) -> str | None:
        """The ts of the message in that slot, or None."""
        return dict(self.slots).get(name)


class Participants(Stored):
    """Who is in the incident's channel, or should be. Slack user ids."""

    invitees: tuple[str, ...] = ()
    """Everybody who should be in the channel."""
    invited: tuple[str, ...] = ()
    """Those of `invitees` who were invited or joined."""
    left: tuple[str, ...] = ()
    """Those who left the channel, or were removed from it, and were not asked back."""
    first: tuple[str, ...] = ()
    """Who was invited when the channel was opened: they have missed nothing."""
    uninvited: tuple[str, ...] = ()
    """Those of `invitees` whom the chat would not let in."""
    moved_at: dict[str, datetime] = Field(default_factory=dict)
    """When each person came or left last, by the chat's clock, as far as it is known."""


class Updates(Stored):
    """The updates that people posted."""

    last: str = ""
    last_at: datetime | None = None
    last_by: str | None = None
    missed: int = 0
    """How many were due since the last one and neither came nor were snoozed."""
    overdue_since: datetime | None = None
    """When the first of those was due; None while none was missed."""
    unanswered: int = 0
    """Reminders in a row that neither an update nor a snooze answered."""
    snoozes: int = 0
    """How often in a row the reminder was snoozed."""
    snoozed_by: str | None = None
    snoozed_until: datetime | None = None
    """When the reminder comes again; None when it is not snoozed."""


class ReplyTo(Stored):
    """Where the declarer is answered once the channel exists."""

    user: str
    key: str
    """Unique to the gesture that declared."""
    channel: str | None = None
    response_url: str | None = None
    ambiguous: tuple[Ambiguity, ...] = ()
    """Names that the declarer is asked about."""
    unknown: tuple[Unknown, ...] = ()
    """Names behind which nobody was found."""


class DirectPurpose(StrEnum):
    """Why the bot writes to one person about an incident."""

    PAGE = "page"
    """They are paged."""
    SUBSCRIPTION = "subscription"
    """They follow it."""


class DirectMessage(Stored):
    """The bot's last direct message to a person about the incident."""

    user: str
    purpose: DirectPurpose
    channel_id: str
    ts: str


class AlertGroup(Stored):
    """Which alerts join the incident by themselves, and what happens when they have recovered."""

    key: str | None = None
    """Alerts with the same value join this incident while its window lasts."""
    until: datetime | None = None
    auto_resolve_after: timedelta | None = None
