"""The post-mortem is written through its form by several people, and published once it is complete."""

from __future__ import annotations

import pytest

from blocks import ids
from blocks.postmortem_document import draft
from tests.handlers.conftest import HandlerHarness
from tests.refusals import refuses
from warroom.errors import AlreadyDone, Refused
from warroom.incident.model import Incident, State
from warroom.postmortem.usecases import edit_postmortem


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
    await desk.submit(second, {"Root cause": "a leak", "What went well": "the rollback"}, user="UGRACE")
    (both,) = desk.forms.updated
    assert "a cache" in str(both["blocks"]), "what the other one saved"
    assert "a leak" in str(both["blocks"]), "what was typed"
    written = (await desk.incident()).postmortem
    assert written is not None
    assert (written.root_cause, written.went_well) == ("a cache", "")
    await desk.submit(both, {"Root cause": "a cache that leaks"}, user="UGRACE")
    written = (await desk.incident()).postmortem
    assert written is not None
    assert (written.root_cause, written.went_well) == ("a cache that leaks", "the rollback")


async def test_a_third_person_in_between_is_not_written_over(desk: HandlerHarness) -> None:
    incident = await over(desk)
    await desk.type("postmortem", channel=incident.room.channel_id or "")
    seen = (await desk.incident()).postmortem
    await edit_postmortem(desk.world, incident.id, "UADA", {"root_cause": "a cache"}, draft, seen)
    with refuses(Refused, match="press Save again"):
        await edit_postmortem(desk.world, incident.id, "UGRACE", {"root_cause": "a leak"}, draft, seen)


async def test_the_history_says_who_changed_which_words(desk: HandlerHarness) -> None:
    incident = await over(desk)
    room = incident.room.channel_id or ""
    await desk.type("postmortem", channel=room)
    for user, cause in (("UADA", "the cache grew"), ("UGRACE", "the session cache grew")):
        await desk.press(ids.EDIT_POSTMORTEM, incident, user=user)
        await desk.submit(desk.forms.views[-1], {"Root cause": cause}, user=user)
    shown = str((await desk.type("postmortem history", channel=room)).blocks)
    assert "Root cause: the [+session+] cache grew" in shown
    assert shown.index("<@UGRACE>") < shown.index("<@UADA>"), "newest first"


async def test_the_checklist_asks_before_something_weak_is_published(desk: HandlerHarness) -> None:
    incident = await over(desk)
    room = incident.room.channel_id or ""
    await desk.type("action add raise the limit", channel=room)
    await desk.type("postmortem", channel=room)
    await desk.press(ids.EDIT_POSTMORTEM, incident)
    weak = {"Summary": "it fell", "Impact": "customers saw errors", "Root cause": "Grace deployed <@UADA>'s change"}
    await desk.submit(desk.forms.views[-1], weak)
    asked = str((await desk.type("postmortem check", channel=room)).blocks)
    for words in ("The impact has no numbers", "Root cause names <@UGRACE>", "Root cause names <@UADA>"):
        assert words in asked
    assert "Action item 1 has no owner" in asked
    assert "Action item 1 has no due date" in asked
    card = await desk.press(ids.PUBLISH_POSTMORTEM, incident, "2")
    assert card is not None
    assert "Publish anyway" in str(card.blocks)
    assert (await desk.incident()).state is State.RESOLVED
    await desk.press(ids.PUBLISH_POSTMORTEM, incident, "anyway")
    assert (await desk.incident()).state is State.CLOSED


async def test_what_is_missing_cannot_be_published_anyway(desk: HandlerHarness) -> None:
    incident = await over(desk)
    room = incident.room.channel_id or ""
    await desk.type("postmortem", channel=room)
    asked = str((await desk.type("postmortem check", channel=room)).blocks)
    assert "Root cause is missing" in asked
    assert "Publish anyway" not in asked
    with refuses(Refused, match="Root cause"):
        await desk.press(ids.PUBLISH_POSTMORTEM, incident, "anyway")


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
    shown = str(getattr(await desk.press(ids.PUBLISH_POSTMORTEM, incident), "blocks", ""))
    assert "required parts are missing" in shown
    assert "Root cause is missing" in shown
    assert "no action items" in shown, "what is weak is named at the same time"
    assert "Publish anyway" not in shown
    assert (await desk.incident()).state is State.RESOLVED
    await desk.press(ids.EDIT_POSTMORTEM, incident)
    parts = {part: f"the {part}, 12 % of it" for part in ("Summary", "Impact", "Root cause")}
    await desk.type("action add raise the limit @grace due 3d", channel=incident.room.channel_id or "")
    assert await desk.submit(desk.forms.views[0], parts) == {}
    await desk.press(ids.PUBLISH_POSTMORTEM, incident)
    assert (await desk.incident()).state is State.CLOSED
    with pytest.raises(AlreadyDone):
        await desk.press(ids.PUBLISH_POSTMORTEM, incident)


async def test_what_people_wrote_is_found_again_and_what_the_record_says_is_not(desk: HandlerHarness) -> None:
    incident = await over(desk)
    await desk.type("postmortem", channel=incident.room.channel_id or "")
    await desk.press(ids.EDIT_POSTMORTEM, incident)
    await desk.submit(desk.forms.views[-1], {"Root cause": "the session cache has no bound"})
    assert incident.name in str((await desk.type("find session cache")).blocks)
    assert incident.name not in str((await desk.type("find acknowledged after")).blocks)
