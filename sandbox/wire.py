"""How calls of the Web API arrive and how they are answered: query, form and JSON merged, JSON back.

https://docs.slack.dev/apis/web-api
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from sandbox.model import Json


async def given_by(request: web.Request) -> tuple[Json, str]:
    """(everything the call carried, merged; what Slack says of a body that it cannot read, or "")."""
    given: Json = _plain(request.query)
    if request.content_type == "application/json":
        try:
            body = json.loads(await request.text() or "{}")
        except ValueError:
            return given, "invalid_json"
        if not isinstance(body, dict):
            return given, "json_not_object"
        return given | body, ""
    if not request.can_read_body:
        return given, ""
    if request.content_type not in ("application/x-www-form-urlencoded", "multipart/form-data"):
        return given, "invalid_post_type" if "Content-Type" in request.headers else "missing_post_type"
    return given | _plain(await request.post()), ""


def warned(request: web.Request) -> Json:
    """What is added to the answer to a body of unknown character set."""
    if request.content_type != "application/json" or request.charset:
        return {}
    return {"warning": "missing_charset", "response_metadata": {"warnings": ["missing_charset"]}}


def answered(body: Json, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """An answer in JSON."""
    return web.json_response(body, status=status, headers=headers)


def _plain(pairs: Mapping[str, Any]) -> Json:
    return {key: pairs[key] for key in pairs}
