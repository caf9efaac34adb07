"""An endpoint with chat completions: what is asked, and every odd answer is one of two errors."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from pydantic import SecretStr

from bot.integrations import policy_model
from integrations.llm import LanguageModels
from integrations.llm.integration import ModelSettings
from integrations.llm.wire import read
from tests.clock import ManualClock
from tests.integrations.llm.server import KEY, MODEL, FakeModel, calls, says
from tests.integrations.stories import policy_of
from tests.scenarios.conftest import COMPANY
from warroom.capabilities import LanguageModel, Tool, ToolCall, Turn
from warroom.errors import Rejected, Retryable
from warroom.policy import check

TOOL = Tool(name="look", about="Looks.", parameters={"type": "object", "properties": {}})
TURNS = [Turn(role="system", text="Write."), Turn(role="user", text="Now")]


@pytest.fixture
async def server() -> AsyncIterator[FakeModel]:
    made = FakeModel()
    runner = await made.start()
    yield made
    await made.stop(runner)


@pytest.fixture
async def model(server: FakeModel, clock: ManualClock) -> AsyncIterator[LanguageModels]:
    settings = ModelSettings(llm_url=f"{server.url}/v1", llm_api_key=SecretStr(KEY), llm_model=MODEL)
    made = LanguageModels(settings)
    await made.start(policy_of(llm={"max_calls": 3, "max_seconds": 1}), clock)
    yield made
    await made.stop()


async def test_what_is_asked_and_answered(model: LanguageModels, server: FakeModel) -> None:
    server.script(calls(("look", {"a": "b"}), usage={"total_tokens": 321}))
    reply = await model.reply(TURNS, [TOOL], 500)
    assert isinstance(model, LanguageModel)
    assert reply.calls == (ToolCall(id="call_0", name="look", arguments={"a": "b"}),)
    assert reply.tokens == 321
    (body,) = server.requests
    assert body["max_tokens"] == 500
    assert [each["function"]["name"] for each in body["tools"]] == ["look"]
    turns = [*TURNS, Turn(role="assistant", text="", calls=reply.calls), Turn(role="tool", text="7", answers="call_0")]
    server.script(says("It is seven. [E1]"))
    assert (await model.reply(turns, [TOOL], 500)).text == "It is seven. [E1]"
    assert server.requests[-1]["messages"][-1] == {"role": "tool", "content": "7", "tool_call_id": "call_0"}


@pytest.mark.parametrize(
    "why", ["model does not support tools", '"auto" tool choice requires --enable-auto-tool-choice']
)
async def test_an_endpoint_without_functions_is_asked_without_them_from_then_on(
    model: LanguageModels, server: FakeModel, why: str
) -> None:
    async def without(body: dict[str, Any]) -> Any:
        refused = web.json_response({"error": {"message": why}}, status=400)
        return refused if "tools" in body else says("fine [E1]")

    server.answer = without
    for _ in range(2):
        assert (await model.reply(TURNS, [TOOL], 500)).text == "fine [E1]"
    assert ["tools" in each for each in server.requests] == [True, False, False]


async def test_the_newer_name_of_the_limit_is_found(model: LanguageModels, server: FakeModel) -> None:
    why = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."

    async def newer(body: dict[str, Any]) -> Any:
        return web.json_response({"error": {"message": why}}, status=400) if "max_tokens" in body else says("fine")

    server.answer = newer
    assert (await model.reply(TURNS, [], 500)).text == "fine"
    assert server.requests[-1]["max_completion_tokens"] == 500


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (429, b"{}", Retryable),
        (500, b"oops", Retryable),
        (200, b"{nonsense", Retryable),
        (200, b"[]", Retryable),
        (200, b'{"choices": []}', Retryable),
        (200, b'{"choices": [{"message": "no object"}]}', Retryable),
        (401, b'{"error": {"message": "Incorrect API key"}}', Rejected),
        (404, b'{"error": {"message": "The model does not exist"}}', Rejected),
        (302, b"", Rejected),
    ],
)
async def test_every_trouble_is_one_of_two(
    model: LanguageModels, server: FakeModel, status: int, body: bytes, error: type[Exception]
) -> None:
    server.fail("POST", "/v1/chat/completions", status, body=body)
    with pytest.raises(error):
        await model.reply(TURNS, [TOOL], 500)


async def test_a_hanging_one_is_given_up(model: LanguageModels, server: FakeModel) -> None:
    server.fail("POST", "/v1/chat/completions", hang=True)
    with pytest.raises(Retryable, match="took too long"):
        await model.reply(TURNS, [], 500)


def test_odd_completions_are_read_as_far_as_they_make_sense() -> None:
    odd = says("<think>They must not know.</think>  It is down. [E1]")
    odd["usage"] = {"total_tokens": "many"}
    odd["choices"][0]["message"]["tool_calls"] = [None, {"function": None}, {"function": {"name": 7, "arguments": "{"}}]
    found = read(odd)
    assert found.text == "It is down. [E1]"
    assert found.calls == (ToolCall(id="call_2", name="7", arguments=None),)
    assert found.tokens == 0
    parts: Any = [{"type": "text", "text": "one "}, {"type": "image"}, {"type": "text", "text": "two"}]
    assert read(says(parts)).text == "one two"
    assert read(says("half of a pair: \ud800")).text == "half of a pair:"
    assert len(read(calls(*[("look", {})] * 500)).calls) == 8
    assert len(read(says("x" * 3_000_000)).text) == 20_000


def test_the_section_is_strict() -> None:
    for wrong in ({"max_call": 1}, {"max_calls": "8"}, {"max_seconds": 0}, {"max_tokens": 10}, {"private": "yes"}):
        checked = check(COMPANY | {"llm": wrong}, policy_model())
        assert checked.policy is None, wrong
        assert checked.mistakes[0].path.startswith("llm.")


def test_it_needs_an_address_and_a_model() -> None:
    assert LanguageModels(ModelSettings()).missing() == "set LLM_URL and LLM_MODEL"
    assert LanguageModels(ModelSettings(llm_url="http://localhost:11434/v1")).missing() == "set LLM_MODEL"
    assert LanguageModels(ModelSettings(llm_url="http://localhost:11434/v1", llm_model="m")).missing() == ""


async def test_the_check_lets_it_write(model: LanguageModels, server: FakeModel) -> None:
    server.script(says("ready"))
    assert await model.check(policy_of()) == ()
