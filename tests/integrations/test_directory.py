"""The directory before and after the first whole read of the workspace."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.runtime.directory import CachedDirectory
from tests.clock import NIGHT
from tests.stores import fresh_store
from warroom.outbox.changes import Changeset
from warroom.people.model import Group, Person
from warroom.people.resolution import resolve
from warroom.policy import Policy
from warroom.ports import Store

ADA = Person(id="UADA", name="ada", real_name="Ada Lovelace", email="ada@example.com")
ONCALL = Group(id="SONCALL", handle="sre-oncall", members=("UADA",))


class CountingSlack:
    """Slack itself, which counts how often it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def lookup_person(self, user_id: str) -> Person | None:
        self.asked.append(user_id)
        return ADA if user_id == ADA.id else None

    async def lookup_email(self, email: str) -> Person | None:
        self.asked.append(email)
        return ADA if email == ADA.email else None

    async def lookup_groups(self) -> list[Group]:
        self.asked.append("groups")
        return [ONCALL]


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    async with fresh_store() as store:
        yield store


async def test_before_the_first_read_has_ended_slack_is_asked_and_groups_only_once(store: Store) -> None:
    slack = CountingSlack()
    directory = CachedDirectory(store, slack)
    assert await directory.person("UADA") == ADA
    assert await directory.by_email("ada@example.com") == [ADA]
    assert await directory.group("sreoncall") == ONCALL
    assert await directory.group("SONCALL") == ONCALL
    assert await directory.group("nobody") is None
    assert slack.asked == ["UADA", "ada@example.com", "groups"]


async def test_afterwards_the_record_answers_alone(store: Store) -> None:
    slack = CountingSlack()
    directory = CachedDirectory(store, slack)
    await store.commit(Changeset(now=NIGHT, people=(ADA,), directory_complete=True))
    assert await directory.person("UADA") == ADA
    assert await directory.by_email("stranger@example.com") == []
    assert await directory.group("sreoncall") is None
    assert slack.asked == []


async def test_the_fuzzy_rung_follows_every_change(store: Store) -> None:
    directory = CachedDirectory(store, CountingSlack())
    await store.commit(Changeset(now=NIGHT, people=(ADA,)))
    assert [person for person, _, _ in await directory.candidates("adalovelase", 5)] == [ADA]
    await store.commit(Changeset(now=NIGHT, people=(ADA.copy_with(deleted=True),)))
    assert await directory.candidates("adalovelase", 5) == []


async def test_while_people_are_being_read_a_similar_name_is_a_question_and_no_guess(store: Store) -> None:
    directory = CachedDirectory(store, CountingSlack())
    await store.commit(Changeset(now=NIGHT, people=(ADA,)))
    early = await resolve(["Ada Lovelase"], directory, Policy())
    assert [question.candidates for question in early.ambiguous] == [(ADA,)]
    await store.commit(Changeset(now=NIGHT, directory_complete=True))
    later = await resolve(["Ada Lovelase"], directory, Policy())
    assert [match.person for match in later.found] == [ADA]
