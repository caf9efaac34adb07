"""`python -m tests.texts [FILE]`: every text that a person can read, in one file, so that one person can review them all.

Drawn from the same incidents as the tests of `blocks`, with TEXT where somebody's words stand. What integrations say in words of
their own is not among them.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer.main

from blocks.labels import NOBODY
from blocks.refusals import CHAT, TERMINAL, refusal_words
from blocks.timeline import words
from bot.cli.app import cli
from handlers.commands import help_of
from tests.blocks.every_kind import all_events
from tests.blocks.incidents import in_state
from tests.blocks.pictures import cards, crowded, forms_of, homes
from tests.blocks.reading import objects
from tests.blocks.test_refusals import FROM_THE_COMMAND_LINE, REASONS
from warroom.incident.model import State
from warroom.incident.view import incident_view
from warroom.policy import Policy, check

TEXT = "TEXT"
POLICY = {
    "teams": {"platform": {"services": ["api"], "escalation": [{"after": "0m", "notify": ["ada@example.com"]}]}},
    "templates": {
        "security": {"severities": ["SEV-1"], "fields": [{"name": "Data exposed", "type": "yes_no"}]},
    },
}


def everything() -> str:
    """All of it, by section, each text of a section once."""
    policy = check(POLICY).policy
    assert policy is not None
    return "\n".join(line for section in (_pictures(policy), _words(), _terminal()) for line in section) + "\n"


def _pictures(policy: Policy) -> Iterator[str]:
    views = [(str(state), crowded(TEXT, state, policy)) for state in State]
    views += [(f"{state}, little known", incident_view(in_state(state), policy)) for state in State]
    yield from _head("Cards, messages and answers")
    seen: set[str] = set()
    for state, view in views:
        for name, card in cards(view, TEXT).items():
            yield from _picture(f"{name} ({state})", card.blocks, seen)
    yield from _picture("help", help_of().blocks, seen)
    yield from _head("App Home")
    seen = set()
    for state, view in views:
        for name, home in homes(view).items():
            yield from _picture(f"{name} ({state})", home, seen)
    yield from _head("Forms")
    seen = set()
    for state, view in views[: len(State)]:
        for name, form in forms_of(view, TEXT, policy).items():
            yield from _picture(f"{name} ({state})", form, seen)


def _picture(name: str, drawn: Any, seen: set[str]) -> Iterator[str]:
    """The texts of a message or form that were not there before, below its name."""
    new = []
    for part in objects(drawn):
        said = part.get("text")
        if isinstance(said, str) and (key := _DIGITS.sub("0", _short(said))) not in seen:
            seen.add(key)
            new.append(_short(said))
    if new:
        yield f"\n[{name}]"
        yield from new


_DIGITS = re.compile(r"\d+")
_MANY = re.compile(r"(<@U\w+>|TEXT)((?:, | )(?:<@U\w+>|TEXT))+")


def _short(said: str) -> str:
    """The text with a crowd, or one text many times, in one word."""
    return _MANY.sub(r"\1 …", said)


def _words() -> Iterator[str]:
    yield from _head("Timeline")
    yield from dict.fromkeys(_short(": ".join(filter(None, words(event)))) for event in all_events(TEXT))
    yield from _head("Refusals")
    yield from dict.fromkeys(refusal_words(reason, CHAT) for reason in REASONS)
    yield from _head("Names that lead to nobody")
    yield from dict.fromkeys(NOBODY.values())


def _terminal() -> Iterator[str]:
    yield from _head("Refusals of the command line")
    known = [reason for reason in REASONS if isinstance(reason, FROM_THE_COMMAND_LINE)]
    yield from dict.fromkeys(refusal_words(reason, TERMINAL) for reason in known)
    yield from _head("The command line")
    yield from _commands(typer.main.get_command(cli), "python -m bot")


def _commands(command: Any, name: str) -> Iterator[str]:
    """What `--help` says of a command and of those below it."""
    yield f"\n[{name}]"
    if command.help:
        yield command.help
    context = command.make_context(name, [], resilient_parsing=True)
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record:
            yield f"  {record[0]}  {record[1]}"
    for each in command.commands.values() if hasattr(command, "commands") else ():
        yield from _commands(each, f"{name} {each.name}")


def _head(section: str) -> Iterator[str]:
    yield f"\n{'=' * 20} {section} {'=' * 20}"


if __name__ == "__main__":
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(everything())
    else:
        sys.stdout.write(everything())
