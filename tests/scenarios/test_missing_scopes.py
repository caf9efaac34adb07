"""A permission of the app is taken away while the bot runs: what it cannot do is said with the permission and the next step."""

from __future__ import annotations

import pytest

from tests.scenarios.conftest import WarRoom

REINSTALL = "Paste manifest.yml into the Slack app"


def said(room: WarRoom, number: int = 1) -> list[str]:
    """What stands in the incident's channel."""
    found = next(each for each in room.slack.channels() if each.name.startswith(f"inc-{number}-"))
    return [message.plain() for message in found.messages_by_bot()]


@pytest.mark.parametrize("scope", ["channels:read", "groups:read", "channels:join"])
async def test_a_channel_that_cannot_be_reached_without_a_permission_names_the_permission(
    room: WarRoom, scope: str
) -> None:
    room.slack.workspace.app.scopes.discard(scope)
    await room.declare("ada", "checkout returns 500s --sev 1")
    wrong = [text for text in said(room) if text.startswith("⚠️")]
    assert not any("/invite @" in text for text in wrong), "to invite the bot would not help"
    if scope == "groups:read":
        assert wrong == [], "the channels are public, and those can still be found"
        return
    assert any(scope in text and REINSTALL in text for text in wrong)
    assert all("missing_scope" in text for text in wrong)


async def test_without_the_permission_to_write_nothing_loops_and_the_dead_letters_name_it(room: WarRoom) -> None:
    room.slack.workspace.app.scopes.discard("chat:write")
    await room.declare("ada", "checkout returns 500s --sev 1")
    dead_letters = await room.bot.store.dead_letters()
    assert {"show_card", "announce"} <= {each.kind for each in dead_letters}
    assert all("chat:write" in each.error for each in dead_letters)
    assert (await room.bot.store.store_stats()).waiting == 0
