"""Name resolution: who is meant by what people type, what of the name matched, and what is asked instead of guessed."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warroom.incident.declare import unfound
from warroom.people.fuzzy import FuzzyIndex
from warroom.people.model import Ambiguity, Group, MatchKind, Person, Resolution, Unknown, Why, names_of, normal
from warroom.people.resolution import resolve
from warroom.policy import Policy, check

ADA = Person(id="UADA", name="ada", real_name="Ada Lovelace", display_name="Countess", email="ada@example.com")
ZOE = Person(id="UZOE", name="zoeb", real_name="Zoë Björk-Smith", display_name="zoë", email="z.bjork@example.com")
BEN = Person(id="UBEN", name="ben1", real_name="Ben Ito", display_name="Benji", email="ben.ito@example.com")
BEN2 = Person(id="UBEN2", name="ben2", real_name="Ben Ito", display_name="Tito", email="ito@example.com")
GONE = Person(id="UGONE", name="gone", real_name="Grace Gone", email="gone@example.com", deleted=True)
GUEST = Person(id="UGUEST", name="visitor", real_name="Vi Sitor", email="vi@partner.example", is_guest=True)
BOT = Person(id="UBOT", name="deploybot", real_name="Deploy Bot", is_bot=True)
EVERYBODY = (ADA, ZOE, BEN, BEN2, GONE, GUEST, BOT)

ONCALL = Group(id="SONCALL", handle="sre-oncall", members=("UADA", "UGONE", "UZOE"))
EMPTY = Group(id="SEMPTY", handle="nobody-yet")
OLD = Group(id="SOLD", handle="old-team", members=("UADA",), disabled=True)


class FixedDirectory:
    """A directory of these people and groups."""

    def __init__(self, people: Sequence[Person] = EVERYBODY, groups: Sequence[Group] = (ONCALL, EMPTY, OLD)) -> None:
        self._people = {each.id: each for each in people}
        self._groups = groups
        self._index = FuzzyIndex(people)

    async def person(self, user_id: str) -> Person | None:
        return self._people.get(user_id)

    async def group(self, id_or_handle: str) -> Group | None:
        return next((each for each in self._groups if id_or_handle in (each.id, normal(each.handle))), None)

    async def by_email(self, email: str) -> list[Person]:
        return [each for each in self._people.values() if (each.email or "").casefold() == email.casefold()]

    async def by_name(self, normal: str) -> list[Person]:
        return [each for each in self._people.values() if normal in dict(names_of(each)).values()]

    async def candidates(self, normal: str, limit: int) -> list[tuple[Person, str, float]]:
        return [(self._people[each], kind, score) for each, kind, score in self._index.candidates(normal, limit)]


@pytest.fixture
def policy() -> Policy:
    """Teams: one with people, one that leads in a circle, one without levels."""
    teams = {
        "platform": {
            "escalation": [
                {"after": "0m", "notify": ["@sre-oncall", "ben.ito@example.com"]},
                {"after": "15m", "notify": ["ito@example.com"]},
            ]
        },
        "circle": {"escalation": [{"after": "0m", "notify": ["circle"]}]},
        "quiet": {},
    }
    checked = check({"teams": teams})
    assert checked.policy is not None, checked.mistakes
    return checked.policy


async def ask(*names: str, policy: Policy | None = None) -> Resolution:
    """How the workspace understands the names."""
    return await resolve(names, FixedDirectory(), policy or Policy())


@pytest.mark.parametrize(
    ("said", "who", "matched_by"),
    [
        ("<@UADA>", "UADA", MatchKind.MENTION),
        ("<@UADA|ada>", "UADA", MatchKind.MENTION),
        ("UADA", "UADA", MatchKind.MENTION),
        ("ADA@Example.com", "UADA", MatchKind.EMAIL),
        ("<mailto:ada@example.com|ada@example.com>", "UADA", MatchKind.EMAIL),
        ("countess", "UADA", MatchKind.DISPLAY),
        ("@ZOE", "UZOE", MatchKind.DISPLAY),
        ("zoe bjork smith", "UZOE", MatchKind.REAL),
        ("ADA  LOVELACE!", "UADA", MatchKind.REAL),
        ("@ben2", "UBEN2", MatchKind.USER),
        ("z.bjork", "UZOE", MatchKind.LOCAL),
        ("Ada Lovelase", "UADA", MatchKind.FUZZY),
    ],
)
async def test_each_rung_of_the_ladder(said: str, who: str, matched_by: MatchKind) -> None:
    answer = await ask(said)
    assert [(match.person.id, match.matched_by, match.said) for match in answer.found] == [(who, matched_by, said)]
    assert not answer.ambiguous
    assert not answer.unknown


async def test_two_people_of_the_same_name_are_asked_about_not_guessed() -> None:
    answer = await ask("Ben Ito")
    assert answer == Resolution(ambiguous=(Ambiguity(said="Ben Ito", candidates=(BEN, BEN2)),))


async def test_a_first_name_is_a_question_not_a_match() -> None:
    (question,) = (await ask("Lovelace")).ambiguous
    assert question.candidates == (ADA,)


async def test_the_same_local_part_at_another_domain_is_a_question() -> None:
    (question,) = (await ask("ada@elsewhere.example")).ambiguous
    assert question.candidates == (ADA,)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("gone@example.com", Why.DEACTIVATED),
        ("Grace Gone", Why.DEACTIVATED),
        ("deploybot", Why.BOT),
        ("Vi Sitor", Why.GUEST),
        ("stranger@example.com", Why.NO_SUCH_EMAIL),
        ("Xqzwv", Why.NOT_FOUND),
        ("!!!", Why.NOT_FOUND),
        ("<!subteam^SNONE>", Why.NO_SUCH_GROUP),
        ("@nobody-yet", Why.GROUP_EMPTY),
        ("@old-team", Why.GROUP_DISABLED),
        ("<!channel>", Why.EVERYBODY),
        ("@here", Why.EVERYBODY),
        ("payments oncall rota", Why.SCHEDULE),
    ],
)
async def test_nobody_is_found_and_the_answer_says_why(said: str, why: Why) -> None:
    assert await ask(said) == Resolution(unknown=(Unknown(said=said, why=why),))


@pytest.mark.parametrize("said", ["vi@partner.example", "<@UGUEST>"])
async def test_a_guest_is_found_by_mention_or_exact_email(said: str) -> None:
    assert [match.person for match in (await ask(said)).found] == [GUEST]


async def test_a_mention_is_somebody_even_before_the_directory_was_read() -> None:
    assert [match.person.id for match in (await ask("<@UNEW>")).found] == ["UNEW"]


@pytest.mark.parametrize("said", ["@sre-oncall", "SRE oncall", "<!subteam^SONCALL|@sre-oncall>", "SONCALL"])
async def test_a_group_is_its_people_without_those_who_left(said: str) -> None:
    answer = await ask(said)
    assert [(match.person.id, match.via) for match in answer.found] == [
        ("UADA", ("@sre-oncall",)),
        ("UZOE", ("@sre-oncall",)),
    ]
    assert [(each.said, each.why) for each in answer.unknown] == [("Grace Gone", Why.DEACTIVATED)]


async def test_a_team_is_whom_its_chain_tells_first(policy: Policy) -> None:
    answer = await ask("Platform", policy=policy)
    assert [(match.person.id, match.via) for match in answer.found] == [
        ("UADA", ("platform", "@sre-oncall")),
        ("UZOE", ("platform", "@sre-oncall")),
        ("UBEN", ("platform",)),
    ]


async def test_a_team_that_leads_nowhere_says_so(policy: Policy) -> None:
    answer = await ask("circle", "quiet", policy=policy)
    assert [(each.said, each.why) for each in answer.unknown] == [("circle", Why.LOOP), ("quiet", Why.NO_LEVELS)]


async def test_somebody_named_twice_is_found_once_in_the_order_named(policy: Policy) -> None:
    answer = await ask("zoe", "@sre-oncall", "ada", "zoe", policy=policy)
    assert [match.person.id for match in answer.found] == ["UZOE", "UADA"]


@given(st.lists(st.text(max_size=20) | st.sampled_from(["@sre-oncall", "<@UADA>", "ben", "Grace"]), max_size=5))
async def test_whatever_is_typed_nobody_unfit_is_ever_matched(names: list[str]) -> None:
    answer = await ask(*names)
    people = [match.person for match in answer.found] + [each for q in answer.ambiguous for each in q.candidates]
    assert not [each for each in people if each.deleted or each.is_bot or each.is_guest]
    assert len({match.person.id for match in answer.found}) == len(answer.found)


@given(st.text(max_size=30))
def test_the_comparison_form_is_stable_and_does_not_see_case(text: str) -> None:
    assert normal(normal(text)) == normal(text)
    assert normal(text.casefold()) == normal(text)


async def test_who_left_a_group_is_not_missed_while_others_are_in_it(policy: Policy) -> None:
    oncall = await resolve(["@sre-oncall"], FixedDirectory(), policy)
    assert [each.said for each in oncall.unknown] == ["Grace Gone"]
    assert unfound(oncall) == ()
    only_gone = FixedDirectory(groups=(Group(id="SONCALL", handle="sre-oncall", members=("UGONE",)),))
    assert unfound(await resolve(["@sre-oncall"], only_gone, policy)) == ("Grace Gone",)
    assert unfound(await resolve(["@sre-oncall", "gone@example.com"], FixedDirectory(), policy)) == (
        "gone@example.com",
    )


async def test_somebody_mentioned_who_cannot_be_called_is_spoken_of_by_name() -> None:
    assert await ask("<@UGONE>") == Resolution(unknown=(Unknown(said="Grace Gone", why=Why.DEACTIVATED),))
