"""Incidents and people that are drawn, and texts that are hard to draw."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from warroom.changes.model import Change
from warroom.incident.model import Incident, Origin, State
from warroom.incident.parts import (
    Deadlines,
    EscalationLevel,
    EscalationState,
    Participants,
    Room,
)
from warroom.people.model import Ambiguity, Match, MatchKind, Person, Unknown, Why

NIGHT = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
NOW = NIGHT + timedelta(minutes=40)
CROWD = tuple(f"U{number:08}" for number in range(1500))
CHANGE = Change(id="c1", at=NIGHT, service="checkout", url="https://ci.example.com/7")
EVIL = (
    "<!channel> <!here|x> <@UEVIL> <@UEVIL|ada> <!subteam^SEVIL> <#CEVIL> @channel @here @everyone "
    "<<@UEVIL>> <<!channel>> <<#CEVIL>> <! channel> <!date^1^{date}|x <!channel>> <subteam^SEVIL> "
    "<https://evil.example|https://bank.example> *b* _i_ ~s~ `c` ```pre``` > quote & &lt;!channel&gt;"
)
EXTREMES = {
    "nothing": "",
    "blanks": " \n\t\n ",
    "very long": "t" * 100_000,
    "very long, in words": "word " * 5_000,
    "very many lines": "line\n" * 5_000,
    "mentions": EVIL,
    "very many mentions": EVIL * 100,
    "ampersands": "&" * 10_000,
    "angles": "<>" * 5_000,
    "open angle": "<" + "@" * 5_000,
    "emoji": "👩‍👩‍👧‍👦🚨" * 1_000,
    "right to left": "\u202eלא עובד מערכת התשלומים\u202c \u2066x" * 500,
    "control characters": "a\x00\x07\u2028b\ud800c" * 500,
    "links": "https://a.example/" + "x" * 5_000 + " " + "https://a.example/?a=1&b=<2> " * 500,
    "backticks": "`" * 10_000,
}


def quiet(**changes: object) -> Incident:
    """An incident that was just declared."""
    first = Incident(
        id="i1",
        number=12,
        version=3,
        origin=Origin.COMMAND,
        origin_key="command:1",
        title="checkout returns 500s",
        severity="SEV-1",
        team="platform",
        services=("checkout",),
        declared_by="UDEC",
        declared_at=NIGHT,
        touched_at=NIGHT,
        escalation=EscalationState(
            team="platform",
            reached=1,
            paged=("UADA",),
            levels=(
                EscalationLevel(after=timedelta(0), notify=("@sre",)),
                EscalationLevel(after=timedelta(minutes=15), notify=("Grace",)),
            ),
        ),
        participants=Participants(invitees=("UDEC", "UADA"), invited=("UDEC", "UADA")),
        room=Room(channel_id="C1", card_ts="100.1", channel_name="inc-12-checkout-returns-500s"),
        deadlines=Deadlines(
            page=NIGHT + timedelta(minutes=45), ack=NIGHT + timedelta(minutes=50), update=NIGHT + timedelta(minutes=55)
        ),
    )
    return first.copy_with(**changes)


def in_state(state: State, **changes: object) -> Incident:
    """The incident some steps into its life."""
    running = quiet().deadlines
    steps: dict[str, object] = {
        "state": state,
        "commander": "UADA",
        "deadlines": Deadlines(update=running.update if state.open else None),
    }
    if state is State.DETECTED:
        return quiet(**changes)
    if state is not State.CANCELLED:
        steps |= {"acknowledged_at": NIGHT + timedelta(minutes=4), "acknowledged_by": "UADA"}
    if state in (State.RESOLVED, State.CLOSED):
        over = NIGHT + timedelta(minutes=35)
        steps |= {"resolved_at": over, "resolved_by": "UADA", "summary": "rolled back"}
    if state is State.CANCELLED:
        steps |= {"cancelled_at": NIGHT + timedelta(minutes=9), "summary": "a test"}
    return quiet(**(steps | changes))


def names(text: str) -> tuple[list[Match], list[Ambiguity], list[Unknown]]:
    """People found, people who could be meant, and names that led nowhere."""
    people = tuple(
        Person(id=f"U{i}", name=text, real_name=text, display_name=text, email=f"{text}@{text}") for i in range(20)
    )
    found = [
        Match(person=person, said=text, matched_by=matched_by, via=(text,))
        for person, matched_by in zip(people, MatchKind, strict=False)
    ]
    unclear = [Ambiguity(said=text, candidates=people, via=(text,))] * 20 + [Ambiguity(said=text, candidates=())]
    return found, unclear, [Unknown(said=text, why=why, via=(text,)) for why in Why]
