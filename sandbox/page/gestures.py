"""What a person does in the page: each gesture has the effect it would have in Slack's client."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from sandbox import channel_operations, forms, payloads
from sandbox.block_contents import Control
from sandbox.controls import Controls
from sandbox.errors import SlackError
from sandbox.forms import Form
from sandbox.model import Channel, Json, SlackMessage, SlackUser, View
from sandbox.page import dates, input_values, typed_text
from sandbox.view_responses import GestureResult

Gesture = Callable[["PageUser", Json], Awaitable[Json]]


class PageUser:
    """The person who uses the page. A gesture takes this and the JSON of the page, and returns the JSON that it shows."""

    def __init__(self, slack: Controls, who: SlackUser) -> None:
        self.slack, self.ws, self.who = slack, slack.workspace, who
        self.zone = dates.zone(who)

    def channel(self, given: Json) -> Channel:
        """The channel named by the page. LookupError when that person may not see it."""
        channel = self.ws.find_channel(str(given.get("channel", "")))
        if channel.type != "public_channel" and self.who.id not in channel.members:
            raise LookupError("There is no such conversation.")
        return channel

    def message(self, given: Json) -> SlackMessage:
        """The message named by the page. LookupError when it no longer exists."""
        ts = str(given.get("ts", ""))
        channel = self.channel(given)
        ephemeral = (m for m in self.ws.ephemerals if m.ts == ts and m.only_for == self.who.id and not m.deleted)
        message = self.ws.find_message(channel, ts) or next(ephemeral, None)
        if message is None:
            raise LookupError("This message no longer exists.")
        return message

    def view(self, given: Json) -> View:
        """The modal or Home tab named by the page. LookupError when it is not open for that person."""
        view = self.ws.views.get(str(given.get("view", "")))
        if view is None or not view.is_open or view.user != self.who.id:
            raise LookupError("This form is closed.")
        return view

    def unanswered(self, answer: GestureResult) -> Json:
        """The error that the page shows when the app did not acknowledge in time; {} otherwise."""
        if answer.acked:
            return {}
        return {"error": f"{self.ws.bot.real_name} did not answer in time ({answer.error}). Try again."}


async def say(user: PageUser, given: Json) -> Json:
    """Post a message or a reply, or run a slash command."""
    text, channel = str(given.get("text", "")).strip(), user.channel(given)
    if not text:
        return {}
    if text.startswith("/") and not text.startswith("//"):
        return await _command(user, channel, text, in_thread=bool(given.get("thread")))
    if user.who.id not in channel.members:
        return {"error": f"Join #{channel.name} to write there."}
    thread = user.ws.find_message(channel, str(given["thread"])) if given.get("thread") else None
    await user.slack.say(user.who, channel, typed_text.to_slack_markup(user.ws, text), thread=thread)
    return {"sent": True}


async def _command(user: PageUser, channel: Channel, text: str, *, in_thread: bool) -> Json:
    command, _, rest = text.partition(" ")
    known = user.ws.app.commands
    if known is not None and command not in known:
        return {"error": f"{command} is not a valid command. There is {', '.join(sorted(known))}."}
    if in_thread:
        return {"error": f"{command} is not supported in threads. Sorry!"}
    answer = await user.slack.slash(user.who, channel, command, rest)
    return user.unanswered(answer) or {"sent": True}


async def press(user: PageUser, given: Json) -> Json:
    """Press a button or menu entry, or change an input, of a message, a modal or the Home tab."""
    surface: View | SlackMessage = user.view(given) if given.get("view") else user.message(given)
    block, element = input_values.find(surface.blocks, str(given.get("block")), str(given.get("action")))
    if wrong := input_values.store_values(surface, given.get("entered", ()), user.zone):
        return {"errors": wrong}
    option = input_values.option_at(element, str(given["option"])) if element["type"] == "overflow" else None
    state = surface.state[block["block_id"]][element["action_id"]] if element["type"] in forms.INPUT_KEYS else None
    pressed = payloads.action(user.ws, Control(block, element, "", option), state)
    return user.unanswered(await user.slack.press(user.who, surface, pressed))


async def submit(user: PageUser, given: Json) -> Json:
    """Press the modal's submit button."""
    view = user.view(given)
    wrong = input_values.store_values(view, given.get("entered", ()), user.zone)
    if not wrong:
        result = await user.slack.submit(user.who, Form(view))
        if not result.acked:
            return {"error": "We had some trouble connecting. Try again?"}
        wrong = {_block_of(view, label): text for label, text in result.errors.items()}
    return {"errors": wrong} if wrong else {}


def _block_of(view: View, label: str) -> str:
    return str(next(b["block_id"] for b in view.blocks if b["type"] == "input" and b["label"]["text"] == label))


async def close(user: PageUser, given: Json) -> Json:
    """Press the modal's cancel button."""
    await user.slack.close_modal(user.who, Form(user.view(given)))
    return {}


async def react(user: PageUser, given: Json) -> Json:
    """Add a reaction, or remove one's own."""
    message, name = user.message(given), str(given["name"])
    channel = user.ws.channels[message.channel]
    if not channel_operations.unreact(user.ws, channel, message, user.who.id, name):
        await user.slack.react(user.who, message, name)
    return {}


async def pin(user: PageUser, given: Json) -> Json:
    """Pin a message, or unpin it."""
    message = user.message(given)
    channel = user.ws.channels[message.channel]
    if any(pin.message is message for pin in channel.pins):
        channel_operations.unpin(user.ws, channel, message, user.who.id)
    else:
        await user.slack.pin(user.who, message)
    return {}


async def shortcut(user: PageUser, given: Json) -> Json:
    """Use the app's shortcut in a message's menu."""
    message = user.message(given)
    return user.unanswered(await user.slack.shortcut(user.who, str(given["name"]), message.channel, message))


async def edit(user: PageUser, given: Json) -> Json:
    """Edit one's own message."""
    message, text = user.message(given), str(given.get("text", "")).strip()
    if message.user == user.who.id and text:
        await user.slack.edit(user.who, message.channel, message, typed_text.to_slack_markup(user.ws, text))
    return {}


async def delete(user: PageUser, given: Json) -> Json:
    """Delete one's own message."""
    message = user.message(given)
    if message.user == user.who.id:
        await user.slack.delete(message.channel, message)
    return {}


async def dismiss(user: PageUser, given: Json) -> Json:
    """Dismiss an ephemeral message. The app does not learn of it."""
    message = user.message(given)
    message.deleted = message.only_for == user.who.id
    user.ws.changed.notify()
    return {}


async def join(user: PageUser, given: Json) -> Json:
    """Join a public channel."""
    await user.slack.join(user.who, user.channel(given))
    return {}


async def leave(user: PageUser, given: Json) -> Json:
    """Leave a channel."""
    await user.slack.leave(user.who, user.channel(given))
    return {}


async def home(user: PageUser, given: Json) -> Json:
    """Open App Home."""
    await user.slack.open_home(user.who)
    return {}


async def direct(user: PageUser, given: Json) -> Json:
    """Open the direct conversation with somebody."""
    other = user.ws.find_person(str(given["name"]))
    channel = channel_operations.open_direct(user.ws, list(dict.fromkeys([user.who.id, other.id])))
    return {"goto": f"/as/{user.who.name}/{channel.id}"}


async def become(user: PageUser, given: Json) -> Json:
    """Act as somebody else; in the same channel where that person may see it."""
    other = user.ws.find_person(str(given["name"]))
    channel = user.ws.channels.get(str(given.get("channel")))
    if channel and (channel.type == "public_channel" or other.id in channel.members):
        return {"goto": f"/as/{other.name}/{channel.id}"}
    return {"goto": f"/as/{other.name}/"}


GESTURES: dict[str, Gesture] = {
    "say": say, "press": press, "submit": submit, "close": close, "react": react, "pin": pin, "shortcut": shortcut,
    "edit": edit, "delete": delete, "dismiss": dismiss, "join": join, "leave": leave, "home": home, "dm": direct,
    "as": become,
}  # fmt: skip


async def perform_gesture(user: PageUser, gesture: str, given: Any) -> tuple[int, Json]:
    """(HTTP status, the JSON that the page shows)."""
    do = GESTURES.get(gesture)
    if do is None or not isinstance(given, dict):
        return 404, {"error": f"There is no gesture {gesture!r}."}
    try:
        return 200, await do(user, given)
    except SlackError as error:
        return 200, {"error": f"Slack would refuse the app's answer: {error.code} {error.details or ''}"}
    except (LookupError, ValueError, TypeError) as error:
        return 409, {"error": str(error)}
