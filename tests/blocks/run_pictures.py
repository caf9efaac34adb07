"""Runs of runbooks in every state, and everything that is drawn of runbooks, whatever their texts say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from blocks import runbooks
from blocks.kit import Card
from blocks.run_message import run_card
from warroom.incident.view import IncidentView
from warroom.runbooks.model import MOST_STEPS, Runbook
from warroom.runbooks.plan import Plan, PlannedStep
from warroom.runbooks.run import Agreed, Run, RunState, StepRun, StepState
from warroom.runbooks.situation import Offer
from warroom.text import clean

BEGUN = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
NOW = BEGUN + timedelta(minutes=40)


def step_of(number: int, state: StepState, text: str, **more: Any) -> StepRun:
    """A step in that state in which everything that can be said is said."""
    told: dict[str, Any] = {
        "said": text,
        "error": text,
        "advice": text,
        "question": text,
        "plan": (text, text),
        "options": tuple(text[n : n + 20] or f"answer {n}" for n in range(5)) if state is StepState.ASKED else (),
        "may": ("responders", text),
        "begun_at": BEGUN,
        "due_at": NOW + timedelta(seconds=30),
        "ends_at": NOW + timedelta(minutes=9),
        "ended_at": NOW if state.over else None,
        "second_person": True,
        "agreed": Agreed(by="UADA", at=BEGUN),
    }
    return StepRun(id=f"step_{number}_with_a_name_that_is_quite_long", do="command", state=state, **(told | more))


def name_of(text: str) -> str:
    """The text as far as it can be a runbook's name."""
    return clean(" ".join(text.split()))[:500].strip() or "Restart a service"


def run_of(steps: tuple[StepRun, ...], text: str = "", **more: Any) -> Run:
    """A run of these steps."""
    definition = {
        "name": name_of(text),
        "steps": [{"id": step.id, "do": step.do, "undo": {"do": "say", "with": {"text": "x"}}} for step in steps],
    }
    said: dict[str, Any] = {
        "asked_by": "UADA",
        "why": (f"monitor:{text}", f"service:{text}", f"note:{text}"),
        "state": RunState.RUNNING,
        "begun_at": BEGUN,
        "waits_for": text,
    }
    return Run(id="i1:run1", number=1, incident_id="i1", definition=definition, steps=steps, **(said | more))


def checklist_of(boxes: int, ticked: int, text: str = "look", **more: Any) -> Run:
    """A checklist of which the first boxes are ticked."""
    runbook = {"name": "Before a failover", "checklist": "- [ ] x", "link": "https://wiki.example.com/failover"}
    steps = tuple(
        StepRun(
            id=f"box{n}",
            do="check",
            question=f"{n} {text}",
            state=StepState.DONE if n <= ticked else StepState.ASKED,
            by="UGRACE" if n <= ticked else None,
            ended_at=BEGUN + timedelta(minutes=n) if n <= ticked else None,
        )
        for n in range(1, boxes + 1)
    )
    return run_of((), "", **more).copy_with(definition=runbook, steps=steps, asked_by="UADA")


def runs_of(text: str) -> dict[str, Run]:
    """Runs by name: with all kinds of steps, with as many as there may be, in every state."""
    mixed = tuple(step_of(n, state, text) for n, state in enumerate(StepState))
    many = {state: tuple(step_of(n, state, text) for n in range(MOST_STEPS)) for state in StepState}
    return {
        **{f"run, {state}": run_of(mixed, text, state=state, ended_by="UGRACE") for state in RunState},
        **{f"run, all steps {state}": run_of(steps, text) for state, steps in many.items()},
        "run, undone": run_of(mixed, text, state=RunState.STOPPED, undo_by="UGRACE", ended_by="UGRACE"),
        "run, by itself": run_of(mixed, text, asked_by=None, automatic=True),
        "run, verified": run_of(mixed, text, state=RunState.SUCCEEDED, verified=True),
        "checklist": checklist_of(60, 20, text),
        "checklist, closed": checklist_of(8, 3, text, state=RunState.STOPPED),
    }


def run_cards(view: IncidentView, text: str) -> dict[str, Card]:
    """Messages about runbooks by name."""
    book = Runbook.model_validate(
        {"key": "k", "name": name_of(text), "about": text, "steps": [{"id": "a", "do": "say"}]}
    )
    offers = [Offer(book, (("monitor", text), ("service", text)))] * 20
    return {name: run_card(run, view, NOW) for name, run in runs_of(text).items()} | {
        "runbooks": runbooks.offers_card(view.incident, offers),
        "no runbooks": runbooks.offers_card(view.incident, []),
        "runbook begun": runbooks.begun(run_of((step_of(1, StepState.WAITING, text),), text)),
    }


def run_forms(view: IncidentView, text: str) -> dict[str, dict[str, Any]]:
    """Forms of runbooks by name."""
    book = Runbook.model_validate(
        {
            "name": name_of(text),
            "about": text,
            "inputs": {f"input{n}": {"default": text, "about": text} for n in range(5)},
            "steps": [{"id": "a", "do": "say"}],
        }
    )
    return {
        "runbook's inputs": runbooks.inputs_form(view, book, dict.fromkeys(book.inputs, text)),
        "runbook's plan": runbooks.plan_form(view, book, plan_of(text), {"input1": text[:100]}),
    }


def plan_of(text: str, steps: int = MOST_STEPS) -> Plan:
    """A plan of so many steps, each with several lines."""
    step = PlannedStep(
        id="step", do="command", lines=(text,) * 20, approval=True, needs=("a", "b"), condition=(text, text)
    )
    made = tuple(step.copy_with(id=f"step{n}") for n in range(steps))
    return Plan(steps=made, otherwise=(step, step.copy_with(problem=text)))
