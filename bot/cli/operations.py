"""`python -m bot outbox`, `audit`, `export`, `import`: what the operator does with the database."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.terminal import do, err, fail, number_in, out, say, settings_or_exit

Keys = Annotated[list[str] | None, typer.Argument(metavar="KEY…", help="Which; without any, all of them.")]


def only_ours(path: str, flags: int) -> int:
    """Opens a file that nobody else may read."""
    return os.open(path, flags, 0o600)


def outbox(
    keys: Keys = None,
    retry: Annotated[bool, typer.Option("--retry", help="Let the running bot try them again.")] = False,
) -> None:
    """Show what could not be done in Slack or another system for good, and why; with --retry, try it again."""
    from bot.cli.offline import dead_letters_offline, retry_offline

    settings = settings_or_exit()
    found = do(dead_letters_offline(settings))
    dead_letters = [(dead_letter, incident) for dead_letter, incident in found if not keys or dead_letter.key in keys]
    strangers = sorted(set(keys or ()) - {dead_letter.key for dead_letter, _ in found})
    for key in strangers:
        err.print(f"{key} is no dead letter; python -m bot outbox shows those there are.", style="red", markup=False)
    if retry:
        again = do(retry_offline(settings, [dead_letter.key for dead_letter, _ in dead_letters]))
        for key in again:
            say(f"{key} is tried again by the running bot.")
    else:
        for dead_letter, incident in dead_letters:
            name = incident.name if incident else "no incident"
            out.print(
                f"{dead_letter.key}\n    {dead_letter.at:%Y-%m-%d %H:%M:%S}  {name}  {dead_letter.kind}  {dead_letter.attempts}×",
                markup=False,
                soft_wrap=True,
            )
            say(f"    {dead_letter.error}")
    if not found:
        out.print("There are no dead letters: everything that was asked for is done or still being tried.")
    if strangers:
        raise typer.Exit(1)


def audit(
    number: Annotated[
        int | None, typer.Argument(metavar="N", parser=number_in, help="Only what was done about this incident.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="So many of the last.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Show who did what, and what came of it: every command, click, form and shortcut, the newest first."""
    from bot.cli.offline import audit_offline

    found = do(audit_offline(settings_or_exit(), number, limit))
    if as_json:
        for row in found:
            say(json.dumps(row.model_dump(mode="json")))
        return
    for row in found:
        said = f"  {' '.join(row.said.split())[:200]}" if row.said else ""
        line = f"{row.at:%Y-%m-%d %H:%M:%S}  {row.by}  {row.what}  {row.incident or '-'}{said}\n    {row.result}"
        say(line)
    if not found:
        out.print(
            "Nobody has done anything yet." if number is None else f"Nobody has done anything about INC-{number}."
        )


def export_record(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A new file; - is standard output.")],
) -> None:
    """Write everything in the database into a file, private incidents and people's names too; the bot may be running."""
    from bot.cli.export import export_to

    settings = settings_or_exit()
    if file == "-":
        do(export_to(settings, sys.stdout))
        return
    path = Path(file)
    part = path.with_name(f"{path.name}.part")
    if path.exists():
        fail(f"{path} exists already; an export never replaces a file. Give another name.")
    try:
        with open(part, "x", encoding="utf-8", opener=only_ours) as target:
            rows = do(export_to(settings, target))
        part.rename(path)
    except FileExistsError:
        fail(f"{part} exists: another export is at work, or one was cut off. Remove it and try again.")
    except OSError as error:
        fail(f"{path} cannot be written: {error.strerror or error}.")
    except typer.Exit:
        part.unlink(missing_ok=True)
        raise
    say(f"{rows} rows are in {path}. Keep it as safe as the database: it holds what people wrote.")


def import_record(
    file: Annotated[str, typer.Argument(metavar="FILE", help="What export wrote; - is standard input.")],
) -> None:
    """Read an export into an empty database; all of it or nothing."""
    from bot.cli.export import import_from

    settings = settings_or_exit()
    try:
        if file == "-":
            rows = do(import_from(settings, sys.stdin))
        else:
            with Path(file).open(encoding="utf-8") as source:
                rows = do(import_from(settings, source))
    except UnicodeDecodeError:
        fail(f"{file} is not text: it is no export of Warroom, or was changed on the way.")
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror or error}.")
    say(f"{rows} rows are in the database. Only one bot may work on them: stop the old one before you start this.")
