"""A server that answers as Datadog's API does, on loopback, with faults on demand."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from sandbox.vendors.system import Body, FakeSystem

API_KEY, APP_KEY = "obviously-not-an-api-key", "obviously-not-an-app-key"


@dataclass
class FakeDatadog(FakeSystem):
    """Monitors, downtimes and incidents of an organisation."""

    monitors: list[Body] = field(default_factory=list)
    downtimes: list[Body] = field(default_factory=list)
    incidents: dict[str, Body] = field(default_factory=dict)
    integrations: dict[str, list[Body]] = field(default_factory=dict)
    todos: dict[str, list[Body]] = field(default_factory=dict)
    users: list[Body] = field(default_factory=list)
    own_fields: dict[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    """Further fields of incidents: name to (type, options; none for anything)."""
    sent: list[Body] = field(default_factory=list)

    def monitor(self, number: int, name: str = "High error rate", **more: Any) -> Body:
        """One more monitor; groups are given as name to (status, when)."""
        groups = {
            group: {"name": group, "status": status, "last_triggered_ts": at, "last_nodata_ts": at}
            | ({"last_resolved_ts": at} if status == "OK" else {})
            for group, (status, at) in more.pop("groups", {}).items()
        }
        worst = next(
            (word for word in ("Alert", "Warn", "No Data") if any(g["status"] == word for g in groups.values())), "OK"
        )
        made = {
            "id": number,
            "name": name,
            "type": "query alert",
            "query": "avg(last_5m):avg:errors{*} by {service} > 5",
            "message": "@webhook-warroom {{#is_alert}}errors{{/is_alert}}",
            "tags": ["env:prod"],
            "priority": None,
            "overall_state": worst,
            "options": {},
            "state": {"groups": groups},
            "matching_downtimes": [],
        } | more
        self.monitors = [each for each in self.monitors if each["id"] != number] + [made]
        return made

    def routes(self, router: web.UrlDispatcher) -> None:
        """Those that the bot calls."""
        router.add_get("/api/v1/monitor", self._list_monitors)
        router.add_get("/api/v1/monitor/{id}", self._get_monitor)
        router.add_get("/api/v2/downtime", self._list_downtimes)
        router.add_post("/api/v2/downtime", self._create_downtime)
        router.add_get("/api/v2/users", self._list_users)
        router.add_post("/api/v2/incidents", self._create_incident)
        router.add_get("/api/v2/incidents/search", self._search_incidents)
        router.add_get("/api/v2/incidents/{id}", self._get_incident)
        router.add_patch("/api/v2/incidents/{id}", self._update_incident)
        router.add_get("/api/v2/incidents/{id}/relationships/{kind}", self._list_parts)
        router.add_post("/api/v2/incidents/{id}/relationships/{kind}", self._create_part)
        router.add_patch("/api/v2/incidents/{id}/relationships/todos/{todo}", self._update_todo)

    def refused(self, request: web.Request) -> web.Response | None:
        """Both keys must be right."""
        if (request.headers.get("DD-API-KEY"), request.headers.get("DD-APPLICATION-KEY")) == (API_KEY, APP_KEY):
            return None
        return web.json_response({"errors": ["Forbidden"]}, status=403)

    # -- monitors

    async def _list_monitors(self, request: web.Request) -> web.Response:
        wanted = set(filter(None, request.query.get("monitor_tags", "").split(",")))
        found = [self._seen(each, request) for each in self.monitors if wanted <= set(each["tags"])]
        if "page" in request.query:  # without it Datadog sends everything at once
            size, page = int(request.query.get("page_size", 100)), int(request.query["page"])
            found = found[page * size : (page + 1) * size]
        return web.json_response(found)

    async def _get_monitor(self, request: web.Request) -> web.Response:
        found = next((each for each in self.monitors if str(each["id"]) == request.match_info["id"]), None)
        if found is None:
            return web.json_response({"errors": ["Monitor not found"]}, status=404)
        return web.json_response(self._seen(found, request))

    def _seen(self, monitor: Body, request: web.Request) -> Body:
        states = {word.strip() for word in request.query.get("group_states", "").split(",")}
        groups = monitor["state"]["groups"]
        shown = {k: g for k, g in groups.items() if not g or "all" in states or g["status"].lower() in states}
        return monitor | {"state": {"groups": shown} if states - {""} else {}}

    # -- downtimes

    async def _list_downtimes(self, request: web.Request) -> web.Response:
        start, size = int(request.query.get("page[offset]", 0)), int(request.query.get("page[limit]", 30))
        return web.json_response({"data": self.downtimes[start : start + size]})

    async def _create_downtime(self, request: web.Request) -> web.Response:
        sent = (await request.json())["data"]
        attributes = sent["attributes"] | {"status": "active"}
        made = {"type": "downtime", "id": f"downtime-{len(self.downtimes)}", "attributes": attributes}
        self.downtimes.append(made)
        return web.json_response({"data": made})

    # -- people

    async def _list_users(self, request: web.Request) -> web.Response:
        word = request.query.get("filter", "")
        return web.json_response({"data": [user for user in self.users if word in user["attributes"]["email"]]})

    def user(self, number: int, email: str) -> Body:
        """One more person of the organisation."""
        name = f"00000000-0000-0000-0000-{number:012}"
        made = {"type": "users", "id": name, "attributes": {"email": email, "handle": email, "status": "Active"}}
        self.users.append(made)
        return made

    # -- incidents

    def incident(self, number: int, title: str, *, severity: str = "SEV-2", state: str = "active") -> Body:
        """One more incident, as if somebody had created it in Datadog."""
        name = f"11111111-0000-0000-0000-{number:012}"
        made = {
            "type": "incidents",
            "id": name,
            "attributes": {
                "public_id": number,
                "title": title,
                "created": self.today(),
                "customer_impacted": False,
                "fields": {
                    "severity": {"type": "dropdown", "value": severity},
                    "state": {"type": "dropdown", "value": state},
                    "detection_method": {"type": "dropdown", "value": "unknown"},
                    "summary": {"type": "textbox", "value": None},
                    "services": {"type": "autocomplete", "value": None},
                    "teams": {"type": "autocomplete", "value": None},
                    **{name: {"type": kind, "value": None} for name, (kind, _) in self.own_fields.items()},
                },
                "severity": severity,
                "state": state,
            },
            "relationships": {"commander_user": {"data": None}},
        }
        self.incidents[name] = made
        return made

    def change(self, name: str, **fields: str | list[str]) -> None:
        """Somebody changes state, severity, title or a field in Datadog."""
        attributes = self.incidents[name]["attributes"]
        for field_name, value in fields.items():
            if field_name in ("title", "state", "severity"):
                attributes[field_name] = value
            if field_name in attributes["fields"]:
                attributes["fields"][field_name]["value"] = value

    async def _create_incident(self, request: web.Request) -> web.Response:
        sent = (await request.json())["data"]
        self.sent.append(sent)
        made = self.incident(len(self.incidents) + 1, sent["attributes"]["title"], severity="UNKNOWN")
        if why := self._wrong(sent, made["attributes"]["fields"]):
            del self.incidents[made["id"]]
            return why
        self._apply(made, sent)
        return web.json_response({"data": made}, status=201)

    async def _update_incident(self, request: web.Request) -> web.Response:
        sent = (await request.json())["data"]
        self.sent.append(sent)
        made = self.incidents[request.match_info["id"]]
        if why := self._wrong(sent, made["attributes"]["fields"]):
            return why
        self._apply(made, sent)
        return web.json_response({"data": made})

    def _wrong(self, sent: Body, known: Body) -> web.Response | None:
        """What Datadog says of fields that it does not have, of another type, or with a value that is none of its own."""
        for name, said in (sent.get("attributes") or {}).get("fields", {}).items():
            options = self.own_fields.get(name, ("", ()))[1]
            several = said["type"] not in ("dropdown", "textbox")
            values = said["value"] if several else [said["value"]] if said["value"] else []
            fine = name in known and known[name]["type"] == said["type"] and isinstance(values, list)
            if not fine or (options and not set(values) <= set(options)):
                return web.json_response({"errors": [f"invalid value for field {name}"]}, status=400)
        return None

    def _apply(self, made: Body, sent: Body) -> None:
        attributes = dict(sent.get("attributes") or {})
        for name, said in (attributes.pop("fields", None) or {}).items():
            made["attributes"]["fields"][name] = said
            if name in ("severity", "state"):
                made["attributes"][name] = said["value"]
        if "title" in attributes:
            made["attributes"]["title"] = attributes["title"]
        made["relationships"].update(sent.get("relationships") or {})

    async def _get_incident(self, request: web.Request) -> web.Response:
        found = self.incidents.get(request.match_info["id"])
        if found is None:
            return web.json_response({"errors": ["incident not found"]}, status=404)
        return web.json_response({"data": found, "included": self.users})

    async def _search_incidents(self, request: web.Request) -> web.Response:
        assert request.query["query"].startswith("state:(")
        states = request.query["query"].removeprefix("state:(").removesuffix(")").split(" OR ")
        found = [each for each in self.incidents.values() if each["attributes"]["state"] in states]
        start, size = int(request.query.get("page[offset]", 0)), int(request.query.get("page[size]", 10))
        shown = [{"data": each} for each in reversed(found)][start : start + size]
        attributes = {"total": len(found), "facets": {}, "incidents": shown}
        answer = {"data": {"type": "incidents_search_results", "attributes": attributes}, "included": self.users}
        return web.json_response(answer)

    async def _list_parts(self, request: web.Request) -> web.Response:
        return web.json_response({"data": self._parts(request)})

    async def _create_part(self, request: web.Request) -> web.Response:
        sent, parts = (await request.json())["data"], self._parts(request)
        made = {
            "id": f"22222222-0000-0000-0000-{len(parts):012}",
            "type": sent["type"],
            "attributes": sent["attributes"],
        }
        parts.append(made)
        return web.json_response({"data": made}, status=201)

    async def _update_todo(self, request: web.Request) -> web.Response:
        sent = (await request.json())["data"]
        found = next(each for each in self.todos[request.match_info["id"]] if each["id"] == request.match_info["todo"])
        found["attributes"].update(sent["attributes"])
        return web.json_response({"data": found})

    def _parts(self, request: web.Request) -> list[Body]:
        kept = self.todos if request.match_info["kind"] == "todos" else self.integrations
        return kept.setdefault(request.match_info["id"], [])


def shown(value: object) -> str:
    """For looking for what must not be there."""
    return json.dumps(value, default=str)
