"""A language model whose answers the test writes, at an endpoint with OpenAI's chat completions; and one that obeys whoever writes."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from sandbox.vendors.system import FakeSystem

Json = dict[str, Any]
KEY = "key-of-the-model"
MODEL = "small-1"


def says(text: str, **more: Any) -> Json:
    """A completion with that text."""
    message = {"role": "assistant", "content": text}
    return {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}], **more}


def calls(*wanted: tuple[str, Any], **more: Any) -> Json:
    """A completion that asks for functions: (name, arguments)."""
    asked = [
        {
            "id": f"call_{place}",
            "type": "function",
            "function": {"name": name, "arguments": said if isinstance(said, str) else json.dumps(said)},
        }
        for place, (name, said) in enumerate(wanted)
    ]
    message = {"role": "assistant", "content": None, "tool_calls": asked}
    return {"choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}], **more}


def told(body: Json) -> str:
    """All that a request tells the model, as it would read it."""
    return "\n".join(str(each["content"]) for each in body["messages"]).replace('\\"', '"')


@dataclass
class FakeModel(FakeSystem):
    """`answer` makes a completion of a request; it may wait. Every request is in `requests`."""

    answer: Callable[[Json], Awaitable[Json | web.Response]] | None = None
    requests: list[Json] = field(default_factory=list)

    def routes(self, router: web.UrlDispatcher) -> None:
        router.add_post("/v1/chat/completions", self._complete)

    def refused(self, request: web.Request) -> web.Response | None:
        if request.headers.get("Authorization") == f"Bearer {KEY}":
            return None
        return web.json_response({"error": {"message": "Incorrect API key provided"}}, status=401)

    async def _complete(self, request: web.Request) -> web.Response:
        body = await request.json()
        assert body["model"] == MODEL
        # As strict as OpenAI: every call is answered, and nothing is answered that was not called.
        asked = [each["id"] for said in body["messages"] for each in said.get("tool_calls", ())]
        answered = [each["tool_call_id"] for each in body["messages"] if each["role"] == "tool"]
        if asked != answered:
            return web.json_response({"error": {"message": "tool_call_ids did not have responses"}}, status=400)
        self.requests.append(body)
        assert self.answer is not None, "the test says what it answers"
        made = await self.answer(body)
        return made if isinstance(made, web.Response) else web.json_response(made)

    def script(self, *completions: Json) -> None:
        """It answers with these, one after the other; the last one for ever."""
        left = list(completions)

        async def next_one(_body: Json) -> Json:
            return left.pop(0) if len(left) > 1 else left[0]

        self.answer = next_one


ORDER = re.compile(r"CALL (\w+) (\{[^{}]*\})")
SPEECH = re.compile(r"SAY <<(.*?)>>")


async def obedient(body: Json) -> Json:
    """Does whatever it reads: calls what it is told to call, then says what it is told to say, about the first items."""
    text = told(body)
    done = len([each for each in body["messages"] if each["role"] == "tool"])
    orders = list(dict.fromkeys(ORDER.findall(text)))
    if body.get("tools") and orders[done:]:
        return calls(*orders[done : done + 4])
    return says("\n".join(dict.fromkeys(SPEECH.findall(text))))
