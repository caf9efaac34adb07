"""The form of the post-mortem's written parts."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

from blocks import ids, kit, labels, text
from blocks.form_fields import INPUT, FormMistakes, about, field, form_about, text_in
from blocks.kit import Block
from warroom.incident.view import IncidentView
from warroom.postmortem.model import Postmortem
from warroom.postmortem.reminders import PARTS, TIMES
from warroom.postmortem.span import impact_span
from warroom.value import Value

BOTH = " (yours)"


class PartsConflict(Value):
    """Parts that somebody else changed meanwhile, differently; `mine` are all that were changed in the form."""

    mine: dict[str, str]
    both: tuple[str, ...]


def postmortem_form(view: IncidentView, parts: Mapping[str, str], conflict: PartsConflict | None = None) -> Block:
    """The written parts of the post-mortem, with what there is so far.

    With `conflict` somebody's own text stands in the fields, and the others' above those that they changed too.
    """
    said = conflict.mine if conflict else {}
    mine = {part: said[part] for part in conflict.both} if conflict else {}
    written = view.incident.postmortem
    blocks: list[Block | None] = []
    if mine:
        who = text.mention(written.edited_by) if written and written.edited_by else "Somebody"
        blocks.append(kit.section(f"⚠️ {who} changed the same parts meanwhile. Nothing of yours is saved yet."))
    for part in PARTS:
        if part in mine:
            blocks.append(kit.section(f"*{labels.part(part)}*, as it is saved now:"))
            blocks.append(kit.section(kit.quote(parts.get(part, "") or "(empty)", 2_900)))
        initial = said.get(part, parts.get(part, ""))
        hint = "Needed to publish. May stay empty for now." if part in Postmortem.required else ""
        if part in mine:
            hint = "Your text. Put both together, then save."
        what = kit.plain_text_input(INPUT, initial=initial, multiline=True)
        blocks.append(field(_block(part, mine), labels.part(part), what, optional=True, hint=hint))
        if part == "impact":
            blocks += _time_fields(view, said, mine)
    blocks.append(kit.context("Timeline, people, durations and action items come from the record by themselves."))
    shown = {part: _shown(parts.get(part, "")) for part in PARTS} | times_of(view)
    seen = ",".join(_mark(shown[part]) for part in (*PARTS, *TIMES))
    return form_about(view, ids.FORM_POSTMORTEM, "Post-mortem", "Save", blocks, seen)


def _time_fields(view: IncidentView, said: Mapping[str, str], mine: Mapping[str, str]) -> list[Block]:
    """From when to when it hurt, on the workspace's clock, for people to correct."""
    fields = []
    for part, now in times_of(view).items():
        hint = (
            f"Saved now: {now or 'nothing'}. Yours is above." if part in mine else f"From the record; {view.timezone}."
        )
        what = kit.plain_text_input(INPUT, initial=said.get(part, now), max_length=60, placeholder="2026-12-01 03:10")
        fields.append(field(_block(part, mine), labels.part(part), what, optional=True, hint=hint))
    return fields


def times_of(view: IncidentView) -> dict[str, str]:
    """By name: from when to when it hurt, as it can be typed; "" for an end that is not yet."""
    span, zone = impact_span(view.incident, view.firings), text.zone(view.timezone)
    return {part: f"{at.astimezone(zone):%Y-%m-%d %H:%M}" if at else "" for part, at in zip(TIMES, span, strict=True)}


def time_unclear(part: str, form: Block) -> FormMistakes:
    """What was typed there is no time that is over, or the end lies before the beginning."""
    name = part if part in (form.get("state") or {}).get("values", {}) else f"{part}{BOTH}"
    said = "A time that is over, the end after the beginning. For example: 2026-12-01 03:10"
    return FormMistakes(fields={name: said})


def _block(part: str, mine: Mapping[str, str]) -> str:
    """The name of the part's field. Slack keeps what was typed in a field whose name stays, so one with another text has another."""
    return f"{part}{BOTH}" if part in mine else part


def read_postmortem(view: Block, stored: Postmortem | None, times: Mapping[str, str]) -> dict[str, str] | PartsConflict:
    """The parts that were changed in the form, or that others changed some of them meanwhile; times as they were typed.

    `stored` is how it is now; while there is none, what the form offered counts as written. `times` are those of now.
    """
    shown = {part: text_in(view, part) or text_in(view, f"{part}{BOTH}") for part in (*PARTS, *TIMES)}
    seen = dict(zip((*PARTS, *TIMES), about(view).seen.split(","), strict=False))
    # A form that an earlier release opened has no times.
    mine = {part: written for part, written in shown.items() if part in seen and _mark(written) != seen[part]}
    if stored is None:
        return {part: written for part, written in shown.items() if part in PARTS or part in mine}
    now = {part: _mark(_shown(written)) for part, written in parts_of(stored).items()}
    now |= {part: _mark(written) for part, written in times.items()}
    theirs = [part for part, written in mine.items() if now[part] not in (seen.get(part), _mark(written))]
    return PartsConflict(mine=mine, both=tuple(theirs)) if theirs else mine


def parts_of(written: Postmortem | None) -> dict[str, str]:
    """The written parts by name, all empty without a post-mortem."""
    return {part: getattr(written, part, "") for part in PARTS}


def _shown(written: str) -> str:
    """How the form shows a text: what is too long for Slack is cut, and left alone unless it is changed."""
    return str(kit.plain_text_input(INPUT, initial=written).get("initial_value", "")).strip()


def _mark(written: str) -> str:
    return sha256(written.encode()).hexdigest()[:16]
