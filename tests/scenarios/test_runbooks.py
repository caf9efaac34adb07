"""A runbook in the room: what fits and why, the plan, the approval, the message that grows, the end."""

from __future__ import annotations

import pytest
import yaml

from sandbox import SlackMessage
from sandbox.forms import Form
from tests.scenarios.conftest import COMPANY, WarRoom
from warroom.incident import events
from warroom.incident.model import Incident, State
from warroom.policy import Policy, check
from warroom.runbooks.run import RunState

RUNBOOKS = yaml.safe_load("""
remediation: {allow: {command: [["printf", "%s", "*"]]}}
runbooks:
  greet:
    name: Greet a service
    about: Says hello to it.
    when: {service: checkout, severity: SEV-1}
    inputs: {word: {default: "hello {service}", about: What is said.}}
    steps:
      - {id: where, do: ask, with: {question: "Is {service} awake?", options: ["yes", "no"]}}
      - {id: greet, do: command, with: {run: ["printf", "%s", "{word}"]}, needs: [where], if: "{where.answer} == yes"}
      - {id: told, do: say, with: {text: "It said <!channel> {greet.output}"}, needs: [greet]}
  itself:
    name: Look by itself
    when: {monitor: "*returns 500s*"}
    auto: true
    steps:
      - {id: told, do: say, with: {text: "looking at {service}"}}
  watch:
    name: Watch out
    checklist: "- [ ] tell the team\\n- [ ] look at the graphs"
""")


@pytest.fixture
def policy() -> Policy:
    """The company's, with three runbooks."""
    checked = check(COMPANY | RUNBOOKS)
    assert checked.policy is not None, checked.mistakes
    return checked.policy


async def declared(room: WarRoom) -> Incident:
    return await room.declare("ada", "checkout returns 500s --sev 1 --service checkout grace@example.com")


def message(room: WarRoom, incident: Incident, part: str) -> SlackMessage:
    found = [each for each in room.channel_of(incident).log if part in each.plain() and not each.deleted]
    assert len(found) == 1, f"{len(found)} messages about {part}"
    return found[0]


async def answered(room: WarRoom, incident: Incident, who: str, part: str, label: str) -> None:
    slack = room.slack
    await slack.click(slack.person(who), room.channel_of(incident), message(room, incident, part), label)
    await room.settle()


async def test_from_the_list_over_the_plan_and_the_approval_to_the_end(room: WarRoom) -> None:
    slack, ada, incident = room.slack, room.slack.person("ada"), await declared(room)
    channel = room.channel_of(incident)
    await slack.slash(ada, channel.name, "/incident", "run")
    await room.settle()
    offers = slack.ephemerals("ada")[-1]
    assert "service checkout, severity SEV-1" in offers.plain()
    await slack.slash(ada, channel.name, "/incident", "run greet")
    form = await slack.modal(ada)
    assert form.value("word") == "hello checkout"
    form.fill("word", "good morning; reboot")
    assert not (await slack.submit(ada, form)).closed
    plan = await slack.modal(ada)
    assert "Run printf %s “good morning; reboot”" in plain(plan)
    assert (await slack.submit(ada, plan)).closed
    await room.settle()
    assert "Is checkout awake?" in message(room, incident, "asked by").plain()
    await answered(room, incident, "ada", "asked by", "yes")
    assert "Approve the step greet?" in message(room, incident, "asked by").plain()
    await answered(room, incident, "grace", "asked by", "Approve")
    assert "done, not verified" in message(room, incident, "asked by").plain()
    told = message(room, incident, "🛠️ Greet")
    assert "good morning; reboot" in told.plain()
    assert "<!channel>" not in str(told.blocks)
    steps = [
        entry.event
        for entry in await room.bot.store.timeline(incident.id)
        if isinstance(entry.event, events.RunbookApproval)
    ]
    assert [each.what for each in steps] == ["asked", "approved"]


def plain(form: Form) -> str:
    return str(form.view.blocks)


async def test_what_begins_by_itself_says_so(room: WarRoom) -> None:
    incident = await declared(room)
    await room.settle()
    assert "began by itself" in str(message(room, incident, "done, not verified").blocks)
    assert "looking at checkout" in message(room, incident, "🛠️").plain()


async def test_stop_and_a_button_of_an_older_message(room: WarRoom) -> None:
    slack, incident = room.slack, await declared(room)
    channel, grace = room.channel_of(incident), room.slack.person("grace")
    ada = room.slack.person("ada")
    await slack.slash(ada, channel.name, "/incident", "run greet")
    await slack.submit(ada, await slack.modal(ada))
    await slack.submit(ada, await slack.modal(ada))
    await room.settle()
    await answered(room, incident, "grace", "asked by", "Stop")
    shown = message(room, incident, "asked by")
    assert "stopped by" in shown.plain()
    assert "Not done" in shown.plain()
    run = (await room.bot.store.runs(incident.id))[0]
    assert (run.state, run.ended_by) == (RunState.STOPPED, grace.id)


async def test_a_checklist_is_ticked_in_the_room(room: WarRoom) -> None:
    slack, incident = room.slack, await declared(room)
    await slack.slash(slack.person("ada"), room.channel_of(incident).name, "/incident", "run watch")
    await room.settle()
    await answered(room, incident, "grace", "Watch out", "Tick")
    shown = message(room, incident, "Watch out")
    assert "1 of 2" in shown.plain()
    assert f"<@{slack.person('grace').id}>" in str(shown.blocks)


async def test_when_the_incident_is_over_no_runbook_begins(room: WarRoom) -> None:
    slack, incident = room.slack, await declared(room)
    channel = room.channel_of(incident).name
    await slack.slash(slack.person("ada"), channel, "/incident", "resolve done")
    await room.settle()
    assert (await room.incident()).state is State.RESOLVED
    await slack.slash(slack.person("ada"), channel, "/incident", "run watch")
    await room.settle()
    assert "Runbooks are run in open incidents" in slack.ephemerals("ada")[-1].plain()
