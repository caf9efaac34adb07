"""What somebody could try who is no friend: other people's buttons, other incidents' runs, much at once."""

from __future__ import annotations

import asyncio
import base64
import json
from dataclasses import replace
from urllib.parse import quote, quote_plus

import pytest

from blocks.run_message import run_card
from storage import export_lines
from tests.people import ADA, GRACE
from tests.warroom.runbooks.bench import Bench, bench, policy_of
from warroom.errors import AlreadyDone, Forbidden, Refused
from warroom.incident.view import incident_view
from warroom.runbooks import begin, usecases
from warroom.runbooks.library import Library
from warroom.runbooks.run import RunState, StepState

CHANGE = "steps:\n  - {id: change, do: world.change, with: {what: '{service}'}}\n"
SECOND = "remediation: {allow: {world: {places: [prod]}}, approve: {second_person: true}}"
FREE = "remediation: {allow: {world: {places: [prod]}}, without_approval: ['*']"


@pytest.mark.parametrize("by", ["USTRANGER", "UGUEST", "", ADA.id])
async def test_only_a_second_person_in_the_room_approves(by: str) -> None:
    async with bench(SECOND) as made:
        run = await made.start(CHANGE, by=ADA.id)
        with pytest.raises(Forbidden):
            await made.approve(run, "change", by)
        assert (made.change.done, (await made.step(run, "change")).state) == ([], StepState.APPROVAL)


async def test_two_people_approve_at_once_and_it_is_done_once() -> None:
    async with bench() as made:
        run = await made.start(CHANGE)
        token = (await made.step(run, "change")).token
        answers = await asyncio.gather(
            *(usecases.approve(made.world, run.id, "change", token, by) for by in (ADA.id, GRACE.id, ADA.id)),
            return_exceptions=True,
        )
        await made.work()
        assert sorted(type(each).__name__ for each in answers) == ["AlreadyDone", "AlreadyDone", "Run"]
        assert made.change.done == ["checkout"]


async def test_a_button_of_another_run_or_step_or_of_no_run_does_nothing() -> None:
    async with bench() as made:
        first = await made.start(CHANGE)
        token = (await made.step(first, "change")).token
        await usecases.stop(made.world, first.id, ADA.id)
        second = await made.start(CHANGE, incident=await made.store.incident(first.incident_id))
        for run, step in ((first.id, "change"), (second.id, "other"), (second.id, "change.1")):
            with pytest.raises(AlreadyDone):
                await usecases.approve(made.world, run, step, token, GRACE.id)
        for run in (f"{first.incident_id}:run99", "i77:run1", "i1:run1:run1", "' or 1=1"):
            with pytest.raises(Refused):
                await usecases.approve(made.world, run, "change", token, GRACE.id)
        assert made.change.done == []


async def test_who_is_only_in_another_room_does_nothing_with_its_run() -> None:
    async with bench("permissions: {run: responders}") as made:
        run = await made.start(CHANGE)
        participants = {"invitees": ["UELSE"], "invited": ["UELSE"]}
        await made.incident(participants=participants, private=True)
        step = await made.step(run, "change")
        for act in (
            usecases.stop(made.world, run.id, "UELSE"),
            usecases.approve(made.world, run.id, "change", step.token, "UELSE"),
            usecases.decline(made.world, run.id, "change", step.token, "UELSE"),
            begin.start(made.world, run.incident_id, run.runbook.key, "UELSE"),
        ):
            with pytest.raises(Forbidden):
                await act
        assert (await made.run(run)).state is RunState.RUNNING


async def test_a_file_that_is_changed_after_the_plan_changes_nothing_of_the_run() -> None:
    async with bench() as made:
        run = await made.start(CHANGE)
        made.world = replace(made.world, library=Library((), made.kinds))
        made.teach(**{run.runbook.key: CHANGE.replace("{service}", "everything")})
        await made.approve(run, "change")
        assert made.change.done == ["checkout"]


@pytest.mark.parametrize(
    "value",
    [
        "a\nb",
        "--all",
        "../../etc",
        "{{ 7*7 }}",
        "{incident}",
        "env:SECRET",
        "$(id)",
        "<!channel>",
        "\u202egnp",
        "a" * 500,
    ],
)
async def test_an_input_is_a_value_and_nothing_else(value: str) -> None:
    async with bench(FREE + "}") as made:
        made.secrets["SECRET"] = "swordfish-1"
        run = await made.start(
            "inputs: {what: {}}\nsteps:\n  - {id: change, do: world.change, with: {what: '{what}'}}\n", what=value
        )
        assert all("swordfish" not in each and each != "49" for each in made.change.done)
        assert made.change.done in ([], [value], [" ".join(value.split())])
        assert run.state in (RunState.SUCCEEDED, RunState.FAILED)


async def test_a_list_that_a_step_finds_is_not_done_ten_thousand_times() -> None:
    async with bench(FREE + "}") as made:
        made.read.answers = [[str(n) for n in range(10_000)]]
        run = await made.start(
            "steps:\n"
            "  - {id: find, do: world.read}\n"
            "  - {id: fix, do: world.change, with: {what: '{each}'}, for_each: '{find.items}', needs: [find]}\n"
        )
        assert (run.state, made.change.done) == (RunState.FAILED, [])
        assert "20 are the most" in (await made.step(run, "fix")).error


async def test_an_answer_of_ten_megabytes_is_kept_cut() -> None:
    async with bench(FREE + "}") as made:
        made.read.answers = ["x" * 10_000_000]
        run = await made.start("steps:\n  - {id: read, do: world.read}\n")
        assert len((await made.run(run)).model_dump_json()) < 100_000


async def test_fifty_runs_at_once_are_all_done_once_each() -> None:
    async with bench(FREE + "}") as made:
        incident = await made.incident()
        made.teach(book="inputs: {what: {}}\nsteps:\n  - {id: change, do: world.change, with: {what: '{what}'}}\n")
        await asyncio.gather(
            *(begin.start(made.world, incident.id, "book", ADA.id, {"what": f"w{n % 25}{n}"}) for n in range(50))
        )
        await made.later(120)
        assert sorted(made.change.done) == sorted(f"w{n % 25}{n}" for n in range(50))
        assert {run.state for run in await made.store.runs(incident.id)} == {RunState.SUCCEEDED}


async def changed_so_often(made: Bench) -> int:
    """How often one target was changed by five runs of five incidents that began at the same time."""
    made.teach(book="steps:\n  - {id: change, do: world.change, with: {what: door}}\n")
    incidents = [await made.incident() for _ in range(5)]
    begun = await asyncio.gather(
        *(begin.start(made.world, each.id, "book", ADA.id) for each in incidents), return_exceptions=True
    )
    assert any(not isinstance(each, Exception) for each in begun)
    await made.later(300)
    return len(made.change.done)


async def test_no_more_changes_than_the_policy_says_also_where_runs_begin_at_the_same_time() -> None:
    async with bench(FREE + ", at_most: 2 per 1h}") as made:
        assert await changed_so_often(made) == 2


async def test_what_was_approved_is_not_done_once_the_policy_does_not_allow_it_any_more() -> None:
    async with bench("remediation: {allow: {world: {places: [prod]}}}") as made:
        run = await made.start("steps:\n  - {id: change, do: world.change, with: {what: door}}\n")
        made.policy = policy_of("remediation: {allow: {world: {places: [stage]}}}")
        made.teach(other="steps:\n  - {id: told, do: say, with: {text: hi}}\n")
        run = await made.approve(run, "change")
        assert made.change.done == []
        assert run.state is RunState.FAILED
        assert "prod" in run.steps[0].error
        assert "policy" in run.steps[0].error


async def test_what_was_asked_for_under_an_older_policy_is_not_called() -> None:
    """The policy becomes another one between the approval and the call."""
    async with bench("remediation: {allow: {world: {places: [prod]}}}") as asked:
        run = await asked.start("steps:\n  - {id: change, do: world.change, with: {what: door}}\n")
        await usecases.approve(asked.world, run.id, "change", run.steps[0].token, GRACE.id)
        asked.policy = policy_of("remediation: {allow: {world: {places: [stage]}}}")
        asked.teach(other="steps:\n  - {id: told, do: say, with: {text: hi}}\n")
        await asked.work()
        assert asked.change.done == []
        assert (await asked.run(run)).state is RunState.FAILED


SECRETS = {
    "plain": "obviously-not-a-token-77",
    "json": 'obviously"not\\a/token-77',
    "letters": "obviously-nöt-a-tökén-77",
    "address": "obviously not+a&token=77",
}


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
async def test_a_secret_that_another_step_is_told_again_is_hidden_however_it_is_spelled(secret: str) -> None:
    spelled = [
        secret,
        json.dumps({"t": secret}),
        json.dumps(secret, ensure_ascii=False),
        quote(secret, safe=""),
        quote_plus(secret),
        base64.b64encode(secret.encode()).decode(),
    ]
    async with bench(FREE + "}") as made:
        made.secrets["DOOR"] = secret
        made.read.answers = [None, *spelled]
        steps = [f"  - {{id: r{n}, do: world.read, needs: [read]}}\n" for n in range(len(spelled))]
        run = await made.start("steps:\n  - {id: read, do: world.read, with: {token: 'env:DOOR'}}\n" + "".join(steps))
        assert run.state is RunState.SUCCEEDED
        outputs = [(await made.step(run, f"r{n}")).outputs["value"] for n in range(len(spelled))]
        assert all("[hidden]" in each for each in outputs), outputs
        lines = [line async for line in export_lines(made.store, made.clock.now())]
        incident = await made.store.incident(run.incident_id)
        assert incident is not None
        shown = json.dumps(run_card(run, incident_view(incident, made.policy), made.clock.now()).blocks)
        everything = "\n".join([*map(str, lines), shown, *map(repr, made.said)])
        assert "token-77" not in everything
        assert not any(each in everything for each in spelled)
