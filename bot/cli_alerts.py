"""`python -m bot alerts …` and `python -m bot rules …`: what arrives, and what the rules make of it."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from bot import bodies
from bot.clock import SystemClock
from bot.terminal import out, policy_of, settings_or_exit

alerts_cli = typer.Typer(help="Alerts: what a body becomes, and what could not be used.", add_completion=False)
rules_cli = typer.Typer(help="The policy's rules, tried out.", no_args_is_help=True, add_completion=False)

Files = Annotated[
    list[str], typer.Argument(metavar="FILE…", help="Bodies as a webhook sends them; - is standard input.")
]
ContentType = Annotated[
    str | None, typer.Option(help="As the webhook's header said; guessed from the body without it.")
]


@alerts_cli.command()
def parse(
    files: Files,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    content_type: ContentType = None,
) -> None:
    """Show what each body becomes: the alert, or the reason why it is none. Needs neither tokens nor a database."""
    policy = policy_of(settings_or_exit())
    now = SystemClock().now()
    items, unread = read_all(files, content_type)
    lines = [bodies.line(item, policy, now) for item in items]
    if as_json:
        for line in lines:
            typer.echo(json.dumps(line))
    else:
        out.print(_table([line for line in lines if line["accepted"]]))
        for line in lines:
            if not line["accepted"]:
                out.print(f"✗ {line['file']}: {line['reason']}", style="red", markup=False, soft_wrap=True)
    if unread:
        raise typer.Exit(1)


def read_all(files: list[str], content_type: str | None) -> tuple[list[bodies.Item], bool]:
    """(what is in the files, whether one of them could not be read)."""
    now, unread = SystemClock().now(), False
    items: list[bodies.Item] = []
    for name in files:
        try:
            items += bodies.read(name, now, content_type)
        except OSError as error:
            unread = True
            items.append(bodies.Item(name, reason=f"The file cannot be read: {error.strerror or error}."))
    return items, unread


def _table(lines: list[dict[str, Any]]) -> Table:
    table = Table("file", "what happens", "severity", "priority", "title", "group", "rule", "then", box=None)
    for line in lines:
        then = "opens" if line["opens"] else "resolves" if line["resolves"] else "opens nothing"
        words = (line[name] or "" for name in ("file", "transition", "severity", "priority", "title", "group", "rule"))
        table.add_row(*(Text(str(word)) for word in words), then)
    return table
