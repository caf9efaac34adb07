"""HTTP access to the page: security headers, foreign origins, private channels."""

from __future__ import annotations

import json

import pytest

from tests.page.conftest import Visitor


async def test_page_says_that_it_is_a_sandbox_and_forbids_foreign_scripts(visitor: Visitor) -> None:
    for path in ("/", "/as/ada/", "/as/ben/home", f"/as/ada/{visitor.slack.channel('general').id}"):
        async with visitor.session.get(visitor.slack.page_url.rstrip("/") + path) as answer:
            policy = answer.headers["Content-Security-Policy"]
            text = await answer.text()
        assert "this is not Slack" in text
        assert "default-src 'none'; script-src 'self';" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert " style=" not in text
        assert " onclick" not in text


async def test_foreign_host_name_is_refused_by_the_page(visitor: Visitor) -> None:
    status, text = await visitor.get("/", headers={"Host": "evil.example"})
    assert status == 403
    assert "loopback" in text


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_requests_of_another_sites_page_are_refused(visitor: Visitor, headers: dict[str, str]) -> None:
    general = visitor.slack.channel("general")
    for path, body in (("/as/ada/do/say", {"channel": general.id, "text": "hi"}), ("/control/latency", {"seconds": 9})):
        status, answer = await visitor.post(path, body, **headers)
        assert status == 403
        assert "own page" in answer["error"]
    assert general.messages == []
    assert visitor.slack.latency == 0


async def test_requests_of_the_own_page_are_allowed(visitor: Visitor) -> None:
    general = visitor.slack.channel("general")
    own = {"Origin": visitor.slack.page_url.rstrip("/"), "Sec-Fetch-Site": "same-origin"}
    status, _ = await visitor.post("/as/ada/do/say", {"channel": general.id, "text": "hi @ben <b>"}, **own)
    assert status == 200
    assert general.messages[-1].text == f"hi <@{visitor.slack.person('ben').id}> &lt;b&gt;"


async def test_private_channel_is_not_shown_to_others(visitor: Visitor) -> None:
    secret = visitor.slack.channel("leadership")
    await visitor.slack.say("emmy", "leadership", "we will be acquired")
    for path in (f"/as/ada/{secret.id}", "/as/ada/"):
        _, text = await visitor.get(path)
        assert "leadership" not in text
        assert "acquired" not in text
    answer = await visitor.does("say", channel=secret.id, text="hello")
    assert answer == {"error": "There is no such conversation."}


async def test_files_are_never_served_as_html(visitor: Visitor) -> None:
    from sandbox.model import File

    for key, content in (("F1", b"\x89PNG\r\n\x1a\n...."), ("F2", b"<script>alert(1)</script>")):
        visitor.slack.workspace.files[key] = File(key, "x.html", len(content), "U1", 0, content=content)
    kinds = []
    for key in ("F1", "F2"):
        async with visitor.session.get(f"{visitor.slack.page_url}files/{key}") as answer:
            kinds.append(answer.content_type)
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert kinds == ["image/png", "application/octet-stream"]


async def test_unknown_people_files_and_gestures_are_errors(visitor: Visitor) -> None:
    assert (await visitor.get("/as/nobody/"))[0] == 404
    assert (await visitor.get("/files/F0"))[0] == 404
    assert (await visitor.post("/as/ada/do/fly", {}))[0] == 404
    assert (await visitor.post("/as/ada/do/react", {"ts": "1.0"}))[0] == 409


async def test_live_updates_are_sent_on_change(visitor: Visitor) -> None:
    async with visitor.session.get(f"{visitor.slack.page_url}as/ada/live") as stream:
        assert stream.content_type == "text/event-stream"
        assert await stream.content.readline() == b"retry: 500\n"
        await visitor.slack.say("ben", "general", "news")
        await stream.content.readuntil(b"event: change\n")


async def test_menu_finds_people_by_any_name(visitor: Visitor) -> None:
    _, found = await visitor.get("/as/ada/choices", params={"of": "users", "q": "wei"})
    assert [line["handle"] for line in json.loads(found)] == ["wei", "weiz"]
    _, found = await visitor.get("/as/ada/choices", params={"of": "commands", "q": "/inc"})
    assert json.loads(found)[0]["note"].startswith("declare checkout")
