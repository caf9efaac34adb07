"""The log: the incident on every line of its work, a secret on none."""

from __future__ import annotations

import json
import logging

import pytest
import structlog
from aiohttp.web import RequestPayloadError

from bot.runtime.dispatcher import STUCK, Dispatcher
from bot.runtime.observability import Meters, hide, hide_secrets, set_up_logging
from storage import forms
from tests.bot.conftest import NIGHT, OUTAGE
from tests.clock import ManualClock
from tests.handlers.conftest import OneMessage
from tests.handlers.test_any_command import play
from tests.people import StoredPeople
from tests.stores import fresh_store
from warroom.errors import Rejected
from warroom.outbox.changes import Changeset, Claim
from warroom.outbox.effects import Effect, OpenRoom
from warroom.outbox.results import EffectResult
from warroom.policy import Policy
from warroom.ports import Store, World


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    """The log as a machine reads it."""
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def world_of(store: Store) -> World:
    return World(
        store=store,
        directory=StoredPeople(store),
        policy=Policy(),
        clock=ManualClock(),
        rooms=OneMessage(),
        nudge=lambda: None,
    )


async def refuse(_claim: Claim, _effect: Effect) -> EffectResult | None:
    logging.getLogger("slack").warning("about to say no")
    raise Rejected("Slack said no to xoxb-sandbox-1", code="restricted_action", advice="Ask an admin.")


async def test_every_line_of_an_effects_work_names_its_incident(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging("INFO", "json")
    async with fresh_store() as store:
        await store.commit(
            Changeset(now=NIGHT, incident=OUTAGE, effects=(OpenRoom(key="r", incident_id="i1", name="inc-7"),))
        )
        dispatcher = Dispatcher(world_of(store), refuse, Meters())
        dispatcher.start()
        await dispatcher.quiet()
        await dispatcher.drain(1)
        logged = lines(capsys)
        assert [line["event"] for line in logged[:2]] == ["about to say no", "given up"]
        assert {line["incident"] for line in logged} == {"INC-7"}
        assert logged[1]["why"] == "Slack said no to [hidden]"


async def test_every_line_of_a_gesture_says_who_made_it_and_about_which_incident(
    capsys: pytest.CaptureFixture[str],
) -> None:
    set_up_logging("INFO", "json")
    await play(["ack #1", "update nothing secret in the log", "list"])
    logged = lines(capsys)
    assert [(line["event"], line["incident"], line["by"]) for line in logged] == [
        ("command ack", "INC-1", "UADA"),
        ("command update", "INC-1", "UADA"),
        ("command list", None, "UADA"),
    ]
    assert "nothing secret" not in json.dumps(logged)


async def test_a_dispatcher_that_finds_no_time_to_look_for_work_is_stuck() -> None:
    async with fresh_store() as store:
        now = [0.0]
        dispatcher = Dispatcher(world_of(store), refuse, Meters(), steady=lambda: now[0])
        now[0] = STUCK
        assert dispatcher.stuck is None
        now[0] = STUCK + 1
        assert dispatcher.stuck == STUCK + 1
        dispatcher.start()
        await dispatcher.quiet()
        assert dispatcher.stuck is None
        await dispatcher.drain(1)


def test_no_secret_is_ever_shown_whatever_it_looks_like(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging("INFO", "json")
    hide_secrets(["plain-webhook-word", "abc"])
    log = structlog.get_logger("test")
    log.warning("said plain-webhook-word", problems=["xapp-1-A", {"token": "plain-webhook-word"}], count=3)
    try:
        raise ValueError("postgresql://user:hush@db/x and plain-webhook-word")
    except ValueError:
        log.exception("broke")
    logging.getLogger("library").error("got %s", "xoxe.xoxp-1-abc")
    text = capsys.readouterr().err
    for secret in ("plain-webhook-word", "xapp-1", "hush", "xoxp"):
        assert secret not in text
    assert '"count": 3' in text


def test_a_secret_that_begins_with_another_is_hidden_whole(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging("INFO", "json")
    hide_secrets([f"{'hush' * 2}{more}" for more in ("", "-1", "-12", "-123", "-1234")])
    structlog.get_logger("test").warning("said hushhush-1234")
    assert 'said [hidden]"' in capsys.readouterr().err


def test_a_body_that_is_none_brings_no_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging("INFO", "json")
    try:
        raise RequestPayloadError("Can not decode content-encoding: gzip")
    except RequestPayloadError:
        logging.getLogger("aiohttp.server").exception("Unhandled exception")
    assert capsys.readouterr().err == ""


def test_what_is_said_of_a_wrong_database_url_is_not_hidden() -> None:
    assert hide(forms()) == forms()
