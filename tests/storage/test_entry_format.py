"""Timeline entries of earlier releases are events now."""

from __future__ import annotations

from typing import Any

import pytest

from storage import codec
from storage.errors import DatabaseFromTheFuture
from warroom.incident import events
from warroom.incident.events import Event
from warroom.incident.timeline import Entry

WRITTEN: list[tuple[str, str, Event]] = [
    ("declared", "checkout fails", events.Declared(title="checkout fails")),
    ("room opened", "#inc-1", events.RoomOpened(name="inc-1")),
    ("paged", "level 1 (@sre)", events.Recorded(what="paged", text="level 1 (@sre)")),
    ("escalated", "level 2 (Grace): help", events.Recorded(what="escalated", text="level 2 (Grace): help")),
    ("acknowledgement overdue", "", events.AcknowledgementOverdue()),
    ("acknowledged", "", events.Acknowledged()),
    ("update", "rolling back", events.UpdatePosted(text="rolling back")),
    ("update missed", "", events.UpdateMissed()),
    ("snoozed", "", events.Snoozed()),
    ("severity changed", "SEV-3 to SEV-1", events.SeverityChanged(before="SEV-3", after="SEV-1")),
    (
        "severity changed",
        "SEV-3 to SEV-1, because of 5xx to high",
        events.SeverityChanged(before="SEV-3", after="SEV-1", why="5xx to high"),
    ),
    ("severity changed", "a to b to c", events.Recorded(what="severity changed", text="a to b to c")),
    ("role assigned", "comms lead: <@UADA>", events.RoleAssigned(role="comms lead", person="UADA")),
    ("invited", "<@UADA>, <@UBEN>", events.PeopleInvited(invited=("UADA", "UBEN"))),
    ("mitigated", "", events.Mitigated()),
    ("resolved", "rolled back", events.Resolved(summary="rolled back")),
    ("reopened", "", events.Reopened()),
    ("cancelled", "a test", events.Cancelled(why="a test")),
    ("closed", "", events.Closed()),
    ("alert", "5xx", events.AlertAttached(title="5xx")),
    ("alert", "5xx (again)", events.AlertFired(title="5xx")),
    ("alert recovered", "5xx", events.AlertRecovered(title="5xx")),
    ("monitor muted", "monitor 42", events.Recorded(what="monitor muted", text="monitor 42")),
    ("note", "deployed", events.NoteAdded(text="deployed")),
    ("pinned message", "it was DNS", events.MessagePinned(text="it was DNS")),
    ("action item", "add a test", events.ActionAdded(text="add a test")),
    ("post-mortem", "draft written", events.PostmortemDrafted()),
    ("post-mortem", "edited", events.PostmortemEdited()),
    ("post-mortem", "published", events.PostmortemPublished()),
    ("post-mortem", "late", events.PostmortemLate()),
    ("problem", "The card could not be pinned", events.Recorded(what="problem", text="The card could not be pinned")),
    ("something else", "?", events.Recorded(what="something else", text="?")),
]


def body(**fields: Any) -> dict[str, Any]:
    """An entry as it is stored."""
    return {"incident_id": "inc-1", "key": "k", "at": "2026-11-21T03:00:00Z", "by": "UADA", "link": None} | fields


@pytest.mark.parametrize(("what", "text", "event"), WRITTEN)
def test_what_format_1_said_in_words_is_an_event(what: str, text: str, event: Event) -> None:
    entry = codec.from_body(Entry, body(v=1, what=what, text=text))
    assert (entry.event, entry.by, entry.model_extra) == (event, "UADA", {})
    assert codec.from_body(Entry, codec.to_body(entry)) == entry


def test_an_event_of_a_newer_release_asks_for_that_release() -> None:
    with pytest.raises(DatabaseFromTheFuture, match="'flew_away'"):
        codec.from_body(Entry, body(v=2, event={"kind": "flew_away"}))
