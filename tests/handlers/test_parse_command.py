"""What people type at 3 a.m. is understood, and never lost."""

from __future__ import annotations

import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers import parse_command, people
from handlers.parse_command import Declaration, Target
from handlers.people import ActionWords, Role
from tests.refusals import refuses
from warroom.errors import Refused
from warroom.policy import Policy
from warroom.text import as_typed

TYPED = st.text(alphabet=st.sampled_from("ab1 @<>#|!&;\"'“”‘’—–-=.,:\n\tUé🔥") | st.characters(), max_size=60)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("", Declaration()),
        ("checkout returns 500s", Declaration(title="checkout returns 500s")),
        (
            "checkout returns 500s --sev 1 --team commerce @ada sre@example.com",
            Declaration(
                title="checkout returns 500s", severity="1", team="commerce", people=("@ada", "sre@example.com")
            ),
        ),
        ("--sev=1 checkout down", Declaration(title="checkout down", severity="1")),
        ("checkout —sev critical down", Declaration(title="checkout down", severity="critical")),
        ("checkout –severity=SEV-2", Declaration(title="checkout", severity="SEV-2")),
        ("checkout --SEV1", Declaration(title="checkout", severity="1")),
        ("--private keys leaked", Declaration(title="keys leaked", private=True)),
        ('slow --service "check out" api', Declaration(title="slow api", services=("check out",), sure=("check out",))),
        ("slow --team=“data platform”", Declaration(title="slow", team="data platform")),
        ("slow --service a --service b", Declaration(title="slow", services=("a", "b"))),
        ("“checkout is down”", Declaration(title="checkout is down")),
        ("the “slow” page isn't slow", Declaration(title="the “slow” page isn't slow")),
        ("api down — again", Declaration(title="api down — again")),
        ("api down —again", Declaration(title="api down —again")),
        ("api -- down", Declaration(title="api -- down")),
        (
            "<@U1|ada> api <!subteam^S1|@sre> down",
            Declaration(title="api down", people=("<@U1|ada>", "<!subteam^S1|@sre>")),
        ),
        ("down <mailto:a@b.example|a@b.example>, now", Declaration(title="down now", people=("a@b.example",))),
        ('down @"Ada Lovelace"', Declaration(title="down", people=("@Ada Lovelace",))),
        ('down now "@Ada Lovelace"', Declaration(title="down now", people=("@Ada Lovelace",))),
        ("a &lt; b &amp; c in <#C1|ops>", Declaration(title="a < b & c in #ops")),
        ("see <https://x.example/a|x.example/a> now", Declaration(title="see https://x.example/a now")),
        ("x<y holds<@U1>no more", Declaration(title="x<y holds no more", people=("<@U1>",))),
    ],
)
def test_a_declaration_is_understood(typed: str, meant: Declaration) -> None:
    assert parse_command.declaration(typed) == meant


@pytest.mark.parametrize(
    ("typed", "because"),
    [
        ("down --severty 1", "Did you mean --severity?"),
        ("down —severty 1", "Did you mean --severity?"),
        ("down --now", "no option --now"),
        ("down --sev", "--sev needs a value, for example --sev 2"),
        ("down --sev --private", "--sev needs a value"),
        ("down --team=", "--team needs a value"),
        ("down --private=yes", "--private takes no value"),
        ("down --sev 1 --sev 2", "more than once (1, 2)"),
    ],
)
def test_a_wrong_option_is_refused_with_what_to_do(typed: str, because: str) -> None:
    with refuses(Refused, match=re.escape(because)):
        parse_command.declaration(typed)


@given(TYPED)
def test_nothing_that_is_typed_raises_anything_but_a_refusal(typed: str) -> None:
    parse_command.split(typed)
    parse_command.target(typed, bare=True)
    people.names_in(typed)
    people.action_in(typed, lambda _: False)
    as_typed(typed)
    for parse in (parse_command.declaration, lambda said: people.role_in(said, Policy())):
        with suppress(Refused):
            parse(typed)


WORD = st.from_regex(r"[a-z0-9'“&#!?.]{1,8}", fullmatch=True).filter(lambda word: "“" not in word[:1])


@given(st.lists(WORD, min_size=2, max_size=8), st.integers(0, 8), st.sampled_from(["@ada", "<@U1|x>", "a@b.example"]))
def test_every_word_is_in_the_title_in_order_or_is_a_person(said: list[str], at: int, who: str) -> None:
    meant = parse_command.declaration(" ".join([*said[:at], who, *said[at:]]))
    assert meant.title.split() == said
    assert meant.people == (who,)


@given(st.lists(st.from_regex(r"[a-z]{1,8}", fullmatch=True), min_size=1, max_size=6), st.data())
def test_options_may_stand_anywhere(said: list[str], data: st.DataObject) -> None:
    pieces = list(said)
    for option in ("--sev 1", "--team=core", "—service “big shop”", "--private"):
        pieces.insert(data.draw(st.integers(0, len(pieces))), option)
    assert parse_command.declaration(" ".join(pieces)) == Declaration(
        title=" ".join(said), severity="1", team="core", services=("big shop",), sure=("big shop",), private=True
    )


@pytest.mark.parametrize(
    ("typed", "bare", "meant"),
    [
        ("#12 rolling back", False, Target(number=12, rest="rolling back")),
        ("INC-12: rolling back", False, Target(number=12, rest="rolling back")),
        ("inc-12", False, Target(number=12)),
        ("500 errors are gone", False, Target(rest="500 errors are gone")),
        ("500 errors are gone", True, Target(number=500, rest="errors are gone")),
        ("500s are gone", True, Target(rest="500s are gone")),
        ("12.5 % fail", True, Target(rest="12.5 % fail")),
        ("12", True, Target(number=12)),
        ("<#C12|inc-12-x> fine", False, Target(channel="C12", rest="fine")),
        ("", True, Target()),
    ],
)
def test_a_number_names_an_incident_only_where_it_cannot_be_text(typed: str, bare: bool, meant: Target) -> None:
    assert parse_command.target(typed, bare=bare) == meant


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ada grace", ("ada", "grace")),
        ("ada lovelace, grace hopper", ("ada lovelace", "grace hopper")),
        ('"Ada Lovelace" @grace', ("Ada Lovelace", "@grace")),
        ("<@U1> <@U2|grace>, VP Engineering", ("<@U1>", "<@U2|grace>", "VP Engineering")),
        ("<@U1>,<@U2>", ("<@U1>", "<@U2>")),
        ("ada@example.com;grace", ("ada@example.com", "grace")),
        ("ada, ada", ("ada",)),
        ("", ()),
    ],
)
def test_names_are_taken_apart(typed: str, meant: tuple[str, ...]) -> None:
    assert people.names_in(typed) == meant


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("commander @ada", Role(role="commander", person="@ada")),
        ("comms lead <@U1|ada>", Role(role="comms lead", person="<@U1|ada>")),
        ("@ada scribe", Role(role="scribe", person="@ada")),
        ("scribe ada", Role(role="scribe", person="ada")),
        ("commander ada lovelace", Role(role="commander", person="ada lovelace")),
    ],
)
def test_a_role_and_a_person(typed: str, meant: Role) -> None:
    assert people.role_in(typed, Policy()) == meant


@pytest.mark.parametrize("typed", ["", "commander", "scribe @ada @grace"])
def test_a_role_without_one_person_is_refused(typed: str) -> None:
    with refuses(Refused, match="role commander @ada"):
        people.role_in(typed, Policy())


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("raise the threshold", ActionWords(text="raise the threshold")),
        ("raise the threshold @ada", ActionWords(text="raise the threshold", owner="@ada")),
        ("raise the threshold @ada due friday", ActionWords(text="raise the threshold", owner="@ada", due="friday")),
        ("raise the threshold due friday <@U1>", ActionWords(text="raise the threshold", owner="<@U1>", due="friday")),
        ("@ada raise it", ActionWords(text="raise it", owner="@ada")),
        ("check due diligence", ActionWords(text="check due diligence")),
        ("fix what is due to load due friday", ActionWords(text="fix what is due to load", due="friday")),
        ("ask @bob about it", ActionWords(text="ask @bob about it")),
    ],
)
def test_an_action_item_keeps_its_words(typed: str, meant: ActionWords) -> None:
    assert people.action_in(typed, lambda said: said == "friday") == meant
