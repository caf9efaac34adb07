"""What failed for good is seen on the command line, and tried again."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage import open_store
from tests.bot.conftest import NIGHT, OUTAGE, bot
from warroom.outbox.changes import Changeset, Claim, ClaimOutcome, ClaimResult
from warroom.outbox.effects import OpenRoom

LATER = datetime(2126, 11, 21, 3, 0, tzinfo=UTC)
"""The command line reads the wall clock; what it makes due is due by then."""
MINUTE = timedelta(minutes=1)


pytestmark = pytest.mark.usefixtures("alone")


def bury(*keys: str) -> None:
    """As the dispatcher would after Slack said no."""

    async def write() -> None:
        store = await open_store(f"sqlite:///{Path.cwd()}/warroom.db")
        effects = tuple(OpenRoom(key=key, incident_id="i1", name="inc-7") for key in keys)
        await store.commit(Changeset(now=NIGHT, incident=OUTAGE, effects=effects))
        for claim in await store.claim(now=NIGHT, limit=10, lease=MINUTE):
            refused = "Slack said no to xoxb-sandbox-token: restricted_action"
            end = ClaimResult(key=claim.key, fence=claim.fence, rev=claim.rev, outcome=ClaimOutcome.DEAD, error=refused)
            await store.commit(Changeset(now=NIGHT, claim_result=end))
        await store.close()

    asyncio.run(write())


def due() -> list[Claim]:
    """What a running bot would do now."""

    async def read() -> list[Claim]:
        store = await open_store(f"sqlite:///{Path.cwd()}/warroom.db")
        claims = await store.claim(now=LATER, limit=10, lease=MINUTE)
        await store.close()
        return claims

    return asyncio.run(read())


def test_there_are_no_dead_letters_where_all_is_well() -> None:
    assert "There are no dead letters" in bot("outbox").output


def test_dead_letters_are_shown_with_incident_and_reason_and_without_secrets() -> None:
    bury("i1:room")
    shown = bot("outbox").output
    assert "i1:room" in shown
    assert "INC-7  open_room  1×" in shown
    assert "Slack said no to [hidden]: restricted_action" in shown
    assert due() == []


def test_one_is_tried_again_and_the_other_stays() -> None:
    bury("i1:room", "i1:other")
    result = bot("outbox", "--retry", "i1:room", "stranger")
    assert "i1:room is tried again" in result.output
    assert "stranger is no dead letter" in result.output
    assert result.exit_code == 1
    assert [(claim.key, claim.outcome_unknown) for claim in due()] == [("i1:room", True)]
    assert "i1:other" in bot("outbox").output


def test_without_a_key_all_are_tried_again() -> None:
    bury("i1:room", "i1:other")
    assert bot("outbox", "--retry").exit_code == 0
    assert len(due()) == 2
    assert "There are no dead letters" in bot("outbox").output


def test_the_audit_trail_has_the_command_line_too_and_can_be_read_by_machines() -> None:
    assert "Nobody has done anything yet" in bot("audit").output
    bury("i1:room")
    bot("outbox", "--retry", "i1:room")
    bot("declare", "--key", "k", "Disk", "full\x1b[31m")
    assert "outbox --retry" in bot("audit").output
    assert "\x1b" not in bot("audit").output
    (row,) = [json.loads(line) for line in bot("audit", "8", "--json").output.splitlines()]
    assert (row["by"], row["what"], row["incident"], row["result"]) == ("command line", "declare", "INC-8", "done")


def test_a_document_that_cannot_be_written_is_one_sentence() -> None:
    assert bot("declare", "disk full").exit_code == 0
    said = bot("postmortem", "1", "-o", "missing/document.md")
    assert said.exit_code == 1
    assert said.stderr.strip() == "missing/document.md cannot be written: No such file or directory."
