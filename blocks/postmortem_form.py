"""The form of the post-mortem's written parts."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

from blocks import ids, kit, labels
from blocks.form_fields import INPUT, FormMistakes, about, field, form_about, text_in
from blocks.kit import Block
from warroom.incident.view import IncidentView
from warroom.postmortem.model import Postmortem
from warroom.postmortem.reminders import PARTS


def postmortem_form(view: IncidentView, parts: Mapping[str, str]) -> Block:
    """The written parts of the post-mortem, with what there is so far."""
    fields = [
        field(
            part,
            labels.part(part),
            kit.plain_text_input(INPUT, initial=parts.get(part, ""), multiline=True),
            optional=True,
            hint="Required to publish." if part in Postmortem.required else "",
        )
        for part in PARTS
    ]
    note = kit.context("Timeline, people, durations and action items come from the record by themselves.")
    seen = ",".join(_mark(_shown(parts.get(part, ""))) for part in PARTS)
    return form_about(view, ids.FORM_POSTMORTEM, "Post-mortem", "Save", [*fields, note], seen)


def read_postmortem(view: Block, stored: Postmortem | None) -> dict[str, str] | FormMistakes:
    """The parts that were changed in the form, or those that somebody else changed meanwhile, differently.

    `stored` is how it is now; while there is none, what the form offered counts as written.
    """
    shown = {part: text_in(view, part) for part in PARTS}
    if stored is None:
        return shown
    seen = dict(zip(PARTS, about(view).seen.split(","), strict=False))
    mine = {part: written for part, written in shown.items() if _mark(written) != seen.get(part)}
    now = {part: _mark(_shown(written)) for part, written in parts_of(stored).items()}
    theirs = [part for part, written in mine.items() if now[part] not in (seen.get(part), _mark(written))]
    if theirs:
        why = "Somebody changed this meanwhile. Copy your text and open the form again."
        return FormMistakes(fields=dict.fromkeys(theirs, why))
    return mine


def parts_of(written: Postmortem | None) -> dict[str, str]:
    """The written parts by name, all empty without a post-mortem."""
    return {part: getattr(written, part, "") for part in PARTS}


def _shown(written: str) -> str:
    """How the form shows a text: what is too long for Slack is cut, and left alone unless it is changed."""
    return str(kit.plain_text_input(INPUT, initial=written).get("initial_value", "")).strip()


def _mark(written: str) -> str:
    return sha256(written.encode()).hexdigest()[:16]
