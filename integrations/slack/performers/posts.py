"""The card, and everything the bot says in a room or a thread, each posted exactly once: every message carries
its effect's key, and in doubt the key is looked for first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import structlog

from blocks.incident_card import incident_card
from blocks.kit import Card
from blocks.notices import notice_card
from integrations.slack.client import Answer
from integrations.slack.failures import SlackDeclined
from integrations.slack.performers.performer import EffectContext
from warroom.errors import Rejected, Retryable
from warroom.incident.events import PageReason
from warroom.incident.model import Incident, State
from warroom.incident.notices import Notice, Paged, SeverityChangedNotice, StateChanged, Unanswered
from warroom.incident.opening import still_true
from warroom.outbox.effects import Effect, Place, Post, ShowCard, Withdraw
from warroom.outbox.results import CardShown, Posted

log = structlog.get_logger(__name__)


async def show_card(context: EffectContext[ShowCard]) -> CardShown | None:
    """Post the card, or redraw it whole. Without a room there is nothing to do: the room's opening asks again."""
    incident = await context.incident()
    if incident.room.channel_id is None:
        return None
    card = incident_card(await context.view(incident), context.now)
    if incident.room.card_ts is not None and await redraw(
        context, incident.room.channel_id, incident.room.card_ts, card
    ):
        return None
    _, ts = await say(context, incident.room.channel_id, card, incident=incident)
    return CardShown(ts=ts)


async def post(context: EffectContext[Post]) -> Posted | None:
    """Say it, then remove the message it takes the place of."""
    incident = await context.incident()
    where = await _where(context, incident)
    if where is None:
        return None
    channel, thread_ts = where
    notice, slot = context.effect.notice, context.effect.slot
    if out_of_date(notice, slot, incident):
        return None
    if isinstance(notice, CHANGES) and await _something_comes_before(context):
        raise Retryable("an earlier change is still to be said", after=1.0)
    previous = incident.room.slot(slot) if slot else None
    card = notice_card(notice, await context.view(incident), context.now)
    # That nobody answers is for everybody, and a thread is read by those who follow it already; said again it stays there.
    everybody = isinstance(notice, Unanswered) and notice.rounds == 1
    if context.effect.in_place and previous is not None and await redraw(context, channel, previous, card):
        return None
    _, ts = await say(context, channel, card, thread_ts=thread_ts, broadcast=everybody)
    if slot is None:
        return None
    if previous is not None and previous != ts:
        await remove_if_possible(context, channel, previous)
    return Posted(slot=slot, ts=ts, replaced=previous)


CHANGES = (StateChanged, SeverityChangedNotice)
"""Lines that are true only in the order of what they tell."""
WAITED_FOR = timedelta(minutes=5)
"""So long a line waits at most for an earlier one that cannot be said."""


async def _something_comes_before(context: EffectContext[Post]) -> bool:
    """Whether a change that happened earlier is still to be said in the same place."""
    if context.now - context.claim.created_at > WAITED_FOR:
        return False
    for asked_at, other in await context.deps.store.waiting_posts(context.effect.incident_id or ""):
        if other.key == context.key:
            return False
        if isinstance(other, Post) and other.place is context.effect.place and isinstance(other.notice, CHANGES):
            return asked_at <= context.claim.created_at
    return False


def out_of_date(notice: Notice, slot: str | None, incident: Incident) -> bool:
    """Whether what was to be said is not so any more: saying it would only confuse."""
    if isinstance(notice, Paged) and notice.reason in _UNACKNOWLEDGED:
        return incident.state is not State.DETECTED
    if isinstance(notice, Paged) and notice.reason is PageReason.SILENCE and not incident.escalation.silent:
        return True
    return slot is not None and not still_true(slot, incident)


_UNACKNOWLEDGED = frozenset({PageReason.ESCALATION, PageReason.OVERDUE, PageReason.REPEAT})
"""Reasons that end with the acknowledgement."""


async def withdraw(context: EffectContext[Withdraw]) -> None:
    """Delete the bot's message, with what the bot said below it where that is wanted."""
    channel = context.effect.channel or (await context.incident()).room.channel_id
    if channel is None:
        return
    if context.effect.thread:
        await remove_thread(context, channel, context.effect.ts)
    await remove(context, channel, context.effect.ts)


async def _where(context: EffectContext[Post], incident: Incident) -> tuple[str, str | None] | None:
    """(channel, thread) of a notice; None when there never will be such a place. Raises Retryable while awaited."""
    match context.effect.place:
        case Place.ROOM:
            return await room_of(context, incident), None
        case Place.CARD_THREAD:
            room = await room_of(context, incident)
            if incident.room.card_ts is None and not await context.never_came("show_card"):
                raise Retryable("the card is not there yet")
            return room, incident.room.card_ts
        case Place.ANNOUNCEMENT:
            return await _announcement(context, incident)


async def room_of(context: EffectContext[Any], incident: Incident) -> str:
    """The channel of the incident. Raises Retryable while it is awaited, Rejected where it never comes."""
    if incident.room.channel_id is not None:
        return incident.room.channel_id
    if await context.never_came("open_room"):
        raise Rejected(f"{incident.name} has no room", code="no_room", advice="Declare it again.")
    raise Retryable("the room is not open yet")


LONGEST_WAIT = timedelta(hours=1)
"""An announcement that is not there after so long does not come."""


async def _announcement(context: EffectContext[Effect], incident: Incident) -> tuple[str, str] | None:
    if incident.room.announced_in is not None and incident.room.announced_ts is not None:
        return incident.room.announced_in, incident.room.announced_ts
    if incident.private or not context.deps.policy.workspace.announce:
        return None
    if await context.never_came("announce") or context.now - context.claim.created_at > LONGEST_WAIT:
        log.info("nothing was announced, so there is no thread to write into", key=context.key)
        return None
    raise Retryable("the announcement is not there yet")


EVENT_TYPE = "warroom"
GONE = frozenset({"channel_not_found", "not_in_channel", "thread_not_found"})
"""Codes for a place that cannot be seen. Only of the second the bot may have posted there all the same: it was in the channel
then, or the app has the scope chat:write.public.
"""


def stamp(key: str) -> str:
    """The block id by which a message of that effect is known even where Slack drops metadata."""
    return f"wr:{hashlib.sha256(key.encode()).hexdigest()[:24]}"


def body(card: Card, key: str) -> dict[str, Any]:
    """The arguments of chat.postMessage and chat.update that make up the message."""
    blocks = [dict(block) for block in card.blocks]
    if blocks:
        blocks[0]["block_id"] = stamp(key)
    return {
        "text": card.text,
        "blocks": blocks,
        "metadata": {"event_type": EVENT_TYPE, "event_payload": {"key": key}},
    }


async def say(
    context: EffectContext[Effect],
    channel: str,
    card: Card,
    *,
    thread_ts: str | None = None,
    broadcast: bool = False,
    incident: Incident | None = None,
) -> tuple[str, str]:
    """(channel id, ts) of the effect's message: in doubt the one found, else a new one. Raises Retryable or Rejected.

    `broadcast` shows a thread's message in the channel too. `incident` is for what shows its state, under a key that
    comes again: the search covers its whole life, and what is found is redrawn.
    """
    if context.outcome_unknown:
        found = await find(context, channel, thread_ts, context.since(incident))
        if found is not None:
            if incident is not None:
                # It shows what was known when it was posted; what changed since then was asked for by this same effect.
                await redraw(context, channel, found, card)
            return channel, found
    try:
        answer = await _post(context, channel, card, thread_ts, broadcast)
    except SlackDeclined as refusal:
        if refusal.code in GONE and (why := context.deps.channels.why_unknown(channel)) is not None:
            # Without its id it can neither be entered nor read: the permission that is missing for that is what helps.
            raise why from refusal
        if refusal.code != "not_in_channel":
            context.deps.channels.forget(channel)
            raise
        await _join(context, channel, refusal)
        answer = await _post(context, channel, card, thread_ts, broadcast)
    return answer["channel"], answer["ts"]


async def _join(context: EffectContext[Effect], channel: str, why: SlackDeclined) -> None:
    """Raises `why` where Slack lets nobody but people bring the bot in: that refusal has the advice that helps."""
    try:
        await context.call("conversations.join", channel=channel)
    except SlackDeclined as refusal:
        if refusal.code == "missing_scope":
            raise
        raise why from refusal


async def _post(
    context: EffectContext[Effect], channel: str, card: Card, thread_ts: str | None, broadcast: bool
) -> Answer:
    where = {"channel": channel, "thread_ts": thread_ts, "unfurl_links": False, "unfurl_media": False}
    if broadcast:
        where["reply_broadcast"] = True
    return await _draw(context, "chat.postMessage", card, **where)


async def _draw(context: EffectContext[Effect], method: str, card: Card, **where: Any) -> Answer:
    """Slack fetches a card's pictures itself and refuses the whole card when it cannot: then it is drawn without them."""
    bad = context.deps.bad_pictures
    shown = Card(card.text, [block for block in card.blocks if block.get("image_url") not in bad])
    try:
        return await context.call(method, **where, **body(shown, context.key))
    except SlackDeclined as refusal:
        pictures = {block["image_url"] for block in shown.blocks if block["type"] == "image"}
        if refusal.code != "invalid_blocks" or not pictures:
            raise
        log.info("Slack cannot show a picture; the card goes without", key=context.key)
        # Remembered, because the budget may let the second call go only later.
        if len(bad) > 1000:
            bad.clear()
        bad |= pictures
        return await _draw(context, method, card, **where)


async def redraw(context: EffectContext[Effect], channel: str, ts: str, card: Card) -> bool:
    """Whether the message could be redrawn; False when it is gone. Raises Retryable or Rejected."""
    try:
        await _draw(context, "chat.update", card, channel=channel, ts=ts)
    except SlackDeclined as refusal:
        if refusal.code == "message_not_found":
            return False
        raise
    return True


async def remove(context: EffectContext[Effect], channel: str, ts: str) -> None:
    """Delete one of our messages; one that is gone already is fine. Raises Retryable or Rejected."""
    try:
        await context.call("chat.delete", channel=channel, ts=ts)
    except SlackDeclined as refusal:
        if refusal.code != "message_not_found":
            raise


async def remove_thread(context: EffectContext[Effect], channel: str, ts: str) -> None:
    """Delete what the bot said in the thread of a message; a thread that is gone is fine. Raises Retryable or Rejected."""
    replies = []
    try:
        async for message in context.items("conversations.replies", "messages", channel=channel, ts=ts):
            if message.get("user") == context.deps.bot_user_id and message["ts"] != ts:
                replies.append(str(message["ts"]))
    except SlackDeclined as refusal:
        if refusal.code not in GONE:
            raise
    for reply in replies:
        await remove(context, channel, reply)


async def remove_if_possible(context: EffectContext[Effect], channel: str, ts: str) -> None:
    """Delete a message that a newer one replaced. What matters is said already, so a failure is only logged."""
    try:
        await remove(context, channel, ts)
    except (Retryable, SlackDeclined) as error:
        log.warning("an old message stays beside the new one", channel=channel, ts=ts, why=str(error))


async def find(context: EffectContext[Effect], channel: str, thread_ts: str | None, since: str) -> str | None:
    """The ts of the message that carries the effect's key, None when there is none. Raises Retryable or Rejected.

    A channel that the bot is not in is joined first. One that it cannot join, or whose id it cannot learn, is not guessed
    about: Rejected.
    """
    if (why := context.deps.channels.why_unknown(channel)) is not None:
        raise _unseen(why)
    try:
        return await _found(context, channel, thread_ts, since)
    except SlackDeclined as refusal:
        if refusal.code in GONE - {"not_in_channel"}:
            return None
        if refusal.code != "not_in_channel":
            raise
    try:
        await context.call("conversations.join", channel=channel)
        return await _found(context, channel, thread_ts, since)
    except SlackDeclined as refusal:
        if refusal.code == "channel_not_found":
            return None
        raise _unseen(refusal) from refusal


def _unseen(refusal: SlackDeclined) -> Rejected:
    return Rejected(
        f"whether the message is there already cannot be seen, for {refusal}; so it is not posted twice",
        code=UNSEEN,
        advice=f"Look into the channel. {refusal.advice if refusal.code == 'missing_scope' else INVITE}",
    )


INVITE = "Invite the bot, so that it can look itself: /invite @Warroom"
UNSEEN = "outcome_unseen"
"""Our own code for a post whose outcome is unknown, in a channel that cannot be read."""


async def _found(context: EffectContext[Effect], channel: str, thread_ts: str | None, since: str) -> str | None:
    wanted = {"channel": channel, "oldest": since, "include_all_metadata": True}
    method = "conversations.history"
    if thread_ts is not None:
        method, wanted = "conversations.replies", wanted | {"ts": thread_ts}
    async for message in context.items(method, "messages", **wanted):
        if message.get("user") == context.deps.bot_user_id and _carries(message, context.key):
            return str(message["ts"])
    return None


def _carries(message: Answer, key: str) -> bool:
    payload = (message.get("metadata") or {}).get("event_payload") or {}
    blocks: Iterable[Answer] = message.get("blocks") or ()
    return payload.get("key") == key or any(block.get("block_id") == stamp(key) for block in blocks)
