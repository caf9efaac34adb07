"""A picture that Slack cannot fetch costs the picture, never the card."""

from __future__ import annotations

from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from blocks.kit import Card
from integrations.slack.channels import ChannelBook
from integrations.slack.failures import SlackDeclined
from integrations.slack.performers.performer import EffectContext, PerformerDeps
from integrations.slack.performers.posts import say
from integrations.slack.rate_limits import Budget, RateLimitedClient
from tests.clock import NIGHT, ManualClock
from tests.stores import fresh_store
from warroom.outbox.changes import Claim
from warroom.outbox.effects import ShowCard
from warroom.policy import Policy

PICTURE = {"type": "image", "image_url": "https://p.example.com/1.png", "alt_text": "errors"}
WORDS = {"type": "section", "text": {"type": "mrkdwn", "text": "checkout returns 500s"}}


class NoPictures(RateLimitedClient):
    """A Slack that cannot download anything."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__(AsyncWebClient(), Budget(clock))
        self.asked: list[list[str]] = []

    async def call(self, method: str, **args: Any) -> dict[str, Any]:
        kinds = [block["type"] for block in args["blocks"]]
        self.asked.append(kinds)
        if "image" in kinds:
            raise SlackDeclined("invalid_blocks", code="invalid_blocks", advice="", answer={})
        return {"channel": args["channel"], "ts": "1.1"}


async def test_the_card_goes_without_the_picture_at_once_and_from_then_on() -> None:
    clock = ManualClock()
    async with fresh_store() as store:
        slack = NoPictures(clock)
        deps = PerformerDeps(slack.client, store, Policy(), clock, Budget(clock), ChannelBook(clock), "UBOT")
        effect = ShowCard(key="i1:card", incident_id="i1")
        claim = Claim(
            key=effect.key,
            fence=1,
            rev=1,
            attempts=1,
            outcome_unknown=False,
            created_at=NIGHT,
            due_at=NIGHT,
            incident_id="i1",
        )
        act = EffectContext(claim, effect, deps, slack)
        for _ in range(2):
            assert await say(act, "C1", Card("checkout", [dict(WORDS), dict(PICTURE)])) == ("C1", "1.1")
        assert slack.asked == [["section", "image"], ["section"], ["section"]]
