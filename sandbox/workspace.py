"""The state of the workspace, and how its things are found. Holds no sockets and answers no requests."""

from __future__ import annotations

import itertools
import random
import string
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from sandbox.clock import SandboxClock
from sandbox.installation import Installation
from sandbox.model import Canvas, Channel, File, Json, Message, Person, Scheduled, UserGroup, View
from sandbox.people import Room
from sandbox.pulse import Pulse
from sandbox.triggers import Triggers


class Workspace:
    """Everything that Slack would remember, in memory. `emit_to` receives each event that the app is to hear."""

    def __init__(self, clock: SandboxClock, app: Installation, seed: int = 0) -> None:
        self.clock, self.app, self.pulse = clock, app, Pulse()
        self.random = random.Random(seed)  # noqa: S311  # the same workspace for the same seed
        self.team_id, self.domain, self.name = "T0SANDBOX", "sandbox", "Sandbox"
        self.url = "https://sandbox.slack.com/"
        self.plan_is_free = False
        self.page_size: int | None = None
        self.people: dict[str, Person] = {}
        self.groups: dict[str, UserGroup] = {}
        self.channels: dict[str, Channel] = {}
        self.files: dict[str, File] = {}
        self.ephemerals: list[Message] = []
        self.views: dict[str, View] = {}
        self.stacks: dict[str, list[View]] = defaultdict(list)
        self.homes: dict[str, View] = {}
        self.canvases: dict[str, Canvas] = {}
        self.scheduled: dict[str, Scheduled] = {}
        self.tickets: dict[str, float] = {}
        self.triggers = Triggers(clock, self.random)
        self.base = ""
        self.emit_to: Callable[[Json], None] = lambda payload: None
        self._numbers: defaultdict[str, itertools.count[int]] = defaultdict(lambda: itertools.count(1))
        self._last_ts = 0

    def furnish(self, people: Iterable[Person], groups: Iterable[UserGroup], rooms: Iterable[Room]) -> None:
        """Move in: people first, then the app's bot user, groups and channels."""
        for person in people:
            self.settle(person)
        bot = Person(
            "", self.app.name, self.app.name.title(), is_bot=True, bot_id=self.app.bot_id, app_id=self.app.app_id
        )
        self.app.bot_user = self.settle(bot).id
        handles = {person.name: person.id for person in self.people.values()}
        for group in groups:
            group.id = group.id or self.new_id("S")
            group.users = [handles.get(user, user) for user in group.users]
            self.groups[group.id] = group
        creator = next(iter(self.people))
        for room in rooms:
            everybody = [p.name for p in self.people.values() if not (p.is_bot or p.deleted or p.is_restricted)]
            names = everybody if room.members is None else [name for name in room.members if name in handles]
            channel = Channel(self.new_id("C"), room.name, creator, int(self.clock.seconds()))
            channel.is_private, channel.is_general = room.is_private, room.name == "general"
            channel.members = [handles[name] for name in names if handles[name] != "USLACKBOT"]
            self.channels[channel.id] = channel

    def settle(self, person: Person) -> Person:
        """Take a person in, with an id if there is none."""
        person.id = person.id or self.new_id("U")
        if person.is_bot and not person.bot_id:
            person.bot_id = self.new_id("B")
        person.updated = person.updated or int(self.clock.seconds())
        self.people[person.id] = person
        return person

    def new_id(self, letter: str) -> str:
        """An id of Slack's form, unused so far."""
        return f"{letter}0{next(self._numbers[letter]):07d}SBX"

    def new_ts(self) -> str:
        """A message timestamp: the clock's time, unique and increasing over the workspace."""
        self._last_ts = max(int(self.clock.seconds() * 1_000_000), self._last_ts + 1)
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def new_secret(self, length: int) -> str:
        """A string that cannot be guessed from the outside of a test."""
        return "".join(self.random.choices(string.ascii_letters + string.digits, k=length))

    def new_hash(self) -> str:
        """The hash of a view that just changed."""
        return f"{self.today}.{self.new_secret(8)}"

    @property
    def today(self) -> int:
        """Seconds since 1970, whole."""
        return int(self.clock.seconds())

    @property
    def bot(self) -> Person:
        """The app's bot user."""
        return self.people[self.app.bot_user]

    def find_person(self, key: Person | str) -> Person:
        """By object, id or handle. LookupError names what exists."""
        if isinstance(key, Person):
            return key
        if key in self.people:
            return self.people[key]
        for person in self.people.values():
            if person.name == key:
                return person
        raise LookupError(f"nobody here is called {key!r}; there are {_some(p.name for p in self.people.values())}")

    def find_channel(self, key: Channel | str) -> Channel:
        """By object, id or name, with or without #. LookupError names what exists."""
        if isinstance(key, Channel):
            return key
        if key in self.channels:
            return self.channels[key]
        channel = self.channel_named(key.removeprefix("#"))
        if channel is None:
            raise LookupError(
                f"no channel {key!r}; there are {_some(c.name for c in self.channels.values() if c.name)}"
            )
        return channel

    def channel_named(self, name: str) -> Channel | None:
        """The channel of that name, archived and private ones too, as they all share one name space."""
        return next((c for c in self.channels.values() if c.kind == "channel" and c.name == name), None)

    def find_message(self, channel: Channel, ts: str) -> Message | None:
        """By its timestamp, unless deleted."""
        return next((m for m in reversed(channel.log) if m.ts == ts and not m.deleted), None)

    def direct_channel(self, members: Sequence[str]) -> Channel | None:
        """The DM or group DM of exactly these people."""
        return next(
            (c for c in self.channels.values() if c.kind != "channel" and set(c.members) == set(members)),
            None,
        )


def _some(names: Iterable[str]) -> str:
    listed = list(itertools.islice(names, 41))
    return ", ".join(listed[:40]) + (" …" if len(listed) > 40 else "")
