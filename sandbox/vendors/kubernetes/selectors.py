"""Label selectors and field selectors, as they stand in queries and in specs."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.vendors.kubernetes.errors import bad_request
from sandbox.vendors.kubernetes.resources import Body

Matches = Callable[[Body], bool]

_PARTS = re.compile(r",(?![^(]*\))")
_SET = re.compile(r"^([\w./-]+)\s+(in|notin)\s+\(([^)]*)\)$")
_EQUAL = re.compile(r"^([\w./-]+)\s*(==|=|!=)\s*([\w.-]*)$")
_EXISTS = re.compile(r"^(!?)\s*([\w./-]+)$")

FIELDS: Mapping[str, tuple[str, ...]] = {
    "pods": ("spec.nodeName", "status.phase", "spec.restartPolicy", "status.podIP"),
    "events": (
        *(f"involvedObject.{each}" for each in ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion")),
        *("involvedObject.fieldPath", "reason", "type", "reportingComponent", "source"),
    ),
    "replicasets": ("status.replicas",),
    "namespaces": ("status.phase",),
}
"""Beside metadata.name and metadata.namespace."""


def by_labels(selector: str) -> Matches:
    """Whether an object's labels match a query's selector. Raises ApiError."""
    tests = [_label_test(part.strip()) for part in _PARTS.split(selector) if part.strip()]
    return lambda body: all(test(body["metadata"].get("labels") or {}) for test in tests)


def _label_test(part: str) -> Callable[[Mapping[str, str]], bool]:
    if found := _SET.match(part):
        key, word, listed = found.groups()
        values = {each.strip() for each in listed.split(",")}
        return lambda labels: (labels.get(key) in values) == (word == "in")
    if found := _EQUAL.match(part):
        key, sign, value = found.groups()
        return lambda labels: (labels.get(key) == value) == (sign != "!=")
    if found := _EXISTS.match(part):
        wanted, key = not found[1], found[2]
        return lambda labels: (key in labels) == wanted
    raise bad_request(f"unable to parse requirement: {part!r}")


def by_spec(selector: Body) -> Matches:
    """Whether an object's labels match the selector of a workload's spec."""
    wanted = selector.get("matchLabels") or {}
    return lambda body: wanted.items() <= (body["metadata"].get("labels") or {}).items()


def by_fields(plural: str, selector: str) -> Matches:
    """Whether an object's fields match a query's selector. Raises ApiError for fields that cannot be selected by."""
    tests: list[tuple[str, bool, str]] = []
    for part in filter(None, selector.split(",")):
        found = re.match(r"^([\w.]+)(==|=|!=)(.*)$", part)
        if found is None:
            raise bad_request(f"invalid field selector: {part!r}")
        path, sign, value = found.groups()
        if path not in ("metadata.name", "metadata.namespace", *FIELDS.get(plural, ())):
            raise bad_request(f'field label not supported: "{path}"')
        tests.append((path, sign != "!=", value))
    return lambda body: all((str(_at(body, path)) == value) == equal for path, equal, value in tests)


def _at(body: Any, path: str) -> Any:
    for part in path.split("."):
        body = body.get(part, "") if isinstance(body, dict) else ""
    return body
