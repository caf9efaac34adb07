"""Forms: found by their labels, read as they were filled in, and sent twice without harm."""

from __future__ import annotations

from dataclasses import replace

from blocks import forms, ids
from blocks.incident_card import incident_card
from handlers import shortcuts
from tests.handlers.conftest import HandlerHarness, OneMessage
from tests.refusals import refuses
from warroom.errors import AlreadyDone, Retryable
from warroom.incident import events, lookup
from warroom.incident.model import Origin, State
from warroom.outbox.effects import PrivateReply


async def test_a_declaration_with_everything(desk: HandlerHarness) -> None:
    await desk.type("declare")
    filled = {
        "Title": "search is slow",
        "Severity": "SEV-2",
        "Affected service/team": "platform, checkout",
        "Description": "since the deploy",
        "People to invite": ["UGRACE"],
        "Private": True,
    }
    assert await desk.submit(desk.forms.views[0], filled) == {}
    incident = await desk.incident()
    assert (incident.title, incident.severity, incident.team) == ("search is slow", "SEV-2", "platform")
    assert (incident.services, incident.description, incident.private) == (("checkout",), "since the deploy", True)
    assert incident.origin is Origin.FORM
    assert "UGRACE" in incident.participants.invitees
    answers = [effect for effect in await desk.outbox() if isinstance(effect, PrivateReply)]
    assert [answer.channel for answer in answers] == ["CGENERAL"], "the answer comes where the form was asked for"


async def test_a_form_that_is_sent_twice_declares_once(desk: HandlerHarness) -> None:
    await desk.type("declare")
    actor = desk.actor(channel=None)
    for _ in range(2):
        assert await desk.submit(desk.forms.views[0], {"Title": "search is slow"}, actor=actor) == {}
    assert await desk.world.store.last_number() == 1


async def test_a_declaration_without_words_stays_open(desk: HandlerHarness) -> None:
    await desk.type("declare")
    assert list(await desk.submit(desk.forms.views[0], {"Title": "   "})) == ["Title"]
    assert await desk.world.store.last_number() == 0


async def test_a_message_is_declared_with_its_words_and_its_link(desk: HandlerHarness) -> None:
    said = "is checkout broken, <@UGRACE>?\nit is for me &amp; others"
    body = {"message": {"ts": "100.1", "text": said}}
    await shortcuts.declare_from_message(desk.world, desk.client, desk.actor(), body)
    assert await desk.submit(desk.forms.views[0], {"Title": "checkout broken"}) == {}
    incident = await desk.incident()
    assert incident.origin is Origin.SHORTCUT
    assert incident.description == "is checkout broken, @Grace?\nit is for me & others"
    assert incident.source_message == "https://example.slack.com/archives/CGENERAL/p1001"


class SilentSlack(OneMessage):
    """Slack has trouble."""

    async def permalink(self, channel_id: str, ts: str) -> str | None:
        raise Retryable("Slack is away")


async def test_the_form_opens_without_the_link_when_slack_has_trouble(desk: HandlerHarness) -> None:
    world = replace(desk.world, rooms=SilentSlack())
    body = {"message": {"ts": "100.1", "text": "is checkout broken?"}}
    await shortcuts.declare_from_message(world, desk.client, desk.actor(), body)
    assert await desk.submit(desk.forms.views[0], {}) == {}
    incident = await desk.incident()
    assert (incident.title, incident.description, incident.source_message) == ("is checkout broken?",) * 2 + (None,)


async def test_an_update_is_posted_once(desk: HandlerHarness) -> None:
    incident = await desk.room()
    await desk.press(ids.POST_UPDATE, incident)
    view = desk.forms.views[0]
    actor = desk.actor(channel=None)
    for _ in range(2):
        assert await desk.submit(view, {"Update": "rolling back"}, actor=actor) == {}
    entries = await desk.world.store.timeline(incident.id)
    assert [entry.event.text for entry in entries if isinstance(entry.event, events.UpdatePosted)] == ["rolling back"]
    assert list(await desk.submit(view, {"Update": " "})) == ["Update"]


async def test_the_menu_changes_severity_roles_and_calls_people(desk: HandlerHarness) -> None:
    incident = await desk.room()
    for what in (ids.MENU_SEVERITY, ids.MENU_ROLES, ids.MENU_PAGE, ids.MENU_MITIGATE):
        await desk.press(ids.MENU, incident, what)
    severity, roles, page = desk.forms.views
    assert await desk.submit(severity, {"Severity": "SEV-3"}) == {}
    assert list(await desk.submit(roles, {"Role": "scribe"})) == ["Person"]
    assert await desk.submit(roles, {"Role": "scribe", "Person": "UGRACE"}) == {}
    assert list(await desk.submit(page, {})) == ["People"]
    assert await desk.submit(page, {"Team": "platform", "People": ["UALEX1"], "Why": "more hands"}) == {}
    after = await desk.incident()
    assert (after.severity, after.roles, after.state) == ("SEV-3", (("scribe", "UGRACE"),), State.MITIGATED)
    assert {"UGRACE", "UALEX1"} <= set(after.participants.invitees)


async def test_a_mitigation_that_did_not_hold_is_taken_back_from_the_menu(desk: HandlerHarness) -> None:
    incident = await desk.room()
    await desk.press(ids.MENU, incident, ids.MENU_MITIGATE)
    card = incident_card(await lookup.view(desk.world, await desk.incident()), desk.world.clock.now())
    assert "Not mitigated after all" in str(card.blocks)
    await desk.press(ids.MENU, incident, ids.MENU_REOPEN)
    with refuses(AlreadyDone, match="is open"):
        await desk.press(ids.MENU, incident, ids.MENU_REOPEN)
    after = await desk.incident()
    assert (after.state, after.mitigated_at) == (State.ACKNOWLEDGED, None)
    entries = await desk.world.store.timeline(incident.id)
    assert len([entry for entry in entries if isinstance(entry.event, events.Reopened)]) == 1


async def test_a_severity_it_has_already_closes_the_form_and_is_said_kindly(desk: HandlerHarness) -> None:
    incident = await desk.room()
    await desk.press(ids.MENU, incident, ids.MENU_SEVERITY)
    assert await desk.submit(desk.forms.views[0], {"Severity": "SEV-1"}) == {}
    assert any("SEV-1 already" in said for said in await desk.private_replies())


async def test_a_refusal_is_shown_in_the_form(desk: HandlerHarness) -> None:
    incident = await desk.room()
    await desk.press(ids.MENU, incident, ids.MENU_SEVERITY)
    await desk.type("resolve", channel=incident.room.channel_id or "")
    wrong = await desk.submit(desk.forms.views[0], {"Severity": "SEV-3"})
    assert "resolved" in wrong["Severity"]


async def test_what_cannot_be_stored_stays_in_the_form(desk: HandlerHarness) -> None:
    incident = await desk.room()
    await desk.press(ids.POST_UPDATE, incident)
    await desk.world.store.close()
    wrong = await desk.submit(desk.forms.views[0], {"Update": "rolling back"})
    assert "nothing is stored yet" in wrong["Update"]


async def test_the_declare_form_takes_any_text_from_outside(desk: HandlerHarness) -> None:
    view = forms.declare_form(desk.world.policy, title="x" * 5000, description="<!channel> & " * 900)
    by_label = {block["label"]["text"]: block["element"] for block in view["blocks"]}
    assert len(by_label["Title"]["initial_value"]) <= by_label["Title"]["max_length"]
    assert len(by_label["Description"]["initial_value"]) <= 3000
    assert len(view["private_metadata"]) <= 3000
