"""Runbooks that begin by themselves: when it is looked for them, and what is said first where they do not help."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from tests.people import GRACE
from tests.warroom.runbooks.bench import Bench, bench, refuses
from warroom.incident import events
from warroom.incident.change import change
from warroom.incident.decision import Decision
from warroom.incident.model import Incident
from warroom.incident.parts import Room
from warroom.outbox.effects import BeginRunbooks, Post
from warroom.runbooks import begin
from warroom.runbooks.automatic import with_automatic_runbooks
from warroom.runbooks.run import RunState

FREE = "remediation: {allow: {world: {places: [prod]}}, without_approval: ['world.*']}"
CHANGE = "steps:\n  - {id: change, do: world.change, with: {what: '{service}'}}\n"
AUTO = "auto: true\nwhen: {monitor: '*memory*'}\n" + CHANGE


async def begins(made: Bench, incident_id: str) -> None:
    await begin.begin_automatic(made.world, BeginRunbooks(incident_id=incident_id, key="b"))
    await made.work()


@pytest.mark.parametrize(
    ("fields", "looks"),
    [
        ({"room": Room(channel_id="C1")}, True),
        ({}, False),
        ({"room": Room(channel_id="C1"), "state": "resolved"}, False),
    ],
)
async def test_it_is_looked_for_them_once_the_room_is_there(fields: dict[str, Any], looks: bool) -> None:
    async with bench(FREE) as made:
        made.teach(auto=AUTO)
        decision = with_automatic_runbooks(Decision(await made.incident(**fields)), made.world.library)
        assert [isinstance(each, BeginRunbooks) for each in decision.effects] == [True] * looks


async def test_nothing_is_looked_for_where_none_begins_by_itself() -> None:
    async with bench(FREE) as made:
        made.teach(book=CHANGE)
        incident = await made.incident(room=Room(channel_id="C1"))
        assert not with_automatic_runbooks(Decision(incident), made.world.library).effects


async def test_what_an_investigation_named_makes_one_fit() -> None:
    async with bench(FREE) as made:
        made.teach(auto="auto: true\nwhen: {cause: '*deployment*'}\n" + CHANGE.replace("{service}", "{cause}"))
        incident = await made.incident()
        await begins(made, incident.id)
        assert not await made.store.runs(incident.id)
        event = events.Investigated(service="checkout", cause="db", signal="latency", change="deployment 1.4.2: Cache")

        async def decide(found: Incident, now: datetime) -> Decision:
            return Decision(found, quiet=True).record(event, now, key="i")

        await change(made.world, incident.id, decide)
        await begins(made, incident.id)
        (run,) = await made.store.runs(incident.id)
        assert (run.automatic, run.why, made.change.done) == (True, ("cause:deployment 1.4.2: Cache",), ["db"])


async def test_that_it_failed_is_said_before_anything_else_is_done_and_before_anybody_is_paged() -> None:
    async with bench(FREE) as made:
        made.change.before = [refuses]
        made.teach(
            auto=AUTO
            + "otherwise:\n  - {do: say, with: {text: hm}}\n  - {do: incident.escalate, with: {why: it did not help}}\n"
        )
        incident = await made.incident()
        await begins(made, incident.id)
        (run,) = await made.store.runs(incident.id)
        assert run.state is RunState.FAILED
        said = [each.notice.kind for each in made.said if isinstance(each, Post)]
        assert said.index("run_failed") < said.index("run_says")
        assert said.count("run_failed") == 1
        paged = [e.event for e in await made.timeline() if isinstance(e.event, events.PeoplePaged)]
        assert len(paged) == 1, "what is written there pages them, and nobody is paged twice"


async def test_where_what_is_done_instead_pages_nobody_they_are_paged_all_the_same() -> None:
    async with bench(FREE) as made:
        made.change.before = [refuses]
        made.teach(auto=AUTO + "otherwise: {do: incident.page, with: {who: [nobody@example.com]}}\n")
        incident = await made.incident(escalation={"levels": [{"after": 0, "notify": [GRACE.email]}]})
        await begins(made, incident.id)
        paged = [e.event for e in await made.timeline() if isinstance(e.event, events.PeoplePaged)]
        assert [GRACE.id in each.people for each in paged] == [True]
