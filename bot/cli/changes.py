"""`python -m bot change …` for deploy scripts, and `python -m bot changes`: what was changed lately."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from bot.cli.terminal import TextTable, do, fail, out, policy_of, say, settings_or_exit
from bot.clock import SystemClock
from warroom.changes.model import Change
from warroom.durations import parse_duration
from warroom.value import believable


def change(
    service: Annotated[str, typer.Argument(help="The service that was changed, as incidents name it.")],
    version: Annotated[str, typer.Option(help="What runs now.")] = "",
    environment: Annotated[str, typer.Option("--environment", "--env", help="Where.")] = "",
    kind: Annotated[str, typer.Option(help="deployment, release, setting …")] = "deployment",
    author: Annotated[str, typer.Option(help="Who did it.")] = "",
    url: Annotated[str, typer.Option(help="Where it can be read.")] = "",
    text: Annotated[str, typer.Option(help="In a few words.")] = "",
    at: Annotated[str | None, typer.Option(help="When, as in 2026-11-21T03:00:00Z; now without it.")] = None,
    key: Annotated[str | None, typer.Option(help="The same key twice is one change.")] = None,
) -> None:
    """Say that something was changed in what runs: channels of incidents that affect the service show it."""
    from bot.cli.offline import change_offline

    settings = settings_or_exit()
    when = _time(at)
    named = (
        key or hashlib.sha256(f"{service}|{version}|{environment}|{kind}|{when.isoformat()}".encode()).hexdigest()[:32]
    )
    told = Change(
        id=f"cli:{named}",
        at=when,
        service=service.strip(),
        kind=kind.strip() or "deployment",
        version=version,
        environment=environment,
        author=author,
        url=url if url.startswith(("https://", "http://")) else "",
        text=text,
        source="Command line",
    )
    if not told.service:
        fail("A change needs a service.")
    do(change_offline(settings, policy_of(settings), told))
    say(f"{told.kind} of {told.service} {told.version}".rstrip())


def changes(
    since: Annotated[str, typer.Option(help="How far back: 2h, 7d.")] = "1d",
    service: Annotated[list[str] | None, typer.Option(help="Only this service; may be repeated.")] = None,
) -> None:
    """List what was changed in what runs, newest first."""
    from bot.cli.offline import changes_offline

    try:
        back: timedelta = parse_duration(since)
    except ValueError as error:
        fail(str(error))
    table = TextTable("at (UTC)", "service", "what", "version", "where", "who", "text", "from")
    for each in do(changes_offline(settings_or_exit(), SystemClock().now() - back, tuple(service or ()))):
        words = (each.service, each.kind, each.version, each.environment, each.author, each.text, each.source)
        table.add_row(f"{each.at:%Y-%m-%d %H:%M:%S}", *words)
    out.print(table if table.row_count else "Nothing was changed in that time, as far as is known.")


def _time(said: str | None) -> datetime:
    if said is None:
        return SystemClock().now()
    try:
        found = datetime.fromisoformat(said)
        return believable(found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except ValueError:
        fail(f"{said} is not a time. Write it as in 2026-11-21T03:00:00Z.")
