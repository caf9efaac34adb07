"""The same form sent by two sockets at once counts once; what was taken back is not taken back again, nor later, nor by others."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from blocks import ids
from sandbox import SlackMessage
from tests.scenarios.conftest import WarRoom
from tests.scenarios.test_correcting import answer, menu
from warroom.incident import events
from warroom.incident.model import Incident, State
from warroom.policy.permissions import Permissions


async def counted(room: WarRoom, incident: Incident, kind: type) -> int:
    """How often it stands in the timeline."""
    return sum(isinstance(entry.event, kind) for entry in await room.bot.store.timeline(incident.id))


def person_ids(room: WarRoom, named: Any) -> Any:
    """As a form has them: one, or a list."""
    if isinstance(named, list):
        return [room.slack.person(each).id for each in named]
    return room.slack.person(named).id


@pytest.mark.parametrize(
    ("chosen", "filled", "event", "times"),
    [
        (ids.MENU_SEVERITY, {"Severity": "SEV-1 · Critical"}, events.SeverityChanged, 1),
        (ids.MENU_ROLES, {"Role": "Scribe", "Person": "ben"}, events.RoleAssigned, 1),
        (ids.MENU_PAGE, {"People": ["kwame"], "Reason": "the pool"}, events.PeoplePaged, 2),
        (ids.MENU_TIMELINE, {"What happened": "the pool is full"}, events.NoteAdded, 1),
        (ids.MENU_ACTION, {"Action item": "raise the limit"}, events.ActionAdded, 1),
        (ids.MENU_EDIT, {"Title": "checkout is slow"}, events.DetailChanged, 1),
        (ids.MENU_CANCEL, {"Why": "the monitor was wrong"}, events.Cancelled, 1),
    ],
)
async def test_a_form_sent_twice_at_once_counts_once(
    room: WarRoom, chosen: str, filled: dict[str, Any], event: type, times: int
) -> None:
    incident = await room.declare("ada", "checkout returns 500s --sev 2")
    slack, ada = room.slack, room.slack.person("ada")
    await menu(room, "ada", incident, chosen)
    form = await slack.modal(ada)
    for label, value in filled.items():
        form.fill(label, person_ids(room, value) if label in ("Person", "People") else value)
    await asyncio.gather(slack.submit(ada, form), slack.submit(ada, form))
    await slack.submit(ada, form)
    await room.settle()
    assert await counted(room, incident, event) == times


async def test_resolve_sent_twice_at_once_resolves_once_and_keeps_the_words_once(room: WarRoom) -> None:
    incident = await room.declare("ada", "checkout returns 500s --sev 2")
    slack, channel, ada = room.slack, room.channel_of(incident), room.slack.person("ada")
    await slack.click(ada, channel, channel.messages_by_bot()[0], "Resolve")
    form = await slack.modal(ada)
    form.fill("What fixed it?", "a larger pool")
    await asyncio.gather(slack.submit(ada, form), slack.submit(ada, form))
    await room.settle()
    after = await room.incident()
    assert (after.state, after.summary) == (State.RESOLVED, "a larger pool")
    assert await counted(room, incident, events.Resolved) == 1


async def cancelled_from_afar(room: WarRoom) -> SlackMessage:
    """Ada cancels the first incident outside of its channel; the answer with Undo."""
    asked = await answer(room, "ada", "cancel #1 the monitor was wrong")
    await room.slack.click("ada", "general", asked, "Cancel INC-1")
    await room.settle()
    assert (await room.incident()).state is State.CANCELLED
    return room.slack.ephemerals("ada")[-1]


async def test_cancel_is_undone_once_and_a_late_press_opens_nothing_again(room: WarRoom) -> None:
    incident = await room.declare("ada", "checkout returns 500s --sev 2")
    slack, ada, ben = room.slack, room.slack.person("ada"), room.slack.person("ben")
    channel = room.channel_of(incident)
    undo = await cancelled_from_afar(room)
    await asyncio.gather(*(slack.click(who, "general", undo, "Undo") for who in (ada, ada, ben)))
    await room.settle()
    assert (await room.incident()).state is State.DETECTED
    assert await counted(room, incident, events.Reopened) == 1
    await slack.slash(ada, channel, "/incident", "resolve rolled back")
    await room.settle()
    await slack.click(ada, "general", undo, "Undo")
    await room.settle()
    assert (await room.incident()).state is State.RESOLVED, "Undo takes the cancellation back, nothing else"
    assert "INC-1 was resolved already" in slack.ephemerals(ada)[-1].plain()
    await slack.slash(ada, channel, "/incident", "reopen")
    await room.settle()
    assert (await room.incident()).state is State.ACKNOWLEDGED, "whoever says so reopens it"


async def test_an_outsider_does_not_undo_the_cancel_of_a_private_incident(room: WarRoom) -> None:
    await room.declare("ada", "mail is read --sev 2 --private")
    undo = await cancelled_from_afar(room)
    await room.slack.click("chidi", "general", undo, "Undo")
    await room.settle()
    assert (await room.incident()).state is State.CANCELLED
    said = room.slack.ephemerals("chidi")[-1].plain()
    assert "INC-1" not in said
    assert "mail" not in said


async def test_an_entry_is_changed_by_whoever_wrote_it_and_not_without_the_permission(room: WarRoom) -> None:
    incident = await room.declare("ada", "checkout returns 500s --sev 2")
    channel = room.channel_of(incident)
    await answer(room, "ada", "timeline add the pool is full", channel.name)
    for typed in ("timeline edit 1 nothing happened", "timeline remove 1"):
        assert "Only they can change or remove it" in (await answer(room, "ben", typed, channel.name)).plain()
    only = Permissions(timeline=("ben@example.com",))
    object.__setattr__(room.bot.world.policy, "permissions", only)
    for typed in ("timeline edit 1 nothing happened", "timeline remove 1", "timeline add more"):
        assert "ben@example.com" in (await answer(room, "ada", typed, channel.name)).plain()
    notes = [entry.event for entry in await room.bot.store.timeline(incident.id)]
    assert [each.text for each in notes if isinstance(each, events.NoteAdded)] == ["the pool is full"]
    assert not any(isinstance(each, events.EntryEdited | events.EntryRemoved) for each in notes)
