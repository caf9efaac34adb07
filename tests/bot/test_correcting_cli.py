"""The command line in the words of who tried it: what is wrong first, any way to write a number, whether a bot is running."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from storage import open_store
from tests.bot.conftest import NIGHT, OUTAGE, bot
from warroom.outbox.changes import Changeset

pytestmark = pytest.mark.usefixtures("alone")


def stored() -> None:
    """An incident is in the database."""

    async def write() -> None:
        store = await open_store(f"sqlite:///{Path.cwd()}/warroom.db")
        await store.commit(Changeset(now=NIGHT, incident=OUTAGE))
        await store.close()

    asyncio.run(write())


def a_bot(*, ends: bool) -> None:
    """A bot said that it lives, and perhaps that it ends."""

    async def live() -> None:
        store = await open_store(f"sqlite:///{Path.cwd()}/warroom.db")
        await store.heartbeat("host:1:abc", {})
        if ends:
            await store.deregister("host:1:abc")
        await store.close()

    asyncio.run(live())


@pytest.mark.parametrize("number", ["7", "#7", "INC-7", "inc-7"])
@pytest.mark.parametrize("command", ["show", "postmortem", "audit"])
def test_a_number_is_written_in_any_way(command: str, number: str) -> None:
    stored()
    assert bot(command, number).exit_code == 0


def test_what_is_no_number_is_said_with_what_to_write() -> None:
    refused = bot("show", "seven")
    assert refused.exit_code == 2
    assert "INC-12" in refused.output
    assert "unable to parse" not in refused.output


def test_check_says_what_is_wrong_before_the_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    said = bot("check").output
    assert said.index("SLACK_BOT_TOKEN") < said.index("The policy in effect")
    assert "1 problem, listed above the policy" in said


def test_declare_says_when_no_bot_is_running() -> None:
    assert "no bot is running" in bot("declare", "db", "down").output
    a_bot(ends=False)
    assert "no bot is running" not in bot("declare", "db", "down").output
    a_bot(ends=True)
    assert "no bot is running" in bot("declare", "db", "down").output


def test_declare_asks_about_a_misspelt_service_and_takes_one_in_quotes() -> None:
    Path("warroom.yml").write_text(
        "workspace: {default_team: platform}\n"
        "teams: {platform: {services: [api, checkout], escalation: [{after: 0m, notify: [ada@example.com]}]}}\n"
    )
    refused = bot("declare", "all", "slow", "--service", "api,chekout")
    assert refused.exit_code == 1
    assert "Did you mean checkout?" in refused.output
    assert "--service '\"chekout\"'" in refused.output
    assert "INC-1" not in bot("list").output
    assert "INC-1" in bot("declare", "all", "slow", "--service", '"chekout"').output


def test_a_severity_with_another_number_is_no_typo_of_an_alias() -> None:
    Path("warroom.yml").write_text("rules: [{name: x, when: {}, declare: {severity: SEV-9}}]\n")
    said = bot("check").output
    assert "SEV-5" not in said
    assert "SEV-1, SEV-2, SEV-3, SEV-4" in said
