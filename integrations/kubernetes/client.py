"""The API server, through kubernetes_asyncio: it knows the ways to log in (kubeconfig with tokens, certificates and plugins, a
pod's own account), we say what is asked. Objects are plain dicts: its 700 classes cost more than they tell.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import structlog
import yaml

from integrations.http import BODY_LIMIT, CONNECT, CONNECTIONS, LARGE, READS, SHORTEST_SECRET, WHOLE
from integrations.kubernetes.failures import failure
from integrations.kubernetes.policy import CA_FILE, TITLE, TOKEN_FILE, KubernetesSettings, short
from warroom.errors import Rejected, Retryable
from warroom.ports import Clock, outside, time_is_up

log = structlog.get_logger(__name__)

Body = dict[str, Any]

GROUPS = {
    "pods": "/api/v1",
    "events": "/api/v1",
    "deployments": "/apis/apps/v1",
    "replicasets": "/apis/apps/v1",
    "statefulsets": "/apis/apps/v1",
    "daemonsets": "/apis/apps/v1",
    "controllerrevisions": "/apis/apps/v1",
    "horizontalpodautoscalers": "/apis/autoscaling/v2",
    "poddisruptionbudgets": "/apis/policy/v1",
}
"""Where each kind is served, in every release since 1.23."""
PAGE, MOST = 250, 1000
"""Objects of one page, and of a list altogether."""
MERGE, STRATEGIC, JSON_PATCH = (
    f"application/{each}+json" for each in ("merge-patch", "strategic-merge-patch", "json-patch")
)
REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


class Cluster:
    """One API server. One for a whole process; it connects with the first call, and `close` ends it."""

    def __init__(self, settings: KubernetesSettings, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        self._api: Any = None
        self._opening = asyncio.Lock()

    async def close(self) -> None:
        """Close the connections. Another call opens them again."""
        if self._api is not None:
            api, self._api = self._api, None
            await api.close()

    async def get(self, what: str, plural: str, namespace: str, name: str, sub: str = "") -> Body:
        """One object. `what` says in words what is tried. Raises Retryable or Rejected."""
        return await self._json("GET", what, plural, namespace, name, sub)

    async def list(self, what: str, plural: str, namespace: str, labels: str = "", fields: str = "") -> list[Body]:
        """Those of a namespace, page by page, at most MOST. Raises Retryable or Rejected."""
        query = {"limit": str(PAGE)}
        query |= {"labelSelector": labels} if labels else {}
        query |= {"fieldSelector": fields} if fields else {}
        found: list[Body] = []
        while len(found) < MOST:
            answer = await self._json("GET", what, plural, namespace, query=query)
            found += answer.get("items") or []
            after = (answer.get("metadata") or {}).get("continue")
            if not after:
                break
            query["continue"] = after
        return found[:MOST]

    async def patch(
        self, what: str, kind: str, patch: object, plural: str, namespace: str, name: str, sub: str = ""
    ) -> Body:
        """The object as it is afterwards. `kind` is the content type of the patch. Raises Retryable or Rejected."""
        query = {"fieldManager": "warroom"}
        return await self._json("PATCH", what, plural, namespace, name, sub, query=query, body=patch, kind=kind)

    async def log(self, what: str, namespace: str, pod: str, query: Mapping[str, str]) -> str:
        """What a container wrote. Raises Retryable or Rejected."""
        body = await self._call("GET", what, _path("pods", namespace, pod, "log"), query, None, "", "*/*")
        return body.decode(errors="replace")

    async def version(self) -> str:
        """Such as "v1.32.4". Raises Retryable or Rejected."""
        what = "Asking for its version"
        answer = await _decoded(what, await self._call("GET", what, ("/version", {}), {}, None, "", JSON), reads=True)
        return str(answer.get("gitVersion"))

    async def may(self, verb: str, group: str, resource: str, namespace: str) -> bool:
        """Whether our account may do that. Raises Retryable or Rejected."""
        plural, _, sub = resource.partition("/")
        wanted = {"verb": verb, "group": group, "resource": plural, "namespace": namespace}
        wanted |= {"subresource": sub} if sub else {}
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": wanted},
        }
        what = "Asking what we may do"
        answered = await self._call("POST", what, (REVIEWS, {}), {}, review, JSON, JSON, reads=True)
        return bool(((await _decoded(what, answered, reads=True)).get("status") or {}).get("allowed"))

    async def _json(
        self,
        method: str,
        what: str,
        plural: str,
        namespace: str,
        name: str = "",
        sub: str = "",
        *,
        query: Mapping[str, str] | None = None,
        body: object = None,
        kind: str = "",
    ) -> Body:
        answered = await self._call(method, what, _path(plural, namespace, name, sub), query or {}, body, kind, JSON)
        return await _decoded(what, answered, reads=method in READS)

    async def _call(
        self,
        method: str,
        what: str,
        path: tuple[str, dict[str, str]],
        query: Mapping[str, str],
        body: object,
        kind: str,
        accept: str,
        *,
        reads: bool = False,
    ) -> bytes:
        reads = reads or method in READS
        if not reads and time_is_up():
            raise Retryable(f"{what}: the time for it is over", outcome_unknown=True)
        with _understood(what, reads=reads), outside():
            api = await self._opened()
            headers = {"Accept": accept} | ({"Content-Type": kind} if kind else {})
            response: aiohttp.ClientResponse = await api.call_api(
                path[0],
                method,
                path_params=path[1],
                query_params=[*query.items()],
                header_params=headers,
                body=body,
                auth_settings=["BearerToken"],
                _preload_content=False,
                _request_timeout=aiohttp.ClientTimeout(total=WHOLE, sock_connect=CONNECT),
            )
            async with response:
                answered = bytearray()
                async for chunk in response.content.iter_any():
                    answered += chunk
                    if len(answered) > BODY_LIMIT:
                        raise Retryable(f"{what}: {TITLE} answered too much", outcome_unknown=not reads)
                if 200 <= response.status < 300:
                    return bytes(answered)
                said = _masked(bytes(answered), api.configuration.api_key.values())
                raise failure(what, response.status, response.headers, said, self._clock, reads=reads)

    async def _opened(self) -> Any:
        async with self._opening:
            if self._api is None:
                self._api = await _opened(self._settings)
            return self._api


JSON = "application/json"


async def _decoded(what: str, answered: bytes, *, reads: bool) -> Body:
    """The object; what is large is read beside the event loop. Raises Retryable where it is none."""
    try:
        found = await asyncio.to_thread(json.loads, answered) if len(answered) > LARGE else json.loads(answered)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Retryable(f"{what}: {TITLE} answered something unreadable", outcome_unknown=not reads)
    return found


def _path(plural: str, namespace: str, name: str = "", sub: str = "") -> tuple[str, dict[str, str]]:
    """(the path with places, what stands there): the client quotes each of them."""
    path = f"{GROUPS[plural]}/namespaces/{{namespace}}/{plural}"
    params = {"namespace": namespace}
    if name:
        path, params = f"{path}/{{name}}", params | {"name": name}
    return (f"{path}/{sub}" if sub else path), params


def _masked(answered: bytes, tokens: Iterable[str]) -> bytes:
    """The answer without our token, should the other side repeat it."""
    for token in tokens:
        secret = token.removeprefix("Bearer ").encode()
        if len(secret) >= SHORTEST_SECRET:
            answered = answered.replace(secret, b"[hidden]")
    return answered


@contextlib.contextmanager
def _understood(what: str, *, reads: bool) -> Iterator[None]:
    """What goes wrong on the way there becomes Retryable, or Rejected where it cannot pass."""
    try:
        yield
    except aiohttp.ClientConnectorCertificateError as error:
        advice = "Name its certificate authority: K8S_CA_FILE, or certificate-authority in the file of KUBECONFIG."
        raise Rejected(
            f"{what}: the API server's certificate is not trusted", code="certificate", advice=advice
        ) from error
    except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError) as error:
        advice = "Correct K8S_API, or the server in the file of KUBECONFIG."
        raise Rejected(
            f"{what}: the address of the API server is not a URL", code="invalid_url", advice=advice
        ) from error
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
        raise Retryable(f"{what}: the API server cannot be reached", outcome_unknown=False) from error
    except TimeoutError as error:
        raise Retryable(f"{what}: the API server took too long to answer", outcome_unknown=not reads) from error
    except (aiohttp.ClientError, OSError, asyncio.IncompleteReadError) as error:
        log.info("a call failed", system=TITLE, what=what, error=type(error).__name__)
        raise Retryable(f"{what}: the connection to the API server broke", outcome_unknown=not reads) from error


async def _opened(settings: KubernetesSettings) -> Any:
    """The library's client, logged in. Raises Rejected where the library is not installed or the settings lead nowhere."""
    try:
        # Imported where it is needed: it has a class for everything in Kubernetes, 70 MB and a second or two.
        client, config = await asyncio.to_thread(_library)
    except ImportError as error:
        advice = "Install the extra kubernetes (kubernetes-asyncio)."
        raise Rejected("Kubernetes' library is not installed", code="no_library", advice=advice) from error
    configuration = client.Configuration()
    configuration.connection_pool_maxsize = CONNECTIONS
    try:
        await _configured(configuration, settings, config)
        return client.ApiClient(configuration)
    except (config.ConfigException, yaml.YAMLError, OSError, ValueError, KeyError, TypeError) as error:
        advice = (
            "Try the same file with kubectl." if settings.kubeconfig else "Check K8S_API, K8S_TOKEN and K8S_CA_FILE."
        )
        said = f"the way to the cluster cannot be read: {short(str(error))}"
        raise Rejected(said, code="config", advice=advice) from error


def _library() -> Any:
    from kubernetes_asyncio import client, config

    return client, config


async def _configured(configuration: Any, settings: KubernetesSettings, config: Any) -> None:
    if settings.k8s_api:
        configuration.host = settings.k8s_api.rstrip("/")
        configuration.ssl_ca_cert = settings.k8s_ca_file
        if settings.k8s_token:
            configuration.api_key = {"BearerToken": settings.k8s_token.get_secret_value().strip()}
            configuration.api_key_prefix = {"BearerToken": "Bearer"}
        return
    if settings.kubeconfig:
        loader = await config.load_kube_config(
            config_file=settings.kubeconfig,
            context=settings.k8s_context,
            client_configuration=configuration,
            persist_config=False,
        )

        async def renew(configuration: Any) -> None:
            # A plugin's token expires; the loader runs the plugin again when it has.
            await loader.load_from_exec_plugin()
            configuration.api_key["BearerToken"] = loader.token

        if hasattr(loader, "exec_plugin_expiry"):
            configuration.refresh_api_key_hook = renew
        return
    environ = {
        "KUBERNETES_SERVICE_HOST": settings.kubernetes_service_host or "",
        "KUBERNETES_SERVICE_PORT": settings.kubernetes_service_port or "443",
    }
    config.load_incluster_config(
        client_configuration=configuration, token_filename=TOKEN_FILE, cert_filename=CA_FILE, environ=environ
    )


def reachable(settings: KubernetesSettings) -> bool:
    """Whether the settings say which cluster it is."""
    in_cluster = settings.kubernetes_service_host and Path(TOKEN_FILE).exists()
    return bool(settings.kubeconfig or (settings.k8s_api and settings.k8s_token) or in_cluster)
