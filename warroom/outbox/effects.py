"""What we ask of the world: frozen values in the outbox, each with a key that makes a repeat harmless.

A coalescing effect shows the state at delivery, so one pending copy is enough however often it is asked for.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, TypeAdapter, model_validator

from warroom.incident.notices import Notice
from warroom.incident.parts import DirectPurpose
from warroom.investigation.pictures import Picture
from warroom.investigation.prose import Item
from warroom.value import Moment, Stored


class Place(StrEnum):
    """Where a notice is posted."""

    ROOM = "room"
    CARD_THREAD = "card thread"
    ANNOUNCEMENT = "announcement thread"


class _Outboxed(Stored):
    incident_id: str | None = None
    key: str
    """Unique in the outbox."""
    priority: int = 50
    """Lower goes first: severity and how much a person waits for it."""


class _Effect(_Outboxed):
    coalescing: ClassVar[bool] = False
    weight: ClassVar[int] = 5
    """Order within one severity: what a person waits for goes first; 0 goes before everything of every severity."""

    @property
    def label(self) -> str:
        """What it is called in logs, metrics and lists of dead letters."""
        return str(self.kind)  # type: ignore[attr-defined]  # every effect of the union has one


class OpenRoom(_Effect):
    """Create the channel. Its result is ChannelCreated."""

    weight: ClassVar[int] = 0
    kind: Literal["open_room"] = "open_room"
    name: str
    private: bool = False


class ShowCard(_Effect):
    """Post the incident card, or redraw it. Its result is CardShown, when it was posted."""

    weight: ClassVar[int] = 1
    coalescing: ClassVar[bool] = True
    kind: Literal["show_card"] = "show_card"


class RenameRoom(_Effect):
    """Name the channel after the title as it is at delivery. Its result is ChannelRenamed."""

    coalescing: ClassVar[bool] = True
    kind: Literal["rename_room"] = "rename_room"


class ArchiveRoom(_Effect):
    """Archive the channel of an incident that is over. Its result is ChannelArchived."""

    weight: ClassVar[int] = 9
    kind: Literal["archive_room"] = "archive_room"


class UnarchiveRoom(_Effect):
    """Open the archived channel of an incident again. Its result is ChannelUnarchived, which says whether that was allowed."""

    weight: ClassVar[int] = 0
    kind: Literal["unarchive_room"] = "unarchive_room"


class PinCard(_Effect):
    """Pin the card."""

    weight: ClassVar[int] = 3
    kind: Literal["pin_card"] = "pin_card"


class Invite(_Effect):
    """Invite people into the room. Its result is PeopleAdded."""

    weight: ClassVar[int] = 1
    kind: Literal["invite"] = "invite"
    people: tuple[str, ...]


class SetTopic(_Effect):
    """Set the room's topic from the state at delivery."""

    coalescing: ClassVar[bool] = True
    kind: Literal["set_topic"] = "set_topic"


class SetPurpose(_Effect):
    """Set the room's purpose."""

    kind: Literal["set_purpose"] = "set_purpose"


class AddBookmark(_Effect):
    """Add a link to the room's bookmarks."""

    kind: Literal["add_bookmark"] = "add_bookmark"
    title: str
    url: str
    emoji: str | None = None


class Announce(_Effect):
    """Post the announcement in the broadcast channel, or redraw it. Its result is Announced, when it was posted."""

    weight: ClassVar[int] = 3
    coalescing: ClassVar[bool] = True
    kind: Literal["announce"] = "announce"
    channel: str
    """A channel name or id as the policy wrote it."""


class TellTeam(_Effect):
    """Post the line in the team's own channel, or redraw it. Its result is TeamTold, when it was posted."""

    weight: ClassVar[int] = 4
    coalescing: ClassVar[bool] = True
    kind: Literal["tell_team"] = "tell_team"
    channel: str


class TellEverybody(_Effect):
    """One line in a channel about trouble that is no incident's: what it is and what to do about it."""

    kind: Literal["tell_everybody"] = "tell_everybody"
    channel: str
    what: str
    advice: str = ""


class Post(_Effect):
    """Say something in the room or a thread. With a slot it takes the place of the slot's last message; then its result is Posted.

    `in_place` redraws that message instead, where there is one.
    """

    weight: ClassVar[int] = 2
    kind: Literal["post"] = "post"
    place: Place
    notice: Notice
    slot: str | None = None
    in_place: bool = False


class Withdraw(_Effect):
    """Delete a message of the bot's: one in a slot, the announcement, or a direct message that a newer one replaced."""

    kind: Literal["withdraw"] = "withdraw"
    ts: str
    channel: str | None = None
    """Where it is; None: in the room."""
    thread: bool = False
    """What the bot said in its thread is deleted too."""


class PrivateReply(_Effect):
    """Answer one person: by `response_url` while it lives, else privately in the channel, else directly.

    Either `text` and `blocks`, which are finished (escaped and cut), or a `notice` about the incident, drawn at delivery.
    """

    weight: ClassVar[int] = 0
    kind: Literal["private_reply"] = "private_reply"
    user: str
    channel: str | None = None
    response_url: str | None = None
    text: str = ""
    blocks: tuple[dict[str, Any], ...] = ()
    notice: Notice | None = None
    replace_original: bool = False


class SendDirect(_Effect):
    """Write to one person about the incident; it takes the place of the last such message. Its result is DirectlySent.

    In doubt it is not sent twice: who is paged is mentioned in the room too.
    """

    weight: ClassVar[int] = 2
    kind: Literal["send_direct"] = "send_direct"
    user: str
    purpose: DirectPurpose
    by: str | None = None
    """Who paged them."""
    why: str = ""


class TellMorning(_Effect):
    """Tell one person of all incidents whose page waited for their morning, in one message."""

    weight: ClassVar[int] = 2
    kind: Literal["tell_morning"] = "tell_morning"
    user: str
    morning: Moment
    """Until when they waited."""


class RedrawDirect(_Effect):
    """Redraw the direct message of that purpose to that person, if there is one."""

    coalescing: ClassVar[bool] = True
    kind: Literal["redraw_direct"] = "redraw_direct"
    user: str
    purpose: DirectPurpose


class ReplyToSource(_Effect):
    """Say below the message that an incident was declared from where its channel is."""

    kind: Literal["reply_to_source"] = "reply_to_source"
    channel: str
    ts: str


class ShareDocument(_Effect):
    """Share the post-mortem in the room as a Markdown file, built at delivery."""

    kind: Literal["share_document"] = "share_document"
    revision: int


class ShareCanvas(_Effect):
    """Show the post-mortem as a canvas of the room, written whole at delivery. Its result is CanvasShown, when it was created."""

    coalescing: ClassVar[bool] = True
    kind: Literal["share_canvas"] = "share_canvas"


class SharePicture(_Effect):
    """Share the picture of the incident's timeline in the room, drawn at delivery."""

    kind: Literal["share_picture"] = "share_picture"
    name: str
    """Tells this picture from the others of the incident, in its file's name."""


class Investigate(_Effect):
    """Look into why the incident is broken. It takes up to a minute; its result is InvestigationDone."""

    weight: ClassVar[int] = 8
    kind: Literal["investigate"] = "investigate"
    run: int


class Narrate(_Effect):
    """Let a language model write about the answer of a run. `material` is what it is given. Its result is Narrated."""

    weight: ClassVar[int] = 8
    kind: Literal["narrate"] = "narrate"
    run: int
    material: tuple[Item, ...]


class ShowInvestigation(_Effect):
    """Post the investigation's message in the thread of the card, or redraw it. Its result is Posted, when it was posted."""

    weight: ClassVar[int] = 6
    coalescing: ClassVar[bool] = True
    kind: Literal["show_investigation"] = "show_investigation"


class ShareFindings(_Effect):
    """Share the picture of the series that matter below the card."""

    weight: ClassVar[int] = 8
    kind: Literal["share_findings"] = "share_findings"
    run: int
    pictures: tuple[Picture, ...]


class ChartOf(StrEnum):
    """What a chart shows."""

    METRICS = "metrics"
    ON_CALL = "on_call"
    """What being on call costs each person."""


LONGEST_SPAN = timedelta(days=3700)


def _require_span(since: datetime, until: datetime) -> None:
    """Raises ValueError where the time does not run from `since` to `until`, or is longer than ten years."""
    if not timedelta(0) < until - since <= LONGEST_SPAN:
        raise ValueError("the end must be after the beginning, ten years at most")


class SendChart(_Effect):
    """Send one person the chart of a span's figures in a direct message, drawn at delivery from what they may see then."""

    weight: ClassVar[int] = 1
    kind: Literal["send_chart"] = "send_chart"
    user: str
    since: Moment
    until: Moment
    team: str | None = None
    what: ChartOf = ChartOf.METRICS

    @model_validator(mode="after")
    def _is_a_span(self) -> Self:
        _require_span(self.since, self.until)
        return self


class PostReview(_Effect):
    """Post the review of a week in the broadcast channel, with its chart. No private incident is in it."""

    kind: Literal["post_review"] = "post_review"
    channel: str
    week: str
    """The day on which it ended, as in 2026-11-23."""
    since: Moment
    until: Moment

    @model_validator(mode="after")
    def _is_a_span(self) -> Self:
        _require_span(self.since, self.until)
        return self


class PublishHome(_Effect):
    """Draw one person's App Home."""

    coalescing: ClassVar[bool] = True
    kind: Literal["publish_home"] = "publish_home"
    user: str


class ShowOverride(_Effect):
    """Show a person or a channel an override of a schedule as it is at delivery. Its result is OverrideShown, when posted."""

    coalescing: ClassVar[bool] = True
    kind: Literal["show_override"] = "show_override"
    override_id: str
    to: str
    """A user id, or a channel as the policy names it."""
    news: bool = False
    """Whether a new message is posted where there is none, and to people even where there is one; else only redrawn."""


class TellShift(_Effect):
    """Say to a channel, or to whoever takes over, who is on call now and what is open."""

    weight: ClassVar[int] = 2
    kind: Literal["tell_shift"] = "tell_shift"
    schedule: str
    to: str
    """A user id, or a channel as the policy names it."""
    people: tuple[str, ...]
    """Ids of who is on call now; empty in a gap."""
    before: tuple[str, ...] = ()
    until: Moment | None = None
    """None: for longer than anybody looks ahead."""


class KeepUserGroup(_Effect):
    """Make the user group of a schedule equal to who is on call. Its result is UserGroupKept."""

    weight: ClassVar[int] = 3
    coalescing: ClassVar[bool] = True
    kind: Literal["keep_user_group"] = "keep_user_group"
    schedule: str


class GroupNews(StrEnum):
    """What is said about the user group of a schedule."""

    BY_HAND = "by_hand"
    """Somebody set other members; they stay until the next shift."""
    SET_AGAIN = "set_again"
    """Somebody had set other members, and it was set to who is on call."""
    REFUSED = "refused"
    """It cannot be set."""


class TellUserGroup(_Effect):
    """Say what happened to the user group of a schedule."""

    kind: Literal["tell_user_group"] = "tell_user_group"
    schedule: str
    to: str
    """A user id, or a channel as the policy names it."""
    news: GroupNews
    added: tuple[str, ...] = ()
    """Who was in it although they are not on call."""
    removed: tuple[str, ...] = ()
    error: str = ""
    advice: str = ""


class SyncDirectory(_Effect):
    """Read people and user groups of the workspace into the directory."""

    coalescing: ClassVar[bool] = True
    kind: Literal["sync_directory"] = "sync_directory"


class ReadAlertChannels(_Effect):
    """Read what was posted in the policy's alert channels since they were read last; enter those we are not in."""

    coalescing: ClassVar[bool] = True
    kind: Literal["read_alert_channels"] = "read_alert_channels"
    key: str = "alert channels"


class ReadRoomMembers(_Effect):
    """Read who is in the room of a private incident. Its result is RoomMembers."""

    coalescing: ClassVar[bool] = True
    kind: Literal["read_room_members"] = "read_room_members"


class ReadRoomActivity(_Effect):
    """Read when a person last wrote in the room, in threads too. Its result is RoomActivity."""

    coalescing: ClassVar[bool] = True
    kind: Literal["read_room_activity"] = "read_room_activity"


class DecideAlerts(_Effect):
    """Work off the accepted alerts. One pending copy for the whole installation, so that they are decided one after another."""

    coalescing: ClassVar[bool] = True
    kind: Literal["decide_alerts"] = "decide_alerts"
    key: str = "alerts"


class LookForChanges(_Effect):
    """Look whether the affected services were changed lately, and say what is new to the room. It calls nobody outside."""

    coalescing: ClassVar[bool] = True
    kind: Literal["look_for_changes"] = "look_for_changes"


class RunStep(_Effect):
    """Make one call of a step of a runbook."""

    weight: ClassVar[int] = 1
    kind: Literal["run_step"] = "run_step"
    run_id: str
    step: str
    call: int


class LookAtRun(_Effect):
    """Look whether a run can go on: what it waited for may be over."""

    weight: ClassVar[int] = 1
    coalescing: ClassVar[bool] = True
    kind: Literal["look_at_run"] = "look_at_run"
    run_id: str


class BeginRunbooks(_Effect):
    """Look whether a runbook that begins by itself fits the incident."""

    weight: ClassVar[int] = 3
    coalescing: ClassVar[bool] = True
    kind: Literal["begin_runbooks"] = "begin_runbooks"


class ShowRun(_Effect):
    """Post the message of a run in the room, or redraw it, as the run is at delivery. Its result is Posted, when it was posted."""

    weight: ClassVar[int] = 1
    coalescing: ClassVar[bool] = True
    kind: Literal["show_run"] = "show_run"
    run_id: str


class ExternalEffect(_Outboxed):
    """Something that is asked of an integration. Its answer is an ExternalResult, an Incoming or nothing."""

    kind: Literal["external"] = "external"
    integration: str
    """The integration's name."""
    operation: str
    """One of the integration's own words, such as "create_issue"."""
    payload: dict[str, Any] = Field(default_factory=dict)
    """What the operation needs to know, as a model of the integration's folder wrote it."""
    coalescing: bool = False
    weight: int = 5
    """Within one severity, lower goes first; at most URGENT where a person waits for it."""

    @property
    def label(self) -> str:
        """What it is called in logs, metrics and lists of dead letters."""
        return f"{self.integration}.{self.operation}"


NOTHING_TO_LOOK_FOR = frozenset(
    {
        SyncDirectory.model_fields["kind"].default,
        ReadAlertChannels.model_fields["kind"].default,
        ReadRoomMembers.model_fields["kind"].default,
        ReadRoomActivity.model_fields["kind"].default,
        DecideAlerts.model_fields["kind"].default,
        LookForChanges.model_fields["kind"].default,
        LookAtRun.model_fields["kind"].default,
        BeginRunbooks.model_fields["kind"].default,
        Investigate.model_fields["kind"].default,
        Narrate.model_fields["kind"].default,
    }
)
"""Kinds of effects that change nothing outside of our own record, so that an earlier try leaves nothing that may still come."""

URGENT = 1
"""The weight of an external effect for which a person waits: it never queues behind those in the background."""

Effect = Annotated[
    OpenRoom
    | RenameRoom
    | ArchiveRoom
    | UnarchiveRoom
    | ShowCard
    | PinCard
    | Invite
    | SetTopic
    | SetPurpose
    | AddBookmark
    | Announce
    | TellTeam
    | TellEverybody
    | Post
    | Withdraw
    | PrivateReply
    | SendDirect
    | TellMorning
    | RedrawDirect
    | ReplyToSource
    | ShareDocument
    | ShareCanvas
    | SharePicture
    | Investigate
    | Narrate
    | ShowInvestigation
    | ShareFindings
    | SendChart
    | PostReview
    | PublishHome
    | ShowOverride
    | TellShift
    | KeepUserGroup
    | TellUserGroup
    | SyncDirectory
    | ReadAlertChannels
    | ReadRoomMembers
    | ReadRoomActivity
    | DecideAlerts
    | LookForChanges
    | RunStep
    | LookAtRun
    | BeginRunbooks
    | ShowRun
    | ExternalEffect,
    Field(discriminator="kind"),
]

EFFECT: TypeAdapter[Effect] = TypeAdapter(Effect)
"""Reads an effect back from its JSON."""
