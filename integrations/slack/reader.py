"""What is read from Slack: messages, and people and user groups as the directory's values."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from integrations.slack.client import Answer
from integrations.slack.failures import SlackDeclined
from integrations.slack.rate_limits import Budget, RateLimitedClient
from warroom.people.model import Group, Person
from warroom.ports import Message

UNSEEN = frozenset({"channel_not_found", "not_in_channel", "thread_not_found", "message_not_found", "is_archived"})
"""Codes that mean there is nothing for the bot to see."""
UNKNOWN = frozenset({"user_not_found", "users_not_found", "user_not_visible"})
PRIORITY = 0
"""A person waits for the answer."""


class Reader:
    """Implements `warroom.ports.Rooms`, and looks single people up while the directory is not complete."""

    def __init__(self, client: AsyncWebClient, budget: Budget) -> None:
        self._line = RateLimitedClient(client, budget, PRIORITY)

    async def message(self, channel_id: str, ts: str) -> Message | None:
        """The message, in a thread or not; None when it is gone or cannot be seen. Raises Retryable or Rejected."""
        found = await self._in_channel(channel_id, ts) or await self._in_thread(channel_id, ts)
        if found is None:
            return None
        return Message(
            ts=ts,
            user=found.get("user"),
            text=found.get("text") or "",
            permalink=await self.permalink(channel_id, ts),
        )

    async def permalink(self, channel_id: str, ts: str) -> str | None:
        """The address of a message, None when it is gone or cannot be seen. Raises Retryable or Rejected."""
        answer = await _unless(UNSEEN, self._line.call("chat.getPermalink", channel=channel_id, message_ts=ts))
        return answer.get("permalink") if answer else None

    async def lookup_person(self, user_id: str) -> Person | None:
        """A person by id, None when there is none. Raises Retryable or Rejected."""
        answer = await _unless(UNKNOWN, self._line.call("users.info", user=user_id))
        return person_from(answer["user"]) if answer else None

    async def lookup_email(self, email: str) -> Person | None:
        """A person by email, None when there is none. Raises Retryable or Rejected."""
        answer = await _unless(UNKNOWN, self._line.call("users.lookupByEmail", email=email))
        return person_from(answer["user"]) if answer else None

    async def lookup_groups(self) -> tuple[Group, ...]:
        """All user groups. Raises Retryable or Rejected."""
        return await groups_of(self._line)

    async def _in_channel(self, channel_id: str, ts: str) -> dict[str, Any] | None:
        asked = self._line.call("conversations.history", channel=channel_id, latest=ts, inclusive=True, limit=1)
        return _with_ts(await _unless(UNSEEN, asked), ts)

    async def _in_thread(self, channel_id: str, ts: str) -> dict[str, Any] | None:
        asked = self._line.call(
            "conversations.replies", channel=channel_id, ts=ts, oldest=ts, latest=ts, inclusive=True, limit=2
        )
        return _with_ts(await _unless(UNSEEN, asked), ts)


async def _unless(codes: frozenset[str], asked: Awaitable[Answer]) -> Answer | None:
    try:
        return await asked
    except SlackDeclined as refusal:
        if refusal.code in codes:
            return None
        raise


def _with_ts(answer: Answer | None, ts: str) -> dict[str, Any] | None:
    messages = (answer or {}).get("messages") or []
    return next((message for message in messages if message.get("ts") == ts), None)


log = structlog.get_logger(__name__)

NO_GROUPS = frozenset({"plan_upgrade_required", "missing_scope", "not_allowed_token_type"})
"""Codes that mean the workspace has no user groups for us; people are found without them."""
SLACKBOT = "USLACKBOT"
"""Slack's own bot, which does not say that it is one."""


def person_from(user: dict[str, Any]) -> Person:
    """The person behind a `user` object of users.list, users.info, team_join or user_change."""
    profile = user.get("profile") or {}
    return Person(
        id=user["id"],
        name=user.get("name") or "",
        real_name=profile.get("real_name") or user.get("real_name") or "",
        display_name=profile.get("display_name") or "",
        email=profile.get("email") or None,
        deleted=bool(user.get("deleted")),
        is_bot=bool(user.get("is_bot")) or bool(user.get("is_workflow_bot")) or user["id"] == SLACKBOT,
        is_guest=bool(user.get("is_restricted")) or bool(user.get("is_ultra_restricted")),
        tz=user.get("tz") or None,
    )


def group_from(usergroup: dict[str, Any]) -> Group:
    """The group behind a `usergroup` of usergroups.list or a `subteam` of an event."""
    return Group(
        id=usergroup["id"],
        handle=usergroup.get("handle") or "",
        name=usergroup.get("name") or "",
        members=tuple(usergroup.get("users") or ()),
        disabled=bool(usergroup.get("date_delete")),
    )


async def groups_of(line: RateLimitedClient) -> tuple[Group, ...]:
    """Every user group with its members; none where the workspace has no such thing. Raises Retryable or Rejected."""
    try:
        answer = await line.call("usergroups.list", include_users=True, include_disabled=True)
    except SlackDeclined as refusal:
        if refusal.code not in NO_GROUPS:
            raise
        log.info("user groups are not read", why=str(refusal), advice=refusal.advice)
        return ()
    return tuple(group_from(group) for group in answer.get("usergroups") or [])
