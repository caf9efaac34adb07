"""What people do with forms: answers of the app to a submission."""

from __future__ import annotations

from dataclasses import dataclass, field

from sandbox.methods.views import check_view, opened, replaced
from sandbox.model import Json, View
from sandbox.workspace import Workspace


@dataclass(frozen=True)
class Answer:
    """Whether the app acknowledged a gesture in time, and what the person would see when it did not."""

    acked: bool
    error: str = ""


@dataclass(frozen=True)
class Submitted:
    """What a submission led to. `errors` are by the label of the input."""

    closed: bool
    acked: bool = True
    errors: dict[str, str] = field(default_factory=dict)


def close(ws: Workspace, view: View) -> None:
    """The modal and those above it are gone."""
    stack = ws.stacks[view.user]
    while stack and view in stack:
        stack.pop().is_open = False
    view.is_open = view.type == "home"
    ws.pulse.beat()


def settle(ws: Workspace, view: View, answer: Json | None) -> Submitted:
    """What the acknowledgement of a submission asks for. https://docs.slack.dev/surfaces/modals

    Raises SlackError for a view that Slack would not show.
    """
    match (answer or {}).get("response_action"):
        case None:
            close(ws, view)
            return Submitted(closed=True)
        case "errors":
            assert answer is not None
            return Submitted(closed=False, errors=_by_label(view, answer.get("errors") or {}))
        case "clear":
            for open_view in ws.stacks.pop(view.user, []):
                open_view.is_open = False
            ws.pulse.beat()
            return Submitted(closed=True)
        case "update":
            assert answer is not None
            replaced(ws, view, check_view(answer["view"], "modal"))
            return Submitted(closed=False)
        case "push":
            assert answer is not None
            opened(ws, view.user, check_view(answer["view"], "modal"))
            return Submitted(closed=False)
        case other:
            raise ValueError(f"Slack knows no response_action {other!r}")


def _by_label(view: View, errors: Json) -> dict[str, str]:
    labels = {block["block_id"]: block["label"]["text"] for block in view.blocks if block["type"] == "input"}
    unknown = [block_id for block_id in errors if block_id not in labels]
    if unknown:
        raise ValueError(f"errors for blocks that are no inputs of the view: {', '.join(unknown)}")
    return {labels[block_id]: str(text) for block_id, text in errors.items()}
