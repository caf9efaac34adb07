"""The post-mortem is written through its form by several people, and published once it is complete."""

from __future__ import annotations

import pytest

from blocks import ids
from tests.handlers.conftest import HandlerHarness
from tests.refusals import refuses
from warroom.errors import AlreadyDone, Refused
from warroom.incident.model import Incident, State


async def over(desk: HandlerHarness) -> Incident:
    """An incident that is resolved."""
    incident = await desk.room()
    await desk.type("resolve", channel=incident.room.channel_id or "")
    return await desk.incident()


async def test_the_form_comes_half_written_and_what_was_offered_is_kept(desk: HandlerHarness) -> None:
    incident = await over(desk)
    await desk.press(ids.EDIT_POSTMORTEM, incident)
    assert await desk.submit(desk.forms.views[0], {"Root cause": "a cache without a bound"}) == {}
    written = (await desk.incident()).postmortem
    assert written is not None
    assert written.root_cause == "a cache without a bound"
    assert written.summary, "what the record says was offered and counts as written"


async def test_two_people_write_different_parts_at_once(desk: HandlerHarness) -> None:
    incident = await over(desk)
    await desk.type("postmortem", channel=incident.room.channel_id or "")
    for user in ("UADA", "UGRACE"):
        await desk.press(ids.EDIT_POSTMORTEM, incident, user=user)
    first, second = desk.forms.views
    assert await desk.submit(first, {"Root cause": "a cache"}) == {}
    assert await desk.submit(second, {"What went well": "the rollback"}, user="UGRACE") == {}
    written = (await desk.incident()).postmortem
    assert written is not None
    assert (written.root_cause, written.went_well) == ("a cache", "the rollback")


async def test_two_people_write_the_same_part_and_nobody_loses_words(desk: HandlerHarness) -> None:
    incident = await over(desk)
    await desk.type("postmortem", channel=incident.room.channel_id or "")
    for user in ("UADA", "UGRACE"):
        await desk.press(ids.EDIT_POSTMORTEM, incident, user=user)
    first, second = desk.forms.views
    await desk.submit(first, {"Root cause": "a cache"})
    wrong = await desk.submit(second, {"Root cause": "a leak"}, user="UGRACE")
    assert list(wrong) == ["Root cause"]
    written = (await desk.incident()).postmortem
    assert written is not None
    assert written.root_cause == "a cache"


async def test_the_menu_drafts_once_however_often_it_is_pressed(desk: HandlerHarness) -> None:
    incident = await over(desk)
    for _ in range(2):
        await desk.press(ids.MENU, incident, ids.MENU_POSTMORTEM)
    written = (await desk.incident()).postmortem
    assert written is not None
    assert written.revision == 1
    assert [view["title"]["text"] for view in desk.forms.views] == ["Post-mortem"]


async def test_it_is_published_when_complete_and_only_once(desk: HandlerHarness) -> None:
    incident = await over(desk)
    await desk.type("postmortem", channel=incident.room.channel_id or "")
    with refuses(Refused, match="Root cause"):
        await desk.press(ids.PUBLISH_POSTMORTEM, incident)
    await desk.press(ids.EDIT_POSTMORTEM, incident)
    parts = {part: f"the {part}" for part in ("Summary", "Impact", "Root cause")}
    assert await desk.submit(desk.forms.views[0], parts) == {}
    await desk.press(ids.PUBLISH_POSTMORTEM, incident)
    assert (await desk.incident()).state is State.CLOSED
    with pytest.raises(AlreadyDone):
        await desk.press(ids.PUBLISH_POSTMORTEM, incident)
