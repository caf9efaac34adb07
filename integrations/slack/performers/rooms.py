"""An incident's channel: opening it, bringing people in, and its pin, topic, purpose and bookmarks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from html import unescape
from typing import Any

import structlog

from blocks.announcement import purpose, topic
from integrations.slack.client import Answer
from integrations.slack.failures import SlackDeclined, explain
from integrations.slack.performers.performer import SLACK_MAY_BE_BEHIND, EffectContext
from warroom.errors import Rejected
from warroom.incident.model import Incident
from warroom.incident.opening import room_name
from warroom.incident.view import IncidentView
from warroom.outbox.effects import (
    AddBookmark,
    Invite,
    OpenRoom,
    PinCard,
    ReadRoomMembers,
    RenameRoom,
    SetPurpose,
    SetTopic,
)
from warroom.outbox.results import ChannelCreated, ChannelRenamed, PeopleAdded, RoomMembers

log = structlog.get_logger(__name__)

NAME_LIMIT = 80
"""Characters in a channel's name (conversations.create: invalid_name_maxlength)."""
LAST_SUFFIX = 9
BAD_NAME = frozenset(
    {
        "invalid_name",
        "invalid_name_maxlength",
        "invalid_name_punctuation",
        "invalid_name_required",
        "invalid_name_specials",
        "no_channel",
        "missing_argument",
    }
)
AT_ONCE = 100
"""People in one conversations.invite (its argument table)."""
ABOUT_ONE = frozenset(
    {
        "already_in_channel",
        "cant_invite",
        "cant_invite_self",
        "invitee_cant_see_channel",
        "no_external_invite_permission",
        "org_user_not_in_team",
        "ura_max_channels",
        "user_is_restricted",
        "user_not_found",
    }
)
"""Codes of conversations.invite that speak of a person, not of the call."""


async def open_room(context: EffectContext[OpenRoom]) -> ChannelCreated:
    """Create the channel, under another name where its own is taken; in doubt the one we made is found first."""
    incident = await context.incident()
    if context.outcome_unknown and (ours := await _ours(context, incident)):
        return ours
    for name in names(context.effect.name, incident):
        if name in context.deps.taken_names:
            continue
        try:
            answer = await context.call("conversations.create", name=name, is_private=context.effect.private)
        except SlackDeclined as refusal:
            if refusal.code not in BAD_NAME and refusal.code != "name_taken":
                raise
            if context.outcome_unknown and (ours := await _ours(context, incident)):
                return ours
            if len(context.deps.taken_names) > 1000:
                context.deps.taken_names.clear()
            context.deps.taken_names.add(name)
            continue
        return ChannelCreated(channel_id=answer["channel"]["id"], name=answer["channel"]["name"])
    context.deps.taken_names.clear()
    raise Rejected(
        "every channel name that was tried is taken (name_taken)",
        code="name_taken",
        advice="Rename old incident channels, or put {number} into workspace.channel_name in the policy.",
    )


async def rename_room(context: EffectContext[RenameRoom]) -> ChannelRenamed | None:
    """Name the channel after the title as it is now, under another name where its own is taken. Doing it twice changes nothing."""
    incident = await context.incident()
    if incident.room.channel_id is None:
        return None
    called = incident.room.channel_name
    if context.outcome_unknown:
        # Every renaming is a line in the channel, so in doubt its name is read first.
        called = (await context.call("conversations.info", channel=incident.room.channel_id))["channel"]["name"]
    for name in names(room_name(incident, context.deps.policy), incident):
        if name == called:
            return ChannelRenamed(name=name) if name != incident.room.channel_name else None
        try:
            answer = await context.call("conversations.rename", channel=incident.room.channel_id, name=name)
        except SlackDeclined as refusal:
            if refusal.code not in BAD_NAME and refusal.code != "name_taken":
                raise
            continue
        return ChannelRenamed(name=answer["channel"]["name"])
    raise Rejected(
        "every channel name that was tried is taken (name_taken)",
        code="name_taken",
        advice="Rename the channel by hand, or put {number} into workspace.channel_name in the policy.",
    )


def names(name: str, incident: Incident) -> Iterator[str]:
    """The names to try in turn: the wanted one, with -2 to -9, and two that no title can spoil."""
    yield name[:NAME_LIMIT]
    for number in range(2, LAST_SUFFIX + 1):
        suffix = f"-{number}"
        yield name[: NAME_LIMIT - len(suffix)] + suffix
    yield f"inc-{incident.number}"
    yield f"inc-{incident.number}-{incident.declared_at:%Y%m%d%H%M%S}"


async def _ours(context: EffectContext[OpenRoom], incident: Incident) -> ChannelCreated | None:
    """The channel an earlier try made: one of the names, created by the bot since then, of no other incident."""
    order = {name.casefold(): place for place, name in reversed(list(enumerate(names(context.effect.name, incident))))}
    since = (context.claim.created_at - SLACK_MAY_BE_BEHIND).timestamp()
    kind = "private_channel" if context.effect.private else "public_channel"
    found: list[Answer] = []
    async for channel in context.items("users.conversations", "channels", types=kind, exclude_archived=True):
        # A server that does not say who made a channel, or when, leaves the name and that no other incident has it.
        creator, created = channel.get("creator") or context.deps.bot_user_id, channel.get("created") or since
        made_by_us = creator == context.deps.bot_user_id and float(created) >= since
        if made_by_us and str(channel.get("name", "")).casefold() in order:
            found.append(channel)
    for channel in sorted(found, key=lambda channel: order[channel["name"].casefold()]):
        owner = await context.deps.store.incident_in(channel["id"])
        if owner is None or owner.id == incident.id:
            return ChannelCreated(channel_id=channel["id"], name=channel["name"])
    return None


async def invite(context: EffectContext[Invite]) -> PeopleAdded:
    """Bring people into the room. Those already there count as invited; the rest are named with the reason."""
    incident = await context.incident()
    if incident.room.channel_id is None:
        return PeopleAdded(people=())
    # Somebody may have left, or been removed, since the invitation was decided.
    people = [
        person
        for person in dict.fromkeys(context.effect.people)
        if person != context.deps.bot_user_id and not incident.kept_out(person)
    ]
    failed: dict[str, str] = {}
    for start in range(0, len(people), AT_ONCE):
        failed |= await _invite(context, incident.room.channel_id, people[start : start + AT_ONCE])
    context.deps.invited.pop(context.key, None)
    return PeopleAdded(
        people=tuple(person for person in people if person not in failed),
        failed=tuple((person, explain(failed[person], {})[0]) for person in people if person in failed),
    )


NOT_THERE = frozenset({"channel_not_found", "not_in_channel", "fetch_members_failed"})
"""Codes of conversations.members when the bot is not in the room, or the room is gone."""
KNOWN_FOR = timedelta(minutes=10)
"""How long what was known when a read began is compared with; a read of so many pages begins anew."""


async def read_room_members(context: EffectContext[ReadRoomMembers]) -> RoomMembers | None:
    """Everybody in the room. None when there is no room, or the bot is not in it."""
    incident, known = await context.incident(), context.deps.members
    if incident.room.channel_id is None:
        return None
    before, asked_at = known.get(context.key, (incident.participants, context.now))
    if context.now - asked_at > KNOWN_FOR:
        before, asked_at = incident.participants, context.now
    # Several tries may read one list, page by page: people are compared with what was known before the first page.
    known[context.key] = before, asked_at
    found: list[str] = []
    try:
        async for person in context.items("conversations.members", "members", channel=incident.room.channel_id):
            found.append(str(person))
    except SlackDeclined as refusal:
        known.pop(context.key, None)
        if refusal.code not in NOT_THERE:
            raise
        log.info("who is in the room cannot be read", code=refusal.code)
        return None
    known.pop(context.key, None)
    people = tuple(person for person in dict.fromkeys(found) if person != context.deps.bot_user_id)
    return RoomMembers(people=people, before=before, asked_at=asked_at)


async def _invite(context: EffectContext[Invite], channel: str, people: list[str]) -> dict[str, str]:
    """Slack's code for everybody who could not be invited."""
    if not context.deps.invited.get(context.key, {}).keys().isdisjoint(people):
        # To ask for all again would use up the call that the budget allows, each time, and reach nobody.
        return await _one_by_one(context, channel, people)
    try:
        answer = await context.call("conversations.invite", channel=channel, users=",".join(people), force=True)
    except SlackDeclined as refusal:
        if not _about_people(refusal):
            raise
        context.deps.invited.setdefault(context.key, {}).update(dict.fromkeys(people))
        return await _one_by_one(context, channel, people)
    return _failures(answer)


async def _one_by_one(context: EffectContext[Invite], channel: str, people: list[str]) -> dict[str, str]:
    # A server that knows no `force` refuses all for one. What is done is remembered: the budget may end this.
    done = context.deps.invited[context.key]
    for person in people:
        if done.get(person) is not None:
            continue
        try:
            answer = await context.call("conversations.invite", channel=channel, users=person)
            done[person] = _failures(answer).get(person, "")
        except SlackDeclined as refusal:
            if not _about_people(refusal):
                raise
            done[person] = "" if refusal.code in HARMLESS else refusal.code
    return {person: code for person, code in done.items() if code and person in people}


HARMLESS = frozenset({"already_in_channel", "cant_invite_self"})


def _about_people(refusal: SlackDeclined) -> bool:
    return refusal.code in ABOUT_ONE or bool(_failures(refusal.answer))


def _failures(answer: Mapping[str, Any]) -> dict[str, str]:
    errors: list[Answer] = answer.get("errors") or []
    return {
        error["user"]: str(error.get("error") or "cant_invite")
        for error in errors
        if error.get("user") and error.get("error") not in HARMLESS
    }


async def pin_card(context: EffectContext[PinCard]) -> None:
    """Pin the card; one that is pinned already, or that is gone, needs nothing."""
    incident = await context.incident()
    if incident.room.channel_id is None or incident.room.card_ts is None:
        return
    try:
        await context.call("pins.add", channel=incident.room.channel_id, timestamp=incident.room.card_ts)
    except SlackDeclined as refusal:
        if refusal.code not in ("already_pinned", "message_not_found"):
            raise


async def set_topic(context: EffectContext[SetTopic]) -> None:
    """Set the topic from the state as it is now. Every call posts a line in the room, so in doubt it is read first."""
    await _describe(context, "topic", "conversations.setTopic", topic)


async def set_purpose(context: EffectContext[SetPurpose]) -> None:
    """Set the purpose."""
    await _describe(context, "purpose", "conversations.setPurpose", purpose)


async def _describe(
    context: EffectContext[SetTopic | SetPurpose], what: str, method: str, words: Callable[[IncidentView], str]
) -> None:
    incident = await context.incident()
    channel = incident.room.channel_id
    if channel is None:
        return
    wanted = words(await context.view(incident))
    if context.outcome_unknown:
        answer = await context.call("conversations.info", channel=channel)
        value = (answer["channel"].get(what) or {}).get("value") or ""
        # Slack keeps &, < and > encoded.
        if unescape(value) == unescape(wanted):
            return
    await context.call(method, channel=channel, **{what: wanted})


async def add_bookmark(context: EffectContext[AddBookmark]) -> None:
    """Add the link. Slack keeps duplicates, so in doubt the list is read first."""
    incident = await context.incident()
    if incident.room.channel_id is None:
        return
    if context.outcome_unknown:
        answer = await context.call("bookmarks.list", channel_id=incident.room.channel_id)
        if any(unescape(known.get("link") or "") == context.effect.url for known in answer.get("bookmarks") or []):
            return
    await context.call(
        "bookmarks.add",
        channel_id=incident.room.channel_id,
        title=context.effect.title,
        type="link",
        link=context.effect.url,
        emoji=context.effect.emoji,
    )
