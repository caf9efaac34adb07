"""The form says whom it will call and what is open already; a message is declared once."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.forms import Form, find_input
from tests.scenarios.conftest import COMPANY, WarRoom
from warroom.policy import Policy, check


@pytest.fixture
def policy() -> Policy:
    """A second team, and a template for it."""
    security: dict[str, Any] = {
        "channel": "#security",
        "services": ["vault"],
        "escalation": [{"after": "0m", "notify": ["grace@example.com"]}],
    }
    template = {
        "fields": [{"name": "Data exposed", "type": "yes_no"}, {"name": "Records", "type": "number"}],
        "teams": ["security"],
    }
    company = COMPANY | {"teams": COMPANY["teams"] | {"security": security}, "templates": {"breach": template}}
    checked = check(company)
    assert checked.policy is not None, checked.mistakes
    return checked.policy


async def opened(room: WarRoom, who: str = "ada") -> Form:
    await room.slack.slash(room.slack.person(who), "general", "/incident", "declare")
    return await room.slack.modal(room.slack.person(who))


async def chosen(room: WarRoom, form: Form, label: str, value: object, who: str = "ada") -> Form:
    """The form after something was chosen in it, as the bot redrew it."""
    form.fill(label, value)
    block, element = find_input(form.view, label)
    assert block.get("dispatch_action"), f"{label} is not watched"
    state = form.view.state[block["block_id"]][element["action_id"]]
    pressed = {"type": element["type"], "action_id": element["action_id"], "block_id": block["block_id"], **state}
    await room.slack.press(room.slack.person(who), form.view, pressed)
    await room.settle()
    return await room.slack.modal(room.slack.person(who))


async def test_the_form_says_who_will_be_called_and_follows_what_is_chosen(room: WarRoom) -> None:
    ben, grace = room.slack.person("ben").id, room.slack.person("grace").id
    form = await opened(room)
    assert f"Will page: <@{ben}>" in form.plain().replace("*", "")
    form.fill("Title", "keys leaked")
    form = await chosen(room, form, "Team", "security")
    assert f"Will page: <@{grace}>" in form.plain().replace("*", "")
    assert form.value("Title") == "keys leaked", "what was typed is kept"
    form = await chosen(room, form, "Team", None)
    form = await chosen(room, form, "Private", ["private"])
    assert "Will page: nobody but you" in form.plain().replace("*", "")
    alan = room.slack.person("alan").id
    form = await chosen(room, form, "People to invite", [alan])
    assert f"Will get in: you, <@{alan}>" in form.plain().replace("*", "")


async def test_services_and_teams_are_picked_and_severities_are_explained(room: WarRoom) -> None:
    form = await opened(room)
    for block in form.view.blocks:
        if block.get("block_id") == "severity":
            assert all(option["description"]["text"] for option in block["element"]["options"])
    form.fill("Title", "all slow")
    form.fill("Services", ["api", "vault"])
    form.fill("Other services", "chekout")
    result = await room.slack.submit(room.slack.person("ada"), form)
    assert not result.closed
    assert "Did you mean checkout?" in str(result.errors)
    form.fill("Other services", "billing")
    assert (await room.slack.submit(room.slack.person("ada"), form)).closed
    await room.settle()
    incident = await room.incident()
    assert (incident.services, incident.team) == (("api", "vault", "billing"), "platform")


async def test_the_form_says_when_a_similar_incident_is_open(room: WarRoom) -> None:
    known = await room.declare("ben", "Checkout returns 500s --service checkout")
    hidden = await room.declare("ben", "checkout keys leaked --private --service checkout")
    form = await chosen(room, await opened(room), "Services", ["checkout"])
    assert "Similar and open" in form.plain()
    assert f"INC-1 Checkout returns 500s (SEV-3) → <#{known.room.channel_id}>" in form.plain()
    assert hidden.name not in form.plain()


async def test_a_severity_in_the_title_of_the_form_counts_unless_another_was_chosen(room: WarRoom) -> None:
    form = await opened(room)
    form.fill("Title", "DB down sev1")
    await room.slack.submit(room.slack.person("ada"), form)
    await room.settle()
    first = await room.incident()
    assert (first.severity, first.title) == ("SEV-1", "DB down")


async def test_a_templates_fields_stand_in_the_form_when_it_applies_and_on_the_card(room: WarRoom) -> None:
    form = await opened(room)
    with pytest.raises(LookupError):
        form.value("Data exposed")
    form = await chosen(room, form, "Team", "security")
    form.fill("Title", "keys leaked")
    form.fill("Data exposed", "yes")
    form.fill("Records", "many")
    result = await room.slack.submit(room.slack.person("ada"), form)
    assert "Write a number" in str(result.errors)
    form.fill("Records", "1200")
    assert (await room.slack.submit(room.slack.person("ada"), form)).closed
    await room.settle()
    incident = await room.incident()
    assert (incident.template, incident.fields) == ("breach", (("Data exposed", "yes"), ("Records", "1200")))
    card = room.channel_of(incident).messages_by_bot()[0].plain()
    assert "Data exposed" in card
    assert "1200" in card


async def test_the_source_message_is_told_and_declaring_it_again_leads_to_the_open_incident(room: WarRoom) -> None:
    slack, ada, ben = room.slack, room.slack.person("ada"), room.slack.person("ben")
    message = await slack.say(ada, "general", "sev2 is checkout broken for anybody else?")
    await slack.shortcut(ada, "declare_from_message", "general", message)
    form = await slack.modal(ada)
    assert form.value("Severity")["value"] == "SEV-2"
    await slack.submit(ada, form)
    await room.settle()
    incident = await room.incident()
    replies = message.replies
    assert len(replies) == 1
    assert f"<#{incident.room.channel_id}>" in replies[0].plain()
    await slack.shortcut(ben, "declare_from_message", "general", message)
    await room.settle()
    assert slack.open_modal(ben) is None
    assert f"<#{incident.room.channel_id}>" in slack.ephemerals(ben)[-1].plain()


async def test_declaring_without_a_title_keeps_what_was_said_for_the_form(room: WarRoom) -> None:
    ada = room.slack.person("ada")
    await room.slack.slash(ada, "general", "/incident", "declare --private sev1 --team security")
    form = await room.slack.modal(ada)
    assert (form.value("Severity")["value"], form.value("Team")["value"]) == ("SEV-1", "security")
    assert form.value("Private")


async def test_the_page_form_says_who_will_be_paged(room: WarRoom) -> None:
    slack, ada = room.slack, room.slack.person("ada")
    incident = await room.declare("ada", "search is slow")
    await slack.slash(ada, room.channel_of(incident), "/incident", "ack")
    await room.settle()
    await open_page_form(room, incident.id)
    form = await chosen(room, await slack.modal(ada), "Team", "security")
    assert f"Will page: <@{slack.person('grace').id}>" in form.plain().replace("*", "")
    form.fill("Reason", "keys are theirs")
    assert (await slack.submit(ada, form)).closed
    await room.settle()
    assert "keys are theirs" in room.channel_of(incident).messages_by_bot()[-1].plain()


async def open_page_form(room: WarRoom, incident_id: str) -> None:
    card = room.channel_of(await room.incident()).messages_by_bot()[0]
    option = {"text": {"type": "plain_text", "text": "Page someone…"}, "value": f"{incident_id}|page"}
    pressed = {"type": "overflow", "action_id": "incident.menu", "block_id": "b", "selected_option": option}
    await room.slack.press(room.slack.person("ada"), card, pressed)
    await room.settle()
