"""The page's URLs and what each answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

from aiohttp import web
from jinja2 import Environment, FileSystemLoader

from sandbox.controls import Controls
from sandbox.faults import FAULT_KINDS
from sandbox.methods import METHODS
from sandbox.model import Channel, SlackUser
from sandbox.page import control_api, live_updates, menu_options, security
from sandbox.page.channel_view import ReadMarkers, channel_rows, sidebar, thread_rows
from sandbox.page.gestures import PageUser, perform_gesture
from sandbox.page.template_helpers import PNG, TemplateHelpers
from sandbox.systems import CompanySystem

HERE = Path(__file__).parent


class WorkspacePage:
    """The workspace in a browser."""

    def __init__(self, slack: Controls) -> None:
        self.slack, self.ws = slack, slack.workspace
        self.read_markers = ReadMarkers(slack.workspace)
        self._templates = Environment(
            loader=FileSystemLoader(HERE / "templates"), autoescape=True, trim_blocks=True, lstrip_blocks=True
        )

    def mount(self, app: web.Application) -> None:
        """Add the page's routes to the server."""
        app.router.add_get("/", security.with_security_headers(self._redirect_to_first_user))
        app.router.add_static("/static", HERE / "static")
        app.router.add_get("/as/{who}/", security.with_security_headers(self._redirect_to_channel))
        app.router.add_get("/systems/{system}{rest:.*}", security.with_security_headers(self._redirect_to_system))
        app.router.add_get("/as/{who}/systems/{system}", security.with_security_headers(self._system))
        app.router.add_post("/as/{who}/systems/{system}", security.same_origin_only(self._act_there))
        app.router.add_get("/as/{who}/live", security.with_security_headers(self._live))
        app.router.add_get("/as/{who}/home", security.with_security_headers(self._home))
        app.router.add_get("/as/{who}/choices", security.with_security_headers(self._choices))
        app.router.add_get("/as/{who}/{channel}", security.with_security_headers(self._channel))
        app.router.add_post("/as/{who}/do/{gesture}", security.same_origin_only(self._act))
        app.router.add_get("/files/{file}", security.with_security_headers(self._file))
        app.router.add_get("/control", security.with_security_headers(self._state))
        app.router.add_post("/control/{what}", security.same_origin_only(self._control))

    def _user(self, request: web.Request) -> SlackUser:
        try:
            return self.ws.find_person(request.match_info["who"])
        except LookupError as error:
            raise web.HTTPNotFound(text=str(error)) from None

    async def _redirect_to_first_user(self, request: web.Request) -> web.StreamResponse:
        first = next(person for person in self.ws.people.values() if not (person.is_bot or person.deleted))
        raise web.HTTPFound(f"/as/{quote(first.name)}/")

    async def _redirect_to_channel(self, request: web.Request) -> web.StreamResponse:
        who = self._user(request)
        mine = [c for c in self.ws.channels.values() if who.id in c.members and c.kind == "channel"]
        visible = mine or [c for c in self.ws.channels.values() if c.type == "public_channel"]
        room = next((c for c in visible if c.is_general), visible[0] if visible else None)
        raise web.HTTPFound(f"/as/{quote(who.name)}/{room.id if room else 'home'}")

    async def _live(self, request: web.Request) -> web.StreamResponse:
        return await live_updates.stream(self.ws, request)

    async def _channel(self, request: web.Request) -> web.StreamResponse:
        who = self._user(request)
        channel = self.ws.channels.get(request.match_info["channel"])
        if channel is None or (channel.type != "public_channel" and who.id not in channel.members):
            raise web.HTTPFound(f"/as/{quote(who.name)}/")
        draw = TemplateHelpers(self.ws, who)
        self.read_markers.read(who, channel)
        parent = self.ws.find_message(channel, request.query.get("thread", ""))
        shortcuts = sorted(self.ws.app.shortcut_names.items())
        return self._render(
            "room.html", draw, channel=channel, place="room", rows=channel_rows(self.ws, draw, channel),
            title=draw.channel(channel), shortcuts=shortcuts, foot=self._foot(who, channel), parent=parent,
            thread=thread_rows(draw, channel, parent) if parent else [],
        )  # fmt: skip

    def _foot(self, who: SlackUser, channel: Channel) -> str:
        """What is below the messages: the message box ("box"), or why there is none."""
        if channel.is_archived:
            return "archived"
        if who.id not in channel.members:
            return "join"
        alone = channel.kind == "im" and self.ws.app.bot_user in channel.members
        return "muted" if alone and not self.ws.app.messages_tab_enabled else "box"

    async def _home(self, request: web.Request) -> web.StreamResponse:
        who = self._user(request)
        return self._render(
            "home.html", TemplateHelpers(self.ws, who), channel=None, place="home", title=self.ws.bot.real_name,
            home=self.ws.home_views.get(who.id),
        )  # fmt: skip

    def _render(self, template: str, draw: TemplateHelpers, **more: Any) -> web.Response:
        slack, me = self.slack, draw.reader
        stack = self.ws.modal_stacks.get(me.id) or []
        now = slack.clock.now().astimezone(draw.names.zone)
        offset = now.utcoffset()
        assert offset is not None
        body = self._templates.get_template(template).render(
            draw=draw, me=me, rooms=sidebar(self.ws, draw, self.read_markers), view=stack[-1] if stack else None,
            depth=len(stack), now=f"{slack.clock.seconds():.3f}", clock=f"{now:%a %d %b %H:%M:%S}",
            offset=int(offset.total_seconds()), systems=slack.systems, scenarios=slack.scenarios,
            faults=slack.faults.planned, kinds=FAULT_KINDS,
            methods=sorted(METHODS), sockets=slack.sockets, latency=f"{slack.latency:g}",
            people=menu_options.search(self.ws, draw.names, "users", ""), **more,
        )  # fmt: skip
        return web.Response(text=body, content_type="text/html")

    def _company_system(self, request: web.Request) -> CompanySystem:
        for each in self.slack.systems:
            if each.name == request.match_info["system"]:
                return each
        raise web.HTTPNotFound(text=f"There is {', '.join(each.name for each in self.slack.systems) or 'no system'}.")

    async def _redirect_to_system(self, request: web.Request) -> web.StreamResponse:
        first = next(person for person in self.ws.people.values() if not (person.is_bot or person.deleted))
        raise web.HTTPFound(f"/as/{quote(first.name)}/systems/{self._company_system(request).name}")

    async def _system(self, request: web.Request) -> web.StreamResponse:
        system = self._company_system(request)
        return self._render(
            "system.html", TemplateHelpers(self.ws, self._user(request)), channel=None, place=f"system {system.name}",
            title=system.title, system=system,
        )  # fmt: skip

    async def _act_there(self, request: web.Request) -> web.StreamResponse:
        system, who, given = self._company_system(request), self._user(request), await _body(request)
        try:
            await system.act(who, str(given["do"]), str(given.get("id", "")))
        except (KeyError, TypeError, AttributeError):
            return web.json_response({"error": f"{system.title} cannot do that."}, status=400)
        except ValueError as error:
            return web.json_response({"error": str(error)}, status=400)
        self.ws.changed.notify()
        return web.json_response({"ok": True})

    async def _choices(self, request: web.Request) -> web.StreamResponse:
        """Search results for a menu, and the commands that the message box suggests, as JSON."""
        draw = TemplateHelpers(self.ws, self._user(request))
        where, words = request.query.get("of", ""), request.query.get("q", "")
        if where == "commands":
            hints = self.ws.app.hints
            found = [{"value": c, "text": c, "note": hints.get(c, "")} for c in sorted(self.ws.app.commands or ())]
            return web.json_response([c for c in found if c["text"].startswith(words.split(" ")[0])])
        lines = menu_options.search(
            self.ws, draw.names, where if where in ("users", "channels") else "conversations", words
        )
        handles = {p.id: p.name for p in self.ws.people.values()} if where == "users" else {}
        return web.json_response(
            [{"value": c.value, "text": c.text, "note": c.note, "handle": handles.get(c.value, "")} for c in lines]
        )

    async def _act(self, request: web.Request) -> web.StreamResponse:
        status, answer = await perform_gesture(
            PageUser(self.slack, self._user(request)), request.match_info["gesture"], await _body(request)
        )
        return web.json_response(answer, status=status)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        file = self.ws.files.get(request.match_info["file"])
        if file is None or file.content is None:
            raise web.HTTPNotFound(text="There is no such file.")
        kind = "image/png" if file.content.startswith(PNG) else "application/octet-stream"
        return web.Response(body=file.content, content_type=kind)

    async def _state(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(control_api.state(self.slack))

    async def _control(self, request: web.Request) -> web.StreamResponse:
        do, given = control_api.CONTROLS.get(request.match_info["what"]), await _body(request)
        if do is None or not isinstance(given, dict):
            raise web.HTTPNotFound(text=f"There is {', '.join(control_api.CONTROLS)}, each taking a JSON object.")
        try:
            await do(self.slack, given)
        except (ValueError, TypeError) as error:
            return web.json_response({"error": str(error)}, status=400)
        self.ws.changed.notify()
        return web.json_response(control_api.state(self.slack))


async def _body(request: web.Request) -> Any:
    """The request's JSON, or None when it is not JSON."""
    try:
        return json.loads(await request.text() or "{}")
    except ValueError:
        return None
