"""apps.connections.open and auth.test: https://docs.slack.dev/reference/methods"""

from __future__ import annotations

from sandbox.arguments import Arguments
from sandbox.errors import SlackError
from sandbox.methods.registry import SPECIAL, TIER_3, method
from sandbox.model import Json
from sandbox.workspace import WorkspaceState


@method("apps.connections.open", TIER_3, app_token=True)
def open_connection(ws: WorkspaceState, args: Arguments) -> Json:
    if not ws.app.socket_mode:
        raise SlackError("forbidden_team")
    ticket = ws.new_secret(24)
    ws.tickets[ticket] = ws.clock.seconds()
    return {"url": f"{ws.base_url.replace('http', 'ws', 1)}/link/?ticket={ticket}&app_id={ws.app.app_id}"}


@method("auth.test", SPECIAL)
def auth_test(ws: WorkspaceState, args: Arguments) -> Json:
    return {
        "url": ws.url, "team": ws.name, "user": ws.app.name, "team_id": ws.team_id, "user_id": ws.app.bot_user,
        "bot_id": ws.app.bot_id, "is_enterprise_install": False,
    }  # fmt: skip
