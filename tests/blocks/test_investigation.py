"""An investigation as a message, as a form and as a picture: readable, and harmless whatever the sources wrote."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from blocks import charts
from blocks.investigation import cause_question, everything, investigation_card, plain_answer, sure
from blocks.investigation_picture import alt_text, investigation_picture
from sandbox.blockkit import MESSAGE_TEXT, problems, text_length, view_problems
from tests.blocks.incidents import EVIL, EXTREMES, NIGHT, NOW, quiet
from tests.blocks.reading import called, texts
from warroom.changes.model import Change
from warroom.incident.view import IncidentView, incident_view
from warroom.investigation.model import Answer, Cause, Evidence, NotLookedAt, PastIncident, RuledOut, time_of_day
from warroom.investigation.pictures import Picture
from warroom.investigation.prose import Item, Prose, Sentence
from warroom.investigation.state import Brief, Investigation, Running
from warroom.investigation.ways import Ways
from warroom.policy import Policy
from warroom.runbooks.model import Runbook
from warroom.runbooks.situation import Offer

WAYS = Ways(team="money", dashboard="https://dash.example.com/m", runbook="https://runbooks.example.com/m")


def offered(**more: Any) -> str:
    """The message where two runbooks fit and a third is only a page."""
    written: dict[str, dict[str, Any]] = {
        "roll-back": {"steps": [{"id": "a", "do": "say", "with": {"text": "x"}}]},
        "list": {"checklist": "- [ ] look"},
        "page": {"link": "https://runbooks.example.com/"},
    }
    books = [Runbook.model_validate({"key": key, "name": f"Book {key}", **said}) for key, said in written.items()]
    why = (("cause", "deployment 1.4.2 <!channel>"),)
    ways = Ways(offers=tuple(Offer(book, why) for book in books))
    view = incident_view(quiet(investigation=Investigation(answer=answer_of("api"), answered_at=NOW), **more), Policy())
    return str(investigation_card(view, ways, NOW).blocks)


def test_the_answer_offers_the_runbooks_that_fit_with_why_while_the_incident_is_open() -> None:
    shown = offered()
    assert "Runbook: *Book roll-back*" in shown
    assert "Fits: cause deployment 1.4.2" in shown
    assert "<!channel>" not in shown
    assert "Run…" in shown
    assert "Open list" in shown
    assert "Book page" not in shown, "a page has no button here"
    assert "Book" not in offered(state="resolved")


def answer_of(text: str) -> Answer:
    """Everything that an answer can hold, many times."""
    evidence = tuple(
        Evidence(kind=kind, text=text, query=text, since=NIGHT, until=NOW, url=f"https://graphs.example.com/{kind}")
        for kind in ("series", "log", "change", "fact", "graph", "similar")
    )
    change = Change(id="c", at=NIGHT, service=text, text=text)
    cause = Cause(
        service=text,
        signal=text,
        score=3,
        confidence=0.82,
        onset=NIGHT,
        change=change,
        evidence=evidence,
        against=evidence,
    )
    return Answer(
        service=text,
        at=NIGHT,
        verdict="cause",
        causes=(cause, cause, cause),
        ruled_out=(RuledOut(service=text, why=text),) * 30,
        not_looked_at=tuple(NotLookedAt(source=f"{text}{each}", why=f"{text}{each}") for each in range(30)),
        similar=(PastIncident(number=7, title=text, cause=text, fixed_by=text),) * 3,
        next_steps=(text,) * 5,
        took_seconds=12.3,
    )


def view_of(policy: Policy, **state: object) -> IncidentView:
    return incident_view(quiet(investigation=Investigation.model_validate(state)), policy)


def states(text: str) -> list[dict[str, object]]:
    missed = (NotLookedAt(source=text, why=text),) * 12
    running = Running(
        number=1, asked_at=NIGHT, by="UADA", service=text, looked=(text,) * 40, waiting=(text,) * 40, failed=missed
    )
    items = tuple(Item(id=f"E{each}", kind="log", service=text, text=text, at=NOW) for each in range(30))
    sentence = Sentence(text=text, cites=tuple(each.id for each in items))
    prose = Prose(run=2, sentences=(sentence,) * 8, cited=items)
    answered = {"runs": 2, "answer": answer_of(text), "answered_at": NOW, "prose": prose}
    return [
        {"runs": 1, "running": running},
        {"runs": 1, "error": text},
        answered | {"before": Brief(at=NIGHT, cause=text, confidence=0.3), "right": True, "judged_by": "UADA"},
        answered | {"answer": answer_of(text).copy_with(verdict="inconclusive", causes=())},
        answered | {"prose": Prose(run=2, pending=True)},
        answered | {"prose": Prose(run=2, problem=text)},
    ]


@pytest.mark.parametrize("text", EXTREMES.values(), ids=list(EXTREMES))
def test_slack_takes_it_whatever_the_sources_wrote(text: str, policy: Policy) -> None:
    for state in states(text):
        view = view_of(policy, **state)
        card = investigation_card(view, WAYS.copy_with(team=text or None), NOW)
        assert problems(card.blocks, "message") == []
        assert text_length(card.blocks) <= MESSAGE_TEXT
        assert view_problems(everything(view, NOW)) == []
        plain_answer(answer_of(text))


def test_nothing_that_a_source_wrote_calls_anybody(policy: Policy) -> None:
    for state in states(EVIL):
        view = view_of(policy, **state)
        for blocks in (investigation_card(view, WAYS, NOW).blocks, everything(view, NOW)["blocks"]):
            assert {each for said in texts(blocks) for each in called(said)} <= {"UADA"}
    assert "<!" not in cause_question(view_of(policy, **states(EVIL)[2]))


def test_on_a_phone_the_cause_the_evidence_and_what_to_do_are_in_sight(policy: Policy) -> None:
    card = investigation_card(view_of(policy, runs=1, answer=answer_of("payments"), answered_at=NOW), WAYS, NOW)
    said = texts(card.blocks)
    assert said[0].startswith("🔎 *Probable cause: payments*, very likely (82 %)")
    assert said[0].count("\n") == 4, "when it began and three lines of evidence"
    labels = [
        each["text"]["text"] for block in card.blocks for each in block.get("elements", ()) if each["type"] == "button"
    ]
    assert labels == ["Open runbook", "Page money", "Open dashboard", "Show everything", "Run again"]


def labelled(blocks: list[dict[str, Any]]) -> dict[str, str]:
    """By label of a button, the address that it opens."""
    return {
        each["text"]["text"]: each.get("url", "")
        for block in blocks
        for each in block.get("elements", ())
        if each["type"] == "button"
    }


def test_without_a_dashboard_the_button_opens_the_series_and_never_a_change(policy: Policy) -> None:
    answer = answer_of("payments")
    (cause, *_) = answer.causes
    first = cause.copy_with(evidence=tuple(reversed(cause.evidence)))
    ways = Ways(dashboard="")
    view = view_of(policy, runs=1, answer=answer.copy_with(causes=(first,)), answered_at=NOW)
    shown = labelled(investigation_card(view, ways, NOW).blocks)
    assert "Open dashboard" not in shown
    assert shown["Open graph"] == "https://graphs.example.com/series"
    without = first.copy_with(evidence=tuple(each for each in first.evidence if each.kind == "change"))
    view = view_of(policy, runs=1, answer=answer.copy_with(causes=(without,)), answered_at=NOW)
    assert "Open graph" not in labelled(investigation_card(view, ways, NOW).blocks)


def test_times_are_shown_in_the_zone_of_whoever_reads(policy: Policy) -> None:
    began = NOW - timedelta(minutes=9)
    utc = time_of_day(began)
    series = Evidence(kind="series", text=f"errors of payments: up at 9 since {utc}, usually 0", times=(began,))
    log = Evidence(kind="log", text=f"New in the log since {utc}: job of {utc} failed", times=(began,))
    change = Change(id="c", at=began, service="payments", version="2.1")
    cause = Cause(
        service="payments",
        signal="errors",
        score=3,
        confidence=0.8,
        change=change,
        evidence=(series, log),
        against=(series,),
    )
    step = f"Roll back payments: deployment 2.1 of {utc}."
    answer = Answer(service="web", at=NOW, verdict="cause", causes=(cause,), next_steps=(step,))
    view = view_of(policy, runs=1, answer=answer, answered_at=NOW)
    for blocks in (investigation_card(view, WAYS, NOW).blocks, everything(view, NOW)["blocks"]):
        said = "\n".join(texts(blocks))
        shown = f"<!date^{began.timestamp():.0f}^{{time}}|"
        assert f"up at 9 since {shown}" in said
        assert f"deployment 2.1 of {shown}" in said
        assert said.count(f"since {utc}") == 0
        assert f"job of {utc} failed" in said, "what others wrote stays as it is"
    assert f"since {utc}" in plain_answer(answer)


@pytest.mark.parametrize(
    ("confidence", "words"),
    [
        (0.97, "very likely (97 %)"),
        (0.6, "likely (60 %)"),
        (0.41, "possible (41 %)"),
        (0.1, "a weak lead (10 %)"),
        (0.003, "unlikely (under 1 %)"),
    ],
)
def test_how_sure_it_is_stands_in_words_and_per_cent(confidence: float, words: str) -> None:
    assert sure(confidence) == words


def test_the_picture_is_a_png_and_says_the_same_in_words() -> None:
    if not charts.available():
        pytest.skip("matplotlib is not installed")
    points = tuple((NIGHT + timedelta(minutes=each), float(each)) for each in range(30))
    pictures = (
        Picture(
            service="payments", signal="errors", points=points, normal=(0.0, 2.0), onset=NIGHT + timedelta(minutes=9)
        ),
        Picture(service=EVIL, signal="$x_{y}$", points=points, change_at=NIGHT),
    )
    assert investigation_picture(pictures, "Europe/Berlin").startswith(b"\x89PNG")
    assert "errors of payments: from 0 to 29, at most 29, normally 0 to 2, began 04:09." in alt_text(
        pictures, "Europe/Berlin"
    )
