"""Reading the alert channels from a Slack that refuses a part."""

from __future__ import annotations

from integrations.slack.performers.alert_channels import read_alert_channels
from tests.alert_sources import SOURCES
from tests.clock import NIGHT
from tests.integrations.test_rooms import Answer, ScriptedSlackClient, act, no
from tests.integrations.test_rooms import store as store
from warroom.outbox.effects import ReadAlertChannels
from warroom.policy import check
from warroom.ports import Store

CHANNEL = "C0ALERTS"
SENT = NIGHT.timestamp()


def alert(seconds: int, **more: object) -> Answer:
    """A message of Datadog's Slack app, so many seconds into the night."""
    link = f"https://app.datadoghq.eu/monitors/{700 + seconds}?event_id={9_000_000_000_000_000_000 + seconds}"
    said = {"title": "Triggered: Errors", "title_link": link, "text": ""}
    by = {"bot_id": "B1", "app_id": "ADATADOG", "bot_profile": {"name": "Datadog"}, "subtype": "bot_message"}
    return by | {"type": "message", "ts": f"{SENT + seconds:.6f}", "attachments": [said], **more}


async def test_a_thread_that_is_refused_keeps_nothing_of_the_channel_away(store: Store) -> None:
    with_reply = alert(1, thread_ts=f"{SENT + 1:.6f}", reply_count=1, latest_reply=f"{SENT + 9:.6f}")
    slack = ScriptedSlackClient(
        conversations_history=lambda args: {"ok": True, "messages": [] if "latest" in args else [alert(2), with_reply]},
        conversations_replies=lambda _: no("missing_scope"),
    )
    reading = act(ReadAlertChannels(key="read"), slack, store)
    reading.deps.message_readers = SOURCES.message_readers
    checked = check({"workspace": {"alert_channels": [CHANNEL]}})
    assert checked.policy is not None
    reading.deps.policy = checked.policy
    await read_alert_channels(reading)
    assert "conversations.replies" in slack.methods()
    assert len(await store.pending_alerts(10)) == 2
    assert [each.ts for each in await store.read_cursors()] == [f"{SENT + 2:.6f}"]
