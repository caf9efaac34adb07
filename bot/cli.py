"""The command line: `python -m bot …`. Every failure a person can mend is one clear sentence and exit code 1 or 2."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, Never, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from bot.observability import hide, set_up_logging
from bot.policy_file import PolicyError, effective_yaml, json_schema, load
from bot.settings import Settings, SettingsError, load_settings
from warroom.errors import WarroomError
from warroom.policy import Policy

cli = typer.Typer(
    help="Warroom: a Slack bot that runs incident war rooms.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
out = Console()
err = Console(stderr=True)

T = TypeVar("T")


def main() -> None:
    """Run the command line."""
    cli()


def _fail(text: object, code: int = 1) -> Never:
    err.print(hide(str(text)), style="red", markup=False, soft_wrap=True)
    raise typer.Exit(code)


def _do(work: Coroutine[Any, Any, T]) -> T:
    """Run it to the end; what a person can mend becomes a sentence."""
    try:
        return asyncio.run(work)
    except (SettingsError, PolicyError, WarroomError) as error:
        _fail(error)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def _settings() -> Settings:
    try:
        settings = load_settings()
    except SettingsError as error:
        _fail(error, 2)
    set_up_logging(settings.log_level, settings.log_format)
    return settings


def _policy(settings: Settings) -> Policy:
    try:
        loaded = load(settings.policy_path)
    except PolicyError as error:
        _fail(error, 2)
    for warning in loaded.warnings:
        err.print(f"warning: {warning}", style="yellow", markup=False, soft_wrap=True)
    return loaded.policy


@cli.command()
def run() -> None:
    """Run the bot: Socket Mode, webhook, reminders."""
    from bot.app import serve

    settings = _settings()
    _do(serve(settings, _policy(settings)))


@cli.command()
def check(
    schema: Annotated[bool, typer.Option(help="Print the policy's JSON Schema for editors, and nothing else.")] = False,
) -> None:
    """Say what is missing before the bot is started: settings, policy, database, tokens, scopes."""
    if schema:
        import json

        typer.echo(json.dumps(json_schema(), indent=2))
        return
    from bot.check import check_all

    settings = _settings()
    policy = _policy(settings)
    typer.echo(effective_yaml(policy).rstrip())
    typer.echo("")
    problems = _do(check_all(settings, policy))
    for problem in problems:
        err.print(f"✗ {hide(problem)}", style="red", markup=False, soft_wrap=True)
    if problems:
        raise typer.Exit(1)
    out.print("✓ Everything Warroom needs is there.", style="green")


@cli.command()
def migrate() -> None:
    """Bring the database's schema up to date."""
    from storage import migrate as upgrade

    settings = _settings()
    before, after = _do(upgrade(settings.database_url.get_secret_value()))
    out.print(
        f"The database is at {after}." if before == after else f"The database went from {before or 'empty'} to {after}."
    )


@cli.command()
def declare(
    title: Annotated[list[str], typer.Argument(help="What is wrong, in a few words.")],
    sev: Annotated[str | None, typer.Option("--sev", "--severity", help="A number, a name or an alias.")] = None,
    team: Annotated[str | None, typer.Option(help="A team of the policy.")] = None,
    service: Annotated[list[str] | None, typer.Option(help="An affected service; may be repeated.")] = None,
    description: Annotated[str, typer.Option(help="More about it.")] = "",
    invite: Annotated[
        list[str] | None, typer.Option(help="Somebody to invite: email, @name, id; may be repeated.")
    ] = None,
    private: Annotated[bool, typer.Option(help="Keep it private.")] = False,
    key: Annotated[str | None, typer.Option(help="The same key twice declares once.")] = None,
) -> None:
    """Declare an incident; the running bot opens its room."""
    from bot.offline import declare_offline

    settings = _settings()
    declared = _do(
        declare_offline(
            settings,
            _policy(settings),
            title=" ".join(title),
            severity=sev,
            team=team,
            services=tuple(service or ()),
            description=description,
            people=tuple(invite or ()),
            private=private,
            key=key,
        )
    )
    incident = declared.incident
    again = " (declared before with the same key)" if declared.existed else ""
    typer.echo(f"{incident.name} {incident.severity} {incident.title}{again}")


@cli.command(name="list")
def list_incidents(everything: Annotated[bool, typer.Option("--all", help="Closed ones too.")] = False) -> None:
    """List incidents, newest first."""
    from bot.offline import incidents_offline

    settings = _settings()
    table = Table("#", "severity", "state", "declared (UTC)", "room", "title", box=None)
    for incident in _do(incidents_offline(settings, open_only=not everything)):
        table.add_row(
            str(incident.number),
            incident.severity,
            incident.state,
            incident.declared_at.strftime("%Y-%m-%d %H:%M"),
            f"#{incident.channel_name}" if incident.channel_name else "not open yet",
            incident.title.replace("[", r"\["),
        )
    out.print(table if table.row_count else "No open incidents.")


@cli.command()
def show(number: int) -> None:
    """Show one incident with its timeline."""
    from bot.offline import story_offline

    settings = _settings()
    typer.echo(_do(story_offline(settings, _policy(settings), number)))


@cli.command()
def postmortem(
    number: int, write: Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file.")] = None
) -> None:
    """Print the post-mortem document of an incident as Markdown."""
    from bot.offline import document_offline

    settings = _settings()
    text = _do(document_offline(settings, _policy(settings), number))
    if write is None:
        typer.echo(text)
        return
    write.write_text(text, encoding="utf-8")
    typer.echo(f"Written to {write}.")


@cli.command()
def sync() -> None:
    """Read Datadog's monitors: what fires and what recovered reaches the running bot as if the webhook had told it."""
    from bot.offline import sync_offline

    settings = _settings()
    firing, asked = _do(sync_offline(settings, _policy(settings)))
    typer.echo(f"{firing} firing in Datadog; asked after {asked} that fired here. The running bot works them off.")


@cli.command()
def sandbox(port: Annotated[int, typer.Option(help="The workspace's port; 0 takes a free one.")] = 0) -> None:
    """Start a Slack-compatible workspace on this machine with the bot in it, and drive it from the terminal."""
    from bot.demo import open_sandbox

    set_up_logging("WARNING", "console")
    _do(open_sandbox(port))


@cli.command()
def demo() -> None:
    """Play one incident from alert to post-mortem against the sandbox."""
    from bot.demo import play

    set_up_logging("ERROR", "console")
    stay = sys.stdin.isatty() and sys.stdout.isatty() and not os.environ.get("CI")
    _do(play(stay=stay))
