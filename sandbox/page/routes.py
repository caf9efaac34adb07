"""The page's addresses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

from aiohttp import web
from jinja2 import Environment, FileSystemLoader

from sandbox.controls import Controls
from sandbox.faults import KINDS
from sandbox.methods import METHODS
from sandbox.model import Channel, Person
from sandbox.page import choices, control, guard, live
from sandbox.page.acting import Hands, act
from sandbox.page.drawing import PNG, Drawing
from sandbox.page.looking import Reads, room_rows, rooms, thread_rows

HERE = Path(__file__).parent


class Page:
    """The workspace in a browser."""

    def __init__(self, slack: Controls) -> None:
        self.slack, self.ws = slack, slack.workspace
        self.reads = Reads(slack.workspace)
        self._templates = Environment(
            loader=FileSystemLoader(HERE / "templates"), autoescape=True, trim_blocks=True, lstrip_blocks=True
        )

    def mount(self, app: web.Application) -> None:
        """Add the routes."""
        app.router.add_get("/", guard.shown(self._front))
        app.router.add_static("/static", HERE / "static")
        app.router.add_get("/as/{who}/", guard.shown(self._first_room))
        app.router.add_get("/as/{who}/live", guard.shown(self._live))
        app.router.add_get("/as/{who}/home", guard.shown(self._home))
        app.router.add_get("/as/{who}/choices", guard.shown(self._choices))
        app.router.add_get("/as/{who}/{channel}", guard.shown(self._room))
        app.router.add_post("/as/{who}/do/{gesture}", guard.acts(self._act))
        app.router.add_get("/files/{file}", guard.shown(self._file))
        app.router.add_get("/control", guard.shown(self._state))
        app.router.add_post("/control/{what}", guard.acts(self._control))

    def _who(self, request: web.Request) -> Person:
        try:
            return self.ws.find_person(request.match_info["who"])
        except LookupError as error:
            raise web.HTTPNotFound(text=str(error)) from None

    async def _front(self, request: web.Request) -> web.StreamResponse:
        first = next(person for person in self.ws.people.values() if not (person.is_bot or person.deleted))
        raise web.HTTPFound(f"/as/{quote(first.name)}/")

    async def _first_room(self, request: web.Request) -> web.StreamResponse:
        who = self._who(request)
        mine = [c for c in self.ws.channels.values() if who.id in c.members and c.kind == "channel"]
        any_room = mine or [c for c in self.ws.channels.values() if c.type == "public_channel"]
        room = next((c for c in any_room if c.is_general), any_room[0] if any_room else None)
        raise web.HTTPFound(f"/as/{quote(who.name)}/{room.id if room else 'home'}")

    async def _live(self, request: web.Request) -> web.StreamResponse:
        return await live.stream(self.ws, request)

    async def _room(self, request: web.Request) -> web.StreamResponse:
        who = self._who(request)
        channel = self.ws.channels.get(request.match_info["channel"])
        if channel is None or (channel.type != "public_channel" and who.id not in channel.members):
            raise web.HTTPFound(f"/as/{quote(who.name)}/")
        draw = Drawing(self.ws, who)
        self.reads.read(who, channel)
        parent = self.ws.find_message(channel, request.query.get("thread", ""))
        shortcuts = sorted(self.ws.app.shortcut_names.items())
        return self._drawn(
            "room.html", draw, channel=channel, place="room", rows=room_rows(self.ws, draw, channel),
            title=draw.channel(channel), shortcuts=shortcuts, foot=self._foot(who, channel), parent=parent,
            thread=thread_rows(draw, channel, parent) if parent else [],
        )  # fmt: skip

    def _foot(self, who: Person, channel: Channel) -> str:
        """What stands below the messages: a box to write in, or why there is none."""
        if channel.is_archived:
            return "archived"
        if who.id not in channel.members:
            return "join"
        alone = channel.kind == "im" and self.ws.app.bot_user in channel.members
        return "muted" if alone and not self.ws.app.messages_tab_enabled else "box"

    async def _home(self, request: web.Request) -> web.StreamResponse:
        who = self._who(request)
        return self._drawn(
            "home.html", Drawing(self.ws, who), channel=None, place="home", title=self.ws.bot.real_name,
            home=self.ws.homes.get(who.id),
        )  # fmt: skip

    def _drawn(self, template: str, draw: Drawing, **more: Any) -> web.Response:
        slack, me = self.slack, draw.reader
        stack = self.ws.stacks.get(me.id) or []
        now = slack.clock.now().astimezone(draw.names.zone)
        offset = now.utcoffset()
        assert offset is not None
        body = self._templates.get_template(template).render(
            draw=draw, me=me, rooms=rooms(self.ws, draw, self.reads), view=stack[-1] if stack else None,
            depth=len(stack), now=f"{slack.clock.seconds():.3f}", clock=f"{now:%a %d %b %H:%M:%S}",
            offset=int(offset.total_seconds()), scenes=slack.scenes, faults=slack.faults.ahead, kinds=KINDS,
            methods=sorted(METHODS), sockets=slack.sockets, latency=f"{slack.latency:g}",
            people=choices.search(self.ws, draw.names, "users", ""), **more,
        )  # fmt: skip
        return web.Response(text=body, content_type="text/html")

    async def _choices(self, request: web.Request) -> web.StreamResponse:
        """What a menu finds for some words; and the commands for the message box."""
        draw = Drawing(self.ws, self._who(request))
        where, words = request.query.get("of", ""), request.query.get("q", "")
        if where == "commands":
            hints = self.ws.app.hints
            found = [{"value": c, "text": c, "note": hints.get(c, "")} for c in sorted(self.ws.app.commands or ())]
            return web.json_response([c for c in found if c["text"].startswith(words.split(" ")[0])])
        lines = choices.search(self.ws, draw.names, where if where in ("users", "channels") else "conversations", words)
        handles = {p.id: p.name for p in self.ws.people.values()} if where == "users" else {}
        return web.json_response(
            [{"value": c.value, "text": c.text, "note": c.note, "handle": handles.get(c.value, "")} for c in lines]
        )

    async def _act(self, request: web.Request) -> web.StreamResponse:
        status, answer = await act(
            Hands(self.slack, self._who(request)), request.match_info["gesture"], await _body(request)
        )
        return web.json_response(answer, status=status)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        file = self.ws.files.get(request.match_info["file"])
        if file is None or file.content is None:
            raise web.HTTPNotFound(text="There is no such file.")
        kind = "image/png" if file.content.startswith(PNG) else "application/octet-stream"
        return web.Response(body=file.content, content_type=kind)

    async def _state(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(control.state(self.slack))

    async def _control(self, request: web.Request) -> web.StreamResponse:
        do, given = control.CONTROLS.get(request.match_info["what"]), await _body(request)
        if do is None or not isinstance(given, dict):
            raise web.HTTPNotFound(text=f"There is {', '.join(control.CONTROLS)}, each taking a JSON object.")
        try:
            await do(self.slack, given)
        except (ValueError, TypeError) as error:
            return web.json_response({"error": str(error)}, status=400)
        self.ws.pulse.beat()
        return web.json_response(control.state(self.slack))


async def _body(request: web.Request) -> Any:
    """The JSON that came, or None when it is none."""
    try:
        return json.loads(await request.text() or "{}")
    except ValueError:
        return None
