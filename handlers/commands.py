"""`/incident`: one table that parses, runs and explains."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from blocks.kit import Card
from blocks.lists import help_card, usage_card
from blocks.usage import UnknownSubcommand
from handlers import (
    action_items,
    catch_up,
    declare,
    edit,
    incident_commands,
    investigation,
    lists,
    merging,
    metrics,
    oncall,
    parse_command,
    postmortem,
    runbooks,
    subscriptions,
    timeline,
)
from handlers.command_context import (
    AFTER,
    GROUPS,
    RECORD,
    START,
    CommandContext,
    CommandSubject,
    Subcommand,
    about,
)
from handlers.errors import typed
from handlers.gestures import Body, actor_of, answered, audited
from handlers.parse_command import split
from warroom.errors import Refused
from warroom.incident.change import require_active
from warroom.ports import World
from warroom.text import did_you_mean

COMMAND = "/incident"


async def show_help(context: CommandContext) -> Card:
    """help [COMMAND]"""
    return help_of(split(context.text)[0])


def help_of(name: str = "") -> Card:
    """What help says of one subcommand, or of all where there is none of that name."""
    if wanted := _BY_NAME.get(name):
        return usage_card(wanted.ways, wanted.help)
    groups = [(group, [(each.short, each.help) for each in SUBCOMMANDS if each.group == group]) for group in GROUPS]
    return help_card(groups)


SUBCOMMANDS = (
    Subcommand(
        "declare",
        "declare [TITLE] [--sev LEVEL] [--team NAME] [--service NAME] [--private] [@people]",
        "Declare an incident; without a title, open the form",
        declare.declare_now,
        ("new", "start"),
        group=START,
    ),
    Subcommand(
        "list",
        "list [closed | all] [mine] [SEV-1] [TEAM] [since 30d]",
        "List open incidents, or those that match",
        lists.show,
        ("ls",),
        group=START,
    ),
    Subcommand("show", "show [N]", "Show one incident", about(lists.show_one, CommandSubject.INCIDENT), group=START),
    Subcommand(
        "catchup",
        "catchup [N]",
        "Where it stands on one screen; later, what is new since you last looked",
        about(catch_up.catch_up, CommandSubject.INCIDENT),
        ("catch-up",),
    ),
    Subcommand(
        "status",
        "status [N]",
        "Open the form of the public status page",
        about(incident_commands.status, CommandSubject.INCIDENT),
        group=RECORD,
    ),
    Subcommand(
        "ack",
        "ack [N]",
        "Acknowledge, and stop the escalation",
        about(incident_commands.acknowledge, CommandSubject.INCIDENT),
        ("acknowledge",),
    ),
    Subcommand(
        "investigate",
        "investigate [N] [SERVICE]",
        "Look for the cause: metrics, logs, changes",
        about(investigation.command),
        ("why",),
    ),
    Subcommand(
        "escalate",
        "escalate [TEAM] [why]",
        "Page the next level now, or another team",
        about(incident_commands.escalate),
    ),
    Subcommand(
        "update",
        "update [TEXT]",
        "Post an update; without text, open the form",
        about(incident_commands.update),
    ),
    Subcommand(
        "edit",
        "edit [title | description | impact | services | team | severity | private | public] [TEXT]",
        "Correct the incident; alone, open the form",
        about(edit.edit),
        group=RECORD,
    ),
    Subcommand("severity", "severity LEVEL", "Change the severity", about(incident_commands.severity), ("sev",)),
    Subcommand(
        "mitigate",
        "mitigate [WHY]",
        "Mark as mitigated",
        about(incident_commands.mitigate, CommandSubject.INCIDENT_OR_TEXT),
        ("mitigated",),
    ),
    Subcommand(
        "resolve",
        "resolve [summary]",
        "Resolve, or add what fixed it",
        about(incident_commands.resolve),
        ("resolved",),
    ),
    Subcommand(
        "reopen", "reopen", "Reopen, or undo a cancel", about(incident_commands.reopen, CommandSubject.INCIDENT)
    ),
    Subcommand("cancel", "cancel WHY", "Cancel (false alarm)", about(incident_commands.cancel)),
    Subcommand(
        "merge",
        "merge N | N INTO | undo",
        "Merge this incident into N; undo for an hour",
        merging.merge,
    ),
    Subcommand(
        "role",
        "role [ROLE @person]",
        "Who has which role; assign one, for example commander",
        about(incident_commands.role),
    ),
    Subcommand(
        "handover",
        "handover @person",
        "Hand over to another incident commander",
        about(incident_commands.hand_over),
        ("hand-over",),
    ),
    Subcommand("invite", "invite WHO…", "Add people, groups or teams to the channel", about(incident_commands.invite)),
    Subcommand("page", "page WHO… [why]", "Page a team, a group or people", about(incident_commands.page)),
    Subcommand(
        "run",
        "run [RUNBOOK]",
        "Show the runbooks that fit and why, or run one: first the plan",
        about(runbooks.command),
        ("runbook",),
    ),
    Subcommand(
        "join",
        "join [N]",
        "Join an incident's channel",
        about(incident_commands.join, CommandSubject.INCIDENT),
        group=START,
    ),
    Subcommand(
        "subscribe",
        "subscribe [N | TEAM | SEV-1]",
        "Get updates as direct messages",
        subscriptions.subscribe,
        ("follow",),
        group=START,
    ),
    Subcommand(
        "unsubscribe",
        "unsubscribe [N | TEAM | SEV-1]",
        "Stop these direct messages",
        subscriptions.unsubscribe,
        ("unfollow",),
        group=START,
    ),
    Subcommand(
        "timeline",
        "timeline [add [17:20] TEXT | edit N TEXT | remove N]",
        "Show, add to or correct the timeline",
        about(timeline.timeline),
        group=RECORD,
    ),
    Subcommand(
        "action",
        "action [list [@who | TEAM] | add TEXT [@owner] [due DATE] [priority high] | done N | reopen N | assign N @who "
        "| due N DATE | priority N high | edit N TEXT | delete N]",
        "List, add or finish action items",
        action_items.action,
        ("actions",),
        group=RECORD,
    ),
    Subcommand(
        "postmortem",
        "postmortem [check | history]",
        "Write the post-mortem from the record; what it lacks; who changed what",
        about(postmortem.postmortem, CommandSubject.INCIDENT_OR_TEXT),
        ("post-mortem",),
        group=AFTER,
    ),
    Subcommand(
        "oncall",
        "oncall [SCHEDULE | TEAM | cover SCHEDULE FROM to UNTIL [@who] | override SCHEDULE FROM to UNTIL @who "
        "| swap SCHEDULE @who | report [30d | next 90d] | calendar [SCHEDULE | revoke]]",
        "Show who is on call; ask for cover, override, swap; hours and pages; shifts in your calendar",
        oncall.show,
        ("on-call",),
        group=START,
    ),
    Subcommand("find", "find TEXT", "Find incidents by words, open or closed", lists.search, ("search",), group=START),
    Subcommand(
        "metrics",
        "metrics [30d] [TEAM]",
        "Show numbers: times and targets, updates, post-mortems, pages",
        metrics.show,
        ("stats",),
        group=AFTER,
    ),
    Subcommand("review", "review", "Show the last seven days and what is late", metrics.review, group=AFTER),
    Subcommand("help", "help [COMMAND]", "Show this help, or one command", show_help, ("?",), group=START),
)

_BY_NAME = {name: each for each in SUBCOMMANDS for name in (each.name, *each.also)}


def listener(world: World) -> Callable[..., Awaitable[None]]:
    """What Bolt calls."""

    async def on_command(ack: AsyncAck, body: Body, client: AsyncWebClient) -> None:
        await ack()
        actor = actor_of(body)
        assert actor is not None, "Slack says who typed every command"
        name, text = split(body.get("text") or "")
        context = CommandContext(world.for_gesture(actor.key), client, actor, text)
        await answered(world, actor, run_audited(name, context, typed(body)), typed(body))

    return on_command


async def run_audited(name: str, context: CommandContext, said: str) -> Card | None:
    """As `run`, with a row in the audit trail."""
    known = _BY_NAME.get(name or "help")
    turned = None if known else number_first(name, context.text)
    known = turned[0] if turned else known
    async with audited(context.world, context.actor, f"command {known.name if known else 'unknown'}", said):
        return await run(name, context)


async def run(name: str, context: CommandContext) -> Card | None:
    """The answer to `/incident NAME …`. Raises Refused, for an unknown name with the one that was probably meant."""
    known = _BY_NAME.get(name or "help")
    await require_active(context.world, context.user)
    if known is not None:
        return await known.run(context)
    if (turned := number_first(name, context.text)) is not None:
        return await turned[0].run(replace(context, text=turned[1]))
    if name in MEANT:
        raise Refused(UnknownSubcommand(name=name, near=MEANT[name], rest=context.text))
    near = did_you_mean(name, list(_BY_NAME))
    raise Refused(UnknownSubcommand(name=name, near=_BY_NAME[near].name if near else None, rest=context.text))


def number_first(name: str, text: str) -> tuple[Subcommand, str] | None:
    """(the subcommand, its text) of `#13 resolve over`; `#13` alone is shown. None for anything else."""
    number = parse_command.target(name, bare=True).number
    if number is None:
        return None
    said, rest = split(text)
    known = _BY_NAME.get(said or "show")
    return (known, f"#{number} {rest}".strip()) if known else None


MEANT = {
    "note": "timeline add",
    "snooze": "update",
    "close": "resolve",
    "closed": "resolve",
    "fixed": "resolve",
    "assign": "role",
    "lead": "role commander @me",
    "commander": "role commander",
    "rename": "edit title",
    "title": "edit title",
    "call": "page",
    "add": "invite",
}
"""Words of other tools, and the subcommand that does it here."""
