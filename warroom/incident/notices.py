"""What the bot says in a room, as values. The words are in `blocks.notices`."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field

from warroom.changes.model import Change
from warroom.incident.events import DetailChanged, EffectKind, Event, PageReason
from warroom.incident.model import State
from warroom.incident.parts import ActionPriority, LeftOpen, SimilarIncident
from warroom.people.model import Ambiguity, Unknown
from warroom.value import Stored


class Paged(Stored):
    """People are called to the incident. `level` counts from 1; 0 when no level of the escalation policy is meant."""

    kind: Literal["paged"] = "paged"
    people: tuple[str, ...]
    level: int
    reason: PageReason
    by: str | None = None
    why: str = ""
    again: bool = False
    """They are the last level, which was paged before."""


class DeclaredNotice(Stored):
    """For the declarer: the channel exists. `paged` and `invited` are others than the declarer."""

    kind: Literal["declared"] = "declared"
    paged: tuple[str, ...] = ()
    invited: tuple[str, ...] = ()
    unknown_services: tuple[str, ...] = ()
    """Those that no team of the policy looks after."""
    ambiguous: tuple[Ambiguity, ...] = ()
    unknown: tuple[Unknown, ...] = ()


class UpdateReminder(Stored):
    """An update is due. Carries the buttons Post update and Snooze 15 min."""

    kind: Literal["update_reminder"] = "update_reminder"
    people: tuple[str, ...]
    missed: int
    since: datetime
    """The last update, or the declaration while there is none."""


class UpdatePostedNotice(Stored):
    """Somebody posted an update."""

    kind: Literal["update_posted"] = "update_posted"
    by: str
    text: str
    next_due_at: datetime | None = None


class OnItNotice(Stored):
    """Somebody is on it; it takes the place of the page about silence."""

    kind: Literal["on_it"] = "on_it"
    by: str


class SeverityChangedNotice(Stored):
    """The severity went up or down."""

    kind: Literal["severity_changed"] = "severity_changed"
    by: str | None
    before: str
    after: str
    why: str = ""
    """In the words of whoever changed it; the title of the alert where one did."""


class WorseAlert(Stored):
    """An alert is more severe than its incident. Carries the button that raises it."""

    kind: Literal["worse_alert"] = "worse_alert"
    severity: str
    title: str
    link: str | None = None


class RoleAssignedNotice(Stored):
    """Somebody has a role now."""

    kind: Literal["role_assigned"] = "role_assigned"
    by: str | None
    role: str
    person: str


class RoleIsYours(Stored):
    """For whoever has a role now because somebody else gave it to them: what it is."""

    kind: Literal["role_is_yours"] = "role_is_yours"
    by: str
    role: str


class StateChanged(Stored):
    """The incident reached a state that everybody should know. `text` is a summary or a reason."""

    kind: Literal["state_changed"] = "state_changed"
    state: State
    by: str | None
    text: str = ""
    automatic: bool = False
    """Resolved because every alert had recovered."""
    after: timedelta | None = None
    """Since declaration."""
    postmortem_by: datetime | None = None
    reopened: bool = False
    leads: bool = False
    """Whoever acknowledged is the incident commander from then on."""
    stopped: bool = False
    """Until then people were being paged."""
    unmerged: int = 0
    """Reopened because a merge was undone: the number of the incident that it had been merged into."""


class SimilarOpen(Stored):
    """Open incidents that may be the same trouble. Carries a button that merges into each."""

    kind: Literal["similar_open"] = "similar_open"
    found: tuple[SimilarIncident, ...]


class MergedAway(Stored):
    """The incident was merged into another one, where it goes on. Carries the button Undo merge."""

    kind: Literal["merged_away"] = "merged_away"
    by: str | None
    number: int
    title: str
    channel_id: str | None = None
    undone: bool = False
    """`by` undid it: it is an incident of its own again."""


class MergedHere(Stored):
    """Another incident was merged into this one."""

    kind: Literal["merged_here"] = "merged_here"
    by: str | None
    number: int
    title: str
    alerts: int = 0
    actions: int = 0


class MergeUndoneNotice(Stored):
    """That was taken back: the other incident is open again in its own channel."""

    kind: Literal["merge_undone"] = "merge_undone"
    by: str | None
    number: int
    title: str


class UpdateSnoozed(Stored):
    """The reminder of an update was put off by a person; takes the place of the reminder."""

    kind: Literal["update_snoozed"] = "update_snoozed"
    by: str
    until: datetime


class Unanswered(Stored):
    """Every level was paged and nobody acknowledged; said to everybody in the broadcast channel."""

    kind: Literal["unanswered"] = "unanswered"
    rounds: int
    since: datetime


class PageWaitsNotice(Stored):
    """Nobody of the next level is paged at this hour for this severity."""

    kind: Literal["page_waits"] = "page_waits"
    people: tuple[str, ...]
    until: datetime


class AllRecovered(Stored):
    """Every attached alert recovered. Carries the button Resolve."""

    kind: Literal["all_recovered"] = "all_recovered"
    count: int
    auto_resolve_at: datetime | None = None


class Flapping(Stored):
    """An alert keeps going on and off; said once, and redrawn as the alert goes on and off. With the button Resolve while
    nothing fires.
    """

    kind: Literal["flapping"] = "flapping"
    title: str
    changes: int
    auto_resolve_at: datetime | None = None


class Muted(Stored):
    """A monitor, or only some of its groups, is silent until then."""

    kind: Literal["muted"] = "muted"
    monitor_id: str
    groups: tuple[str, ...] = ()
    until: datetime
    by: str


class Shower(Stored):
    """One of the things that fire in a storm, and how often it came."""

    title: str
    link: str | None = None
    count: int = 1
    recovered: bool = False


class StormGroup(Stored):
    """What one monitor brought to a storm."""

    title: str
    link: str | None = None
    firing: int = 0
    recovered: int = 0
    hosts: tuple[str, ...] = ()
    """Those that fire (when none does: those that did), by name; at most NAMED."""
    more: int = 0
    """How many more hosts there are."""


NAMED = 12
"""Hosts of a monitor that are named."""


class Storm(Stored):
    """Many alerts came in a short time: one message, redrawn as it grows."""

    kind: Literal["storm"] = "storm"
    alerts: int
    monitors: int
    lasted: timedelta
    newest: tuple[Shower, ...] = ()
    """The last ones, newest first."""
    more: int = 0
    """How many things (with `groups`: monitors) are not in the list."""
    groups: tuple[StormGroup, ...] = ()
    """By monitor, those that fire most first. Messages of an earlier release have `newest` instead."""


class Stale(Stored):
    """Nothing has happened for long."""

    kind: Literal["stale"] = "stale"
    people: tuple[str, ...]
    since: datetime


class ArchiveAhead(Stored):
    """The channel is archived at that time. Carries the button Keep channel."""

    kind: Literal["archive_ahead"] = "archive_ahead"
    at: datetime
    actions: int = 0
    """Action items that are not done."""


class ArchiveKept(Stored):
    """Somebody asked that the channel is not archived; takes the place of that."""

    kind: Literal["archive_kept"] = "archive_kept"
    by: str


class NewRoom(Stored):
    """The incident was reopened and its archived channel could not be: it goes on in this new one."""

    kind: Literal["new_room"] = "new_room"
    earlier: str
    """Id of the archived channel."""


class LeadWanted(Stored):
    """Somebody has it and nobody commands. Carries the button Take command."""

    kind: Literal["lead_wanted"] = "lead_wanted"
    since: datetime
    """Since when nobody does."""


class PostmortemReady(Stored):
    """The draft was shared. Carries the buttons Edit post-mortem and Publish."""

    kind: Literal["postmortem_ready"] = "postmortem_ready"
    missing: tuple[str, ...] = ()
    """Required parts that are not written yet, by key."""
    revision: int = 1
    published_by: str | None = None


class PostmortemDue(Stored):
    """A required post-mortem is due or late. Carries the button Write post-mortem."""

    kind: Literal["postmortem_due"] = "postmortem_due"
    people: tuple[str, ...]
    required_by: datetime


class ActionDue(Stored):
    """An action item is due, soon, or late; then `people` are told too."""

    kind: Literal["action_due"] = "action_due"
    text: str
    owner: str | None
    due_at: datetime
    soon: bool = False
    late: bool = False
    people: tuple[str, ...] = ()


class ActionAssigned(Stored):
    """Somebody else gave an action item to its owner; said to the owner alone."""

    kind: Literal["action_assigned"] = "action_assigned"
    by: str
    text: str
    number: int
    due_at: datetime | None = None
    priority: ActionPriority | None = None


class DetailsChanged(Stored):
    """Somebody edited the incident."""

    kind: Literal["details_changed"] = "details_changed"
    by: str
    changes: tuple[DetailChanged, ...]


class VisibilityNotice(Stored):
    """The incident became private, or public."""

    kind: Literal["visibility"] = "visibility"
    by: str
    private: bool
    channel_private: bool
    """Of the channel itself, which stays as it was made."""


class HandedOver(Stored):
    """Somebody else commands from now on; where things stand is said with it."""

    kind: Literal["handed_over"] = "handed_over"
    by: str
    person: str
    before: str | None = None
    """Who commanded until then."""


class SimilarBefore(Stored):
    """Incidents of the past that were like this one, most alike first; said in the card's thread."""

    kind: Literal["similar_before"] = "similar_before"
    found: tuple[SimilarIncident, ...]


class NobodyFound(Stored):
    """Names in the escalation policy or the declaration led to nobody, or could be several people."""

    kind: Literal["nobody_found"] = "nobody_found"
    names: tuple[str, ...]


class CouldNotInvite(Stored):
    """People could not be brought into the room. `people` are shown by mention without calling them."""

    kind: Literal["could_not_invite"] = "could_not_invite"
    people: tuple[str, ...]
    reason: str
    """What the chat said, in the words of its integration."""


class EffectFailedNotice(Stored):
    """Something that was asked of another system failed for good. The texts are the integration's words."""

    kind: Literal["effect_failed"] = "effect_failed"
    effect: EffectKind
    what: str = ""
    """Of an integration's operation: what did not happen, in its own words."""
    channel: str = ""
    """Where it should have been done, as the policy names the channel."""
    error: str
    advice: str = ""
    retry: str = ""
    """The key of the effect, where somebody may ask for it again. Carries the button Try again."""


class OpenElsewhere(Stored):
    """The incident is over here, and what could not be closed in other systems is still open there. Carries the button Try again."""

    kind: Literal["open_elsewhere"] = "open_elsewhere"
    left: tuple[LeftOpen, ...]


class RecentChanges(Stored):
    """Affected services were changed shortly before the incident, or during it. Newest first."""

    kind: Literal["recent_changes"] = "recent_changes"
    changes: tuple[Change, ...]


OFFER_SLOT = "offer"
"""Where an integration offers something until it is done, or the incident is over."""


class Offered(Stored):
    """An integration offers something: what, and the button that does it or opens its form. In its own words."""

    kind: Literal["offered"] = "offered"
    integration: str
    action: str
    what: str
    label: str


class RoomNotOpened(Stored):
    """The incident is recorded, but it has no room; said to whoever declared it."""

    kind: Literal["room_not_opened"] = "room_not_opened"
    error: str
    advice: str = ""


class RoomLost(Stored):
    """Nothing can be said in the room any more; said where people look instead."""

    kind: Literal["room_lost"] = "room_lost"
    error: str = ""
    advice: str = ""
    archived_by: str | None = None
    """Who archived the channel while the incident was open."""


class IntegrationFault(Stored):
    """An integration's rule failed, so that its system does not hear of an event."""

    kind: Literal["integration_fault"] = "integration_fault"
    integration: str
    """How people call it."""
    event: Event


class RunFailed(Stored):
    """A runbook did not help, or did not begin although it should have by itself."""

    kind: Literal["run_failed"] = "run_failed"
    runbook: str
    automatic: bool = False
    begun: bool = True
    why: str = ""
    tried: tuple[str, ...] = ()
    """Ids of the steps that were done."""


class RunAsks(Stored):
    """A run of a runbook waits for people; its message, further up, has the buttons."""

    kind: Literal["run_asks"] = "run_asks"
    runbook: str
    step: str
    approval: bool = True
    """Else an answer."""
    people: tuple[str, ...] = ()
    """Who is mentioned."""


class RunSays(Stored):
    """A step of a runbook says something to the room."""

    kind: Literal["run_says"] = "run_says"
    runbook: str
    text: str


class CauseQuestion(Stored):
    """For whoever resolved it: was the cause right that the investigation named? Carries the buttons Yes and No."""

    kind: Literal["cause_question"] = "cause_question"


class Problem(Stored):
    """An integration could not do something: what it was and what to do about it, in its own words and in one line."""

    kind: Literal["problem"] = "problem"
    what: str
    advice: str = ""
    people: tuple[str, ...] = ()
    """People it concerns, shown by mention without calling them."""


Notice = Annotated[
    Paged
    | DeclaredNotice
    | UpdateReminder
    | UpdatePostedNotice
    | UpdateSnoozed
    | OnItNotice
    | SeverityChangedNotice
    | WorseAlert
    | RoleAssignedNotice
    | RoleIsYours
    | StateChanged
    | SimilarOpen
    | MergedAway
    | MergedHere
    | MergeUndoneNotice
    | Unanswered
    | PageWaitsNotice
    | AllRecovered
    | Flapping
    | Storm
    | Muted
    | Stale
    | ArchiveAhead
    | ArchiveKept
    | NewRoom
    | LeadWanted
    | PostmortemReady
    | PostmortemDue
    | ActionDue
    | HandedOver
    | SimilarBefore
    | ActionAssigned
    | DetailsChanged
    | VisibilityNotice
    | NobodyFound
    | CouldNotInvite
    | EffectFailedNotice
    | Offered
    | OpenElsewhere
    | RecentChanges
    | RoomNotOpened
    | RoomLost
    | IntegrationFault
    | RunFailed
    | RunAsks
    | RunSays
    | CauseQuestion
    | Problem,
    Field(discriminator="kind"),
]
