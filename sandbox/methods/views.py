"""views.*: https://docs.slack.dev/reference/methods?family=views and https://docs.slack.dev/surfaces/modals"""

from __future__ import annotations

import json

from sandbox import forms, shapes
from sandbox.arguments import Arguments
from sandbox.blockkit import view_problems
from sandbox.errors import SlackError, invalid
from sandbox.methods.table import TIER_4, method
from sandbox.model import Json, View
from sandbox.workspace import Workspace

VIEW_LIMIT = 250_000
"""Bytes of a whole view."""
DEEPEST = 3


def checked(args: Arguments, kind: str) -> Json:
    """The view given, valid and of that type. Raises invalid_arguments and view_too_large."""
    return check_view(args.object("view"), kind)


def check_view(view: Json, kind: str) -> Json:
    """As `checked`, for a view that came another way."""
    if len(json.dumps(view).encode()) > VIEW_LIMIT:
        raise SlackError("view_too_large")
    found = view_problems(view)
    if view.get("type") != kind:
        found = [*found, f"[ERROR] must be of type {kind} [json-pointer:/view/type]"]
    if found:
        raise invalid("invalid_arguments", found)
    return view


def opened(ws: Workspace, user: str, body: Json) -> View:
    """A modal on top of that person's stack. Raises push_limit_reached and duplicate_external_id."""
    stack = ws.stacks[user]
    if len(stack) >= DEEPEST:
        raise SlackError("push_limit_reached")
    _free_external_id(ws, body, None)
    view_id = ws.new_id("V")
    previous = stack[-1].id if stack else None
    view = View(view_id, user, body, ws.new_hash(), stack[0].id if stack else view_id, previous)
    forms.furnish(ws, view)
    ws.views[view.id] = view
    stack.append(view)
    ws.pulse.beat()
    return view


def replaced(ws: Workspace, view: View, body: Json) -> View:
    """Other content in an open view; inputs with the same block and action id keep what was entered."""
    _free_external_id(ws, body, view)
    view.body, view.hash = body, ws.new_hash()
    forms.furnish(ws, view)
    ws.pulse.beat()
    return view


def _free_external_id(ws: Workspace, body: Json, own: View | None) -> None:
    external = body.get("external_id")
    if external and any(
        v.is_open and v is not own and v.body.get("external_id") == external for v in ws.views.values()
    ):
        raise SlackError("duplicate_external_id")


@method("views.open", TIER_4, honours="trigger_id, view")
def open_view(ws: Workspace, args: Arguments) -> Json:
    body = checked(args, "modal")
    trigger = ws.triggers.exchange(args.required("trigger_id"))
    if trigger.in_view and ws.stacks[trigger.user]:
        # Opening from within a modal replaces nothing: Slack wants views.push for that.
        return {"view": shapes.view(ws, opened(ws, trigger.user, body))}
    for old in ws.stacks.pop(trigger.user, []):
        old.is_open = False
    return {"view": shapes.view(ws, opened(ws, trigger.user, body))}


@method("views.push", TIER_4, honours="trigger_id, view")
def push_view(ws: Workspace, args: Arguments) -> Json:
    body = checked(args, "modal")
    trigger = ws.triggers.exchange(args.required("trigger_id"))
    if not ws.stacks[trigger.user] or not trigger.in_view:
        raise SlackError("not_found")  # a view is pushed from within the modal it goes on top of
    return {"view": shapes.view(ws, opened(ws, trigger.user, body))}


@method("views.update", TIER_4, honours="view_id, external_id, view, hash")
def update_view(ws: Workspace, args: Arguments) -> Json:
    body = checked(args, "modal")
    wanted, external = args.text("view_id"), args.text("external_id")
    if not wanted and not external:
        raise invalid("invalid_arguments", ["[ERROR] missing required field: view_id [json-pointer:/view_id]"])
    for view in ws.views.values():
        if view.is_open and view.type == "modal" and (
            view.id == wanted or (external and view.body.get("external_id") == external)
        ):  # fmt: skip
            _same_hash(args, view)
            return {"view": shapes.view(ws, replaced(ws, view, body))}
    raise SlackError("not_found")


def _same_hash(args: Arguments, view: View) -> None:
    if "hash" in args and args.text("hash") != view.hash:
        raise SlackError("hash_conflict")


@method("views.publish", TIER_4, honours="user_id, view, hash")
def publish_view(ws: Workspace, args: Arguments) -> Json:
    body = checked(args, "home")
    user = args.required("user_id")
    if user not in ws.people or ws.people[user].is_bot:
        raise invalid("invalid_arguments", ["[ERROR] user not found [json-pointer:/user_id]"])
    if not ws.app.home_enabled:
        raise SlackError("not_enabled")
    view = ws.homes.get(user)
    if view is not None:
        _same_hash(args, view)
        return {"view": shapes.view(ws, replaced(ws, view, body))}
    view_id = ws.new_id("V")
    view = View(view_id, user, body, ws.new_hash(), view_id)
    forms.furnish(ws, view)
    ws.homes[user] = ws.views[view.id] = view
    ws.pulse.beat()
    return {"view": shapes.view(ws, view)}
