"""What could not be used is kept with its full body, within bounds, and how far channels were read never goes back."""

from __future__ import annotations

import pytest

from storage import Database
from tests.storage.values import NOW, after, alert, put
from warroom.alerts.quarantine import MOST, over_limit
from warroom.outbox.changes import AlertDecision, AlertOutcome, Quarantined, ReadCursor


def kept(name: str, body: bytes = b'{"a', **said: object) -> Quarantined:
    """A body that cannot be used."""
    usual: dict[str, object] = {
        "id": name,
        "received_at": NOW,
        "source": "webhook",
        "content_type": "application/json",
        "reason": "The body is not JSON",
        "body": body,
    }
    return Quarantined.model_validate(usual | said)


async def test_it_is_kept_whole_and_once(store: Database) -> None:
    first = kept("a", b"\xff\x00\xfe{" * 1000, reason="not UTF-8 \u00fc")
    await put(store, quarantined=(first,))
    await put(store, quarantined=(kept("b"), kept("a", reason="another reason")))
    assert await store.quarantined() == [kept("b"), first]
    assert await store.quarantined(limit=1) == [kept("b")]
    assert await store.quarantined_as("a") == first
    assert await store.quarantined_as("c") is None


async def test_hostile_words_about_it_do_no_harm(store: Database) -> None:
    await put(store, quarantined=(kept("a", content_type="text/\x00\ud800", reason="see \x00"),))
    [found] = await store.quarantined()
    assert (found.content_type, found.reason) == ("text/\ufffd\ufffd", "see \ufffd")


async def test_it_leaves_together_with_what_became_of_it(store: Database) -> None:
    await put(store, quarantined=(kept("a"), kept("b")))
    await put(store, released=("a", "unknown"), received=(alert("d"),))
    assert [each.id for each in await store.quarantined()] == ["b"]
    assert len(await store.pending_alerts(9)) == 1
    assert await put(store, released=("b",), received=(alert("d"),)) is False
    assert [each.id for each in await store.quarantined()] == ["b"]


async def test_the_oldest_go_when_there_are_too_many(store: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    await put(store, quarantined=tuple(kept(str(number)) for number in range(MOST + 3)))
    found = await store.quarantined(limit=5000)
    assert len(found) == MOST
    assert found[-1].id == "3"


def test_the_oldest_go_when_they_are_too_large() -> None:
    assert over_limit([("new", 40), ("middle", 60), ("old", 1)], most=10, most_bytes=100) == ["old"]
    assert over_limit([("new", 1), ("old", 1)], most=1) == ["old"]


async def test_it_is_purged_with_everything_else_that_is_over(store: Database) -> None:
    await put(store, quarantined=(kept("a"), kept("b", received_at=after(10))))
    assert await store.purge(after(5)) == 1
    assert [each.id for each in await store.quarantined()] == ["b"]


async def test_a_position_moves_only_forward(store: Database) -> None:
    await put(store, read_cursors=(ReadCursor(channel_id="C2", name="#ops", ts="1700000002.000000"),))
    await put(store, read_cursors=(ReadCursor(channel_id="C1", name="#alerts", ts="1700000001.000000"),))
    await put(store, read_cursors=(ReadCursor(channel_id="C2", name="#ops", ts="1700000001.999999"),))
    await put(store, read_cursors=(ReadCursor(channel_id="C1", name="#alerts", ts="1700000009.000001"),))
    assert [(each.channel_id, each.ts) for each in await store.read_cursors()] == [
        ("C1", "1700000009.000001"),
        ("C2", "1700000002.000000"),
    ]


async def test_the_last_alerts_are_shown_with_what_became_of_them(store: Database) -> None:
    await put(store, received=(alert("a"), alert("b")))
    decided = AlertDecision(delivery_id="a", outcome=AlertOutcome.DROPPED, rule="quiet", why="rule “quiet”")
    await put(store, alert_decisions=(decided,))
    found = await store.alerts()
    assert [(each.alert.delivery_id, what) for each, what in found] == [("b", None), ("a", decided)]
    assert len(await store.alerts(limit=1)) == 1
