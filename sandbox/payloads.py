"""The payloads that Slack sends for commands, clicks, shortcuts and forms. Shapes: slackapi/java-slack-sdk, json-logs/samples/app-backend.

https://docs.slack.dev/interactivity/handling-user-interaction
"""

from __future__ import annotations

from sandbox import api_objects
from sandbox.block_contents import Control, elements
from sandbox.model import Channel, Json, SlackMessage, SlackUser, View
from sandbox.workspace import WorkspaceState


def _common(ws: WorkspaceState, who: SlackUser) -> Json:
    return {
        "team": {"id": ws.team_id, "domain": ws.domain},
        "user": {"id": who.id, "username": who.name, "name": who.name, "team_id": ws.team_id},
        "api_app_id": ws.app.app_id, "token": "sandbox-verification", "enterprise": None,
        "is_enterprise_install": False,
    }  # fmt: skip


def _named(channel: Channel) -> str:
    if channel.kind == "im":
        return "directmessage"
    return "privategroup" if channel.is_private else channel.name


def _response_url(ws: WorkspaceState, who: SlackUser, channel: Channel, message: SlackMessage | None) -> str:
    return f"{ws.base_url}/response/{ws.triggers.response_url(who.id, channel.id, message)}"


def slash_command(ws: WorkspaceState, who: SlackUser, channel: Channel, command: str, text: str) -> Json:
    """slash_commands. https://docs.slack.dev/interactivity/implementing-slash-commands"""
    return {
        "token": "sandbox-verification", "team_id": ws.team_id, "team_domain": ws.domain, "channel_id": channel.id,
        "channel_name": _named(channel), "user_id": who.id, "user_name": who.name, "command": command, "text": text,
        "api_app_id": ws.app.app_id, "is_enterprise_install": "false",
        "response_url": _response_url(ws, who, channel, None), "trigger_id": ws.triggers.issue(who.id),
    }  # fmt: skip


def message_shortcut(
    ws: WorkspaceState, who: SlackUser, callback_id: str, channel: Channel, message: SlackMessage
) -> Json:
    """message_action: a shortcut from a message's menu."""
    return _common(ws, who) | {
        "type": "message_action", "callback_id": callback_id, "trigger_id": ws.triggers.issue(who.id),
        "message_ts": message.ts, "action_ts": ws.new_ts(), "message": api_objects.message(ws, message),
        "channel": {"id": channel.id, "name": _named(channel)},
        "response_url": _response_url(ws, who, channel, message),
    }  # fmt: skip


def global_shortcut(ws: WorkspaceState, who: SlackUser, callback_id: str) -> Json:
    """shortcut: a global shortcut, which has no channel and no response_url."""
    return _common(ws, who) | {
        "type": "shortcut", "callback_id": callback_id, "trigger_id": ws.triggers.issue(who.id),
        "action_ts": ws.new_ts(),
    }  # fmt: skip


def action(ws: WorkspaceState, control: Control, state: Json | None = None) -> Json:
    """One entry of `actions`. `state` is the state of an input, absent for buttons."""
    element = control.element
    found: Json = {
        "type": element["type"], "action_id": element["action_id"], "block_id": control.block["block_id"],
        "action_ts": ws.new_ts(),
    }  # fmt: skip
    for key in ("text", "value", "style"):
        if key in element:
            found[key] = element[key]
    if control.option is not None:
        key = "selected_options" if element["type"] in ("checkboxes", "multi_static_select") else "selected_option"
        found[key] = [control.option] if key == "selected_options" else control.option
    return found | {key: value for key, value in (state or {}).items() if key != "type"}


def message_block_actions(
    ws: WorkspaceState, who: SlackUser, channel: Channel, message: SlackMessage, pressed: Json
) -> Json:
    """block_actions of a message. For an ephemeral message the payload has no `message`."""
    ephemeral = message.only_for is not None
    container: Json = {"type": "message", "message_ts": message.ts, "channel_id": channel.id, "is_ephemeral": ephemeral}
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    payload = _common(ws, who) | {
        "type": "block_actions", "container": container, "trigger_id": ws.triggers.issue(who.id),
        "channel": {"id": channel.id, "name": _named(channel)}, "state": {"values": message.state},
        "response_url": _response_url(ws, who, channel, message), "actions": [pressed],
    }  # fmt: skip
    return payload if ephemeral else payload | {"message": api_objects.message(ws, message)}


def view_block_actions(ws: WorkspaceState, who: SlackUser, view: View, pressed: Json) -> Json:
    """block_actions of a modal or a Home tab, without channel and response_url."""
    return _common(ws, who) | {
        "type": "block_actions", "container": {"type": "view", "view_id": view.id},
        "trigger_id": ws.triggers.issue(who.id, in_view=view.type == "modal"), "view": api_objects.view(ws, view),
        "state": {"values": view.state}, "actions": [pressed],
    }  # fmt: skip


def view_submission(ws: WorkspaceState, who: SlackUser, view: View) -> Json:
    """view_submission. https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload"""
    return _common(ws, who) | {
        "type": "view_submission", "trigger_id": ws.triggers.issue(who.id, in_view=True),
        "view": api_objects.view(ws, view), "response_urls": _response_urls(ws, who, view),
    }  # fmt: skip


def _response_urls(ws: WorkspaceState, who: SlackUser, view: View) -> list[Json]:
    """One for each channel chosen in a menu that has response_url_enabled."""
    found = []
    for block, element in elements(view.blocks):
        state = view.state.get(block["block_id"], {}).get(element["action_id"], {})
        channel = ws.channels.get(state.get("selected_conversation") or state.get("selected_channel") or "")
        if element.get("response_url_enabled") and channel is not None:
            found.append({"block_id": block["block_id"], "action_id": element["action_id"], "channel_id": channel.id,
                          "response_url": _response_url(ws, who, channel, None)})  # fmt: skip
    return found


def view_closed(ws: WorkspaceState, who: SlackUser, view: View, *, cleared: bool) -> Json:
    """view_closed, sent only for views with notify_on_close."""
    return _common(ws, who) | {"type": "view_closed", "view": api_objects.view(ws, view), "is_cleared": cleared}
