"""Statuspage through the whole bot: nobody tells customers by accident."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.clock import SystemClock
from bot.integrations import integrations_of, problems
from integrations.statuspage.model import StatuspageState, prepared
from integrations.statuspage.policy import section
from integrations.statuspage.rules import PUBLISH, effect
from sandbox import Sandbox, SlackMessage
from sandbox.forms import Form
from sandbox.vendors.statuspage import KEY, PAGE, StatuspageSystem
from sandbox.vendors.system import Body
from tests.integrations.stories import DECLARE, entries, policy_of, polled, room_beside, said, settings_of, types
from tests.scenarios.conftest import WarRoom
from tests.scenarios.conftest import slack as slack
from warroom.incident.events import Reported
from warroom.outbox.changes import Changeset

SECTION: dict[str, Any] = {"page": PAGE, "components": {"checkout": "8kbf7d35c070"}, "publish": {"SEV-1": "ask"}}
TOLD = f"{DECLARE} --service checkout"


@pytest.fixture
async def page() -> AsyncIterator[StatuspageSystem]:
    """A page on which everything works."""
    system = StatuspageSystem()
    runner = await system.start()
    yield system
    await system.stop(runner)


def keys(page: StatuspageSystem) -> dict[str, Any]:
    """The settings that use it."""
    return {"statuspage_api_url": page.api_url, "statuspage_api_key": SecretStr(KEY)}


@pytest.fixture
async def room(slack: Sandbox, page: StatuspageSystem, tmp_path: Path) -> AsyncIterator[WarRoom]:
    """A bot that may write on it."""
    async with room_beside(slack, page, tmp_path, policy_of(statuspage=SECTION), **keys(page)) as warroom:
        yield warroom


def with_button(room: WarRoom, label: str, messages: list[SlackMessage]) -> SlackMessage:
    return next(each for each in reversed(messages) if label in str(each.blocks))


async def opened(room: WarRoom) -> Form:
    """The form, by command."""
    await types(room, "ada", "status")
    return await room.slack.modal("ada")


async def previewed(room: WarRoom, form: Form, **values: str) -> Form:
    """The preview of the form, filled in."""
    for label, value in values.items():
        form.fill(label, value)
    result = await room.slack.submit("ada", form)
    assert not result.closed
    assert result.errors == {}
    return await room.slack.modal("ada")


async def publish(room: WarRoom, **values: str) -> None:
    """Fill in the form, look at the preview and publish."""
    preview = await previewed(room, await opened(room), **values)
    result = await room.slack.submit("ada", preview)
    assert result.closed, result.errors
    await room.settle()


def only(page: StatuspageSystem) -> Body:
    (found,) = page.incidents.values()
    return found


async def test_nothing_is_published_before_somebody_has_seen_the_preview(room: WarRoom, page: StatuspageSystem) -> None:
    incident = await room.declare("ada", TOLD)
    assert page.incidents == {}
    ada = room.slack.person("ada")
    preview = await previewed(room, await opened(room), Text="Payments <b>fail</b> for some customers.")
    shown = str(preview.view.body)
    assert "Payments &lt;b&gt;fail" in shown
    assert "checkout: major outage" in shown
    assert page.incidents == {}
    assert (await room.slack.submit(ada, preview)).closed
    await room.settle()
    there = only(page)
    assert (there["name"], there["status"]) == ("Problem with checkout", "investigating")
    assert page.told == ["Payments <b>fail</b> for some customers."]
    assert page.components["8kbf7d35c070"]["status"] == "major_outage"
    card = room.channel_of(incident).messages_by_bot()[0]
    assert there["shortlink"] in str(card.blocks)
    (entry,) = [each for each in await room.bot.store.timeline(incident.id) if isinstance(each.event, Reported)]
    assert entry.by == ada.id


async def test_an_update_is_offered_to_whoever_wrote_it_and_the_end_closes_the_page(
    room: WarRoom, page: StatuspageSystem
) -> None:
    incident = await room.declare("ada", TOLD)
    await publish(room)
    await types(room, "ada", "update we found the cause")
    ada = room.slack.person("ada")
    offer = with_button(room, "Also on the status page", room.slack.ephemerals(ada))
    await room.slack.click(ada, room.channel_of(incident), offer, "Also on the status page…")
    form = await room.slack.modal(ada)
    assert "we found the cause" in str(form.view.body), "the words of the update are filled in"
    form.fill("State on the page", "Identified")
    assert (await room.slack.submit(ada, await previewed(room, form))).closed
    await room.settle()
    assert next(each["body"] for each in only(page)["incident_updates"]) == "we found the cause"
    await types(room, "ada", "resolve rolled back")
    assert only(page)["status"] == "resolved"
    assert page.components["8kbf7d35c070"]["status"] == "operational"


async def test_the_offer_goes_once_customers_know_or_the_incident_is_over(room: WarRoom) -> None:
    def offers() -> list[SlackMessage]:
        channels = room.slack.channels()
        return [
            each for channel in channels for each in channel.log if not each.deleted and "know nothing" in each.plain()
        ]

    await room.declare("ada", TOLD)
    assert len(offers()) == 1
    await publish(room)
    assert offers() == [], "customers were told"
    await types(room, "ada", "resolve rolled back")
    await room.declare("ada", "search is slow --sev 1 --service checkout")
    assert len(offers()) == 1
    await room.slack.slash("ada", "general", "/incident", "resolve #2 restarted it")
    await room.settle()
    assert offers() == [], "it is over"


async def test_what_somebody_changed_there_meanwhile_is_not_written_over(room: WarRoom, page: StatuspageSystem) -> None:
    incident = await room.declare("ada", TOLD)
    await publish(room)
    page.write(only(page)["id"], "identified", "It is the database.")
    await publish(room, Text="Still looking.")
    assert next(each["body"] for each in only(page)["incident_updates"]) == "It is the database."
    line = [each for each in await said(room) if "changed meanwhile" in each]
    assert len(line) == 1
    assert "It is the database." in line[0]
    await publish(room, Text="A fix is on its way.")
    assert next(each["body"] for each in only(page)["incident_updates"]) == "A fix is on its way."
    await polled(room, "statuspage")
    told = [each.event.text for each in await room.bot.store.timeline(incident.id) if isinstance(each.event, Reported)]
    assert sum("It is the database." in each for each in told) == 1


async def test_what_is_written_there_is_a_line_of_the_timeline_and_an_open_form_hears_of_it(
    room: WarRoom, page: StatuspageSystem
) -> None:
    await room.declare("ada", TOLD)
    await publish(room)
    form = await opened(room)
    page.write(only(page)["id"], "monitoring", "A fix is in place.")
    for _ in range(2):
        await polled(room, "statuspage")
    (entry,) = await entries(room, "Statuspage")
    assert isinstance(entry.event, Reported)
    assert entry.event.text == "monitoring: A fix is in place."
    form.fill("Text", "Still looking.")
    result = await room.slack.submit("ada", form)
    assert "changed meanwhile" in str(result.errors)


async def test_auto_publishes_the_beginning_and_never_a_private_incident(
    slack: Sandbox, page: StatuspageSystem, tmp_path: Path
) -> None:
    policy = policy_of(statuspage=SECTION | {"publish": {"SEV-1": "auto", "SEV-3": "never"}})
    async with room_beside(slack, page, tmp_path, policy, **keys(page)) as room:
        await room.declare("ada", f"{TOLD} --private")
        assert page.incidents == {}
        await room.declare("ada", TOLD)
        assert "problem with checkout" in only(page)["incident_updates"][0]["body"]
        await room.declare("ada", TOLD.replace("--sev 1", "--sev 3"))
        third = room.channel_of(await room.incident(3))
        await slack.slash(slack.person("ada"), third, "/incident", "status")
        await room.settle()
        assert any("never publishes" in each.plain() for each in slack.ephemerals("ada"))
        assert len(page.incidents) == 1


async def test_what_the_policy_publishes_is_not_when_it_was_made_private_meanwhile(
    slack: Sandbox, page: StatuspageSystem, tmp_path: Path
) -> None:
    policy = policy_of(statuspage=SECTION | {"publish": {"SEV-1": "auto"}})
    async with room_beside(slack, page, tmp_path, policy, **keys(page)) as room:
        page.fail("POST", f"/v1/pages/{PAGE}/incidents", 503, headers={"Retry-After": "300"})
        incident = await room.declare("ada", TOLD)
        channel, ada = room.channel_of(incident), slack.person("ada")
        await slack.slash(ada, channel, "/incident", "edit private")
        await room.settle()
        await slack.click(ada, channel, slack.ephemerals(ada)[-1], "Make it private")
        await room.settle()
        await room.wait(minutes=6)
        assert (await room.incident()).private
        assert page.incidents == {}


async def test_a_refusal_is_one_line_with_a_button_to_try_again(room: WarRoom, page: StatuspageSystem) -> None:
    incident = await room.declare("ada", TOLD)
    page.fail("POST", f"/v1/pages/{PAGE}/incidents", 403, body=b'{"error": "no more"}')
    await publish(room)
    assert page.incidents == {}
    channel = room.channel_of(incident)
    line = with_button(room, "Try again", channel.messages_by_bot())
    assert "The status page was not changed: Publishing: no more." in line.plain()
    await room.slack.click(room.slack.person("ada"), channel, line, "Try again")
    await room.settle()
    assert len(page.incidents) == 1
    await room.slack.click(room.slack.person("ada"), channel, line, "Try again")
    await room.settle()
    assert any("being tried again already" in each.plain() for each in room.slack.ephemerals("ada"))
    assert len(page.incidents) == 1


async def test_rate_limits_of_either_kind_are_waited_for(room: WarRoom, page: StatuspageSystem) -> None:
    await room.declare("ada", TOLD)
    for status in (420, 429):
        page.fail("POST", f"/v1/pages/{PAGE}/incidents", status)
    await publish(room)
    for _ in range(3):
        await room.wait(seconds=61)
    assert len(page.incidents) == 1


async def test_check_asks_for_the_page_and_its_components(
    slack: Sandbox, page: StatuspageSystem, tmp_path: Path
) -> None:
    integrations = integrations_of(settings_of(slack, tmp_path, **keys(page)))
    assert await problems(integrations, policy_of(statuspage=SECTION), SystemClock()) == []
    wrong = SECTION | {"components": {"checkout": "gone"}}
    assert await problems(integrations, policy_of(statuspage=wrong), SystemClock()) == [
        (
            "Statuspage: statuspage.components.checkout: the page has no component gone; "
            "it has Checkout (8kbf7d35c070), API (vtnh60py4yd7)"
        )
    ]
    wrong = SECTION | {"page": "gone"}
    (problem,) = await problems(integrations, policy_of(statuspage=wrong), SystemClock())
    assert problem.startswith("Statuspage: Looking for the page: not found. Compare statuspage.page")


async def test_what_cannot_be_closed_at_the_end_is_one_line_with_a_button(
    room: WarRoom, page: StatuspageSystem
) -> None:
    incident = await room.declare("ada", TOLD)
    await publish(room)
    for _ in range(2):
        page.fail("PATCH", f"/v1/pages/{PAGE}/incidents", 403, body=b'{"error": "no more"}')
    await types(room, "ada", "resolve rolled back")
    channel = room.channel_of(incident)
    for _ in range(2):
        (line,) = [each for each in channel.messages_by_bot() if "not everywhere" in each.plain()]
        expected = "INC-1 is over here, but not everywhere: The status page was not changed (Publishing: no more)."
        assert expected in line.plain()
        await room.slack.click(room.slack.person("ada"), channel, line, "Try again")
        await room.settle()
    assert only(page)["status"] == "resolved"
    assert [each for each in channel.messages_by_bot() if "not everywhere" in each.plain()] == []
    assert (await room.incident()).left_open == ()


async def test_of_two_who_publish_at_the_same_moment_the_second_is_told(room: WarRoom, page: StatuspageSystem) -> None:
    await room.declare("ada", TOLD)
    previews = {}
    for who in ("ada", "grace"):
        await types(room, who, "status")
        form = await room.slack.modal(who)
        form.fill("Text", f"{who} says that payments fail.")
        assert not (await room.slack.submit(who, form)).closed
        previews[who] = await room.slack.modal(who)
    page.fail("POST", f"/v1/pages/{PAGE}/incidents", status=500)
    first = await room.slack.submit("ada", previews["ada"])
    second = await room.slack.submit("grace", previews["grace"])
    assert first.closed
    assert not second.closed
    assert "publishing at this moment" in str((await room.slack.modal("grace")).view.blocks)
    assert "refused" in (await room.bot.store.audit(limit=1))[0].result
    await room.settle()
    assert only(page)["incident_updates"][0]["body"] == "ada says that payments fail."


async def test_what_another_made_a_moment_ago_is_found_before_a_second_one_is_made(
    room: WarRoom, page: StatuspageSystem
) -> None:
    incident = await room.declare("ada", TOLD)
    draft = prepared(incident, section(room.bot.world.policy), room.bot.world.policy)
    both = tuple(effect(PUBLISH, f"form:{n}", incident, draft.copy_with(body=f"Text {n}.")) for n in range(2))
    await room.bot.world.commit(Changeset(now=room.slack.clock.now(), effects=both[:1]))
    await room.settle()
    assert only(page)
    known = await room.bot.store.incident(incident.id)
    assert known is not None
    nothing = known.with_external("statuspage", StatuspageState())
    await room.bot.world.commit(Changeset(now=room.slack.clock.now(), incident=nothing, effects=both[1:]))
    await room.settle()
    assert [each["body"] for each in only(page)["incident_updates"]] == ["Text 0."]
    assert any("Nothing was published" in text for text in await said(room))
