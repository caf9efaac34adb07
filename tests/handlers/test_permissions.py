"""Who may do what follows the policy; a refusal is kind and names who may."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from blocks import forms, ids
from tests.handlers.conftest import COMPANY, HandlerHarness
from tests.refusals import refuses
from warroom.errors import Forbidden
from warroom.incident import lookup
from warroom.incident.declaration import Declare
from warroom.incident.declare import declare
from warroom.incident.model import Origin, State
from warroom.outbox.changes import Changeset
from warroom.people.model import Person
from warroom.policy import check
from warroom.policy.permissions import Permission, Permissions

OUTSIDER = "UALEX1"


def rule(desk: HandlerHarness, **permissions: Any) -> None:
    """From now on this is the policy."""
    checked = check(COMPANY | {"permissions": permissions})
    assert checked.policy is not None, checked.mistakes
    desk.world = replace(desk.world, policy=checked.policy)


async def test_by_default_anybody_may_do_what_helps(desk: HandlerHarness) -> None:
    await desk.room("declare checkout returns 500s --sev 2")
    for text in ("ack #1", "update #1 rolling back", "severity #1 1", "mitigate #1", "resolve #1 rolled back"):
        await desk.type(text, user=OUTSIDER)
    assert (await desk.incident()).state is State.RESOLVED


@pytest.mark.parametrize("text", ["severity #1 3", "cancel #1 a false alarm"])
async def test_what_could_hide_an_outage_is_for_the_people_in_the_room(desk: HandlerHarness, text: str) -> None:
    before = await desk.room()
    with refuses(Forbidden, match=r"INC-1 is for the people in its channel\. Join #inc-1 and try again\."):
        await desk.type(text, user=OUTSIDER)
    assert await desk.incident() == before
    await desk.type(text, user="UGRACE", channel="C1")
    assert (await desk.incident()).version > before.version


async def test_a_form_that_may_not_be_sent_says_so_in_the_form(desk: HandlerHarness) -> None:
    incident = await desk.room()
    form = forms.severity_form(await lookup.view(desk.world, incident), desk.world.policy)
    wrong = await desk.submit(form, {"Severity": "SEV-4"}, user=OUTSIDER)
    assert "for the people in its channel" in next(iter(wrong.values()))
    assert await desk.submit(form, {"Severity": "SEV-4"}, user="UADA") == {}


async def test_the_policy_may_name_a_commander_a_group_or_a_person(desk: HandlerHarness) -> None:
    rule(desk, cancel="commander", mitigate=["@sre-oncall"], resolve=["ada@example.com", "commander"])
    await desk.room()
    with refuses(Forbidden, match=r"its incident commander \(none yet\)"):
        await desk.type("cancel #1 no")
    with refuses(Forbidden, match=r"Mitigating INC-1 is for @sre-oncall\. Ask one"):
        await desk.type("mitigate #1")
    await desk.type("mitigate #1", user="UGRACE")
    await desk.type("resolve #1", user="UADA")
    assert (await desk.incident()).state is State.RESOLVED


async def test_declaring_can_be_kept_to_some_but_never_from_an_alert(desk: HandlerHarness) -> None:
    rule(desk, declare="platform")
    with refuses(Forbidden, match="Declaring incidents is for platform"):
        await desk.type("declare the sky is falling", user=OUTSIDER)
    await desk.type("declare the sky is falling", user="UGRACE")
    alert = Declare(origin=Origin.ALERT, origin_key="alert:1", title="Disk full")
    assert (await declare(desk.world, alert)).incident.number == 2


async def test_a_button_asks_for_the_same_permission(desk: HandlerHarness) -> None:
    rule(desk, acknowledge="responders")
    incident = await desk.room()
    with refuses(Forbidden, match="Acknowledging INC-1"):
        await desk.press(ids.ACKNOWLEDGE, incident, user=OUTSIDER)
    await desk.press(ids.ACKNOWLEDGE, incident)


@pytest.mark.parametrize(
    ("case", "text", "doing"),
    [
        ("timeline", "timeline #1 add we saw it", "Adding to the timeline of INC-1"),
        ("actions", "action #1 add mend it", "Adding action items to INC-1"),
    ],
)
async def test_notes_and_action_items_can_be_kept_to_some(
    desk: HandlerHarness, case: str, text: str, doing: str
) -> None:
    await desk.room()
    await desk.type(text, user=OUTSIDER)
    rule(desk, **{case: "responders"})
    before = await desk.incident()
    with refuses(Forbidden, match=doing):
        await desk.type(text, user=OUTSIDER)
    assert await desk.incident() == before
    await desk.type(text, user="UGRACE")
    assert (await desk.incident()).version > before.version


async def test_guests_declare_only_where_the_policy_lets_them(desk: HandlerHarness) -> None:
    await person(desk, "UGUEST", is_guest=True)
    with refuses(Forbidden, match="Guests may not declare"):
        await desk.type("declare the sky is falling", user="UGUEST")
    checked = check(COMPANY | {"workspace": {"guests_may_declare": True}})
    assert checked.policy is not None
    desk.world = replace(desk.world, policy=checked.policy)
    await desk.type("declare the sky is falling", user="UGUEST")
    assert (await desk.incident()).declared_by == "UGUEST"


async def test_a_deactivated_account_may_do_nothing(desk: HandlerHarness) -> None:
    await desk.room()
    await person(desk, "UGRACE", deleted=True)
    for text in ("declare x", "ack #1", "timeline #1 add x", "action #1 add x", "update #1 x"):
        with refuses(Forbidden, match="deactivated"):
            await desk.type(text, user="UGRACE")


async def person(desk: HandlerHarness, user: str, **known: bool) -> None:
    """The directory knows them like this."""
    await desk.world.store.commit(
        Changeset(now=desk.world.clock.now(), people=(Person(id=user, name="somebody", **known),))
    )


@pytest.mark.parametrize(
    ("written", "path", "hint"),
    [
        ({"cancle": "everybody"}, "permissions.cancle", "did you mean cancel?"),
        ({"cancel": "responder"}, "permissions.cancel", "did you mean responders?"),
        ({"cancel": ["commander", "platfrom"]}, "permissions.cancel[1]", "did you mean platform?"),
        ({"cancel": []}, "permissions.cancel", "empty"),
    ],
)
def test_a_slip_in_the_policy_is_found(written: dict[str, Any], path: str, hint: str) -> None:
    (mistake,) = check(COMPANY | {"permissions": written}).mistakes
    assert mistake.path == path
    assert hint in str(mistake)


def test_every_deed_has_a_permission_and_every_permission_a_deed() -> None:
    assert {case.value for case in Permission} == set(Permissions.model_fields)
