"""Kubernetes' settings and its section of the policy."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field, SecretStr

from warroom.policy import Policy
from warroom.policy.kinds import Text
from warroom.policy.mistake import Mistake, Wrong, shown
from warroom.policy.section import KnownNames, Section

NAME = "kubernetes"
TITLE = "Kubernetes"
TOKEN_FILE = "/var/run/secrets/kubernetes.io/serviceaccount/token"  # where Kubernetes puts it, not the token
CA_FILE = "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt"

_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", re.ASCII)
_OBJECT = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*", re.ASCII)


class KubernetesSettings(BaseModel):
    """One cluster: by a file, by address and token, or the one that this process runs in."""

    kubeconfig: str | None = None
    """A file as kubectl has it."""
    k8s_context: str | None = None
    """Which of its contexts; the current one where this is not set."""
    k8s_api: str | None = Field(default=None, pattern=r"^https?://[^\s/?#@]+(/[^\s?#]*)?$")
    k8s_token: SecretStr | None = None
    k8s_ca_file: str | None = None
    """The certificate that the API server's is signed with, as PEM; the machine's own certificates where this is not set."""
    kubernetes_service_host: str | None = None
    """Set by Kubernetes in every pod, as is the next."""
    kubernetes_service_port: str | None = None


def namespace_name(said: str) -> str:
    """The text, if a namespace can be called so (RFC 1123 label). Raises Wrong."""
    if not _NAMESPACE.fullmatch(said):
        raise Wrong(f"{shown(said)} is no name of a namespace", "lower-case letters, digits and -, at most 63")
    return said


def object_name(said: str) -> str:
    """The text, if a workload or a pod can be called so (RFC 1123 subdomain). Raises Wrong."""
    if len(said) > 253 or not _OBJECT.fullmatch(said):
        raise Wrong(f"{shown(said)} is no name of an object", "lower-case letters, digits, - and ., at most 253")
    return said


LONGEST = 160


def short(text: str) -> str:
    """In one line, cut."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


NamespaceName = Annotated[str, AfterValidator(namespace_name)]
ObjectName = Annotated[str, AfterValidator(object_name)]


class KubernetesPolicy(Section):
    """What an investigation looks at in the cluster."""

    namespaces: tuple[NamespaceName, ...] = Field(default=(), max_length=20)
    """Where the services run. None are looked at where this is empty."""
    services: dict[Text, ObjectName] = Field(default_factory=dict)
    """The workload of a service, where neither its labels nor its name say so."""

    @classmethod
    def mistakes(cls, written: Mapping[Any, Any], known: KnownNames) -> Iterator[Mistake]:
        """Namespaces that are named twice."""
        said = written.get("namespaces")
        names = [each for each in said if isinstance(each, str)] if isinstance(said, list | tuple) else []
        for place, name in enumerate(names):
            if name in names[:place]:
                yield Mistake(
                    path=f"namespaces[{place}]", problem=f"{shown(name)} stands there twice", suggestion="take one out"
                )


def section(policy: Policy) -> KubernetesPolicy:
    """What the policy says of Kubernetes."""
    return policy.section(NAME, KubernetesPolicy)
