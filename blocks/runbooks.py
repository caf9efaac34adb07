"""Runbooks in the chat: what is offered, the form with the plan, the message of a run, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, assert_never

from blocks import ids, kit, labels, text
from blocks.form_fields import INPUT, FormMistakes, about, chosen_in, field, form_about, text_in
from blocks.incident_card import resolve_button
from blocks.kit import Block, Card, Option
from warroom.incident.model import Incident
from warroom.incident.view import IncidentView
from warroom.refusals import RunbookRefused, RunbookWhy
from warroom.runbooks.model import Runbook
from warroom.runbooks.plan import Plan, PlannedStep
from warroom.runbooks.run import Phase, Run, RunState, StepRun, StepState
from warroom.runbooks.situation import Offer

MOST_OFFERED = 15
MOST_BOXES = 30
MOST_STEPS = 40
"""Steps shown in one message."""
MOST_ASKED = 4
"""Approvals and questions with their buttons in one message."""
PLAN_LIMIT = 2_500
NOTED = "note:"
"""Begins what whoever asked for a run said, among the reasons for it."""
NOTE = "note"
"""The field with why somebody runs it."""


class RunTarget(NamedTuple):
    """What a button of a run carries beside the incident: the run's number, the step, how that was, and more."""

    number: int
    step: str = ""
    token: str = ""
    more: str = ""


def carry(incident_id: str, target: RunTarget) -> str:
    """A button's value."""
    return ids.carry(incident_id, ";".join((str(target.number), target.step, target.token, target.more)))


def carried(seen: str) -> RunTarget | None:
    """The opposite of `carry`, of its part after the incident; None where it is something else."""
    number, _, rest = seen.partition(";")
    step, _, rest = rest.partition(";")
    token, _, more = rest.partition(";")
    return RunTarget(int(number), step, token, more) if number.isascii() and number.isdecimal() else None


# -- what is offered


def offers_card(incident: Incident, offers: Sequence[Offer]) -> Card:
    """The runbooks that may be run in an incident, with a button each; those that fit first, with why."""
    if not offers:
        line = "No runbook fits this incident. Runbooks are YAML files in the folder `runbooks`."
        return kit.card(f"{incident.name}: {line}", [kit.section(line)])
    shown: list[Block | None] = []
    for number, offer in enumerate(offers[:MOST_OFFERED]):
        runbook = offer.runbook
        lines = [f"*{kit.line(runbook.name, 150)}*"]
        if runbook.about:
            lines.append(kit.line(runbook.about, 300))
        lines.append(f"_Fits: {why(offer.why)}_" if offer.why else "_For any incident_")
        if runbook.steps or runbook.checklist:
            button = run_button(incident, runbook, number)
        else:
            button = kit.button("Open", ids.nth(ids.OPEN_LINK, number), url=runbook.link)
        shown.append(kit.section("\n".join(lines), accessory=button))
    rest = len(offers) - MOST_OFFERED
    more = kit.context(f"and {rest} more: `/incident run NAME`") if rest > 0 else None
    return kit.card(f"Runbooks for {incident.name}", [*shown, more])


def run_button(incident: Incident, runbook: Runbook, place: int) -> Block:
    """Opens the form of a runbook with steps, or begins a checklist; `place` tells the buttons of one message apart."""
    label = "Run…" if runbook.steps else "Open list"
    return kit.button(label, ids.nth(ids.RUN_CHOOSE, place), ids.carry(incident.id, runbook.key))


def why(pairs: Sequence[tuple[str, str]]) -> str:
    """Why a runbook fits: "monitor High memory, service checkout"."""
    return ", ".join(f"{what} {kit.line(said, 80)}" for what, said in pairs)


# -- the form


class FilledRun(NamedTuple):
    """What the form of a run was sent with."""

    key: str
    inputs: dict[str, str]
    planned: bool
    """Whether the plan was shown."""
    note: str = ""


def inputs_form(view: IncidentView, runbook: Runbook, values: Mapping[str, Any]) -> Block:
    """The inputs, filled in with what is known."""
    fields: list[Block | None] = []
    for name, asked in runbook.inputs.items():
        initial = str(values.get(name) or "")
        if asked.options:
            options = [Option(each, each) for each in asked.options]
            element = kit.select(INPUT, options, initial=initial if initial in asked.options else None)
        else:
            element = kit.plain_text_input(INPUT, initial=initial, max_length=500)
        fields.append(field(f"input_{name}", name, element, hint=asked.about))
    head = kit.section(f"*{kit.line(runbook.name, 150)}*\n{kit.line(runbook.about, 500)}")
    seen = json.dumps({"key": runbook.key})
    return form_about(view, ids.FORM_RUN, "Run a runbook", "Show the plan", [head, *fields], seen)


def plan_form(view: IncidentView, runbook: Runbook, made: Plan, inputs: Mapping[str, Any]) -> Block:
    """The plan: every call that would be made, with the values filled in."""
    head = f"*{kit.line(runbook.name, 150)}*"
    given = ", ".join(f"{name} = {kit.line(str(value), 100)}" for name, value in inputs.items())
    blocks: list[Block | None] = [kit.section(head + (f"\n{given}" if given else ""))]
    blocks += [kit.section(text.cut(each, 2_900)) for each in plan_texts(made)]
    if made.problems:
        blocks.append(
            kit.section("⚠️ *It cannot be run:*\n" + "\n".join(kit.line(each, 300) for each in made.problems[:10]))
        )
    elif any(step.approval for step in made.steps):
        blocks.append(kit.context("🔒 Somebody has to approve it in the channel before it is done."))
    reason = kit.plain_text_input(INPUT, max_length=300)
    blocks.append(field(NOTE, "Why", reason, optional=True, hint="Stands on the timeline and before whoever approves."))
    seen = json.dumps({"key": runbook.key, "inputs": {name: str(value) for name, value in inputs.items()}})
    return form_about(view, ids.FORM_RUN, "The plan", "Run", blocks, seen[:2_500])


def plan_texts(made: Plan) -> list[str]:
    """The plan as mrkdwn, in pieces that each fit a block."""
    lines = [_planned(number, step) for number, step in enumerate(made.steps, 1)]
    if made.otherwise:
        lines.append("*If it fails:*")
        lines += [_planned(number, step) for number, step in enumerate(made.otherwise, 1)]
    pieces: list[str] = [""]
    for line in lines:
        if len(pieces[-1]) + len(line) > PLAN_LIMIT:
            pieces.append("")
        pieces[-1] += line + "\n"
    return [piece for piece in pieces[:20] if piece.strip()]


def _planned(number: int, step: PlannedStep) -> str:
    sign = " 🔒" if step.approval else ""
    after = f" _after {', '.join(step.needs)}_" if step.needs else ""
    only = f" _if {kit.line(' and '.join(step.condition), 150)}_" if step.condition else ""
    first = kit.line(step.lines[0], 400) if step.lines else step.do
    rest = "".join(f"\n      {kit.line(line, 300)}" for line in step.lines[1:8])
    return f"{number}. *{kit.line(step.id, 40)}*{sign}: {first}{after}{only}{rest}"


def read_run(view: Block) -> FilledRun | FormMistakes:
    """What the form was sent with."""
    carried_by = json.loads(about(view).seen or "{}")
    if "inputs" in carried_by:
        key, inputs = str(carried_by.get("key", "")), dict(carried_by["inputs"])
        return FilledRun(key, inputs, planned=True, note=text_in(view, NOTE))
    names = [name for name in (view.get("state") or {}).get("values") or {} if name.startswith("input_")]
    inputs = {name.removeprefix("input_"): chosen_in(view, name) or text_in(view, name) for name in names}
    missing = {name: "This is needed." for name in names if not inputs[name.removeprefix("input_")]}
    return FormMistakes(fields=missing) if missing else FilledRun(str(carried_by.get("key", "")), inputs, planned=False)


# -- the message of a run

SIGNS = {
    StepState.WAITING: "◽",
    StepState.BLOCKED: "⏳",
    StepState.APPROVAL: "🔒",
    StepState.ASKED: "❓",
    StepState.RUNNING: "🔄",
    StepState.UNCLEAR: "⚠️",
    StepState.DONE: "✅",
    StepState.SKIPPED: "➖",
    StepState.FAILED: "❌",
    StepState.STOPPED: "⏹️",
}
WORDS = {
    StepState.WAITING: "to do",
    StepState.BLOCKED: "waiting",
    StepState.APPROVAL: "needs approval",
    StepState.ASKED: "asks",
    StepState.RUNNING: "running",
    StepState.UNCLEAR: "not known whether it was done",
    StepState.DONE: "done",
    StepState.SKIPPED: "skipped",
    StepState.FAILED: "failed",
    StepState.STOPPED: "not done",
}


def run_card(run: Run, view: IncidentView, now: datetime) -> Card:
    """The one message of a run, which grows with its steps."""
    incident = view.incident
    if run.checklist:
        return _checklist(run, incident, now)
    head = f"{_run_sign(run)} *{kit.line(run.runbook.name, 150)}* · {_run_state(run)}"
    asked_by = "began by itself" if run.automatic else "begun on the command line"
    asked_by = f"asked by {text.mention(run.asked_by)}" if run.asked_by else asked_by
    reasons = ", ".join(_reason(each) for each in run.why if not each.startswith(NOTED))
    small = f"{asked_by} · {_took(run, now)}" + (f" · fits: {reasons}" if reasons else "")
    small += "".join(f" · why: {kit.line(each.removeprefix(NOTED), 300)}" for each in run.why if each.startswith(NOTED))
    steps = [step for step in run.steps if "." not in step.id or step.id.startswith(("undo.", "otherwise."))]
    steps = [step for step in steps if step.id.count(".") < 2]
    lines = [_step_line(step, run, now) for step in steps[:MOST_STEPS]]
    if len(steps) > MOST_STEPS:
        lines.append(f"and {len(steps) - MOST_STEPS} more")
    blocks: list[Block | None] = [kit.section(head), kit.context(small)]
    blocks += [kit.section(piece) for piece in _pieces(lines)]
    if not run.state.over:
        blocks += _asked(run, incident)
    blocks += _summary(run)
    blocks.append(kit.actions(_buttons(run, incident)))
    return kit.card(f"{incident.name}: {run.runbook.name} {_run_state(run)}", blocks)


def _run_sign(run: Run) -> str:
    if run.state is RunState.SUCCEEDED:
        return "✅" if run.verified else "☑️"
    signs = {RunState.FAILED: "❌", RunState.STOPPED: "⏹️", RunState.STOPPING: "⏹️", RunState.QUEUED: "⏳"}
    return signs.get(run.state, "🔄")


def _run_state(run: Run) -> str:
    match run.state:
        case RunState.QUEUED:
            return f"waits for {kit.line(run.waits_for, 150)}" if run.waits_for else "waits"
        case RunState.RUNNING:
            if run.phase is Phase.UNDO:
                return "stopped, undoing" if run.undo_by else "failed, undoing"
            return "failed, doing what is to be done then" if run.phase is Phase.OTHERWISE else "running"
        case RunState.STOPPING:
            return "stopping: what had begun is awaited"
        case RunState.SUCCEEDED:
            return "done and verified" if run.verified else "done, not verified"
        case RunState.FAILED:
            return "failed"
        case RunState.STOPPED:
            by = f" by {text.mention(run.ended_by)}" if run.ended_by else ""
            return f"declined{by}" if run.declined else f"stopped{by}"
    assert_never(run.state)


def _took(run: Run, now: datetime) -> str:
    return f"{text.duration((run.ended_at or now) - run.begun_at)}"


def _reason(said: str) -> str:
    what, _, found = said.partition(":")
    return f"{what} {kit.line(found, 60)}"


def _step_line(step: StepRun, run: Run, now: datetime) -> str:
    name = step.id.replace("undo.", "undo ").replace("otherwise.", "otherwise ")
    parts = [f"{SIGNS[step.state]} *{kit.line(name, 60)}*"]
    if step.state not in (StepState.DONE, StepState.WAITING, StepState.RUNNING):
        parts.append(WORDS[step.state])
    said = step.error if step.state in (StepState.FAILED, StepState.UNCLEAR) else step.said
    if said:
        parts.append(kit.line(said, 160))
    if step.state is StepState.RUNNING and step.error:
        parts.append(f"trying again: {kit.line(step.error, 120)}")
    if step.items and step.state is StepState.RUNNING:
        done = sum(each.id.startswith(f"{step.id}.") and each.state is StepState.DONE for each in run.steps)
        parts.append(f"{done} of {len(step.items)}")
    if step.begun_at and step.state in (StepState.DONE, StepState.FAILED, StepState.RUNNING):
        parts.append(text.duration((step.ended_at or now) - step.begun_at))
    if step.agreed:
        parts.append(f"approved by {text.mention(step.agreed.by)}")
    advice = f"\n      {kit.line(step.advice, 200)}" if step.advice and step.state is StepState.FAILED else ""
    return " · ".join(parts) + advice


def _pieces(lines: Sequence[str]) -> list[str]:
    pieces: list[str] = [""]
    for line in lines:
        if len(pieces[-1]) + len(line) > PLAN_LIMIT:
            pieces.append("")
        pieces[-1] += line + "\n"
    return [piece for piece in pieces if piece.strip()]


def _asked(run: Run, incident: Incident) -> list[Block | None]:
    """What people are asked, each with its buttons."""
    asked = [step for step in run.steps if step.state in (StepState.APPROVAL, StepState.ASKED, StepState.UNCLEAR)]
    blocks: list[Block | None] = []
    for place, step in enumerate(asked[:MOST_ASKED]):
        blocks.append(kit.section(_question(step)))
        blocks.append(kit.actions(_answers(step, run, incident, place * 5)))
    if len(asked) > MOST_ASKED:
        blocks.append(kit.context(f"and {len(asked) - MOST_ASKED} more questions after these"))
    return blocks


def _question(step: StepRun) -> str:
    name = kit.line(step.id, 60)
    if step.state is StepState.APPROVAL:
        lines = [f"🔒 *Approve {name}?*", *(f"> {kit.line(line, 300)}" for line in step.plan[:20])]
        who = " or ".join(
            "the people in this channel" if each == "responders" else kit.line(each, 60) for each in step.may
        )
        second = ", but not whoever asked for the run" if step.second_person else ""
        until = f" Until {text.moment(step.ends_at)}." if step.ends_at else ""
        lines.append(f"May approve: {who}{second}.{until}")
        return text.cut("\n".join(lines), 2_900)
    if step.state is StepState.ASKED:
        return f"❓ {kit.line(step.question, 600)}"
    what = "; ".join(kit.line(line, 200) for line in step.plan[:3]) or name
    return f"⚠️ *Was this done?* {what}\n{kit.line(step.error, 300)}. Look there, then say so; until then it is not done again."


def _answers(step: StepRun, run: Run, incident: Incident, first: int) -> list[Block]:
    target = RunTarget(run.number, step.id, step.token)
    if step.state is StepState.APPROVAL:
        return [
            kit.button("Approve", ids.nth(ids.RUN_APPROVE, first), carry(incident.id, target), style="primary"),
            kit.button("Decline", ids.nth(ids.RUN_DECLINE, first), carry(incident.id, target)),
        ]
    if step.state is StepState.UNCLEAR:
        return [
            kit.button("It was done", ids.nth(ids.RUN_HAPPENED, first), carry(incident.id, target)),
            kit.button("Not done: do it", ids.nth(ids.RUN_NOT_HAPPENED, first), carry(incident.id, target)),
        ]
    return [
        kit.button(option, ids.nth(ids.RUN_ANSWER, first + n), carry(incident.id, target._replace(more=option)))
        for n, option in enumerate(step.options[:5])
    ]


def _summary(run: Run) -> list[Block | None]:
    if not run.state.over:
        return []
    own = [step for step in run.steps if "." not in step.id]
    unclear = [step.id for step in own if step.state is StepState.UNCLEAR]
    lines = []
    if run.state in (RunState.STOPPED, RunState.FAILED):
        lines.append(f"*Done:* {_names(own, StepState.DONE) or 'nothing'}")
        lines.append(f"*Not done:* {_names(own, StepState.STOPPED, StepState.FAILED, StepState.WAITING) or 'nothing'}")
        undone = [
            step.id.removeprefix("undo.")
            for step in run.steps
            if step.id.startswith("undo.") and step.state is StepState.DONE
        ]
        if undone:
            lines.append(f"*Undone:* {kit.line(', '.join(undone), 300)}")
    elif run.verified:
        lines.append("It was checked that the service does again what it should.")
    else:
        lines.append("Nothing checked whether it helped. Look yourself before you resolve.")
    if unclear:
        lines.append(f"⚠️ *Not known whether done:* {kit.line(', '.join(unclear), 300)}")
    return [kit.section("\n".join(lines))]


def _names(steps: Sequence[StepRun], *states: StepState) -> str:
    return kit.line(", ".join(step.id for step in steps if step.state in states), 300)


def _buttons(run: Run, incident: Incident) -> list[Block | None]:
    if run.state.over:
        if run.undoable and incident.state.open:
            return [_undo_button(run, incident)]
        return [resolve_button(incident) if run.verified and incident.state.open else None]
    if run.state is RunState.STOPPING:
        return []
    return [kit.button("Stop", ids.RUN_STOP, carry(incident.id, RunTarget(run.number)), style="danger")]


def _undo_button(run: Run, incident: Incident) -> Block:
    """With what would be taken back, in the order in which that would be done."""
    names = ", ".join(step.id for step in run.undoable)
    ask = kit.confirm(
        "Undo what was done?",
        f"Taken back, last first: {names}. What changes something asks for an approval.",
        "Undo",
        "Cancel",
    )
    return kit.button("Undo…", ids.RUN_UNDO, carry(incident.id, RunTarget(run.number)), confirm=ask)


def _checklist(run: Run, incident: Incident, now: datetime) -> Card:
    done = sum(step.state is StepState.DONE for step in run.steps)
    head = (
        f"{'✅' if done == len(run.steps) else '📋'} *{kit.line(run.runbook.name, 150)}* · {done} of {len(run.steps)}"
    )
    if run.state is RunState.STOPPED:
        head += f" · {_run_state(run)}"
    blocks: list[Block | None] = [kit.section(head)]
    for place, step in enumerate(run.steps[:MOST_BOXES]):
        ticked = step.state is StepState.DONE
        words = kit.line(step.question, 600)
        target = RunTarget(run.number, step.id, step.token, "" if ticked else "done")
        if ticked:
            when = f", {text.moment(step.ended_at)}" if step.ended_at else ""
            words = f"✅ {words}\n_{labels.person(step.by)}{when}_"
        button = kit.button("Undo" if ticked else "Tick", ids.nth(ids.RUN_TICK, place), carry(incident.id, target))
        blocks.append(kit.section(words, accessory=None if run.state.over else button))
    if len(run.steps) > MOST_BOXES:
        blocks.append(kit.context(f"and {len(run.steps) - MOST_BOXES} more, which do not fit here"))
    if run.runbook.link:
        blocks.append(kit.context(text.link(run.runbook.link, "The whole runbook")))
    if not run.state.over:
        blocks.append(kit.actions([kit.button("Close list", ids.RUN_STOP, carry(incident.id, RunTarget(run.number)))]))
    return kit.card(f"{incident.name}: {run.runbook.name} {done} of {len(run.steps)}", blocks)


# -- answers and refusals


def begun(run: Run) -> Card:
    """For whoever began it."""
    line = f"{kit.line(run.runbook.name, 150)} is running. Its message in the channel shows every step."
    return kit.card(line, [kit.section(line)])


def runbook_refusal(reason: RunbookRefused) -> str:
    """Why a runbook is not run, or a button of a run does nothing; and what to do."""
    name, details = reason.runbook, "; ".join(reason.details)
    match reason.why:
        case RunbookWhy.UNKNOWN:
            known = ", ".join(reason.details)
            return f"There is no runbook “{name}”. " + (
                f"Those there are: {known}." if known else "There are none yet."
            )
        case RunbookWhy.LINK:
            return f"{name} has no steps. Read it: {details}"
        case RunbookWhy.INPUTS:
            return f"{name} cannot be run: {details}."
        case RunbookWhy.NOT_POSSIBLE:
            return f"{name} cannot be run here: {details}. Change the runbook, or the policy's remediation."
        case RunbookWhy.TOO_OFTEN:
            target, rate = (*reason.details, "", "")[:2]
            again = f" It can be run again at {reason.until:%H:%M} UTC." if reason.until else ""
            return f"{target} was changed {rate} already, which is the most that the policy allows.{again}"
        case RunbookWhy.RUNNING:
            return f"{name} is running in this incident already. Its message shows where it is."
        case RunbookWhy.OVER:
            return f"That run of {name} is over. Start it again with /incident run."
        case RunbookWhy.OUTDATED:
            return "That button is of an earlier moment of the run. The run's message shows what is asked now."
        case RunbookWhy.SECOND_PERSON:
            return f"You asked for {name}, and a second person has to approve it."
        case RunbookWhy.GONE:
            return "That run is not in the record any more."
    assert_never(reason.why)
