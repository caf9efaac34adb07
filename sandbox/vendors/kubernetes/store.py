"""The objects of the cluster, with resource versions and the history that watches read."""

from __future__ import annotations

import copy
import hashlib
import json
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sandbox.vendors.kubernetes.resources import BY_PLURAL, Body
from sandbox.vendors.kubernetes.selectors import Matches

KEPT = 5000
"""Changes that a watch can still be told of; an older resource version is answered with 410 Gone."""
LETTERS = "bcdfghjklmnpqrstvwxz2456789"
"""Of generated names, as in Kubernetes: no vowels, so no words."""
WITH_GENERATION = ("deployments", "replicasets", "statefulsets", "daemonsets", "pods", "poddisruptionbudgets")


def timestamp(at: datetime) -> str:
    """As the API server writes it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment(text: str) -> datetime:
    """The other way round."""
    return datetime.fromisoformat(text)


def short_hash(value: Any, length: int = 10) -> str:
    """A name that follows from the value."""
    number = int.from_bytes(hashlib.sha256(json.dumps(value, sort_keys=True).encode()).digest())
    letters = ""
    for _ in range(length):
        number, place = divmod(number, len(LETTERS))
        letters += LETTERS[place]
    return letters


def template_hash(template: Body) -> str:
    """The same for templates that mean the same: what is null or empty is as if it were not there."""
    return short_hash(_said(template))


def _said(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: said for key, each in value.items() if (said := _said(each)) not in (None, {}, [], "")}
    return [_said(each) for each in value] if isinstance(value, list) else value


@dataclass(frozen=True)
class Changed:
    """One entry of the history. `body` is a copy of its own."""

    revision: int
    type: str
    plural: str
    body: Body


class Store:
    """Objects by (plural, namespace, name). What it returns belongs to the store: `put` a changed copy."""

    def __init__(self) -> None:
        self.revision = 1000
        self.history: deque[Changed] = deque(maxlen=KEPT)
        self._objects: dict[str, dict[tuple[str, str], Body]] = defaultdict(dict)
        """By kind, then by (namespace, name)."""
        self._owned: dict[str, dict[tuple[str, str, str], None]] = defaultdict(dict)
        """(kind, namespace, name) of what belongs to the object of that uid, oldest first."""
        self._made = 0

    def find(self, plural: str, namespace: str, name: str) -> Body | None:
        """The object, or None."""
        return self._objects[plural].get((namespace, name))

    def all(self, plural: str, namespace: str = "", matches: Matches | None = None) -> Iterator[Body]:
        """Those of a kind in the order of their names; all namespaces for ""."""
        kept = self._objects[plural]
        for key in sorted(key for key in kept if namespace in ("", key[0])):
            body = kept.get(key)
            if body is not None and (matches is None or matches(body)):
                yield body

    def owned(self, plural: str, by: Body) -> list[Body]:
        """Those of a kind that belong to the object, oldest first."""
        keys = [key for key in self._owned.get(by["metadata"]["uid"], ()) if key[0] == plural]
        return [self._objects[plural][(namespace, name)] for _, namespace, name in keys]

    def add(self, plural: str, body: Body, now: datetime) -> Body:
        """A new object, with what the server fills in."""
        self._made += 1
        resource = BY_PLURAL[plural]
        made = copy.deepcopy(body)
        digest = hashlib.sha256(f"{plural} {self._made}".encode()).hexdigest()
        meta = made["metadata"]
        meta.setdefault("creationTimestamp", timestamp(now))
        meta["uid"] = f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-a{digest[17:20]}-{digest[20:32]}"
        if plural in WITH_GENERATION:
            meta["generation"] = 1
        self._write({"kind": resource.kind, "apiVersion": resource.api_version} | made, plural, "ADDED")
        for reference in meta.get("ownerReferences", ()):
            self._owned[reference["uid"]][(plural, meta.get("namespace", ""), meta["name"])] = None
        return self._objects[plural][(meta.get("namespace", ""), meta["name"])]

    def put(self, plural: str, body: Body) -> Body:
        """The changed object. Nothing happens where nothing is different."""
        meta = body["metadata"]
        key = (meta.get("namespace", ""), meta["name"])
        old, made = self._objects[plural][key], copy.deepcopy(body)
        made["metadata"]["resourceVersion"] = old["metadata"]["resourceVersion"]
        if made == old:
            return old
        if "generation" in old["metadata"] and made.get("spec") != old.get("spec"):
            made["metadata"]["generation"] = old["metadata"]["generation"] + 1
        self._write(made, plural, "MODIFIED")
        return self._objects[plural][key]

    def remove(self, plural: str, namespace: str, name: str) -> None:
        """The object is gone."""
        body = self._objects[plural].pop((namespace, name))
        for reference in body["metadata"].get("ownerReferences", ()):
            self._owned[reference["uid"]].pop((plural, namespace, name), None)
        self.revision += 1
        gone = copy.deepcopy(body)
        gone["metadata"]["resourceVersion"] = str(self.revision)
        self.history.append(Changed(self.revision, "DELETED", plural, gone))

    def since(self, revision: int) -> list[Changed] | None:
        """What happened after that revision; None where that is forgotten."""
        if self.history and self.history[0].revision > revision + 1 and len(self.history) == KEPT:
            return None
        return [each for each in self.history if each.revision > revision]

    def _write(self, body: Body, plural: str, type_: str) -> None:
        self.revision += 1
        meta = body["metadata"]
        meta["resourceVersion"] = str(self.revision)
        self._objects[plural][(meta.get("namespace", ""), meta["name"])] = body
        self.history.append(Changed(self.revision, type_, plural, copy.deepcopy(body)))
