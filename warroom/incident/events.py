"""What happened to an incident, as values: the entries of its timeline, and what integrations react to.

The words for each are in `blocks.timeline`. Who did it, when and where it can be read stands in the `Entry` around the event.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from warroom.value import Stored


class PageReason(StrEnum):
    """Why people are paged."""

    DECLARED = "declared"
    """Their level of the escalation policy is due at once."""
    ESCALATION = "escalation"
    """Their level is due and nobody has acknowledged."""
    BUTTON = "button"
    """Somebody escalated."""
    OVERDUE = "overdue"
    """The time to acknowledge has passed."""
    NO_UPDATE = "no update"
    """Updates were missed."""
    REPEAT = "repeat"
    """The escalation policy is exhausted and its last level is paged again."""
    TEAM = "team"
    """Somebody named them."""
    SILENCE = "silence"
    """It is acknowledged, and nobody has done or written anything for long."""


class _Event(Stored):
    @property
    def people(self) -> tuple[str, ...]:
        """Ids of the people in it."""
        return ()

    @property
    def texts(self) -> tuple[str, ...]:
        """What people or other systems wrote in it; mentions in it are not among `people`."""
        return tuple(value for name, value in self if isinstance(value, str) and name != "kind")


class Declared(_Event):
    """The incident began."""

    kind: Literal["declared"] = "declared"
    title: str


class RoomOpened(_Event):
    """Its channel exists."""

    kind: Literal["room_opened"] = "room_opened"
    name: str
    """Without #."""
    channel_id: str | None = None


class PeoplePaged(_Event):
    """People are called to the incident. `level` counts from 1; 0 when no level of the escalation policy is meant."""

    kind: Literal["people_paged"] = "people_paged"
    paged: tuple[str, ...]
    level: int = 0
    names: tuple[str, ...] = ()
    """What led to these people, as the policy or a person wrote it."""
    reason: PageReason
    why: str = ""
    """In the words of whoever paged."""
    again: bool = False
    """They are the last level, which was paged before."""
    waited: tuple[str, ...] = ()
    """Those of them whose page waited for their morning; they are told of all that waited in one message."""
    waited_until: datetime | None = None

    @property
    def people(self) -> tuple[str, ...]:
        """Ids of everybody who is paged."""
        return self.paged


class PageWaits(_Event):
    """Nobody of the next level is paged at this hour for this severity: it waits until `until`."""

    kind: Literal["page_waits"] = "page_waits"
    waiting: tuple[str, ...]
    until: datetime

    @property
    def people(self) -> tuple[str, ...]:
        """Ids of everybody who is paged then."""
        return self.waiting


class AcknowledgementOverdue(_Event):
    """Nobody acknowledged in time. Everybody in `paged`, which is everybody paged so far, is called again."""

    kind: Literal["acknowledgement_overdue"] = "acknowledgement_overdue"
    paged: tuple[str, ...] = ()

    @property
    def people(self) -> tuple[str, ...]:
        """Ids of everybody who is called again."""
        return self.paged


class Acknowledged(_Event):
    """Somebody took it."""

    kind: Literal["acknowledged"] = "acknowledged"


class OnIt(_Event):
    """Somebody who was paged because of silence says that they are on it."""

    kind: Literal["on_it"] = "on_it"


class UpdatePosted(_Event):
    """Somebody posted an update."""

    kind: Literal["update_posted"] = "update_posted"
    text: str
    next_due_at: datetime | None = None


class UpdateMissed(_Event):
    """An update was due and did not come."""

    kind: Literal["update_missed"] = "update_missed"
    missed: int = 1
    """How many in a row."""


class Snoozed(_Event):
    """The reminder of an update was put off."""

    kind: Literal["snoozed"] = "snoozed"
    until: datetime | None = None


class SeverityChanged(_Event):
    """The severity went up or down."""

    kind: Literal["severity_changed"] = "severity_changed"
    before: str
    after: str
    why: str = ""
    """In the words of whoever changed it; the title of the alert where one did."""


class RoleAssigned(_Event):
    """Somebody has a role now."""

    kind: Literal["role_assigned"] = "role_assigned"
    role: str
    person: str

    @property
    def people(self) -> tuple[str, ...]:
        """The id of whoever has the role."""
        return (self.person,)


class PeopleInvited(_Event):
    """Somebody invited people to the room."""

    kind: Literal["people_invited"] = "people_invited"
    invited: tuple[str, ...]

    @property
    def people(self) -> tuple[str, ...]:
        """Ids of everybody who was invited."""
        return self.invited


class Mitigated(_Event):
    """The damage stopped, the cause may not be gone."""

    kind: Literal["mitigated"] = "mitigated"


class Resolved(_Event):
    """It is over."""

    kind: Literal["resolved"] = "resolved"
    summary: str = ""
    automatic: bool = False
    """Every alert had recovered for as long as the policy waits."""


class Reopened(_Event):
    """It was not over, or the mitigation did not hold."""

    kind: Literal["reopened"] = "reopened"


class Cancelled(_Event):
    """It was a false alarm."""

    kind: Literal["cancelled"] = "cancelled"
    why: str


class MergedIn(_Event):
    """Another incident was merged into this one: its timeline, people, alerts and action items are here now."""

    kind: Literal["merged_in"] = "merged_in"
    number: int
    title: str
    alerts: int = 0


class MergeUndone(_Event):
    """That was taken back. The entries that came with it are not shown any more."""

    kind: Literal["merge_undone"] = "merge_undone"
    number: int
    stamp: int
    """Which of several merges of the same incident it was."""


class Detail(StrEnum):
    """What of an incident can be edited."""

    TITLE = "title"
    DESCRIPTION = "description"
    IMPACT = "impact"
    SERVICES = "services"
    TEAM = "team"
    FIELD = "field"
    """A field of its template; its name stands beside it."""
    SUMMARY = "summary"
    """What fixed it."""


class DetailChanged(_Event):
    """Somebody edited the incident."""

    kind: Literal["detail_changed"] = "detail_changed"
    detail: Detail
    name: str = ""
    """Of a template's field."""
    before: str = ""
    after: str = ""


class VisibilityChanged(_Event):
    """The incident became private, or public."""

    kind: Literal["visibility_changed"] = "visibility_changed"
    private: bool
    seen_by: tuple[str, ...] = ()
    """Who was in its channel, or had been."""
    announced: bool = False
    """It stood in the broadcast channel until now."""

    @property
    def people(self) -> tuple[str, ...]:
        """Ids of everybody who could see it before."""
        return self.seen_by


class Closed(_Event):
    """The post-mortem is published, or was not required."""

    kind: Literal["closed"] = "closed"


class RoomArchived(_Event):
    """Its channel was archived."""

    kind: Literal["room_archived"] = "room_archived"


class RoomUnarchived(_Event):
    """Its archived channel is open again."""

    kind: Literal["room_unarchived"] = "room_unarchived"


class AlertAttached(_Event):
    """An alert that was not part of the incident before."""

    kind: Literal["alert_attached"] = "alert_attached"
    title: str


class AlertFired(_Event):
    """An alert of the incident had recovered and fires again."""

    kind: Literal["alert_fired"] = "alert_fired"
    title: str


class AlertRecovered(_Event):
    """One alert of the incident recovered."""

    kind: Literal["alert_recovered"] = "alert_recovered"
    title: str


class AlertsRecovered(_Event):
    """The last alert that fired recovered: none fires now."""

    kind: Literal["alerts_recovered"] = "alerts_recovered"
    count: int
    """How many distinct things had fired."""


class MessagePinned(_Event):
    """A message was marked as worth remembering. Its author stands in the entry."""

    kind: Literal["message_pinned"] = "message_pinned"
    text: str
    number: int = 0
    """As of a note."""
    marked_by: str | None = None
    """Who put it on the timeline, and may change or remove it."""
    edited: bool = False


class NoteAdded(_Event):
    """Somebody wrote a line on the timeline."""

    kind: Literal["note_added"] = "note_added"
    text: str
    number: int = 0
    """By which people name it to change it: 1 for the first of the incident; 0 in entries of earlier releases."""
    written_at: datetime | None = None
    """When it was written, where that is later than when it happened."""
    edited: bool = False


class EntryEdited(_Event):
    """A note or message of the timeline says something else now; `warroom.incident.timeline.current` shows it so."""

    kind: Literal["entry_edited"] = "entry_edited"
    number: int
    before: str
    after: str
    moved_to: datetime | None = None
    """When it happened, where that was corrected."""


class EntryRemoved(_Event):
    """A note or message was taken off the timeline."""

    kind: Literal["entry_removed"] = "entry_removed"
    number: int
    before: str


class ActionAdded(_Event):
    """One more action item."""

    kind: Literal["action_added"] = "action_added"
    item_id: str = ""
    text: str
    owner: str | None = None
    due_at: datetime | None = None
    priority: str = ""

    @property
    def people(self) -> tuple[str, ...]:
        """The id of its owner."""
        return (self.owner,) if self.owner else ()


class ActionDone(_Event):
    """An action item was done."""

    kind: Literal["action_done"] = "action_done"
    item_id: str
    text: str


class ActionReopened(_Event):
    """An action item that was done is to be done after all."""

    kind: Literal["action_reopened"] = "action_reopened"
    item_id: str
    text: str


class ActionEdited(_Event):
    """An action item has another text, owner, due date or priority. `before` is its text until now."""

    kind: Literal["action_edited"] = "action_edited"
    item_id: str
    before: str
    text: str
    owner: str | None = None
    due_at: datetime | None = None
    priority: str = ""

    @property
    def people(self) -> tuple[str, ...]:
        """The id of its owner."""
        return (self.owner,) if self.owner else ()


class ActionRemoved(_Event):
    """An action item was deleted."""

    kind: Literal["action_removed"] = "action_removed"
    item_id: str
    text: str


class PostmortemDrafted(_Event):
    """The post-mortem was begun from the record."""

    kind: Literal["postmortem_drafted"] = "postmortem_drafted"


class PartChanged(Stored):
    """A written part of the post-mortem before and after an edit."""

    part: str
    before: str = ""
    after: str = ""


class PostmortemEdited(_Event):
    """Somebody changed the post-mortem. Events of earlier releases say not what."""

    kind: Literal["postmortem_edited"] = "postmortem_edited"
    revision: int = 0
    changes: tuple[PartChanged, ...] = ()


class PostmortemPublished(_Event):
    """The post-mortem is final."""

    kind: Literal["postmortem_published"] = "postmortem_published"
    revision: int = 0


class PostmortemLate(_Event):
    """A required post-mortem was not published in time."""

    kind: Literal["postmortem_late"] = "postmortem_late"
    required_by: datetime | None = None


class EffectKind(StrEnum):
    """The effects about an incident whose failure is said in its room; each is the kind of an effect."""

    OPEN_ROOM = "open_room"
    RENAME_ROOM = "rename_room"
    ARCHIVE_ROOM = "archive_room"
    UNARCHIVE_ROOM = "unarchive_room"
    SHOW_CARD = "show_card"
    PIN_CARD = "pin_card"
    INVITE = "invite"
    SET_TOPIC = "set_topic"
    SET_PURPOSE = "set_purpose"
    ADD_BOOKMARK = "add_bookmark"
    ANNOUNCE = "announce"
    TELL_TEAM = "tell_team"
    POST = "post"
    POST_UNDER_ANNOUNCEMENT = "post_under_announcement"
    """A post whose place is the thread of the announcement."""
    WITHDRAW = "withdraw"
    SEND_DIRECT = "send_direct"
    REDRAW_DIRECT = "redraw_direct"
    REPLY_TO_SOURCE = "reply_to_source"
    SHARE_DOCUMENT = "share_document"
    SHARE_CANVAS = "share_canvas"
    SHARE_PICTURE = "share_picture"
    RUN_STEP = "run_step"
    LOOK_AT_RUN = "look_at_run"
    BEGIN_RUNBOOKS = "begin_runbooks"
    SHOW_RUN = "show_run"
    INVESTIGATE = "investigate"
    NARRATE = "narrate"
    SHOW_INVESTIGATION = "show_investigation"
    SHARE_FINDINGS = "share_findings"
    EXTERNAL = "external"
    """An operation of an integration, which says in its own words what did not happen."""


class EffectFailed(_Event):
    """Something that was asked of another system failed for good."""

    kind: Literal["effect_failed"] = "effect_failed"
    effect: EffectKind
    what: str = ""
    """Of an integration's operation: what did not happen, in its own words."""
    channel: str = ""
    """Where it should have been done, as the policy names the channel."""
    error: str
    """What the other system said, in the words of its integration."""
    code: str = ""
    """The other system's code for it."""
    advice: str = ""
    """The next step for a person, in the words of the integration."""


class ServiceChanged(_Event):
    """An affected service was changed shortly before the incident, or during it."""

    kind: Literal["service_changed"] = "service_changed"
    change: str
    """Its id."""
    service: str
    what: str
    """Such as "deployment"."""
    version: str = ""
    environment: str = ""
    author: str = ""
    text: str = ""
    at: datetime


class _RunbookEvent(_Event):
    run: int
    """The first run of the incident is 1."""
    runbook: str
    """Its name."""


class RunbookBegun(_RunbookEvent):
    """A runbook is run; `automatic` says that nobody asked for it."""

    kind: Literal["runbook_begun"] = "runbook_begun"
    why: tuple[str, ...] = ()
    automatic: bool = False
    inputs: dict[str, str] = Field(default_factory=dict)
    undo: bool = False
    """What a run had done before it was stopped is taken back."""


class RunbookStep(_RunbookEvent):
    """A step of a runbook has ended, or it is not known whether it has."""

    kind: Literal["runbook_step"] = "runbook_step"
    step: str
    state: str
    """done, failed, skipped, stopped, undone or unclear."""
    text: str = ""


class RunbookApproval(_RunbookEvent):
    """Somebody is asked to agree to a step, or has answered."""

    kind: Literal["runbook_approval"] = "runbook_approval"
    step: str
    what: str
    """asked, approved, declined or expired."""
    plan: tuple[str, ...] = ()
    """Exactly what would be done."""


class RunbookAnswered(_RunbookEvent):
    """Somebody answered a question of a runbook."""

    kind: Literal["runbook_answered"] = "runbook_answered"
    step: str
    question: str
    answer: str


class BoxTicked(_RunbookEvent):
    """Somebody ticked a box of a checklist, or took the tick back."""

    kind: Literal["box_ticked"] = "box_ticked"
    text: str
    done: bool = True


class RunbookEnded(_RunbookEvent):
    """A run is over."""

    kind: Literal["runbook_ended"] = "runbook_ended"
    outcome: str
    """succeeded, failed or stopped."""
    verified: bool = False
    """It was seen that the service does again what it promises."""
    why: str = ""
    done: tuple[str, ...] = ()
    not_done: tuple[str, ...] = ()
    unclear: tuple[str, ...] = ()
    """Of these it is not known whether they were done."""


class Investigated(_Event):
    """It was looked into why it is broken."""

    kind: Literal["investigated"] = "investigated"
    service: str
    """Where it was noticed."""
    cause: str = ""
    """The service that is most likely the cause; "" where nothing stood out."""
    signal: str = ""
    change: str = ""
    """The change that brought it, such as "deployment 1.4.2: Cache bodies"; "" where none was named."""
    confidence: float = 0.0
    automatic: bool = False
    """The policy wanted it."""
    missed: int = 0
    """How many sources did not answer."""


class CauseJudged(_Event):
    """Somebody said whether the cause that an investigation named was right."""

    kind: Literal["cause_judged"] = "cause_judged"
    cause: str
    right: bool


class Reported(_Event):
    """Something that an integration did or heard of, in its own words and in lower case: "monitor muted", "until 04:00 UTC"."""

    kind: Literal["reported"] = "reported"
    integration: str
    what: str = "note"
    text: str = ""

    @property
    def bookkeeping(self) -> bool:
        """Whether it tells what the bot filed elsewhere by itself, and nothing about the incident."""
        return self.what in BOOKKEEPING


BOOKKEEPING = ("paged", "issue created", "action item")
"""What integrations report of a page, an issue and an action item that they made there."""


class Recorded(_Event):
    """An entry of an earlier release from which no other event can be made: shown as it was written then."""

    kind: Literal["recorded"] = "recorded"
    what: str
    text: str = ""


Event = Annotated[
    Declared
    | RoomOpened
    | PeoplePaged
    | PageWaits
    | AcknowledgementOverdue
    | Acknowledged
    | OnIt
    | UpdatePosted
    | UpdateMissed
    | Snoozed
    | SeverityChanged
    | RoleAssigned
    | PeopleInvited
    | Mitigated
    | Resolved
    | Reopened
    | Cancelled
    | MergedIn
    | MergeUndone
    | DetailChanged
    | VisibilityChanged
    | Closed
    | RoomArchived
    | RoomUnarchived
    | AlertAttached
    | AlertFired
    | AlertRecovered
    | AlertsRecovered
    | MessagePinned
    | NoteAdded
    | EntryEdited
    | EntryRemoved
    | ActionAdded
    | ActionDone
    | ActionReopened
    | ActionEdited
    | ActionRemoved
    | PostmortemDrafted
    | PostmortemEdited
    | PostmortemPublished
    | PostmortemLate
    | EffectFailed
    | ServiceChanged
    | RunbookBegun
    | RunbookStep
    | RunbookApproval
    | RunbookAnswered
    | BoxTicked
    | RunbookEnded
    | Investigated
    | CauseJudged
    | Reported
    | Recorded,
    Field(discriminator="kind"),
]
