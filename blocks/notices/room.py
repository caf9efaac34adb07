"""The channel, and what could not be done in it or in another system."""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from blocks import ids, kit, text
from blocks.kit import Block
from blocks.notices.phrases import warning
from blocks.timeline import failed_effect, words
from warroom.incident import notices
from warroom.incident.notices import RoomNotice
from warroom.incident.view import IncidentView


def lines(notice: RoomNotice, view: IncidentView, now: datetime) -> list[str]:
    """What is said, line by line; empty ones are left out."""
    tz = view.timezone
    match notice:
        case notices.ArchiveAhead():
            left = f" {text.count(notice.actions, 'action item')} still open." if notice.actions else ""
            when = text.when(notice.at, tz)
            show = f"`/incident show #{view.incident.number}`"
            return [f"🗄️ This channel will be archived {when}.{left} Everything stays readable, also with {show}"]
        case notices.ArchiveKept():
            return [f"🗄️ {text.mention(notice.by)} keeps this channel: it will not be archived."]
        case notices.NewRoom():
            return [
                f"🔁 *Reopened here*: {text.channel_link(notice.earlier)} is archived, and a bot may not unarchive a channel."
            ]
        case notices.EffectFailedNotice():
            what = failed_effect(notice.effect, notice.channel, notice.what)
            return [warning(f"{what}: {notice.error}", notice.advice)]
        case notices.Offered():
            return [kit.line(notice.what, 600)]
        case notices.OpenElsewhere():
            left = "; ".join(f"{kit.line(each.what, 120)} ({kit.line(each.error, 160)})" for each in notice.left[:5])
            return [warning(f"{view.incident.name} is over here, but not everywhere: {left}", notice.left[0].advice)]
        case notices.RoomNotOpened():
            what = f"{view.incident.name} is recorded, but its channel could not be opened: {notice.error}"
            return [warning(what, notice.advice)]
        case notices.RoomLost(archived_by=str(person)):
            said = f"{text.mention(person)} archived the channel of {view.incident.name}, so nothing is said there any more"
            return [f"⚠️ {said}. Unarchive it in Slack and invite the bot again."]
        case notices.RoomLost():
            what = f"Nothing can be posted in the channel of {view.incident.name} any more: {notice.error}"
            return [warning(what, notice.advice)]
        case notices.IntegrationFault():
            what = f"{notice.integration} did not hear of an event ({words(notice.event).what})"
            return [warning(what, "This is a fault in Warroom; its log says more.")]
        case notices.Problem():
            who = f"{text.mentions(notice.people)} " if notice.people else ""
            what = kit.line(notice.what, 600).rstrip(".")
            return [f"⚠️ {who}{what}. {kit.line(notice.advice, 400)}".strip()]
    assert_never(notice)


def buttons(notice: RoomNotice, view: IncidentView) -> list[Block | None]:
    """For what to do next."""
    incident = view.incident
    carried = ids.carry(incident.id, incident.state.value)
    match notice:
        case notices.EffectFailedNotice() if notice.retry:
            return [kit.button("Try again", ids.TRY_AGAIN, ids.carry(incident.id, notice.retry))]
        case notices.OpenElsewhere():
            return [kit.button("Try again", ids.TRY_AGAIN, ids.carry(incident.id, ids.EVERYTHING_LEFT))]
        case notices.Offered():
            chosen = ids.carry(incident.id, f"{notice.integration}:{notice.action}")
            return [kit.button(notice.label, ids.INTEGRATION, chosen)]
        case notices.ArchiveAhead():
            return [kit.button("Keep channel", ids.KEEP_CHANNEL, carried)]
        case _:
            return []
