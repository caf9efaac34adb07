"""The kinds of values that stand in a policy file, each with the words for what is wrong with it."""

from __future__ import annotations

import re
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, StringConstraints, WithJsonSchema

from warroom.policy.mistake import Wrong, did_you_mean, shown

CHANNEL_PLACES = ("number", "slug", "date", "severity", "team")
TITLE_PLACES = ("monitor", "group", "service", "host", "env", "team", "priority", "tag:NAME")

PLACE = re.compile(r"\{([^{}]*)\}")
"""A placeholder in a title or channel name."""


def _one_or_many(said: Any) -> Any:
    return (said,) if isinstance(said, str) else said


_LIST_SCHEMA = {
    "anyOf": [{"type": "string", "minLength": 1}, {"type": "array", "items": {"type": "string", "minLength": 1}}]
}

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
"""Text with at least one character."""
Texts = Annotated[tuple[Text, ...], BeforeValidator(_one_or_many), WithJsonSchema(_LIST_SCHEMA)]
"""One text or a list of texts."""


def _url(said: str) -> str:
    try:
        parts = urlsplit(said)
        fine = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        fine = False
    if not fine or re.search(r"[\s<>|\x00-\x1f]", said) or len(said) > 3_000:
        raise Wrong(f"{shown(said)} is not a web address", "write it whole, as in https://example.com/page")
    return said


def _timezone(said: str) -> str:
    try:
        ZoneInfo(said)
    except (OSError, ValueError, LookupError):
        raise Wrong(f"there is no time zone {shown(said)}", "write it as in Europe/Berlin or UTC") from None
    return said


def _channel_name(said: str) -> str:
    _check_places(said, CHANNEL_PLACES)
    if "{number}" not in said:
        raise Wrong(
            "lacks {number}; without it two incidents would want the same channel", "for example inc-{number}-{slug}"
        )
    return said


def _title(said: str) -> str:
    _check_places(said, TITLE_PLACES)
    return said


def _check_places(said: str, known: tuple[str, ...]) -> None:
    for place in PLACE.findall(said):
        if place in known and place != "tag:NAME":
            continue
        if "tag:NAME" in known and re.fullmatch(r"tag:[^\s{}]+", place):
            continue
        raise Wrong(f"there is no placeholder {{{place}}}", did_you_mean(place, known))
    if re.search(r"[{}]", PLACE.sub("", said)):
        raise Wrong("has a brace that is not part of a placeholder", "write placeholders as in {" + known[0] + "}")


SECRET_NAME = re.compile(r"env:([A-Za-z_][A-Za-z0-9_]*)")
"""How a secret is named in a policy file, which never holds one."""


def _secret_name(said: str) -> str:
    if not SECRET_NAME.fullmatch(said):
        # What stands there may be the secret itself, so it is not repeated.
        raise Wrong("is not the name of a secret", "put the secret into the environment and write env:NAME")
    return said


Url = Annotated[Text, AfterValidator(_url)]
SecretName = Annotated[Text, AfterValidator(_secret_name)]
"""Such as env:PAGER_KEY: the environment variable that holds the secret."""
TimeZone = Annotated[Text, AfterValidator(_timezone)]
ChannelName = Annotated[Text, AfterValidator(_channel_name)]
Title = Annotated[Text, AfterValidator(_title)]
