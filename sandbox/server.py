"""The HTTP server: Web API, Socket Mode, response_url and uploads, on loopback only."""

from __future__ import annotations

import json
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from sandbox import fault_injection
from sandbox.arguments import Arguments, charset_warning, read_arguments
from sandbox.clock import really_wait, steady
from sandbox.errors import SlackError
from sandbox.faults import FaultPlan
from sandbox.methods import METHODS, Method
from sandbox.methods.registry import require_scope
from sandbox.model import Json
from sandbox.rate_limits import EVENTS_AN_HOUR, EventLimit, RateLimits
from sandbox.response_urls import respond
from sandbox.sockets import Sockets
from sandbox.workspace import WorkspaceState

LOOPBACK = {"127.0.0.1", "localhost", "[::1]", "::1"}
BODY_LIMIT = 20 * 1024 * 1024


@dataclass(eq=False)
class Call:
    """One call, timed in real seconds.

    `round_trip` is 1 for calls that began before any call had ended, 2 for those that began after one of these, and so on.
    """

    method: str
    args: Json
    began: float
    round_trip: int = 1
    ended: float | None = None
    outcome: str = "unanswered"


class Server:
    """The HTTP server of one workspace."""

    def __init__(self, workspace: WorkspaceState, *, limits: bool, events_an_hour: int = EVENTS_AN_HOUR) -> None:
        self.workspace = workspace
        self.sockets = Sockets(workspace, EventLimit(workspace.clock, on=limits, most=events_an_hour))
        workspace.deliver_event = self.sockets.emit
        self.limits = RateLimits(workspace.clock, on=limits)
        self.faults = FaultPlan(random.Random(0))  # noqa: S311  # probabilities of faults, not secrets
        self.latency = 0.0
        """Real seconds that every call takes on its way."""
        self.calls: list[Call] = []
        self._runner: web.AppRunner | None = None

    async def start(self, port: int, mount: Callable[[web.Application], None] | None = None) -> int:
        """Listen on loopback and return the port; `mount` may add routes. Raises OSError when the port is taken."""
        app = web.Application(client_max_size=BODY_LIMIT, middlewares=[_loopback_only])
        app.router.add_route("*", "/api/{method}", self._api)
        app.router.add_get("/link/", self.sockets.serve)
        app.router.add_post("/response/{key}", self._respond)
        app.router.add_post("/upload/{file}", self._upload)
        if mount is not None:
            mount(app)
        self._runner = web.AppRunner(app, shutdown_timeout=0.5, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        taken: int = self._runner.addresses[0][1]
        self.workspace.base_url = f"http://127.0.0.1:{taken}"
        return taken

    async def stop(self) -> None:
        """Close every connection and stop listening."""
        await self.sockets.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _api(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["method"]
        given, problem = await read_arguments(request)
        args = Arguments(given)
        return await self._with_faults(name, args.given, request, lambda: self._answer(name, args, request, problem))

    async def _with_faults(
        self, name: str, given: Json, request: web.Request, act: Callable[[], web.Response]
    ) -> web.StreamResponse:
        """Record the call, run its hooks, and answer with `act`, or with a fault that is planned for it."""
        call = Call(name, given, steady(), self._round_trip())
        self.calls.append(call)
        self.workspace.changed.notify()
        hooks = self.faults.take_hooks(name, given)
        fault = self.faults.take_fault(name, given)
        await self._network_delay(self.latency / 2)
        for hook in hooks:
            if hook.moment == "before":
                hook.do()
        if fault is not None and (refusal := await fault_injection.response_before_effect(fault, request)) is not None:
            call.outcome, call.ended = fault.kind, steady()
            return refusal
        answer = act()
        for hook in hooks:
            if hook.moment == "after":
                hook.do()
        await self._network_delay(self.latency / 2)
        call.outcome, call.ended = _outcome(answer), steady()
        self.workspace.changed.notify()
        if (
            fault is not None
            and (replacement := await fault_injection.response_after_effect(fault, request)) is not None
        ):
            call.outcome = fault.kind
            return replacement
        return answer

    async def _network_delay(self, seconds: float) -> None:
        if seconds:
            await really_wait(seconds)

    def _round_trip(self) -> int:
        before = [call.round_trip for call in self.calls[-200:] if call.ended is not None]
        return (max(before) if before else 0) + 1

    def clear_calls(self) -> None:
        """Forget the recorded calls, so that round trips are counted anew."""
        self.calls.clear()

    def _answer(self, name: str, args: Arguments, request: web.Request, problem: str) -> web.Response:
        headers = {"x-slack-req-id": self.workspace.new_secret(16)}
        try:
            method = METHODS.get(name)
            if method is None:
                raise SlackError("unknown_method")
            self._authenticate(method, args, request)
            if not method.app_token:
                headers["x-oauth-scopes"] = ",".join(sorted(self.workspace.app.scopes))
                headers["x-accepted-oauth-scopes"] = ",".join(method.scopes)
            require_scope(self.workspace, *method.scopes)
            if problem:
                raise SlackError(problem)
            wait = self.limits.seconds_to_wait(method.name, method.per_minute, self._posted_to(name, args))
            if wait:
                headers["Retry-After"] = str(wait)
                return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers=headers)
            return web.json_response(
                {"ok": True} | charset_warning(request) | method.handler(self.workspace, args), headers=headers
            )
        except SlackError as error:
            return web.json_response({"ok": False, "error": error.code} | error.details, headers=headers)

    def _posted_to(self, name: str, args: Arguments) -> str:
        if name != "chat.postMessage":
            return ""
        named = args.text("channel")
        by_name = self.workspace.channel_named(named.removeprefix("#"))
        return by_name.id if by_name else named

    def _authenticate(self, method: Method, args: Arguments, request: web.Request) -> None:
        app = self.workspace.app
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        # With a JSON body, and for apps.connections.open, Slack reads the token from the header only.
        if not token and "token" in args and method.app_token:
            raise SlackError("insecure_request")
        if not token and request.content_type != "application/json":
            token = args.text("token")
        if not token:
            raise SlackError("not_authed")
        if app.revoked and token in (app.bot_token, app.app_token):
            raise SlackError("token_revoked")
        if token not in (app.bot_token, app.app_token):
            raise SlackError("invalid_auth")
        if (token == app.app_token) != method.app_token:
            raise SlackError("not_allowed_token_type")

    async def _respond(self, request: web.Request) -> web.StreamResponse:
        try:
            given = await request.json()
        except ValueError:
            given = None
        if not isinstance(given, dict):
            return web.Response(status=400, text="invalid_payload")
        key = request.match_info["key"]
        return await self._with_faults("response_url", given, request, lambda: self._responded(key, given))

    def _responded(self, key: str, given: Json) -> web.Response:
        ws = self.workspace
        url = ws.triggers.use_response_url(key)
        if isinstance(url, str):
            return web.Response(status=404, text=url)
        for_everybody = given.get("response_type") == "in_channel"
        if wait := self.limits.seconds_to_respond(key, url.channel if for_everybody else ""):
            return web.json_response(
                {"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": str(wait)}
            )
        try:
            respond(ws, url, Arguments(given))
        except SlackError as error:
            return web.json_response({"ok": False, "error": error.code} | error.details)
        except ValueError:
            return web.Response(status=400, text="invalid_payload")
        return web.json_response({"ok": True})

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        if request.content_type.startswith("multipart/"):
            parts = await request.multipart()
            part: Any = await parts.next()
            content = bytes(await part.read())
        else:
            content = await request.read()
        name = request.match_info["file"]
        key = request.query.get("key", "")
        return await self._with_faults("upload", {"file": name}, request, lambda: self._uploaded(name, key, content))

    def _uploaded(self, name: str, key: str, content: bytes) -> web.Response:
        file = self.workspace.files.get(name)
        if file is None or file.completed or key != file.key:
            return web.Response(status=404, text="no such upload")
        if len(content) != file.length:
            return web.Response(status=400, text=f"expected {file.length} bytes, got {len(content)}")
        file.content = content
        return web.Response(text=f"OK - {len(content)}")


def _outcome(answer: web.Response) -> str:
    if answer.content_type != "application/json":
        return "ok" if answer.status == 200 else str(answer.status)
    body = json.loads(answer.text or "{}")
    return "ok" if body.get("ok") else str(body.get("error", answer.status))


@web.middleware
async def _loopback_only(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    # DNS rebinding: a foreign page's own host name can resolve to this machine, but its Host header names it.
    host = request.host.rsplit(":", 1)[0] if not request.host.endswith("]") else request.host
    if host not in LOOPBACK:
        return web.Response(
            status=403, text="This is a sandbox on loopback; it answers only to 127.0.0.1 and localhost."
        )
    return await handler(request)
