"""What a request to the API server means: its path, its parameters and its body; and what the server says of itself."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from sandbox.vendors.kubernetes import errors, resources
from sandbox.vendors.kubernetes.errors import ApiError
from sandbox.vendors.kubernetes.resources import BY_PLURAL, Body, Resource

VERBS = {"GET": "get", "PUT": "update", "PATCH": "patch", "POST": "create", "DELETE": "delete"}


@dataclass(frozen=True)
class Target:
    """What the path of a request means."""

    resource: Resource
    namespace: str = ""
    name: str = ""
    sub: str = ""


def discovery(parts: list[str]) -> Body | None:
    """What the server says of itself; None where the path is about objects. Raises ApiError."""
    match parts:
        case ["version"]:
            return resources.VERSION
        case ["api"]:
            return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}
        case ["apis"]:
            return resources.groups()
        case ["api", version]:
            return _or_missing(resources.resource_list("", version))
        case ["apis", name] if name in {each.group for each in resources.RESOURCES}:
            return {"kind": "APIGroup", "apiVersion": "v1", **resources.group(name)}
        case ["apis", name, version]:
            return _or_missing(resources.resource_list(name, version))
    return None


def _or_missing(found: Body | None) -> Body:
    if found is None:
        raise no_such_path()
    return found


def no_such_path() -> ApiError:
    """Nothing is there."""
    return ApiError(404, "NotFound", "the server could not find the requested resource")


def target_of(parts: list[str]) -> Target:
    """Raises ApiError where no kind is served there."""
    match parts:
        case ["api", "v1", *rest]:
            group, version = "", "v1"
        case ["apis", group, version, *rest]:
            pass
        case _:
            raise no_such_path()
    namespace = ""
    if len(rest) > 2 and rest[0] == "namespaces":
        namespace, rest = rest[1], rest[2:]
    plural, name, sub = (*rest, "", "", "")[:3]
    resource = BY_PLURAL.get(plural)
    subs = {each[0] for each in resource.subresources} if resource else set()
    wrong = resource is None or len(rest) > 3 or (resource.group, resource.version) != (group, version)
    if resource is None or wrong or (sub and sub not in subs) or (namespace and not resource.namespaced):
        raise no_such_path()
    return Target(resource, namespace, name, sub)


def served(target: Target, verb: str) -> bool:
    """Whether objects of that kind can be asked so."""
    if target.sub:
        return any(verb in verbs for name, _, verbs in target.resource.subresources if name == target.sub)
    return verb in target.resource.verbs


def wants_table(request: web.Request) -> bool:
    """Whether it wants what kubectl prints."""
    return "as=Table" in request.headers.get("Accept", "")


def continued(token: str) -> tuple[str, str]:
    """Where a list goes on, and of which version. Raises ApiError."""
    try:
        read = json.loads(base64.urlsafe_b64decode(token))
        return str(read["start"]), str(read["rv"])
    except (binascii.Error, ValueError, KeyError, TypeError):
        raise errors.bad_request("continue key is not valid") from None


def number(request: web.Request, name: str) -> int:
    """0 where it is not there. Raises ApiError."""
    written = request.query.get(name, "0")
    try:
        return int(written)
    except ValueError:
        raise errors.bad_request(f'strconv.ParseInt: parsing "{written}": invalid syntax') from None


async def json_of(request: web.Request) -> Any:
    """The body. Raises ApiError."""
    if "Content-Type" in request.headers and "json" not in request.content_type:
        message = f"the body of the request was in an unknown format: {request.content_type}"
        raise ApiError(415, "UnsupportedMediaType", message)
    try:
        return json.loads(await request.text())
    except ValueError:
        raise errors.bad_request("the body of the request is no JSON") from None
