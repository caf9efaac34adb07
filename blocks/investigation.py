"""How an investigation looks: the message in the card's thread, everything it found, and the same as plain text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from blocks import ids, kit, text
from blocks.kit import Block, Card
from blocks.runbooks import run_button, why
from warroom.incident.model import Incident
from warroom.incident.view import IncidentView
from warroom.investigation.model import Answer, Cause, Evidence, NotLookedAt, time_of_day
from warroom.investigation.prose import Prose
from warroom.investigation.state import Brief, Investigation, Running
from warroom.investigation.ways import Ways
from warroom.text import clean

WORTH_NAMING = 0.05
"""A cause that is less likely is not in the short answer; "Show everything" has it."""
SHORT = 3
"""Lines of evidence in the message."""
WORDS = ((0.8, "very likely"), (0.6, "likely"), (0.4, "possible"), (0.1, "a weak lead"), (0.0, "unlikely"))
"""How sure, in words: of the causes said with 0.8 about 8 in 10 are right."""
MOST_MISSED = 4
MOST_OFFERED = 2
"""Runbooks in the message."""
SIGNS = {"series": "📈", "log": "📜", "change": "🚢", "fact": "📌", "graph": "🕸️", "similar": "🔁"}


def sure(confidence: float) -> str:
    """Such as "very likely (82 %)"."""
    word = next(word for least, word in WORDS if confidence >= least)
    return f"{word} ({per_cent(confidence)})"


def per_cent(confidence: float) -> str:
    """Such as "82 %"."""
    return f"{confidence * 100:.0f} %" if confidence >= 0.01 else "under 1 %"


def investigation_card(view: IncidentView, ways: Ways, now: datetime) -> Card:
    """The one message in the thread of the card, as far as the investigation got."""
    state, tz = view.incident.investigation, view.timezone
    if state.running is not None:
        return _running(view, state.running, now)
    if state.answer is None:
        why = kit.line(state.error, 300) or "it was stopped"
        shown = f"🔎 *Investigation:* nothing can be said: {why}"
        return kit.card(f"{view.incident.name}: {shown}", [kit.section(shown), kit.actions([_again(view)])])
    return _answered(view, state, state.answer, ways, now, tz)


def _running(view: IncidentView, running: Running, now: datetime) -> Card:
    of = f" of {kit.line(running.service, 80)}" if running.service else ""
    by = f" for {text.mention(running.by)}" if running.by else ""
    head = f"🔎 *Looking for the cause*{of}{by} …"
    lines = [head]
    if running.looked:
        lines.append(f"✓ {kit.line(_grouped(running.looked), 400)}")
    if running.waiting:
        lines.append(f"⏳ {kit.line(_grouped(running.waiting), 300)}")
    elif running.looked or running.failed:
        lines.append("⏳ comparing with normal")
    lines += _missed(running.failed)
    return kit.card(f"{view.incident.name}: {head}", [kit.section("\n".join(lines))])


def _grouped(sources: Iterable[str]) -> str:
    """The logs of many services are one thing here."""
    logs: list[str] = []
    others: list[str] = []
    for each in sources:
        (logs if each.startswith("log of ") else others).append(each)
    return ", ".join([*others, *([logs[0]] if len(logs) == 1 else [f"logs of {len(logs)} services"] if logs else [])])


def _answered(view: IncidentView, state: Investigation, answer: Answer, ways: Ways, now: datetime, tz: str) -> Card:
    cause = state.cause
    blocks: list[Block | None] = []
    if cause is None:
        where = f" at {kit.line(answer.service, 80)}" if answer.service else ""
        head = f"🔎 *Inconclusive:* nothing of what was looked at stands out{where}."
        blocks.append(kit.section(head))
    else:
        head = f"🔎 *Probable cause: {kit.line(cause.service, 100)}*, {sure(cause.confidence)}"
        began = f"\nIt began at {text.at_time(cause.onset, now, tz)}." if cause.onset else ""
        lines = [f"{SIGNS[each.kind]} {shown_evidence(each, 220, now, tz)}" for each in cause.evidence[:SHORT]]
        blocks.append(kit.section("\n".join([head + began, *lines])))
        others = [
            f"{kit.line(each.service, 60)} ({per_cent(each.confidence)})"
            for each in answer.causes[1:]
            if each.confidence >= WORTH_NAMING
        ]
        if others:
            blocks.append(kit.section(f"Less likely: {', '.join(others)}"))
    blocks.append(_in_words(state.prose))
    if answer.next_steps:
        (step, *_) = _next(answer, now, tz)
        blocks.append(kit.section(f"*Next:* {step}"))
    blocks += _runbooks(view.incident, ways)
    blocks.append(kit.actions(_buttons(view, cause, ways)))
    small = [*_missed(state.not_looked_at), *_compared(state.before, cause, now, tz)]
    if state.right is not None:
        small.append(
            f"{text.mention(state.judged_by)} says this was {'right' if state.right else 'wrong'}."
            if state.judged_by
            else ""
        )
    small.append(
        f"Looked at {text.at_time(state.answered_at, now, tz)}, took {answer.took_seconds:.0f} s."
        if state.answered_at
        else ""
    )
    blocks.append(kit.context(*[each for each in small if each]))
    return kit.card(f"{view.incident.name}: {head}", blocks)


def _in_words(prose: Prose | None) -> Block | None:
    """What a language model wrote; None where it wrote nothing. The ranking stands above it, as it is without one."""
    if prose is None or not (prose.pending or prose.sentences):
        return None
    if prose.pending:
        return kit.context("✍️ A language model is putting it into words …")
    head = "✍️ *In words*, by a language model. Check it: the items in brackets are under *Show everything*."
    lines = [f"• {text.literal(each.text, 350)} [{', '.join(each.cites)}]" for each in prose.sentences]
    return kit.section("\n".join([head, *lines]))


def shown_evidence(evidence: Evidence, limit: int, now: datetime, tz: str) -> str:
    """One line, with the page where it can be seen again."""
    said = _own_time(kit.line(evidence.text, limit), evidence.times, now, tz)
    return f"{said} · {kit.link(evidence.url, 'open')}" if text.web_address(evidence.url) else said


def _own_time(mrkdwn: str, times: Iterable[datetime], now: datetime, tz: str) -> str:
    """The line with those times as Slack shows them to each reader, in place of UTC."""
    for at in dict.fromkeys(times):
        mrkdwn = mrkdwn.replace(time_of_day(at), text.at_time(at, now, tz), 1)
    return mrkdwn


def _next(answer: Answer, now: datetime, tz: str) -> list[str]:
    """What to do next, a line each."""
    changes = [each.change.at for each in answer.causes if each.change]
    return [_own_time(kit.line(each, 300), changes, now, tz) for each in answer.next_steps]


def _buttons(view: IncidentView, cause: Cause | None, ways: Ways) -> list[Block | None]:
    incident = view.incident
    buttons: list[Block | None] = []
    if cause is not None and ways.runbook:
        buttons.append(kit.button("Open runbook", ids.nth(ids.OPEN_LINK, 1), "runbook", url=ways.runbook))
    if ways.team and incident.state.open:
        team = kit.line(ways.team, 40)
        ask = kit.confirm(
            f"Page {team}?", f"Whoever is on call for {team} is paged now.", "Page", "Cancel", style="danger"
        )
        buttons.append(kit.button(f"Page {team}", ids.PAGE_OWNER, ids.carry(incident.id, ways.team), confirm=ask))
    graphs = [each.url for each in cause.evidence if each.kind == "series" and each.url] if cause else []
    if page := next((each for each in (ways.dashboard, *graphs) if text.web_address(each)), None):
        label = "Open dashboard" if page == ways.dashboard else "Open graph"
        buttons.append(kit.button(label, ids.nth(ids.OPEN_LINK, 2), "dashboard", url=page))
    buttons.append(kit.button("Show everything", ids.SHOW_INVESTIGATION, ids.carry(incident.id)))
    buttons.append(_again(view))
    return buttons


def _runbooks(incident: Incident, ways: Ways) -> list[Block | None]:
    """The runbooks that fit best, each with why and the button that shows its plan."""
    offers = [each for each in ways.offers if each.runbook.steps or each.runbook.checklist]
    if not incident.state.open:
        return []
    return [
        kit.section(
            f"🛠️ Runbook: *{kit.line(offer.runbook.name, 150)}*\n_Fits: {why(offer.why)}_",
            accessory=run_button(incident, offer.runbook, place),
        )
        for place, offer in enumerate(offers[:MOST_OFFERED])
    ]


def _again(view: IncidentView) -> Block:
    runs = view.incident.investigation.runs
    return kit.button("Run again", ids.INVESTIGATE, ids.carry(view.incident.id, str(runs)))


def _missed(missed: Iterable[NotLookedAt]) -> list[str]:
    """One line about what nobody saw; the same reason is said once."""
    by_reason: dict[str, list[str]] = {}
    for each in missed:
        by_reason.setdefault(each.why, []).append(each.source)
    said = [f"{_grouped(sources)} ({why})" for why, sources in by_reason.items()]
    more = f" and {len(said) - MOST_MISSED} more" if len(said) > MOST_MISSED else ""
    return [f"⚠️ Not looked at: {kit.line('; '.join(said[:MOST_MISSED]), 500)}{more}"] if said else []


def _compared(before: Brief | None, cause: Cause | None, now: datetime, tz: str) -> list[str]:
    if before is None:
        return []
    when = text.at_time(before.at, now, tz)
    if before.cause is None:
        return [f"The run at {when} was inconclusive." if cause else f"As in the run at {when}."]
    was = f"{kit.line(before.cause, 80)} ({per_cent(before.confidence)})"
    if cause is not None and cause.service == before.cause:
        return [f"The run at {when} said the same: {was}."]
    return [f"The run at {when} said something else: {was}."]


MODAL_PART = 2_800
RIGHT, WRONG = "right", "wrong"
"""What the buttons below the question carry."""


def everything(view: IncidentView, now: datetime) -> Block:
    """The form that shows all of the last answer."""
    incident = view.incident
    answer = incident.investigation.answer
    blocks: list[Block | None] = []
    if answer is None:
        blocks.append(kit.section("There is no answer yet."))
    else:
        for place, cause in enumerate(answer.causes, 1):
            blocks += _whole_cause(place, cause, now, view.timezone)
        if answer.verdict == "inconclusive":
            blocks.append(kit.section("*Inconclusive:* nothing stands out enough to be named."))
        blocks += _listed("Ruled out", [f"{each.service}: {each.why}" for each in answer.ruled_out])
        missed = incident.investigation.not_looked_at
        blocks += _listed("Not looked at", [f"{each.source}: {each.why}" for each in missed])
        blocks += _listed("Cited by the language model", _cited(incident.investigation.prose))
        blocks += _listed(
            "Like this before", [_past(each.number, each.title, each.cause, each.fixed_by) for each in answer.similar]
        )
        blocks += _listed("Next", _next(answer, now, view.timezone), escaped=True)
    title = f"Why {incident.name} is broken"
    return kit.modal(title, "", blocks, callback_id=ids.INVESTIGATION_VIEW, close="Close")


def _cited(prose: Prose | None) -> list[str]:
    return [f"[{each.id}] {each.service}: {each.text}" for each in prose.cited] if prose else []


def _past(number: int, title: str, cause: str | None, fixed_by: str) -> str:
    said = f"INC-{number} {title}"
    said += f"; cause: {cause}" if cause else ""
    return said + (f"; fixed by: {fixed_by}" if fixed_by else "")


def _whole_cause(place: int, cause: Cause, now: datetime, tz: str) -> Iterator[Block | None]:
    began = f", began at {text.at_time(cause.onset, now, tz)}" if cause.onset else ""
    signal = f", {kit.line(cause.signal, 60)}" if cause.signal else ""
    yield kit.section(f"*{place}. {kit.line(cause.service, 100)}*{signal}: {sure(cause.confidence)}{began}")
    lines = []
    for each in cause.evidence:
        lines.append(f"{SIGNS[each.kind]} {shown_evidence(each, 300, now, tz)}")
        if each.query:
            lines.append(f"      `{kit.line(each.query.replace('`', 'ˋ'), 300)}`")
    lines += [f"➖ Against: {shown_evidence(each, 300, now, tz)}" for each in cause.against]
    if lines:
        yield kit.section("\n".join(lines))


def _listed(head: str, lines: list[str], *, escaped: bool = False) -> list[Block | None]:
    if not lines:
        return []
    shown = "\n".join(f"• {each if escaped else kit.line(each, 250)}" for each in lines[:20])
    more = f"\n… and {len(lines) - 20} more" if len(lines) > 20 else ""
    return [kit.divider(), kit.section(f"*{head}*\n{kit.cut(shown, MODAL_PART)}{more}")]


def plain_answer(answer: Answer) -> str:
    """The whole answer for a terminal."""
    noticed = f" for {answer.service}" if answer.service else ""
    lines = [f"Investigated{noticed} at {answer.at:%Y-%m-%d %H:%M:%S} UTC, took {answer.took_seconds:.1f} s", ""]
    if answer.verdict == "inconclusive":
        lines.append("Inconclusive: nothing stands out enough to be named.")
    for place, cause in enumerate(answer.causes, 1):
        began = f", began {cause.onset:%H:%M:%S} UTC" if cause.onset else ""
        signal = f", {cause.signal}" if cause.signal else ""
        lines.append(f"{place}. {cause.service}{signal}: {sure(cause.confidence)}{began}")
        for each in cause.evidence:
            lines.append(f"   + {each.text}")
            lines += [f"       {detail}" for detail in (each.query, each.url) if detail]
        lines += [f"   - {each.text}" for each in cause.against]
    for head, said in (
        ("Ruled out", [f"{each.service}: {each.why}" for each in answer.ruled_out]),
        ("Not looked at", [f"{each.source}: {each.why}" for each in answer.not_looked_at]),
        ("Like this before", [_past(each.number, each.title, each.cause, each.fixed_by) for each in answer.similar]),
        ("Next", list(answer.next_steps)),
    ):
        lines += ["", f"{head}:", *(f"  {each}" for each in said)] if said else []
    return clean("\n".join(lines))


def cause_question(view: IncidentView) -> str:
    """Asked once, of whoever resolved it."""
    incident = view.incident
    cause = incident.investigation.cause
    if cause is None or incident.investigation.right is not None:
        return f"The cause of {incident.name} is judged already. Thank you."
    named = f"The investigation named *{kit.line(cause.service, 100)}* as the cause"
    return f"🔎 {incident.name} is resolved. {named}. Was that right?"


def cause_buttons(incident: Incident) -> list[Block | None]:
    """Yes and No, while nobody has said."""
    if incident.investigation.cause is None or incident.investigation.right is not None:
        return []
    return [
        kit.button("Yes", ids.nth(ids.ANSWER_CAUSE, 1), ids.carry(incident.id, RIGHT)),
        kit.button("No", ids.nth(ids.ANSWER_CAUSE, 2), ids.carry(incident.id, WRONG)),
    ]


def cause_answered(incident: Incident) -> Card:
    """The answer to whoever pressed."""
    how = "right" if incident.investigation.right else "wrong"
    shown = f"Noted: the cause named for {incident.name} was {how}. /incident metrics counts it."
    return kit.card(shown, [kit.section(shown)])


def asked(incident: Incident) -> Card:
    """The answer to /incident investigate."""
    shown = f"Looking for the cause of {incident.name}. The answer comes in the thread of its card within a minute."
    return kit.card(shown, [kit.section(shown)])


def page_reason(incident: Incident) -> str:
    """Why the owner's team is paged, plain text."""
    cause = incident.investigation.cause
    return (
        f"the investigation names {cause.service} as the probable cause"
        if cause
        else "the investigation is inconclusive"
    )
