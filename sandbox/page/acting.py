"""Gestures made in the browser: each does what that person's Slack client would do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from sandbox import forms, payloads, speaking
from sandbox.answers import Answer
from sandbox.controls import Controls
from sandbox.errors import SlackError
from sandbox.forms import Form
from sandbox.model import Channel, Json, Message, Person, View
from sandbox.page import dates, entering, typed
from sandbox.reading import Control

Gesture = Callable[["Hands", Json], Awaitable[Json]]


class Hands:
    """One person's hands. Every gesture takes what the page sent and returns what it is to show."""

    def __init__(self, slack: Controls, who: Person) -> None:
        self.slack, self.ws, self.who = slack, slack.workspace, who
        self.zone = dates.zone(who)

    def channel(self, given: Json) -> Channel:
        """The channel meant, if that person may see it. LookupError."""
        channel = self.ws.find_channel(str(given.get("channel", "")))
        if channel.type != "public_channel" and self.who.id not in channel.members:
            raise LookupError("There is no such conversation.")
        return channel

    def message(self, given: Json) -> Message:
        """The message meant. LookupError when it is gone."""
        ts = str(given.get("ts", ""))
        channel = self.channel(given)
        whispered = (m for m in self.ws.ephemerals if m.ts == ts and m.only_for == self.who.id and not m.deleted)
        message = self.ws.find_message(channel, ts) or next(whispered, None)
        if message is None:
            raise LookupError("That message is gone.")
        return message

    def view(self, given: Json) -> View:
        """The modal or Home tab meant. LookupError when it is closed."""
        view = self.ws.views.get(str(given.get("view", "")))
        if view is None or not view.is_open or view.user != self.who.id:
            raise LookupError("That form is closed.")
        return view

    def told(self, answer: Answer) -> Json:
        """What the client says when the app does not answer."""
        if answer.acked:
            return {}
        return {"error": f"{self.ws.bot.real_name} did not answer in time ({answer.error}). Try again."}


async def say(hands: Hands, given: Json) -> Json:
    """A message, a reply or a slash command."""
    text, channel = str(given.get("text", "")).strip(), hands.channel(given)
    if not text:
        return {}
    if text.startswith("/") and not text.startswith("//"):
        return await _command(hands, channel, text, in_thread=bool(given.get("thread")))
    if hands.who.id not in channel.members:
        return {"error": f"Join #{channel.name} to write there."}
    thread = hands.ws.find_message(channel, str(given["thread"])) if given.get("thread") else None
    await hands.slack.say(hands.who, channel, typed.escaped(hands.ws, text), thread=thread)
    return {"sent": True}


async def _command(hands: Hands, channel: Channel, text: str, *, in_thread: bool) -> Json:
    command, _, rest = text.partition(" ")
    known = hands.ws.app.commands
    if known is not None and command not in known:
        return {"error": f"{command} is not a valid command. There is {', '.join(sorted(known))}."}
    if in_thread:
        return {"error": f"{command} is not supported in threads. Sorry!"}
    answer = await hands.slack.slash(hands.who, channel, command, rest)
    return hands.told(answer) or {"sent": True}


async def press(hands: Hands, given: Json) -> Json:
    """A button, an entry of a menu, or a choice in an input of a message, a modal or Home."""
    surface: View | Message = hands.view(given) if given.get("view") else hands.message(given)
    block, element = entering.find(surface.blocks, str(given.get("block")), str(given.get("action")))
    if wrong := entering.enter(surface, given.get("entered", ()), hands.zone):
        return {"errors": wrong}
    option = entering.option_at(element, str(given["option"])) if element["type"] == "overflow" else None
    state = surface.state[block["block_id"]][element["action_id"]] if element["type"] in forms.INITIAL else None
    pressed = payloads.action(hands.ws, Control(block, element, "", option), state)
    return hands.told(await hands.slack.press(hands.who, surface, pressed))


async def submit(hands: Hands, given: Json) -> Json:
    """The modal's submit button."""
    view = hands.view(given)
    wrong = entering.enter(view, given.get("entered", ()), hands.zone)
    if not wrong:
        result = await hands.slack.submit(hands.who, Form(view))
        if not result.acked:
            return {"error": "We had some trouble connecting. Try again?"}
        wrong = {_block_of(view, label): text for label, text in result.errors.items()}
    return {"errors": wrong} if wrong else {}


def _block_of(view: View, label: str) -> str:
    return str(next(b["block_id"] for b in view.blocks if b["type"] == "input" and b["label"]["text"] == label))


async def close(hands: Hands, given: Json) -> Json:
    """The modal's cancel button or cross."""
    await hands.slack.close_modal(hands.who, Form(hands.view(given)))
    return {}


async def react(hands: Hands, given: Json) -> Json:
    """Add a reaction, or take one's own back."""
    message, name = hands.message(given), str(given["name"])
    channel = hands.ws.channels[message.channel]
    if not speaking.unreact(hands.ws, channel, message, hands.who.id, name):
        await hands.slack.react(hands.who, message, name)
    return {}


async def pin(hands: Hands, given: Json) -> Json:
    """Pin a message, or take the pin off."""
    message = hands.message(given)
    channel = hands.ws.channels[message.channel]
    if any(pin.message is message for pin in channel.pins):
        speaking.unpin(hands.ws, channel, message, hands.who.id)
    else:
        await hands.slack.pin(hands.who, message)
    return {}


async def shortcut(hands: Hands, given: Json) -> Json:
    """A shortcut of the app in a message's menu."""
    message = hands.message(given)
    return hands.told(await hands.slack.shortcut(hands.who, str(given["name"]), message.channel, message))


async def edit(hands: Hands, given: Json) -> Json:
    """Change one's own message."""
    message, text = hands.message(given), str(given.get("text", "")).strip()
    if message.user == hands.who.id and text:
        await hands.slack.edit(hands.who, message.channel, message, typed.escaped(hands.ws, text))
    return {}


async def delete(hands: Hands, given: Json) -> Json:
    """Take one's own message away."""
    message = hands.message(given)
    if message.user == hands.who.id:
        await hands.slack.delete(message.channel, message)
    return {}


async def dismiss(hands: Hands, given: Json) -> Json:
    """Away with a message that only oneself sees; the app does not hear of it."""
    message = hands.message(given)
    message.deleted = message.only_for == hands.who.id
    hands.ws.pulse.beat()
    return {}


async def join(hands: Hands, given: Json) -> Json:
    """Enter a public channel."""
    await hands.slack.join(hands.who, hands.channel(given))
    return {}


async def leave(hands: Hands, given: Json) -> Json:
    """Leave a channel."""
    await hands.slack.leave(hands.who, hands.channel(given))
    return {}


async def home(hands: Hands, given: Json) -> Json:
    """Look at App Home."""
    await hands.slack.open_home(hands.who)
    return {}


async def direct(hands: Hands, given: Json) -> Json:
    """Open the direct conversation with somebody."""
    other = hands.ws.find_person(str(given["name"]))
    channel = speaking.open_direct(hands.ws, list(dict.fromkeys([hands.who.id, other.id])))
    return {"goto": f"/as/{hands.who.name}/{channel.id}"}


async def become(hands: Hands, given: Json) -> Json:
    """Act as somebody else, in the same place where they may be there."""
    other = hands.ws.find_person(str(given["name"]))
    channel = hands.ws.channels.get(str(given.get("channel")))
    if channel and (channel.type == "public_channel" or other.id in channel.members):
        return {"goto": f"/as/{other.name}/{channel.id}"}
    return {"goto": f"/as/{other.name}/"}


GESTURES: dict[str, Gesture] = {
    "say": say, "press": press, "submit": submit, "close": close, "react": react, "pin": pin, "shortcut": shortcut,
    "edit": edit, "delete": delete, "dismiss": dismiss, "join": join, "leave": leave, "home": home, "dm": direct,
    "as": become,
}  # fmt: skip


async def act(hands: Hands, gesture: str, given: Any) -> tuple[int, Json]:
    """Do it: the HTTP status, and what the page is to show."""
    do = GESTURES.get(gesture)
    if do is None or not isinstance(given, dict):
        return 404, {"error": f"Nobody can {gesture} here."}
    try:
        return 200, await do(hands, given)
    except SlackError as error:
        return 200, {"error": f"The app answered with something that Slack refuses: {error.code} {error.details or ''}"}
    except (LookupError, ValueError, TypeError) as error:
        return 409, {"error": str(error)}
