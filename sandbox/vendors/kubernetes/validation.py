"""What the API server checks before it stores a changed object."""

from __future__ import annotations

import re
from typing import Any

from sandbox.vendors.kubernetes.errors import ApiError, bad_request, conflict, invalid
from sandbox.vendors.kubernetes.resources import Body, Resource

KEPT = ("uid", "creationTimestamp", "generation", "resourceVersion", "namespace", "name", "ownerReferences")
NAME = re.compile(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")
LABEL = re.compile(r"^([A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?)?$")


def checked(resource: Resource, old: Body, new: Any) -> Body:
    """The object as it is stored. Raises ApiError."""
    name = old["metadata"]["name"]
    if not isinstance(new, dict) or not isinstance(new.get("metadata"), dict):
        raise bad_request("the object provided is unrecognized: it has no metadata")
    if new.get("kind", old["kind"]) != old["kind"] or new.get("apiVersion", old["apiVersion"]) != old["apiVersion"]:
        raise bad_request(f"the object provided is no {resource.api_version}, Kind={resource.kind}")
    meta = new["metadata"]
    if meta.get("name", name) != name:
        raise bad_request(f"the name of the object ({meta['name']}) does not match the name on the URL ({name})")
    for each in ("resourceVersion", "uid"):
        if meta.get(each) and meta[each] != old["metadata"][each]:
            raise conflict(resource, name)
    kept = {each: old["metadata"][each] for each in KEPT if each in old["metadata"]}
    free = {each: value for each, value in meta.items() if each in ("labels", "annotations")}
    made = {**without_nulls(new), "kind": old["kind"], "apiVersion": old["apiVersion"], "metadata": {**kept, **free}}
    if "status" in old:
        made["status"] = old["status"]
    causes = [*_annotations(made)]
    if resource.group == "apps":
        causes += _workload(old, made)
    if causes:
        raise invalid(resource, name, causes)
    return made


def without_nulls(value: Any) -> Any:
    """The value as the server's types have it: what is null is not there."""
    if isinstance(value, dict):
        return {key: without_nulls(each) for key, each in value.items() if each is not None}
    return [without_nulls(each) for each in value] if isinstance(value, list) else value


def _annotations(body: Body) -> list[tuple[str, str]]:
    found = []
    for name in ("labels", "annotations"):
        values = body["metadata"].get(name)
        if values is not None and not all(isinstance(each, str) for each in values.values()):
            raise bad_request(f"json: cannot unmarshal into Go struct field ObjectMeta.metadata.{name} of type string")
    for key, value in (body["metadata"].get("labels") or {}).items():
        if not LABEL.match(value):
            found.append(("metadata.labels", f'Invalid value: "{key}": a valid label must consist of alphanumerics'))
    return found


def _workload(old: Body, new: Body) -> list[tuple[str, str]]:
    spec, found = new.get("spec") or {}, []
    if "replicas" in old["spec"]:
        spec.setdefault("replicas", 1)
        found += replicas(spec["replicas"], new["kind"])
    if spec.get("selector") != old["spec"]["selector"]:
        found.append(("spec.selector", "Invalid value: field is immutable"))
    template = spec.get("template") or {}
    labels = (template.get("metadata") or {}).get("labels") or {}
    if not old["spec"]["selector"]["matchLabels"].items() <= labels.items():
        found.append(("spec.template.metadata.labels", "Invalid value: `selector` does not match template `labels`"))
    containers = (template.get("spec") or {}).get("containers") or []
    if not containers:
        found.append(("spec.template.spec.containers", "Required value"))
    for place, each in enumerate(containers):
        for name in ("name", "image"):
            if not each.get(name):
                found.append((f"spec.template.spec.containers[{place}].{name}", "Required value"))
    return found


def replicas(written: Any, kind: str) -> list[tuple[str, str]]:
    """What is wrong about a number of replicas. Raises ApiError where it is no number."""
    if isinstance(written, bool) or not isinstance(written, int):
        raise bad_request(
            f"{kind} in version 'v1' cannot be handled as a {kind}: json: cannot unmarshal "
            f"{type(written).__name__} into Go struct field {kind}Spec.spec.replicas of type int32"
        )
    if written < 0:
        return [("spec.replicas", f"Invalid value: {written}: must be greater than or equal to 0")]
    return []


def name_of(resource: Resource, name: str) -> str:
    """The name, where it is one. Raises ApiError."""
    if not NAME.match(name) or len(name) > 253:
        raise ApiError(404, "NotFound", f'{resource.qualified} "{name}" not found')
    return name
