"""An incident, a store and whatever makes the calls of steps; other systems are stand-ins that remember what was done to them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar

import yaml
from pydantic import Field

from bot.integrations import policy_model
from bot.runbook_files import parsed
from bot.runtime.steps import StepPerformer
from storage import Database
from tests.clock import ManualClock
from tests.handlers.conftest import OneMessage
from tests.people import ADA, GRACE, StoredPeople
from tests.stores import fresh_store
from warroom.capabilities import Finished, LogLine, Pending, Placed, Series, StepBase, StepCall, StepKind, StepOutcome
from warroom.errors import Rejected, Retryable
from warroom.escalation import timers
from warroom.incident.change import done
from warroom.incident.model import Incident, Origin
from warroom.incident.parts import EscalationLevel, EscalationState, Participants
from warroom.incident.timeline import Entry
from warroom.outbox.changes import Changeset
from warroom.outbox.effects import BeginRunbooks, Effect, LookAtRun, RunStep
from warroom.policy import Policy
from warroom.policy import check as check_policy
from warroom.ports import World
from warroom.runbooks import begin, usecases
from warroom.runbooks.library import Kinds, Library
from warroom.runbooks.run import Run, StepRun
from warroom.runbooks.steps.all import all_kinds
from warroom.value import Value

LEASE = timedelta(seconds=15)


class Killed(BaseException):
    """The process dies here: nothing after this is done, and nobody cleans up."""


class ChangeParameters(Value):
    """What the stand-in takes."""

    what: str = Field(description="What is changed.")
    where: str = Field(default="prod", description="Where.")
    to: Any = Field(default=None, description="To what.")


Trouble = Callable[[], None]


class Change(StepKind[ChangeParameters]):
    """Changes something in a stand-in system, which remembers by key what was done."""

    step: ClassVar[str] = "world.change"
    about = "Changes something."
    parameters = ChangeParameters
    outputs: ClassVar = {"before": "how often it had been changed", "value": "to what it was changed"}
    changes = True
    undoes = True
    limits = ("places",)
    example = "{id: change, do: world.change, with: {what: door}}"

    def __init__(self) -> None:
        self.done: list[str] = []
        """What was changed, in order; "undo X" for what was taken back."""
        self.keys: list[str] = []
        self.before: list[Trouble] = []
        self.after: list[Trouble] = []
        self.looks_at: list[Trouble] = []
        self.undoing: list[Trouble] = []
        self.looked = 0
        self.pending = 0

    def plan(self, parameters: ChangeParameters) -> Sequence[str]:
        return [f"Change {parameters.what} in {parameters.where}"]

    def scope(self, parameters: ChangeParameters) -> Sequence[tuple[str, str]]:
        return [("places", parameters.where)]

    def targets(self, parameters: ChangeParameters) -> Sequence[str]:
        return [f"world:{parameters.where}/{parameters.what}"]

    async def run(self, parameters: ChangeParameters, call: StepCall) -> StepOutcome:
        if call.memory.get("acted"):
            if call.memory["left"]:
                memory = {"acted": True, "left": call.memory["left"] - 1}
                return Pending(said=f"{memory['left']} left", memory=memory)
            return self._finished(parameters)
        _next(self.before)
        before = len(self.done)
        self.done.append(parameters.what)
        self.keys.append(call.key)
        _next(self.after)
        if self.pending:
            return Pending(said="begun", memory={"acted": True, "left": self.pending - 1})
        return self._finished(parameters, before)

    def _finished(self, parameters: ChangeParameters, before: int = 0) -> Finished:
        return Finished(
            outputs={"before": before, "value": parameters.to}, said="Changed", undo={"what": parameters.what}
        )

    async def look(self, parameters: ChangeParameters, call: StepCall) -> StepOutcome | None:
        self.looked += 1
        _next(self.looks_at)
        return self._finished(parameters) if call.key in self.keys else None

    def undo_plan(self, parameters: ChangeParameters) -> Sequence[str]:
        return [f"change {parameters.what} back"]

    async def undo(self, parameters: ChangeParameters, done: Mapping[str, Any], call: StepCall) -> StepOutcome:
        _next(self.undoing)
        said = f"undo {done['what']}"
        if said not in self.done:
            self.done.append(said)
        return Finished(said="Undone")


class Blind(Change):
    """One of which nobody can find out what came of it."""

    step = "world.blind"
    looks = False
    undoes = False


class ReadParameters(Value):
    """What the other stand-in takes."""

    what: Annotated[str, Placed.TEXT] = Field(default="", description="What is read.")
    token: Annotated[str, Placed.SECRET] = Field(default="", description="A secret.")


class Read(StepKind[ReadParameters]):
    """Reads something."""

    step = "world.read"
    about = "Reads something."
    parameters = ReadParameters
    outputs: ClassVar = {"value": "what was read", "items": "several"}
    changes = False
    verifies = True
    example = "{id: read, do: world.read}"

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.answers: list[Any] = []
        self.troubles: list[Trouble] = []

    def plan(self, parameters: ReadParameters) -> Sequence[str]:
        return [f"Read {parameters.what}"]

    async def run(self, parameters: ReadParameters, call: StepCall) -> StepOutcome:
        self.calls.append(parameters.what)
        _next(self.troubles)
        answer = self.answers.pop(0) if self.answers else 1
        if parameters.token:
            secret = call.secret(parameters.token)
            return Finished(outputs={"value": f"it said {secret}"}, said=f"with {secret}")
        if answer is Pending:
            return Pending(said="not yet")
        return Finished(
            outputs={"value": answer, "items": answer if isinstance(answer, list) else []}, said=f"Read {answer}"
        )


def _next(troubles: list[Trouble]) -> None:
    if troubles:
        troubles.pop(0)()


def fine() -> None:
    """No trouble this time."""


def dies() -> None:
    raise Killed


def lost() -> None:
    raise Retryable("the connection broke", outcome_unknown=True)


def away() -> None:
    raise Retryable("nobody answers")


def refuses() -> None:
    raise Rejected("it said no", advice="Ask it nicely.")


class Metric:
    """A source of metrics whose values the test sets."""

    title = "Stand-in"

    def __init__(self, clock: ManualClock) -> None:
        self._clock, self.value, self.queries = clock, 1.0, list[str]()
        self.several = 1

    async def series(self, query: str, since: datetime, until: datetime, step: timedelta) -> Sequence[Series]:
        self.queries.append(query)
        return [Series(labels={"n": str(n)}, points=((until, self.value),)) for n in range(self.several)]


class Log:
    """A source of logs."""

    title = "Stand-in"

    def __init__(self) -> None:
        self.texts: list[str] = []

    async def lines(self, query: str, since: datetime, until: datetime, limit: int) -> Sequence[LogLine]:
        return [LogLine(at=until, text=text) for text in self.texts[:limit]]


class Bench:
    """See `bench`."""

    def __init__(self, store: Database, policy: Policy, further: Sequence[StepBase[Any]]) -> None:
        self.store, self.clock, self.policy = store, ManualClock(), policy
        self.change, self.blind, self.read = Change(), Blind(), Read()
        self.metric, self.log = Metric(self.clock), Log()
        own: list[StepBase[Any]] = [self.change, self.blind, self.read]
        self.kinds: Kinds = all_kinds({"standin": self.metric}, {"standin": self.log}, [*own, *further])
        self.secrets: dict[str, str] = {}
        self.world = self._world(Library(kinds=self.kinds))
        self.said: list[Effect] = []
        self.incidents = 0

    def _world(self, library: Library) -> World:
        people = StoredPeople(self.store)
        return World(self.store, people, self.policy, self.clock, OneMessage(), lambda: None, library=library)

    def teach(self, **texts: str) -> None:
        """These runbooks are there; each by its key, as YAML. Raises AssertionError with every mistake."""
        found = []
        for key, text in texts.items():
            runbook, mistakes = parsed(
                text if "name:" in text else f"name: {key}\n{text}", self.policy, self.kinds, key
            )
            assert runbook is not None, [str(each) for each in mistakes]
            found.append(runbook)
        self.world = self._world(Library((*self.world.library.runbooks, *found), self.kinds))

    async def incident(self, **fields: Any) -> Incident:
        """One more incident, of checkout, in whose room Ada and Grace are."""
        self.incidents += 1
        number = self.incidents
        usual: dict[str, Any] = {
            "id": f"i{number}",
            "number": number,
            "origin": Origin.COMMAND,
            "origin_key": f"test:{number}",
            "title": "High memory on checkout",
            "severity": "SEV-1",
            "services": ("checkout",),
            "declared_at": self.clock.now(),
            "touched_at": self.clock.now(),
            "participants": Participants(invitees=(ADA.id, GRACE.id), invited=(ADA.id, GRACE.id)),
            "escalation": EscalationState(levels=(EscalationLevel(after=timedelta(0), notify=(ADA.email,)),)),
        }
        incident = Incident.model_validate(usual | fields)
        await self.store.commit(Changeset(now=self.clock.now(), incident=incident, people=(ADA, GRACE)))
        found = await self.store.incident(incident.id)
        assert found is not None
        return found

    async def start(
        self, text: str, *, by: str | None = ADA.id, incident: Incident | None = None, **inputs: Any
    ) -> Run:
        """A run of the runbook that the YAML describes, worked on until it waits."""
        key = f"book{len(self.world.library.runbooks)}"
        self.teach(**{key: text})
        incident = incident or await self.incident()
        run = await begin.start(self.world, incident.id, key, by, inputs)
        await self.work()
        return await self.run(run)

    async def run(self, run: Run) -> Run:
        """As it is now."""
        found = await self.store.run(run.id)
        assert found is not None
        return found

    async def step(self, run: Run, step_id: str) -> StepRun:
        """As it is now."""
        found = (await self.run(run)).step(step_id)
        assert found is not None, step_id
        return found

    async def approve(self, run: Run, step_id: str, by: str = GRACE.id) -> Run:
        """Somebody presses Approve, and what follows is done."""
        step = await self.step(run, step_id)
        await usecases.approve(self.world, run.id, step_id, step.token, by)
        await self.work()
        return await self.run(run)

    async def work(self) -> None:
        """Until nothing is due at this time."""
        performer = StepPerformer(self.world, lambda name: self.secrets.get(name.removeprefix("env:")))
        while claims := await self.store.claim(now=self.clock.now(), limit=1, lease=LEASE):
            for claim in claims:
                effect = claim.effect
                if effect is None:
                    await timers.fire(self.world, claim)
                elif isinstance(effect, RunStep):
                    await performer.perform(claim, effect)
                else:
                    if isinstance(effect, LookAtRun):
                        await usecases.look_at(self.world, effect)
                    elif isinstance(effect, BeginRunbooks):
                        await begin.begin_automatic(self.world, effect)
                    else:
                        self.said.append(effect)
                    await self.world.commit(Changeset(now=self.clock.now(), claim_result=done(claim)))

    async def works_until_killed(self) -> None:
        """As `work`, and the process dies in the middle of a call."""
        try:
            await self.work()
        except Killed:
            return
        raise AssertionError("nobody was killed")

    async def later(self, seconds: float) -> None:
        """So much time passes, and whatever comes due is done when it is due."""
        end = self.clock.time + timedelta(seconds=seconds)
        while True:
            due = await self.store.next_due()
            if due is None or due > end:
                break
            self.clock.time = max(self.clock.time, due)
            await self.work()
        self.clock.time = end
        await self.work()

    async def timeline(self, incident_id: str = "i1") -> list[Entry]:
        return await self.store.timeline(incident_id)


def policy_of(text: str = "", schema: type[Policy] = Policy) -> Policy:
    """The policy that the YAML describes, under which the stand-ins may do everything in prod."""
    data = yaml.safe_load(text) or {}
    data.setdefault("remediation", {}).setdefault("allow", {"world": {"places": ["prod", "stage-*"]}})
    checked = check_policy(data, schema)
    assert checked.policy is not None, [str(each) for each in checked.mistakes]
    return checked.policy


@asynccontextmanager
async def bench(policy: str = "", further: Sequence[StepBase[Any]] = ()) -> AsyncIterator[Bench]:
    """A bench under that policy."""
    async with fresh_store() as store:
        yield Bench(store, policy_of(policy, policy_model()), further)
