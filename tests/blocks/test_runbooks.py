"""What people read of runbooks: the form with the plan, and the message of a run in all its states."""

from __future__ import annotations

import json
from typing import Any

import pytest

from blocks.form_fields import INPUT, FormMistakes
from blocks.run_message import CUT, run_card
from blocks.runbooks import LONGEST_INPUTS, FilledRun, inputs_form, plan_form, read_run
from sandbox.blockkit import view_problems
from tests.blocks.pictures import crowded
from tests.blocks.reading import pressable, texts
from tests.blocks.run_pictures import NOW, checklist_of, plan_of, run_of, step_of
from warroom.incident.model import State
from warroom.incident.view import IncidentView
from warroom.policy import Policy
from warroom.runbooks.model import MOST_STEPS, Runbook
from warroom.runbooks.run import Phase, Run, RunState, StepState

BOOK = Runbook.model_validate(
    {
        "key": "restart",
        "name": "Restart",
        "inputs": {"deployment": {}, "namespace": {}, "reason": {}, "more": {}, "rest": {}},
        "steps": [{"id": "a", "do": "say"}],
    }
)


@pytest.fixture(scope="module")
def view(policy: Policy) -> IncidentView:
    """An incident."""
    return crowded("checkout is slow", State.ACKNOWLEDGED, policy)


def shown(run: Run, view: IncidentView) -> str:
    return "\n".join(texts(run_card(run, view, NOW).blocks))


# -- no approval without its plan


@pytest.mark.parametrize("steps", [1, 40, MOST_STEPS - 6])
@pytest.mark.parametrize("length", [20, 400, 4_000])
def test_every_button_stands_below_all_that_it_is_about(steps: int, length: int, view: IncidentView) -> None:
    done = [step_of(n, StepState.DONE, "output " * 100) for n in range(steps)]
    asked = [
        step_of(100 + n, StepState.APPROVAL, "", plan=(f"Run plan{n} " + "x" * length, f"end{n}")) for n in range(6)
    ]
    blocks = run_card(run_of((*done, *asked)), view, NOW).blocks
    places = [place for place, block in enumerate(blocks) if "Approve" in pressable([block])]
    assert places, "the first approval always has its buttons"
    for n, place in enumerate(places):
        above = "\n".join(texts(blocks[: place + 1])[-4:])
        assert f"Run plan{n} x" in above
        assert f"end{n}" in above or CUT in above
        assert ("x" * length in above) is (CUT not in above), "what is cut is said"
    assert len(places) == 6 or f"and {6 - len(places)} more question" in "\n".join(texts(blocks))


def test_sixty_steps_with_long_outputs_are_all_named_and_what_failed_is_said(view: IncidentView) -> None:
    steps = [step_of(n, StepState.DONE, "output " * 100) for n in range(MOST_STEPS - 1)]
    failed = step_of(99, StepState.FAILED, "", error="the pods of checkout are not ready", advice="Look at the pods.")
    said = shown(run_of((*steps, failed), state=RunState.FAILED, failed_step=failed.id), view)
    assert "shortened" not in said
    assert all(step.id in said for step in (*steps, failed))
    assert "the pods of checkout are not ready" in said
    assert "↳ Look at the pods." in said


# -- the words


def test_times_are_shown_in_the_time_of_who_reads(view: IncidentView) -> None:
    waits = step_of(1, StepState.RUNNING, "").copy_with(do="wait", said="", error="")
    for run in (
        run_of((step_of(1, StepState.APPROVAL, "x"),)),
        run_of((step_of(1, StepState.ASKED, "x"),)),
        run_of((waits,)),
        checklist_of(3, 1),
    ):
        said = shown(run, view)
        assert "<!date^" in said
        assert "Nov 2026" not in said


@pytest.mark.parametrize(
    ("states", "more", "wanted"),
    [
        ([StepState.RUNNING, StepState.WAITING], {}, "· running"),
        ([StepState.DONE, StepState.APPROVAL], {}, "· needs approval"),
        ([StepState.RUNNING, StepState.APPROVAL], {}, "· running"),
        ([StepState.DONE, StepState.ASKED], {}, "· needs an answer"),
        ([StepState.UNCLEAR], {}, "· needs an answer"),
        ([StepState.APPROVAL], {"phase": Phase.UNDO, "undo_by": "UGRACE"}, "undoing what was done: needs approval"),
        ([StepState.RUNNING], {"phase": Phase.OTHERWISE}, "failed, doing what the runbook says for that"),
        ([StepState.DONE], {"state": RunState.SUCCEEDED}, "· done, not verified"),
        ([StepState.DONE], {"state": RunState.SUCCEEDED, "verified": True}, "· done and verified"),
        ([StepState.STOPPED], {"state": RunState.STOPPED, "ended_by": "UADA"}, "· stopped by <@UADA>"),
        (
            [StepState.STOPPED],
            {"state": RunState.STOPPED, "ended_by": "UADA", "undo_by": "UGRACE"},
            "· stopped by <@UADA>, undone by <@UGRACE>",
        ),
        ([StepState.STOPPED], {"state": RunState.STOPPED, "ended_by": "UADA", "declined": True}, "· declined by"),
    ],
)
def test_the_first_line_says_what_it_waits_for(
    states: list[StepState], more: dict[str, Any], wanted: str, view: IncidentView
) -> None:
    run = run_of(tuple(step_of(n, state, "x") for n, state in enumerate(states)), "Restart", **more)
    assert wanted in shown(run, view).split("\n")[0]


def test_who_may_not_approve_is_named(view: IncidentView) -> None:
    step = step_of(1, StepState.APPROVAL, "x", may=("responders",))
    assert "May be approved by anybody in this channel, but not <@UADA>, who asked for it, until <!date^" in shown(
        run_of((step,)), view
    )
    by_itself = shown(run_of((step,), asked_by=None, automatic=True), view)
    assert "May be approved by anybody in this channel, until" in by_itself, "nobody asked for it"


def test_of_a_long_checklist_every_box_can_be_ticked(view: IncidentView) -> None:
    for ticked in (0, 10, 30, 55, 59, 60):
        blocks = run_card(checklist_of(60, ticked), view, NOW).blocks
        labels = pressable(blocks)
        assert labels.count("Tick") == min(25, 60 - ticked)
        assert labels.count("Undo") == min(30 - labels.count("Tick"), ticked)
        words = "\n".join(texts(blocks))
        if ticked < 60:
            assert f"{ticked + 1} look" in words
        if ticked:
            assert f"✅ {ticked} look" in words, "the last one that was ticked"


# -- the forms


def sent(form: dict[str, Any], **values: str) -> dict[str, Any]:
    state = {name: {INPUT: {"type": "plain_text_input", "value": value}} for name, value in values.items()}
    return {**form, "state": {"values": state}}


@pytest.mark.parametrize("letter", ["x", "ж", "“", "\\", "👩"])
def test_what_was_typed_is_what_is_run_however_long_it_is(letter: str, view: IncidentView) -> None:
    form = inputs_form(view, BOOK, {})
    for length in (1, 150, 500):
        given = dict.fromkeys(BOOK.inputs, letter * length)
        read = read_run(sent(form, **{f"input_{name}": value for name, value in given.items()}))
        if isinstance(read, FormMistakes):
            assert length > 1
            assert "too long" in next(iter(read.fields.values()))
            continue
        plan = plan_form(view, BOOK, plan_of("x", 1), given)
        assert view_problems(plan) == []
        json.loads(plan["private_metadata"])
        assert read_run(sent(plan, note="because")) == FilledRun("restart", given, planned=True, note="because")
    assert LONGEST_INPUTS < 3_000


def test_the_plan_says_when_it_is_not_all(view: IncidentView) -> None:
    whole = plan_form(view, BOOK, plan_of("do " * 30), {})
    assert "not the whole plan" not in str(whole)
    assert f"*step{MOST_STEPS - 1}*" in str(whole)
    assert "↳ and 15 more lines" in str(whole)
    cut = plan_form(view, BOOK, plan_of("do " * 3_000), {})
    assert "⚠️ This is not the whole plan" in str(cut)
    assert view_problems(whole) == view_problems(cut) == []
