"""`python -m bot runbook …`: check, list, plan and run runbooks, and their JSON Schema and documentation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.cli.terminal import IncidentNumber, TextTable, do, err, fail, out, policy_of, say, settings_or_exit
from bot.integrations import integrations_of
from bot.runbook_files import kinds_with, library, read
from bot.settings import Settings
from warroom.incident.lookup import by_number_or_room
from warroom.incident.model import Incident
from warroom.policy import Mistake, Policy
from warroom.ports import World
from warroom.runbooks import begin
from warroom.runbooks.library import Library, UnusableRunbook
from warroom.runbooks.plan import NotPossible, Plan, inputs_of, plan
from warroom.runbooks.run import Run
from warroom.runbooks.schema import schema as runbook_schema

runbook_cli = typer.Typer(no_args_is_help=True, help="Runbooks: what they would do, and doing it.")

Inputs = Annotated[
    list[str] | None, typer.Option("--input", "-i", metavar="NAME=VALUE", help="An input; may be repeated.")
]


@runbook_cli.command(name="check")
def check_runbooks(
    files: Annotated[list[Path] | None, typer.Argument(metavar="FILE…", help="Without any, all there are.")] = None,
    schema: Annotated[bool, typer.Option(help="Print the JSON Schema for editors, and nothing else.")] = False,
) -> None:
    """Say everything that is wrong with the runbooks."""
    settings = settings_or_exit()
    policy = policy_of(settings)
    kinds = kinds_with(integrations_of(settings, policy=policy))
    if schema:
        say(json.dumps(runbook_schema(kinds), indent=2))
        return
    if files:
        checked = [(str(path), read(path, policy, kinds)[1]) for path in files]
        unusable = [UnusableRunbook(name, mistakes) for name, mistakes in checked if mistakes]
        count = len(files)
    else:
        found = library(settings.runbooks_path, policy, kinds)
        unusable, count = list(found.unusable), len(found.runbooks) + len(found.unusable)
    for each in unusable:
        _say_mistakes(each.key, each.mistakes)
    if unusable:
        raise typer.Exit(1)
    say(f"✓ {count} runbooks, nothing is wrong." if count else f"There are no runbooks in {settings.runbooks_path}.")


def _say_mistakes(name: str, mistakes: tuple[Mistake, ...]) -> None:
    err.print(f"✗ {name}", style="red", markup=False, soft_wrap=True)
    for mistake in mistakes:
        err.print(f"  {mistake}", markup=False, soft_wrap=True)


@runbook_cli.command(name="list")
def list_runbooks(
    number: Annotated[str | None, typer.Argument(metavar="[N]", help="Those that fit this incident, and why.")] = None,
) -> None:
    """List the runbooks."""
    settings = settings_or_exit()
    policy = policy_of(settings)
    table = TextTable("runbook", "name", "by itself", "steps", "fits")
    if number is None:
        found = _library(settings, policy)
        for each in found.runbooks:
            when = ", ".join(
                f"{name} {' '.join(said)}"
                for name in type(each.when).model_fields
                if (said := getattr(each.when, name))
            )
            table.add_row(each.key, each.name, "yes" if each.auto else "", len(each.steps), when or "any incident")
        for broken in found.unusable:
            err.print(f"{broken.key} cannot be used: python -m bot runbook check", style="yellow", markup=False)
    else:
        for offer in do(_offers(settings, policy, number)):
            why = ", ".join(f"{what} {said}" for what, said in offer.why)
            table.add_row(
                offer.runbook.key,
                offer.runbook.name,
                "yes" if offer.runbook.auto else "",
                len(offer.runbook.steps),
                why,
            )
    out.print(table if table.row_count else "There are no runbooks.")


@runbook_cli.command(name="plan")
def plan_runbook(
    runbook: Annotated[str, typer.Argument(help="Its key or name.")],
    number: Annotated[str | None, typer.Option("--incident", metavar="N", help="Fill in what is known of it.")] = None,
    inputs: Inputs = None,
) -> None:
    """Show every call that would be made, and make none."""
    settings = settings_or_exit()
    policy = policy_of(settings)
    given = _given(inputs)
    if number is not None:
        made = do(_planned(settings, policy, number, runbook, given))
    else:
        made = _plan_alone(_library(settings, policy), policy, runbook, given)
    for place, step in enumerate(made.steps, 1):
        say(f"{place}. {step.id}: {'; '.join(step.lines)}{' (needs approval)' if step.approval else ''}")
    for step in made.otherwise:
        say(f"If it fails: {'; '.join(step.lines)}")
    if made.problems:
        fail("It cannot be run: " + "; ".join(made.problems))


@runbook_cli.command(name="run")
def run_runbook(
    runbook: Annotated[str, typer.Argument(help="Its key or name.")],
    number: IncidentNumber,
    inputs: Inputs = None,
) -> None:
    """Begin a run in an incident; the running bot does its steps, and approvals are asked for in the channel."""
    settings = settings_or_exit()
    run = do(_run(settings, policy_of(settings), number, runbook, _given(inputs)))
    say(f"Run {run.number} of {run.runbook.name} has begun. Its message in the channel shows every step.")


@runbook_cli.command(name="docs")
def runbook_docs() -> None:
    """Print the table of every kind of step, as docs/runbooks.md has it."""
    settings = settings_or_exit()
    say(step_table(kinds_with(integrations_of(settings))))


def step_table(kinds: Any) -> str:
    """Every kind of step as Markdown: what it does, its parameters, its results, its limits and an example."""
    parts = []
    for kind in kinds.values():
        changes = "Changes something" if kind.changes else "Changes nothing"
        looked = (
            ""
            if not kind.changes
            else " After a lost answer it is looked at."
            if kind.looks
            else " After a lost answer a person is asked."
        )
        undone = " It can be undone." if kind.undoes else ""
        proves = " Its success verifies a repair." if kind.verifies else ""
        within = f" At most {int(kind.within.total_seconds())} s by default."
        limits = f" Limits of the policy: {', '.join(f'`{each}`' for each in kind.limits)}." if kind.limits else ""
        lines = [f"### `{kind.step}`", "", kind.about, "", f"{changes}.{looked}{undone}{proves}{within}{limits}", ""]
        fields = kind.parameters.model_fields
        if fields:
            lines += ["| parameter | | |", "|---|---|---|"]
            for name, field in fields.items():
                needed = "needed" if field.is_required() else ""
                lines.append(f"| `{field.alias or name}` | {needed} | {field.description} |")
            lines.append("")
        if kind.outputs:
            given = "; ".join(f"`{name}`: {what}" for name, what in kind.outputs.items())
            lines += [f"Results: {given}.", ""]
        lines += ["```yaml", f"- {kind.example}", "```", ""]
        parts.append("\n".join(lines))
    return "\n".join(parts).rstrip() + "\n"


def _library(settings: Settings, policy: Policy) -> Library:
    return library(settings.runbooks_path, policy, kinds_with(integrations_of(settings, policy=policy)))


def _given(inputs: list[str] | None) -> dict[str, str]:
    found = {}
    for each in inputs or ():
        name, sign, value = each.partition("=")
        if not sign:
            fail(f"{each} is no input. Write it as in --input namespace=prod.")
        found[name.strip()] = value.strip()
    return found


def _plan_alone(found: Library, policy: Policy, said: str, given: dict[str, str]) -> Plan:
    runbook = found.named(said)
    if runbook is None:
        fail(
            f"There is no runbook {said}. Those there are: {', '.join(each.key for each in found.runbooks) or 'none'}."
        )
    try:
        inputs = inputs_of(runbook, {}, given)
    except NotPossible as error:
        fail(f"{error}. Say it with --input NAME=VALUE, or name an incident with --incident.")
    return plan(runbook, found.kinds, policy.remediation, inputs)


async def _world(settings: Settings, policy: Policy, number: int, store: Any) -> tuple[World, Incident]:
    from bot.cli.offline import world_without_chat

    world = world_without_chat(settings, store, policy)
    return world, await by_number_or_room(world, number, None)


async def _offers(settings: Settings, policy: Policy, number: str) -> list[Any]:
    from bot.cli.offline import opened_store
    from bot.cli.terminal import number_in

    async with opened_store(settings) as store:
        world, incident = await _world(settings, policy, number_in(number), store)
        return await begin.fitting(world, incident.id)


async def _planned(settings: Settings, policy: Policy, number: str, said: str, given: dict[str, str]) -> Plan:
    from bot.cli.offline import opened_store
    from bot.cli.terminal import number_in

    async with opened_store(settings) as store:
        world, incident = await _world(settings, policy, number_in(number), store)
        made, _, _ = await begin.planned(world, incident, begin.named(world, said), given)
        return made


async def _run(settings: Settings, policy: Policy, number: int, said: str, given: dict[str, str]) -> Run:
    from bot.cli.offline import opened_store

    async with opened_store(settings) as store:
        world, incident = await _world(settings, policy, number, store)
        return await begin.start(world, incident.id, said, None, given)
