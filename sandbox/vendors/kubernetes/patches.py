"""The three kinds of PATCH: JSON patch (RFC 6902), merge patch (RFC 7386), strategic merge patch."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from sandbox.vendors.kubernetes.errors import ApiError, bad_request
from sandbox.vendors.kubernetes.resources import Body

MERGE_KEYS = {
    "containers": "name",
    "initContainers": "name",
    "env": "name",
    "ports": "containerPort",
    "volumes": "name",
    "volumeMounts": "mountPath",
    "imagePullSecrets": "name",
    "conditions": "type",
    "ownerReferences": "uid",
}
"""By which field the entries of a list are told apart (patchMergeKey in the OpenAPI document); other lists are replaced."""


def merge(body: Any, patch: Any) -> Any:
    """RFC 7386."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    made = dict(body) if isinstance(body, dict) else {}
    for key, value in patch.items():
        if value is None:
            made.pop(key, None)
        else:
            made[key] = merge(made.get(key), value)
    return made


def strategic(body: Any, patch: Any) -> Any:
    """Kubernetes' own: like `merge`, but lists with a merge key are merged entry by entry."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    if patch.get("$patch") == "replace":
        return {key: copy.deepcopy(value) for key, value in patch.items() if key != "$patch"}
    made = dict(body) if isinstance(body, dict) else {}
    if kept := patch.get("$retainKeys"):
        made = {key: value for key, value in made.items() if key in kept}
    for key, value in patch.items():
        if key.startswith("$"):
            continue
        if value is None:
            made.pop(key, None)
        elif isinstance(value, list) and key in MERGE_KEYS and _keyed(value, MERGE_KEYS[key]):
            made[key] = _merged(made.get(key) or [], value, MERGE_KEYS[key])
        else:
            made[key] = strategic(made.get(key), value)
    return made


def _keyed(entries: list[Any], key: str) -> bool:
    return all(isinstance(each, dict) and (key in each or "$patch" in each) for each in entries)


def _merged(entries: list[Any], patch: list[Any], key: str) -> list[Any]:
    if any(each.get("$patch") == "replace" for each in patch):
        return [copy.deepcopy(each) for each in patch if "$patch" not in each]
    made = list(entries)
    for each in patch:
        place = next((number for number, old in enumerate(made) if old.get(key) == each.get(key)), None)
        if each.get("$patch") == "delete":
            made = [old for old in made if old.get(key) != each.get(key)]
        elif place is None:
            made.append(strategic({}, each))
        else:
            made[place] = strategic(made[place], each)
    return made


def json_patch(body: Any, operations: Any) -> Any:
    """RFC 6902: add, remove, replace, test. Raises ApiError."""
    if not isinstance(operations, list):
        raise bad_request("json: cannot unmarshal object into Go value of type jsonpatch.Patch")
    made = copy.deepcopy(body)
    for each in operations:
        do, path = each.get("op"), str(each.get("path", ""))
        if do not in ("add", "remove", "replace", "test"):
            raise _unprocessable(f"unexpected kind: {do}")
        *above, last = [part.replace("~1", "/").replace("~0", "~") for part in path.split("/")[1:]]
        holder = made
        for part in above:
            holder = _step(holder, part, path)
        _apply(holder, last, do, each.get("value"), path)
    return made


def _step(holder: Any, part: str, path: str) -> Any:
    try:
        return holder[int(part)] if isinstance(holder, list) else holder[part]
    except (KeyError, IndexError, ValueError, TypeError):
        raise _unprocessable(f"missing path: {path}") from None


def _apply(holder: Any, last: str, do: str, value: Any, path: str) -> None:
    if do == "test":
        if _step(holder, last, path) != value:
            raise _unprocessable(f"testing value {path} failed")
        return
    if do != "add":
        _step(holder, last, path)
    if isinstance(holder, list):
        place = len(holder) if last == "-" else int(last)
        if do == "add":
            holder.insert(place, value)
        elif do == "replace":
            holder[place] = value
        else:
            del holder[place]
    elif do == "remove":
        del holder[last]
    else:
        holder[last] = value


def _unprocessable(why: str) -> ApiError:
    return ApiError(422, "Invalid", f"the server rejected our request due to an error in our request: {why}")


KINDS: dict[str, Callable[[Any, Any], Any]] = {
    "application/json-patch+json": json_patch,
    "application/merge-patch+json": merge,
    "application/strategic-merge-patch+json": strategic,
}
"""By content type."""


def patched(body: Body, content_type: str, patch: Any) -> Body:
    """The object after the patch. Raises ApiError."""
    kind = KINDS.get(content_type)
    if kind is None:
        message = "the body of the request was in an unknown format - accepted media types include: " + ", ".join(KINDS)
        raise ApiError(415, "UnsupportedMediaType", message)
    made = kind(copy.deepcopy(body), patch)
    if not isinstance(made, dict):
        raise bad_request("the patch leaves no object")
    return made
