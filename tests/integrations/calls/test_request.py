"""`http.request` reaches what the policy lists and nothing else; `command` runs what it lists and nothing else."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from pydantic import ValidationError

from integrations.calls.addresses import checked, listed, open_to, parsed
from integrations.calls.command import Command, CommandParameters
from integrations.calls.request import Request, RequestParameters
from tests.clock import NIGHT
from warroom.capabilities import Finished, Pending, StepCall
from warroom.errors import Rejected, Retryable
from warroom.policy.remediation import Allowed

PUBLIC = "93.184.215.14"


def call(**secrets: str) -> StepCall:
    return StepCall(
        "key-1", NIGHT, NIGHT, NIGHT + timedelta(minutes=1), {}, lambda name: secrets[name.removeprefix("env:")]
    )


def allowed(*hosts: str, addresses: Sequence[str] = ()) -> Allowed:
    return Allowed.model_validate({"http": {"hosts": list(hosts), "addresses": list(addresses)}})


@pytest.mark.parametrize(
    "url",
    [
        "ftp://a.example.com/",
        "file:///etc/passwd",
        "https://user:pass@a.example.com/",
        "https://a.example.com@evil.example.org/",
        "https:///x",
        "https://a.example.com/../admin",
        "https://a.example.com/%2e%2e/admin",
        "https://a.example.com/ x",
        "https://a.example.com\\@evil.example.org/",
        "https://a.example.com:99999/",
        "javascript:alert(1)",
        "https://a%00.example.com/",
    ],
)
def test_what_is_no_plain_address_is_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        RequestParameters(url=url)


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("https://a.example.com/x", True),
        ("https://A.EXAMPLE.com/x", True),
        ("https://a.example.com./x", True),
        ("https://a.example.com:443/x", True),
        ("https://a.example.com:8443/x", False),
        ("http://a.example.com/x", True),
        ("http://a.example.com:8080/x", False),
        ("https://b.example.com:8443/x", True),
        ("https://example.com/x", False),
        ("https://a.example.com.evil.org/x", False),
        ("https://127.0.0.1/x", False),
        ("https://[::1]/x", False),
        ("https://2130706433/x", False),
    ],
)
def test_only_hosts_and_ports_of_the_policy(url: str, wanted: bool) -> None:
    assert listed(parsed(url), allowed("*.example.com", "b.example.com:8443")) is wanted


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.8.8.8", "::1", "169.254.169.254", "fe80::1", "fe80::1%eth0", "::", "224.0.0.1", "ff02::1"),
        *(
            "255.255.255.255",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::169.254.169.254",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
        ),
        *("100.64.0.1", "fd00:ec2::254", "240.0.0.1", "0.1.2.3", "nonsense"),
        *("::127.0.0.1", "::7f00:1", "::ffff:0:127.0.0.1", "::a9fe:a9fe", "64:ff9b::a9fe:a9fe", "64:ff9b:1::7f00:1"),
        *("2002:a9fe:a9fe::", "2001:0:7f00:1::", "fec0::1", "fd20:ce::254", "168.63.129.16", "192.0.0.192"),
    ],
)
def test_machines_own_addresses_are_closed(address: str) -> None:
    assert not open_to(address, allowed("*"))


@pytest.mark.parametrize(
    "address", [PUBLIC, "10.1.2.3", "192.168.1.1", "172.16.0.1", "fd12::1", "2606:2800:21f:cb07::1"]
)
def test_public_and_private_ones_are_open(address: str) -> None:
    assert open_to(address, allowed("*"))


def test_what_the_policy_lists_is_open() -> None:
    assert open_to("127.0.0.1", allowed("*", addresses=["127.0.0.0/8"]))
    assert not open_to("169.254.169.254", allowed("*", addresses=["127.0.0.0/8"]))


async def test_one_closed_address_among_several_is_enough() -> None:
    async def lookup(host: str, port: int) -> Sequence[str]:
        return [PUBLIC, "127.0.0.1"]

    with pytest.raises(Rejected) as refused:
        await checked(parsed("https://a.example.com/"), allowed("*"), lookup)
    assert refused.value.code == "address_not_allowed"


@pytest.mark.parametrize("host", ["127.1", "0x7f000001", "0x7f.0.0.1", "017700000001", "2130706433", "0177.0.0.1", "0"])
async def test_an_address_in_another_spelling_is_the_same_address(host: str) -> None:
    async def lookup(host: str, port: int) -> Sequence[str]:
        raise AssertionError("a name was looked up")

    with pytest.raises(Rejected):
        await checked(parsed(f"http://{host}/"), allowed("*"), lookup)


class Server:
    """Answers on loopback, and remembers what it was asked."""

    def __init__(self) -> None:
        self.port, self.asked = 0, list[web.Request]()
        self.bodies: list[Any] = []
        self.answers: list[web.Response] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        self.bodies.append(await request.read())
        return self.answers.pop(0) if self.answers else web.json_response({"length": 0})


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    found = Server()
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", found.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    found.port = runner.addresses[0][1]
    yield found
    await runner.cleanup()


class Names:
    """A name server that may change its mind."""

    def __init__(self, *answers: str) -> None:
        self.answers, self.asked = list(answers), 0

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked += 1
        return [self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]]


def request(server: Server, names: Names, *hosts: str) -> Request:
    made = Request(names)
    made.allow = allowed(*(hosts or (f"api.example.com:{server.port}",)), addresses=["127.0.0.0/8"])
    return made


def to(server: Server, path: str = "/x", **more: Any) -> RequestParameters:
    return RequestParameters.model_validate({"url": f"http://api.example.com:{server.port}{path}", **more})


async def test_a_name_is_looked_up_once_and_the_connection_goes_to_what_was_checked(server: Server) -> None:
    names = Names("127.0.0.1", "169.254.169.254")
    outcome = await request(server, names).run(to(server), call())
    assert isinstance(outcome, Finished)
    assert (names.asked, len(server.asked)) == (1, 1)
    assert server.asked[0].host == f"api.example.com:{server.port}"


async def test_a_name_that_leads_inside_is_refused_and_nothing_is_called(server: Server) -> None:
    made = Request(Names("127.0.0.1"))
    made.allow = allowed(f"api.example.com:{server.port}")
    with pytest.raises(Rejected):
        await made.run(to(server), call())
    assert server.asked == []


async def test_a_redirect_is_not_followed(server: Server) -> None:
    server.answers = [web.Response(status=302, headers={"Location": "http://169.254.169.254/"})]
    with pytest.raises(Rejected) as refused:
        await request(server, Names("127.0.0.1")).run(to(server), call())
    assert "redirects are not followed" in str(refused.value)
    assert len(server.asked) == 1


async def test_what_the_policy_does_not_list_is_not_called_even_if_the_rules_were_asked_otherwise(
    server: Server,
) -> None:
    with pytest.raises(Rejected) as refused:
        await request(server, Names("127.0.0.1"), "other.example.com").run(to(server), call())
    assert (refused.value.code, server.asked) == ("not_allowed", [])


async def test_a_secret_goes_into_its_header_and_a_text_that_looks_like_one_does_not(server: Server) -> None:
    parameters = to(
        server,
        method="POST",
        secret_headers={"Authorization": "Bearer env:TOKEN"},
        headers={"X-Note": "env:TOKEN"},
        json={"t": "env:TOKEN"},
    )
    await request(server, Names("127.0.0.1")).run(parameters, call(TOKEN="hunter22"))
    asked = server.asked[0]
    assert (asked.headers["Authorization"], asked.headers["X-Note"]) == ("Bearer hunter22", "env:TOKEN")
    assert (asked.headers["Idempotency-Key"], server.bodies[0]) == ("key-1", b'{"t": "env:TOKEN"}')


@pytest.mark.parametrize("header", ["Host", "Content-Length", "Transfer-Encoding", "a b", "X\r\nY"])
def test_a_header_that_would_change_the_request_is_refused(header: str) -> None:
    with pytest.raises(ValidationError):
        RequestParameters(url="https://a.example.com/", headers={header: "x"})
    with pytest.raises(ValidationError):
        RequestParameters(url="https://a.example.com/", headers={"X": "a\r\nHost: evil"})


async def test_it_asks_until_the_answer_is_as_expected(server: Server) -> None:
    server.answers = [web.json_response({"length": 3}), web.Response(status=503)]
    parameters = to(server, until=True, expect={"json": {"length": 0}})
    made = request(server, Names("127.0.0.1"))
    came = [await made.run(parameters, call()) for _ in range(3)]
    assert [isinstance(each, Pending) for each in came] == [True, True, False]
    assert made.proves(parameters)


async def test_a_post_whose_answer_was_lost_is_not_made_again(server: Server) -> None:
    made = request(server, Names("127.0.0.1"))
    with pytest.raises(Rejected):
        await made.look(to(server, method="POST"), call())
    assert await made.look(to(server, method="POST", idempotent=True), call()) is None
    assert made.changing(to(server, method="POST"))
    assert not made.changing(to(server))


async def test_nobody_there_is_no_failure_yet(server: Server) -> None:
    made = Request(Names("127.0.0.1"))
    made.allow = allowed("api.example.com:1", addresses=["127.0.0.0/8"])
    with pytest.raises(Retryable) as away:
        await made.run(RequestParameters(method="POST", url="http://api.example.com:1/"), call())
    assert not away.value.outcome_unknown


async def test_a_long_answer_is_not_read_to_its_end(server: Server) -> None:
    server.answers = [web.Response(body=b"x" * 3_000_000)]
    outcome = await request(server, Names("127.0.0.1")).run(to(server), call())
    assert isinstance(outcome, Finished)
    assert len(outcome.outputs["body"]) == 256 * 1024


# -- commands


def command(*patterns: Sequence[str]) -> Command:
    made = Command()
    made.allow = Allowed.model_validate({"command": [list(each) for each in patterns]})
    return made


async def test_there_is_no_shell_and_no_secret_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "hunter22")
    hostile = "$(id); echo `id` > /tmp/x && true | cat *"
    outcome = await command(["printf", "%s", "*"]).run(CommandParameters(run=("printf", "%s", hostile)), call())
    assert isinstance(outcome, Finished)
    assert outcome.outputs["output"] == hostile
    shown = await command(["env"]).run(CommandParameters(run=("env",)), call())
    assert isinstance(shown, Finished)
    assert "hunter22" not in shown.outputs["output"]


@pytest.mark.parametrize(
    "run",
    [("rm", "-rf", "/"), ("printf", "--version", "x"), ("printf", "%s"), ("/tmp/printf", "%s", "x"), ("sh", "-c", "x")],
)
async def test_what_the_policy_does_not_list_is_not_run(run: tuple[str, ...]) -> None:
    made = command(["printf", "*", "*"])
    assert made.refused(CommandParameters(run=run), made.allow)
    with pytest.raises(Rejected):
        await made.run(CommandParameters(run=run), call())


async def test_what_takes_too_long_or_says_too_much_is_ended_with_all_it_began() -> None:
    made = command(["sh", "-c", "*"])
    with pytest.raises(Rejected) as slow:
        await made.run(CommandParameters(run=("sh", "-c", "sleep 300 & sleep 300"), limit=timedelta(seconds=1)), call())
    assert slow.value.code == "too_long"
    with pytest.raises(Rejected) as loud:
        await made.run(CommandParameters(run=("sh", "-c", "yes")), call())
    assert loud.value.code == "too_much"


async def test_what_is_ended_leaves_nothing_running(tmp_path: Path) -> None:
    # All that was begun has the pipe open for writing: it ends when the last of them does.
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    run = ("sh", "-c", f"exec 9>{pipe}; echo begun >&9; sleep 300 & sleep 300")
    with pytest.raises(Rejected):
        await command(["sh", "-c", "*"]).run(CommandParameters(run=run, limit=timedelta(seconds=2)), call())
    os.set_blocking(reader, True)
    with os.fdopen(reader) as file:
        async with asyncio.timeout(60):
            assert await asyncio.to_thread(file.read) == "begun\n"


async def test_what_cannot_be_started_is_said(tmp_path: Path) -> None:
    script = tmp_path / "reload"
    script.write_bytes(b"\x00\x01 no program")
    script.chmod(0o755)
    with pytest.raises(Rejected) as failed:
        await command([str(script)]).run(CommandParameters(run=(str(script),)), call())
    assert (str(failed.value), failed.value.code) == (f"{script} cannot be started (Exec format error)", "not_started")


async def test_a_program_that_fails_says_its_last_line() -> None:
    made = command(["sh", "-c", "*"])
    with pytest.raises(Rejected) as failed:
        await made.run(CommandParameters(run=("sh", "-c", "echo no such site >&2; exit 3")), call())
    assert str(failed.value) == "exit status 3: no such site"


@pytest.mark.parametrize("run", [(), ("",), ("-x",), ("a", "b\x00c"), ("a", "b\nc"), ("a",) * 60])
def test_what_cannot_be_a_command_is_refused(run: tuple[str, ...]) -> None:
    with pytest.raises(ValidationError):
        CommandParameters(run=run)
