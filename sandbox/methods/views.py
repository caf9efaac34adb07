"""views.*: https://docs.slack.dev/reference/methods?family=views and https://docs.slack.dev/surfaces/modals"""

from __future__ import annotations

import json

from sandbox import api_objects, forms
from sandbox.arguments import Arguments
from sandbox.blockkit import view_problems
from sandbox.errors import SlackError, invalid
from sandbox.methods.registry import TIER_4, method
from sandbox.model import Json, View
from sandbox.workspace import WorkspaceState

VIEW_LIMIT = 250_000
"""Bytes of a view as JSON."""
MAX_STACKED_MODALS = 3


def checked_view(args: Arguments, kind: str) -> Json:
    """The argument `view`, validated, of type `kind`. Raises invalid_arguments and view_too_large."""
    return check_view(args.object("view"), kind)


def check_view(view: Json, kind: str) -> Json:
    """The view, validated, of type `kind`. Raises invalid_arguments and view_too_large."""
    if len(json.dumps(view).encode()) > VIEW_LIMIT:
        raise SlackError("view_too_large")
    found = view_problems(view)
    if view.get("type") != kind:
        found = [*found, f"[ERROR] must be of type {kind} [json-pointer:/view/type]"]
    if found:
        raise invalid("invalid_arguments", found)
    return view


def show_modal(ws: WorkspaceState, user: str, body: Json) -> View:
    """Open a modal on top of that person's others. Raises push_limit_reached and duplicate_external_id."""
    stack = ws.modal_stacks[user]
    if len(stack) >= MAX_STACKED_MODALS:
        raise SlackError("push_limit_reached")
    _require_free_external_id(ws, body, None)
    view_id = ws.new_id("V")
    previous = stack[-1].id if stack else None
    view = View(view_id, user, body, ws.new_hash(), stack[0].id if stack else view_id, previous)
    forms.prepare_inputs(ws, view)
    ws.views[view.id] = view
    stack.append(view)
    ws.changed.notify()
    return view


def replace_view(ws: WorkspaceState, view: View, body: Json) -> View:
    """Replace the content of an open view. Inputs with the same block and action id keep their values."""
    _require_free_external_id(ws, body, view)
    view.body, view.hash = body, ws.new_hash()
    forms.prepare_inputs(ws, view)
    ws.changed.notify()
    return view


def _require_free_external_id(ws: WorkspaceState, body: Json, own: View | None) -> None:
    external = body.get("external_id")
    if external and any(
        v.is_open and v is not own and v.body.get("external_id") == external for v in ws.views.values()
    ):
        raise SlackError("duplicate_external_id")


@method("views.open", TIER_4, arguments="trigger_id, view")
def open_view(ws: WorkspaceState, args: Arguments) -> Json:
    body = checked_view(args, "modal")
    trigger = ws.triggers.exchange(args.required("trigger_id"))
    if trigger.in_view and ws.modal_stacks[trigger.user]:
        # views.open from within a modal puts the new one on top, as views.push does.
        return {"view": api_objects.view(ws, show_modal(ws, trigger.user, body))}
    for old in ws.modal_stacks.pop(trigger.user, []):
        old.is_open = False
    return {"view": api_objects.view(ws, show_modal(ws, trigger.user, body))}


@method("views.push", TIER_4, arguments="trigger_id, view")
def push_view(ws: WorkspaceState, args: Arguments) -> Json:
    body = checked_view(args, "modal")
    trigger = ws.triggers.exchange(args.required("trigger_id"))
    if not ws.modal_stacks[trigger.user] or not trigger.in_view:
        raise SlackError("not_found")  # only a trigger from within a modal can push a view onto it
    return {"view": api_objects.view(ws, show_modal(ws, trigger.user, body))}


@method("views.update", TIER_4, arguments="view_id, external_id, view, hash")
def update_view(ws: WorkspaceState, args: Arguments) -> Json:
    body = checked_view(args, "modal")
    wanted, external = args.text("view_id"), args.text("external_id")
    if not wanted and not external:
        raise invalid("invalid_arguments", ["[ERROR] missing required field: view_id [json-pointer:/view_id]"])
    for view in ws.views.values():
        if view.is_open and view.type == "modal" and (
            view.id == wanted or (external and view.body.get("external_id") == external)
        ):  # fmt: skip
            _require_same_hash(args, view)
            return {"view": api_objects.view(ws, replace_view(ws, view, body))}
    raise SlackError("not_found")


def _require_same_hash(args: Arguments, view: View) -> None:
    if "hash" in args and args.text("hash") != view.hash:
        raise SlackError("hash_conflict")


@method("views.publish", TIER_4, arguments="user_id, view, hash")
def publish_view(ws: WorkspaceState, args: Arguments) -> Json:
    body = checked_view(args, "home")
    user = args.required("user_id")
    if user not in ws.people or ws.people[user].is_bot:
        raise invalid("invalid_arguments", ["[ERROR] user not found [json-pointer:/user_id]"])
    if not ws.app.home_enabled:
        raise SlackError("not_enabled")
    view = ws.home_views.get(user)
    if view is not None:
        _require_same_hash(args, view)
        return {"view": api_objects.view(ws, replace_view(ws, view, body))}
    view_id = ws.new_id("V")
    view = View(view_id, user, body, ws.new_hash(), view_id)
    forms.prepare_inputs(ws, view)
    ws.home_views[user] = ws.views[view.id] = view
    ws.changed.notify()
    return {"view": api_objects.view(ws, view)}
