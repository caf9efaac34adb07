"""Which channel a name means. The policy names channels as people do; Slack wants ids."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime, timedelta

from integrations.slack.failures import SlackDeclined
from integrations.slack.rate_limits import PAGE, RateLimitedClient, next_cursor
from warroom.errors import Rejected
from warroom.ports import Clock

ID = re.compile(r"[CGD][A-Z0-9]{7,}")
FRESH = timedelta(minutes=1)
"""A list that ended so recently is not read again for a name that was not in it."""
CANNOT_LIST = frozenset({"missing_scope", "no_permission", "access_denied", "team_access_not_granted"})


class ChannelBook:
    """Channel names and their ids, learned from Slack's lists as they are needed and kept in memory."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ids: dict[str, str] = {}
        self._cursor: str | None = None
        self._own_cursor: str | None = None
        self._own_read = False
        self._read_at: datetime | None = None
        self._refusal: SlackDeclined | None = None
        self._one_reads = asyncio.Lock()

    def why_unknown(self, channel: str) -> SlackDeclined | None:
        """Why `find` returned that name and no id: Slack's refusal of the list. None for an id, of a person too."""
        return self._refusal if channel.startswith("#") else None

    async def find(self, name: str, line: RateLimitedClient) -> str:
        """The id of a channel named with or without #; the name itself where Slack does not let the app list channels.

        Raises Retryable (a long list is read on where it was left), and Rejected when there is no such channel, or when the app
        lacks the permission to see it.
        """
        wanted = name.strip().lstrip("#")
        if ID.fullmatch(wanted):
            return wanted
        wanted = wanted.casefold()
        if wanted not in self._ids:
            try:
                async with self._one_reads:
                    await self._read(wanted, line)
            except SlackDeclined as refusal:
                self._cursor, self._own_cursor, self._own_read = None, None, False
                if refusal.code not in CANNOT_LIST:
                    raise
                self._refusal = refusal
                return f"#{wanted}"
        if wanted not in self._ids:
            if self._refusal is not None and self._refusal.code == "missing_scope":
                # It may be a private channel in which the bot is: that list could not be read.
                raise Rejected(
                    f"whether there is a channel #{wanted} cannot be seen: {self._refusal}",
                    code="missing_scope",
                    advice=self._refusal.advice,
                )
            raise Rejected(
                f"there is no channel #{wanted} that the bot can see (channel_not_found)",
                code="channel_not_found",
                advice=f"Create #{wanted} or correct its name in the policy; if it is private, invite the bot to it.",
            )
        return self._ids[wanted]

    def forget(self, channel_id: str) -> None:
        """That id does not work any more; the name is looked up anew."""
        self._ids = {name: known for name, known in self._ids.items() if known != channel_id}
        self._read_at = None

    async def _read(self, wanted: str, line: RateLimitedClient) -> None:
        now = self._clock.now()
        if wanted in self._ids or (self._read_at is not None and now - self._read_at < FRESH):
            return
        if self._cursor is None:
            refusal = await self._read_own_if_allowed(line)
            if refusal is None or self._refusal is None:
                self._refusal = refusal
        while wanted not in self._ids:
            page = await line.call(
                "conversations.list", types="public_channel", exclude_archived=True, limit=PAGE, cursor=self._cursor
            )
            self._apply_result(page.get("channels") or [])
            self._cursor = next_cursor(page)
            if self._cursor is None:
                self._read_at = now
                break
        self._own_read = False

    async def _read_own_if_allowed(self, line: RateLimitedClient) -> SlackDeclined | None:
        """Why it could not be read: that list needs a permission for public and one for private channels. Public ones may be
        seen all the same.
        """
        try:
            await self._read_own(line)
        except SlackDeclined as refusal:
            if refusal.code != "missing_scope":
                raise
            self._own_cursor = None
            return refusal
        return None

    async def _read_own(self, line: RateLimitedClient) -> None:
        # The channels the bot is in: a short list that holds most names the policy has, private ones too.
        while not self._own_read:
            page = await line.call(
                "users.conversations",
                types="public_channel,private_channel",
                exclude_archived=True,
                limit=PAGE,
                cursor=self._own_cursor,
            )
            self._apply_result(page.get("channels") or [])
            self._own_cursor = next_cursor(page)
            self._own_read = self._own_cursor is None

    def _apply_result(self, channels: list[dict[str, str]]) -> None:
        self._ids |= {channel["name"].casefold(): channel["id"] for channel in channels if channel.get("name")}
