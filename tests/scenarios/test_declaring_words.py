"""Declaring at three in the morning: what was meant is understood, and the answer shows how."""

from __future__ import annotations

import pytest

from tests.scenarios.conftest import WarRoom


async def answers(room: WarRoom, who: str, text: str, channel: str = "general") -> list[str]:
    """What the person is answered to `/incident text`, message by message."""
    person = room.slack.person(who)
    before = len(room.slack.ephemerals(person))
    answer = await room.slack.slash(person, channel, "/incident", text)
    assert answer.acked, answer.error
    await room.settle()
    return [message.plain() for message in room.slack.ephemerals(person)[before:]]


def ids_of(room: WarRoom, *names: str) -> set[str]:
    return {room.slack.person(name).id for name in names}


@pytest.mark.parametrize(
    "typed",
    [
        "DB down sev1",
        "sev1 DB down",
        "DB sev1 down",
        "DB down -sev 1",
        "DB down sev 1",
        "SEV-1: DB down",
        "DB down (SEV1)",
        "P1 DB down",
        "DB down P1",
        "DB down, severity 1",
        "[critical] DB down",
        "DB down —sev 1",
    ],
)
async def test_a_severity_that_was_clearly_meant_is_one_and_leaves_the_title(room: WarRoom, typed: str) -> None:
    incident = await room.declare("ada", typed)
    assert (incident.severity, incident.title) == ("SEV-1", "DB down")
    assert incident.room.channel_name == "inc-1-db-down"


@pytest.mark.parametrize(
    "title", ["critical path broken", "high memory on api", "error: connection refused", "p15 fails"]
)
async def test_a_word_of_the_title_is_no_severity(room: WarRoom, title: str) -> None:
    incident = await room.declare("ada", title)
    assert (incident.severity, incident.title) == ("SEV-3", title)


async def test_a_severity_nobody_knows_is_asked_about_and_nothing_typed_is_lost(room: WarRoom) -> None:
    [said] = await answers(room, "ada", "declare DB down sev7")
    assert "SEV-1" in said
    assert "declare DB down sev7" in said
    assert await room.bot.store.last_number() == 0


async def test_the_answer_says_number_severity_channel_and_who_was_paged_and_invited(room: WarRoom) -> None:
    slack = room.slack
    [said] = await answers(room, "ada", "declare checkout returns 500s sev1 @grace")
    incident = await room.incident()
    ben, grace = slack.person("ben").id, slack.person("grace").id
    assert said == f"Declared INC-1 (SEV-1) → <#{incident.room.channel_id}>. Paged <@{ben}>. Invited <@{grace}>."


async def test_a_private_incident_pages_nobody_but_the_people_named(room: WarRoom) -> None:
    incident = await room.declare("ada", "Credentials leaked --sev 1 --private @alan")
    await room.wait(minutes=50)
    members = set(room.channel_of(incident).members) - {room.slack.bot_user_id}
    assert members == ids_of(room, "ada", "alan")
    assert set((await room.incident()).participants.invitees) == members


async def test_a_private_incident_pages_a_team_that_was_named(room: WarRoom) -> None:
    incident = await room.declare("ada", "Credentials leaked --sev 1 --private --team platform")
    assert room.slack.person("ben").id in room.channel_of(incident).members


async def test_a_service_does_not_bring_its_team_into_a_private_incident(room: WarRoom) -> None:
    incident = await room.declare("ada", "Credentials leaked --private --service checkout")
    assert set(room.channel_of(incident).members) - {room.slack.bot_user_id} == ids_of(room, "ada")


async def test_a_single_dash_makes_it_private_too(room: WarRoom) -> None:
    assert (await room.declare("ada", "Credentials leaked -private")).private


async def test_two_services_by_comma_are_two_services(room: WarRoom) -> None:
    incident = await room.declare("ada", "all slow --service api,checkout")
    assert incident.services == ("api", "checkout")


async def test_a_misspelt_service_is_asked_about(room: WarRoom) -> None:
    slack, ada = room.slack, room.slack.person("ada")
    [said] = await answers(room, "ada", "declare all slow --service chekout")
    assert "Did you mean checkout?" in said
    assert await room.bot.store.last_number() == 0
    asked = slack.ephemerals(ada)[-1]
    await slack.click(ada, "general", asked, "Declare with checkout")
    await room.settle()
    incident = await room.incident()
    assert (incident.title, incident.services) == ("all slow", ("checkout",))


async def test_a_service_that_is_really_called_that_is_taken_as_it_is(room: WarRoom) -> None:
    slack, ada = room.slack, room.slack.person("ada")
    await answers(room, "ada", "declare all slow --service chekout")
    await slack.click(ada, "general", slack.ephemerals(ada)[-1], "Declare with chekout")
    await room.settle()
    assert (await room.incident()).services == ("chekout",)
    assert "No team of the policy looks after “chekout”" in slack.ephemerals(ada)[-1].plain()


@pytest.mark.parametrize(
    "typed", ["page engineering", "invite engineering", "role scribe engineering", "escalate @engineering"]
)
async def test_a_part_of_a_name_is_asked_and_never_acts(room: WarRoom, typed: str) -> None:
    slack, ada = room.slack, room.slack.person("ada")
    incident = await room.declare("ada", "search is slow")
    channel = room.channel_of(incident)
    vice = next(
        each
        for each in slack.people()
        if each.title and "engineering" in each.real_name.casefold() + each.title.casefold()
    )
    before = await room.incident()
    [said] = await answers(room, "ada", typed, channel.id)
    after = await room.incident()
    assert (after.participants.invitees, after.roles) == (before.participants.invitees, before.roles)
    asked = slack.ephemerals(ada)[-1]
    assert asked.labels(), said
    assert vice.title in " ".join(asked.labels()) or vice.real_name in " ".join(asked.labels())
    await slack.click(ada, channel, asked, asked.labels()[0])
    await room.settle()
    assert len((await room.incident()).participants.invitees) == len(before.participants.invitees) + 1


@pytest.mark.parametrize(("typed", "acts"), [("invite grce", True), ("page grce", False)])
async def test_a_misspelt_whole_name_acts_only_where_nobody_is_paged(room: WarRoom, typed: str, acts: bool) -> None:
    incident = await room.declare("ada", "search is slow")
    await answers(room, "ada", typed, room.channel_of(incident).id)
    assert (room.slack.person("grace").id in (await room.incident()).participants.invitees) is acts


async def test_a_misspelt_name_is_not_let_into_a_private_incident(room: WarRoom) -> None:
    incident = await room.declare("ada", "Credentials leaked --private @grce")
    await answers(room, "ada", "invite grce", room.channel_of(incident).id)
    assert room.slack.person("grace").id not in (await room.incident()).participants.invitees


async def test_letters_in_the_middle_of_a_name_suggest_nobody(room: WarRoom) -> None:
    incident = await room.declare("ada", "search is slow")
    [said] = await answers(room, "ada", "page @dba", room.channel_of(incident).id)
    assert "Ingrid" not in said
    assert "ingrid" not in said


async def test_text_after_names_is_the_reason(room: WarRoom) -> None:
    slack = room.slack
    channel = room.channel_of(await room.declare("ada", "search is slow"))
    [said] = await answers(room, "ada", "page linus please help", channel.id)
    linus = slack.person("linus").id
    assert said.startswith(f"Paged <@{linus}> → INC-1")
    posted = channel.messages_by_bot()[-1].plain()
    assert "please help" in posted
    assert "nobody here" not in said
    await answers(room, "ada", "page grace, ben need a DBA", channel.id)
    assert "need a DBA" in channel.messages_by_bot()[-1].plain()
    assert slack.person("ben").id in channel.messages_by_bot()[-1].plain()


async def test_whoever_pages_a_group_she_is_in_is_not_paged_herself(room: WarRoom) -> None:
    channel = room.channel_of(await room.declare("grace", "search is slow"))
    [said] = await answers(room, "ada", "page #1 @sre-oncall", "general")
    ada, ben = room.slack.person("ada").id, room.slack.person("ben").id
    assert ben in said
    assert ada not in said
    assert ada not in channel.messages_by_bot()[-1].plain().partition(" is paging ")[2]


async def test_whoever_declares_with_her_own_team_is_not_paged_herself(room: WarRoom) -> None:
    incident = await room.declare("ada", "search is slow --team platform")
    assert room.slack.person("ada").id not in incident.escalation.paged
    assert room.slack.direct("ada") == []


async def test_words_after_a_severity_are_the_reason(room: WarRoom) -> None:
    incident = await room.declare("ada", "search is slow sev1")
    [said] = await answers(room, "ada", "severity sev-3 only EU", room.channel_of(incident).id)
    assert "SEV-3" in said
    assert (await room.incident()).severity == "SEV-3"
    assert any("only EU" in message.plain() for message in room.channel_of(incident).messages_by_bot())


@pytest.mark.parametrize(
    ("typed", "suggested"),
    [
        ("checkout is down", "/incident declare checkout is down"),
        ("note cache is cold", "/incident timeline add cache is cold"),
        ("close", "/incident resolve"),
        ("assign @ben", "/incident role"),
        ("lead", "/incident role commander"),
        ("rename checkout", "/incident edit title checkout"),
        ("resolv the pool was full", "/incident resolve the pool was full"),
    ],
)
async def test_a_suggestion_keeps_what_was_typed(room: WarRoom, typed: str, suggested: str) -> None:
    [said] = await answers(room, "ada", typed)
    assert suggested in said


async def test_the_number_may_come_first(room: WarRoom) -> None:
    await room.declare("ada", "search is slow")
    await answers(room, "ada", "#1 resolve it was the pool")
    assert (await room.incident()).summary == "it was the pool"


async def test_help_explains_one_command(room: WarRoom) -> None:
    [said] = await answers(room, "ada", "help ack")
    assert "/incident ack" in said
    assert "/incident declare" not in said


async def test_every_answer_links_the_room(room: WarRoom) -> None:
    incident = await room.declare("grace", "search is slow")
    for typed in ("ack 1", "severity #1 2", "mitigate 1", "update #1 hm", "invite #1 @linus", "page #1 @linus"):
        said = await answers(room, "ada", typed)
        assert f"<#{incident.room.channel_id}>" in said[-1], typed


async def test_join_by_command_adds_whoever_asks(room: WarRoom) -> None:
    incident = await room.declare("grace", "search is slow")
    said = await answers(room, "kwame", "join 1")
    assert f"INC-1. → <#{incident.room.channel_id}>" in " ".join(said)
    assert room.slack.person("kwame").id in room.channel_of(incident).members


async def test_escalating_to_another_team_pages_it(room: WarRoom) -> None:
    incident = await room.declare("ada", "search is slow")
    await answers(room, "ada", "escalate @sre-oncall the queue is theirs", room.channel_of(incident).id)
    posted = room.channel_of(incident).messages_by_bot()[-1].plain()
    assert room.slack.person("ben").id in posted
    assert "the queue is theirs" in posted
