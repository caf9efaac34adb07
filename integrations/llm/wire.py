"""OpenAI's chat completions ("Create chat completion"), as far as it is what compatible endpoints have in common. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from warroom.capabilities import Reply, Tool, ToolCall, Turn
from warroom.errors import Retryable
from warroom.text import clean

LONGEST_TEXT = 20_000
"""Characters of an answer that are read."""
MOST_CALLS = 8
"""Functions of one answer that are read."""
LONGEST_ARGUMENTS = 4_000
LONGEST_NAME = 100
MOST_TOKENS = 10_000_000
_THOUGHT = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL | re.IGNORECASE)
"""What models that reason write before they answer."""

Json = dict[str, Any]


def asked(model: str, turns: Sequence[Turn], tools: Sequence[Tool], limit: str, longest: int) -> Json:
    """The body of a request. `limit` is how the endpoint calls the most tokens that are written."""
    if not tools:
        turns = list(_without_calls(turns))
    body: Json = {"model": model, "messages": [_message(each) for each in turns], limit: longest}
    if tools:
        body["tools"] = [
            {
                "type": "function",
                "function": {"name": each.name, "description": each.about, "parameters": each.parameters},
            }
            for each in tools
        ]
    return body


def _without_calls(turns: Sequence[Turn]) -> Iterator[Turn]:
    """Where no functions are offered, some endpoints refuse those of before: their results become what the user says."""
    for each in turns:
        if each.role == "tool":
            yield Turn(role="user", text=each.text)
        elif each.calls:
            yield Turn(role="assistant", text=each.text or "I read more.")
        else:
            yield each


def _message(turn: Turn) -> Json:
    message: Json = {"role": turn.role, "content": turn.text}
    if turn.calls:
        message["tool_calls"] = [
            {
                "id": each.id,
                "type": "function",
                "function": {"name": each.name, "arguments": json.dumps(each.arguments or {})},
            }
            for each in turn.calls
        ]
    if turn.role == "tool":
        message["tool_call_id"] = turn.answers
    return message


def read(answer: Any) -> Reply:
    """The first choice of an answer. Raises Retryable where it is none."""
    try:
        return _read(answer)
    except ValueError as error:  # half of a surrogate pair somewhere, which is no text
        raise Retryable("The language model answered something unreadable") from error


def _read(answer: Any) -> Reply:
    choices = answer.get("choices") if isinstance(answer, Mapping) else None
    first = choices[0] if isinstance(choices, list) and choices else None
    message = first.get("message") if isinstance(first, Mapping) else None
    if not isinstance(message, Mapping):
        raise Retryable("The language model answered something that is no chat completion")
    text = clean(_THOUGHT.sub("", _text(message.get("content"))[:LONGEST_TEXT])).strip()
    said = message.get("tool_calls")
    calls = tuple(_calls(said)) if isinstance(said, list) else ()
    return Reply(text=text, calls=calls, tokens=_tokens(answer.get("usage")))


def _text(content: Any) -> str:
    """Text, or the texts of its parts."""
    if isinstance(content, list):
        parts = (each.get("text") for each in content if isinstance(each, Mapping))
        return "".join(each for each in parts if isinstance(each, str))
    return content if isinstance(content, str) else ""


def _calls(said: list[Any]) -> Iterator[ToolCall]:
    for place, each in enumerate(said[:MOST_CALLS]):
        function = each.get("function") if isinstance(each, Mapping) else None
        if not isinstance(function, Mapping):
            continue
        given = each.get("id")
        yield ToolCall(
            id=given[:LONGEST_NAME] if isinstance(given, str) and given else f"call_{place}",
            name=str(function.get("name") or "")[:LONGEST_NAME],
            arguments=_arguments(function.get("arguments")),
        )


def _arguments(said: Any) -> dict[str, Any] | None:
    """JSON in a text, as OpenAI has it, or an object, as some others have it; None where it is neither."""
    if isinstance(said, str):
        if len(said) > LONGEST_ARGUMENTS:
            return None
        try:
            said = json.loads(said)
        except (ValueError, RecursionError):
            return None
    return dict(said) if isinstance(said, Mapping) else None


def _tokens(usage: Any) -> int:
    total = usage.get("total_tokens") if isinstance(usage, Mapping) else None
    usable = isinstance(total, int) and not isinstance(total, bool) and 0 < total <= MOST_TOKENS
    return total if usable and isinstance(total, int) else 0
