"""What becomes of an investigation: asked for, under way, answered or failed; and whether the cause was right. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from warroom.errors import AlreadyDone, Refused
from warroom.incident.decision import Decision
from warroom.incident.events import CauseAnswered, Investigated
from warroom.incident.model import Incident
from warroom.incident.notices import CauseQuestion
from warroom.investigation.model import Answer, Cause, NotLookedAt
from warroom.investigation.prose import Prose
from warroom.investigation.state import Brief, Running
from warroom.outbox.effects import Investigate, Narrate, PrivateReply, ShareFindings, ShowInvestigation
from warroom.outbox.results import InvestigationDone, Narrated
from warroom.policy import Policy
from warroom.refusals import CauseAnsweredBefore, Investigating, NoCauseNamed
from warroom.text import cut

STUCK = timedelta(minutes=5)
"""One that is under way for longer was lost, and another one may be asked for."""
MOST_EVIDENCE, MOST_RULED_OUT, MOST_MISSED = 8, 30, 30
LONGEST_TEXT, LONGEST_QUERY, LONGEST_URL = 500, 1_000, 2_000
"""Of what is kept with the incident."""


def ask(incident: Incident, by: str | None, now: datetime, service: str = "") -> Decision:
    """It is looked into, of that service, else of the incident's first. Raises AlreadyDone while one is under way."""
    state = incident.investigation
    if state.running is not None and now - state.running.asked_at < STUCK:
        raise AlreadyDone(Investigating(incident=incident.name))
    running = Running(number=state.runs + 1, asked_at=now, by=by, service=service)
    after = incident.copy_with(investigation=state.copy_with(runs=running.number, running=running, error=""))
    key = f"{incident.id}:investigate:{running.number}"
    return Decision(after, quiet=True).with_effects(
        Investigate(incident_id=incident.id, key=key, run=running.number), show(incident)
    )


def show(incident: Incident) -> ShowInvestigation:
    """The effect that posts or redraws its message."""
    return ShowInvestigation(incident_id=incident.id, key=f"{incident.id}:investigation")


def automatic(decision: Decision, now: datetime, policy: Policy) -> Decision:
    """The decision, with what the policy wants looked into by itself: once, of an open incident of one of these severities."""
    incident = decision.incident
    wanted = {policy.severity_named(word) for word in policy.investigate.auto}
    if incident.severity not in wanted or incident.investigation.runs or not incident.state.open:
        return decision
    asked = ask(incident, None, now)
    return decision.with_changes(investigation=asked.incident.investigation).with_effects(*asked.effects)


def progressed(
    incident: Incident, run: int, looked: Sequence[str], waiting: Sequence[str], failed: Sequence[NotLookedAt]
) -> Decision | None:
    """As far as it got; None where that run is over."""
    running = incident.investigation.running
    if running is None or running.number != run:
        return None
    now = running.copy_with(looked=tuple(looked), waiting=tuple(waiting), failed=tuple(failed))
    after = incident.copy_with(investigation=incident.investigation.copy_with(running=now))
    return Decision(after, quiet=True).with_effects(show(incident))


def finished(incident: Incident, result: InvestigationDone, now: datetime) -> Decision | None:
    """It has an answer, which is on the timeline; None where that run is over, as when it was done twice."""
    state = incident.investigation
    running = state.running
    if running is None or running.number != result.run:
        return None
    before = None
    if state.answer is not None and state.answered_at is not None:
        was = state.cause
        before = Brief(
            at=state.answered_at, cause=was.service if was else None, confidence=was.confidence if was else 0.0
        )
    prose = None
    if result.material or result.no_prose:
        prose = Prose(run=result.run, pending=bool(result.material), problem=cut(result.no_prose, LONGEST_TEXT))
    answered = state.copy_with(
        running=None,
        answer=kept(result.answer),
        answered_at=now,
        before=before,
        error="",
        right=None,
        judged_by=None,
        prose=prose,
    )
    after = incident.copy_with(investigation=answered)
    cause = answered.cause
    event = Investigated(
        service=result.answer.service,
        cause=cause.service if cause else "",
        signal=cause.signal if cause else "",
        change=_change(cause),
        confidence=cause.confidence if cause else 0.0,
        automatic=running.by is None,
        missed=len(result.answer.not_looked_at),
    )
    decision = Decision(after, quiet=True).record(event, now, by=running.by, key=f"investigated:{result.run}")
    decision = decision.with_effects(show(incident))
    if result.pictures:
        key = f"{incident.id}:findings:{result.run}"
        decision = decision.with_effects(
            ShareFindings(incident_id=incident.id, key=key, run=result.run, pictures=result.pictures)
        )
    if result.material:
        # An effect of its own: the answer is shown now, and redrawn when there are words for it.
        key = f"{incident.id}:narrate:{result.run}"
        decision = decision.with_effects(
            Narrate(incident_id=incident.id, key=key, run=result.run, material=result.material)
        )
    return question(decision)


def _change(cause: Cause | None) -> str:
    change = cause.change if cause else None
    if change is None:
        return ""
    what = " ".join(each for each in (change.kind, change.version) if each)
    return cut(f"{what}: {change.text}" if change.text else what, LONGEST_TEXT)


def narrated(incident: Incident, result: Narrated) -> Decision | None:
    """A language model wrote about the answer, or could not; None where another answer came since."""
    prose = incident.investigation.prose
    if prose is None or not prose.pending or prose.run != result.prose.run:
        return None
    written = result.prose.copy_with(pending=False, problem=cut(result.prose.problem, LONGEST_TEXT))
    after = incident.copy_with(investigation=incident.investigation.copy_with(prose=written))
    return Decision(after, quiet=True).with_effects(show(incident))


def failed(incident: Incident, run: int, error: str, advice: str) -> Decision:
    """It could not be done: its message says why."""
    state = incident.investigation
    if state.running is None or state.running.number != run:
        return Decision(incident, quiet=True)
    why = f"{error}. {advice}".strip()
    after = incident.copy_with(investigation=state.copy_with(running=None, error=why))
    return Decision(after, quiet=True).with_effects(show(incident))


def question(decision: Decision) -> Decision:
    """The decision, with whoever resolved the incident asked once whether the cause was right."""
    incident, state = decision.incident, decision.incident.investigation
    by = incident.resolved_by
    if incident.state.open or by is None or state.cause is None or state.asked or state.right is not None:
        return decision
    key = f"{incident.id}:cause-question"
    asked = decision.with_changes(investigation=state.copy_with(asked=True))
    return asked.with_effects(PrivateReply(incident_id=incident.id, key=key, user=by, notice=CauseQuestion()))


def answer_cause(incident: Incident, by: str, now: datetime, *, right: bool) -> Decision:
    """Whether the cause was right. Raises AlreadyDone where somebody said so before, Refused where none was named."""
    state = incident.investigation
    if state.cause is None:
        raise Refused(NoCauseNamed(incident=incident.name))
    if state.right is not None:
        raise AlreadyDone(CauseAnsweredBefore(incident=incident.name, right=state.right, by=state.judged_by))
    after = incident.copy_with(investigation=state.copy_with(right=right, judged_by=by))
    event = CauseAnswered(cause=state.cause.service, right=right)
    return Decision(after, quiet=True).record(event, now, by=by).with_effects(show(incident))


def kept(answer: Answer) -> Answer:
    """The answer with every text and list in the length in which it is stored."""
    return answer.copy_with(
        causes=tuple(_kept_cause(each) for each in answer.causes[:3]),
        ruled_out=tuple(each.copy_with(why=cut(each.why, LONGEST_TEXT)) for each in answer.ruled_out[:MOST_RULED_OUT]),
        not_looked_at=tuple(
            each.copy_with(source=cut(each.source, 200), why=cut(each.why, LONGEST_TEXT))
            for each in answer.not_looked_at[:MOST_MISSED]
        ),
        next_steps=tuple(cut(each, LONGEST_TEXT) for each in answer.next_steps[:5]),
    )


def _kept_cause(cause: Cause) -> Cause:
    change = cause.change and cause.change.copy_with(text=cut(cause.change.text, LONGEST_TEXT))
    return cause.copy_with(
        change=change,
        evidence=tuple(
            each.copy_with(
                text=cut(each.text, LONGEST_TEXT),
                query=cut(each.query, LONGEST_QUERY),
                url=each.url if len(each.url) <= LONGEST_URL else "",
            )
            for each in cause.evidence[:MOST_EVIDENCE]
        ),
        against=tuple(each.copy_with(text=cut(each.text, LONGEST_TEXT)) for each in cause.against[:MOST_EVIDENCE]),
    )
