"""Runbooks as files: every mistake at once, the schema, the documentation, the examples, the command line."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, ClassVar

import jsonschema
import pytest
import yaml
from pydantic import Field
from typer.testing import CliRunner

from bot.cli.app import cli
from bot.cli.runbook import step_table
from bot.integrations import INTEGRATIONS, integrations_of, settings_model
from bot.runbook_files import files_in, kinds_with, library, parsed, unknown_allowances
from tests.warroom.runbooks.bench import policy_of
from warroom.capabilities import Finished, StepCall, StepKind, StepOutcome
from warroom.policy import Policy
from warroom.runbooks.library import Kinds, kinds_of
from warroom.runbooks.model import boxes
from warroom.runbooks.schema import schema
from warroom.value import Value

ROOT = Path(__file__).parents[2]
ALLOWED = """
remediation:
  allow:
    http: {hosts: ["*.example.com"]}
    command: [["/usr/local/bin/reload-proxy", "--site", "*"]]
    statuspage: {}
    kubernetes: {namespaces: ["*"], deployments: ["*"], statefulsets: ["*"], daemonsets: ["*"]}
"""


class DeploymentParameters(Value):
    """What the stand-ins for another integration's steps take."""

    namespace: str = Field(description="Where.")
    deployment: str = Field(description="Which.")
    replicas: int = Field(default=1, description="How many.")


def stand_in(name: str, *, changing: bool) -> StepKind[DeploymentParameters]:
    class StandIn(StepKind[DeploymentParameters]):
        step: ClassVar[str] = name
        about = "Stands in."
        parameters = DeploymentParameters
        changes = changing
        undoes = changing
        example = "{}"

        def plan(self, parameters: DeploymentParameters) -> list[str]:
            return [f"{name} {parameters.deployment}"]

        async def run(self, parameters: DeploymentParameters, call: StepCall) -> StepOutcome:
            return Finished()

    return StandIn()


def own_kinds() -> Kinds:
    settings = settings_model(INTEGRATIONS).model_construct()
    return kinds_with(integrations_of(settings, INTEGRATIONS))


@pytest.fixture(scope="module")
def kinds() -> Kinds:
    """Ours, and those of an integration that may not be there."""
    own = own_kinds()
    names = {"restart": True, "scale": True, "rollback": True, "ready": False, "status": False, "logs": False}
    further = [
        stand_in(f"kubernetes.{name}", changing=changes)
        for name, changes in names.items()
        if f"kubernetes.{name}" not in own
    ]
    return kinds_of(own.values(), further)


def mistakes(text: str, kinds: Kinds, policy: Policy | None = None) -> list[str]:
    return [str(each) for each in parsed(text, policy or policy_of(ALLOWED), kinds, "book")[1]]


WRONG = """\
name: Everything wrong
whne: {monitor: x}
auto: true
inputs:
  queue: {}
  service: {default: x}
steps:
  - {id: a, do: metrics.reed, with: {query: x}}
  - {id: b, do: metrics.read, with: {qurey: x}, needs: [c, nobody]}
  - {id: c, do: say, with: {text: "{a.value} {quue}"}, needs: [b]}
  - {id: a, do: wait, with: {duration: soon}}
  - {id: Big, do: wait, with: {duration: 1m}}
  - {id: d, do: http.request, with: {url: "https://other.example.org/"}}
  - {id: e, do: say, with: {text: "{b.valeu}"}, needs: [b], if: "b is good"}
  - {id: f, do: say, undo: true, with: {text: hi}, within: -5m}
otherwise: {do: incident.escalaate}
"""


def test_every_mistake_is_named_at_once_with_its_line_and_what_to_write(kinds: Kinds) -> None:
    found = mistakes(WRONG, kinds)
    wanted = [
        (2, "whne", "did you mean when?"),
        (3, "auto", "say when"),
        (5, "inputs.queue", "default"),
        (6, "inputs.service", "use another name"),
        (8, "steps[0].do", "did you mean metrics.read?"),
        (9, "steps[1].with.qurey", "did you mean query?"),
        (9, "steps[1].with.query", "is missing"),
        (9, "steps[1].needs[1]", "there is no step “nobody”"),
        (9, "steps[1].needs", "wait for each other"),
        (10, "{quue}", "did you mean queue?"),
        (10, "{a.value}", "add a to needs"),
        (11, "steps[3].id", "another step's id already"),
        (11, "steps[3].with.duration", "is not a duration"),
        (12, "steps[4].id", "small letters"),
        (13, "steps[5].do", "other.example.org"),
        (14, "steps[6].with.text", "did you mean value?"),
        (14, "steps[6].if", "is not a condition"),
        (15, "steps[7].undo", "cannot take itself back"),
        (15, "steps[7].within", ""),
        (16, "otherwise.do", "did you mean incident.escalate?"),
    ]
    for line, path, said in wanted:
        assert any(each.startswith(f"line {line}") and path in each and said in each for each in found), (
            line,
            path,
            said,
            found,
        )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "name: x",
        "name: [",
        "steps: 5\nname: x",
        "name: x\nsteps: [5, {id: 1}, {needs: {}}]",
        "name: x\nsteps: [{id: a, do: say, with: 5}]",
        "name: x\ninputs: 5\nsteps: [{id: a, do: wait, with: {duration: 1m}}]",
        "name: x\nsteps: [{id: a, do: say, for_each: 5, with: {text: x}}]",
    ],
)
def test_whatever_is_written_there_are_words_for_it(text: str, kinds: Kinds) -> None:
    runbook, found = parsed(text, policy_of(ALLOWED), kinds, "book")
    assert runbook is None
    assert found


def test_a_secret_stands_nowhere_but_where_a_secret_is_named(kinds: Kinds) -> None:
    said = mistakes(
        "name: x\ninputs: {t: {default: x}}\nsteps:\n"
        "  - {id: a, do: http.request, with: {url: 'https://a.example.com/', secret_headers: {A: '{t}'}}}\n"
        "  - {id: b, do: http.request, with: {url: 'https://a.example.com/', secret_headers: {A: 'hunter2'}}}\n",
        kinds,
    )
    assert any("nothing can be filled in where a secret is named" in each for each in said)
    assert any("names no secret" in each for each in said)
    assert not any("hunter2" in each for each in said)


def test_the_schema_takes_the_examples_and_refuses_what_is_wrong(kinds: Kinds) -> None:
    validator = jsonschema.Draft202012Validator(schema(kinds))
    for path in files_in(ROOT / "runbooks"):
        validator.validate(yaml.safe_load(path.read_text()))
    for wrong in (
        "name: x\nstepz: []",
        "name: x\nsteps: [{id: a, do: nothing}]",
        "name: x\nsteps: [{id: a, do: say, with: {txt: x}}]",
    ):
        assert not validator.is_valid(yaml.safe_load(wrong))


def test_every_example_is_a_runbook(kinds: Kinds) -> None:
    found = library(ROOT / "runbooks", policy_of(ALLOWED), kinds)
    assert [(each.key, [str(m) for m in each.mistakes]) for each in found.unusable] == []
    names = {
        "restart-leaking-service",
        "scale-under-load",
        "roll-back-release",
        "fail-over-to-a-human",
        "drain-queue",
        "check-certificate",
    }
    assert names <= {each.key for each in found.runbooks}


def test_every_kind_of_step_has_an_example_that_works(kinds: Kinds) -> None:
    for kind in own_kinds().values():
        step = yaml.safe_load(kind.example)
        others = [
            {"id": name, "do": "metrics.read", "with": {"query": "x"}}
            for name in ("before", "recovered")
            if name != step["id"]
        ]
        needs = [each["id"] for each in others]
        book = {"name": "x", "inputs": {"queue": {"default": "q"}}, "steps": [*others, step | {"needs": needs}]}
        assert mistakes(yaml.safe_dump(book), kinds) == [], kind.step
        assert step["do"] == kind.step
        assert all(field.description for field in kind.parameters.model_fields.values()), kind.step


def test_the_documentation_has_every_kind_of_step_as_it_is() -> None:
    assert (ROOT / "docs/runbooks.md").read_text().endswith(step_table(own_kinds()))


def test_the_runbook_and_the_policy_of_the_documentation_are_right(kinds: Kinds) -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs/runbooks.md").read_text(), re.DOTALL)
    assert mistakes(blocks[0], kinds) == []
    assert policy_of(blocks[1]).remediation.at_most is not None


def test_boxes_are_read_from_markdown() -> None:
    text = "# Before\n\n- [ ] tell the *team*\n  1. [x] done before\n- no box\n"
    assert boxes(text) == ("tell the *team*", "done before")
    assert boxes("- one\n- two\n") == ("one", "two")


def run(*arguments: str, folder: Path, **env: str) -> Any:
    policy = folder / "warroom.yml"
    policy.write_text(ALLOWED)
    found = {"WARROOM_POLICY": str(policy), "WARROOM_RUNBOOKS": str(folder), "DATABASE_URL": f"sqlite:///{folder}/w.db"}
    return CliRunner().invoke(cli, ["runbook", *arguments], env=found | env)


def test_the_command_line_checks_lists_and_plans(tmp_path: Path) -> None:
    book = "name: Drain\ninputs: {queue: {}}\nsteps: [{id: a, do: http.request, with: {method: POST, url: 'https://q.example.com/{queue}'}}]\n"
    folder = tmp_path / "books"
    folder.mkdir()
    (folder / "drain.yaml").write_text(book)
    planned = run("plan", "drain", "--input", "queue=a/../b", folder=folder)
    assert "POST https://q.example.com/a%2F..%2Fb (needs approval)" in planned.output
    missing = run("plan", "drain", folder=folder)
    assert missing.exit_code == 1
    assert "the input queue is missing" in missing.output
    made = run("check", "--schema", folder=folder)
    assert json.loads(made.output)["title"] == "Warroom runbook"
    (folder / "drain.yaml").write_text(book.replace("POST", "PSOT"))
    wrong = run("check", folder=folder)
    assert wrong.exit_code == 1
    assert "drain.yaml" in wrong.output
    assert "line 3" in wrong.output


def test_steps_that_wait_for_each_other_and_lists_that_are_too_long_are_mistakes(kinds: Kinds) -> None:
    ring = "".join(f"  - {{id: s{n}, do: say, with: {{text: a}}, needs: [s{(n + 1) % 60}]}}\n" for n in range(60))
    assert "wait for each other" in str(parsed(f"name: x\nsteps:\n{ring}", Policy(), kinds, "x")[1][0])
    many = f"name: x\nsteps: [{{id: a, do: say, with: {{text: '{{each}}'}}, for_each: [{', '.join('x' * 10_000)}]}}]"
    assert "at most 20" in str(parsed(many, Policy(), kinds, "x")[1][0])


def test_a_slip_in_what_is_allowed_is_named() -> None:
    policy = policy_of("remediation: {allow: {kubernets: {}, http: {host: [a]}, kubernetes: {namespaces: [prod]}}}")
    kinds = kinds_with(integrations_of(settings_model()(_env_file=None), policy=policy))
    assert unknown_allowances(policy.remediation, kinds) == [
        "Policy: remediation.allow.kubernets: there are no steps of that name; did you mean kubernetes?",
        "Policy: remediation.allow.http.host: there is no such limit; did you mean hosts?",
    ]
