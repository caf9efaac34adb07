"""What a first-time user ran into: each in the words in which it was found."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from blocks import ids
from handlers import message_shortcuts
from handlers.gestures import answered
from tests.blocks.reading import objects, pressable, texts
from tests.handlers.conftest import COMPANY, HandlerHarness, desk_with
from tests.refusals import refuses
from warroom.errors import Refused
from warroom.incident import events
from warroom.incident.timeline import Entry, current
from warroom.outbox.changes import Changeset
from warroom.outbox.effects import PrivateReply

SECURITY = {
    "fields": [
        {"name": "Data exposed", "type": "yes_no"},
        {"name": "Accounts", "type": "number"},
        {"name": "Vector", "type": "choice", "options": ["phishing", "leak"]},
    ]
}


@pytest.fixture
async def security() -> AsyncIterator[HandlerHarness]:
    """A company with questions about security incidents, and another template with a field of the same name."""
    other = {
        "severities": ["SEV-3"],
        "fields": [{"name": "Accounts", "type": "text"}, {"name": "Region", "type": "text"}],
    }
    templates = {"other": other, "security": SECURITY | {"severities": ["SEV-1"]}}
    async with desk_with(COMPANY | {"templates": templates}) as desk:
        yield desk


def shown(view: object) -> str:
    """All texts of a form."""
    return "\n".join(each["text"] for each in objects(view) if isinstance(each.get("text"), str))


async def test_edit_picks_services_and_asks_about_a_misspelt_one(desk: HandlerHarness) -> None:
    incident = await desk.room("declare all slow --service api")
    await desk.type("edit", channel="C1")
    form = desk.forms.views[-1]
    wrong = await desk.submit(form, {"Services": ["api", "checkout"], "Other services": "chekout"})
    assert "Did you mean checkout?" in wrong["Other services"]
    assert (await desk.incident()).services == ("api",)
    assert await desk.submit(form, {"Services": ["api", "checkout"], "Other services": '"chekout"'}) == {}
    assert (await desk.incident()).services == ("api", "checkout", "chekout")
    await desk.type("edit", channel="C1")
    assert await desk.submit(desk.forms.views[-1], {"Title": "all is slow"}) == {}, (
        "what it has already is not asked about"
    )
    after = await desk.incident()
    assert (after.title, after.services) == ("all is slow", ("api", "checkout", "chekout"))
    assert after.id == incident.id


async def test_edit_services_asks_about_a_misspelt_one_too(desk: HandlerHarness) -> None:
    await desk.room("declare all slow --service api")
    with refuses(Refused, match="Did you mean checkout"):
        await desk.type("edit services api, chekout", channel="C1")
    await desk.type('edit services "chekout"', channel="C1")
    assert (await desk.incident()).services == ("chekout",)


async def test_edit_asks_what_the_incidents_own_template_asks(security: HandlerHarness) -> None:
    await security.room("declare keys leaked --sev 1")
    await security.type("edit", channel="C1")
    form = security.forms.views[-1]
    assert "Data exposed" in shown(form)
    assert "Region" not in shown(form), "a field of the same name does not make it another template"
    assert "Write a number" in (await security.submit(form, {"Accounts": "many"}))["Accounts"]
    assert await security.submit(form, {"Accounts": "12", "Data exposed": "yes"}) == {}
    assert dict((await security.incident()).fields) == {"Accounts": "12", "Data exposed": "yes"}
    await security.type("edit", channel="C1")
    assert await security.submit(security.forms.views[-1], {"Title": "keys are out"}) == {}
    assert dict((await security.incident()).fields) == {"Accounts": "12", "Data exposed": "yes"}, "nothing was lost"
    await security.type("edit vector phishing", channel="C1")
    assert dict((await security.incident()).fields)["Vector"] == "phishing"


async def test_a_refusal_elsewhere_leads_to_the_channel(desk: HandlerHarness) -> None:
    await desk.room("declare search is slow")
    await desk.type("ack #1", user="UGRACE")
    await desk.outbox()
    for place, links in (("CGENERAL", 1), ("C1", 0)):
        actor = desk.actor(channel=place)
        await answered(desk.world, actor, desk.type("ack #1", actor=actor))
        (reply,) = await desk.private_replies()
        assert "<@UGRACE> has it already." in reply
        assert reply.count("<#C1>") == links


async def test_a_refusal_about_a_private_incident_leads_nobody_else_there(desk: HandlerHarness) -> None:
    await desk.room("declare keys leaked --private")
    await desk.outbox()
    actor = desk.actor("UGRACE")
    await answered(desk.world, actor, desk.type("ack #1", user="UGRACE", actor=actor))
    (reply,) = await desk.private_replies()
    assert "There is no incident #1" in reply
    assert "C1" not in reply


async def test_a_declaration_in_one_line_says_what_is_open_and_similar(desk: HandlerHarness) -> None:
    await desk.room("declare checkout returns 500s")
    await desk.private_replies()
    await desk.type("declare checkout returns 500 errors")
    (remark,) = [effect for effect in await desk.outbox() if isinstance(effect, PrivateReply)]
    assert "Similar and open" in remark.text
    assert "INC-1 checkout returns 500s" in remark.text
    assert "`/incident cancel #2 duplicate of #1`" in "\n".join(texts(list(remark.blocks)))
    await desk.type("declare the lift is stuck")
    assert await desk.private_replies() == []


async def test_a_private_incident_is_similar_to_nothing_for_others(desk: HandlerHarness) -> None:
    await desk.room("declare keys leaked --private")
    await desk.private_replies()
    await desk.type("declare keys leaked", user="UGRACE")
    assert await desk.private_replies() == []


async def test_a_note_of_an_earlier_release_can_be_corrected(desk: HandlerHarness) -> None:
    incident = await desk.room("declare search is slow")
    old = [
        Entry(
            incident_id=incident.id,
            key=f"old:{n}",
            at=desk.clock.now(),
            event=events.NoteAdded(text=f"old {n}"),
            by="UADA",
        )
        for n in (1, 2)
    ]
    await desk.world.store.commit(Changeset(now=desk.clock.now(), entries=tuple(old)))
    await desk.type("timeline add new", channel="C1")
    listed = "\n".join(texts((await desk.type("timeline", channel="C1")).blocks))
    assert "`10001` " in listed
    await desk.type("timeline edit 10002 old, but right", channel="C1")
    await desk.type("timeline remove 10001", channel="C1")
    notes = [
        e.event.text
        for e in current(await desk.world.store.timeline(incident.id))
        if isinstance(e.event, events.NoteAdded)
    ]
    assert sorted(notes) == ["new", "old, but right"]


async def test_a_message_from_elsewhere_keeps_its_link_and_its_author(desk: HandlerHarness) -> None:
    incident = await desk.room("declare search is slow")
    body = {"message": {"ts": "1795228000.1", "text": "disk is full", "user": "UGRACE"}}
    for _ in range(2):
        await desk.outbox()
        await message_shortcuts.use_audited(desk.world, desk.client, desk.actor(), ids.SHORTCUT_TIMELINE, body)
        assert await desk.submit(desk.forms.views[-1], {}) == {}
    found = [e for e in await desk.world.store.timeline(incident.id) if isinstance(e.event, events.MessagePinned)]
    assert (await desk.private_replies())[-1] == "The message is on the timeline of INC-1. → <#C1>"
    assert [(e.by, e.event.model_dump()["text"]) for e in found] == [("UGRACE", "disk is full")], "once, however often"
    assert found[0].link == "https://example.slack.com/archives/CGENERAL/p17952280001"


async def test_the_cancel_form_does_not_close_by_a_button_called_cancel(desk: HandlerHarness) -> None:
    incident = await desk.room("declare search is slow")
    await desk.press(ids.MENU, incident, ids.MENU_CANCEL)
    form = desk.forms.views[-1]
    assert (form["submit"]["text"], form["close"]["text"]) == ("Cancel incident", "Keep it open")


async def test_undo_below_an_answer_is_answered_there(desk: HandlerHarness) -> None:
    incident = await desk.room("declare search is slow")
    asked = await desk.type("cancel #1 a load test")
    assert pressable(asked.blocks) == ["Cancel INC-1"]
    await desk.press(ids.CANCEL, incident, "a load test")
    actor = desk.actor(channel="CGENERAL")
    card = await desk.press(ids.REOPEN, incident, actor=actor)
    assert card is not None
    assert card.text == "INC-1 is open again and not acknowledged. Escalation continues. → <#C1>"


async def test_an_escalation_by_command_says_whom_it_calls(desk: HandlerHarness) -> None:
    await desk.room("declare search is slow")
    card = await desk.type("escalate", channel="C1", user="UGRACE")
    assert card.text == "Paging @Ada (level 2) for INC-1."


async def test_help_is_grouped_and_the_groups_hold_every_subcommand(desk: HandlerHarness) -> None:
    shown_help = "\n".join(texts((await desk.type("help")).blocks))
    places = [shown_help.index(f"*{group}*") for group in ("Start", "Respond", "Record", "After")]
    assert places == sorted(places)
    assert shown_help.index("`/incident declare") < shown_help.index("*Respond*") < shown_help.index("`/incident ack")
