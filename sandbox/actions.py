"""Act as any person of the workspace: commands, clicks, forms, messages, reactions, membership.

The app learns of them over Socket Mode, as far as its scopes and event subscriptions reach.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sandbox import api_objects, block_contents, channel_operations, forms, payloads, view_responses
from sandbox.events import emit
from sandbox.forms import Form
from sandbox.methods.chat import checked_blocks
from sandbox.methods.conversations import created_by_person
from sandbox.methods.users import set_members
from sandbox.model import Channel, Json, SlackMessage, SlackUser, UserGroup, View
from sandbox.queries import ChannelLike, PersonLike, Queries
from sandbox.view_responses import GestureResult, SubmissionResult

NOT_ACKNOWLEDGED = "operation_timeout"


class Actions(Queries):
    """The part of the sandbox that acts as people."""

    async def _send(self, kind: str, payload: Json) -> GestureResult:
        acked, answer = await self.sockets.deliver_interaction(kind, payload, answers=kind == "slash_commands")
        if acked and answer and kind == "slash_commands":
            self._show_command_reply(payload, answer)
        return GestureResult(acked, "" if acked else NOT_ACKNOWLEDGED)

    def _show_command_reply(self, payload: Json, answer: Json) -> None:
        channel = self.workspace.channels[payload["channel_id"]]
        channel_operations.post_ephemeral(self.workspace, channel, payload["user_id"], answer)

    async def slash(self, person: PersonLike, channel: ChannelLike, command: str, text: str = "") -> GestureResult:
        """Type a slash command; the app need not be in the channel. An unregistered command never reaches the app."""
        who, where = self.person(person), self.channel(channel)
        known = self.workspace.app.commands
        if known is not None and command not in known:
            return GestureResult(acked=False, error=f"{command} is not a valid command")
        if known and known[command]:
            text = self._escaped(text)
        return await self._send("slash_commands", payloads.slash_command(self.workspace, who, where, command, text))

    def _escaped(self, text: str) -> str:
        """The text with mentions as ids, as the manifest's should_escape asks: @ada becomes <@U…|ada>, #general <#C…|general>."""
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

    async def click(self, person: PersonLike, channel: ChannelLike, message: SlackMessage, label: str) -> GestureResult:
        """Press a button, or choose an option of a menu, by its label. A confirmation dialog is accepted. LookupError."""
        control = self._control(message.blocks, label)
        pressed = payloads.action(self.workspace, control)
        return await self._pressed(person, channel, message, pressed)

    async def press(self, person: PersonLike, surface: View | SlackMessage, pressed: Json) -> GestureResult:
        """Use an element of a message, a modal or the Home tab. `pressed` is its entry in the payload's `actions`."""
        if isinstance(surface, SlackMessage):
            return await self._pressed(person, surface.channel, surface, pressed)
        payload = payloads.view_block_actions(self.workspace, self.person(person), surface, pressed)
        return await self._send("interactive", payload)

    async def _pressed(
        self, person: PersonLike, channel: ChannelLike, message: SlackMessage, pressed: Json
    ) -> GestureResult:
        who, where = self.person(person), self.channel(channel)
        payload = payloads.message_block_actions(self.workspace, who, where, message, pressed)
        return await self._send("interactive", payload)

    def _control(self, blocks: Sequence[Json], label: str) -> block_contents.Control:
        for control in block_contents.controls(blocks):
            if control.label == label:
                return control
        raise LookupError(f"nothing here is called {label!r}; there are {', '.join(block_contents.labels(blocks))}")

    async def shortcut(
        self,
        person: PersonLike,
        callback_id: str,
        channel: ChannelLike | None = None,
        message: SlackMessage | None = None,
    ) -> GestureResult:
        """Use a message shortcut, or a global shortcut when no message is given."""
        who = self.person(person)
        if channel is None or message is None:
            return await self._send("interactive", payloads.global_shortcut(self.workspace, who, callback_id))
        where = self.channel(channel)
        payload = payloads.message_shortcut(self.workspace, who, callback_id, where, message)
        return await self._send("interactive", payload)

    async def submit(self, person: PersonLike, form: Form) -> SubmissionResult:
        """Press the modal's submit button. Empty required inputs are reported without asking the app, as Slack's client does."""
        who, view = self.person(person), form.view
        if empty := forms.missing_required(view):
            return SubmissionResult(closed=False, errors=empty)
        payload = payloads.view_submission(self.workspace, who, view)
        acked, answer = await self.sockets.deliver_interaction("interactive", payload, answers=True)
        if not acked:
            return SubmissionResult(closed=False, acked=False)
        return view_responses.apply_response_action(self.workspace, view, answer)

    async def close_modal(self, person: PersonLike, form: Form) -> None:
        """Press the modal's cancel button. The app learns of it when the view has notify_on_close."""
        view_responses.close_view(self.workspace, form.view)
        if form.view.body.get("notify_on_close"):
            payload = payloads.view_closed(self.workspace, self.person(person), form.view, cleared=False)
            await self._send("interactive", payload)

    async def say(
        self, person: PersonLike, channel: ChannelLike, text: str, *, thread: SlackMessage | None = None,
        blocks: list[Json] | None = None, attachments: list[Json] | None = None,
    ) -> SlackMessage:  # fmt: skip
        """Post a message as that person, with Block Kit and attachments where given. SlackError for invalid blocks."""
        who, where = self.person(person), self.channel(channel)
        checked = checked_blocks(blocks or [])
        extra: Json = {"client_msg_id": self.workspace.new_secret(12)}
        if who.is_bot:
            profile = {"id": who.bot_id, "app_id": who.app_id, "name": who.real_name}
            extra |= {"bot_id": who.bot_id, "app_id": who.app_id, "bot_profile": profile}
        return channel_operations.post(
            self.workspace, where, who.id, text, blocks=checked, attachments=attachments, thread=thread, extra=extra
        )

    async def edit(self, person: PersonLike, channel: ChannelLike, message: SlackMessage, text: str) -> None:
        """Change the text of a message."""
        channel_operations.edit(self.workspace, self.channel(channel), message, {"text": text})

    async def delete(self, channel: ChannelLike, message: SlackMessage) -> None:
        """Delete a message."""
        channel_operations.delete(self.workspace, self.channel(channel), message)

    async def react(self, person: PersonLike, message: SlackMessage, name: str) -> None:
        """Add a reaction."""
        who = self.person(person)
        channel_operations.react(self.workspace, self.workspace.channels[message.channel], message, who.id, name)

    async def pin(self, person: PersonLike, message: SlackMessage) -> None:
        """Pin a message."""
        channel = self.workspace.channels[message.channel]
        channel_operations.pin(self.workspace, channel, message, self.person(person).id)

    async def join(self, person: PersonLike, channel: ChannelLike) -> None:
        """Join a channel."""
        channel_operations.add_member(self.workspace, self.channel(channel), self.person(person).id)

    async def leave(self, person: PersonLike, channel: ChannelLike) -> None:
        """Leave a channel. With the app's bot user as the person: the app is removed from the channel."""
        where, who = self.channel(channel), self.person(person)
        if who.id in where.members:
            channel_operations.remove_member(self.workspace, where, who.id)

    async def archive(self, person: PersonLike, channel: ChannelLike) -> None:
        """Archive a channel."""
        channel_operations.archive(self.workspace, self.channel(channel), self.person(person).id)

    async def unarchive(self, person: PersonLike, channel: ChannelLike) -> None:
        """Unarchive a channel. The app is no longer a member of it."""
        channel_operations.unarchive(self.workspace, self.channel(channel), self.person(person).id)

    async def create_channel(self, person: PersonLike, name: str, *, private: bool = False) -> Channel:
        """Create a channel with only that person in it."""
        return created_by_person(self.workspace, name, self.person(person).id, private=private)

    async def open_home(self, person: PersonLike, tab: str = "home") -> None:
        """Open the app's Home tab, or with `tab` its messages tab."""
        who = self.person(person)
        channel = channel_operations.open_direct(self.workspace, [self.bot_user_id, who.id])
        emit(self.workspace, {"type": "app_home_opened", "user": who.id, "channel": channel.id, "tab": tab})

    async def save_person(self, person: SlackUser) -> SlackUser:
        """Add a person to the workspace, or publish a change of their profile: event team_join or user_change."""
        kind = "user_change" if person.id in self.workspace.people else "team_join"
        person.updated = self.workspace.now_seconds
        self.workspace.add_person(person)
        shown = api_objects.person(self.workspace, person, with_email="users:read.email" in self.workspace.app.scopes)
        emit(self.workspace, {"type": kind, "user": shown})
        return person

    async def set_group_members(self, group: UserGroup, members: Iterable[SlackUser]) -> None:
        """Somebody changes who is in a user group: events subteam_members_changed and subteam_updated."""
        set_members(self.workspace, group, [member.id for member in members])

    async def save_usergroup(self, group: UserGroup) -> UserGroup:
        """Create or change a user group: event subteam_created or subteam_updated."""
        kind = "subteam_updated" if group.id in self.workspace.groups else "subteam_created"
        group.id = group.id or self.workspace.new_id("S")
        group.updated = self.workspace.now_seconds
        self.workspace.groups[group.id] = group
        emit(self.workspace, {"type": kind, "subteam": api_objects.group(self.workspace, group, with_users=True)})
        return group
