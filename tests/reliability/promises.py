"""What holds after any trouble: one channel, one card, one announcement, nothing said twice, nothing left undone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import datetime, timedelta

from sandbox import Channel, Sandbox, SlackMessage
from warroom.incident.decision import timers_of
from warroom.incident.model import Incident
from warroom.ports import Store

LATER = timedelta(minutes=3)
"""What is due within it counts as undone, unless it is one of the incidents' own dates; the outbox waits a minute at most."""
MEANWHILE = timedelta(seconds=30)
"""The clocks run on between the end of settling and a look at the promises: a date that comes in between would look like
work that is left. Settling goes past every date that is so near.
"""

NEWEST = 25
"""Incidents that are looked at; a matrix leaves hundreds behind."""


def key_of(message: SlackMessage) -> str:
    """The key of the effect that said it; "" for none."""
    payload = (message.metadata or {}).get("event_payload") or {}
    return str(payload.get("key") or "")


def everything_said(slack: Sandbox) -> list[SlackMessage]:
    """All messages of the app that can be seen now, threads included."""
    return [m for channel in slack.workspace.channels.values() for m in channel.log if m.by_app and not m.deleted]


ABOUT_SCHEDULES = ("shift:", "override:", "usergroup:")


def _again_in_doubt(slack: Sandbox, message: SlackMessage) -> bool:
    """Whether it is something about a schedule for one person: no app may read such a conversation, so in doubt it is said again."""
    return key_of(message).startswith(ABOUT_SCHEDULES) and slack.workspace.channels[message.channel].kind == "im"


def said_under(slack: Sandbox, key: str) -> list[SlackMessage]:
    """What an effect with that key said."""
    return [message for message in everything_said(slack) if key_of(message) == key]


def rooms_of(slack: Sandbox, incident: Incident) -> list[Channel]:
    """Every channel that was opened for it, the lost ones too."""
    start = f"inc-{incident.number}"
    mine = [
        each for each in slack.workspace.channels.values() if each.name == start or each.name.startswith(f"{start}-")
    ]
    return [each for each in mine if each.creator == slack.bot_user_id]


async def assert_promises(slack: Sandbox, store: Store, unseen: Collection[str] = ()) -> None:
    """What was acknowledged is done, once; one channel, card and announcement each. Raises AssertionError that says which is broken.

    `unseen` are keys of messages to one person that could not be looked for: these may stand there twice.
    """
    # A reopened incident has its card, topic and links again in the channel that takes the place of an archived one.
    archived = {each.ts for room in slack.workspace.channels.values() if room.is_archived for each in room.log}
    said = (each for each in everything_said(slack) if each.ts not in archived and not _again_in_doubt(slack, each))
    twice = [key for key, times in Counter(map(key_of, said)).items() if key and times > 1 + (key in unseen)]
    assert not twice, f"said twice: {twice}"
    incidents, last = await store.incidents(limit=NEWEST), await store.last_number()
    numbers = [each.number for each in incidents]
    assert numbers == list(range(last, last - len(numbers), -1)), "numbers have no gaps"
    for incident in incidents:
        _assert_one_of_each(slack, incident)
    assert await store.dead_letters() == [], "nothing is given up"
    assert [each.key for each in await store.pending_envelopes()] == [], "every delivery is worked off"
    assert await store.pending_alerts(10) == [], "every alert is decided"
    due = await undone(store, slack.clock.now())
    assert due is None, f"work is left, due {due}"


async def undone(store: Store, now: datetime, until: datetime | None = None) -> datetime | None:
    """When the next thing is due that was begun and not ended; None when all that waits are the incidents' own dates.

    Dates of incidents that come before `until`, now without it, count as something to do.
    """
    until = until or now
    due = await store.next_due()
    if due is None or (await store.store_stats()).waiting:
        return due
    if due > until + LATER:
        return None
    dates = {at for each in await store.incidents(limit=NEWEST) for at in timers_of(each).values() if at > until}
    return None if due in dates else due


def _assert_one_of_each(slack: Sandbox, incident: Incident) -> None:
    name = incident.name
    # A reopened incident has a new channel instead of an archived one that the bot may not open again.
    rooms = [each for each in rooms_of(slack, incident) if each.id not in incident.room.earlier]
    assert [room.id for room in rooms] == [incident.room.channel_id], (
        f"{name} has the channels {[r.name for r in rooms]}"
    )
    room = rooms[0]
    cards = [each for each in said_under(slack, f"{incident.id}:card") if each in room.log]
    assert [card.ts for card in cards] == [incident.room.card_ts], f"{name} has {len(cards)} cards"
    assert [pin.ts for pin in room.pins] == [incident.room.card_ts], f"{name} has {len(room.pins)} pins"
    links = Counter(bookmark.link for bookmark in room.bookmarks)
    assert set(links.values()) <= {1}, f"{name} has bookmarks twice: {links}"
    announced = said_under(slack, f"{incident.id}:announce")
    assert [each.ts for each in announced] == ([incident.room.announced_ts] if incident.room.announced_ts else []), name
    missing = set(incident.participants.invitees) - set(incident.participants.left) - set(room.members)
    assert not missing, f"{name} misses {missing}"
