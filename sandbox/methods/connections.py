"""apps.connections.open: https://docs.slack.dev/apis/events-api/using-socket-mode"""

from __future__ import annotations

from sandbox.arguments import Arguments
from sandbox.errors import SlackError
from sandbox.methods.table import TIER_3, method
from sandbox.model import Json
from sandbox.workspace import Workspace


@method("apps.connections.open", TIER_3, app_token=True)
def open_connection(ws: Workspace, args: Arguments) -> Json:
    if not ws.app.socket_mode:
        raise SlackError("forbidden_team")
    ticket = ws.new_secret(24)
    ws.tickets[ticket] = ws.clock.seconds()
    return {"url": f"{ws.base.replace('http', 'ws', 1)}/link/?ticket={ticket}&app_id={ws.app.app_id}"}
