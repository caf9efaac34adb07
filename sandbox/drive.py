"""The workspace in the hands of a test, a story or a page: act as any person, look at anything, break anything."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any

from sandbox import answers, forms, payloads, reading, shapes, speaking
from sandbox.answers import Answer, Submitted
from sandbox.clock import SandboxClock
from sandbox.events import tell
from sandbox.faults import Fault, Faults, Hook, When
from sandbox.installation import Installation
from sandbox.methods.chat import checked_blocks
from sandbox.methods.conversations import created_by_person
from sandbox.model import Channel, Json, Message, Person, UserGroup, View
from sandbox.page import Page
from sandbox.people import Room, sample_channels, sample_groups, sample_people
from sandbox.scenes import Scene
from sandbox.server import Call, Server
from sandbox.sockets import Sockets
from sandbox.workspace import Workspace

PersonLike = Person | str
ChannelLike = Channel | str

NOT_ACKNOWLEDGED = "operation_timeout"


class Form:
    """A modal as a person has it before them."""

    def __init__(self, view: View) -> None:
        self.view = view

    @property
    def title(self) -> str:
        """The headline."""
        return str(self.view.body["title"]["text"])

    def fill(self, label: str, value: Any) -> None:
        """Enter something. Options by text or value, people and channels by id. LookupError, ValueError."""
        answers.enter(self.view, label, value)

    def value(self, label: str) -> Any:
        """What the input of that label holds now."""
        block, element = forms.find_input(self.view, label)
        key = forms.INITIAL[element["type"]][0]
        return self.view.state[block["block_id"]][element["action_id"]][key]

    def labels(self) -> list[str]:
        """Its buttons and options."""
        return reading.labels(self.view.blocks)

    def plain(self) -> str:
        """Its visible text."""
        return reading.plain(self.view.blocks)


class Sandbox:
    """A running workspace. Made by `running`."""

    def __init__(self, workspace: Workspace, server: Server) -> None:
        self.workspace, self._server = workspace, server
        self.scenes: list[Scene] = []
        """Buttons of the page."""
        self.on_wind: Callable[[timedelta], Awaitable[None]] | None = None
        """Winds the clock in place of `wind`, so that whoever shares it can follow step by step."""

    @classmethod
    @contextlib.asynccontextmanager
    async def running(
        cls,
        *,
        people: Sequence[Person] | None = None,
        groups: Sequence[UserGroup] | None = None,
        channels: Sequence[Room] | None = None,
        clock: SandboxClock | None = None,
        app: Installation | None = None,
        limits: bool = False,
        port: int = 0,
    ) -> AsyncIterator[Sandbox]:
        """A workspace listening on loopback; gone at the end. Raises OSError when the port is taken."""
        workspace = Workspace(clock or SandboxClock(), app or Installation())
        workspace.furnish(
            sample_people() if people is None else people,
            sample_groups() if groups is None else groups,
            sample_channels() if channels is None else channels,
        )
        server = Server(workspace, limits=limits)
        slack = cls(workspace, server)
        await server.start(port, Page(slack).mount)
        late = asyncio.create_task(_post_scheduled(workspace), name="scheduled messages")
        try:
            yield slack
        finally:
            late.cancel()
            await asyncio.gather(late, return_exceptions=True)
            await server.stop()

    # What the app is given.

    @property
    def api_url(self) -> str:
        """The address of the Web API, for SLACK_API_URL."""
        return f"{self.workspace.base}/api/"

    @property
    def page_url(self) -> str:
        """The address for a browser."""
        return f"{self.workspace.base}/"

    @property
    def bot_token(self) -> str:
        """The app's bot token."""
        return self.workspace.app.bot_token

    @property
    def app_token(self) -> str:
        """The app-level token."""
        return self.workspace.app.app_token

    @property
    def bot_user_id(self) -> str:
        """The app's user."""
        return self.workspace.app.bot_user

    # Looking.

    @property
    def clock(self) -> SandboxClock:
        """The workspace's clock."""
        return self.workspace.clock

    @property
    def server(self) -> Server:
        """The HTTP side."""
        return self._server

    @property
    def sockets(self) -> Sockets:
        """The app's connections."""
        return self._server.sockets

    @property
    def faults(self) -> Faults:
        """Trouble ahead."""
        return self._server.faults

    @property
    def calls(self) -> list[Call]:
        """Every Web API call so far."""
        return self._server.calls

    def person(self, key: PersonLike) -> Person:
        """By id or handle. LookupError."""
        return self.workspace.find_person(key)

    def people(self) -> list[Person]:
        """Everybody."""
        return list(self.workspace.people.values())

    def usergroup(self, handle: str) -> UserGroup:
        """By handle. LookupError."""
        for group in self.workspace.groups.values():
            if group.handle == handle:
                return group
        raise LookupError(f"no user group @{handle}")

    def channel(self, key: ChannelLike) -> Channel:
        """By id or name. LookupError."""
        return self.workspace.find_channel(key)

    def channels(self) -> list[Channel]:
        """All channels, without direct conversations."""
        return [channel for channel in self.workspace.channels.values() if channel.kind == "channel"]

    def direct(self, person: PersonLike) -> list[Message]:
        """What the app told that person directly."""
        who = self.person(person)
        channel = self.workspace.direct_channel([self.bot_user_id, who.id])
        return channel.messages if channel else []

    def ephemerals(self, person: PersonLike) -> list[Message]:
        """What only that person was shown, oldest first."""
        who = self.person(person)
        return [m for m in self.workspace.ephemerals if m.only_for == who.id and not m.deleted]

    def home(self, person: PersonLike) -> Json | None:
        """That person's Home tab as the app published it."""
        view = self.workspace.homes.get(self.person(person).id)
        return view.body if view else None

    def open_modal(self, person: PersonLike) -> View | None:
        """The top of that person's modals."""
        stack = self.workspace.stacks.get(self.person(person).id)
        return stack[-1] if stack else None

    async def modal(self, person: PersonLike, timeout: float = 5.0) -> Form:
        """The modal that opens, or is open. TimeoutError when none does."""
        await self.until(lambda: self.open_modal(person) is not None, timeout, f"a modal opens for {person}")
        view = self.open_modal(person)
        assert view is not None
        return Form(view)

    async def until(self, predicate: Callable[[], bool], timeout: float = 5.0, why: str = "") -> None:
        """Wait until it is true. TimeoutError says what was awaited, after `timeout` real seconds."""
        try:
            async with asyncio.timeout(timeout):
                while not predicate():
                    await self.workspace.pulse.next()
        except TimeoutError:
            last = ", ".join(f"{call.method} {call.outcome}" for call in self.calls[-8:])
            raise TimeoutError(f"waited {timeout:g} s in vain until {why or predicate}; last calls: {last}") from None

    async def until_connected(self, timeout: float = 10.0) -> None:
        """Wait until the app has a socket."""
        await self.until(lambda: self.sockets.connected > 0, timeout, "the app connects")

    # Acting.

    async def _gesture(self, kind: str, payload: Json) -> Answer:
        acked, answer = await self.sockets.ask(kind, payload, answers=kind == "slash_commands")
        if acked and answer and kind == "slash_commands":
            self._answered(payload, answer)
        return Answer(acked, "" if acked else NOT_ACKNOWLEDGED)

    def _answered(self, payload: Json, answer: Json) -> None:
        channel = self.workspace.channels[payload["channel_id"]]
        speaking.whisper(self.workspace, channel, payload["user_id"], answer)

    async def slash(self, person: PersonLike, channel: ChannelLike, command: str, text: str = "") -> Answer:
        """Type a slash command. The channel need not have the app in it."""
        who, where = self.person(person), self.channel(channel)
        known = self.workspace.app.commands
        if known is not None and command not in known:
            return Answer(acked=False, error=f"{command} is not a valid command")
        if known and known[command]:
            text = self._escaped(text)
        return await self._gesture("slash_commands", payloads.slash(self.workspace, who, where, command, text))

    def _escaped(self, text: str) -> str:
        """As should_escape does: @ada and #general become <@U…|ada> and <#C…|general>."""
        words = []
        for word in text.split(" "):
            person = next((p for p in self.people() if word == f"@{p.name}"), None)
            channel = self.workspace.channel_named(word[1:]) if word.startswith("#") else None
            group = next((g for g in self.workspace.groups.values() if word == f"@{g.handle}"), None)
            if person:
                word = f"<@{person.id}|{person.name}>"
            elif group:
                word = f"<!subteam^{group.id}|@{group.handle}>"
            elif channel:
                word = f"<#{channel.id}|{channel.name}>"
            words.append(word)
        return " ".join(words)

    async def click(self, person: PersonLike, channel: ChannelLike, message: Message, label: str) -> Answer:
        """Press a button, or choose an option of a menu, by its label; a confirm dialog is answered with yes."""
        control = self._control(message.blocks, label)
        pressed = payloads.action(self.workspace, control)
        return await self._pressed(person, channel, message, pressed)

    async def choose(
        self, person: PersonLike, channel: ChannelLike, message: Message, placeholder: str, value: Any
    ) -> Answer:
        """Choose in a menu of a message, found by its placeholder."""
        for block, element in reading.elements(message.blocks):
            if (element.get("placeholder") or {}).get("text") == placeholder:
                state = forms.entered(element, value)
                message.state.setdefault(block["block_id"], {})[element["action_id"]] = state
                control = reading.Control(block, element, placeholder)
                return await self._pressed(person, channel, message, payloads.action(self.workspace, control, state))
        raise LookupError(f"the message has no menu {placeholder!r}")

    async def press(self, person: PersonLike, surface: View | Message, pressed: Json) -> Answer:
        """Operate an element of a message, a modal or the Home tab; `pressed` is its entry in `actions`."""
        if isinstance(surface, Message):
            return await self._pressed(person, surface.channel, surface, pressed)
        payload = payloads.pressed_in_view(self.workspace, self.person(person), surface, pressed)
        return await self._gesture("interactive", payload)

    async def _pressed(self, person: PersonLike, channel: ChannelLike, message: Message, pressed: Json) -> Answer:
        who, where = self.person(person), self.channel(channel)
        payload = payloads.pressed_in_message(self.workspace, who, where, message, pressed)
        return await self._gesture("interactive", payload)

    def _control(self, blocks: Sequence[Json], label: str) -> reading.Control:
        for control in reading.controls(blocks):
            if control.label == label:
                return control
        raise LookupError(f"nothing here is called {label!r}; there are {', '.join(reading.labels(blocks))}")

    async def click_in_view(self, person: PersonLike, view: Form | View, label: str) -> Answer:
        """Press a button of a modal or of the Home tab."""
        who, where = self.person(person), view.view if isinstance(view, Form) else view
        pressed = payloads.action(self.workspace, self._control(where.blocks, label))
        return await self._gesture("interactive", payloads.pressed_in_view(self.workspace, who, where, pressed))

    async def click_home(self, person: PersonLike, label: str) -> Answer:
        """Press a button of that person's Home tab."""
        return await self.click_in_view(person, self.workspace.homes[self.person(person).id], label)

    async def shortcut(
        self, person: PersonLike, callback_id: str, channel: ChannelLike | None = None, message: Message | None = None
    ) -> Answer:
        """Use a shortcut of a message's menu, or without a message a global one."""
        who = self.person(person)
        if channel is None or message is None:
            return await self._gesture("interactive", payloads.global_shortcut(self.workspace, who, callback_id))
        where = self.channel(channel)
        payload = payloads.message_shortcut(self.workspace, who, callback_id, where, message)
        return await self._gesture("interactive", payload)

    async def submit(self, person: PersonLike, form: Form) -> Submitted:
        """Press the modal's submit button. Required inputs that are empty are refused without asking the app."""
        who, view = self.person(person), form.view
        if empty := forms.missing(view):
            return Submitted(closed=False, errors=empty)
        payload = payloads.submission(self.workspace, who, view)
        acked, answer = await self.sockets.ask("interactive", payload, answers=True)
        if not acked:
            return Submitted(closed=False, acked=False)
        return answers.settle(self.workspace, view, answer)

    async def close_modal(self, person: PersonLike, form: Form) -> None:
        """Press its cancel button."""
        answers.close(self.workspace, form.view)
        if form.view.body.get("notify_on_close"):
            payload = payloads.closed(self.workspace, self.person(person), form.view, cleared=False)
            await self._gesture("interactive", payload)

    async def say(
        self, person: PersonLike, channel: ChannelLike, text: str, *, thread: Message | None = None,
        blocks: list[Json] | None = None, attachments: list[Json] | None = None,
    ) -> Message:  # fmt: skip
        """Write a message."""
        who, where = self.person(person), self.channel(channel)
        checked = checked_blocks(blocks or [])
        extra: Json = {"client_msg_id": self.workspace.new_secret(12)}
        if who.is_bot:
            profile = {"id": who.bot_id, "app_id": who.app_id, "name": who.real_name}
            extra |= {"bot_id": who.bot_id, "app_id": who.app_id, "bot_profile": profile}
        return speaking.post(
            self.workspace, where, who.id, text, blocks=checked, attachments=attachments, thread=thread, extra=extra
        )

    async def edit(self, person: PersonLike, channel: ChannelLike, message: Message, text: str) -> None:
        """Change one's message."""
        speaking.edit(self.workspace, self.channel(channel), message, {"text": text})

    async def delete(self, channel: ChannelLike, message: Message) -> None:
        """Take a message away, as its author or an admin can."""
        speaking.delete(self.workspace, self.channel(channel), message)

    async def react(self, person: PersonLike, message: Message, name: str) -> None:
        """Add a reaction."""
        who = self.person(person)
        speaking.react(self.workspace, self.workspace.channels[message.channel], message, who.id, name)

    async def pin(self, person: PersonLike, message: Message) -> None:
        """Pin a message."""
        channel = self.workspace.channels[message.channel]
        speaking.pin(self.workspace, channel, message, self.person(person).id)

    async def join(self, person: PersonLike, channel: ChannelLike) -> None:
        """Enter a channel."""
        speaking.add_member(self.workspace, self.channel(channel), self.person(person).id)

    async def leave(self, person: PersonLike, channel: ChannelLike) -> None:
        """Leave a channel; also how somebody removes the app."""
        where, who = self.channel(channel), self.person(person)
        if who.id in where.members:
            speaking.remove_member(self.workspace, where, who.id)

    async def archive(self, person: PersonLike, channel: ChannelLike) -> None:
        """Archive a channel."""
        speaking.archive(self.workspace, self.channel(channel), self.person(person).id)

    async def unarchive(self, person: PersonLike, channel: ChannelLike) -> None:
        """Bring an archived channel back; the app is not in it any more."""
        speaking.unarchive(self.workspace, self.channel(channel), self.person(person).id)

    async def create_channel(self, person: PersonLike, name: str, *, private: bool = False) -> Channel:
        """Make a channel; the app is not in it."""
        return created_by_person(self.workspace, name, self.person(person).id, private=private)

    async def open_home(self, person: PersonLike, tab: str = "home") -> None:
        """Look at the app's Home tab."""
        who = self.person(person)
        channel = speaking.open_direct(self.workspace, [self.bot_user_id, who.id])
        tell(self.workspace, {"type": "app_home_opened", "user": who.id, "channel": channel.id, "tab": tab})

    async def settle_person(self, person: Person) -> Person:
        """Somebody new joins the workspace, or changes what is known of them."""
        kind = "user_change" if person.id in self.workspace.people else "team_join"
        person.updated = self.workspace.today
        self.workspace.settle(person)
        shown = shapes.person(self.workspace, person, with_email="users:read.email" in self.workspace.app.scopes)
        tell(self.workspace, {"type": kind, "user": shown})
        return person

    async def settle_group(self, group: UserGroup) -> UserGroup:
        """A user group is made, or changes."""
        kind = "subteam_updated" if group.id in self.workspace.groups else "subteam_created"
        group.id = group.id or self.workspace.new_id("S")
        group.updated = self.workspace.today
        self.workspace.groups[group.id] = group
        tell(self.workspace, {"type": kind, "subteam": shapes.group(self.workspace, group, with_users=True)})
        return group

    async def wind(self, by: timedelta) -> None:
        """Move the clock forward, and with it everybody who shares it."""
        if self.on_wind is None:
            self.clock.advance(by)
        else:
            await self.on_wind(by)
        self.workspace.pulse.beat()

    # Breaking.

    @property
    def latency(self) -> float:
        """Real seconds every Web API call takes on its way."""
        return self._server.latency

    @latency.setter
    def latency(self, seconds: float) -> None:
        self._server.latency = seconds

    def on_call(
        self,
        method: str,
        *,
        nth: int = 1,
        moment: str = "before",
        do: Callable[[], object],
        when: When | None = None,
    ) -> None:
        """Do something at the nth call of that method from now on, before or after it takes effect."""
        self.faults.hooks.append(Hook(method, nth, moment, do, when))

    def fail(self, method: str, kind: str, **more: Any) -> Fault:
        """Plan trouble; see Faults.add."""
        return self.faults.add(method, kind, **more)

    async def drop_sockets(self) -> None:
        """Cut every connection without a word."""
        await self.sockets.drop()

    async def refresh_sockets(self, reason: str = "refresh_requested", grace: float = 0.0) -> None:
        """Ask the app to connect anew, as Slack does every few hours; see Sockets.refresh."""
        await self.sockets.refresh(reason, grace)

    async def revoke(self) -> None:
        """Somebody takes the app's tokens away: it is told, then nothing that it calls works any more."""
        tell(self.workspace, {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [self.bot_user_id]}})
        self.workspace.app.revoked = True

    def duplicate_next_event(self) -> None:
        """The next event comes twice."""
        self.sockets.duplicates += 1


async def _post_scheduled(workspace: Workspace) -> None:
    """Post scheduled messages when their time has come."""
    while True:
        if not workspace.scheduled:
            await workspace.pulse.next()
            continue
        entry = min(workspace.scheduled.values(), key=lambda each: each.post_at)
        if entry.post_at > workspace.clock.seconds():
            beat = asyncio.ensure_future(workspace.pulse.next())
            due = asyncio.ensure_future(workspace.clock.until(entry.post_at))
            await asyncio.wait({beat, due}, return_when=asyncio.FIRST_COMPLETED)
            beat.cancel()
            due.cancel()
            continue
        del workspace.scheduled[entry.id]
        channel = workspace.channels[entry.channel]
        if channel.is_archived or workspace.app.bot_user not in channel.members:
            continue  # Slack drops it without telling anybody
        thread = workspace.find_message(channel, entry.thread_ts) if entry.thread_ts else None
        speaking.post(
            workspace, channel, workspace.app.bot_user, entry.said.get("text", ""),
            blocks=entry.said.get("blocks"), attachments=entry.said.get("attachments"), thread=thread,
        )  # fmt: skip
