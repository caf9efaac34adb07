"""The checklist of a post-mortem before it is published, and the history of its edits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from blocks import ids, kit, labels, text
from blocks.kit import Card
from warroom.incident import events
from warroom.incident.timeline import Entry
from warroom.incident.view import IncidentView
from warroom.postmortem.checklist import Checklist, Finding, Weakness
from warroom.text import cut

NEWEST = 15
"""Revisions that the history shows."""
ANYWAY = "anyway"
"""What Publish anyway carries."""


def finding_words(finding: Finding) -> str:
    """What is weak and what to do about it, on one line of plain text with a mention."""
    match finding.weakness:
        case Weakness.NO_NUMBERS:
            return "The impact has no numbers. Say how many, how long, how much."
        case Weakness.BLAME:
            return f"{labels.part(finding.part)} names {text.mention(finding.person)}. Say what the system allowed, not who did it."
        case Weakness.NO_ACTIONS:
            return "There are no action items. What keeps it from happening again?"
        case Weakness.NO_OWNER:
            return f"Action item {finding.action} has no owner."
        case Weakness.NO_DATE:
            return f"Action item {finding.action} has no due date."


def checklist_card(view: IncidentView, found: Checklist, *, asked: bool = False) -> Card:
    """What is missing and what is weak, with the way to publish. `asked` when somebody pressed Publish."""
    incident = view.incident
    lines = [f"🔴 {labels.part(part)} is missing. It is required." for part in found.missing]
    lines += [f"🟡 {finding_words(each)}" for each in found.weak]
    head = f"Checklist of the post-mortem of {incident.name}"
    if not lines:
        head = f"The post-mortem of {incident.name} lacks nothing."
    elif asked and found.missing:
        head = f"{incident.name} is not published: required parts are missing."
    elif asked:
        head = f"{incident.name} is not published yet: the checklist found something weak."
    label = "Publish anyway" if found.weak else "Publish"
    may_publish = incident.postmortem is not None and not incident.postmortem.published_at and not found.missing
    buttons = kit.actions(
        [
            kit.button("Edit post-mortem", ids.EDIT_POSTMORTEM, ids.carry(incident.id, "checklist")),
            kit.button(label, ids.PUBLISH_POSTMORTEM, ids.carry(incident.id, ANYWAY)) if may_publish else None,
        ]
    )
    shown = "\n".join(lines[:30])
    return kit.card(head, [kit.section(f"*{head}*"), kit.section(shown) if shown else None, buttons])


def history(view: IncidentView, entries: Sequence[Entry]) -> Card:
    """Who changed which part when, newest first, with the words that came and went."""
    incident = view.incident
    edits = [entry for entry in entries if isinstance(entry.event, _KINDS)][::-1]
    head = f"History of the post-mortem of {incident.name}"
    blocks = [kit.section(f"*{head}*")]
    for entry in edits[:NEWEST]:
        blocks.append(kit.section("\n".join(_edit(entry, view.timezone))))
    if len(edits) > NEWEST:
        blocks.append(kit.context(f"{len(edits) - NEWEST:,} earlier ones are on the timeline."))
    if not edits:
        blocks.append(kit.context("Nothing was written yet. /incident postmortem writes the draft."))
    return kit.card(head, blocks)


_KINDS = (events.PostmortemDrafted, events.PostmortemEdited, events.PostmortemPublished)


def _edit(entry: Entry, tz: str) -> Iterator[str]:
    by = f" by {text.mention(entry.by)}" if entry.by else ""
    at = text.moment(entry.at, tz)
    match entry.event:
        case events.PostmortemEdited(revision=revision, changes=changes):
            yield f"*Revision {revision}*, {at}{by}"
            for each in changes:
                yield f"{labels.part(each.part)}: {_difference(each.before, each.after)}"
        case events.PostmortemPublished(revision=revision):
            yield f"*Revision {revision}*, {at}: published{by}"
        case _:
            yield f"*Draft*, {at}{by}"


def _difference(before: str, after: str) -> str:
    """The words that were taken out struck through, those that came in bold."""
    old, new = before.split(), after.split()
    shown: list[str] = []
    for kind, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            same = " ".join(old[i:j])
            shown.append(same if j - i <= 6 else f"{' '.join(old[i : i + 3])} … {' '.join(old[j - 3 : j])}")
            continue
        shown += [f"[−{' '.join(old[i:j])}−]"] if j > i else []
        shown += [f"[+{' '.join(new[k:m])}+]"] if m > k else []
    return kit.line(cut(" ".join(shown), 800), 900)
