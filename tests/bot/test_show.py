"""An incident and its timeline on the command line: people by name, no markup of the chat, its own commands."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from storage import open_store
from tests.bot.conftest import NIGHT, OUTAGE, bot
from warroom.incident import events
from warroom.incident.timeline import Entry
from warroom.outbox.changes import Changeset
from warroom.people.model import Person

pytestmark = pytest.mark.usefixtures("alone")


def happened(*what: events.Event) -> None:
    """The incident with these entries, each by Ada."""

    async def write() -> None:
        store = await open_store(f"sqlite:///{Path.cwd()}/warroom.db")
        entries = tuple(
            Entry(incident_id="i1", key=str(n), at=NIGHT, event=event, by="UADA") for n, event in enumerate(what)
        )
        people = (Person(id="UADA", display_name="Ada"), Person(id="UBEN", display_name="Ben"))
        await store.commit(Changeset(now=NIGHT, incident=OUTAGE, entries=entries, people=people))
        await store.close()

    asyncio.run(write())


def test_show_names_people_and_has_no_markup() -> None:
    happened(
        events.RoleAssigned(role="scribe", person="UBEN"),
        events.NoteAdded(text="<@UBEN> saw <https://a.example|the page>\x1b[31m"),
    )
    assert bot("show", "7").output.splitlines()[-2:] == [
        "2026-11-21 03:00:00  role assigned by Ada: scribe: Ben",
        "2026-11-21 03:00:00  note by Ada: @Ben saw the page (https://a.example)\\x1b[31m",
    ]


def test_a_refusal_names_the_command_lines_own_commands() -> None:
    refused = bot("show", "8")
    assert (refused.exit_code, refused.output.strip()) == (
        1,
        "There is no incident #8. python -m bot list shows the open ones.",
    )
    assert "There is no severity “nine”. Use one of: SEV-1" in bot("declare", "x", "--sev", "nine").output
