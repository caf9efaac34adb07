"""Slack's people and user groups as the directory's values."""

from __future__ import annotations

from typing import Any

import structlog

from integrations.slack.failures import SlackDeclined
from integrations.slack.rate_limited import RateLimitedClient
from warroom.people.model import Group, Person

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
        title=profile.get("title") or "",
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
