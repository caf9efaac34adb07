"""`python -m bot outbox`: what the operator does with the record."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.observability import hide
from bot.terminal import do, err, out, settings_or_exit

Keys = Annotated[list[str] | None, typer.Argument(metavar="KEY…", help="Which; without any, all of them.")]


def outbox(
    keys: Keys = None,
    retry: Annotated[bool, typer.Option("--retry", help="Let the running bot try them again.")] = False,
) -> None:
    """Show what could not be done in Slack or Datadog for good, and why; with --retry, try it again."""
    from bot.offline import buried_offline, retry_offline

    settings = settings_or_exit()
    found = do(buried_offline(settings))
    buried = [(grave, incident) for grave, incident in found if not keys or grave.key in keys]
    strangers = sorted(set(keys or ()) - {grave.key for grave, _ in found})
    for key in strangers:
        err.print(f"{key} is not buried; python -m bot outbox shows what is.", style="red", markup=False)
    if retry:
        again = do(retry_offline(settings, [grave.key for grave, _ in buried]))
        for key in again:
            typer.echo(f"{key} is tried again by the running bot.")
    else:
        for grave, incident in buried:
            name = incident.name if incident else "no incident"
            out.print(
                f"{grave.key}\n    {grave.at:%Y-%m-%d %H:%M:%S}  {name}  {grave.kind}  {grave.attempts}×",
                markup=False,
                soft_wrap=True,
            )
            typer.echo(f"    {hide(grave.error)}")
    if not found:
        out.print("Nothing is buried: everything that was asked for is done or still being tried.")
    if strangers:
        raise typer.Exit(1)
