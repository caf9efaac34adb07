"""What happens in the workspace: people join rooms, pin messages, change their names, open the App Home."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from blocks import timeline_list
from blocks.lists import refusal
from blocks.refusals import refusal_words
from handlers.gestures import Actor, Body, actor_of, answer
from warroom.alerts import channels
from warroom.errors import Forbidden
from warroom.incident import record
from warroom.oncall import shift_change
from warroom.people import usecases as replies
from warroom.people.model import Group, Person
from warroom.ports import World

log = logging.getLogger(__name__)

PUSHPIN = "pushpin"


@dataclass(frozen=True, slots=True)
class Reading:
    """How Slack's person and user group are read, and who of them the bot is."""

    person: Callable[[dict[str, Any]], Person]
    group: Callable[[dict[str, Any]], Group]
    bot_user_id: str


@dataclass(frozen=True, slots=True)
class SlackEvent:
    """Something that happened. `actor` is whoever did it, None when nobody did."""

    world: World
    reading: Reading
    said: dict[str, Any]
    actor: Actor | None

    @property
    def by_bot(self) -> bool:
        """The bot did it itself."""
        return self.actor is not None and self.actor.user == self.reading.bot_user_id

    @property
    def at(self) -> datetime:
        """When it happened, by Slack's clock; now where Slack does not say."""
        try:
            return datetime.fromtimestamp(float(self.said["event_ts"]), UTC)
        except (KeyError, TypeError, ValueError, OverflowError, OSError):
            return self.world.clock.now()


Run = Callable[[SlackEvent], Awaitable[None]]


def listener(world: World, reading: Reading, run: Run) -> Callable[..., Awaitable[None]]:
    """What Bolt calls."""

    async def on_event(body: Body, event: dict[str, Any]) -> None:
        await run(SlackEvent(world, reading, event, actor_of(body)))

    return on_event


async def home_opened(event: SlackEvent) -> None:
    """Somebody looks at the App Home; its messages tab is not ours."""
    if event.actor is not None and event.said.get("tab", "home") == "home":
        await replies.open_home(event.world, event.actor.user)


async def member_joined(event: SlackEvent) -> None:
    """Somebody came into a room: here is what you missed, for them alone."""
    if event.actor is None or event.actor.channel is None:
        return
    if event.by_bot:
        await record.room_back(event.world, event.actor.channel)
        return
    briefing = await record.joined(event.world, event.actor.channel, event.actor.user, event.at)
    if briefing is not None:
        card = timeline_list.briefing(briefing.view, briefing.entries, event.world.clock.now())
        await answer(event.world, event.actor, card, incident_id=briefing.view.incident.id)


async def reaction_added(event: SlackEvent) -> None:
    """A pushpin puts the message on the timeline."""
    item = event.said.get("item") or {}
    if event.said.get("reaction") == PUSHPIN and item.get("type") == "message":
        await _remember(event, item.get("channel"), item.get("ts"))


async def pin_added(event: SlackEvent) -> None:
    """A pinned message is on the timeline; the bot's own card is not."""
    message = (event.said.get("item") or {}).get("message") or {}
    await _remember(event, event.said.get("channel_id"), message.get("ts"))


async def _remember(event: SlackEvent, channel: str | None, ts: str | None) -> None:
    if event.actor is not None and channel and ts and not event.by_bot:
        try:
            await record.remember_message(event.world, channel, ts, event.actor.user)
        except Forbidden as refused:
            await answer(event.world, event.actor, refusal(refusal_words(refused.reason)))


async def message(event: SlackEvent) -> None:
    """Something was posted or edited in a channel, perhaps an alert channel."""
    said = event.said
    posted = said.get("message") if said.get("subtype") == "message_changed" else said
    if isinstance(posted, dict) and said.get("subtype") != "message_deleted":
        await channels.on_message(event.world, str(said.get("channel")), posted)


async def person_changed(event: SlackEvent) -> None:
    """Somebody is new, left, or has another name."""
    await replies.person_changed(event.world, event.reading.person(event.said["user"]))


async def group_changed(event: SlackEvent) -> None:
    """A user group is new, or has another handle or other members."""
    await _group_changed(event, event.reading.group(event.said["subteam"]))


async def group_members_changed(event: SlackEvent) -> None:
    """Members came and left. Slack says who, not who is there, so a group that is not known is read with all others."""
    group = await event.world.store.group(event.said["subteam_id"])
    if group is None:
        await replies.sync_directory(event.world)
        return
    left = set(event.said.get("removed_users", ()))
    members = dict.fromkeys((*group.members, *event.said.get("added_users", ())))
    await _group_changed(event, group.copy_with(members=tuple(m for m in members if m not in left)))


async def _group_changed(event: SlackEvent, group: Group) -> None:
    await replies.group_changed(event.world, group)
    await shift_change.group_changed(event.world, group)


async def member_left(event: SlackEvent) -> None:
    """Somebody left a room or was removed from it; a private incident is none of their business any more."""
    if event.by_bot:
        await room_lost(event)
    elif event.actor is not None and event.actor.channel is not None:
        await record.left(event.world, event.actor.channel, event.actor.user, event.at)


async def room_lost(event: SlackEvent) -> None:
    """The bot was removed from a channel. The incident goes on without the room."""
    channel = event.said.get("channel")
    incident = await event.world.store.incident_in(str(channel))
    if incident is not None:
        log.warning("the room of %s was lost: %s in %s", incident.name, event.said.get("type"), channel)


async def archived(event: SlackEvent) -> None:
    """A person archived a channel: its incident says nothing there any more. What the bot archived it knows already."""
    if event.actor is not None and not event.by_bot:
        await record.room_archived(event.world, str(event.said.get("channel")), event.actor.user)


RUNS: dict[str, Run] = {
    "app_home_opened": home_opened,
    "channel_archive": archived,
    "group_archive": archived,
    "member_joined_channel": member_joined,
    "member_left_channel": member_left,
    "message.channels": message,
    "message.groups": message,
    "pin_added": pin_added,
    "reaction_added": reaction_added,
    "subteam_created": group_changed,
    "subteam_members_changed": group_members_changed,
    "subteam_updated": group_changed,
    "team_join": person_changed,
    "user_change": person_changed,
}
"""What each event of the manifest leads to. One type of event may be subscribed to under several names."""
