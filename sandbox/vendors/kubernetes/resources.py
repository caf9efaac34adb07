"""The kinds of objects that the API server knows, and the discovery documents that follow from them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

Body = dict[str, Any]

READ = ("get", "list", "watch")
WRITE = ("patch", "update")


@dataclass(frozen=True)
class Resource:
    """One kind of object."""

    plural: str
    kind: str
    group: str
    version: str
    namespaced: bool = True
    short: tuple[str, ...] = ()
    verbs: tuple[str, ...] = READ
    subresources: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    """(name, kind, verbs) of each."""

    @property
    def api_version(self) -> str:
        """Such as "apps/v1"."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def qualified(self) -> str:
        """Such as "deployments.apps", as the API server names it in errors."""
        return f"{self.plural}.{self.group}" if self.group else self.plural


_SCALE = ("scale", "Scale", ("get", *WRITE))
_RBAC = "rbac.authorization.k8s.io"

RESOURCES: tuple[Resource, ...] = (
    Resource("namespaces", "Namespace", "", "v1", namespaced=False, short=("ns",)),
    Resource("nodes", "Node", "", "v1", namespaced=False, short=("no",)),
    Resource(
        *("pods", "Pod", "", "v1"),
        short=("po",),
        verbs=(*READ, *WRITE, "delete"),
        subresources=(("log", "Pod", ("get",)), ("eviction", "Eviction", ("create",))),
    ),
    Resource("events", "Event", "", "v1", short=("ev",)),
    Resource("resourcequotas", "ResourceQuota", "", "v1", short=("quota",), verbs=(*READ, *WRITE)),
    Resource(
        "deployments", "Deployment", "apps", "v1", short=("deploy",), verbs=(*READ, *WRITE), subresources=(_SCALE,)
    ),
    Resource("replicasets", "ReplicaSet", "apps", "v1", short=("rs",)),
    Resource(
        "statefulsets", "StatefulSet", "apps", "v1", short=("sts",), verbs=(*READ, *WRITE), subresources=(_SCALE,)
    ),
    Resource("daemonsets", "DaemonSet", "apps", "v1", short=("ds",), verbs=(*READ, *WRITE)),
    Resource("controllerrevisions", "ControllerRevision", "apps", "v1"),
    Resource("horizontalpodautoscalers", "HorizontalPodAutoscaler", "autoscaling", "v2", short=("hpa",)),
    Resource("poddisruptionbudgets", "PodDisruptionBudget", "policy", "v1", short=("pdb",)),
    Resource("roles", "Role", _RBAC, "v1"),
    Resource("rolebindings", "RoleBinding", _RBAC, "v1"),
    Resource("clusterroles", "ClusterRole", _RBAC, "v1", namespaced=False),
    Resource("clusterrolebindings", "ClusterRoleBinding", _RBAC, "v1", namespaced=False),
    Resource(
        *("selfsubjectaccessreviews", "SelfSubjectAccessReview", "authorization.k8s.io", "v1"),
        namespaced=False,
        verbs=("create",),
    ),
)

BY_PLURAL = {each.plural: each for each in RESOURCES}
BY_KIND = {each.kind: each for each in RESOURCES}

VERSION: Body = {
    "major": "1",
    "minor": "32",
    "gitVersion": "v1.32.4",
    "gitCommit": "0" * 40,
    "gitTreeState": "clean",
    "buildDate": "2025-04-22T16:03:58Z",
    "goVersion": "go1.23.6",
    "compiler": "gc",
    "platform": "linux/amd64",
}


def groups() -> Body:
    """The answer of /apis."""
    named = sorted({each.group for each in RESOURCES} - {""})
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [group(name) for name in named]}


def group(name: str) -> Body:
    """One entry of /apis."""
    version = next(each.version for each in RESOURCES if each.group == name)
    served = {"groupVersion": f"{name}/{version}", "version": version}
    return {"name": name, "versions": [served], "preferredVersion": served}


def resource_list(group_name: str, version: str) -> Body | None:
    """The answer of /apis/GROUP/VERSION, or /api/v1 for the group ""; None where there is no such version."""
    found = [each for each in RESOURCES if (each.group, each.version) == (group_name, version)]
    if not found:
        return None
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": found[0].api_version,
        "resources": [row for each in found for row in _rows(each)],
    }


def _rows(resource: Resource) -> Iterable[Body]:
    yield {
        "name": resource.plural,
        "singularName": resource.kind.lower(),
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": sorted(resource.verbs),
        "shortNames": [*resource.short],
        "categories": ["all"] if resource.group in ("", "apps") and "watch" in resource.verbs else [],
    }
    for name, kind, verbs in resource.subresources:
        row = {
            "name": f"{resource.plural}/{name}",
            "singularName": "",
            "namespaced": True,
            "kind": kind,
            "verbs": sorted(verbs),
        }
        of = {"Scale": ("autoscaling", "v1"), "Eviction": ("policy", "v1")}.get(kind)
        yield row | ({"group": of[0], "version": of[1]} if of else {})
