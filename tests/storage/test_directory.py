"""People and groups are found by whatever somebody calls them."""

from __future__ import annotations

from storage import Database
from tests.storage.values import put
from warroom.people.model import Following, Group, Person, normal

ADA = Person(
    id="U2", name="ada.l", real_name="Ada Lovelace", display_name="Adá", email="Ada.Love@Example.com", tz="UTC"
)
BOB = Person(id="U1", name="bob", real_name="Bob Ada", display_name="", email=None, deleted=True)
EVE = Person(id="W3", name="ada", real_name="Eve", display_name="ADA", email="ada.love@example.org", is_guest=True)


async def test_people_are_found_by_id_email_and_every_kind_of_name(store: Database) -> None:
    await put(store, people=(ADA, BOB, EVE))
    assert await store.person("U2") == ADA
    assert await store.person("U9") is None
    assert await store.people_by_email("ADA.love@EXAMPLE.com ") == [ADA]
    assert await store.people_by_id(["U2", "U9", "U1", "U2"]) == [BOB, ADA]
    assert await store.people_by_name(normal("ada")) == [ADA, EVE]
    assert await store.people_by_name(normal("ada  lovelace")) == [ADA]
    assert await store.people_by_name(normal("Bob")) == [BOB]
    assert await store.people_by_name(normal("adalove")) == [ADA, EVE]
    assert await store.people_by_name(normal("nobody")) == []


async def test_nobody_has_the_empty_name(store: Database) -> None:
    await put(store, people=(BOB,))
    assert await store.people_by_email("") == []
    assert await store.people_by_name("") == []
    assert await store.people_by_id([]) == []


async def test_a_person_who_changed_is_found_by_the_new_name_only(store: Database) -> None:
    await put(store, people=(ADA,))
    await put(store, people=(ADA.copy_with(real_name="Ada King", email=None),))
    assert await store.people_by_name(normal("Ada Lovelace")) == []
    assert await store.people_by_email("ada.love@example.com") == []
    assert [each.id for each in await store.people_by_name(normal("ada king"))] == ["U2"]


async def test_the_directory_is_read_in_pages(store: Database) -> None:
    everybody = [Person(id=f"U{n:03}", name=f"p{n}") for n in range(250)]
    await put(store, people=tuple(reversed(everybody)))
    seen: list[Person] = []
    while page := await store.people_after(seen[-1].id if seen else "", 100):
        seen += page
    assert seen == everybody


async def test_groups_are_found_by_id_or_handle_and_enabled_ones_first(store: Database) -> None:
    old = Group(id="S1", handle="sre-oncall", members=("U1",), disabled=True)
    new = Group(id="S2", handle="sre-oncall", members=("U2", "U1"))
    await put(store, groups=(old, new, Group(id="S3", handle="s1")))
    assert await store.group("S1") == old
    assert await store.group("@SRE-Oncall") == new
    assert await store.group("nobody") is None
    assert await store.group("") is None
    await put(store, groups=(new.copy_with(members=("U9",)),))
    changed = await store.group("S2")
    assert changed is not None
    assert changed.members == ("U9",)


async def test_the_version_grows_with_every_change_of_people_or_groups_only(store: Database) -> None:
    await put(store, people=(ADA, BOB))
    await put(store, groups=(Group(id="S1", handle="sre"),))
    assert await store.directory_version() == (2, False)
    await put(store)
    await put(store, directory_complete=True)
    assert await store.directory_version() == (2, True)
    await put(store, people=(ADA,))
    assert await store.directory_version() == (3, True)


async def test_who_follows_a_team_or_a_severity_is_known_until_it_ends(store: Database) -> None:
    team, severity = Following(user="U2", team="platform"), Following(user="U1", severity="SEV-1")
    for _ in range(2):
        await put(store, followed=(team, severity, Following(user="U2", severity="SEV-1")))
    assert await store.followers("platform", "SEV-1") == ["U1", "U2"]
    assert await store.followers("SEV-1", "platform") == [], "a team and a severity of one name are two things"
    assert await store.followers(None, "SEV-2") == []
    await put(store, unfollowed=(severity, team))
    assert await store.followers("platform", "SEV-2") == []
    assert await store.followers("platform", "SEV-1") == ["U2"]
