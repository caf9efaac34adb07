"""What somebody typed or pressed that cannot be used as it stands, as values with their words."""

from __future__ import annotations

from typing import assert_never

from warroom.errors import Reason
from warroom.text import cut


class UnknownSubcommand(Reason):
    """There is no such subcommand; `near` is the one that was probably meant."""

    name: str
    near: str | None = None
    rest: str = ""
    """What was typed after it."""


class SeverityMissing(Reason):
    """The severity to change to was not said."""

    incident: str
    number: int
    known: tuple[str, ...]


class NoTeams(Reason):
    """The policy file describes no teams."""


class PrivateTakesNoValue(Reason):
    """--private=something."""


class OptionNeedsValue(Reason):
    """An option that stands at the end, or before another one."""

    option: str


class OptionTwice(Reason):
    """An option with several values that takes one."""

    option: str
    values: tuple[str, ...]


class UnknownOption(Reason):
    """There is no such option; `near` is the one that was probably meant."""

    name: str
    near: str | None = None


class RoleUnclear(Reason):
    """Not one role and one person."""


class SeveralCandidates(Reason):
    """A name that could be several people; `names` are theirs."""

    said: str
    names: tuple[str, ...]


class SeveralPeople(Reason):
    """A team or a group where one person is wanted."""

    said: str
    count: int


class PersonNotFound(Reason):
    """A name that led to nobody."""

    said: str


class FollowWhat(Reason):
    """Neither an incident nor a team nor a severity to follow."""

    said: str = ""


class SpanUnclear(Reason):
    """Words after `metrics` that are neither a span nor a team; `known` are the teams."""

    said: str
    known: tuple[str, ...]


class SearchEmpty(Reason):
    """Nothing to look for."""


class TimelineUnclear(Reason):
    """Words after `timeline` that are not `add`."""


class MergeUnclear(Reason):
    """Which incident is merged into which was not said."""


class PostmortemUnclear(Reason):
    """Words after `postmortem` that are none of its own."""


class ActionUnclear(Reason):
    """Words after `action` that are not `add`."""


class DateUnclear(Reason):
    """A due date that is none."""

    said: str


class ActionNumberMissing(Reason):
    """Which action item is meant was not said."""

    verb: str


class EntryNumberMissing(Reason):
    """Which entry of the timeline is meant was not said."""

    verb: str


class TimeUnclear(Reason):
    """A time that is none, or not one that fits."""

    said: str


class ListUnclear(Reason):
    """A word after `list` that narrows nothing."""

    said: str
    teams: tuple[str, ...]


class EditUnclear(Reason):
    """What is to be edited was not understood."""

    said: str
    known: tuple[str, ...]


class EditValueMissing(Reason):
    """What is to be edited was named, its new text was not."""

    what: str


class ReasonTooLong(Reason):
    """A reason that does not fit into a button."""

    length: int
    limit: int


class NoOpenIncident(Reason):
    """There is no incident to which a message could be added."""


class DateInPast(Reason):
    """A due date that is over."""

    said: str


OptionUsage = (
    UnknownSubcommand
    | SeverityMissing
    | NoTeams
    | PrivateTakesNoValue
    | OptionNeedsValue
    | OptionTwice
    | UnknownOption
    | MergeUnclear
    | EditUnclear
    | EditValueMissing
    | ReasonTooLong
    | NoOpenIncident
)
"""Of a subcommand and its options, and of what is changed."""
PersonUsage = RoleUnclear | SeveralCandidates | SeveralPeople | PersonNotFound
"""Of whoever is meant."""
RecordUsage = (
    TimelineUnclear
    | EntryNumberMissing
    | TimeUnclear
    | ActionUnclear
    | ActionNumberMissing
    | DateUnclear
    | DateInPast
    | PostmortemUnclear
)
"""Of the timeline, action items and the post-mortem."""
QuestionUsage = FollowWhat | SpanUnclear | SearchEmpty | ListUnclear
"""Of what is looked for, listed and followed."""
Usage = OptionUsage | PersonUsage | RecordUsage | QuestionUsage

_NEW_VALUES = {"title": "checkout returns 500s", "severity": "2"}
"""Examples for what cannot be emptied."""
_EXAMPLES = {"sev": "2", "service": "checkout", "team": "platform"}


def usage_words(reason: Usage) -> str:
    """Why it cannot be used and what to type instead."""
    if isinstance(reason, OptionUsage):
        return _option(reason)
    if isinstance(reason, PersonUsage):
        return _person(reason)
    if isinstance(reason, RecordUsage):
        return _record(reason)
    if isinstance(reason, QuestionUsage):
        return _question(reason)
    assert_never(reason)


def _option(reason: OptionUsage) -> str:
    match reason:
        case UnknownSubcommand(name=name, near=None, rest=rest):
            said = cut(f"{name} {rest}".strip(), 300)
            return f"There is no subcommand “{name}”. To declare an incident: /incident declare {said}. /incident help shows all."
        case UnknownSubcommand(name=name, near=near, rest=rest):
            return f"There is no subcommand “{name}”. Did you mean /incident {cut(f'{near} {rest}'.strip(), 300)}?"
        case SeverityMissing(incident=incident, number=number, known=known):
            levels = ", ".join(known)
            return f"Say the new severity of {incident}: {levels}. For example: severity #{number} 2"
        case NoTeams():
            return "There are no teams yet: they and their escalation policies are described in the policy file."
        case PrivateTakesNoValue():
            return "--private takes no value: leave it out for an incident that everybody may see."
        case OptionNeedsValue(option=option):
            return f"--{option} needs a value, for example --{option} {_EXAMPLES[option]}."
        case OptionTwice(option=option, values=values):
            return f"--{option} is there more than once ({', '.join(values)}). Keep one."
        case UnknownOption(name=name, near=near):
            hint = f" Did you mean --{near}?" if near else ""
            return f"There is no option --{name}.{hint} Known are --sev, --team, --service and --private."
        case MergeUnclear():
            return (
                "Say which incident goes on. In the channel of the other one: merge 12. Elsewhere: merge 13 12 merges 13 into 12. "
                "Back again: merge 13 undo"
            )
        case EditUnclear(said=said, known=known):
            head = f"“{said}” cannot be edited." if said else "Say what to edit."
            return f"{head} Use one of: {', '.join(known)}. For example: edit title checkout returns 500s"
        case EditValueMissing(what=what):
            example = _NEW_VALUES.get(what, "…; “none” empties it")
            return f"Say the new {what}. For example: edit {what} {example}."
        case ReasonTooLong(length=length, limit=limit):
            return f"A reason may have {limit:,} characters; this has {length:,}. Shorten it."
        case NoOpenIncident():
            return "There is no open incident that you can see. Declare one: /incident declare"
    assert_never(reason)


def _person(reason: PersonUsage) -> str:
    match reason:
        case RoleUnclear():
            return "Name one role and one person, for example: role commander @ada"
        case SeveralCandidates(said=said, names=names):
            return (
                f"“{said}” could be several people ({', '.join(names)}). Mention the one you mean, or write the email."
            )
        case SeveralPeople(said=said, count=count):
            return f"“{said}” is {count} people. Name one of them."
        case PersonNotFound(said=said):
            return f"Nobody was found for “{said}”. Mention the person with @, or write the email."
    assert_never(reason)


def _record(reason: RecordUsage) -> str:
    match reason:
        case TimelineUnclear():
            return (
                "Use: timeline, timeline add [17:20] TEXT, timeline edit N [17:20] TEXT, timeline remove N. "
                "For example: timeline add yesterday 23:10 deployed 1.4.2"
            )
        case PostmortemUnclear():
            return "Use: postmortem, postmortem check, postmortem history. What is written is edited in its form: press Edit post-mortem."
        case ActionUnclear():
            return (
                "Use: action add TEXT [@owner] [due DATE] [priority high], action list, action done N, action reopen N, "
                "action edit N TEXT, action assign N @who, action due N DATE, action priority N high, action delete N. "
                "For example: action add raise the memory limit @ada due friday priority high"
            )
        case DateUnclear(said=said):
            return (
                f"“{said}” is not a date. Write for example due friday, due 3d or due 2026-12-01, or leave “due” out. "
                "Nothing was added."
            )
        case ActionNumberMissing(verb=verb):
            return (
                f"Say which action item, by its number. For example: action {verb} 1. /incident action list shows them."
            )
        case EntryNumberMissing(verb=verb):
            return f"Say which entry, by its number. For example: timeline {verb} 3. /incident timeline shows them."
        case TimeUnclear(said=said):
            return f"“{said}” is not a time that fits here. For example: 17:20, yesterday 23:10, 20 min ago."
        case DateInPast(said=said):
            return f"“{said}” is in the past. Write a date to come, for example: due friday, due 3d, due 2026-12-01."
    assert_never(reason)


def _question(reason: QuestionUsage) -> str:
    match reason:
        case FollowWhat(said=said):
            unknown = f"“{cut(said, 100)}” is no incident, team or severity. " if said else ""
            return f"{unknown}Name what to follow, for example: subscribe #12, subscribe platform, subscribe SEV-1"
        case SpanUnclear(said=said, known=known):
            teams = f" Teams are: {', '.join(known)}." if known else ""
            return f"“{said}” is neither a span such as 30d, 12w or 1y nor a team.{teams} For example: metrics 90d"
        case SearchEmpty():
            return "Say what to look for, for example: find checkout"
        case ListUnclear(said=said, teams=teams):
            named = f" A team is one of: {', '.join(teams)}." if teams else ""
            return f"“{said}” is nothing to list by. Use: open, closed, all, mine, SEV-1, TEAM, since 30d.{named}"
    assert_never(reason)
