"""What Datadog's Slack app posts is the alert that its webhook sends: the same delivery, found by the same keys."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations.datadog.parsing.slack_message import parse_message
from tests.alert_sources import SOURCES, sent
from tests.clock import NIGHT
from warroom.alerts import app_messages
from warroom.alerts.model import Alert, Kind

LINK = (
    "https://app.datadoghq.eu/monitors/815?group=service%3Acheckout%2Chost%3Adb-1&event_id=8673000000000000001"
    f"&link_source=monitor_notif&link_monitor_id=815&link_event_id=8673000000000000001"
    f"&link_event_ts={int(NIGHT.timestamp()) - 60}"
)
READERS = SOURCES.message_readers
FROM_DATADOG = {"type": "message", "subtype": "bot_message", "bot_id": "B0DD", "username": "Datadog", "text": ""}


def message(**attachment: object) -> dict[str, Any]:
    """A message of Datadog's with one attachment."""
    return FROM_DATADOG | {"ts": f"{int(NIGHT.timestamp())}.000100", "attachments": [attachment]}


def alert(said: dict[str, Any]) -> Alert:
    """The one alert of a message."""
    parsed = parse_message(said, "C1", NIGHT)
    assert parsed.refused == ()
    [only] = parsed.alerts
    return only


def webhook(transition: str = "Triggered") -> Alert:
    """The same alert as the webhook brings it."""
    parsed = sent(
        {
            "event_id": "8673000000000000001",
            "alert_id": "815",
            "alert_title": f"[{transition}] CPU usage is high",
            "alert_transition": transition,
            "alert_cycle_key": "77",
            "alert_scope": "host:db-1,service:checkout",
        }
    )
    return parsed.alerts[0]


def test_two_doors_bring_one_alert() -> None:
    here = alert(message(title="Triggered: CPU usage is high", title_link=LINK, text="@slack-ops it burns"))
    there = webhook()
    assert here.delivery_id == there.delivery_id
    assert set(here.keys) & set(there.keys) == {"1:monitor:815:host:db-1,service:checkout"}
    assert (here.title, here.transition, here.state) == (there.title, there.transition, there.state)
    assert (here.kind, here.monitor_id, here.group) == (Kind.MONITOR, "815", there.group)
    assert here.occurred_at is not None
    assert (NIGHT - here.occurred_at).total_seconds() == 60


@pytest.mark.parametrize(
    ("title", "transition", "name"),
    [
        ("Triggered: CPU", "trigger", "CPU"),
        (":rotating_light: Re-Triggered: CPU", "retrigger", "CPU"),
        ("Warn: CPU: load", "warn", "CPU: load"),
        ("No data: [P2] CPU", "no_data", "CPU"),
        ("Recovered on {host:a,env:b}: CPU", "recover", "CPU"),
        ("[Recovered] [P1] CPU", "recover", "CPU"),
        ("Error: CPU", "trigger", "Error: CPU"),
        ("Triggered: &lt;!channel&gt; &amp; co", "trigger", "<!channel> & co"),
    ],
)
def test_the_first_word_says_what_happened(title: str, transition: str, name: str) -> None:
    found = alert(message(title=title, title_link=LINK))
    assert (found.transition, found.title) == (transition, name)


def test_fields_tags_and_pictures_are_read() -> None:
    found = alert(
        message(
            title="Triggered: CPU",
            title_link="https://app.datadoghq.com/monitors/815",
            text="high\n*Tags*: `team:data`",
            image_url="https://p.datadoghq.com/s.png",
            fields=[
                {"title": "Tags", "value": "`env:prod`, `service:api`"},
                {"title": "Notified", "value": "@slack-ops"},
                {"title": "Metric value", "value": "98"},
            ],
        )
    )
    assert (found.env, found.service, found.team) == ("prod", "api", "data")
    assert found.snapshot == "https://p.datadoghq.com/s.png"
    assert found.facts == (("Metric value", "98"),)
    assert found.delivery_id == f"1:slack:C1:{int(NIGHT.timestamp())}.000100:trigger"


NESTED = [
    {"type": "header", "text": {"type": "plain_text", "text": "Triggered: CPU"}},
    {"type": "section", "text": {"type": "mrkdwn", "text": f"It burns. <{LINK.replace('&', '&amp;')}|View monitor>"}},
    {"type": "actions", "elements": [{"type": "button", "text": {"type": "plain_text", "text": "Mute"}}]},
]
LINKED = [
    {"type": "section", "text": {"type": "mrkdwn", "text": f"*<{LINK.replace('&', '&amp;')}|Triggered: CPU>*\nhot"}}
]
BUTTON = [
    {"type": "section", "text": {"type": "mrkdwn", "text": "*Triggered: CPU*"}},
    {"type": "actions", "elements": [{"type": "button", "url": LINK, "text": {"type": "plain_text", "text": "View"}}]},
]


@pytest.mark.parametrize("blocks", [NESTED, LINKED, BUTTON])
@pytest.mark.parametrize("nested", [True, False])
def test_newer_messages_are_made_of_blocks(blocks: list[dict[str, Any]], nested: bool) -> None:
    whole = message(blocks=blocks, fallback="[no preview available]")
    found = alert(whole if nested else FROM_DATADOG | {"ts": whole["ts"], "blocks": blocks})
    assert (found.title, found.monitor_id, found.event_id) == ("CPU", "815", "8673000000000000001")
    assert found.delivery_id == webhook().delivery_id


def test_several_attachments_are_several_alerts_and_a_picture_is_none() -> None:
    first = {"title": "Triggered: CPU", "title_link": LINK}
    second = {"title": "Recovered: Disk", "title_link": "https://app.datadoghq.eu/monitors/9?event_id=5"}
    picture = {"image_url": "https://p.datadoghq.eu/s.png", "fallback": ""}
    parsed = parse_message(FROM_DATADOG | {"ts": "1.2", "attachments": [first, picture, second]}, "C1", NIGHT)
    assert [(each.title, each.snapshot) for each in parsed.alerts] == [
        ("CPU", "https://p.datadoghq.eu/s.png"),
        ("Disk", None),
    ]


def test_a_tests_page_names_the_monitor_and_a_page_of_logs_is_no_second_alert() -> None:
    query = "link_source=monitor_notif&link_monitor_id=815&link_event_id=8673000000000000001"
    failed = {
        "title": "Triggered: [Synthetics] Checkout",
        "title_link": f"https://app.datadoghq.eu/synthetics/details/abc-def-ghi?resultId=1&{query}",
        "text": "Step 3 failed",
    }
    logs = {"title": "View in Log Explorer", "title_link": f"https://app.datadoghq.eu/logs?query=a&{query}"}
    found = alert(FROM_DATADOG | {"ts": "1.2", "attachments": [failed, logs]})
    assert (found.title, found.monitor_id, found.link) == ("[Synthetics] Checkout", "815", failed["title_link"])
    assert found.delivery_id == webhook().delivery_id


@pytest.mark.parametrize(
    "said",
    [
        {"text": "Datadog was added to this channel"},
        {"text": "", "attachments": [{"title": "Weekly report", "title_link": "https://app.datadoghq.eu/dash/1"}]},
        {"text": None, "attachments": "x", "blocks": {"a": 1}},
        {"attachments": [7, None, {"title": 3, "blocks": [None, {"text": "x"}], "fields": [None]}]},
    ],
)
def test_what_is_no_monitors_message_is_left_alone(said: dict[str, Any]) -> None:
    parsed = parse_message(FROM_DATADOG | {"ts": "1.2"} | said, "C1", NIGHT)
    assert (parsed.alerts, parsed.refused) == ((), ())


@pytest.mark.parametrize(
    ("said", "senders", "counts"),
    [
        (FROM_DATADOG, (), True),
        ({"bot_id": "B1", "bot_profile": {"name": "Datadog", "app_id": "A1"}}, (), True),
        ({"bot_id": "B1", "username": "Deploys"}, (), False),
        ({"bot_id": "B1", "username": "Deploys"}, ("B1",), True),
        ({"bot_id": "B1", "app_id": "A1"}, ("A1",), True),
        ({"bot_id": "B1", "username": "Deploys"}, ("deploys",), True),
        (FROM_DATADOG, ("B1",), False),
        ({"user": "U1", "username": "Datadog"}, (), False),
        ({"user": "U1", "username": "Datadog"}, ("Datadog",), False),
        ({"bot_id": "B1", "attachments": [{"title": "x", "title_link": LINK}]}, (), True),
    ],
)
def test_only_the_apps_own_messages_count(said: dict[str, Any], senders: tuple[str, ...], counts: bool) -> None:
    assert app_messages.is_from(said, READERS, senders) is counts


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30) | st.just(LINK) | st.just("Triggered: x"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["text", "title", "title_link", "blocks", "fields", "elements", "type", "url", "value"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


def test_an_app_that_calls_itself_datadog_in_one_message_is_not_datadog() -> None:
    said = message(title="Triggered: CPU", title_link=LINK)
    assert app_messages.is_from(said, READERS)
    assert not app_messages.is_from(said | {"bot_profile": {"name": "deploybot", "app_id": "A1"}}, READERS)
    assert app_messages.is_from(
        said | {"username": "alerts", "bot_profile": {"name": "Datadog", "app_id": "A2"}}, READERS
    )


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(["ts", "text", "attachments", "blocks", "bot_id", "bot_profile"]), JSON))
def test_no_message_raises_and_every_alert_has_a_title(said: dict[str, Any]) -> None:
    app_messages.is_from(said, READERS)
    for found in parse_message(said, "C1", NIGHT).alerts:
        assert found.title
