"""The API server on loopback: discovery, objects, watches and subresources, as kubectl and client libraries ask for them."""

from __future__ import annotations

import asyncio
import base64
import copy
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import unquote

from aiohttp import web

from sandbox.vendors.kubernetes import errors
from sandbox.vendors.kubernetes.cluster import Cluster
from sandbox.vendors.kubernetes.errors import ApiError
from sandbox.vendors.kubernetes.patches import patched
from sandbox.vendors.kubernetes.rbac import MASTERS, Access, User, allowed
from sandbox.vendors.kubernetes.requests import (
    VERBS,
    Target,
    continued,
    discovery,
    json_of,
    number,
    served,
    target_of,
    wants_table,
)
from sandbox.vendors.kubernetes.resources import Body, Resource
from sandbox.vendors.kubernetes.selectors import Matches, by_fields, by_labels
from sandbox.vendors.kubernetes.store import Changed, timestamp
from sandbox.vendors.kubernetes.tables import table
from sandbox.vendors.kubernetes.validation import checked, name_of, replicas
from sandbox.vendors.system import FakeSystem

ADMIN_TOKEN = "obviously-not-the-admins-token"


@dataclass
class KubernetesSystem(FakeSystem):
    """One cluster's API server. `tokens` are those who may come in; what they may do say the cluster's roles."""

    cluster: Cluster = field(kw_only=True)
    tokens: dict[str, User] = field(default_factory=lambda: {ADMIN_TOKEN: User("admin", (MASTERS,))})
    anonymous: User | None = None
    """Who may come in without a token. kubectl sends none over plain HTTP."""
    used: set[Access] = field(default_factory=set)
    """What was asked for by others than administrators, allowed or not."""
    watching: int = 0
    """How many watches are open."""
    on_idle: Callable[[], None] = lambda: None
    """Called when a watch has told everything and waits for more."""

    def routes(self, router: web.UrlDispatcher) -> None:
        """One for everything: the path says it all."""
        router.add_route("*", "/{path:.*}", self._answer)

    def refused(self, request: web.Request) -> web.Response | None:
        """Whoever has no token that is known."""
        if self._user(request) is None:
            return _status(errors.unauthorized())
        return None

    async def stop(self, runner: web.AppRunner) -> None:
        """End the watches too."""
        self._stopping.set()
        self.cluster.engine.wake()
        await super().stop(runner)

    def _user(self, request: web.Request) -> User | None:
        """Whoever asks, or whom an administrator pretends to be (`kubectl --as`)."""
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        user = self.tokens.get(token) if kind == "Bearer" else self.anonymous
        if user is not None and MASTERS in user.groups and (name := request.headers.get("Impersonate-User")):
            return User(name, tuple(request.headers.getall("Impersonate-Group", ())))
        return user

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.cluster.settle()
        parts = [unquote(part) for part in request.rel_url.raw_path.strip("/").split("/")]
        try:
            known = discovery(parts)
            if known is not None:
                return web.json_response(known)
            target = target_of(parts)
            return await self._asked(request, target)
        except ApiError as error:
            return _status(error)

    async def _asked(self, request: web.Request, target: Target) -> web.StreamResponse:
        watch = request.query.get("watch") in ("true", "1")
        verb = VERBS.get(request.method, "")
        if verb == "get" and not target.name:
            verb = "watch" if watch else "list"
        self._authorize(request, target, verb)
        if not served(target, verb):
            raise ApiError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource")
        if target.resource.plural == "selfsubjectaccessreviews":
            return web.json_response(self._review(await json_of(request), self._user(request)), status=201)
        if verb == "watch":
            return await self._watch(request, target)
        if verb == "list":
            return self._list(request, target)
        body = self.cluster.store.find(target.resource.plural, target.namespace, name_of(target.resource, target.name))
        if body is None:
            raise errors.not_found(target.resource, target.name)
        if target.sub:
            return await self._subresource(request, target, body)
        if verb == "delete":
            self.cluster.kubelet.delete(body)
            self.cluster.settle()
            gone = self.cluster.store.find("pods", target.namespace, target.name) or body
            return web.json_response(gone)
        if verb in ("update", "patch"):
            body = await self._written(request, target, body)
        return self._object(request, target.resource, body)

    def _authorize(self, request: web.Request, target: Target, verb: str) -> None:
        user = self._user(request)
        assert user is not None, "refused before"
        resource = target.resource
        if resource.plural == "selfsubjectaccessreviews":
            return  # system:basic-user: everybody may ask what they may do
        plural = f"{resource.plural}/{target.sub}" if target.sub else resource.plural
        access = Access(verb, resource.group, plural, target.namespace, target.name)
        if MASTERS not in user.groups:
            self.used.add(access)
        if allowed(self.cluster.store, user, access):
            return
        where = f'in the namespace "{target.namespace}"' if target.namespace else "at the cluster scope"
        why = f'User "{user.name}" cannot {verb} resource "{plural}" in API group "{resource.group}" {where}'
        raise errors.forbidden(resource, target.name, why)

    def _review(self, body: Body, user: User | None) -> Body:
        wanted = (body.get("spec") or {}).get("resourceAttributes") or {}
        resource = "/".join(filter(None, (wanted.get("resource", ""), wanted.get("subresource", ""))))
        access = Access(
            *(wanted.get("verb", ""), wanted.get("group", ""), resource),
            *(wanted.get("namespace", ""), wanted.get("name", "")),
        )
        assert user is not None, "refused before"
        return {**body, "metadata": {}, "status": {"allowed": allowed(self.cluster.store, user, access)}}

    def _object(self, request: web.Request, resource: Resource, body: Body) -> web.Response:
        if wants_table(request):
            meta = {"resourceVersion": body["metadata"]["resourceVersion"]}
            include = request.query.get("includeObject", "Metadata")
            return web.json_response(table(resource.plural, [body], meta, self.cluster.engine.now, include))
        return web.json_response(body)

    def _matches(self, request: web.Request, target: Target) -> Matches:
        labels = by_labels(request.query.get("labelSelector", ""))
        fields = by_fields(target.resource.plural, request.query.get("fieldSelector", ""))
        return lambda body: labels(body) and fields(body)

    def _list(self, request: web.Request, target: Target) -> web.Response:
        store, plural = self.cluster.store, target.resource.plural
        found = [*store.all(plural, target.namespace, self._matches(request, target))]
        meta: Body = {"resourceVersion": str(store.revision)}
        limit, after = number(request, "limit"), request.query.get("continue")
        if after:
            begin, meta["resourceVersion"] = continued(after)
            found = [each for each in found if _key(each) > begin]
        if limit and len(found) > limit:
            meta |= {"remainingItemCount": len(found) - limit}
            found = found[:limit]
            token = {"rv": meta["resourceVersion"], "start": _key(found[-1])}
            meta["continue"] = base64.urlsafe_b64encode(json.dumps(token).encode()).decode()
        if wants_table(request):
            include = request.query.get("includeObject", "Metadata")
            return web.json_response(table(plural, found, meta, self.cluster.engine.now, include))
        items = [{key: value for key, value in each.items() if key not in ("kind", "apiVersion")} for each in found]
        kind = f"{target.resource.kind}List"
        return web.json_response(
            {"kind": kind, "apiVersion": target.resource.api_version, "metadata": meta, "items": items}
        )

    async def _watch(self, request: web.Request, target: Target) -> web.StreamResponse:
        cluster, plural, matches = self.cluster, target.resource.plural, self._matches(request, target)
        version = request.query.get("resourceVersion", "")
        as_table = wants_table(request)
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        until = cluster.engine.now + timedelta(seconds=number(request, "timeoutSeconds") or 3600)
        await response.prepare(request)

        async def tell(type_: str, body: Body) -> None:
            if as_table:
                body = table(
                    plural, [body], {"resourceVersion": body["metadata"]["resourceVersion"]}, cluster.engine.now
                )
            await response.write(json.dumps({"type": type_, "object": body}).encode() + b"\n")

        if version in ("", "0"):
            revision = cluster.store.revision
            for each in [*cluster.store.all(plural, target.namespace, matches)]:
                await tell("ADDED", each)
        else:
            revision = int(version)
        self.watching += 1
        try:
            while not self._stopping.is_set() and cluster.engine.now < until:
                changes = cluster.store.since(revision)
                if changes is None:
                    message = f"too old resource version: {revision}"
                    await tell("ERROR", ApiError(410, "Expired", message).body)
                    break
                for change in changes:
                    revision = change.revision
                    if _concerns(change, plural, target.namespace) and matches(change.body):
                        await tell(change.type, change.body)
                if request.transport is None or request.transport.is_closing():
                    break
                if cluster.store.since(revision) == []:
                    self.on_idle()
                    await cluster.engine.changed()
                cluster.settle()
            await response.write_eof()
        except (ConnectionError, asyncio.CancelledError):
            return response
        finally:
            self.watching -= 1
        return response

    async def _written(self, request: web.Request, target: Target, body: Body) -> Body:
        wanted = await json_of(request)
        if request.method == "PATCH":
            # The version is checked where the patch names one.
            plain = copy.deepcopy(body)
            del plain["metadata"]["resourceVersion"]
            wanted = patched(plain, request.content_type, wanted)
        made = checked(target.resource, body, wanted)
        if request.query.get("dryRun"):
            return made
        return self.cluster.change(target.resource.plural, made)

    async def _subresource(self, request: web.Request, target: Target, body: Body) -> web.Response:
        if target.sub == "log":
            return await self._log(request, body)
        if target.sub == "eviction":
            return self._evict(body)
        scale = _scale(body)
        if request.method != "GET":
            wanted = await json_of(request)
            if request.method == "PATCH":
                wanted = patched(scale, request.content_type, wanted)
            version = (wanted.get("metadata") or {}).get("resourceVersion")
            if version and version != body["metadata"]["resourceVersion"]:
                raise errors.conflict(target.resource, target.name)
            count = (wanted.get("spec") or {}).get("replicas", 0)
            if causes := replicas(count, "Scale"):
                raise errors.invalid(Resource("scales", "Scale", "autoscaling", "v1"), target.name, causes)
            made = copy.deepcopy(body)
            made["spec"]["replicas"] = count
            scale = _scale(self.cluster.change(target.resource.plural, made))
        return web.json_response(scale)

    def _evict(self, pod: Body) -> web.Response:
        budget = self.cluster.evict(pod)
        if budget is not None:
            status, name = budget["status"], budget["metadata"]["name"]
            said = (
                f"The disruption budget {name} needs {status['desiredHealthy']} healthy pods and has "
                f"{status['currentHealthy']} currently"
            )
            message = "Cannot evict pod as it would violate the pod's disruption budget."
            raise errors.too_many(message, causes=[{"reason": "DisruptionBudget", "message": said}])
        done = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}
        return web.json_response(done, status=201)

    async def _log(self, request: web.Request, pod: Body) -> web.Response:
        name, names = pod["metadata"]["name"], [each["name"] for each in pod["spec"]["containers"]]
        container = request.query.get("container") or names[0]
        if container not in names:
            raise errors.bad_request(f"container {container} is not valid for pod {name}")
        if len(names) > 1 and "container" not in request.query:
            said = f"a container name must be specified for pod {name}, choose one of: [{' '.join(names)}]"
            raise errors.bad_request(said)
        previous = request.query.get("previous") in ("true", "1")
        lines = self.cluster.kubelet.lines(pod, container, previous)
        if lines is None:
            if previous:
                said = f'previous terminated container "{container}" in pod "{name}" not found'
                raise errors.bad_request(said)
            raise errors.bad_request(_waiting(pod, container))
        if lines and not previous:
            more = await asyncio.to_thread(self.cluster.written, pod, lines[0][0])
            lines = sorted([*lines, *more], key=lambda each: each[0])
        if seconds := number(request, "sinceSeconds"):
            since = self.cluster.engine.now - timedelta(seconds=seconds)
            lines = [each for each in lines if each[0] >= since]
        if "tailLines" in request.query:
            lines = lines[-tail:] if (tail := number(request, "tailLines")) else []
        stamped = request.query.get("timestamps") in ("true", "1")
        text = "".join(f"{timestamp(at)} {line}\n" if stamped else f"{line}\n" for at, line in lines)
        limit = number(request, "limitBytes")
        return web.Response(body=text.encode()[: limit or None], content_type="text/plain")


def _scale(body: Body) -> Body:
    meta = body["metadata"]
    kept = {each: meta[each] for each in ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")}
    selector = ",".join(f"{key}={value}" for key, value in body["spec"]["selector"]["matchLabels"].items())
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": kept,
        "spec": {"replicas": body["spec"]["replicas"]},
        "status": {"replicas": body["status"].get("replicas", 0), "selector": selector},
    }


def _waiting(pod: Body, container: str) -> str:
    states = {each["name"]: each["state"] for each in pod["status"].get("containerStatuses", [])}
    state: Body = states.get(container, {})
    reason = (state.get("waiting") or {}).get("reason", "ContainerCreating")
    why = "trying and failing to pull image" if "ImagePull" in reason else f"waiting to start: {reason}"
    return f'container "{container}" in pod "{pod["metadata"]["name"]}" is {why}'


def _concerns(change: Changed, plural: str, namespace: str) -> bool:
    return change.plural == plural and namespace in ("", change.body["metadata"].get("namespace", ""))


def _key(body: Body) -> str:
    return f"{body['metadata'].get('namespace', '')}/{body['metadata']['name']}"


def _status(error: ApiError) -> web.Response:
    headers = {}
    if seconds := error.body["details"].get("retryAfterSeconds"):
        headers["Retry-After"] = str(seconds)
    return web.json_response(error.body, status=error.status, headers=headers)
