"""Webhooks and questions to monitoring systems as AWS Lambda functions, for alerts that must be accepted while no bot runs.

What they accept is stored in the database that `DATABASE_URL` names; the running bot takes it from there within seconds.
They never talk to Slack. deploy/aws/template.yaml sets them up, docs/deploying.md explains them.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import functools
import json
import zlib
from collections.abc import Mapping
from typing import Any

import structlog
from multidict import CIMultiDict

from bot.cli.offline import world_without_chat
from bot.cli.sync import sync_offline
from bot.integrations import integrations_of, policy_model, register_upgrades, settings_model
from bot.policy_file import load
from bot.runtime.observability import hide_secrets, set_up_logging
from bot.settings import Settings, SettingsError, load_settings
from handlers.webhooks import LIMIT, TOO_LARGE, Unreadable, WebhookAnswer, answered
from storage import open_store
from warroom.errors import StoreUnavailable
from warroom.policy import Policy
from warroom.ports import World
from warroom.webhook import Refusal, Webhook

log = structlog.get_logger(__name__)

Json = dict[str, Any]

GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
"""zlib's window with the header recognised by itself."""
NO_SUCH_ADDRESS = Refusal(404, "There is no webhook at this address. README lists them.")
ONLY_POST = Refusal(405, "Send it with POST.", (("Allow", "POST"),))
NO_FILES = "DATABASE_URL is SQLite, and what a function writes into a file is lost. Give the address of the database that the bot uses."
BAD_BODY = Refusal(400, "The body is not compressed the way that Content-Encoding says.")
BAD_BASE64 = Refusal(400, "The body is not the base64 that isBase64Encoded announces.")


@functools.cache
def _runner() -> asyncio.Runner:
    """One event loop for all invocations of this instance: connections to the database belong to it."""
    return asyncio.Runner()


@functools.cache
def _configured() -> tuple[Settings, Policy]:
    """Raises SettingsError, PolicyError; the next invocation tries again."""
    settings = load_settings(settings_model())
    set_up_logging(settings.log_level, "json")
    hide_secrets(settings.secrets)
    if settings.database_url.get_secret_value().startswith("sqlite"):
        raise SettingsError(NO_FILES)
    register_upgrades()
    return settings, load(settings.policy_path, policy_model()).policy


class _Opened:
    """Opened by the first invocation and kept while the instance lives."""

    world: World | None = None


def webhook(event: Json, context: object) -> Json:
    """The answer to what was posted to a function URL or to API Gateway (payload formats 1.0 and 2.0).

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
    """
    answer = _runner().run(_webhook(event))
    return {
        "statusCode": answer.status,
        "headers": {"Content-Type": "application/json; charset=utf-8", **dict(answer.headers)},
        "body": json.dumps(answer.said, ensure_ascii=False),
        "isBase64Encoded": False,
    }


def sync(event: Json, context: object) -> Json:
    """Asks the monitoring systems what fires and what recovered; for a schedule. Returns how many alerts fire, by system.

    Raises SettingsError, WarroomError, Rejected, Retryable, StoreUnavailable: the invocation fails, and is seen to fail.
    """
    settings, policy = _configured()
    found = _runner().run(sync_offline(settings, policy))
    return {title: {"firing": each.firing, "asked": each.asked} for title, each in found.items()}


@functools.cache
def _webhooks() -> tuple[Webhook, ...]:
    settings, policy = _configured()
    return integrations_of(settings, policy=policy).webhooks


async def _webhook(event: Json) -> WebhookAnswer:
    method, path = _called(event)
    headers = CIMultiDict(_headers(event))
    try:
        world = await _opened()
    except StoreUnavailable as error:
        log.warning("the database cannot be opened", error=str(error))
        return _said(
            Refusal(503, "The database cannot be reached; nothing was stored. Try again.", (("Retry-After", "5"),))
        )
    found = next((each for each in _webhooks() if each.path == path), None)
    if found is None:
        return _said(NO_SUCH_ADDRESS)
    if method != "POST":
        return _said(ONLY_POST)
    read = functools.partial(_body, event, headers.get("Content-Encoding", "").lower())
    return await answered(world, found, headers, read, _content_type(headers))


async def _opened() -> World:
    if _Opened.world is None:
        settings, policy = _configured()
        store = await open_store(settings.database_url.get_secret_value())
        _Opened.world = world_without_chat(settings, store, policy)
    return _Opened.world


def _called(event: Json) -> tuple[str, str]:
    """(method, path without the stage). Format 2.0 has both in requestContext.http; 1.0 at the top."""
    http = event.get("requestContext", {}).get("http")
    method, path = (http["method"], http["path"]) if http else (event["httpMethod"], event["path"])
    stage = event.get("requestContext", {}).get("stage", "$default")
    return str(method).upper(), str(path).removeprefix(f"/{stage}")


def _headers(event: Json) -> Mapping[str, str]:
    return {name: value for name, value in (event.get("headers") or {}).items() if isinstance(value, str)}


def _content_type(headers: Mapping[str, str]) -> str:
    """Without its parameters, as aiohttp says it."""
    return headers.get("Content-Type", "application/octet-stream").partition(";")[0].strip().lower()


async def _body(event: Json, encoding: str) -> bytes:
    """Decompressed. Raises Unreadable."""
    text = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        body = str(text).encode("utf-8", "surrogatepass")
    else:
        try:
            body = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            raise Unreadable(BAD_BASE64) from None
    if encoding in ("gzip", "deflate"):
        try:
            body = zlib.decompressobj(GZIP_OR_ZLIB).decompress(body, LIMIT + 1)
        except zlib.error:
            raise Unreadable(BAD_BODY) from None
    if len(body) > LIMIT:
        raise Unreadable(TOO_LARGE)
    return body


def _said(refusal: Refusal) -> WebhookAnswer:
    return WebhookAnswer(refusal.status, {"error": refusal.why}, refusal.headers)
