"""What a run does next. Pure: a run and what happened in, the run and what is to be asked of the world out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel

from warroom.capabilities import Finished, Pending, StepBase, StepKind
from warroom.incident.events import (
    BoxTicked,
    Event,
    RunbookAnswered,
    RunbookApproval,
    RunbookBegun,
    RunbookEnded,
    RunbookStep,
)
from warroom.policy.remediation import Remediation
from warroom.runbooks.library import Kinds
from warroom.runbooks.model import MOST_ITEMS, UNDO, Approve, Do, Step, boxes
from warroom.runbooks.plan import (
    NotPossible,
    described,
    further,
    in_order,
    longest,
    needs_approval,
    parameters_of,
    undo_described,
)
from warroom.runbooks.run import Agreed, Phase, Run, RunState, StepRun, StepState, target_name
from warroom.runbooks.values import Missing, NotFilled, Values, filled, holds

BLOCKED_WITHIN = timedelta(minutes=30)
"""So long a step waits for another run to let go of what it would change."""
AGAIN = timedelta(seconds=30)
"""So often a run that waits for another one looks whether that has ended, beside being told."""
WAITS = (2.0, 5.0, 10.0, 20.0, 30.0)
"""Seconds before a call that could not be made is tried again; the last one from then on."""
CHECK = "check"
"""The kind of a checklist's box: people do it."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What the rules look at besides the run."""

    kinds: Kinds
    remediation: Remediation
    now: datetime
    busy: Mapping[str, str] = field(default_factory=dict)
    """By target: the name of the other run that holds it."""


@dataclass(frozen=True, slots=True)
class News:
    """Something for the timeline."""

    event: Event
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Advanced:
    """A run as it is now, what happened, the steps that are to be called, and the one that is to be decided in this transaction."""

    run: Run
    news: tuple[News, ...] = ()
    calls: tuple[str, ...] = ()
    decide: str | None = None
    fell: bool = False
    """A step failed for good, and now what can be undone is undone."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A step failed for good. With `unclear` it may have happened all the same, and only a person can tell."""

    error: str
    advice: str = ""
    unclear: bool = False


@dataclass(frozen=True, slots=True)
class Away:
    """A call could not be made, or its answer was lost (`unknown`): it is made again, or looked at."""

    error: str
    after: float | None = None
    unknown: bool = False


Outcome = Finished | Pending | Failed | Away


# -- how a run begins


def begin(run: Run, setting: Setting) -> Advanced:
    """A new run with all its steps, of which none has begun."""
    runbook = run.runbook
    if run.checklist:
        steps = tuple(
            StepRun(id=f"box{n}", do=CHECK, question=text, state=StepState.ASKED)
            for n, text in enumerate(boxes(runbook.checklist), 1)
        )
    else:
        steps = tuple(StepRun(id=step.id, do=step.do) for step in in_order(runbook.steps))
    run = run.copy_with(steps=steps, wanted=run.targets, targets=(), state=RunState.QUEUED)
    work = _Work(run, setting)
    event = RunbookBegun(
        run=run.number,
        runbook=runbook.name,
        why=run.why,
        automatic=run.automatic,
        inputs={name: str(value) for name, value in run.inputs.items()},
    )
    work.tell(event, run.asked_by)
    return work.advance()


def advance(run: Run, setting: Setting) -> Advanced:
    """Whatever can be done now: deadlines that have passed, steps whose turn has come, the end."""
    return _Work(run, setting).advance()


# -- what happens to a run


def finished(run: Run, step_id: str, call: int, outcome: Outcome, setting: Setting) -> Advanced:
    """A call of a step was answered. An answer to an older call changes nothing."""
    work = _Work(run, setting)
    step = run.step(step_id)
    if step is None or not step.in_flight or step.call != call:
        return Advanced(run)
    work.outcome(step, outcome)
    return work.advance()


def not_made(run: Run, step_id: str, call: int, setting: Setting) -> Advanced:
    """A call that had begun when the run was stopped, and whose process died, is not made again: the run must not wait for it."""
    step = run.step(step_id)
    if step is None or not step.in_flight or step.call != call or run.state is not RunState.STOPPING:
        return Advanced(run)
    work = _Work(run, setting)
    work.not_made(step)
    return work.advance()


def mark_begun(run: Run, step_id: str, call: int, now: datetime) -> Run | None:
    """The run with a mark that the call may change something from now on; None where it must not be made any more."""
    step = run.step(step_id)
    if step is None or not step.in_flight or step.call != call or step.state is not StepState.RUNNING:
        return None
    if run.state is not RunState.RUNNING:
        return None
    changed = dict.fromkeys(run.targets, now) | run.changed
    return run.with_step(step.copy_with(begun_call=call)).copy_with(changed=changed)


def approve(run: Run, step_id: str, by: str, setting: Setting) -> Advanced:
    """Somebody agreed to exactly what the step's plan says."""
    step = run.step(step_id)
    if step is None or step.state is not StepState.APPROVAL:
        return Advanced(run)
    work = _Work(run, setting)
    parameters = step.items or ((step.parameters,) if step.parameters is not None else ())
    agreed = Agreed(by=by, at=setting.now, parameters=parameters)
    event = RunbookApproval(run=run.number, runbook=run.runbook.name, step=step_id, what="approved", plan=step.plan)
    work.tell(event, by)
    step = step.copy_with(agreed=agreed, ends_at=None, by=by)
    if step.do == "approve":
        work.put(step.copy_with(state=StepState.RUNNING))
        work.done(work.steps[step_id], Finished(outputs={"by": by}, said="Approved"))
    else:
        work.start(step)
    return work.advance()


def decline(run: Run, step_id: str, by: str, setting: Setting) -> Advanced:
    """Somebody said no: the run ends, and nothing else is done instead."""
    step = run.step(step_id)
    if step is None or step.state is not StepState.APPROVAL:
        return Advanced(run)
    work = _Work(run.copy_with(declined=True), setting)
    event = RunbookApproval(run=run.number, runbook=run.runbook.name, step=step_id, what="declined", plan=step.plan)
    work.tell(event, by)
    work.stop(by)
    return work.advance()


def answer(run: Run, step_id: str, said: str, by: str, setting: Setting) -> Advanced:
    """Somebody answered a question of the run."""
    step = run.step(step_id)
    if step is None or step.state is not StepState.ASKED or (step.options and said not in step.options):
        return Advanced(run)
    work = _Work(run, setting)
    event = RunbookAnswered(run=run.number, runbook=run.runbook.name, step=step_id, question=step.question, answer=said)
    work.tell(event, by)
    step = step.copy_with(by=by, ends_at=None, state=StepState.RUNNING)
    work.put(step)
    work.done(step, Finished(outputs={"answer": said, "by": by}, said=said))
    return work.advance()


def clear_up(run: Run, step_id: str, happened: bool, by: str, setting: Setting) -> Advanced:
    """Somebody found out whether a step of which that was not known was done: else it is done now."""
    step = run.step(step_id)
    if step is None or step.state is not StepState.UNCLEAR or run.state is not RunState.RUNNING:
        return Advanced(run)
    work = _Work(run, setting)
    said = "done" if happened else "not done"
    event = RunbookAnswered(run=run.number, runbook=run.runbook.name, step=step_id, question=step.question, answer=said)
    work.tell(event, by)
    step = step.copy_with(state=StepState.RUNNING, by=by, look_first=False, begun_call=0, question="", in_flight=False)
    work.put(step)
    if happened:
        work.done(step, Finished(said="A person looked: it was done"))
    else:
        work.put(step.copy_with(due_at=setting.now, ends_at=setting.now + work.limit(step)))
    return work.advance()


def tick(run: Run, step_id: str, done: bool, by: str, setting: Setting) -> Advanced:
    """Somebody ticked a box of a checklist, or took the tick back."""
    step = run.step(step_id)
    if step is None or step.do != CHECK or done == (step.state is StepState.DONE):
        return Advanced(run)
    if run.state.over:
        return Advanced(run)
    work = _Work(run, setting)
    work.tell(BoxTicked(run=run.number, runbook=run.runbook.name, text=step.question, done=done), by)
    state = StepState.DONE if done else StepState.ASKED
    work.put(step.copy_with(state=state, by=by if done else None, ended_at=setting.now if done else None))
    return work.advance()


def stop(run: Run, by: str | None, setting: Setting) -> Advanced:
    """Nothing more begins. What had begun is said, and its answer awaited."""
    if run.state.over or run.state is RunState.STOPPING:
        return Advanced(run)
    work = _Work(run, setting)
    work.stop(by)
    return work.advance()


def undo(run: Run, by: str, setting: Setting) -> Advanced:
    """What was done before the run was stopped is taken back, last first, each with an approval where it changes something."""
    if not run.undoable:
        return Advanced(run)
    work = _Work(run.copy_with(undo_by=by, state=RunState.RUNNING, phase=Phase.UNDO, ended_at=None), setting)
    work.tell(RunbookBegun(run=run.number, runbook=run.runbook.name, undo=True), by)
    work.put_undo()
    return work.advance()


# -- the work


class _Work:
    """One decision about a run, while it is being made."""

    def __init__(self, run: Run, setting: Setting) -> None:
        self.run, self.setting, self.now = run, setting, setting.now
        self.steps = {step.id: step for step in run.steps}
        self.news: list[News] = []
        self.calls: list[str] = []
        self.decide: str | None = None
        self.fell = False

    def tell(self, event: Event, by: str | None = None) -> None:
        self.news.append(News(event, by))

    def put(self, step: StepRun) -> None:
        self.steps[step.id] = step

    # -- the loop

    def advance(self) -> Advanced:
        """Until nothing more can be done without waiting."""
        if not self.run.state.over:
            self._queued()
            if self.run.state in (RunState.RUNNING, RunState.STOPPING):
                while self.decide is None and self._round():
                    pass
        run = self.run.copy_with(steps=tuple(self.steps.values()))
        return Advanced(run, tuple(self.news), tuple(self.calls), self.decide, self.fell)

    def _queued(self) -> None:
        if self.run.state is not RunState.QUEUED:
            return
        held = [target for target in self.run.wanted if target in self.setting.busy]
        if held:
            self.run = self.run.copy_with(waits_for=self.setting.busy[held[0]])
        else:
            self.run = self.run.copy_with(state=RunState.RUNNING, targets=self.run.wanted, wanted=(), waits_for="")

    def _round(self) -> bool:
        """Whether something changed."""
        before = dict(self.steps), self.run
        self._drop_after_failure()
        for step in list(self.steps.values()):
            if self.decide is None:
                self._time(self.steps[step.id])
        if self.run.state is RunState.STOPPING:
            if not any(step.in_flight for step in self.steps.values()):
                self._end(RunState.STOPPED)
            return False
        if self.decide is None:
            self._items()
        failed = self._failed()
        if failed is not None and self.run.phase is Phase.STEPS:
            self._fail_run(failed)
        elif self.run.phase is Phase.STEPS:
            self._begin_ready()
        if self.decide is None and self.run.phase is not Phase.STEPS:
            self._begin_next()
        if self.decide is None:
            self._over()
        return (before[0], before[1]) != (self.steps, self.run)

    def _failed(self) -> StepRun | None:
        """The first step of the runbook itself that failed."""
        return next((each for each in self.steps.values() if each.state is StepState.FAILED and self._main(each)), None)

    def _drop_after_failure(self) -> None:
        """Once a step failed nothing of the graph begins any more, and nothing is awaited but what has changed something."""
        if self._failed() is None or self.run.phase is not Phase.STEPS:
            return
        for step in list(self.steps.values()):
            changing = (
                step.state is StepState.RUNNING and (step.begun_call > 0 or bool(step.items)) and self._changes(step)
            )
            if step.state.over or step.in_flight or step.state is StepState.UNCLEAR or changing:
                continue
            self.put(step.copy_with(state=StepState.STOPPED, ended_at=self.now, due_at=None, ends_at=None))

    @staticmethod
    def _main(step: StepRun) -> bool:
        """Whether it is a step of the runbook itself, and no item of one and nothing that follows a failure."""
        return "." not in step.id

    # -- time

    def _time(self, step: StepRun) -> None:
        now = self.now
        if step.state.over or step.in_flight:
            return
        ended = step.ends_at is not None and step.ends_at <= now
        if step.state is StepState.APPROVAL and ended:
            event = RunbookApproval(
                run=self.run.number, runbook=self.run.runbook.name, step=step.id, what="expired", plan=step.plan
            )
            self.tell(event)
            self.fail(step, "nobody approved it in time", retry=False)
        elif step.state is StepState.ASKED and ended:
            self.fail(step, "nobody answered in time", retry=False)
        elif step.state is StepState.BLOCKED:
            self._blocked(step, ended)
        elif step.state is StepState.RUNNING and step.do == "wait" and step.due_at is not None:
            if step.due_at <= now:
                self.done(step, Finished(said="Waited"))
        elif step.state is StepState.RUNNING and not step.items:
            if ended and step.due_at is not None:
                if step.look_first and self._changes(step):
                    self._unclear(step, step.error or "the other system could not be asked what came of it")
                else:
                    self.fail(step, step.error or step.said or "it took too long", advice=step.advice, late=True)
            elif step.due_at is not None and step.due_at <= now:
                self._call(step)

    def _blocked(self, step: StepRun, ended: bool) -> None:
        wanted = self._targets(step)
        held = [target for target in wanted if target in self.setting.busy]
        if not held:
            self.run = self.run.copy_with(targets=tuple(dict.fromkeys((*self.run.targets, *wanted))), waits_for="")
            self._act(step.copy_with(ends_at=None, due_at=None, said=""))
        elif ended:
            self.fail(step, f"{self.setting.busy[held[0]]} still changes {held[0]}", retry=False)
        elif step.due_at is not None and step.due_at <= self.now:
            self.put(step.copy_with(due_at=self.now + AGAIN))

    # -- whose turn it is

    def _begin_ready(self) -> None:
        most = self.run.runbook.at_once or self.setting.remediation.at_once
        for step in list(self.steps.values()):
            if self.decide is not None:
                return
            mine = [each for each in self.steps.values() if self._main(each) and each.do != "wait"]
            busy = sum(each.state in _BUSY for each in mine)
            if busy >= most:
                return
            if step.state is StepState.WAITING and self._main(step):
                self._begin_if_ready(step)

    def _begin_if_ready(self, step: StepRun) -> None:
        definition = self.run.definition_of(step.id)
        assert isinstance(definition, Step)
        needs = [self.steps[need] for need in definition.needs if need in self.steps]
        if any(not need.state.over for need in needs):
            return
        if needs and all(need.state is StepState.SKIPPED for need in needs):
            self._skip(step, f"{needs[0].id} was skipped")
            return
        try:
            for said in definition.if_:
                if not holds(said, self.values()):
                    self._skip(step, f"{said} does not hold")
                    return
        except Missing as error:
            self._missing(step, error)
            return
        except NotFilled as error:
            self.fail(step, f"its condition cannot be decided: {error}", retry=False)
            return
        self._begin(step, definition)

    def _begin_next(self) -> None:
        """Of what follows a failure: one after another."""
        following = [each for each in self.steps.values() if not self._main(each) and not self._item(each)]
        if any(each.state in _BUSY or each.state in _HELD for each in following):
            return
        waiting = next((each for each in following if each.state is StepState.WAITING), None)
        if waiting is not None:
            definition = self.run.definition_of(waiting.id)
            assert definition is not None
            self._begin(waiting, definition)

    def _item(self, step: StepRun) -> bool:
        return step.id.rpartition(".")[0] in self.steps

    def _begin(self, step: StepRun, definition: Step | Do) -> None:
        """Fill in, ask the policy, ask people, start."""
        step = step.copy_with(begun_at=self.now, tried_at=self.now)
        kind = self._kind(step)
        if kind is None:
            self.fail(step, f"this version of Warroom knows no {step.do}", retry=False)
            return
        try:
            filled_in = self._filled(step, definition, kind)
        except Missing as error:
            self._missing(step, error)
            return
        except NotPossible as error:
            self.fail(step, str(error), retry=False)
            return
        if not filled_in:
            self._skip(step, "there is nothing to do it for")
            return
        refused = next(
            (why for parameters, _ in filled_in if (why := kind.refused(parameters, self.setting.remediation.allow))),
            "",
        )
        if refused:
            self.fail(step, refused, retry=False)
            return
        undoes = _is_undo(step) and definition.do == UNDO
        plan = [
            line
            for parameters, _ in filled_in
            for line in (undo_described(kind, parameters) if undoes else described(kind, parameters, {}))
        ]
        if isinstance(definition, Step):
            plan += further(definition, self.setting.kinds, self.values())
        many = len(filled_in) > 1 or (isinstance(definition, Step) and definition.for_each is not None)
        step = step.copy_with(
            plan=tuple(plan),
            parameters=None if many else filled_in[0][1],
            items=tuple(each for _, each in filled_in) if many else (),
        )
        if step.do == "approve":
            self._ask_approval(step, self._own_approval(filled_in[0][0]), self._follows(step))
        elif step.do == "ask":
            self._ask(step, filled_in[0][0])
        elif step.do == "wait":
            duration: timedelta = filled_in[0][0].duration  # type: ignore[attr-defined]
            self.put(step.copy_with(state=StepState.RUNNING, due_at=self.now + duration, said=""))
        elif self._asks_first(step) and needs_approval(
            kind, definition, self.setting.remediation, changes=self._changes(step)
        ):
            agreed = self._agreed_before(step)
            if agreed is not None:
                self.start(step.copy_with(agreed=agreed))
            else:
                own = definition.approve if isinstance(definition, Step) else None
                self._ask_approval(step, own or Approve(), ())
        else:
            self.start(step)

    def _asks_first(self, step: StepRun) -> bool:
        """Whether approvals are asked for. What is undone after a failure stood in the plan that was approved."""
        return not _is_undo(step) or self.run.undo_by is not None

    def _filled(
        self, step: StepRun, definition: Step | Do, kind: StepBase[Any]
    ) -> list[tuple[BaseModel, dict[str, Any]]]:
        """The parameters, one for each item. Raises Missing, NotPossible."""
        values = self.values()
        if _is_undo(step) and definition.do == UNDO:
            sources = undo_sources(self.steps, step.id)
            found = [each.parameters or {} for each in sources]
            return [(kind.parameters.model_validate(each), each) for each in found]
        if not isinstance(definition, Step) or definition.for_each is None:
            return [parameters_of(kind, definition.with_, values)]
        said = definition.for_each
        try:
            items = (
                filled(said, values)
                if isinstance(said, str)
                else [filled(each, values) if isinstance(each, str) else each for each in said]
            )
        except Missing:
            raise
        except NotFilled as error:
            raise NotPossible(str(error)) from None
        if not isinstance(items, list | tuple):
            raise NotPossible("for_each was given no list")
        if len(items) > MOST_ITEMS:
            raise NotPossible(f"for_each was given {len(items)} items, and {MOST_ITEMS} are the most")
        return [parameters_of(kind, definition.with_, {**values, "each": each}) for each in items]

    # -- approvals and questions

    def _ask_approval(self, step: StepRun, own: Approve, more: tuple[str, ...]) -> None:
        rules = self.setting.remediation.approve
        second = rules.second_person or bool(own.second_person)
        step = step.copy_with(
            state=StepState.APPROVAL,
            call=step.call + 1,
            may=own.by or rules.by,
            second_person=second,
            ends_at=self.now + (own.within or rules.within),
            plan=(*step.plan, *more),
        )
        if step.do == "approve":
            # Only what stands in the plan is covered, whatever becomes known until somebody agrees.
            covers = {later.id: [each for _, each in parameters] for later, parameters in self._covered(step.id)}
            step = step.copy_with(memory={"covers": covers})
        self.put(step)
        event = RunbookApproval(
            run=self.run.number, runbook=self.run.runbook.name, step=step.id, what="asked", plan=step.plan
        )
        self.tell(event)

    @staticmethod
    def _own_approval(parameters: BaseModel) -> Approve:
        names = ("by", "within", "second_person")
        return Approve.model_validate({name: getattr(parameters, name) for name in names})

    def _follows(self, step: StepRun) -> tuple[str, ...]:
        """The plans of the steps that an approval covers: those after it whose values are all known."""
        lines: list[str] = []
        for later, parameters in self._covered(step.id):
            kind = self.setting.kinds[later.do]
            lines += [line for each, _ in parameters for line in described(kind, each, {})]
            lines += further(later, self.setting.kinds, self.values())
        return tuple(lines)

    def _covered(self, step_id: str) -> list[tuple[Step, list[tuple[BaseModel, dict[str, Any]]]]]:
        after, found = {step_id}, []
        for later in in_order(self.run.runbook.steps):
            if not after & set(later.needs):
                continue
            after.add(later.id)
            kind = self.setting.kinds.get(later.do)
            if kind is None or not kind.changes or later.approve is not None:
                continue
            try:
                filled_in = self._filled(StepRun(id=later.id, do=later.do), later, kind)
            except (Missing, NotPossible):
                continue
            if not any(kind.changing(each) for each, _ in filled_in):
                continue
            found.append((later, filled_in))
        return found

    def _agreed_before(self, step: StepRun) -> Agreed | None:
        """The approval of an `approve` step before it, where that showed exactly what is to be done now."""
        definition = self.run.definition_of(step.id)
        if not isinstance(definition, Step) or definition.approve is not None:
            return None
        mine = step.items or (step.parameters or {},)
        for earlier in self.steps.values():
            if earlier.do != "approve" or earlier.state is not StepState.DONE or earlier.agreed is None:
                continue
            covered = earlier.memory.get("covers", {}).get(step.id)
            if covered is not None and list(mine) == covered:
                return earlier.agreed
        return None

    def _ask(self, step: StepRun, parameters: Any) -> None:
        self.put(
            step.copy_with(
                state=StepState.ASKED,
                call=step.call + 1,
                question=parameters.question,
                options=parameters.options,
                ends_at=self.now + self.limit(step),
            )
        )

    # -- doing

    def start(self, step: StepRun) -> None:
        """The step may be done: as soon as nobody else changes what it would change."""
        wanted = self._targets(step)
        held = [target for target in wanted if target in self.setting.busy]
        if held:
            self.run = self.run.copy_with(waits_for=self.setting.busy[held[0]])
            said = f"Waiting for {self.setting.busy[held[0]]}"
            self.put(
                step.copy_with(
                    state=StepState.BLOCKED, said=said, due_at=self.now + AGAIN, ends_at=self.now + BLOCKED_WITHIN
                )
            )
            return
        if wanted:
            self.run = self.run.copy_with(targets=tuple(dict.fromkeys((*self.run.targets, *wanted))))
        self._act(step)

    def _act(self, step: StepRun) -> None:
        """Call it, or its first item."""
        step = step.copy_with(
            state=StepState.RUNNING, tried_at=self.now, ends_at=self.now + self.limit(step), due_at=None, failures=0
        )
        if step.items:
            self.put(step)
            self._next_item(step)
        else:
            self._call(step)

    def _next_item(self, step: StepRun) -> None:
        done = [
            each
            for each in self.steps.values()
            if each.id.startswith(f"{step.id}.") and each.id.rpartition(".")[0] == step.id
        ]
        if len(done) < len(step.items):
            item = StepRun(
                id=f"{step.id}.{len(done) + 1}",
                do=step.do,
                state=StepState.RUNNING,
                parameters=step.items[len(done)],
                begun_at=self.now,
                tried_at=self.now,
                ends_at=step.ends_at,
            )
            self._call(item)

    def _items(self) -> None:
        """Steps with `for_each` go on with their next item, or end with the last one."""
        for step in list(self.steps.values()):
            if step.state is not StepState.RUNNING or not step.items or self.decide is not None:
                continue
            mine = [each for each in self.steps.values() if self._item(each) and each.id.rpartition(".")[0] == step.id]
            if any(not each.state.over for each in mine):
                continue
            failed = next((each for each in mine if each.state is not StepState.DONE), None)
            if failed is None and len(mine) < len(step.items) and self._failed() is not None and self._main(step):
                self.fail(step, f"another step failed after {len(mine)} of {len(step.items)}", retry=False)
                continue
            if failed is not None:
                self.fail(step, f"{failed.id}: {failed.error or failed.said}", advice=failed.advice, retry=False)
            elif len(mine) < len(step.items):
                self._next_item(step)
            else:
                outputs = {"count": len(mine), "items": [each.outputs for each in mine]}
                self.done(step, Finished(outputs=outputs, said=f"Done for {len(mine)}"))

    def _call(self, step: StepRun) -> None:
        """Ask for one call. A step that is decided here is decided in the same transaction."""
        step = step.copy_with(call=step.call + 1, in_flight=True, due_at=None)
        self.put(step)
        if isinstance(self._kind(step), StepKind):
            self.calls.append(step.id)
        else:
            self.decide = step.id

    def outcome(self, step: StepRun, outcome: Outcome) -> None:
        """What came of a call."""
        step = step.copy_with(in_flight=False)
        match outcome:
            case Finished():
                self.done(step, outcome)
            case Pending():
                self.put(
                    step.copy_with(
                        memory=outcome.memory,
                        said=outcome.said,
                        due_at=self.now + outcome.after,
                        failures=0,
                        look_first=False,
                        error="",
                    )
                )
            case Failed() if outcome.unclear:
                self._unclear(step, outcome.error)
            case Failed():
                self.fail(step, outcome.error, advice=outcome.advice)
            case Away():
                wait = outcome.after if outcome.after is not None else WAITS[min(step.failures, len(WAITS) - 1)]
                unknown = step.look_first or (outcome.unknown and self._changes(step))
                self.put(
                    step.copy_with(
                        error=outcome.error,
                        failures=step.failures + 1,
                        look_first=unknown,
                        due_at=self.now + timedelta(seconds=wait),
                    )
                )

    def not_made(self, step: StepRun) -> None:
        """It was looked whether the call had happened, and it had not. A step that takes another one back in its kind's own way is
        not looked at: only a person can tell.
        """
        unclear = _is_undo(step) and self.run.undoes_itself(step.id)
        said = "It had not happened when the run was stopped"
        if unclear or step.memory:
            said = "It had begun, and its end was not awaited"
        state = StepState.UNCLEAR if unclear else StepState.STOPPED
        self.put(step.copy_with(state=state, in_flight=False, said=said, ended_at=self.now, due_at=None, ends_at=None))

    def done(self, step: StepRun, outcome: Finished) -> None:
        """A step was done."""
        step = step.copy_with(
            state=StepState.DONE,
            in_flight=False,
            outputs=outcome.outputs,
            undo=outcome.undo,
            said=outcome.said,
            error="",
            advice="",
            ended_at=self.now,
            due_at=None,
            ends_at=None,
            look_first=False,
        )
        self.put(step)
        if self._changes(step):
            self.run = self.run.copy_with(verified=False)  # what was seen before proves nothing any more
        elif self._proves(step):
            self.run = self.run.copy_with(verified=True)
        self._tell_step(step)

    def fail(self, step: StepRun, error: str, *, advice: str = "", retry: bool = True, late: bool = False) -> None:
        """A step failed: it is tried again where the runbook says so."""
        definition = self.run.definition_of(step.id)
        again = definition.retry if isinstance(definition, Step) else None
        if (
            retry
            and not late
            and again is not None
            and step.attempt <= again.times
            and self.run.state is RunState.RUNNING
        ):
            due = self.now + again.every
            if step.ends_at is None or due < step.ends_at:
                self.put(
                    step.copy_with(
                        state=StepState.RUNNING,
                        attempt=step.attempt + 1,
                        in_flight=False,
                        tried_at=due,
                        due_at=due,
                        error=error,
                        advice=advice,
                        memory={},
                        look_first=False,
                    )
                )
                return
        step = step.copy_with(
            state=StepState.FAILED,
            in_flight=False,
            error=error,
            advice=advice,
            ended_at=self.now,
            due_at=None,
            ends_at=None,
        )
        self.put(step)
        self._tell_step(step)

    def _unclear(self, step: StepRun, error: str) -> None:
        question = "Was it done?"
        step = step.copy_with(
            state=StepState.UNCLEAR, in_flight=False, error=error, question=question, due_at=None, ends_at=None
        )
        self.put(step)
        if self.run.state is RunState.STOPPING:
            self._tell_step(step)
        else:
            event = RunbookStep(
                run=self.run.number, runbook=self.run.runbook.name, step=step.id, state="unclear", text=error
            )
            self.tell(event)

    def _skip(self, step: StepRun, why: str) -> None:
        step = step.copy_with(state=StepState.SKIPPED, said=why, ended_at=self.now)
        self.put(step)
        self._tell_step(step)

    def _missing(self, step: StepRun, error: Missing) -> None:
        """A value is not there: because its step was skipped, or because the step found nothing."""
        from_step = self.steps.get(error.name.partition(".")[0])
        if from_step is not None and from_step.state is StepState.SKIPPED:
            self._skip(step, f"{from_step.id} was skipped")
        else:
            self.fail(step, str(error), retry=False)

    def _tell_step(self, step: StepRun) -> None:
        if self._item(step):
            return
        state = "undone" if _is_undo(step) and step.state is StepState.DONE else step.state.value
        event = RunbookStep(
            run=self.run.number,
            runbook=self.run.runbook.name,
            step=step.id.removeprefix("undo."),
            state=state,
            text=step.error if step.state in (StepState.FAILED, StepState.UNCLEAR) else step.said,
        )
        self.tell(event)

    # -- how a run ends

    def _fail_run(self, failed: StepRun) -> None:
        """A step failed. What had begun is awaited, then things are put right."""
        if any(not step.state.over for step in self.steps.values()):
            return
        self.run = self.run.copy_with(failed_step=failed.id, phase=Phase.UNDO, verified=False)
        self.fell = True
        self.put_undo()

    def put_undo(self) -> None:
        """Whatever was done and can be undone is undone, last first."""
        run = self.run.copy_with(steps=tuple(self.steps.values()))
        for step in run.with_undo():
            definition = run.definition_of(step.id)
            assert isinstance(definition, Step)
            assert definition.undo is not None
            do = step.do if definition.undo.do == UNDO else definition.undo.do
            self.put(StepRun(id=f"undo.{step.id}", do=do))

    def _over(self) -> None:
        """The end of a phase, and of the run."""
        if self.run.state is not RunState.RUNNING or not all(step.state.over for step in self.steps.values()):
            return
        if self.run.undo_by is not None:
            failed = next(
                (each for each in self.steps.values() if each.state is StepState.FAILED and _is_undo(each)), None
            )
            if failed is not None:
                self.run, self.fell = self.run.copy_with(failed_step=failed.id), True
            self._end(RunState.STOPPED if failed is None else RunState.FAILED)
            return
        if self.run.phase is Phase.STEPS:
            if not any(step.state is StepState.FAILED for step in self.steps.values()):
                self._end(RunState.SUCCEEDED)
            return
        if self.run.phase is Phase.UNDO and self.run.runbook.otherwise:
            self.run = self.run.copy_with(phase=Phase.OTHERWISE)
            for n, do in enumerate(self.run.runbook.otherwise, 1):
                self.put(StepRun(id=f"otherwise.{n}", do=do.do))
            return
        self._end(RunState.FAILED)

    def stop(self, by: str | None) -> None:
        """Nothing more begins."""
        self.run = self.run.copy_with(state=RunState.STOPPING, ended_by=by, wanted=())
        for step in list(self.steps.values()):
            if step.state.over or step.state is StepState.UNCLEAR:
                continue
            if step.in_flight and step.begun_call == step.call:
                self.put(step.copy_with(said="It had begun when the run was stopped"))
                continue
            # A call that was asked for and has not begun does not begin any more: `mark_begun` refuses it.
            unclear = step.look_first and self._changes(step)
            said = f"It had begun, and its end was not awaited. {step.said}".strip() if step.begun_call else step.said
            state = StepState.UNCLEAR if unclear else StepState.STOPPED
            step = step.copy_with(state=state, in_flight=False, ended_at=self.now, due_at=None, ends_at=None)
            self.put(step.copy_with(said=said))

    def _end(self, state: RunState) -> None:
        for step in list(self.steps.values()):
            # A step of a run that was stopped: it waits for nothing any more.
            if not step.state.over and step.state is not StepState.UNCLEAR:
                self.put(
                    step.copy_with(
                        state=StepState.STOPPED, ended_at=self.now, due_at=None, ends_at=None, in_flight=False
                    )
                )
        run = self.run
        own = [step for step in self.steps.values() if not self._item(step)]
        failed = self.steps.get(run.failed_step)
        verified = state is RunState.SUCCEEDED and run.verified
        self.run = run.copy_with(state=state, ended_at=self.now, targets=(), wanted=(), waits_for="", verified=verified)
        if run.checklist:
            why = ""
        elif state is RunState.FAILED and failed is not None:
            why = f"{failed.id}: {failed.error}"
        else:
            why = "declined" if run.declined else ""
        event = RunbookEnded(
            run=run.number,
            runbook=run.runbook.name,
            outcome=state.value,
            verified=verified,
            why=why,
            done=tuple(_label(step) for step in own if step.state is StepState.DONE),
            not_done=tuple(_label(step) for step in own if step.state in (StepState.STOPPED, StepState.FAILED)),
            unclear=tuple(_label(step) for step in own if step.state is StepState.UNCLEAR),
        )
        self.tell(event, run.ended_by)

    # -- values

    def values(self) -> Values:
        """Everything that a text may name now."""
        found: dict[str, Any] = {**self.run.values, **self.run.inputs}
        for step in self.steps.values():
            if self._main(step) and step.state.over and step.state is not StepState.SKIPPED:
                found[step.id] = {**step.outputs, "state": step.state.value}
        failed = self.steps.get(self.run.failed_step)
        if failed is not None:
            found["failed"] = {"step": failed.id, "why": failed.error}
        return found

    def _kind(self, step: StepRun) -> StepBase[Any] | None:
        return self.setting.kinds.get(step.do)

    def _changes(self, step: StepRun) -> bool:
        kind = self._kind(step)
        if kind is None or not kind.changes:
            return False
        return any(kind.changing(each) for each in self._parameters(step))

    def _parameters(self, step: StepRun) -> list[BaseModel]:
        kind = self._kind(step)
        written = step.items or ((step.parameters,) if step.parameters is not None else ())
        return [kind.parameters.model_validate(each) for each in written] if kind is not None else []

    def _targets(self, step: StepRun) -> tuple[str, ...]:
        kind = self._kind(step)
        if kind is None or not self._changes(step):
            return ()
        found = (target_name(target) for each in self._parameters(step) for target in kind.targets(each))
        return tuple(dict.fromkeys(found))

    def _proves(self, step: StepRun) -> bool:
        kind = self._kind(step)
        return kind is not None and self._main(step) and any(kind.proves(each) for each in self._parameters(step))

    def limit(self, step: StepRun) -> timedelta:
        """How long it may take."""
        definition, kind = self.run.definition_of(step.id), self._kind(step)
        assert definition is not None
        assert kind is not None
        return longest(definition, kind)


def _is_undo(step: StepRun) -> bool:
    return step.id.startswith("undo.")


_BUSY = (StepState.RUNNING, StepState.UNCLEAR)
_HELD = (StepState.APPROVAL, StepState.ASKED, StepState.BLOCKED)
"""They wait for people, or for another run: they take nobody's place."""


def undo_sources(steps: Mapping[str, StepRun], undo_id: str) -> list[StepRun]:
    """The steps, or items of one, that an undo takes back, in that order: last first."""
    undone = steps[undo_id.partition(".")[2]]
    if not undone.items:
        return [undone]
    items = [
        each for each in steps.values() if each.id.rpartition(".")[0] == undone.id and each.state is StepState.DONE
    ]
    return items[::-1]


def _label(step: StepRun) -> str:
    if step.do == CHECK:
        return step.question
    return step.id.replace("undo.", "undo of ").replace("otherwise.", "otherwise ")
