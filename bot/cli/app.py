"""The command line: `python -m bot …`. Every failure a person can mend is one clear sentence and exit code 1 or 2."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.alerts import alerts_cli, rules_cli
from bot.cli.changes import change, changes
from bot.cli.investigate import investigate
from bot.cli.metrics import show_metrics
from bot.cli.oncall import oncall_cli
from bot.cli.operations import audit, export_record, import_record, outbox
from bot.cli.runbook import runbook_cli
from bot.cli.sandbox import demo, sandbox
from bot.cli.terminal import IncidentNumber, TextTable, do, err, fail, out, policy_of, say, settings_or_exit
from bot.integrations import policy_model
from bot.policy_file import effective_yaml, json_schema


class DocumentFormat(StrEnum):
    """How a document is written."""

    MARKDOWN = "markdown"
    HTML = "html"


cli = typer.Typer(
    help="Warroom: a Slack bot that runs incident war rooms.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
cli.add_typer(alerts_cli, name="alerts")
cli.add_typer(rules_cli, name="rules")
cli.add_typer(oncall_cli, name="oncall")
cli.add_typer(runbook_cli, name="runbook")


def main() -> None:
    """Run the command line."""
    cli()


@cli.command()
def run() -> None:
    """Run the bot: Socket Mode, webhook, reminders."""
    from bot.runtime.app import serve

    settings = settings_or_exit()
    do(serve(settings, policy_of(settings)))


@cli.command()
def check(
    schema: Annotated[bool, typer.Option(help="Print the policy's JSON Schema for editors, and nothing else.")] = False,
) -> None:
    """Say what is missing before the bot is started: settings, policy, database, tokens, scopes."""
    if schema:
        import json

        say(json.dumps(json_schema(policy_model()), indent=2))
        return
    from bot.cli.check import check_all

    settings = settings_or_exit()
    policy = policy_of(settings)
    problems = do(check_all(settings, policy))
    for problem in problems:
        err.print(f"✗ {problem}", style="red", markup=False, soft_wrap=True)
    if not problems:
        out.print("✓ Everything Warroom needs is there.", style="green")
    say("\nThe policy in effect:\n")
    say(effective_yaml(policy).rstrip())
    if problems:
        # The policy is long: whoever reads the end of it must not take it for good news.
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        err.print(f"\n✗ {count}, listed above the policy.", style="red", markup=False, soft_wrap=True)
        raise typer.Exit(1)


@cli.command()
def migrate() -> None:
    """Bring the database's schema up to date."""
    from storage import migrate as upgrade

    settings = settings_or_exit()
    before, after = do(upgrade(settings.database_url.get_secret_value()))
    out.print(
        f"The database is at {after}." if before == after else f"The database went from {before or 'empty'} to {after}."
    )


@cli.command()
def declare(
    title: Annotated[list[str], typer.Argument(help="What is wrong, in a few words.")],
    sev: Annotated[str | None, typer.Option("--sev", "--severity", help="A number, a name or an alias.")] = None,
    team: Annotated[str | None, typer.Option(help="A team of the policy.")] = None,
    service: Annotated[
        list[str] | None, typer.Option(help="Affected services, several with commas; may be repeated.")
    ] = None,
    description: Annotated[str, typer.Option(help="More about it.")] = "",
    invite: Annotated[
        list[str] | None, typer.Option(help="Somebody to invite: email, @name, id; may be repeated.")
    ] = None,
    private: Annotated[bool, typer.Option(help="Keep it private.")] = False,
    key: Annotated[str | None, typer.Option(help="The same key twice declares once.")] = None,
) -> None:
    """Declare an incident; the running bot opens its channel."""
    from bot.cli.offline import declare_offline

    settings = settings_or_exit()
    declared, running = do(
        declare_offline(
            settings,
            policy_of(settings),
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
    say(f"{incident.name} {incident.severity} {incident.title}{again}")
    if not running:
        err.print(
            f"{incident.name} is stored, but no bot is running on this database: nobody is paged and no channel opens "
            "until one is. Start it: python -m bot run",
            style="yellow",
            markup=False,
            soft_wrap=True,
        )


@cli.command(name="list")
def list_incidents(everything: Annotated[bool, typer.Option("--all", help="Closed ones too.")] = False) -> None:
    """List incidents, newest first."""
    from bot.cli.offline import incidents_offline

    settings = settings_or_exit()
    table = TextTable("#", "severity", "state", "declared (UTC)", "channel", "title")
    for incident in do(incidents_offline(settings, open_only=not everything)):
        table.add_row(
            str(incident.number),
            incident.severity,
            incident.state,
            incident.declared_at.strftime("%Y-%m-%d %H:%M"),
            f"#{incident.room.channel_name}" if incident.room.channel_name else "not open yet",
            incident.title,
        )
    out.print(table if table.row_count else "No open incidents.")


@cli.command()
def show(number: IncidentNumber) -> None:
    """Show one incident with its timeline."""
    from bot.cli.offline import story_offline

    settings = settings_or_exit()
    say(do(story_offline(settings, policy_of(settings), number)))


@cli.command()
def postmortem(
    number: IncidentNumber,
    write: Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file.")] = None,
    form: Annotated[
        DocumentFormat,
        typer.Option("--format", help="markdown, or html: one page that needs nothing else, also for print."),
    ] = DocumentFormat.MARKDOWN,
) -> None:
    """Print the post-mortem document of an incident as Markdown or HTML."""
    from bot.cli.offline import document_offline

    settings = settings_or_exit()
    text = do(document_offline(settings, policy_of(settings), number, as_html=form is DocumentFormat.HTML))
    if write is None:
        say(text)
        return
    try:
        write.write_text(text, encoding="utf-8")
    except OSError as error:
        fail(f"{write} cannot be written: {error.strerror or error}.")
    say(f"Written to {write}.")


@cli.command()
def picture(
    number: IncidentNumber,
    write: Annotated[Path, typer.Option("--output", "-o", help="Write to this PNG file.")] = Path("timeline.png"),
    dark: Annotated[bool, typer.Option(help="Light on dark.")] = False,
) -> None:
    """Draw the timeline of an incident: states, severity, alerts, updates, pages, people."""
    from blocks import charts
    from bot.cli.offline import picture_offline

    if not charts.available():
        fail("A picture needs matplotlib: install the extra “charts”, see docs/dependencies.md.")
    settings = settings_or_exit()
    content = do(picture_offline(settings, policy_of(settings), number, dark=dark))
    try:
        write.write_bytes(content)
    except OSError as error:
        fail(f"{write} cannot be written: {error.strerror or error}.")
    say(f"Written to {write}.")


@cli.command()
def sync() -> None:
    """Ask the monitoring systems what fires and what recovered; the running bot decides about it as if a webhook had brought it."""
    from bot.cli.sync import sync_offline

    settings = settings_or_exit()
    for title, found in do(sync_offline(settings, policy_of(settings))).items():
        say(
            f"{found.firing} firing in {title}; asked after {found.asked} that fired here. The running bot works them off."
        )


cli.command()(investigate)
cli.command()(change)
cli.command()(changes)
cli.command(name="metrics")(show_metrics)
cli.command()(outbox)
cli.command()(audit)
cli.command(name="export")(export_record)
cli.command(name="import")(import_record)
cli.command()(sandbox)
cli.command()(demo)
