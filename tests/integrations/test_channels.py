"""The policy names channels as people do; Slack wants ids."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from integrations.slack.channels import ChannelBook
from integrations.slack.failures import SlackDeclined
from integrations.slack.rate_limits import Budget, RateLimitedClient
from tests.clock import ManualClock
from warroom.errors import Rejected, Retryable

Page = tuple[str, ...]


class Lists(RateLimitedClient):
    """A workspace whose public channels come in pages, and so do the `own` ones that the bot is in."""

    def __init__(self, *pages: Page, own: tuple[Page, ...] = ()) -> None:
        super().__init__(AsyncWebClient(), Budget(ManualClock()))
        self.own, self.pages = own, pages
        self.calls_left: int | None = None
        self.refusal: Rejected | Retryable | None = None
        self.asked: list[str] = []

    async def call(self, method: str, **args: Any) -> dict[str, Any]:
        self.asked.append(method)
        if self.refusal is not None:
            raise self.refusal
        if self.calls_left is not None:
            if self.calls_left == 0:
                raise Retryable("waits for its turn", after=3)
            self.calls_left -= 1
        place = int(args.get("cursor") or 0)
        pages = self.own if method == "users.conversations" else self.pages
        names = pages[place] if pages else ()
        more = place + 1 < len(pages)
        return {
            "channels": [{"name": name, "id": f"C{name.upper()}"} for name in names],
            "response_metadata": {"next_cursor": str(place + 1) if more else ""},
        }


async def test_an_id_is_taken_as_it_is_and_nothing_is_asked(clock: ManualClock) -> None:
    slack = Lists(())
    assert await ChannelBook(clock).find("C0123ABCD", slack) == "C0123ABCD"
    assert slack.asked == []


@pytest.mark.parametrize("name", ["#incidents", "incidents", " #Incidents "])
async def test_a_name_is_found_with_or_without_the_hash(clock: ManualClock, name: str) -> None:
    assert await ChannelBook(clock).find(name, Lists(("incidents",))) == "CINCIDENTS"


async def test_a_private_channel_the_bot_is_in_is_found_without_reading_the_long_list(clock: ManualClock) -> None:
    slack = Lists(("general",), own=(("secret",),))
    assert await ChannelBook(clock).find("#secret", slack) == "CSECRET"
    assert slack.asked == ["users.conversations"]


async def test_a_page_may_be_empty_before_the_end(clock: ManualClock) -> None:
    slack, book = Lists(("a",), (), ("incidents",)), ChannelBook(clock)
    assert await book.find("#incidents", slack) == "CINCIDENTS"
    asked = len(slack.asked)
    assert await book.find("#a", slack) == "CA"
    assert len(slack.asked) == asked, "what was read is remembered"


async def test_a_channel_that_is_not_there_is_said_once_a_minute_and_found_when_somebody_made_it(
    clock: ManualClock,
) -> None:
    slack, book = Lists(("general",)), ChannelBook(clock)
    for _ in range(2):
        with pytest.raises(Rejected, match="no channel #incidents") as told:
            await book.find("#incidents", slack)
    assert "correct its name in the policy" in told.value.advice
    assert slack.asked.count("conversations.list") == 1
    slack.pages = (("general", "incidents"),)
    clock.advance(61)
    assert await book.find("#incidents", slack) == "CINCIDENTS"


async def test_where_the_app_may_not_list_channels_slack_is_given_the_name(clock: ManualClock) -> None:
    slack = Lists(())
    slack.refusal = SlackDeclined("no", code="missing_scope", advice="", answer={})
    assert await ChannelBook(clock).find("Incidents", slack) == "#incidents"


async def test_why_a_name_has_no_id_is_known_until_the_list_can_be_read_again(clock: ManualClock) -> None:
    slack, book = Lists(("incidents",)), ChannelBook(clock)
    slack.refusal = lacks = SlackDeclined("no", code="missing_scope", advice="Reinstall.", answer={})
    name = await book.find("incidents", slack)
    assert book.why_unknown(name) is lacks
    assert book.why_unknown("U0123ABCD") is None, "a person is no channel that could not be found"
    slack.refusal = None
    assert book.why_unknown(await book.find("incidents", slack)) is None


async def test_without_the_permission_for_private_channels_public_ones_are_found(clock: ManualClock) -> None:
    class OnlyPublic(Lists):
        async def call(self, method: str, **args: Any) -> dict[str, Any]:
            if method == "users.conversations":
                raise SlackDeclined("lacks groups:read", code="missing_scope", advice="Reinstall.", answer={})
            return await super().call(method, **args)

    slack, book = OnlyPublic(("incidents",)), ChannelBook(clock)
    assert await book.find("#incidents", slack) == "CINCIDENTS"
    with pytest.raises(Rejected, match="lacks groups:read") as told:
        await book.find("#secret", slack)
    assert (told.value.code, told.value.advice) == ("missing_scope", "Reinstall.")


async def test_a_long_list_is_read_on_where_it_was_left(clock: ManualClock) -> None:
    slack, book = Lists(("a",), ("b",)), ChannelBook(clock)
    assert await book.find("a", slack) == "CA"
    slack.refusal = Retryable("wait", after=3)
    with pytest.raises(Retryable):
        await book.find("b", slack)
    slack.refusal = None
    slack.asked.clear()
    assert await book.find("b", slack) == "CB"
    assert slack.asked == ["conversations.list"]


async def test_an_id_that_stopped_working_is_looked_up_anew(clock: ManualClock) -> None:
    slack, book = Lists(("incidents",)), ChannelBook(clock)
    channel = await book.find("incidents", slack)
    book.forget(channel)
    slack.asked.clear()
    assert await book.find("incidents", slack) == channel
    assert "conversations.list" in slack.asked


async def test_a_bot_in_more_channels_than_the_budget_reads_at_once_finds_the_one_it_needs(clock: ManualClock) -> None:
    slack, book = Lists(("incidents",), own=(("a",), ("b",), ("c",), ("d",))), ChannelBook(clock)
    for _ in range(4):
        slack.calls_left = 1
        with pytest.raises(Retryable):
            await book.find("incidents", slack)
    slack.calls_left = 1
    assert await book.find("incidents", slack) == "CINCIDENTS"


async def test_a_private_channel_that_the_bot_was_invited_to_later_is_found(clock: ManualClock) -> None:
    slack, book = Lists(("general",), own=(("first",),)), ChannelBook(clock)
    assert await book.find("first", slack) == "CFIRST"
    slack.own = (("first", "second"),)
    assert await book.find("second", slack) == "CSECOND"
