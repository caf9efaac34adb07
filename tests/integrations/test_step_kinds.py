"""Every kind of step × every trouble: whatever happens to a call, the step is done once, or a person is asked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from bot.integrations import INTEGRATIONS, integrations_of, settings_model
from integrations.calls.command import Command
from integrations.calls.request import Request
from tests.people import ADA, GRACE
from tests.warroom.runbooks.bench import Bench, Killed, Trouble, away, bench, dies, lost
from warroom.capabilities import StepBase, StepCall, StepKind, StepOutcome, StepSource
from warroom.errors import Conflict, StoreUnavailable
from warroom.incident import events
from warroom.incident.model import State
from warroom.incident.notices import RunSays
from warroom.outbox.changes import Changeset
from warroom.outbox.effects import ExternalEffect, Post
from warroom.runbooks import begin, usecases
from warroom.runbooks.run import Run, RunState, StepState

POLICY = """
remediation:
  allow:
    world: {places: [prod]}
    http: {hosts: ["api.example.com:*"], addresses: ["127.0.0.0/8"]}
    command: [["sh", "-c", "*", "sh", "*"]]
    statuspage: {}
  without_approval: ["*"]
jira: {project: OPS}
pagerduty: {routing_keys: {platform: env:PD_PLATFORM}}
statuspage: {page: abc}
teams: {platform: {services: [checkout]}}
"""


class System:
    """Something on loopback that counts what it was asked to change."""

    def __init__(self) -> None:
        self.port, self.changed, self.read = 0, 0, 0
        self.troubles: list[Callable[[], web.Response | None]] = []

    async def answer(self, request: web.Request) -> web.Response:
        trouble = self.troubles.pop(0)() if self.troubles else None
        if trouble is not None:
            return trouble
        if request.method == "POST":
            self.changed += 1
        else:
            self.read += 1
        return web.json_response({"ok": True})


@pytest.fixture
async def system() -> AsyncIterator[System]:
    found = System()
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", found.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    found.port = runner.addresses[0][1]
    yield found
    await runner.cleanup()


class _Troubled(StepKind[Any]):
    """A kind of step to whose calls something happens: before they are made, or when they were."""

    def __init__(self, inner: StepKind[Any]) -> None:
        self._inner, self.before, self.after = inner, list[Trouble](), list[Trouble]()
        for name in ("plan", "refused", "changing", "proves", "targets", "scope", "look", "undo"):
            setattr(self, name, getattr(inner, name))

    def plan(self, parameters: Any) -> list[str]:
        return list(self._inner.plan(parameters))

    async def run(self, parameters: Any, call: StepCall) -> StepOutcome:
        if self.before:
            self.before.pop(0)()
        outcome = await self._inner.run(parameters, call)
        if self.after:
            self.after.pop(0)()
        return outcome


def troubled(inner: StepKind[Any]) -> _Troubled:
    names = (
        "step",
        "about",
        "parameters",
        "outputs",
        "changes",
        "limits",
        "within",
        "looks",
        "undoes",
        "verifies",
        "example",
    )
    found: _Troubled = type("Troubled", (_Troubled,), {name: getattr(inner, name) for name in names})(inner)
    return found


async def lookup(host: str, port: int) -> list[str]:
    return ["127.0.0.1"]


def steps_of(name: str, system: System, folder: Any) -> str:
    """The step of that name, as YAML."""
    url = f"http://api.example.com:{system.port}/q"
    return {
        "http get": f"{{id: it, do: http.request, with: {{url: '{url}'}}}}",
        "http post": f"{{id: it, do: http.request, with: {{method: POST, url: '{url}'}}}}",
        "http post idempotent": f"{{id: it, do: http.request, with: {{method: POST, url: '{url}', idempotent: true}}}}",
        "command": f"{{id: it, do: command, with: {{run: [sh, -c, 'echo done >> $1', sh, '{folder}/log']}}}}",
        "metrics.read": "{id: it, do: metrics.read, with: {query: up}}",
        "metrics.expect": "{id: it, do: metrics.expect, with: {query: up, above: 0}}",
        "logs.search": "{id: it, do: logs.search, with: {query: error}}",
    }[name]


TROUBLES: dict[str, tuple[list[Trouble], list[Trouble]]] = {
    "none": ([], []),
    "killed before": ([dies], []),
    "killed after": ([], [dies]),
    "killed twice": ([dies], [dies]),
    "nobody answers": ([away], []),
    "answer lost": ([], [lost]),
}
LOST = ("killed before", "killed after", "killed twice", "answer lost")
"""Afterwards nobody knows whether it happened."""


def done_by(name: str, system: System, folder: Any) -> int:
    """How often something was changed."""
    if name == "command":
        log = folder / "log"
        return len(log.read_text().splitlines()) if log.exists() else 0
    return system.changed


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize(
    "name",
    ["http get", "http post", "http post idempotent", "command", "metrics.read", "metrics.expect", "logs.search"],
)
async def test_a_call_of_another_system(name: str, trouble: str, system: System, tmp_path: Any) -> None:
    request, command = Request(lookup), Command()
    wrapped = [troubled(request), troubled(command)]
    async with bench(POLICY, wrapped) as made:
        request.allow = command.allow = made.policy.remediation.allow
        kinds = dict(made.kinds)
        for kind in ("metrics.read", "metrics.expect", "logs.search"):
            inner = kinds[kind]
            assert isinstance(inner, StepKind)
            kinds[kind] = troubled(inner)
        made.kinds = kinds
        before, after = TROUBLES[trouble]
        for each in kinds.values():
            if isinstance(each, _Troubled):
                each.before, each.after = list(before), list(after)
        made.teach(book=f"steps:\n  - {steps_of(name, system, tmp_path)}\n")
        run = await begin.start(made.world, (await made.incident()).id, "book", ADA.id)
        for _ in range(12):
            with suppress(Killed):
                await made.work()
            made.clock.advance(16)
        run = await made.run(run)
        step = await made.step(run, "it")
        asks = name in ("http post", "command") and trouble in LOST
        if not asks:
            assert (run.state, step.state) == (RunState.SUCCEEDED, StepState.DONE), (step.error, step.said)
            wanted = (
                0
                if name == "http get" or "." in name
                else 2
                if name.endswith("idempotent") and trouble != "killed before" and trouble in LOST
                else 1
            )
            assert done_by(name, system, tmp_path) == wanted
            return
        assert step.state is StepState.UNCLEAR, "a person is asked"
        happened = done_by(name, system, tmp_path)
        assert happened <= 1, "it is never simply done again"
        for each in kinds.values():
            if isinstance(each, _Troubled):
                each.before, each.after = [], []
        await usecases.clear_up(made.world, run.id, "it", step.token, happened == 1, GRACE.id)
        await made.work()
        assert done_by(name, system, tmp_path) == 1
        assert (await made.run(run)).state is RunState.SUCCEEDED


# -- steps that are decided in the transaction


def external_kinds() -> list[StepBase[Any]]:
    settings = settings_model(INTEGRATIONS).model_construct()
    found = [kind for source in integrations_of(settings).able(StepSource) for kind in source.step_kinds()]
    return [kind for kind in found if not isinstance(kind, StepKind)]


def asked(operation: str) -> Callable[[Bench, list[Any], Any], int]:
    def count(made: Bench, entries: list[Any], incident: Any) -> int:
        return sum(isinstance(each, ExternalEffect) and each.label == operation for each in made.said)

    return count


def told(kind: type[Any]) -> Callable[[Bench, list[Any], Any], int]:
    def count(made: Bench, entries: list[Any], incident: Any) -> int:
        return sum(isinstance(entry.event, kind) for entry in entries)

    return count


def said(made: Bench, entries: list[Any], incident: Any) -> int:
    return sum(isinstance(each, Post) and isinstance(each.notice, RunSays) for each in made.said)


DECIDED: dict[str, tuple[str, Callable[[Bench, list[Any], Any], int]]] = {
    "say": ("{text: hi}", said),
    "incident.update": ("{text: hi}", told(events.UpdatePosted)),
    "incident.severity": ("{to: SEV-2}", told(events.SeverityChanged)),
    "incident.escalate": ("{why: x}", told(events.PeoplePaged)),
    "incident.resolve": ("{summary: x}", told(events.Resolved)),
    "incident.page": ("{who: [grace@example.com]}", told(events.PeoplePaged)),
    "jira.comment": ("{text: hi}", asked("jira.comment")),
    "jira.create": ("{}", asked("jira.create")),
    "pagerduty.trigger": ("{}", asked("pagerduty.trigger")),
    "pagerduty.note": ("{text: hi}", asked("pagerduty.note")),
    "statuspage.publish": ("{text: hi, status: monitoring}", asked("statuspage.publish")),
}


class Faulty:
    """The store, of which some commits of a run fail: before they are written, or after."""

    def __init__(self, store: Any, faults: list[str]) -> None:
        self._store, self._faults = store, faults

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def commit(self, change: Changeset) -> bool:
        fault = self._faults.pop(0) if change.runs and self._faults else ""
        if fault == "conflict":
            raise Conflict("somebody was faster")
        if fault == "unavailable before":
            raise StoreUnavailable("away")
        written: bool = await self._store.commit(change)
        if fault == "unavailable after":
            raise StoreUnavailable("away")
        return written


@pytest.mark.parametrize(
    "faults", [(), ("conflict",), ("unavailable before",), ("unavailable after",), ("conflict", "unavailable after")]
)
@pytest.mark.parametrize("kind", DECIDED)
async def test_a_step_that_is_decided_is_done_once(kind: str, faults: tuple[str, ...]) -> None:
    written, count = DECIDED[kind]
    async with bench(POLICY, external_kinds()) as made:
        store = made.store
        remembered = (
            {"jira": {"key": "OPS-1"}}
            if kind == "jira.comment"
            else {"pagerduty": {"there": "triggered"}}
            if kind == "pagerduty.note"
            else {}
        )
        incident = await made.incident(team="platform", external=remembered, state=State.ACKNOWLEDGED)
        made.teach(book=f"steps:\n  - {{id: it, do: {kind}, with: {written}}}\n")
        made.world = replace(made.world, store=Faulty(store, list(faults)))
        run: Run | None = None
        for _ in range(4):
            try:
                run = await begin.start(made.world, incident.id, "book", ADA.id)
            except StoreUnavailable:
                pass
            else:
                break
            if await store.runs(incident.id):
                break  # it was stored, and nobody heard so
        await made.work()
        (kept,) = await store.runs(incident.id)
        assert (kept.state, kept.steps[0].state) == (RunState.SUCCEEDED, StepState.DONE), kept.steps[0].error
        found = await store.incident(incident.id)
        assert count(made, await made.timeline(), found) == 1
        assert run is None or run.id == kept.id


def test_no_kind_is_missing() -> None:
    own = {"world.change", "world.blind", "world.read"}
    calls = {"http.request", "command", "metrics.read", "metrics.expect", "logs.search"}
    people = {"ask", "approve", "wait"}  # test_engine has them
    settings = settings_model(INTEGRATIONS).model_construct()
    brought = {kind.step for source in integrations_of(settings).able(StepSource) for kind in source.step_kinds()}
    known = own | calls | people | DECIDED.keys()
    assert {each for each in brought if not each.startswith("kubernetes.")} <= known
