"""`/incident`: one table that parses, runs and explains."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from blocks import lists
from blocks.kit import Card
from handlers import declaring, oncall, progress, record
from handlers.answers import Body, answered, asker_of
from handlers.ask import About, Ask, Subcommand, about
from handlers.audit import audited
from handlers.errors import typed
from handlers.once import once
from handlers.words import did_you_mean, split
from warroom.errors import Refused
from warroom.ports import World

COMMAND = "/incident"


async def show_help(_ask: Ask) -> Card:
    """help"""
    return lists.help_card([(each.usage, each.help) for each in SUBCOMMANDS])


SUBCOMMANDS = (
    Subcommand(
        "declare",
        "declare [TITLE] [--sev LEVEL] [--team NAME] [--service NAME] [--private] [@people]",
        "open a room; without a title, a form",
        declaring.declare_now,
        ("new", "start"),
    ),
    Subcommand("list", "list", "the open incidents", record.show_open, ("ls",)),
    Subcommand(
        "show", "show [N]", "one incident: state, people, what is next", about(record.show, About.INCIDENT), ("status",)
    ),
    Subcommand(
        "ack",
        "ack [N]",
        "you have it; nobody else is called",
        about(progress.acknowledge, About.INCIDENT),
        ("acknowledge",),
    ),
    Subcommand("escalate", "escalate [why]", "call the next level now", about(progress.escalate)),
    Subcommand("update", "update TEXT", "tell the room and everybody who follows", about(progress.update)),
    Subcommand("severity", "severity LEVEL", "make it more or less severe", about(progress.severity), ("sev",)),
    Subcommand(
        "mitigate", "mitigate", "the bleeding stopped", about(progress.mitigate, About.INCIDENT), ("mitigated",)
    ),
    Subcommand("resolve", "resolve [summary]", "it is over", about(progress.resolve), ("resolved",)),
    Subcommand("reopen", "reopen", "it was not over", about(progress.reopen, About.INCIDENT)),
    Subcommand("cancel", "cancel WHY", "a false alarm", about(progress.cancel)),
    Subcommand("role", "role ROLE @person", "give somebody a role, for example commander", about(progress.role)),
    Subcommand("invite", "invite WHO…", "people, groups or teams into the room", about(progress.invite)),
    Subcommand("page", "page TEAM", "call a team, a group or a person into the room", about(progress.page)),
    Subcommand("timeline", "timeline [add TEXT]", "what happened, or one more line of it", about(record.timeline)),
    Subcommand(
        "action",
        "action [add TEXT [@owner] [due DATE]]",
        "what is to be done afterwards, or one thing more",
        about(record.action),
        ("actions",),
    ),
    Subcommand(
        "postmortem",
        "postmortem",
        "write the post-mortem from the record",
        about(record.postmortem, About.INCIDENT),
        ("post-mortem",),
    ),
    Subcommand("oncall", "oncall [TEAM]", "whom a team's escalation chain calls, and when", oncall.show, ("on-call",)),
    Subcommand("find", "find TEXT", "incidents with these words, open or not", record.search, ("search",)),
    Subcommand("help", "help", "this", show_help, ("?",)),
)

LATER = {
    "investigate": "Investigating from Slack is not there yet. The card links the alert and the dashboard where they are known.",
    "metrics": "Metrics in Slack are not there yet. /incident list and /incident find show the incidents themselves.",
    "merge": "Merging incidents is not there yet. Cancel the duplicate with: /incident cancel duplicate of #12",
}
"""Named in the product and still to come: said honestly, and absent from help."""

_BY_NAME = {name: each for each in SUBCOMMANDS for name in (each.name, *each.also)}


def listener(world: World) -> Callable[..., Awaitable[None]]:
    """What Bolt calls."""

    async def on_command(ack: AsyncAck, body: Body, client: AsyncWebClient) -> None:
        await ack()
        asker = asker_of(body)
        assert asker is not None, "Slack says who typed every command"
        name, text = split(body.get("text") or "")
        ask = Ask(once(world, asker.key), client, asker, text)
        await answered(world, asker, heard(name, ask, typed(body)), typed(body))

    return on_command


async def heard(name: str, ask: Ask, said: str) -> Card | None:
    """As `run`, with a row in the audit trail."""
    known = _BY_NAME.get(name or "help")
    async with audited(ask.world, ask.asker, f"command {known.name if known else 'unknown'}", said):
        return await run(name, ask)


async def run(name: str, ask: Ask) -> Card | None:
    """The answer to `/incident NAME …`. Raises Refused, for an unknown name with the one that was probably meant."""
    known = _BY_NAME.get(name or "help")
    if known is not None:
        return await known.run(ask)
    if name in LATER:
        raise Refused(LATER[name])
    near = did_you_mean(name, list(_BY_NAME))
    if near is not None:
        raise Refused(f"There is no subcommand “{name}”. Did you mean {COMMAND} {_BY_NAME[near].name}?")
    raise Refused(
        f"There is no subcommand “{name}”. {COMMAND} help shows all. To open a room: {COMMAND} declare {name} …"
    )
