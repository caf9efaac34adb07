"""Which function performs which effect, and what holds for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from integrations.slack.channels import ChannelBook
from integrations.slack.performers import (
    alert_channels,
    canvas,
    charts,
    direct,
    directory,
    documents,
    overrides,
    posts,
    private_replies,
    rooms,
)
from integrations.slack.performers.context import EffectContext, Menu, PerformerDeps, no_menu
from integrations.slack.rate_limits import Budget, RateLimitedClient
from warroom.alerts.app_messages import MessageReader
from warroom.errors import Rejected, Retryable
from warroom.outbox.changes import Claim
from warroom.outbox.effects import Effect
from warroom.outbox.results import EffectResult
from warroom.people.resolution import Directory
from warroom.policy import Policy
from warroom.ports import Clock, Store

LONGEST = 13.0
"""Seconds one performing may take: less than the lease of the claim, so that nobody else begins meanwhile."""

PERFORMERS: Mapping[str, Callable[[EffectContext[Any]], Awaitable[EffectResult | None]]] = {
    "open_room": rooms.open_room,
    "rename_room": rooms.rename_room,
    "invite": rooms.invite,
    "show_card": posts.show_card,
    "announce": posts.announce,
    "tell_team": posts.tell_team,
    "tell_everybody": posts.tell_everybody,
    "post": posts.post,
    "withdraw": posts.withdraw,
    "send_direct": direct.send_direct,
    "redraw_direct": direct.redraw_direct,
    "reply_to_source": direct.reply_to_source,
    "pin_card": rooms.pin_card,
    "set_topic": rooms.set_topic,
    "set_purpose": rooms.set_purpose,
    "add_bookmark": rooms.add_bookmark,
    "private_reply": private_replies.private_reply,
    "share_document": documents.share_document,
    "share_canvas": canvas.share_canvas,
    "share_picture": charts.share_picture,
    "send_chart": charts.send_chart,
    "post_review": charts.post_review,
    "publish_home": private_replies.publish_home,
    "show_override": overrides.show_override,
    "sync_directory": directory.sync_directory,
    "read_room_members": rooms.read_room_members,
    "read_alert_channels": alert_channels.read_alert_channels,
}
"""By effect kind."""


class SlackPerformer:
    """Performs effects in Slack. What may have happened before (`outcome_unknown`) is looked for before it is done again."""

    def __init__(
        self,
        *,
        client: AsyncWebClient,
        store: Store,
        policy: Policy,
        clock: Clock,
        budget: Budget,
        channels: ChannelBook,
        bot_user_id: str,
        menu: Menu = no_menu,
        message_readers: Sequence[MessageReader] = (),
        directory: Directory | None = None,
    ) -> None:
        self._deps = PerformerDeps(
            client,
            store,
            policy,
            clock,
            budget,
            channels,
            bot_user_id,
            menu=menu,
            message_readers=message_readers,
            directory=directory,
        )

    async def perform(self, claim: Claim, effect: Effect) -> EffectResult | None:
        """What Slack answered, None when there is nothing to remember. Raises Retryable or Rejected."""
        performer = PERFORMERS.get(effect.kind)
        if performer is None:
            raise Rejected(f"Slack cannot do {effect.kind}", code="no_performer", advice="This is a fault in Warroom.")
        until = self._deps.clock.now() + timedelta(seconds=LONGEST)

        def over() -> bool:
            # By the wall clock: the steady one, which asyncio.timeout follows, may stand still while a machine sleeps.
            return self._deps.clock.now() > until

        line = RateLimitedClient(self._deps.client, self._deps.budget, effect.priority, over)
        try:
            async with asyncio.timeout(LONGEST):
                return await performer(EffectContext(claim, effect, self._deps, line))
        except TimeoutError as error:
            raise Retryable(f"{effect.kind} took longer than {LONGEST:g} s", outcome_unknown=True) from error
