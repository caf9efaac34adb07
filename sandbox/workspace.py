"""The state of the workspace and how to find things in it. Knows nothing of sockets and requests."""

from __future__ import annotations

import itertools
import random
import string
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from sandbox.change_signal import ChangeSignal
from sandbox.clock import SandboxClock
from sandbox.installation import Installation
from sandbox.model import Canvas, Channel, File, Json, SlackMessage, SlackUser, UserGroup, View
from sandbox.sample_company import InitialChannel
from sandbox.triggers import Triggers


class WorkspaceState:
    """Everything that Slack remembers, in memory. `deliver_event` is called with each event for the app."""

    def __init__(self, clock: SandboxClock, app: Installation, seed: int = 0) -> None:
        self.clock, self.app, self.changed = clock, app, ChangeSignal()
        self.random = random.Random(seed)  # noqa: S311  # the same workspace for the same seed
        self.team_id, self.domain, self.name = "T0SANDBOX", "sandbox", "Sandbox"
        self.url = "https://sandbox.slack.com/"
        self.plan_is_free = False
        self.groups_for_admins = False
        self.page_size: int | None = None
        self.people: dict[str, SlackUser] = {}
        self.groups: dict[str, UserGroup] = {}
        self.channels: dict[str, Channel] = {}
        self.files: dict[str, File] = {}
        self.ephemerals: list[SlackMessage] = []
        self.views: dict[str, View] = {}
        self.modal_stacks: dict[str, list[View]] = defaultdict(list)
        self.home_views: dict[str, View] = {}
        self.canvases: dict[str, Canvas] = {}
        self.tickets: dict[str, float] = {}
        self.triggers = Triggers(clock, self.random)
        self.base_url = ""
        self.deliver_event: Callable[[Json], None] = lambda payload: None
        self._numbers: defaultdict[str, itertools.count[int]] = defaultdict(lambda: itertools.count(1))
        self._last_ts = 0

    def populate(
        self, people: Iterable[SlackUser], groups: Iterable[UserGroup], channels: Iterable[InitialChannel]
    ) -> None:
        """Fill the new workspace: people first, then the app's bot user, user groups and channels."""
        for person in people:
            self.add_person(person)
        bot = SlackUser(
            "", self.app.name, self.app.name.title(), is_bot=True, bot_id=self.app.bot_id, app_id=self.app.app_id
        )
        self.app.bot_user = self.add_person(bot).id
        handles = {person.name: person.id for person in self.people.values()}
        for group in groups:
            group.id = group.id or self.new_id("S")
            group.users = [handles.get(user, user) for user in group.users]
            self.groups[group.id] = group
        creator = next(iter(self.people))
        for initial in channels:
            everybody = [p.name for p in self.people.values() if not (p.is_bot or p.deleted or p.is_restricted)]
            names = everybody if initial.members is None else [name for name in initial.members if name in handles]
            channel = Channel(self.new_id("C"), initial.name, creator, int(self.clock.seconds()))
            channel.is_private, channel.is_general = initial.is_private, initial.name == "general"
            channel.members = [handles[name] for name in names if handles[name] != "USLACKBOT"]
            self.channels[channel.id] = channel

    def add_person(self, person: SlackUser) -> SlackUser:
        """Add a person, or replace the one with the same id; gives an id to a new one."""
        person.id = person.id or self.new_id("U")
        if person.is_bot and not person.bot_id:
            person.bot_id = self.new_id("B")
        person.updated = person.updated or int(self.clock.seconds())
        self.people[person.id] = person
        return person

    def new_id(self, letter: str) -> str:
        """A new id that looks like Slack's, beginning with `letter`."""
        return f"{letter}0{next(self._numbers[letter]):07d}SBX"

    def new_ts(self) -> str:
        """A new message timestamp: the clock's time, unique and increasing in the workspace."""
        self._last_ts = max(int(self.clock.seconds() * 1_000_000), self._last_ts + 1)
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def new_secret(self, length: int) -> str:
        """A random string, the same in every run with the same seed."""
        return "".join(self.random.choices(string.ascii_letters + string.digits, k=length))

    def new_hash(self) -> str:
        """A new hash for a view that has changed."""
        return f"{self.now_seconds}.{self.new_secret(8)}"

    @property
    def now_seconds(self) -> int:
        """The clock's time in whole seconds since 1970."""
        return int(self.clock.seconds())

    @property
    def bot(self) -> SlackUser:
        """The app's bot user."""
        return self.people[self.app.bot_user]

    def find_person(self, key: SlackUser | str) -> SlackUser:
        """The person with that id or handle. LookupError names those that exist."""
        if isinstance(key, SlackUser):
            return key
        if key in self.people:
            return self.people[key]
        for person in self.people.values():
            if person.name == key:
                return person
        raise LookupError(f"no person is called {key!r}; there are {_some(p.name for p in self.people.values())}")

    def find_channel(self, key: Channel | str) -> Channel:
        """The channel with that id or name, with or without #. LookupError names those that exist."""
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
        """The channel of that name, archived and private ones included, because all share one name space; None without one."""
        return next((c for c in self.channels.values() if c.kind == "channel" and c.name == name), None)

    def find_message(self, channel: Channel, ts: str) -> SlackMessage | None:
        """The message with that timestamp; None when there is none or it is deleted."""
        return next((m for m in reversed(channel.log) if m.ts == ts and not m.deleted), None)

    def direct_channel(self, members: Sequence[str]) -> Channel | None:
        """The direct conversation of exactly these user ids; None when there is none."""
        return next(
            (c for c in self.channels.values() if c.kind != "channel" and set(c.members) == set(members)),
            None,
        )


def _some(names: Iterable[str]) -> str:
    listed = list(itertools.islice(names, 41))
    return ", ".join(listed[:40]) + (" …" if len(listed) > 40 else "")
