"""Runbooks in the chat: what is offered, the form with the plan, and what is refused. The message of a run is in `run_message`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from blocks import ids, kit
from blocks.form_fields import INPUT, FormMistakes, about, chosen_in, field, form_about, text_in
from blocks.kit import Block, Card, Option
from warroom.incident.model import Incident
from warroom.incident.view import IncidentView
from warroom.runbooks.model import Runbook
from warroom.runbooks.plan import Plan, PlannedStep
from warroom.runbooks.run import Run, RunState
from warroom.runbooks.situation import Offer
from warroom.text import clean

MOST_OFFERED = 15
PLAN_LIMIT = 2_500
"""Characters of one block of a plan; a section has 3,000 at most."""
PLAN_BLOCKS = 40
"""Blocks of a plan in a form: a hundred thousand characters. Slack takes a hundred blocks, and 250 KB."""
PLAN_LINE = 1_000
"""Characters of one line of a plan: an argument that somebody approves is not cut out of sight."""
LONGEST_INPUTS = 2_000
"""Characters of all inputs as JSON: a form carries them unseen, and Slack takes 3,000 (Modal views, `private_metadata`)."""
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


def step_name(said: str) -> str:
    """A step's id as people read it: "undo restart" for undo.restart, "otherwise 1" for otherwise.1."""
    return said.replace("undo.", "undo ", 1).replace("otherwise.", "otherwise ", 1)


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
    given = ", ".join(f"{name} = {kit.line(str(value), 300)}" for name, value in inputs.items())
    blocks: list[Block | None] = [kit.section(head + (f"\n{given}" if given else ""))]
    blocks += plan_blocks(made)
    if made.problems:
        blocks.append(
            kit.section("⚠️ *It cannot be run:*\n" + "\n".join(kit.line(each, 300) for each in made.problems[:10]))
        )
    elif any(step.approval for step in made.steps):
        blocks.append(kit.context("🔒 Needs an approval in the channel before it is done."))
    reason = kit.plain_text_input(INPUT, max_length=300)
    blocks.append(field(NOTE, "Why", reason, optional=True, hint="Shown on the timeline and to whoever approves."))
    seen = _carried_inputs(runbook.key, inputs)
    return form_about(view, ids.FORM_RUN, "The plan", "Run", blocks, seen)


def _carried_inputs(key: str, inputs: Mapping[str, Any]) -> str:
    return json.dumps(
        {"key": key, "inputs": {name: clean(str(value)) for name, value in inputs.items()}}, ensure_ascii=False
    )


def plan_blocks(made: Plan) -> list[Block]:
    """The plan in sections; where it does not fit, a line says so."""
    lines = [_planned(number, step) for number, step in enumerate(made.steps, 1)]
    if made.otherwise:
        lines.append("*If it fails:*")
        lines += [_planned(number, step) for number, step in enumerate(made.otherwise, 1)]
    found = pieces(lines)
    blocks = [kit.section(each) for each in found[:PLAN_BLOCKS]]
    if len(found) > PLAN_BLOCKS:
        blocks.append(kit.context("⚠️ This is not the whole plan: it is too long for a form."))
    return blocks


def pieces(lines: Sequence[str]) -> list[str]:
    """The lines, put together to texts that each fit a section. No line may be longer than one."""
    found: list[str] = [""]
    for line in lines:
        if len(found[-1]) + len(line) > PLAN_LIMIT:
            found.append("")
        found[-1] += line + "\n"
    return [piece for piece in found if piece.strip()]


def _planned(number: int, step: PlannedStep) -> str:
    sign = " 🔒" if step.approval else ""
    when = [f"after {', '.join(step.needs)}"] if step.needs else []
    when += [f"only if {kit.line(' and '.join(step.condition), 150)}"] if step.condition else []
    first, *rest = step.lines or (step.do,)
    line = f"{number}. *{kit.line(step.id, 40)}*{sign}: {kit.line(first, PLAN_LINE)}"
    line += f" ({'; '.join(when)})" if when else ""
    # A line with all that follows it stays within a section.
    line += "".join(f"\n↳ {kit.line(each, 250)}" for each in rest[:4])
    return line + (f"\n↳ and {len(rest) - 4} more lines" if len(rest) > 4 else "")


def read_run(view: Block) -> FilledRun | FormMistakes:
    """What the form was sent with."""
    carried_by = json.loads(about(view).seen or "{}")
    if "inputs" in carried_by:
        key, inputs = str(carried_by.get("key", "")), dict(carried_by["inputs"])
        return FilledRun(key, inputs, planned=True, note=text_in(view, NOTE))
    names = [name for name in (view.get("state") or {}).get("values") or {} if name.startswith("input_")]
    inputs = {name.removeprefix("input_"): chosen_in(view, name) or text_in(view, name) for name in names}
    wrong = {name: "This is needed." for name in names if not inputs[name.removeprefix("input_")]}
    key = str(carried_by.get("key", ""))
    if not wrong and len(json.dumps(_carried_inputs(key, inputs), ensure_ascii=False)) > LONGEST_INPUTS:
        longest = max(names, key=lambda name: len(inputs[name.removeprefix("input_")]))
        wrong = {longest: f"This is too long: all inputs together may have about {LONGEST_INPUTS:,} characters."}
    return FormMistakes(fields=wrong) if wrong else FilledRun(key, inputs, planned=False)


# -- answers


def begun(run: Run) -> Card:
    """For whoever began it."""
    waits = run.state is RunState.QUEUED and run.waits_for
    does = f"waits for {kit.line(run.waits_for, 150)}" if waits else "is running"
    if not run.runbook.steps:
        does = "is open"
    line = f"{kit.line(run.runbook.name, 150)} {does}. Its message in the channel shows every step."
    return kit.card(line, [kit.section(line)])
