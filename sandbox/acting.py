"""Act as any person: what the app hears of through its sockets, and what is only seen in the workspace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sandbox import answers, forms, payloads, reading, shapes, speaking
from sandbox.answers import Answer, Submitted
from sandbox.events import tell
from sandbox.forms import Form
from sandbox.looking import ChannelLike, Looking, PersonLike
from sandbox.methods.chat import checked_blocks
from sandbox.methods.conversations import created_by_person
from sandbox.model import Channel, Json, Message, Person, UserGroup, View

NOT_ACKNOWLEDGED = "operation_timeout"


class Acting(Looking):
    """A workspace with people in it."""

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
