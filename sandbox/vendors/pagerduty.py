"""PagerDuty on loopback: the Events API v2, the part of the REST API that is used, and webhooks of version 3.

What is required, allowed and answered is as in PagerDuty's OpenAPI documents (github.com/PagerDuty/api-schema, REST and
events-v2) and on developer.pagerduty.com ("Send an alert event", "Webhooks: Overview", "Verifying signatures").
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from sandbox.vendors.system import Body, FakeSystem

TOKEN, SECRET, SENDER = "obviously-not-a-token", "obviously-not-a-secret", "warroom@example.com"
ROUTING_KEY = "0123456789abcdef0123456789abcdef"
ACTIONS = ("trigger", "acknowledge", "resolve")
SEVERITIES = ("critical", "error", "warning", "info")
STATUSES = ("triggered", "acknowledged", "resolved")
EVENT_FIELDS = {"routing_key", "event_action", "dedup_key", "payload", "client", "client_url", "links", "images"}
PAYLOAD_FIELDS = {"summary", "source", "severity", "timestamp", "component", "group", "class", "custom_details"}
ACCEPTED = "application/vnd.pagerduty+json;version=2"
PAGE, SERVICE = "https://example.pagerduty.com", "PSERVICE"


@dataclass
class PagerDutySystem(FakeSystem):
    """One account with one service."""

    incidents: dict[str, Body] = field(default_factory=dict)
    notes: dict[str, list[Body]] = field(default_factory=dict)
    log: dict[str, list[Body]] = field(default_factory=dict)
    users: dict[str, str] = field(default_factory=lambda: {"PADA": "ada@example.com", "PGRACE": "grace@example.com"})
    """Emails by id."""
    schedules: dict[str, list[str]] = field(default_factory=lambda: {"PSCHED": ["PGRACE"]})
    """Whoever is on call now, by the schedule's id."""
    policies: dict[str, list[list[str]]] = field(default_factory=lambda: {"PPOLICY": [["PADA"], ["PGRACE"]]})
    """Whoever is on call on each level, by the escalation policy's id."""
    pages: str = PAGE
    """Where people read it in a browser."""
    slow: bool = False
    """Accepted events are not worked off yet."""
    events: list[Body] = field(default_factory=list)

    def routes(self, router: web.UrlDispatcher) -> None:
        """Those that are called."""
        router.add_post("/v2/enqueue", self._enqueue)
        router.add_get("/incidents", self._list)
        router.add_get("/incidents/{id}", self._get)
        router.add_put("/incidents/{id}", self._update)
        router.add_get("/incidents/{id}/notes", self._notes)
        router.add_post("/incidents/{id}/notes", self._annotate)
        router.add_get("/incidents/{id}/log_entries", self._log)
        router.add_get("/users", self._users)
        router.add_get("/users/{id}", self._user)
        router.add_get("/oncalls", self._on_call)
        router.add_get("/schedules/{id}", self._schedule)
        router.add_get("/services/{id}", self._one_service)
        router.add_get("/escalation_policies/{id}", self._policy)

    @property
    def events_url(self) -> str:
        """The base of the Events API."""
        return f"{self.url}/v2"

    def refused(self, request: web.Request) -> web.Response | None:
        """Whoever has no token, or asks for another version. Events carry their key in the body."""
        if request.path.startswith("/v2/"):
            return None
        if request.headers.get("Authorization") != f"Token token={TOKEN}":
            return web.json_response({"error": "unauthorized"}, status=401)
        if request.headers.get("Accept") != ACCEPTED:
            return _error(406, "the Accept header names no version")
        if request.method != "GET" and "From" not in request.headers:
            return _error(400, "A valid user email is required in the From header")
        return None

    # What people do there.

    def acknowledge(self, incident: Body, user: str) -> None:
        """Somebody takes it."""
        incident["status"] = "acknowledged"
        incident["acknowledgements"] = [{"at": self.today(), "acknowledger": self._person(user)}]
        self._changed(incident, "acknowledge_log_entry", user)

    def resolve(self, incident: Body, user: str | None) -> None:
        """Somebody ends it; None: an integration."""
        incident["status"], incident["acknowledgements"] = "resolved", []
        self._changed(incident, "resolve_log_entry", user)

    def reopen(self, incident: Body, user: str) -> None:
        """It was not over."""
        incident["status"] = "triggered"
        self._changed(incident, "trigger_log_entry", user)

    def reassign(self, incident: Body, user: str, to: str, kind: str = "assign_log_entry") -> None:
        """Somebody else has to look."""
        person = _reference(self._person(to))
        incident["assignments"] = [{"at": self.today(), "assignee": person}]
        self._changed(incident, kind, user, assignees=[person])

    def annotate(self, incident: Body, user: str, content: str) -> Body:
        """Somebody writes a note."""
        note: Body = {"id": f"PN{len(self.notes[incident['id']]) + 1}{incident['id']}", "content": content}
        note |= {"user": _reference(self._person(user)), "created_at": self.today()}
        self.notes[incident["id"]].append(note)
        return note

    def open(self, key: str, title: str) -> Body:
        """A new incident."""
        name = f"P{len(self.incidents) + 1:06}"
        self.incidents[name] = {
            "id": name,
            "type": "incident",
            "summary": f"[#{len(self.incidents) + 1}] {title}",
            "self": f"{self.url}/incidents/{name}",
            "html_url": f"{self.pages}/incidents/{name}",
            "incident_number": len(self.incidents) + 1,
            "title": title,
            "created_at": self.today(),
            "status": "triggered",
            "incident_key": key,
            "urgency": "high",
            "service": {"id": SERVICE, "type": "service_reference", "summary": "checkout"},
            "assignments": [],
            "acknowledgements": [],
            "last_status_change_at": self.today(),
            "last_status_change_by": _service(),
        }
        self.notes[name], self.log[name] = [], []
        self._changed(self.incidents[name], "trigger_log_entry", None)
        return self.incidents[name]

    def webhook(
        self, kind: str, incident: Body, user: str | None, data: Body | None = None
    ) -> tuple[bytes, dict[str, str]]:
        """The body and headers of the webhook that tells of it."""
        shown = (
            "id",
            "type",
            "self",
            "html_url",
            "status",
            "incident_key",
            "created_at",
            "title",
            "service",
            "urgency",
        )
        about: Body = {name: incident[name] for name in shown}
        about |= {"number": incident["incident_number"], "resolve_reason": None, "priority": None, "teams": []}
        about |= {"assignees": [_reference(each["assignee"]) for each in incident["assignments"]]}
        event = {
            "id": f"01{len(self.events):04}{incident['id']}",
            "event_type": kind,
            "resource_type": "incident",
            "occurred_at": f"{self.today()[:19]}.169Z",
            "agent": _reference(self._person(user)) if user else _service(),
            "client": {"name": "PagerDuty"},
            "data": data or about,
        }
        self.events.append(event)
        return signed({"event": event})

    def note_webhook(self, incident: Body, note: Body, user: str) -> tuple[bytes, dict[str, str]]:
        """The same for a note."""
        reference = {"id": incident["id"], "type": "incident_reference", "html_url": incident["html_url"]}
        data = {"incident": reference | {"summary": incident["title"]}, "id": note["id"], "content": note["content"]}
        return self.webhook("incident.annotated", incident, user, data | {"trimmed": False, "type": "incident_note"})

    def _changed(self, incident: Body, kind: str, user: str | None, **more: Any) -> None:
        agent = self._person(user) if user else _service()
        if kind != "assign_log_entry":
            incident |= {"last_status_change_at": self.today(), "last_status_change_by": _reference(agent)}
        entry = {"id": f"R{len(self.log[incident['id']])}", "type": kind, "created_at": self.today()}
        self.log[incident["id"]].append(entry | {"agent": _reference(agent)} | more)

    def _person(self, user: str) -> Body:
        email = self.users[user]
        name = email.partition("@")[0].title()
        return {
            "id": user,
            "type": "user",
            "summary": name,
            "name": name,
            "email": email,
            "html_url": f"{PAGE}/users/{user}",
        }

    # The Events API.

    async def _enqueue(self, request: web.Request) -> web.Response:
        event = await request.json()
        if wrong := _wrong_event(event):
            body = {"status": "invalid event", "message": "Event object is invalid", "errors": wrong}
            return web.json_response(body, status=400)
        key, action = event["dedup_key"], event["event_action"]
        known = [
            each for each in self.incidents.values() if each["incident_key"] == key and each["status"] != "resolved"
        ]
        if action == "trigger" and not known:
            self.open(key, event["payload"]["summary"])
        elif action == "acknowledge" and known and known[-1]["status"] == "triggered":
            known[-1]["status"] = "acknowledged"
            known[-1]["acknowledgements"] = [{"at": self.today(), "acknowledger": _service()}]
            self._changed(known[-1], "acknowledge_log_entry", None)
        elif action == "resolve" and known:
            self.resolve(known[-1], None)
        return web.json_response({"status": "success", "message": "Event processed", "dedup_key": key}, status=202)

    # The REST API.

    async def _list(self, request: web.Request) -> web.Response:
        query = request.query
        if not set(query.getall("statuses[]", [])) <= set(STATUSES) or query.get("date_range", "all") != "all":
            return _error(400, "Invalid Input Provided")
        found = [] if self.slow else [*self.incidents.values()]
        if "incident_key" in query:
            found = [each for each in found if each["incident_key"] == query["incident_key"]]
        if services := query.getall("service_ids[]", []):
            found = [each for each in found if each["service"]["id"] in services]
        if "since" in query:
            since = datetime.fromisoformat(query["since"])
            found = [each for each in found if datetime.fromisoformat(each["created_at"]) >= since]
        return _page(request, "incidents", [_shown(each, request) for each in reversed(found)])

    async def _get(self, request: web.Request) -> web.Response:
        found = self.incidents.get(request.match_info["id"])
        return web.json_response({"incident": _shown(found, request)}) if found else _error(404, "Not Found")

    async def _update(self, request: web.Request) -> web.Response:
        found, wanted = self.incidents.get(request.match_info["id"]), (await request.json())["incident"]
        if found is None:
            return _error(404, "Not Found")
        if wanted.get("type") not in ("incident", "incident_reference") or wanted.get("status") not in STATUSES:
            return _error(400, "Invalid Input Provided")
        user = next((name for name, email in self.users.items() if email == request.headers["From"]), "")
        if not user:
            return _error(400, "Requester User Not Found")
        {"acknowledged": self.acknowledge, "resolved": self.resolve, "triggered": self.reopen}[wanted["status"]](
            found, user
        )
        return web.json_response({"incident": _shown(found, request)})

    async def _notes(self, request: web.Request) -> web.Response:
        found = self.notes.get(request.match_info["id"])
        return _error(404, "Not Found") if found is None else web.json_response({"notes": found[::-1]})

    async def _annotate(self, request: web.Request) -> web.Response:
        incident, body = self.incidents.get(request.match_info["id"]), await request.json()
        if incident is None:
            return _error(404, "Not Found")
        content = (body.get("note") or {}).get("content")
        if not isinstance(content, str) or not content:
            return _error(400, "Invalid Input Provided", "Content cannot be empty")
        user = next((name for name, email in self.users.items() if email == request.headers["From"]), "")
        if not user:
            return _error(400, "Requester User Not Found")
        return web.json_response({"note": self.annotate(incident, user, content)})

    async def _log(self, request: web.Request) -> web.Response:
        found = self.log.get(request.match_info["id"])
        return _error(404, "Not Found") if found is None else _page(request, "log_entries", found[::-1])

    async def _users(self, request: web.Request) -> web.Response:
        found = [self._person(user) for user, email in self.users.items() if request.query.get("query", "") in email]
        return _page(request, "users", found)

    async def _user(self, request: web.Request) -> web.Response:
        user = request.match_info["id"]
        return web.json_response({"user": self._person(user)}) if user in self.users else _error(404, "Not Found")

    async def _on_call(self, request: web.Request) -> web.Response:
        found = []
        for schedule in request.query.getall("schedule_ids[]", []):
            if schedule not in self.schedules:
                return _error(404, "Not Found")
            found += [self._shift(user, 1, request) for user in self.schedules[schedule]]
        for policy in request.query.getall("escalation_policy_ids[]", []):
            if policy not in self.policies:
                return _error(404, "Not Found")
            for level, users in enumerate(self.policies[policy], 1):
                found += [self._shift(user, level, request) for user in users]
        return _page(request, "oncalls", found)

    def _shift(self, user: str, level: int, request: web.Request) -> Body:
        person = self._person(user)
        whole = "users" in request.query.getall("include[]", [])
        start = datetime.fromisoformat(self.today())
        times = {"start": start.isoformat(), "end": (start + timedelta(days=7)).isoformat()}
        return {"user": person if whole else _reference(person), "escalation_level": level} | times

    async def _schedule(self, request: web.Request) -> web.Response:
        name = request.match_info["id"]
        if name not in self.schedules:
            return _error(404, "Not Found")
        found = {"id": name, "type": "schedule", "summary": "On call", "time_zone": "Etc/UTC", "schedule_layers": []}
        return web.json_response({"schedule": found})

    async def _one_service(self, request: web.Request) -> web.Response:
        if request.match_info["id"] != SERVICE:
            return _error(404, "Not Found")
        found = _service() | {"type": "service", "name": "checkout", "status": "active"}
        found |= {"escalation_policy": {"id": "PPOLICY", "type": "escalation_policy_reference"}}
        return web.json_response({"service": found})

    async def _policy(self, request: web.Request) -> web.Response:
        name = request.match_info["id"]
        if name not in self.policies:
            return _error(404, "Not Found")
        found = {"id": name, "type": "escalation_policy", "name": "On call", "escalation_rules": []}
        return web.json_response({"escalation_policy": found})


def signed(body: Body) -> tuple[bytes, dict[str, str]]:
    """The body as PagerDuty posts it, and its headers; the first signature is that of a secret which is being replaced."""
    sent = json.dumps(body).encode()
    signatures = [hmac.new(key.encode(), sent, hashlib.sha256).hexdigest() for key in ("an older one", SECRET)]
    header = ",".join(f"v1={each}" for each in signatures)
    return sent, {"X-PagerDuty-Signature": header, "Content-Type": "application/json"}


def _wrong_event(event: Body) -> list[str]:
    """What is wrong with an event."""
    wrong = [f"'{name}' is not known" for name in event.keys() - EVENT_FIELDS]
    if event.get("routing_key") != ROUTING_KEY:
        wrong.append("'routing_key' is not a valid integration key")
    if event.get("event_action") not in ACTIONS:
        wrong.append("'event_action' is missing or invalid")
    if not 0 < len(event.get("dedup_key") or "") <= 255:
        wrong.append("'dedup_key' is missing or too long")
    payload = event.get("payload")
    if event.get("event_action") != "trigger":
        return wrong
    if not isinstance(payload, dict):
        return [*wrong, "'payload' is missing"]
    wrong += [f"'payload.{name}' is not known" for name in payload.keys() - PAYLOAD_FIELDS]
    wrong += [f"'payload.{name}' is missing" for name in ("summary", "source", "severity") if not payload.get(name)]
    if len(payload.get("summary") or "") > 1024 or payload.get("severity") not in SEVERITIES:
        wrong.append("'payload.summary' is too long, or 'payload.severity' is invalid")
    wrong += ["a link has no 'href'" for each in event.get("links") or () if not each.get("href")]
    return wrong


def _shown(incident: Body, request: web.Request) -> Body:
    """The incident; people are references, but those that were asked for."""
    whole = "acknowledgers" in request.query.getall("include[]", [])
    known = [
        {"at": each["at"], "acknowledger": each["acknowledger"] if whole else _reference(each["acknowledger"])}
        for each in incident["acknowledgements"]
    ]
    return incident | {"acknowledgements": known}


def _page(request: web.Request, name: str, found: list[Body]) -> web.Response:
    offset, limit = int(request.query.get("offset", 0)), min(int(request.query.get("limit", 25)), 100)
    more = len(found) > offset + limit
    body = {name: found[offset : offset + limit], "limit": limit, "offset": offset, "more": more, "total": None}
    return web.json_response(body)


def _reference(whole: Body) -> Body:
    kind = whole["type"] if whole["type"].endswith("_reference") else f"{whole['type']}_reference"
    return {"id": whole["id"], "type": kind, "summary": whole["summary"], "html_url": whole.get("html_url")}


def _service() -> Body:
    return {
        "id": SERVICE,
        "type": "service_reference",
        "summary": "checkout",
        "html_url": f"{PAGE}/services/{SERVICE}",
    }


def _error(status: int, message: str, *errors: str) -> web.Response:
    return web.json_response({"error": {"message": message, "code": 2001, "errors": [*errors]}}, status=status)
