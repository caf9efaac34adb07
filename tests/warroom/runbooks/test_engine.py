"""A run goes on whatever happens: order, conditions, approvals, failures, undo, kills, stops, other runs."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.people import ADA, GRACE
from tests.warroom.runbooks.bench import Bench, away, bench, dies, fine, lost, refuses
from warroom.capabilities import Pending
from warroom.errors import AlreadyDone, Forbidden, Refused
from warroom.incident import events
from warroom.incident.model import State
from warroom.incident.notices import RunFailed, RunSays
from warroom.outbox.effects import BeginRunbooks, Post
from warroom.refusals import RunbookRefused, RunbookWhy
from warroom.runbooks import begin, usecases
from warroom.runbooks.run import RunState, StepState

FREE = "remediation: {allow: {world: {places: [prod, 'stage-*']}}, without_approval: ['world.*']}"
CHANGE = "steps:\n  - {id: change, do: world.change, with: {what: '{service}'}}\n"


@pytest.fixture
async def asked() -> AsyncIterator[Bench]:
    """What changes something needs an approval."""
    async with bench() as made:
        yield made


@pytest.fixture
async def free() -> AsyncIterator[Bench]:
    """Nothing needs an approval."""
    async with bench(FREE) as made:
        yield made


def told(bench: Bench) -> list[str]:
    """What runs said to the room."""
    return [each.notice.text for each in bench.said if isinstance(each, Post) and isinstance(each.notice, RunSays)]


async def test_steps_are_done_in_the_order_of_their_needs_and_values_are_handed_on(free: Bench) -> None:
    free.read.answers = [42]
    run = await free.start(
        "steps:\n"
        "  - {id: after, do: world.change, with: {what: '{service}', to: '{before.value}'}, needs: [before]}\n"
        "  - {id: before, do: world.read, with: {what: 'memory of {service}'}}\n"
    )
    assert run.state is RunState.SUCCEEDED
    assert (free.read.calls, free.change.done) == (["memory of checkout"], ["checkout"])
    assert (await free.step(run, "after")).outputs["value"] == 42, "a value keeps its type"


async def test_what_changes_something_waits_for_an_approval_that_shows_the_plan(asked: Bench) -> None:
    run = await asked.start(CHANGE)
    step = await asked.step(run, "change")
    assert (step.state, step.plan, asked.change.done) == (StepState.APPROVAL, ("Change checkout in prod",), [])
    run = await asked.approve(run, "change")
    assert (run.state, asked.change.done) == (RunState.SUCCEEDED, ["checkout"])
    told = [(e.event, e.by) for e in await asked.timeline() if isinstance(e.event, events.RunbookApproval)]
    assert [(event.what, by) for event, by in told] == [("asked", None), ("approved", GRACE.id)]
    assert told[1][0].plan == ("Change checkout in prod",)
    with pytest.raises(AlreadyDone):
        await usecases.approve(asked.world, run.id, "change", step.token, GRACE.id)


async def test_an_approval_expires(asked: Bench) -> None:
    run = await asked.start(CHANGE)
    await asked.later(601)
    run = await asked.run(run)
    assert (run.state, asked.change.done) == (RunState.FAILED, [])
    assert (await asked.step(run, "change")).error == "nobody approved it in time"


async def test_a_second_person_has_to_approve() -> None:
    async with bench("remediation: {allow: {world: {places: [prod]}}, approve: {second_person: true}}") as made:
        run = await made.start(CHANGE, by=ADA.id)
        with pytest.raises(Forbidden) as refused:
            await made.approve(run, "change", ADA.id)
        assert isinstance(refused.value.reason, RunbookRefused)
        assert refused.value.reason.why is RunbookWhy.SECOND_PERSON
        assert (await made.approve(run, "change", GRACE.id)).state is RunState.SUCCEEDED


async def test_somebody_who_is_not_in_the_room_does_not_approve(asked: Bench) -> None:
    run = await asked.start(CHANGE)
    with pytest.raises(Forbidden):
        await asked.approve(run, "change", "USTRANGER")
    assert asked.change.done == []


async def test_who_may_approve_a_step_is_who_the_runbook_names(asked: Bench) -> None:
    book = "steps:\n  - {id: change, do: world.change, with: {what: x}, approve: {by: [commander]}}\n"
    incident = await asked.incident(commander=ADA.id)
    run = await asked.start(book, incident=incident)
    with pytest.raises(Forbidden):
        await asked.approve(run, "change", GRACE.id)
    assert asked.change.done == []
    assert (await asked.approve(run, "change", ADA.id)).state is RunState.SUCCEEDED


async def test_who_the_policy_does_not_let_approve_anything_approves_no_step_either() -> None:
    said = "remediation: {allow: {world: {places: [prod]}}, approve: {by: [responders]}}\n"
    async with bench(f"{said}permissions: {{approve: [{ADA.email}]}}\n") as made:
        run = await made.start(CHANGE)
        step = await made.step(run, "change")
        with pytest.raises(Forbidden):
            await made.approve(run, "change", GRACE.id)
        with pytest.raises(Forbidden):
            await usecases.decline(made.world, run.id, "change", step.token, GRACE.id)
        assert (await made.approve(run, "change", ADA.id)).state is RunState.SUCCEEDED


async def test_who_may_not_run_answers_nothing_and_who_may_not_approve_clears_nothing_up() -> None:
    said = f"permissions: {{run: responders, approve: [{ADA.email}]}}\n"
    async with bench(said + FREE) as made:
        asked = await made.start("steps:\n  - {id: q, do: ask, with: {question: 'When?'}}\n")
        listed = await made.start("checklist: '- [ ] tell the team'\n")
        token = (await made.step(asked, "q")).token
        for act in (
            usecases.answer(made.world, asked.id, "q", token, "yes", "USTRANGER"),
            usecases.tick(made.world, listed.id, {"box1": True}, "USTRANGER"),
        ):
            with pytest.raises(Forbidden):
                await act
        assert (await made.step(asked, "q")).state is StepState.ASKED
        assert (await made.step(listed, "box1")).state is StepState.ASKED
        made.blind.after = [lost]
        run = await made.start(BLIND)
        await made.later(5)
        token = (await made.step(run, "change")).token
        with pytest.raises(Forbidden):
            await usecases.clear_up(made.world, run.id, "change", token, False, GRACE.id)
        assert (await made.step(run, "change")).state is StepState.UNCLEAR
        await usecases.clear_up(made.world, run.id, "change", token, True, ADA.id)


async def test_declining_ends_the_run_and_does_nothing_instead(asked: Bench) -> None:
    run = await asked.start(CHANGE + "otherwise: {do: say, with: {text: 'no luck'}}\n")
    step = await asked.step(run, "change")
    await usecases.decline(asked.world, run.id, "change", step.token, GRACE.id)
    run = await asked.run(run)
    assert (run.state, run.declined, asked.change.done) == (RunState.STOPPED, True, [])
    assert run.step("otherwise.1") is None


async def test_an_approval_of_an_older_try_does_nothing(asked: Bench) -> None:
    run = await asked.start(CHANGE)
    with pytest.raises(AlreadyDone):
        await usecases.approve(asked.world, run.id, "change", "a1.0", GRACE.id)
    assert asked.change.done == []


APPROVED = """
steps:
  - {id: agreed, do: approve, with: {text: both}}
  - {id: one, do: world.change, with: {what: one}, needs: [agreed]}
  - {id: read, do: world.read, needs: [agreed]}
  - {id: two, do: world.change, with: {what: '{read.value}'}, needs: [one, read]}
"""


async def test_one_approval_covers_what_it_showed_and_nothing_else(asked: Bench) -> None:
    asked.read.answers = ["surprise"]
    run = await asked.start(APPROVED)
    assert (await asked.step(run, "agreed")).plan == ("Ask for approval: both", "Change one in prod")
    run = await asked.approve(run, "agreed")
    assert asked.change.done == ["one"]
    assert (await asked.step(run, "two")).state is StepState.APPROVAL, "its value was not known when somebody agreed"


async def test_a_condition_that_does_not_hold_skips_a_step_and_what_needs_only_it(free: Bench) -> None:
    run = await free.start(
        "steps:\n"
        "  - {id: look, do: world.read}\n"
        "  - {id: fix, do: world.change, with: {what: x}, needs: [look], if: '{look.value} > 5'}\n"
        "  - {id: use, do: world.read, with: {what: '{fix.value}'}, needs: [fix]}\n"
        "  - {id: both, do: world.read, with: {what: both}, needs: [look, fix]}\n"
    )
    assert {step.id: step.state for step in run.steps} == {
        "look": StepState.DONE,
        "fix": StepState.SKIPPED,
        "use": StepState.SKIPPED,
        "both": StepState.DONE,
    }


async def test_a_step_is_done_for_each_one_after_another(free: Bench) -> None:
    free.read.answers = [["a", "b", "c"]]
    run = await free.start(
        "steps:\n"
        "  - {id: find, do: world.read}\n"
        "  - {id: fix, do: world.change, with: {what: '{each}'}, for_each: '{find.items}', needs: [find]}\n"
        "  - {id: told, do: say, with: {text: 'fixed {fix.count}'}, needs: [fix]}\n"
    )
    assert (run.state, free.change.done) == (RunState.SUCCEEDED, ["a", "b", "c"])
    assert [each.notice.text for each in free.said if isinstance(each, Post) and hasattr(each.notice, "text")] == [
        "fixed 3"
    ]


async def test_a_step_that_fails_is_tried_again_as_often_as_the_runbook_says(free: Bench) -> None:
    free.change.before = [refuses, refuses]
    run = await free.start(CHANGE.replace("}}", "}, retry: {times: 2, every: 30s}}"))
    assert (await free.step(run, "change")).state is StepState.RUNNING
    await free.later(59)
    assert free.change.done == []
    await free.later(2)
    assert ((await free.run(run)).state, free.change.done) == (RunState.SUCCEEDED, ["checkout"])


async def test_what_takes_too_long_has_failed(free: Bench) -> None:
    free.read.answers = [Pending] * 100
    run = await free.start("steps:\n  - {id: read, do: world.read, within: 30s}\n")
    await free.later(29)
    assert not (await free.run(run)).state.over
    await free.later(2)
    run = await free.run(run)
    assert (run.state, (await free.step(run, "read")).error) == (RunState.FAILED, "not yet")


async def test_a_failure_undoes_what_can_be_undone_last_first_and_then_does_otherwise(free: Bench) -> None:
    free.change.before = [fine, fine, refuses]
    run = await free.start(
        "steps:\n"
        "  - {id: a, do: world.change, with: {what: a}, undo: true}\n"
        "  - {id: b, do: world.change, with: {what: b}, needs: [a], undo: {do: world.change, with: {what: 'back {service}'}}}\n"
        "  - {id: c, do: world.change, with: {what: c}, needs: [b], undo: true}\n"
        "otherwise:\n"
        "  - {do: say, with: {text: '{failed.step}: {failed.why}'}}\n"
    )
    assert free.change.done == ["a", "b", "back checkout", "undo a"]
    assert run.state is RunState.FAILED
    assert [each.notice.text for each in free.said if isinstance(each, Post) and each.notice.kind == "run_says"] == [
        "c: it said no"
    ]


async def test_a_failed_run_calls_people_with_what_was_tried(free: Bench) -> None:
    free.read.troubles = [fine, refuses]
    await free.start("steps:\n  - {id: one, do: world.read}\n  - {id: two, do: world.read, needs: [one]}\n")
    failed = next(each.notice for each in free.said if isinstance(each, Post) and isinstance(each.notice, RunFailed))
    assert (failed.why, failed.tried) == ("two: it said no", ("one",))
    (paged,) = [e.event for e in await free.timeline() if isinstance(e.event, events.PeoplePaged)]
    assert "tried: one" in paged.why


async def test_at_most_so_many_steps_at_once_and_all_that_may(free: Bench) -> None:
    steps = "".join(f"  - {{id: s{n}, do: world.read, with: {{what: s{n}}}}}\n" for n in range(6))
    free.read.answers = [Pending] * 2
    run = await free.start(f"at_once: 2\nsteps:\n{steps}")
    assert free.read.calls == ["s0", "s1"]
    await free.later(5)
    assert (await free.run(run)).state is RunState.SUCCEEDED


async def test_only_what_is_proved_after_the_last_change_is_verified(free: Bench) -> None:
    first = await free.start(
        "steps:\n  - {id: read, do: world.read}\n  - {id: fix, do: world.change, with: {what: x}, needs: [read]}\n"
    )
    assert not first.verified
    second = await free.start(
        "steps:\n  - {id: fix, do: world.change, with: {what: y}}\n  - {id: read, do: world.read, needs: [fix]}\n"
    )
    assert second.verified


# -- kills, lost answers


async def test_killed_before_a_change_it_is_made_once(free: Bench) -> None:
    free.change.before = [dies]
    free.teach(book=CHANGE)
    run = await begin.start(free.world, (await free.incident()).id, "book", ADA.id)
    await free.works_until_killed()
    await free.later(16)
    assert ((await free.run(run)).state, free.change.done, free.change.looked) == (RunState.SUCCEEDED, ["checkout"], 1)


async def test_killed_after_a_change_it_is_not_made_again(free: Bench) -> None:
    free.change.after = [dies]
    free.teach(book=CHANGE)
    run = await begin.start(free.world, (await free.incident()).id, "book", ADA.id)
    await free.works_until_killed()
    await free.later(16)
    assert ((await free.run(run)).state, free.change.done, free.change.looked) == (RunState.SUCCEEDED, ["checkout"], 1)


async def test_killed_while_looking_it_looks_again(free: Bench) -> None:
    free.change.after, free.change.looks_at = [dies], [dies]
    free.teach(book=CHANGE)
    run = await begin.start(free.world, (await free.incident()).id, "book", ADA.id)
    await free.works_until_killed()
    free.clock.advance(16)
    await free.works_until_killed()
    await free.later(16)
    assert ((await free.run(run)).state, free.change.done, free.change.looked) == (RunState.SUCCEEDED, ["checkout"], 2)


async def test_a_lost_answer_is_looked_at_and_asked_for_again_where_nobody_answers(free: Bench) -> None:
    free.change.after, free.change.looks_at = [lost], [away, away]
    run = await free.start(CHANGE)
    assert free.change.done == ["checkout"]
    await free.later(30)
    assert ((await free.run(run)).state, free.change.done, free.change.looked) == (RunState.SUCCEEDED, ["checkout"], 3)


async def test_where_it_can_never_be_told_a_person_is_asked_at_the_end(free: Bench) -> None:
    free.change.after, free.change.looks_at = [lost], [away] * 100
    run = await free.start(CHANGE)
    await free.later(121)
    assert ((await free.step(run, "change")).state, free.change.done) == (StepState.UNCLEAR, ["checkout"])


BLIND = CHANGE.replace("world.change", "world.blind")


@pytest.mark.parametrize("happened", [True, False])
async def test_where_nobody_can_look_a_person_is_asked(free: Bench, happened: bool) -> None:
    free.blind.after = [lost]
    run = await free.start(BLIND)
    await free.later(5)
    step = await free.step(run, "change")
    assert (step.state, free.blind.done) == (StepState.UNCLEAR, ["checkout"]), "it is not done again"
    await free.later(3600)
    assert free.blind.done == ["checkout"]
    await usecases.clear_up(free.world, run.id, "change", step.token, happened, GRACE.id)
    await free.work()
    assert (await free.run(run)).state is RunState.SUCCEEDED
    assert free.blind.done == ["checkout"] * (1 if happened else 2)


async def test_what_reads_is_simply_read_again(free: Bench) -> None:
    free.read.troubles = [dies, lost]
    free.teach(book="steps:\n  - {id: read, do: world.read}\n")
    run = await begin.start(free.world, (await free.incident()).id, "book", ADA.id)
    await free.works_until_killed()
    await free.later(30)
    assert (await free.run(run)).state is RunState.SUCCEEDED


async def test_a_change_that_is_waited_for_is_made_once(free: Bench) -> None:
    free.change.pending = 3
    run = await free.start(CHANGE)
    await free.later(60)
    assert ((await free.run(run)).state, free.change.done) == (RunState.SUCCEEDED, ["checkout"])


def breaks() -> None:
    """A bug."""
    raise RuntimeError("dictionary changed size during iteration")


async def test_a_step_with_a_bug_fails_and_what_had_begun_is_asked_about(free: Bench) -> None:
    free.read.troubles = [breaks]
    read = await free.start("steps:\n  - {id: read, do: world.read}\n")
    assert (read.state, (await free.step(read, "read")).error) == (RunState.FAILED, "a fault in Warroom (RuntimeError)")
    free.change.before = [breaks]
    run = await free.start(CHANGE)
    assert (await free.step(run, "change")).state is StepState.UNCLEAR, "nobody but a person can tell how far it came"


async def test_a_decided_step_with_a_bug_fails(free: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    async def decide(*_: object) -> None:
        breaks()

    monkeypatch.setattr("warroom.runbooks.steps.basic.SayStep.decide", decide)
    run = await free.start("steps:\n  - {id: told, do: say, with: {text: hello}}\n")
    assert (run.state, (await free.step(run, "told")).error) == (RunState.FAILED, "a fault in Warroom (RuntimeError)")


# -- stop


async def test_after_a_stop_nothing_begins_and_it_is_said_what_was_done(free: Bench) -> None:
    free.read.answers = [1, Pending, Pending]
    run = await free.start(
        "steps:\n"
        "  - {id: one, do: world.read}\n"
        "  - {id: two, do: world.read, needs: [one]}\n"
        "  - {id: three, do: world.change, with: {what: x}, needs: [two]}\n"
    )
    await usecases.stop(free.world, run.id, GRACE.id)
    await free.later(600)
    run = await free.run(run)
    assert (run.state, free.change.done) == (RunState.STOPPED, [])
    ((ended, by),) = [(e.event, e.by) for e in await free.timeline() if isinstance(e.event, events.RunbookEnded)]
    assert (ended.done, ended.not_done, by) == (("one",), ("two", "three"), GRACE.id)
    with pytest.raises(AlreadyDone):
        await usecases.stop(free.world, run.id, GRACE.id)


async def test_a_call_that_was_asked_for_does_not_begin_after_a_stop(free: Bench) -> None:
    free.teach(book=CHANGE)
    run = await begin.start(free.world, (await free.incident()).id, "book", ADA.id)
    assert (await free.step(run, "change")).in_flight
    await usecases.stop(free.world, run.id, ADA.id)
    await free.work()
    assert ((await free.run(run)).state, free.change.done) == (RunState.STOPPED, [])


async def test_what_had_begun_when_it_was_stopped_is_looked_at_and_said(free: Bench) -> None:
    free.change.after = [dies]
    free.teach(book=CHANGE)
    run = await begin.start(free.world, (await free.incident()).id, "book", ADA.id)
    await free.works_until_killed()
    await usecases.stop(free.world, run.id, ADA.id)
    assert (await free.run(run)).state is RunState.STOPPING
    await free.later(16)
    (ended,) = [e.event for e in await free.timeline() if isinstance(e.event, events.RunbookEnded)]
    assert ((await free.run(run)).state, free.change.done) == (RunState.STOPPED, ["checkout"])
    assert ended.done == ("change",)


async def test_what_had_begun_and_did_not_happen_is_not_done_after_a_stop_and_the_run_ends(free: Bench) -> None:
    free.change.before = [dies]
    free.teach(book=CHANGE)
    run = await begin.start(free.world, (await free.incident()).id, "book", ADA.id)
    await free.works_until_killed()
    await usecases.stop(free.world, run.id, ADA.id)
    assert (await free.run(run)).state is RunState.STOPPING
    await free.later(16)
    (ended,) = [e.event for e in await free.timeline() if isinstance(e.event, events.RunbookEnded)]
    assert ((await free.run(run)).state, free.change.done) == (RunState.STOPPED, [])
    assert (ended.done, ended.not_done) == ((), ("change",))
    assert (await free.step(run, "change")).said == "It had not happened when the run was stopped"
    assert await free.store.held_targets() == {}, "other runs may change it"


# -- several runs


async def test_two_runs_on_one_target_wait_for_each_other(asked: Bench) -> None:
    first = await asked.start(CHANGE)
    second = await asked.start(CHANGE)
    assert (second.state, second.waits_for) == (RunState.QUEUED, "“book0” of INC-1")
    await asked.approve(first, "change")
    await asked.work()
    assert (await asked.step(second, "change")).state is StepState.APPROVAL
    assert ((await asked.approve(second, "change")).state, len(asked.change.done)) == (RunState.SUCCEEDED, 2)


async def test_a_target_that_becomes_known_later_is_waited_for_too(asked: Bench) -> None:
    first = await asked.start(CHANGE)
    asked.read.answers = ["checkout"]
    second = await asked.start(
        "steps:\n  - {id: find, do: world.read}\n  - {id: fix, do: world.change, with: {what: '{find.value}'}, needs: [find]}\n"
    )
    second = await asked.approve(second, "fix")
    assert (await asked.step(second, "fix")).state is StepState.BLOCKED
    await asked.approve(first, "change")
    await asked.later(31)
    assert ((await asked.run(second)).state, asked.change.done) == (RunState.SUCCEEDED, ["checkout", "checkout"])


async def test_a_run_of_a_private_incident_is_waited_for_without_its_name(asked: Bench) -> None:
    await asked.start(CHANGE, incident=await asked.incident(private=True))
    second = await asked.start(CHANGE)
    assert (second.state, second.waits_for) == (RunState.QUEUED, "another run")


async def test_what_another_run_holds_is_waited_for_half_an_hour(asked: Bench) -> None:
    await asked.start("steps:\n  - {id: change, do: world.change, with: {what: x}, approve: {within: 2h}}\n")
    asked.read.answers = ["x"]
    second = await asked.start(
        "steps:\n  - {id: find, do: world.read}\n  - {id: fix, do: world.change, with: {what: '{find.value}'}, needs: [find]}\n"
    )
    await asked.approve(second, "fix")
    await asked.later(1799)
    assert (await asked.step(second, "fix")).state is StepState.BLOCKED
    await asked.later(2)
    second = await asked.run(second)
    assert (second.state, asked.change.done) == (RunState.FAILED, [])
    assert "still changes" in (await asked.step(second, "fix")).error


async def test_no_target_is_changed_more_often_than_the_policy_says() -> None:
    rules = "remediation: {allow: {world: {places: [prod]}}, without_approval: ['*'], at_most: 2 per 1h}"
    async with bench(rules) as made:
        incident = await made.incident()
        for _ in range(2):
            assert (await made.start(CHANGE, incident=incident)).state is RunState.SUCCEEDED
        with pytest.raises(Refused) as refused:
            await made.start(CHANGE, incident=incident)
        assert isinstance(refused.value.reason, RunbookRefused)
        assert refused.value.reason.why is RunbookWhy.TOO_OFTEN
        made.clock.advance(3601)
        assert (await made.start(CHANGE, incident=incident)).state is RunState.SUCCEEDED


async def test_what_the_policy_does_not_allow_is_refused_with_the_value_that_does_not_fit(free: Bench) -> None:
    with pytest.raises(Refused) as refused:
        await free.start(
            "inputs: {where: {}}\nsteps:\n  - {id: c, do: world.change, with: {what: x, where: '{where}'}}\n",
            where="dev",
        )
    assert isinstance(refused.value.reason, RunbookRefused)
    assert "“dev”" in refused.value.reason.details[0]


async def test_a_value_that_a_step_finds_is_held_against_the_policy_too(free: Bench) -> None:
    free.read.answers = ["dev"]
    run = await free.start(
        "steps:\n  - {id: find, do: world.read}\n  - {id: c, do: world.change, with: {what: x, where: '{find.value}'}, needs: [find]}\n"
    )
    assert (run.state, free.change.done) == (RunState.FAILED, [])
    assert "“dev”" in (await free.step(run, "c")).error


# -- by itself


AUTO = "auto: true\nwhen: {monitor: '*memory*'}\n" + CHANGE


async def test_a_runbook_that_begins_by_itself_waits_for_its_approval(asked: Bench) -> None:
    asked.teach(auto=AUTO)
    incident = await asked.incident()
    await begin.begin_automatic(asked.world, BeginRunbooks(incident_id=incident.id, key="b"))
    await begin.begin_automatic(asked.world, BeginRunbooks(incident_id=incident.id, key="b"))
    (run,) = await asked.store.runs(incident.id)
    await asked.work()
    assert (run.automatic, run.why) == (True, ("monitor:High memory on checkout",))
    assert ((await asked.step(run, "change")).state, asked.change.done) == (StepState.APPROVAL, [])


async def test_when_the_automatic_run_fails_the_room_hears_so_and_people_are_paged(free: Bench) -> None:
    free.change.before = [refuses]
    free.teach(auto=AUTO + "otherwise: {do: say, with: {text: hm}}\n")
    incident = await free.incident()
    await begin.begin_automatic(free.world, BeginRunbooks(incident_id=incident.id, key="b"))
    await free.work()
    assert any(
        isinstance(each, Post) and each.notice.kind == "run_failed" and each.notice.automatic for each in free.said
    )
    assert any(isinstance(each.event, events.PeoplePaged) for each in await free.timeline())


# -- asking, checklists


async def test_an_answer_decides_how_it_goes_on(free: Bench) -> None:
    run = await free.start(
        "steps:\n"
        "  - {id: q, do: ask, with: {question: 'Now?', options: [now, later]}}\n"
        "  - {id: c, do: world.change, with: {what: x}, needs: [q], if: '{q.answer} == now'}\n"
    )
    step = await free.step(run, "q")
    with pytest.raises(AlreadyDone):
        await usecases.answer(free.world, run.id, "q", step.token, "whenever", ADA.id)
    await usecases.answer(free.world, run.id, "q", step.token, "later", ADA.id)
    await free.work()
    run = await free.run(run)
    assert ((await free.step(run, "c")).state, run.state) == (StepState.SKIPPED, RunState.SUCCEEDED)


async def test_a_checklist_is_ticked_with_who_and_when(free: Bench) -> None:
    run = await free.start("checklist: |\n  Before all:\n  - [ ] tell the team\n  - [ ] drain the node\n")
    await usecases.tick(free.world, run.id, {"box1": True}, ADA.id)
    free.clock.advance(60)
    run = await usecases.tick(free.world, run.id, {"box1": True, "box2": True}, GRACE.id)
    run = await free.run(run)
    assert [(step.by, step.ended_at) for step in run.steps] == [(ADA.id, run.begun_at), (GRACE.id, free.clock.now())]
    assert run.state is RunState.SUCCEEDED


async def test_a_step_resolves_the_incident_and_the_run_still_ends(free: Bench) -> None:
    incident = await free.incident()
    run = await free.start("steps:\n  - {id: over, do: incident.resolve, with: {summary: fixed}}\n", incident=incident)
    found = await free.store.incident(incident.id)
    assert found is not None
    assert (found.state, found.summary, run.state) == (State.RESOLVED, "fixed", RunState.SUCCEEDED)


async def test_secrets_are_in_nothing_that_is_kept(free: Bench) -> None:
    free.secrets["DOOR"] = "swordfish-1"
    run = await free.start("steps:\n  - {id: read, do: world.read, with: {token: 'env:DOOR'}}\n")
    kept = (await free.run(run)).model_dump_json() + "".join(each.model_dump_json() for each in await free.timeline())
    assert "swordfish" not in kept
    assert "it said [hidden]" in kept
