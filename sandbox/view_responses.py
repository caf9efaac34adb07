"""What the app's acknowledgement of a form submission does to the modal: `response_action`.

https://docs.slack.dev/surfaces/modals
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sandbox.methods.views import check_view, replace_view, show_modal
from sandbox.model import Json, View
from sandbox.workspace import WorkspaceState


@dataclass(frozen=True)
class GestureResult:
    """Whether the app acknowledged a click, command or shortcut in time; `error` is Slack's message when it did not."""

    acked: bool
    error: str = ""


@dataclass(frozen=True)
class SubmissionResult:
    """The outcome of a submission: whether the modal closed, and the errors by the label of their input."""

    closed: bool
    acked: bool = True
    errors: dict[str, str] = field(default_factory=dict)


def close_view(ws: WorkspaceState, view: View) -> None:
    """Close the modal and those on top of it."""
    stack = ws.modal_stacks[view.user]
    while stack and view in stack:
        stack.pop().is_open = False
    view.is_open = view.type == "home"
    ws.changed.notify()


def apply_response_action(ws: WorkspaceState, view: View, answer: Json | None) -> SubmissionResult:
    """Do what the acknowledgement of a submission asks for. Without an answer the modal closes.

    Raises SlackError for a view that Slack refuses, ValueError for an unknown response_action or block id.
    """
    match (answer or {}).get("response_action"):
        case None:
            close_view(ws, view)
            return SubmissionResult(closed=True)
        case "errors":
            assert answer is not None
            return SubmissionResult(closed=False, errors=_by_label(view, answer.get("errors") or {}))
        case "clear":
            for open_view in ws.modal_stacks.pop(view.user, []):
                open_view.is_open = False
            ws.changed.notify()
            return SubmissionResult(closed=True)
        case "update":
            assert answer is not None
            replace_view(ws, view, check_view(answer["view"], "modal"))
            return SubmissionResult(closed=False)
        case "push":
            assert answer is not None
            show_modal(ws, view.user, check_view(answer["view"], "modal"))
            return SubmissionResult(closed=False)
        case other:
            raise ValueError(f"Slack knows no response_action {other!r}")


def _by_label(view: View, errors: Json) -> dict[str, str]:
    labels = {block["block_id"]: block["label"]["text"] for block in view.blocks if block["type"] == "input"}
    unknown = [block_id for block_id in errors if block_id not in labels]
    if unknown:
        raise ValueError(f"errors for blocks that are no inputs of the view: {', '.join(unknown)}")
    return {labels[block_id]: str(text) for block_id, text in errors.items()}
