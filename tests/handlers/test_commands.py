"""Every subcommand does what its help line says, once."""

from __future__ import annotations

import pytest

from handlers.commands import SUBCOMMANDS
from tests.handlers.conftest import HandlerHarness
from tests.refusals import refuses
from warroom.errors import AlreadyDone, NotFound, Refused
from warroom.incident import events
from warroom.incident.model import State
from warroom.incident.notices import HandedOver
from warroom.outbox.changes import Changeset
from warroom.outbox.effects import Post
from warroom.refusals import Repeated


async def test_help_names_every_subcommand(desk: HandlerHarness) -> None:
    shown = str((await desk.type("")).blocks)
    assert all(f"/incident {each.name}" in shown for each in SUBCOMMANDS)


async def test_a_typo_is_asked_about(desk: HandlerHarness) -> None:
    with refuses(Refused, match="Did you mean /incident resolve"):
        await desk.type("resolv")


async def test_one_line_declares_and_says_how_the_names_were_understood(desk: HandlerHarness) -> None:
    await desk.type("declare checkout returns 500s --sev 1 --team platform @grace nobody@example.com")
    incident = await desk.incident()
    assert (incident.title, incident.severity, incident.team) == ("checkout returns 500s", "SEV-1", "platform")
    assert {"UADA", "UGRACE"} <= set(incident.participants.invitees)
    assert incident.reply_to is not None
    assert [each.said for each in incident.reply_to.unknown] == ["nobody@example.com"]


async def test_nothing_said_opens_the_form(desk: HandlerHarness) -> None:
    await desk.type("declare")
    assert [view["title"]["text"] for view in desk.forms.views] == ["Declare incident"]
    assert await desk.world.store.last_number() == 0


async def test_an_incident_goes_from_declared_to_cancelled_or_closed_by_typing(desk: HandlerHarness) -> None:
    first = await desk.room()
    room = first.room.channel_id or ""
    assert "You acknowledged INC-1" in (await desk.type("ack", channel=room)).text
    await desk.type("severity 2", channel=room)
    await desk.type("update rolling back", channel=room)
    await desk.type("role scribe @grace", channel=room)
    await desk.type("timeline add deployed 1.4.2", channel=room)
    await desk.type("action add raise the limit @grace due friday", channel=room)
    await desk.type("mitigate", channel=room)
    await desk.type("resolve #1 rolled back")
    after = await desk.incident()
    assert (after.state, after.severity, after.commander) == (State.RESOLVED, "SEV-2", "UADA")
    assert (after.updates.last, after.summary, after.roles) == ("rolling back", "rolled back", (("scribe", "UGRACE"),))
    assert [(item.text, item.owner) for item in after.actions] == [("raise the limit", "UGRACE")]
    listed = await desk.type("action", channel=room)
    assert "raise the limit · <@UGRACE>" in str(listed.blocks)
    await desk.type("reopen 1")
    await desk.type("cancel it was a drill", channel=room)
    assert (await desk.incident()).state is State.CANCELLED


async def test_the_post_mortem_is_drafted(desk: HandlerHarness) -> None:
    incident = await desk.room()
    await desk.type("resolve rolled back", channel=incident.room.channel_id or "")
    await desk.type("postmortem", channel=incident.room.channel_id or "")
    assert (await desk.incident()).postmortem is not None


async def test_what_is_asked_is_shown(desk: HandlerHarness) -> None:
    incident = await desk.room()
    room = incident.room.channel_id or ""
    await desk.type("timeline add the cache is cold", channel=room)
    for typed in ("list", "show", "show 1", "find checkout"):
        assert "checkout returns 500s" in str((await desk.type(typed, channel=room)).blocks), typed
    assert "the cache is cold" in str((await desk.type("timeline", channel=room)).blocks)


async def test_people_are_called_and_homonyms_are_asked_about(desk: HandlerHarness) -> None:
    incident = await desk.room()
    room = incident.room.channel_id or ""
    card = await desk.type("invite @alex @grace", channel=room)
    buttons = [b for block in card.blocks if block["type"] == "actions" for b in block["elements"]]
    assert len(buttons) == 2
    await desk.press("candidate.invite", incident, buttons[1]["value"].partition("|")[2])
    wanted = set((await desk.incident()).participants.invitees)
    assert "UGRACE" in wanted
    assert len(wanted & {"UALEX1", "UALEX2"}) == 1
    paged = await desk.type("page platform", channel=room)
    assert "<@UGRACE>" in paged.text
    await desk.type("escalate nobody answers", channel=room)
    assert (await desk.incident()).escalation.reached == 2


async def test_outside_of_a_room_the_number_is_asked_for(desk: HandlerHarness) -> None:
    await desk.room()
    with refuses(NotFound, match="Say which incident"):
        await desk.type("ack")
    with refuses(NotFound, match="no incident #7"):
        await desk.type("ack 7")


async def test_a_private_incident_is_unknown_to_everybody_else(desk: HandlerHarness) -> None:
    await desk.room("declare leaked key --sev 1 --private")
    with pytest.raises(NotFound):
        await desk.type("show 1", user="UALEX1")
    assert "leaked key" not in str((await desk.type("list", user="UALEX1")).blocks)


async def test_private_incidents_do_not_crowd_out_what_everybody_may_see(desk: HandlerHarness) -> None:
    await desk.type("declare checkout lost a key --sev 2")
    for _ in range(101):
        await desk.type("declare somebody leaked a key --sev 1 --private")
    for typed in ("list", "find key"):
        shown = str((await desk.type(typed, user="UALEX1")).blocks)
        assert "checkout lost a key" in shown
        assert "leaked" not in shown


@pytest.mark.parametrize(
    "typed", ["update rolling back", "escalate", "action add look", "page platform", "timeline add x"]
)
async def test_a_command_that_is_delivered_again_does_it_once(desk: HandlerHarness, typed: str) -> None:
    incident = await desk.room()
    actor = desk.actor(channel=incident.room.channel_id)
    await desk.type(typed, actor=actor)
    before = await desk.incident(), await desk.world.store.timeline(incident.id)
    with pytest.raises(Repeated):
        await desk.type(typed, actor=actor)
    assert (await desk.incident(), await desk.world.store.timeline(incident.id)) == before


async def test_a_declaration_that_is_delivered_again_is_the_same_incident(desk: HandlerHarness) -> None:
    actor = desk.actor()
    await desk.type("declare search is slow", actor=actor)
    assert "INC-1" in (await desk.type("declare search is slow", actor=actor)).text
    assert await desk.world.store.last_number() == 1


async def test_the_second_to_acknowledge_hears_who_was_first(desk: HandlerHarness) -> None:
    incident = await desk.room()
    await desk.press("incident.acknowledge", incident)
    with refuses(AlreadyDone, match="<@UADA> has it already"):
        await desk.press("incident.acknowledge", incident, user="UGRACE")
    entries = await desk.world.store.timeline(incident.id)
    assert [entry.by for entry in entries if isinstance(entry.event, events.Acknowledged)] == ["UADA"]


async def test_who_would_be_called_is_shown_level_by_level(desk: HandlerHarness) -> None:
    card = await desk.type("oncall platform")
    assert "at once: <@UGRACE>" in str(card.blocks)
    assert "after 15 min: <@UADA>" in str(card.blocks)
    with refuses(Refused, match="Known: platform"):
        await desk.type("oncall payroll")


async def test_a_reminder_is_snoozed_once(desk: HandlerHarness) -> None:
    incident = await desk.room()
    reminded = incident.with_updates(missed=1, unanswered=1).with_deadlines(update=desk.clock.now())
    await desk.world.store.commit(Changeset(now=desk.clock.now(), incident=reminded))
    await desk.press("reminder.snooze", incident)
    with refuses(AlreadyDone, match="snoozed or answered"):
        await desk.press("reminder.snooze", incident)


async def test_nobody_found_is_not_called_invited(desk: HandlerHarness) -> None:
    incident = await desk.room()
    card = await desk.type("invite nobody@example.com", channel=incident.room.channel_id or "")
    assert card.text.startswith("Nobody was invited yet.")
    assert "nobody@example.com" in card.text


async def test_an_update_of_a_private_incident_is_not_said_to_be_announced(desk: HandlerHarness) -> None:
    await desk.type("declare token leaked --private")
    assert "posted to its channel." in (await desk.type("update #1 rotating it")).text


async def test_a_hand_over_passes_command_and_says_where_things_stand(desk: HandlerHarness) -> None:
    incident = await desk.room()
    room = incident.room.channel_id or ""
    await desk.type("ack", channel=room)
    await desk.type("update rolling back", channel=room)
    assert "<@UGRACE> is incident commander" in (await desk.type("handover @grace", channel=room)).text
    after = await desk.incident()
    assert after.commander == "UGRACE"
    said = [each.notice for each in await desk.outbox() if isinstance(each, Post)]
    assert [each for each in said if each.kind == "handed_over"] == [
        HandedOver(by="UADA", person="UGRACE", before="UADA")
    ]
    with refuses(AlreadyDone, match="commander"):
        await desk.type("handover @grace", channel=room)


async def test_help_of_one_command_shows_every_way_to_use_it_uncut(desk: HandlerHarness) -> None:
    everything, one = str((await desk.type("help")).blocks), str((await desk.type("help oncall")).blocks)
    assert "oncall …" in everything
    for way in (
        "oncall cover SCHEDULE FROM to UNTIL [@who]",
        "oncall report [30d | next 90d]",
        "oncall calendar [SCHEDULE",
    ):
        assert f"`/incident {way}" in one
    assert "…`" not in one
