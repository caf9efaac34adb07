"""`python -m bot alerts …` and `python -m bot rules …`: what arrives, and what the rules make of it."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from bot.cli import alert_files
from bot.cli.terminal import TextTable, do, err, out, policy_of, say, settings_or_exit
from bot.clock import SystemClock
from bot.integrations import integrations_of
from bot.settings import Settings
from warroom.errors import Rejected
from warroom.policy import Policy
from warroom.webhook import Webhook

LISTED = 20


class _ManyIds(TyperGroup):
    """Lets `--replay` take several ids: they would be read as the names of subcommands."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        spread, replaying = [], False
        for arg in args:
            if arg.startswith("-"):
                replaying = arg == "--replay"
                if replaying:
                    continue
            spread += ["--replay", arg] if replaying else [arg]
        if args and args[-1] == "--replay":
            spread.append("--replay")
        return super().parse_args(ctx, spread)


alerts_cli = typer.Typer(cls=_ManyIds, add_completion=False)
rules_cli = typer.Typer(help="The policy's rules, tried out.", no_args_is_help=True, add_completion=False)

Files = Annotated[
    list[str], typer.Argument(metavar="FILE…", help="Bodies as a webhook sends them; - is standard input.")
]
MaybeFiles = Annotated[list[str] | None, typer.Argument(metavar="FILE…", help="Bodies as a webhook sends them.")]
ContentType = Annotated[
    str | None, typer.Option(help="As the webhook's header said; guessed from the body without it.")
]
Source = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="The webhook or integration that reads the files; the first one without it."),
]


@alerts_cli.callback(invoke_without_command=True)
def alerts(
    ctx: typer.Context,
    quarantined: Annotated[bool, typer.Option("--quarantined", help="What arrived and could not be used.")] = False,
    replay: Annotated[
        list[str] | None, typer.Option("--replay", metavar="ID…", help="Read these again, after a fix.")
    ] = None,
) -> None:
    """Show the last alerts and what became of them; what could not be used; what a body would become."""
    if ctx.invoked_subcommand is not None:
        return
    if replay:
        _replay(replay)
    elif quarantined:
        _show_quarantine()
    else:
        _show_stored()


def _show_stored() -> None:
    from bot.cli.offline import alerts_offline

    table = TextTable("received (UTC)", "source", "what happened", "title", "became", "why")
    for received, decision in do(alerts_offline(settings_or_exit(), LISTED)):
        table.add_row(
            f"{received.received_at:%Y-%m-%d %H:%M:%S}",
            received.source,
            received.alert.transition,
            received.alert.title,
            decision.outcome if decision else "not decided yet",
            decision.why if decision else "",
        )
    out.print(table if table.row_count else "No alert has arrived yet.")


def _show_quarantine() -> None:
    from bot.cli.offline import quarantined_offline

    found = do(quarantined_offline(settings_or_exit()))
    for kept in found:
        out.print(
            f"{kept.id}  {kept.received_at:%Y-%m-%d %H:%M:%S}  {kept.source}  {len(kept.body)} bytes", markup=False
        )
        say(f"    {kept.reason}")
        say(f"    {alert_files.beginning(kept.body)}")
    if not found:
        out.print("Nothing is in quarantine: everything that arrived could be used.")


def _replay(ids: list[str]) -> None:
    from bot.cli.offline import replay_offline

    settings = settings_or_exit()
    policy = policy_of(settings)
    failed = False
    for done in do(replay_offline(settings, policy, ids)):
        name = done.id
        for reason in done.refused:
            err.print(f"{name}: {reason}", style="red", markup=False, soft_wrap=True)
        failed = failed or bool(done.refused) or not done.accepted
        if done.accepted or not done.refused:
            say(f"{name}: {done.accepted} accepted" + (", it stays in quarantine" if done.refused else ""))
    if failed:
        raise typer.Exit(1)


@alerts_cli.command()
def parse(
    files: Files,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    content_type: ContentType = None,
    source: Source = None,
) -> None:
    """Show what each body becomes: the alert, or the reason why it is none. Needs neither tokens nor a database."""
    settings = settings_or_exit()
    policy = policy_of(settings)
    now = SystemClock().now()
    items, unread = read_all(files, _source(settings, policy, source), content_type)
    lines = [alert_files.line(item, policy, now) for item in items]
    if as_json:
        for line in lines:
            say(json.dumps(line))
    else:
        if accepted := [line for line in lines if line["accepted"]]:
            out.print(_table(accepted))
        _refusals(items)
    if unread:
        raise typer.Exit(1)


def _source(settings: Settings, policy: Policy, name: str | None) -> Webhook:
    """The alert source of that name, the first one without a name. Ends the program where there is none."""
    integrations = integrations_of(settings, policy=policy)
    try:
        return integrations.webhook(name) if name else integrations.webhooks[0]
    except Rejected as error:
        err.print(f"{error}. {error.advice}", style="red", markup=False, soft_wrap=True)
        raise typer.Exit(2) from None


def read_all(files: list[str], source: Webhook, content_type: str | None) -> tuple[list[alert_files.ReadAlert], bool]:
    """(what is in the files, whether one of them could not be read)."""
    now, unread = SystemClock().now(), False
    items: list[alert_files.ReadAlert] = []
    for name in files:
        try:
            items += alert_files.read(name, source, now, content_type)
        except OSError as error:
            unread = True
            items.append(alert_files.ReadAlert(name, reason=f"The file cannot be read: {error.strerror or error}."))
    return items, unread


def _refusals(items: list[alert_files.ReadAlert]) -> None:
    for item in items:
        if item.alert is None:
            out.print(f"✗ {item.file}: {item.reason}", style="red", markup=False, soft_wrap=True)


def _table(lines: list[dict[str, Any]]) -> TextTable:
    table = TextTable("file", "what happens", "severity", "priority", "title", "group", "rule", "then")
    for line in lines:
        then = "opens" if line["opens"] else "resolves" if line["resolves"] else "opens nothing"
        words = (line[name] or "" for name in ("file", "transition", "severity", "priority", "title", "group", "rule"))
        table.add_row(*(word for word in words), then)
    return table


@rules_cli.command(name="test")
def try_out(
    files: MaybeFiles = None,
    stored: Annotated[int, typer.Option(min=0, max=10_000, help="So many of the last stored alerts as well.")] = 0,
    content_type: ContentType = None,
    source: Source = None,
) -> None:
    """Show which rule acts on each alert, what it does, and why the rules before it did not."""
    settings = settings_or_exit()
    policy = policy_of(settings)
    items, unread = read_all(files or [], _source(settings, policy, source), content_type)
    if stored:
        from bot.cli.offline import alerts_offline

        found = do(alerts_offline(settings, stored))
        items += [
            alert_files.ReadAlert(f"stored {each.seq}", alert=each.alert, at=each.received_at) for each, _ in found
        ]
    if not items:
        err.print("There is nothing to try: name files with bodies, or --stored 20 for the last alerts.")
        raise typer.Exit(2)
    now = SystemClock().now()
    for item in items:
        for line in alert_files.explained(item, policy, now):
            say(line)
    if unread:
        raise typer.Exit(1)
