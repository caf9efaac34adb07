"""Who did what is known afterwards, whatever came of it."""

from __future__ import annotations

from tests.scenarios.conftest import WarRoom
from warroom.outbox.changes import Audited


async def trail(room: WarRoom, incident: str | None = None) -> list[tuple[str, str | None, str, str]]:
    """(what, incident, said, result), oldest first."""
    await room.settle()
    rows: list[Audited] = await room.bot.store.audit(incident)
    return [(row.what, row.incident, row.said, row.result.partition(":")[0]) for row in reversed(rows)]


async def test_every_command_leaves_a_row_with_what_came_of_it(room: WarRoom) -> None:
    slack = room.slack
    ada = slack.person("ada")
    await room.declare("ada", "checkout returns 500s --sev 1")
    for text in ("ack 1", "ack 1", "sevrity 1 2", "update #1 rolling back", "list"):
        await slack.slash(ada, "general", "/incident", text)
        await room.settle()
    assert await trail(room) == [
        ("command declare", "INC-1", "/incident declare checkout returns 500s --sev 1", "done"),
        ("command ack", "INC-1", "/incident ack 1", "done"),
        ("command ack", "INC-1", "/incident ack 1", "nothing to do"),
        ("command unknown", None, "/incident sevrity 1 2", "refused"),
        ("command update", "INC-1", "/incident update #1 rolling back", "done"),
        ("command list", None, "/incident list", "done"),
    ]
    (first, *_) = reversed(await room.bot.store.audit())
    assert (first.by, first.channel) == (ada.id, slack.channel("general").id)


async def test_so_does_every_button_form_and_shortcut(room: WarRoom) -> None:
    slack = room.slack
    ada, ben = slack.person("ada"), slack.person("ben")
    incident = await room.declare("ada", "checkout returns 500s --sev 1")
    card = room.channel_of(incident).messages_by_bot()[0]
    await slack.click(ada, room.channel_of(incident), card, "Acknowledge")
    await room.settle()
    await slack.click(ada, room.channel_of(incident), card, "Post update")
    await room.settle()
    form = await slack.modal(ada)
    form.fill("Update", "rolling back")
    await slack.submit(ada, form)
    message = await slack.say(ben, "general", "is checkout broken?")
    await slack.shortcut(ben, "declare_from_message", "general", message)
    assert (await trail(room))[1:] == [
        ("button incident.acknowledge", "INC-1", "detected", "done"),
        ("button incident.post_update", "INC-1", "acknowledged", "done"),
        ("form form.update", "INC-1", "rolling back", "done"),
        ("shortcut declare from message", None, "", "done"),
    ]
    assert len(await trail(room, "INC-1")) == 4


async def test_what_was_forbidden_is_on_the_trail(room: WarRoom) -> None:
    await room.declare("ada", "checkout returns 500s --sev 1")
    await room.slack.slash(room.slack.person("linus"), "general", "/incident", "cancel #1 boring")
    await room.settle()
    row = (await room.bot.store.audit())[0]
    assert (row.by, row.incident) == (room.slack.person("linus").id, "INC-1")
    assert row.result.startswith("refused: Cancelling INC-1 is for the people in its channel. Join #inc-1-checkout")


async def test_a_form_that_was_refused_and_sent_again_leaves_two_rows(room: WarRoom) -> None:
    slack, ada = room.slack, room.slack.person("ada")
    incident = await room.declare("ada", "checkout returns 500s --sev 1")
    card = room.channel_of(incident).messages_by_bot()[0]
    await slack.click(ada, room.channel_of(incident), card, "Post update")
    form = await slack.modal(ada)
    form.fill("Update", "  ")
    assert not (await slack.submit(ada, form)).closed
    form.fill("Update", "rolling back")
    assert (await slack.submit(ada, form)).closed
    assert [row[3] for row in await trail(room) if row[0] == "form form.update"] == ["refused", "done"]
