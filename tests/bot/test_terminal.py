"""What others wrote is shown as text, whatever it would do to a terminal; and no password is shown."""

from __future__ import annotations

import ast
import asyncio
import json
import unicodedata
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cli.terminal import Terminal, TextTable, printable
from storage import open_store
from tests.bot.conftest import NIGHT, OUTAGE, bot
from warroom.alerts.model import Alert
from warroom.incident import events
from warroom.incident.model import Incident
from warroom.incident.parts import Room
from warroom.incident.timeline import Entry
from warroom.outbox.changes import Audited, Changeset, Claim, ClaimOutcome, ClaimResult, Quarantined, ReceivedAlert
from warroom.outbox.effects import Withdraw
from warroom.people.model import Person

ROOT = Path(__file__).parents[2]
HOSTILE = "\x1b[31mRED\x1b]0;title\x07 \u202egnp.exe\u2066 \x9b2J [bold]plain[/bold]"
SHOWN = r"\x1b[31mRED\x1b]0;title\x07 \u202egnp.exe\u2066 \x9b2J [bold]plain[/bold]"


def steers(output: str) -> list[str]:
    """The characters that would do something to the terminal."""
    return [char for char in output if unicodedata.category(char) in ("Cc", "Cf") and char not in "\n\t"]


@pytest.fixture
def record(alone: None) -> None:
    """A record in which every text that somebody else can write is hostile."""

    async def write() -> None:
        store = await open_store(f"sqlite:///{Path.cwd()}/warroom.db")
        incident: Incident = OUTAGE.copy_with(
            title=HOSTILE, team=HOSTILE, room=Room(channel_id="C1", channel_name=HOSTILE)
        )
        note = Entry(incident_id="i1", key="1", at=NIGHT, event=events.NoteAdded(text=HOSTILE), by="UADA")
        person = Person(id="UADA", display_name=HOSTILE)
        audited = Audited(at=NIGHT, by=HOSTILE, what=HOSTILE, incident="INC-7", said=HOSTILE, result=HOSTILE)
        alert = Alert(delivery_id="d", dedup_key="k", title=HOSTILE, occurred_at=NIGHT)
        useless = Quarantined(
            id="q", body=HOSTILE.encode(), content_type="text/plain", reason=HOSTILE, received_at=NIGHT, source=HOSTILE
        )
        gone = Withdraw(incident_id="i1", key=f"i1:withdraw:{HOSTILE}", ts="1")
        await store.commit(
            Changeset(
                now=NIGHT, incident=incident, entries=(note,), people=(person,), audited=(audited,), quarantined=(useless,),
                effects=(gone,), received=(ReceivedAlert(alert=alert, received_at=NIGHT, source=HOSTILE),),
            )
        )  # fmt: skip
        claims = await store.claim(now=NIGHT, limit=100, lease=timedelta(seconds=15))
        claim: Claim = next(each for each in claims if each.effect is not None)
        dead = ClaimResult(key=claim.key, fence=claim.fence, rev=claim.rev, outcome=ClaimOutcome.DEAD, error=HOSTILE)
        await store.commit(Changeset(now=NIGHT, claim_result=dead))
        await store.close()

    asyncio.run(write())


COMMANDS = ("list", "show 7", "audit", "audit --json", "alerts", "alerts --quarantined", "outbox", "postmortem 7")


@pytest.mark.usefixtures("record")
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_shows_it_as_text(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    result = bot(*command.split())
    assert result.exit_code == 0, result.output
    assert steers(result.output) == []
    if "json" in command:
        assert json.loads(result.output)["said"] == HOSTILE
    elif "postmortem" in command:
        assert "RED" in result.output, "a document has no such characters from the start"
    else:
        assert r"\x1b[31mRED" in result.output


@pytest.mark.usefixtures("alone")
def test_what_is_declared_and_what_is_refused_is_text_as_well() -> None:
    declared = bot("declare", HOSTILE)
    refused = bot("declare", "x", "--sev", HOSTILE)
    assert steers(declared.output + refused.output) == []
    assert "RED" in declared.output
    assert "RED" in refused.output


def test_a_table_and_its_cells_are_text(capsys: pytest.CaptureFixture[str]) -> None:
    table = TextTable("title", "again")
    table.add_row(HOSTILE, HOSTILE)
    console = Terminal(width=200)
    console.print(table)
    console.print(HOSTILE, markup=False)
    said = capsys.readouterr().out
    assert steers(said) == []
    assert said.count(SHOWN) == 3


@given(st.text())
def test_nothing_steers_and_what_is_harmless_stays(text: str) -> None:
    shown = printable(text)
    assert [char for char in steers(shown) if char != "\N{ZERO WIDTH JOINER}"] == []
    if text.isprintable():
        assert shown == printable(text) == text or "://" in text or "xox" in text or "=" in text
    shown.encode()


def test_emoji_and_other_scripts_stay() -> None:
    text = "\N{FAMILY}\N{ZERO WIDTH JOINER}\N{WOMAN} d\u00e9j\u00e0 \u05e9\u05dc\u05d5\u05dd \u4e2d"
    assert printable(text) == text


def test_nothing_is_printed_past_it() -> None:
    """`typer.echo`, `print` and rich's own console stand in terminal.py alone."""
    found = []
    for file in sorted((ROOT / "bot/cli").glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and file.name != "terminal.py":
                name = ast.unparse(node.func)
                if name in ("typer.echo", "click.echo", "print", "Console", "Table", "typer.secho", "sys.stdout.write"):
                    found.append(f"{file.name}:{node.lineno} {name}")
    assert found == []


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize(
    "address",
    [
        "https://me:swordfish1@status.example.com/",
        "https://:swordfish1@status.example.com/",
        "https://me:swor@dfish1@status.example.com/a?b=c@d",
        "https://meet.example.com/j/1?pwd=swordfish1&x=1",
        "https://meet.example.com/j/1?x=1&access_token=swordfish1",
    ],
)
def test_no_password_of_an_address_in_the_policy_is_shown(address: str) -> None:
    Path("warroom.yml").write_text(
        f"workspace: {{status_page: '{address}', meeting_url: '{address}', default_team: nobody}}\n"
        f"links: {{runbooks: {{'*': '{address}'}}}}\n"
        f"teams: {{a: {{channel: '#a', dashboard: '{address}', escalation: [{{after: 0m, notify: ['x']}}]}}}}\n"
    )
    for command in (("check",), ("list",), ("rules", "test", "none.json")):
        output = bot(*command).output
        assert "swordfish" not in output
        assert "dfish1" not in output
    Path("warroom.yml").write_text(f"workspace: {{status_page: '{address}', meeting_url: '{address}'}}\n")
    shown = bot("check").output
    assert "example.com" in shown
    assert "[hidden]" in shown
    assert "dfish1" not in shown


def test_a_port_that_there_is_not_is_one_sentence() -> None:
    told = bot("sandbox", "--port", "99999")
    assert told.exit_code == 2
    assert "--port" in told.output
    assert "Traceback" not in told.output


def test_help_names_what_is_needed_first_at_the_top() -> None:
    told = bot("--help").output
    assert told.index(" run ") < told.index(" check ") < told.index(" outbox ")
