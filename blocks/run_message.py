"""The message of a run: one, which is drawn again as its steps go on. A checklist is a run whose steps people tick."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import assert_never

from blocks import ids, kit, labels, text
from blocks.incident_card import resolve_button
from blocks.kit import Block, Card
from blocks.runbooks import NOTED, RunTarget, carry, pieces, step_name
from warroom.incident.model import Incident
from warroom.incident.view import IncidentView
from warroom.runbooks.run import Phase, Run, RunState, StepRun, StepState

MOST_BOXES = 30
TICKED_BOXES = 5
"""Of those at least so many that are ticked, where there are more boxes than fit."""
MOST_NAMED = 12
"""Steps named in the summary; their lines stand above it."""
MOST_ASKED = 4
"""Approvals and questions with their buttons in one message."""
ASKED_TEXT = 6_500
"""Characters of all of them: what is approved comes before what is only told. A message has 11,500 (`kit.MESSAGE_TEXT`)."""
STEPS_TEXT = 3_800
"""Characters of the steps."""
PLAN_TEXT = 5_000
"""Characters of one approval's plan."""
CUT = "⚠️ *This is not the whole plan: it is too long for a message.* Look at the runbook before you approve it."

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
QUIET = (StepState.WAITING, StepState.DONE, StepState.SKIPPED, StepState.STOPPED)
"""Of these the name is enough where there is no room for more."""
ASKING = (StepState.APPROVAL, StepState.ASKED, StepState.UNCLEAR)


def run_card(run: Run, view: IncidentView, now: datetime) -> Card:
    """The message of a run as it is now."""
    incident = view.incident
    if run.checklist:
        return _checklist(run, incident, now)
    head = f"{_sign(run)} *{kit.line(run.runbook.name, 150)}* · {_state(run)}"
    blocks: list[Block | None] = [kit.section(head), kit.context(_about(run, now))]
    blocks += [kit.section(piece) for piece in pieces(_steps(run, now))]
    if not run.state.over:
        blocks.append(_waits(run))
        blocks += _asked(run, incident, now)
    blocks += _summary(run)
    blocks.append(kit.actions(_buttons(run, incident)))
    return kit.card(f"{incident.name}: {kit.line(run.runbook.name, 150)} {_state(run)}", blocks)


def _sign(run: Run) -> str:
    if run.state is RunState.SUCCEEDED:
        return "✅" if run.verified else "☑️"
    signs = {RunState.FAILED: "❌", RunState.STOPPED: "⏹️", RunState.STOPPING: "⏹️", RunState.QUEUED: "⏳"}
    return signs.get(run.state, "🔄")


def _state(run: Run) -> str:
    match run.state:
        case RunState.QUEUED:
            return f"waits for {kit.line(run.waits_for, 150)}" if run.waits_for else "waits"
        case RunState.RUNNING:
            return _running(run)
        case RunState.STOPPING:
            return "stopping: the answer to what had begun is awaited"
        case RunState.SUCCEEDED:
            return "done and verified" if run.verified else "done, not verified"
        case RunState.FAILED:
            return "failed"
        case RunState.STOPPED:
            by = f" by {text.mention(run.ended_by)}" if run.ended_by else ""
            undone = f", undone by {text.mention(run.undo_by)}" if run.undo_by else ""
            return (f"declined{by}" if run.declined else f"stopped{by}") + undone
    assert_never(run.state)


def _running(run: Run) -> str:
    before = ""
    if run.phase is Phase.UNDO:
        before = "stopped, undoing what was done" if run.undo_by else "failed, undoing what was done"
    elif run.phase is Phase.OTHERWISE:
        before = "failed, doing what the runbook says for that"
    states = {step.state for step in run.steps}
    if StepState.RUNNING in states or not states & {*ASKING}:
        return before or "running"
    waits = "needs approval" if StepState.APPROVAL in states else "needs an answer"
    return f"{before}: {waits}" if before else waits


def _waits(run: Run) -> Block | None:
    """What it waits for, and how not to wait."""
    blocked = any(step.state is StepState.BLOCKED for step in run.steps)
    if not run.waits_for or not (blocked or run.state is RunState.QUEUED):
        return None
    targets = kit.line(", ".join(run.wanted), 150) or "the same"
    return kit.context(
        f"It goes on when {kit.line(run.waits_for, 150)} is over: both change {targets}. Stop one of them."
    )


def _about(run: Run, now: datetime) -> str:
    """Who asked for it and why, in one small line."""
    asked_by = "began by itself" if run.automatic else "begun on the command line"
    asked_by = f"asked by {text.mention(run.asked_by)}" if run.asked_by else asked_by
    reasons = ", ".join(_reason(each) for each in run.why if not each.startswith(NOTED))
    small = f"{asked_by} · {text.duration((run.ended_at or now) - run.begun_at)}"
    small += f" · fits: {reasons}" if reasons else ""
    return small + "".join(
        f" · why: {kit.line(each.removeprefix(NOTED), 300)}" for each in run.why if each.startswith(NOTED)
    )


def _reason(said: str) -> str:
    what, _, found = said.partition(":")
    return f"{what} {kit.line(found, 60)}"


# -- the steps


def _steps(run: Run, now: datetime) -> list[str]:
    """A line for each. Where they are too long together, steps that ask for no attention are only named, several in a line."""
    steps = [step for step in run.steps if "." not in step.id or step.id.startswith(("undo.", "otherwise."))]
    steps = [step for step in steps if step.id.count(".") < 2]
    for most in (160, 60, 20):
        lines = [_step_line(step, run, now, most) for step in steps]
        if sum(map(len, lines)) <= STEPS_TEXT:
            return lines
    lines = []
    for state, group in groupby(steps, key=lambda step: step.state):
        if state in QUIET:
            names = ", ".join(step_name(step.id) for step in group)
            lines.append(f"{SIGNS[state]} {WORDS[state]}: {kit.line(names, 2_700)}")
        else:
            lines += [_step_line(step, run, now, 20) for step in group]
    shown: list[str] = []
    for line in lines:
        if sum(map(len, shown)) + len(line) > STEPS_TEXT:
            return [*shown, f"… and {len(lines) - len(shown)} more lines, which do not fit here"]
        shown.append(line)
    return shown


def _step_line(step: StepRun, run: Run, now: datetime, most: int) -> str:
    """`most` is how many characters of what it says are shown."""
    parts = [f"{SIGNS[step.state]} *{kit.line(step_name(step.id), 60)}*"]
    if step.state not in (StepState.DONE, StepState.WAITING, StepState.RUNNING):
        parts.append(WORDS[step.state])
    said = step.error if step.state in (StepState.FAILED, StepState.UNCLEAR) else step.said
    if step.state is StepState.WAITING:
        said = step.do
    elif step.state is StepState.RUNNING and step.do == "wait" and step.due_at:
        parts.append(f"until {text.at_time(step.due_at, now)}")
    elif step.state is StepState.RUNNING and not said and step.plan:
        said = step.plan[0]
    if said:
        # Why something failed is never only hinted at.
        parts.append(kit.line(said, max(most, 160) if step.state is StepState.FAILED else most))
    if step.state is StepState.RUNNING and step.error:
        again = f" {text.at_time(step.due_at, now)}" if step.due_at and step.due_at > now else ""
        parts.append(f"trying again{again}: {kit.line(step.error, most)}")
    if step.attempt > 1 and step.state in (StepState.DONE, StepState.FAILED):
        parts.append(f"{step.attempt} tries")
    if step.items and step.state is StepState.RUNNING:
        done = sum(each.id.startswith(f"{step.id}.") and each.state is StepState.DONE for each in run.steps)
        parts.append(f"{done} of {len(step.items)}")
    if step.begun_at and step.state in (StepState.DONE, StepState.FAILED, StepState.RUNNING):
        parts.append(text.duration((step.ended_at or now) - step.begun_at))
    if step.agreed:
        parts.append(f"approved by {text.mention(step.agreed.by)}")
    advice = f"\n↳ {kit.line(step.advice, 200)}" if step.advice and step.state is StepState.FAILED else ""
    return " · ".join(parts) + advice


# -- what people are asked


def _asked(run: Run, incident: Incident, now: datetime) -> list[Block | None]:
    """What people are asked, each with its buttons. No button stands without all of what it is about."""
    asked = [step for step in run.steps if step.state in ASKING]
    blocks: list[Block | None] = []
    left, shown = ASKED_TEXT, 0
    for step in asked[:MOST_ASKED]:
        question = _question(step, run, now)
        left -= sum(map(len, question))
        if shown and left < 0:
            break
        blocks += [kit.section(each) for each in question]
        blocks.append(kit.actions(_answers(step, run, incident, shown * 5)))
        shown += 1
    if len(asked) > shown:
        blocks.append(kit.context(f"and {text.count(len(asked) - shown, 'more question')} after these"))
    return blocks


def _question(step: StepRun, run: Run, now: datetime) -> list[str]:
    """In texts that each fit a section."""
    name = kit.line(step_name(step.id), 60)
    if step.state is StepState.APPROVAL:
        who = " or ".join(
            "anybody in this channel" if each == "responders" else kit.line(each, 60) for each in step.may
        )
        asker = run.undo_by or run.asked_by
        if step.second_person and asker:
            who += f", but not {text.mention(asker)}, who asked for it"
        until = f", until {text.at_time(step.ends_at, now)}" if step.ends_at else ""
        plan, whole = _plan(step.plan)
        lines = [
            f"🔒 *Approve the step {name}?*",
            *plan,
            *([] if whole else [CUT]),
            f"May be approved by {who}{until}.",
        ]
        return pieces(lines)
    if step.state is StepState.ASKED:
        until = f" _(until {text.at_time(step.ends_at, now)})_" if step.ends_at else ""
        return [f"❓ {kit.line(step.question, 600)}{until}"]
    plan, _ = _plan(step.plan[:3])
    looked = f"{kit.line(step.error, 300)}. Look there yourself, then press a button. Until then it is not done again."
    return pieces([f"⚠️ *Was the step {name} done?*", *plan, looked])


def _plan(plan: Sequence[str]) -> tuple[list[str], bool]:
    """(its lines as quotations, whether that is all of it)."""
    lines: list[str] = []
    left = PLAN_TEXT
    for said in plan:
        line = f"> {kit.line(said, 2_000)}"
        if len(line) > left or len(said) > 2_000:
            return ([*lines, text.cut(line, min(left, 2_000))] if left > 200 else lines), False
        lines.append(line)
        left -= len(line)
    return lines, True


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


# -- the end


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
        lines.append(f"⚠️ *Not known whether done:* {kit.line(', '.join(unclear), 300)}. Look there yourself.")
    return [kit.section("\n".join(lines))]


def _names(steps: Sequence[StepRun], *states: StepState) -> str:
    found = [step.id for step in steps if step.state in states]
    return ", ".join(found) if len(found) <= MOST_NAMED else text.count(len(found), "step")


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


# -- a checklist


def _checklist(run: Run, incident: Incident, now: datetime) -> Card:
    done = sum(step.state is StepState.DONE for step in run.steps)
    head = (
        f"{'✅' if done == len(run.steps) else '📋'} *{kit.line(run.runbook.name, 150)}* · {done} of {len(run.steps)}"
    )
    if run.state is RunState.STOPPED:
        by = f" by {text.mention(run.ended_by)}" if run.ended_by else ""
        head += f" · closed{by}"
    blocks: list[Block | None] = [kit.section(head)]
    most = 600 if len(run.steps) <= 12 else 200
    shown = _boxes(run)
    for place, step in enumerate(shown):
        ticked = step.state is StepState.DONE
        words = kit.line(step.question, most)
        target = RunTarget(run.number, step.id, step.token, "" if ticked else "done")
        if ticked:
            when = f", {text.at_time(step.ended_at, now)}" if step.ended_at else ""
            words = f"✅ {words}\n_{labels.person(step.by)}{when}_"
        button = kit.button("Undo" if ticked else "Tick", ids.nth(ids.RUN_TICK, place), carry(incident.id, target))
        blocks.append(kit.section(words, accessory=None if run.state.over else button))
    if len(run.steps) > len(shown):
        left = sum(step.state is not StepState.DONE for step in run.steps) - sum(
            step.state is not StepState.DONE for step in shown
        )
        more = f"; {left} more come when these are ticked" if left else ""
        blocks.append(kit.context(f"{len(run.steps) - len(shown)} boxes do not fit here{more}."))
    if run.runbook.link:
        blocks.append(kit.context(text.link(run.runbook.link, "The whole runbook")))
    if not run.state.over:
        blocks.append(kit.actions([kit.button("Close list", ids.RUN_STOP, carry(incident.id, RunTarget(run.number)))]))
    return kit.card(f"{incident.name}: {kit.line(run.runbook.name, 150)} {done} of {len(run.steps)}", blocks)


def _boxes(run: Run) -> list[StepRun]:
    """Those that fit, in order: of a longer list the first that are to be ticked, and the last that were."""
    if len(run.steps) <= MOST_BOXES:
        return list(run.steps)
    to_do = [step for step in run.steps if step.state is not StepState.DONE][: MOST_BOXES - TICKED_BOXES]
    ticked = sorted(
        (step for step in run.steps if step.state is StepState.DONE), key=lambda step: step.ended_at or run.begun_at
    )
    kept = {step.id for step in [*to_do, *ticked[-(MOST_BOXES - len(to_do)) :]]}
    return [step for step in run.steps if step.id in kept]
