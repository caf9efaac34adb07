"""Who may do what: the rules of Roles and ClusterRoles, bound to users, service accounts and groups."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from sandbox.vendors.kubernetes.resources import Body
from sandbox.vendors.kubernetes.store import Store

MASTERS = "system:masters"
"""A group whose members may do everything."""


@dataclass(frozen=True)
class User:
    """Whoever holds a token. A service account is "system:serviceaccount:NAMESPACE:NAME"."""

    name: str
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, order=True)
class Access:
    """What somebody wants to do."""

    verb: str
    group: str
    resource: str
    """With its subresource, such as "pods/log"."""
    namespace: str = field(default="", compare=False)
    name: str = field(default="", compare=False)


def allowed(store: Store, user: User, access: Access) -> bool:
    """Whether a rule that is bound to the user allows it."""
    if MASTERS in user.groups:
        return True
    return any(_fits(rule, access) for rule in _rules(store, user, access.namespace))


def _rules(store: Store, user: User, namespace: str) -> Iterator[Body]:
    for binding in store.all("clusterrolebindings"):
        if _bound(binding, user):
            yield from _role(store, binding, "")
    if namespace:
        for binding in store.all("rolebindings", namespace):
            if _bound(binding, user):
                yield from _role(store, binding, namespace)


def _role(store: Store, binding: Body, namespace: str) -> Iterator[Body]:
    reference = binding["roleRef"]
    if reference["kind"] == "ClusterRole":
        role = store.find("clusterroles", "", reference["name"])
    else:
        role = store.find("roles", namespace, reference["name"])
    yield from (role or {}).get("rules") or ()


def _bound(binding: Body, user: User) -> bool:
    for subject in binding.get("subjects") or ():
        kind, name = subject["kind"], subject["name"]
        if kind == "ServiceAccount":
            name = f"system:serviceaccount:{subject['namespace']}:{name}"
        if (kind == "Group" and name in user.groups) or (kind != "Group" and name == user.name):
            return True
    return False


def _fits(rule: Body, access: Access) -> bool:
    names = rule.get("resourceNames")
    return (
        _in(rule.get("verbs"), access.verb)
        and _in(rule.get("apiGroups"), access.group)
        and (
            _in(rule.get("resources"), access.resource) or f"*/{access.resource.partition('/')[2]}" in rule["resources"]
        )
        and (not names or access.name in names)
    )


def _in(listed: list[str] | None, wanted: str) -> bool:
    return listed is not None and ("*" in listed or wanted in listed)
