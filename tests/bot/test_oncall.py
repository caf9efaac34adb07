"""`python -m bot oncall` and what `check` says of schedules."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from blocks.oncall import schedule_problem_lines
from storage import open_store
from tests.bot.conftest import OUTAGE, bot
from tests.people import StoredPeople
from tests.stores import fresh_store
from warroom.incident.events import Acknowledged, Declared, PageReason, PeoplePaged
from warroom.incident.timeline import Entry
from warroom.oncall.model import FeedLink, Override
from warroom.oncall.problems import schedule_problems
from warroom.oncall.public_holidays import holidays_of
from warroom.outbox.changes import Changeset
from warroom.people.model import Person
from warroom.policy import check

POLICY = """
schedules:
  platform:
    timezone: Europe/Berlin
    country: DE
    layers:
      - {people: [ada@example.com, ben@example.com], every: 12h, handoff: "09:00", from: 2026-01-05}
"""
PEOPLE = (Person(id="UADA", display_name="Ada", email="ada@example.com"), Person(id="UBEN", email="ben@example.com"))


@pytest.fixture
def duty(alone: None) -> datetime:
    """A policy with a schedule, and a record in which Ada was paged an hour ago; the hour."""
    Path("warroom.yml").write_text(POLICY)
    return asyncio.run(_paged())


async def _paged() -> datetime:
    store = await open_store(f"sqlite:///{Path.cwd()}/warroom.db")
    now = datetime(2026, 1, 10, 3, 0, tzinfo=UTC)
    try:
        page = PeoplePaged(paged=("UADA",), reason=PageReason.DECLARED)
        acknowledged = now + timedelta(minutes=4)
        entries = (
            Entry(incident_id="i1", key="0", at=now, event=Declared(title="Disk full")),
            Entry(incident_id="i1", key="1", at=now, event=page),
            Entry(incident_id="i1", key="2", at=acknowledged, event=Acknowledged(), by="UADA"),
        )
        incident = OUTAGE.copy_with(declared_at=now, touched_at=now)
        await store.commit(Changeset(now=now, incident=incident, entries=entries, people=PEOPLE))
    finally:
        await store.close()
    return now


@pytest.mark.usefixtures("duty")
def test_show_says_who_is_on_call_and_who_is_next() -> None:
    (line,) = bot("oncall", "show", "--json").output.splitlines()
    shown = json.loads(line)
    assert {*shown["now"], *shown["next"]} == {"UADA", "UBEN"}
    assert shown["until"] == shown["from"]
    assert "platform" in bot("oncall", "show", "schedule:platform").output
    refused = bot("oncall", "show", "payroll")
    assert (refused.exit_code, "Known schedules: platform" in refused.output) == (1, True)


@pytest.mark.usefixtures("duty")
def test_report_counts_hours_and_pages() -> None:
    loads = [json.loads(line) for line in bot("oncall", "report", "--since", "3650d", "--json").output.splitlines()]
    ada = next(load for load in loads if load["person"] == "UADA")
    assert (ada["pages"], ada["pages_at_night"], ada["acknowledged"], ada["time_to_acknowledge"]) == (1, 1, 1, 240.0)
    ahead = [json.loads(line) for line in bot("oncall", "report", "--ahead", "20d", "--json").output.splitlines()]
    assert sum(load["hours"]["total"] for load in ahead) == 20 * 86_400
    assert sum(load["hours"]["nights"] for load in ahead) == pytest.approx(20 * 8 * 3_600, abs=2 * 3_600)
    assert {load["pages"] for load in ahead} == {0}
    assert "not a duration" in bot("oncall", "report", "--since", "soon").output
    assert "Ada" in bot("oncall", "report").output


def test_holidays_are_those_of_the_country_and_its_parts() -> None:
    assert date(2026, 10, 3) in holidays_of("DE", 2026)
    assert date(2026, 1, 6) not in holidays_of("DE", 2026)
    assert date(2026, 1, 6) in holidays_of("DE-BY", 2026)
    assert holidays_of("XX", 2026) == holidays_of("DE-ZZ", 2026) == frozenset()


async def test_check_finds_gaps_people_who_are_not_there_and_layers_that_never_apply() -> None:
    layers = [
        {"people": ["lost@example.com"], "hours": "08:00-18:00"},
        {"people": ["ada@example.com"], "until": "2026-01-08"},
    ]
    hidden = [{"people": ["ben@example.com"]}, {"people": ["ada@example.com"]}]
    checked = check({"schedules": {"sre": {"layers": layers}, "web": {"layers": hidden}}})
    assert checked.policy is not None
    now = datetime(2026, 1, 5, tzinfo=UTC)
    cover = Override(
        id="o", schedule="sre", start=now + timedelta(days=3), end=now + timedelta(days=89), person="U", made_at=now
    )
    async with fresh_store() as store:
        await store.commit(Changeset(now=now, people=PEOPLE))
        found = await schedule_problems(checked.policy, checked.policy.schedules, [cover], StoredPeople(store), now)
    lines = [line for each in found for line in schedule_problem_lines(each, people_known=True)]
    assert lines == [
        (
            "Schedule sre: nobody is on call 2 times in the next 90 days (14 h in all), first from "
            "4 Apr 2026, 00:00 UTC to 4 Apr 2026, 08:00 UTC."
        ),
        "Schedule sre: “lost@example.com”: nobody here has this email.",
        (
            "Schedule web: layers[0] never says who is on call. Look at its from, until, hours and days, and whether a later "
            "layer always takes its place."
        ),
    ]
    assert not any("lost" in line for each in found for line in schedule_problem_lines(each, people_known=False))


@pytest.mark.usefixtures("duty")
def test_check_says_it_beside_what_else_is_missing() -> None:
    Path("warroom.yml").write_text(
        POLICY.replace("country: DE", "country: XX").replace('"09:00"', '"09:00", until: 2026-02-01')
    )
    said = " ".join(bot("check").output.split())
    assert "Schedule platform: nobody is on call for " in said
    assert "no holidays are known for the country XX" in said


@pytest.mark.usefixtures("duty")
def test_simulate_writes_nothing_and_says_what_differs() -> None:
    before = Path("warroom.db").read_bytes()
    text = bot("oncall", "simulate", "--since", "3650d").output
    assert "rooms: 1 (there were 1)" in text
    assert "INC-7  SEV-1  -  Disk full" in text
    Path("other.yml").write_text("teams: {}\n")
    found = json.loads(bot("oncall", "simulate", "--policy", "other.yml", "--since", "3650d", "--json").output)
    assert [room["happened_as"] for room in found["rooms"]] == ["INC-7"]
    assert (found["pages_before"], [page["person"] for page in found["pages_gone"]]) == (1, ["UADA"])
    assert found["woken_before"] == {"UADA": 1}
    Path("other.yml").write_text("teams: {web: {escalation: [{after: 0m, notify: [stranger@example.com]}]}}\n")
    assert "Nobody was found for stranger@example.com, so no page to them" in (
        bot("oncall", "simulate", "--policy", "other.yml", "--since", "3650d").output
    )
    assert Path("warroom.db").read_bytes() == before
    refused = bot("oncall", "simulate", "--policy", "nowhere.yml")
    assert (refused.exit_code, "cannot be read" in refused.output) == (2, True)


def test_names_are_cleaned_as_everywhere_on_the_command_line(duty: datetime) -> None:
    async def renamed() -> None:
        store = await open_store(f"sqlite:///{Path.cwd()}/warroom.db")
        evil = PEOPLE[0].model_copy(update={"display_name": "Ada\x1b[2J\x9b31m\u202eadA"})
        try:
            await store.commit(Changeset(now=duty, people=(evil,)))
        finally:
            await store.close()

    asyncio.run(renamed())
    for command in (["show"], ["report"], ["report", "--since", "3650d"], ["simulate", "--since", "3650d"]):
        for options in ([], ["--json"]):
            said = bot("oncall", *command, *options).output
            assert not set("\x1b\x9b\u202e") & set(said), (command, options)
    assert "Ada" in bot("oncall", "report", "--json").output


@pytest.mark.usefixtures("duty")
def test_the_report_is_drawn_into_a_file() -> None:
    assert bot("oncall", "report", "--ahead", "20d", "--chart", "load.png").exit_code == 0
    assert Path("load.png").read_bytes().startswith(b"\x89PNG")
    refused = bot("oncall", "report", "--chart", "nowhere/load.png")
    assert (refused.exit_code, "nowhere/load.png cannot be written" in refused.output) == (1, True)


@pytest.mark.usefixtures("duty")
def test_an_operator_ends_the_links_of_a_person_also_of_one_who_left() -> None:
    ada = FeedLink(id="a1", person="UADA", digest="d" * 64, made_at=datetime(2026, 1, 9, tzinfo=UTC))
    links = (ada, ada.copy_with(id="a2", schedule="platform"), ada.copy_with(id="z1", person="UGONE"))
    gone = Person(id="UGONE", display_name="Gone", deleted=True)
    asyncio.run(_put(Changeset(now=ada.made_at, feed_links=links, people=(gone,))))
    shown = bot("oncall", "links").output
    assert "Gone (account closed)" in shown
    assert "d" * 64 not in shown + bot("oncall", "links", "--json").output
    unclear = bot("oncall", "revoke", "nobody@example.com")
    assert (unclear.exit_code, "It is not clear who" in unclear.output) == (1, True)
    assert "2 links ended." in bot("oncall", "revoke", "ada@example.com").output
    assert "1 link ended." in bot("oncall", "revoke", "UGONE").output
    assert "There are no calendar links." in bot("oncall", "links").output
    assert "oncall revoke" in bot("audit").output


async def _put(change: Changeset) -> None:
    store = await open_store(f"sqlite:///{Path.cwd()}/warroom.db")
    try:
        await store.commit(change)
    finally:
        await store.close()
