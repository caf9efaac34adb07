"""Real use cases over the record in memory; Slack is a list of the forms that were opened."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from blocks.form_fields import FormMistakes
from blocks.kit import Block, Card
from handlers import commands
from handlers.actions import ActionContext
from handlers.command_context import CommandContext
from handlers.gestures import Actor, Gesture
from handlers.parse_command import split
from handlers.register import BUTTONS, FORMS
from handlers.submissions import NextForm, submitted
from tests.clock import NIGHT, ManualClock
from tests.people import ADA, GRACE, StoredPeople
from tests.stores import fresh_store
from warroom.incident.model import Incident
from warroom.outbox.changes import Changeset
from warroom.outbox.effects import Effect, PrivateReply
from warroom.outbox.results import ChannelCreated
from warroom.outbox.usecases import on_success
from warroom.people.model import Group, Person
from warroom.policy import check
from warroom.ports import Message, World

ALEX_1 = Person(id="UALEX1", name="alex.k", real_name="Alex Kay", display_name="Alex", email="alex.k@example.com")
ALEX_2 = Person(id="UALEX2", name="alex.m", real_name="Alex May", display_name="Alex", email="alex.m@example.com")
ONCALL = Group(id="SONCALL", handle="sre-oncall", members=("UGRACE",))
COMPANY = {
    "workspace": {"announce": "#incidents", "default_team": "platform"},
    "teams": {
        "platform": {
            "services": ["api", "checkout"],
            "escalation": [
                {"after": "0m", "notify": ["@sre-oncall"]},
                {"after": "15m", "notify": ["ada@example.com"]},
            ],
        }
    },
}


class OneMessage:
    """Rooms in which there is one message, wherever one looks."""

    async def message(self, channel_id: str, ts: str) -> Message | None:
        return Message(ts=ts, user="UADA", text="rolled back to 1.4.1", permalink=await self.permalink(channel_id, ts))

    async def permalink(self, channel_id: str, ts: str) -> str | None:
        return f"https://example.slack.com/archives/{channel_id}/p{ts.replace('.', '')}"


class OpenedForms:
    """The one thing that handlers ask of Slack themselves."""

    def __init__(self) -> None:
        self.views: list[Block] = []
        self.updated: list[Block] = []

    async def views_open(self, *, trigger_id: str, view: Block) -> None:
        assert trigger_id
        self.views.append(view)

    async def views_update(self, *, view_id: str, view: Block, **_hash: object) -> None:
        assert view_id
        self.updated.append(view)


@dataclass
class HandlerHarness:
    """What people do, and what they see of it."""

    world: World
    clock: ManualClock
    forms: OpenedForms = field(default_factory=OpenedForms)
    count: itertools.count[int] = field(default_factory=itertools.count)

    @property
    def client(self) -> AsyncWebClient:
        return cast(AsyncWebClient, self.forms)

    def actor(self, user: str = "UADA", channel: str | None = "CGENERAL") -> Actor:
        """A new gesture."""
        key = f"gesture-{next(self.count)}"
        return Actor(user=user, key=key, channel=channel, trigger_id=key)

    async def type(self, text: str, user: str = "UADA", channel: str = "CGENERAL", actor: Actor | None = None) -> Card:
        """`/incident text`. Raises Refused."""
        actor = actor or self.actor(user, channel)
        name, rest = split(text)
        card = await commands.run(name, CommandContext(self.world.for_gesture(actor.key), self.client, actor, rest))
        return card or Card("", [])

    async def press(
        self, action_id: str, incident: Incident, seen: str = "", user: str = "UADA", actor: Actor | None = None
    ) -> Card | None:
        """A button, in the incident's channel unless the actor is elsewhere. Raises Refused."""
        actor = actor or self.actor(user, incident.room.channel_id)
        world = self.world.for_gesture(actor.key)
        return await BUTTONS[action_id](ActionContext(world, self.client, actor, incident.id, seen))

    async def submit(
        self, view: Block, filled: Mapping[str, object], user: str = "UADA", actor: Actor | None = None
    ) -> dict[str, str]:
        """A form by the labels of its fields. Returns what is wrong by label, {} when it closed or another one follows, which
        is the last of `forms.updated` then.
        """
        sent, labels = fill(view, filled)
        wrong = await submitted(
            self.world, actor or self.actor(user, None), sent, FORMS[view["callback_id"]], Gesture()
        )
        if isinstance(wrong, NextForm):
            self.forms.updated.append(wrong.view)
        return {labels[name]: why for name, why in wrong.fields.items()} if isinstance(wrong, FormMistakes) else {}

    async def room(self, text: str = "declare checkout returns 500s --sev 1") -> Incident:
        """An incident with its room, C1 for the first."""
        await self.type(text)
        incident = await self.incident(await self.world.store.last_number())
        opened = ChannelCreated(channel_id=f"C{incident.number}", name=f"inc-{incident.number}")
        claims = await self.world.store.claim(now=self.clock.now(), limit=100, lease=timedelta(minutes=1))
        claim = next(each for each in claims if each.effect and each.effect.kind == "open_room")
        await on_success(self.world, claim, opened)
        return await self.incident(incident.number)

    async def incident(self, number: int = 1) -> Incident:
        """As stored."""
        found = await self.world.store.incident_numbered(number)
        assert found is not None
        return found

    async def outbox(self) -> list[Effect]:
        """What is waiting to be done; taking a look claims it."""
        claims = await self.world.store.claim(now=self.clock.now(), limit=500, lease=timedelta(minutes=1))
        return [claim.effect for claim in claims if claim.effect]

    async def private_replies(self) -> list[str]:
        """What single people were told since the last look."""
        return [effect.text for effect in await self.outbox() if isinstance(effect, PrivateReply)]


def fill(view: Block, filled: Mapping[str, object]) -> tuple[Block, dict[str, str]]:
    """The view as Slack sends it when it is submitted, and the labels by block id. Unmentioned fields keep their initial."""
    fields = {block["label"]["text"]: block for block in view["blocks"] if block["type"] == "input"}
    assert set(filled) <= set(fields), f"the form has {sorted(fields)}"
    values: dict[str, Any] = {}
    for label, block in fields.items():
        element = block["element"]
        values[block["block_id"]] = {element["action_id"]: _state(element, filled.get(label))}
    sent = {key: view[key] for key in ("callback_id", "private_metadata")} | {"id": "V1", "state": {"values": values}}
    return sent, {block["block_id"]: label for label, block in fields.items()}


def _state(element: Block, given: Any) -> dict[str, Any]:
    match element["type"]:
        case "plain_text_input":
            return {"value": element.get("initial_value") if given is None else given}
        case "static_select":
            chosen = next((o for o in element["options"] if o["value"] == given), element.get("initial_option"))
            return {"selected_option": chosen}
        case "multi_static_select":
            options = [option for group in element["option_groups"] for option in group["options"]]
            chosen = [option for option in options if option["value"] in (given or [])]
            return {"selected_options": chosen or element.get("initial_options") or []}
        case "users_select":
            return {"selected_user": given or element.get("initial_user")}
        case "multi_users_select":
            return {"selected_users": given or element.get("initial_users") or []}
        case "checkboxes":
            return {"selected_options": element["options"] if given else element.get("initial_options") or []}
        case other:
            raise AssertionError(other)


@pytest.fixture
async def desk() -> AsyncIterator[HandlerHarness]:
    """A company at night."""
    async with desk_with(COMPANY) as harness:
        yield harness


@asynccontextmanager
async def desk_with(company: Mapping[str, object]) -> AsyncIterator[HandlerHarness]:
    """A company of that policy at night."""
    async with fresh_store() as store:
        checked = check(company)
        assert checked.policy is not None, checked.mistakes
        people = (ADA, GRACE, ALEX_1, ALEX_2)
        await store.commit(Changeset(now=NIGHT, people=people, groups=(ONCALL,), directory_complete=True))
        clock = ManualClock()
        world = World(
            store=store,
            directory=StoredPeople(store),
            policy=checked.policy,
            clock=clock,
            rooms=OneMessage(),
            nudge=lambda: None,
        )
        yield HandlerHarness(world, clock)
