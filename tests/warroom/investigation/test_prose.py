"""What a language model wrote is shown only where it rests on what was collected, and secrets do not leave."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from warroom.changes.model import Change
from warroom.investigation.hidden import without_secrets
from warroom.investigation.model import Answer, Cause, Evidence, Fact, Findings, PastIncident, RuledOut
from warroom.investigation.prose import MOST_ITEMS, MOST_SENTENCES, Item, checked, material_of

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
ITEMS = tuple(Item(id=f"E{number}", kind="log", text="x") for number in range(1, 13))


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Payments fails. [E1]", [("Payments fails.", ("E1",))]),
        ("Payments fails [E1, E2].", [("Payments fails.", ("E1", "E2"))]),
        ("- **Payments** fails [E1][E2; E12].", [("Payments fails.", ("E1", "E2", "E12"))]),
        ("1. One [E1]. Two [E2].", [("One.", ("E1",)), ("Two.", ("E2",))]),
        ("One. [E1] Two. [E2]", [("One.", ("E1",)), ("Two.", ("E2",))]),
        ("Errors rose to 0.5 at 14.03 vs. usual [E3]!", [("Errors rose to 0.5 at 14.03 vs. usual!", ("E3",))]),
        ("db_main is slow [E1]", [("db_main is slow", ("E1",))]),
    ],
)
def test_sentences_with_ids_are_kept(written: str, shown: list[tuple[str, tuple[str, ...]]]) -> None:
    kept, left_out = checked(written, ITEMS)
    assert [(each.text, each.cites) for each in kept] == shown
    assert left_out == 0


@pytest.mark.parametrize(
    "written",
    [
        "Everything is fine.",
        "Everything is fine [E99].",
        "Half of it is made up [E1, E99].",
        "It is fine (E1).",
        "It is fine [E0].",
        "It is fine [E1-E3].",
        "It is fine [e1].",
        "See https://evil.example/x [E1].",
        "See www.evil.example [E1].",
        "See javascript://x [E1].",
        "Write to eve@evil.example [E1].",
        "mailto:eve [E1]",
    ],
)
def test_a_sentence_without_known_ids_or_with_an_address_is_left_out(written: str) -> None:
    assert checked(written, ITEMS) == ((), 1)


def test_a_claim_does_not_live_on_the_id_of_the_next_sentence() -> None:
    kept, left_out = checked("Roll back the database now. It began at noon [E1].", ITEMS)
    assert [each.text for each in kept] == ["It began at noon."]
    assert left_out == 1


def test_huge_answers_are_cut() -> None:
    kept, _ = checked("word " * 200 + "[E1].\n" + "Down [E1].\n" * 5_000, ITEMS)
    assert len(kept) == MOST_SENTENCES
    assert all(len(each.text) <= 350 for each in kept)
    assert checked("[E1] " * 100_000, ITEMS) == ((), 0)


def test_the_material_is_all_evidence_and_what_happened_at_the_time() -> None:
    evidence = Evidence(kind="series", text="errors of payments: 9", since=NOON)
    against = Evidence(kind="graph", text="ledger accounts for it")
    cause = Cause(
        service="payments", signal="errors", score=1, confidence=0.8, evidence=(evidence,), against=(against,)
    )
    answer = Answer(
        service="checkout",
        at=NOON,
        verdict="cause",
        causes=(cause,),
        ruled_out=(RuledOut(service="cart", why="as usual"),),
        similar=(PastIncident(number=7, title="payments failed", fixed_by="a rollback"),),
    )
    findings = Findings(
        service="checkout",
        at=NOON,
        until=NOON + timedelta(minutes=5),
        changes=(Change(id="1", at=NOON, service="payments", version="v9", text="new\npool"),),
        facts=(Fact(service="ledger", kind="restart", at=NOON, text="restarted"),) * 3,
    )
    items = material_of(answer, findings)
    assert [each.id for each in items] == [f"E{number}" for number in range(1, len(items) + 1)]
    assert [each.text for each in items][:6] == [
        "errors of payments: 9",
        "Against it: ledger accounts for it",
        "as usual",
        "#7 payments failed; fixed by: a rollback",
        "deployment v9: new pool",
        "restarted",
    ]
    many = answer.copy_with(ruled_out=answer.ruled_out * 500)
    assert len(material_of(many, findings)) == MOST_ITEMS


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("login failed password=hunter2hunter2 for ada", "hunter2hunter2"),
        ('{"api_key": "abc123abc123", "n": 1}', "abc123abc123"),
        ("Authorization: Bearer abcdef.ghijkl-mnop", "abcdef.ghijkl-mnop"),
        ("postgresql://shop:s3cr3tpw@db.internal/shop", "s3cr3tpw"),
        ("jwt " + "eyJ" + "hbGciOiJI" + ".eyJzdWIiOiIx.c2ln", "eyJzdWIiOiIx"),
        ("id " + "AKIA" + "A" * 16, "AKIA" + "A" * 16),
        ("paid with 4111 1111 1111 1111 today", "4111"),
        ("-----BEGIN PRIVATE" + " KEY-----\nMIIE\n-----END PRIVATE KEY-----", "MIIE"),
        ("Cookie: session=abcdefg", "abcdefg"),
    ],
)
def test_what_looks_like_a_secret_is_masked(text: str, gone: str) -> None:
    assert gone in text
    assert gone not in without_secrets(text)
    assert "[hidden]" in without_secrets(text)


def test_what_is_none_stays() -> None:
    text = "errors of payments: 9.4 at 12:03:04, usually 0.5; pool 20/20; trace 7f3c; token bucket is empty"
    assert without_secrets(text) == text
