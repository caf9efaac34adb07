"""The ways to a cluster: address and token, a file as kubectl has it, a pod's own account."""

from __future__ import annotations

import json
import ssl
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import SecretStr, ValidationError

from integrations.kubernetes import Kubernetes, client
from integrations.kubernetes.policy import KubernetesSettings
from sandbox.vendors.kubernetes.server import ADMIN_TOKEN
from tests.integrations.kubernetes.house import Kube
from tests.integrations.stories import policy_of
from warroom.errors import Rejected, Retryable
from warroom.policy import Policy


def kubeconfig(path: Path, url: str, user: dict[str, Any]) -> str:
    """The file, with a context for nothing as the current one."""
    here = {"name": "here", "context": {"cluster": "here", "user": "me"}}
    nowhere = {"name": "nowhere", "context": {"cluster": "nowhere", "user": "me"}}
    file = path / "config"
    said = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "nowhere",
        "contexts": [here, nowhere],
        "clusters": [
            {"name": n, "cluster": {"server": at}} for n, at in (("here", url), ("nowhere", "http://127.0.0.1:9"))
        ],
        "users": [{"name": "me", "user": user}],
    }
    file.write_text(yaml.safe_dump(said))
    return str(file)


async def checked(kube: Kube, settings: KubernetesSettings) -> list[str]:
    """What `check` says with these settings."""
    kubernetes = Kubernetes(settings)
    assert kubernetes.missing() == ""
    await kubernetes.start(policy_of(), kube.clock)
    try:
        return [*await kubernetes.check(Policy())]
    finally:
        await kubernetes.stop()


async def test_a_file_with_a_token(kube: Kube, tmp_path: Path) -> None:
    file = kubeconfig(tmp_path, kube.system.url, {"token": ADMIN_TOKEN})
    assert await checked(kube, KubernetesSettings(kubeconfig=file, k8s_context="here")) == []
    assert kube.system.exchanges[-1].headers["Authorization"] == f"Bearer {ADMIN_TOKEN}"


async def test_a_file_with_a_plugin_whose_token_is_renewed(kube: Kube, tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    answer = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": {"token": ADMIN_TOKEN, "expirationTimestamp": "2020-01-01T00:00:00Z"},
    }
    plugin = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": "/bin/sh",
        "args": ["-c", f"echo >> {calls}; echo '{json.dumps(answer)}'"],
        "interactiveMode": "Never",
    }
    file = kubeconfig(tmp_path, kube.system.url, {"exec": plugin})
    assert await checked(kube, KubernetesSettings(kubeconfig=file, k8s_context="here")) == []
    assert len(calls.read_text()) >= 2


async def test_a_pod_with_an_account(kube: Kube, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    token, certificate = tmp_path / "token", tmp_path / "ca.crt"
    token.write_text(ADMIN_TOKEN)
    certificate.write_text(
        "\n".join(ssl.DER_cert_to_PEM_cert(each) for each in ssl.create_default_context().get_ca_certs(True)[:1])
    )
    monkeypatch.setattr(client, "TOKEN_FILE", str(token))
    monkeypatch.setattr(client, "CA_FILE", str(certificate))
    host, port = kube.system.url.removeprefix("http://").split(":")
    settings = KubernetesSettings(kubernetes_service_host=host, kubernetes_service_port=port)
    kubernetes = Kubernetes(settings)
    assert kubernetes.missing() == ""
    await kubernetes.start(policy_of(), kube.clock)
    # A pod speaks TLS and nothing else; the sandbox's server does not, and is asked for it all the same.
    with pytest.raises((Retryable, Rejected), match=r"reached|broke|certificate"):
        await kubernetes.check(Policy())
    await kubernetes.stop()
    token.unlink()
    assert "KUBECONFIG" in Kubernetes(settings).missing()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (KubernetesSettings(kubeconfig="/nowhere/config"), "cannot be read"),
        (KubernetesSettings(kubeconfig=__file__), "cannot be read"),
        (
            KubernetesSettings(k8s_api="https://127.0.0.1:9", k8s_token=SecretStr("x"), k8s_ca_file="/nowhere"),
            "cannot be read",
        ),
    ],
)
async def test_ways_that_lead_nowhere(kube: Kube, settings: KubernetesSettings, said: str) -> None:
    with pytest.raises(Rejected, match=said) as caught:
        await checked(kube, settings)
    assert caught.value.advice


def test_without_a_way_it_is_off() -> None:
    assert "KUBECONFIG" in Kubernetes(KubernetesSettings()).missing()
    assert "KUBECONFIG" in Kubernetes(KubernetesSettings(k8s_api="https://k8s.example.com")).missing()


@pytest.mark.parametrize("url", ["ftp://k8s", "https://user:secret@k8s", "https://k8s?x=1", "https://k8s#x", "k8s", ""])
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(ValidationError):
        KubernetesSettings(k8s_api=url)


@pytest.mark.parametrize("named", [["Prod"], ["prod/x"], ["prod", "prod"], ["a" * 64], "prod"])
def test_namespaces_of_the_policy_are_names(named: object) -> None:
    with pytest.raises((ValueError, AssertionError), match=r"namespace|prod"):
        policy_of(kubernetes={"namespaces": named})


async def test_the_token_is_in_no_message(kube: Kube) -> None:
    kube.system.fail("GET", "/apis", 400, body=json.dumps({"message": f"bad token {ADMIN_TOKEN}"}).encode())
    with pytest.raises(Rejected) as caught:
        await kube.run("status", deployment="api")
    assert ADMIN_TOKEN not in str(caught.value)
