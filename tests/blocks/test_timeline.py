"""Every event has words."""

from __future__ import annotations

from typing import get_args

from syrupy.assertion import SnapshotAssertion

from blocks.timeline import failed_effect, words
from blocks.timeline_list import entry_line
from tests.blocks.every_kind import all_events
from tests.blocks.incidents import NIGHT
from warroom.incident import events
from warroom.incident.events import EffectKind, Event
from warroom.incident.timeline import Entry


def test_every_kind_of_event_is_tried_here() -> None:
    assert {type(event) for event in all_events("x")} == set(get_args(get_args(Event)[0]))


def test_the_words(snapshot: SnapshotAssertion) -> None:
    lines = []
    for event in all_events("text"):
        people = {"invited": ("UADA", "UGRACE")} if isinstance(event, events.PeopleInvited) else {}
        what, more = words(event.copy_with(**people))
        lines.append(f"{event.kind} | {what} | {more}")
    assert "\n".join(lines) == snapshot


def test_every_step_that_fails_is_called_something_else() -> None:
    assert len({failed_effect(kind) for kind in EffectKind}) == len(EffectKind)


def test_people_are_shown_as_the_place_wants_them() -> None:
    event = events.PeopleInvited(invited=("UADA", "UGRACE"))
    assert words(event).more == "<@UADA>, <@UGRACE>"
    assert words(event, {"UADA": "Ada", "UGRACE": "Grace"}.__getitem__).more == "Ada, Grace"


def test_a_line_says_who_did_it_and_in_which_system() -> None:
    entry = Entry(incident_id="i1", key="a", at=NIGHT, event=events.Acknowledged(), by="UADA", source="Pager & Co")
    assert entry_line(entry, "UTC").endswith("*Acknowledged* by <@UADA> in Pager &amp; Co")
