"""Jira Cloud on loopback: the part of the REST API, version 3, that is used, and webhooks.

What is required, allowed and answered is as on developer.atlassian.com ("The Jira Cloud platform REST API", "Webhooks",
"Atlassian Document Format").
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aiohttp import web

from sandbox.vendors.system import Body, FakeSystem

EMAIL, TOKEN, SECRET = "warroom@example.com", "obviously-not-a-token", "obviously-not-a-secret"
ME = {"accountId": "5b10ac8d82e05b22cc7d4ef5", "displayName": "Warroom", "accountType": "atlassian", "active": True}
STATUSES = {"To Do": "new", "In Progress": "indeterminate", "Done": "done"}
TRANSITIONS = {"11": ("Stop", "To Do"), "21": ("Start", "In Progress"), "31": ("Finish", "Done")}
"""By id: the transition's name, and the status it leads to. A status is never left for itself."""
PRIORITIES = ("Highest", "High", "Medium", "Low")
TYPES = ("Task", "Incident")
CREATED = {
    "project",
    "issuetype",
    "summary",
    "description",
    "labels",
    "priority",
    "duedate",
    "assignee",
    "customfield_10010",
}
"""What the project's create screen has."""


@dataclass
class JiraSystem(FakeSystem):
    """One site with the project OPS."""

    issues: dict[str, Body] = field(default_factory=dict)
    links: list[Body] = field(default_factory=list)
    remote_links: dict[str, Body] = field(default_factory=dict)
    people: list[Body] = field(default_factory=list)
    pages: str = ""
    """Where people read issues in a browser; "" nowhere."""
    lacks: set[str] = field(default_factory=set)
    """Permissions that the user does not have."""
    needs: dict[str, str] = field(default_factory=dict)
    """Names by id of further fields without which no issue is made."""
    unindexed: int = 0
    """So many searches do not find the newest issue yet."""

    def routes(self, router: web.UrlDispatcher) -> None:
        """Those that are called."""
        api = "/rest/api/3"
        router.add_get("/browse/{key}", self._browse)
        router.add_get(f"{api}/myself", self._myself)
        router.add_get(f"{api}/project/{{key}}", self._project)
        router.add_get(f"{api}/mypermissions", self._permissions)
        router.add_get(f"{api}/issue/createmeta/{{key}}/issuetypes/{{type}}", self._fields)
        router.add_get(f"{api}/priority", self._priorities)
        router.add_get(f"{api}/issueLinkType", self._link_types)
        router.add_get(f"{api}/user/search", self._user_search)
        router.add_get(f"{api}/search/jql", self._search)
        router.add_post(f"{api}/issue", self._create)
        router.add_get(f"{api}/issue/{{key}}", self._get)
        router.add_get(f"{api}/issue/{{key}}/transitions", self._transitions)
        router.add_post(f"{api}/issue/{{key}}/transitions", self._transition)
        router.add_get(f"{api}/issue/{{key}}/comment", self._comments)
        router.add_post(f"{api}/issue/{{key}}/comment", self._comment)
        router.add_post(f"{api}/issue/{{key}}/remotelink", self._remote_link)
        router.add_post(f"{api}/issueLink", self._link)

    def refused(self, request: web.Request) -> web.Response | None:
        """Whoever has not the user's token."""
        known = base64.b64encode(f"{EMAIL}:{TOKEN}".encode()).decode()
        if request.headers.get("Authorization") == f"Basic {known}" or request.path.startswith("/browse/"):
            return None
        return web.Response(status=401, text="Client must be authenticated to access this resource.")

    # What people do there.

    def person(self, name: str, email: str | None = None) -> Body:
        """Somebody who uses the site. Most hide their email."""
        known = {
            "accountId": f"{len(self.people):024}",
            "displayName": name,
            "accountType": "atlassian",
            "active": True,
        }
        self.people.append(known | ({"emailAddress": email} if email else {}))
        return self.people[-1]

    def move(self, key: str, status: str, who: Body) -> None:
        """Somebody moves an issue."""
        issue = self.issues[key]
        before, issue["status"] = issue["status"], status
        change = {"field": "status", "fieldtype": "jira", "fromString": before, "toString": status}
        history = {
            "id": str(10_000 + len(issue["histories"])),
            "author": who,
            "created": self.today(),
            "items": [change],
        }
        issue["histories"].append(history)

    def say(self, key: str, text: str, who: Body) -> None:
        """Somebody comments."""
        content = [{"type": "paragraph", "content": [{"type": "text", "text": text}]}]
        self._say(key, {"type": "doc", "version": 1, "content": content}, who)

    def _say(self, key: str, body: Body, who: Body) -> Body:
        comments = self.issues[key]["comments"]
        number = f"{key.partition('-')[2]}{len(comments):03}"
        comments.append({"id": number, "author": who, "body": body, "created": self.today()})
        return dict(comments[-1])

    def webhook(self, event: str, key: str) -> tuple[bytes, dict[str, str]]:
        """The body and headers of the webhook that tells of it. Those about comments show fewer fields."""
        issue = self.issues[key]
        fields = {"summary": issue["summary"], "status": _status(issue["status"])}
        if event.startswith("jira:"):
            fields |= {"labels": issue["labels"]}
        sent = json.dumps(
            {
                "timestamp": self._milliseconds(),
                "webhookEvent": event,
                "issue": {"id": "1", "key": key, "fields": fields},
            }
        ).encode()
        signature = hmac.new(SECRET.encode(), sent, hashlib.sha256).hexdigest()
        return sent, {"X-Hub-Signature": f"sha256={signature}", "Content-Type": "application/json"}

    def _milliseconds(self) -> int:
        return round(datetime.fromisoformat(self.today()).timestamp() * 1000)

    # The API.

    async def _browse(self, _request: web.Request) -> web.Response:
        raise web.HTTPFound(self.pages) if self.pages else web.HTTPNotFound

    async def _myself(self, _request: web.Request) -> web.Response:
        return web.json_response(ME)

    async def _project(self, request: web.Request) -> web.Response:
        if request.match_info["key"] != "OPS":
            return _errors(404, f"No project could be found with key '{request.match_info['key']}'.")
        return web.json_response({"id": "10000", "key": "OPS", "issueTypes": _types()})

    async def _permissions(self, request: web.Request) -> web.Response:
        asked = request.query["permissions"].split(",")
        if request.query.get("projectKey") != "OPS":
            return _errors(404, "No project could be found with that key.")
        found = {
            each: {"id": str(number), "key": each, "name": each.replace("_", " ").title(), "type": "PROJECT"}
            | {"havePermission": each not in self.lacks}
            for number, each in enumerate(asked)
        }
        return web.json_response({"permissions": found})

    async def _fields(self, request: web.Request) -> web.Response:
        if request.match_info["key"] != "OPS" or request.match_info["type"] not in {each["id"] for each in _types()}:
            return _errors(404, "No issue type could be found with that id.")
        known = {name: (name.title(), name in ("project", "issuetype", "summary")) for name in CREATED}
        known |= {name: (title, True) for name, title in self.needs.items()}
        fields = [
            {"fieldId": name, "key": name, "name": title, "required": required, "hasDefaultValue": False}
            for name, (title, required) in known.items()
        ]
        return web.json_response({"fields": fields, "maxResults": 50, "startAt": 0, "total": len(fields)})

    async def _priorities(self, _request: web.Request) -> web.Response:
        return web.json_response([{"id": str(number), "name": name} for number, name in enumerate(PRIORITIES)])

    async def _link_types(self, _request: web.Request) -> web.Response:
        return web.json_response({"issueLinkTypes": [{"id": "1", "name": "Relates"}]})

    async def _user_search(self, request: web.Request) -> web.Response:
        asked = request.query["query"]
        return web.json_response([each for each in self.people if asked == each.get("emailAddress")])

    async def _search(self, request: web.Request) -> web.Response:
        found = re.fullmatch(r'labels = "([\w-]+)"', request.query.get("jql", ""))
        if found is None:
            return _errors(400, "The JQL query is not one that this site understands.")
        known = [key for key, issue in self.issues.items() if found[1] in issue["labels"]]
        if self.unindexed:
            self.unindexed -= 1
            known = []
        issues = [{"id": key, "key": key, "fields": {"labels": self.issues[key]["labels"]}} for key in known]
        return web.json_response({"issues": issues, "isLast": True})

    async def _create(self, request: web.Request) -> web.Response:
        fields = (await request.json()).get("fields") or {}
        if wrong := self._wrong(fields):
            return _errors(400, **wrong)
        key = f"OPS-{len(self.issues) + 1}"
        self.issues[key] = fields | {
            "type": fields["issuetype"]["name"],
            "labels": fields.get("labels", []),
            "status": "To Do",
            "comments": [],
            "histories": [],
        }
        return web.json_response(
            {"id": str(len(self.issues)), "key": key, "self": f"{self.url}/issue/{key}"}, status=201
        )

    def _wrong(self, fields: Body) -> dict[str, str]:
        wrong = {
            name: f"Field '{name}' cannot be set. It is not on the appropriate screen."
            for name in fields.keys() - CREATED
        }
        if (fields.get("project") or {}).get("key") != "OPS":
            wrong["project"] = "valid project is required"
        if (fields.get("issuetype") or {}).get("name") not in TYPES:
            wrong["issuetype"] = "Specify a valid issue type"
        if not fields.get("summary") or len(fields["summary"]) > 255 or "\n" in fields["summary"]:
            wrong["summary"] = "You must specify a summary of the issue."
        if "description" in fields and not is_document(fields["description"]):
            wrong["description"] = "Operation value must be an Atlassian Document (see the Atlassian Document Format)"
        if any(" " in name for name in fields.get("labels", [])):
            wrong["labels"] = "The label contains spaces which is invalid."
        if "priority" in fields and fields["priority"].get("name") not in PRIORITIES:
            wrong["priority"] = "The priority selected is invalid."
        known = {each["accountId"] for each in self.people}
        if "assignee" in fields and fields["assignee"].get("accountId") not in known:
            wrong["assignee"] = "The user cannot be assigned issues."
        return wrong

    async def _get(self, request: web.Request) -> web.Response:
        key = request.match_info["key"]
        issue = self.issues.get(key)
        if issue is None:
            return _errors(404, "Issue does not exist or you do not have permission to see it.")
        comments = {"comments": issue["comments"], "maxResults": 5000, "total": len(issue["comments"]), "startAt": 0}
        every = {
            "status": _status(issue["status"]),
            "labels": issue["labels"],
            "summary": issue["summary"],
            "comment": comments,
        }
        asked = request.query.get("fields", "").split(",")
        body: Body = {"id": key, "key": key, "fields": {name: value for name, value in every.items() if name in asked}}
        if request.query.get("expand") == "changelog":
            body["changelog"] = {"startAt": 0, "maxResults": 100, "histories": issue["histories"][::-1]}
        return web.json_response(body)

    async def _transitions(self, request: web.Request) -> web.Response:
        issue = self.issues.get(request.match_info["key"])
        if issue is None:
            return _errors(404, "Issue does not exist or you do not have permission to see it.")
        offered = [
            {"id": number, "name": name, "to": _status(to)}
            for number, (name, to) in TRANSITIONS.items()
            if to != issue["status"]
        ]
        return web.json_response({"expand": "transitions", "transitions": offered})

    async def _transition(self, request: web.Request) -> web.Response:
        key, body = request.match_info["key"], await request.json()
        _, to = TRANSITIONS.get(str((body.get("transition") or {}).get("id")), ("", ""))
        if not to or to == self.issues[key]["status"]:
            return _errors(400, "It seems that you have tried to perform an illegal workflow operation.")
        self.move(key, to, ME)
        return web.Response(status=204)

    async def _comments(self, request: web.Request) -> web.Response:
        comments = self.issues[request.match_info["key"]]["comments"]
        return web.json_response({"comments": comments[::-1], "maxResults": 100, "startAt": 0, "total": len(comments)})

    async def _comment(self, request: web.Request) -> web.Response:
        body = (await request.json()).get("body")
        if not is_document(body):
            return _errors(400, comment="Comment body is not valid!")
        return web.json_response(self._say(request.match_info["key"], body, ME), status=201)

    async def _remote_link(self, request: web.Request) -> web.Response:
        body = await request.json()
        if not (body.get("object") or {}).get("url") or not body["object"].get("title"):
            return _errors(400, title="'title' is required.", url="'url' is required.")
        name = body.get("globalId") or f"link {len(self.remote_links)}"
        fresh = name not in self.remote_links
        self.remote_links[name] = body | {"issue": request.match_info["key"]}
        return web.json_response({"id": 10000, "self": self.url}, status=201 if fresh else 200)

    async def _link(self, request: web.Request) -> web.Response:
        body = await request.json()
        ends = [(body.get(end) or {}).get("key") for end in ("inwardIssue", "outwardIssue")]
        if (body.get("type") or {}).get("name") != "Relates":
            return _errors(404, "No issue link type with name was found.")
        if not set(ends) <= self.issues.keys():
            return _errors(404, "Issue does not exist or you do not have permission to see it.")
        if body not in self.links:
            self.links.append(body)
        return web.Response(status=201)


def text_of(document: Body) -> str:
    """The words of a document of the Atlassian Document Format."""
    inner = " ".join(text_of(each) for each in document.get("content", ()))
    return str(document.get("text", "")) or inner


def _types() -> list[Body]:
    return [{"id": str(10_001 + number), "name": name, "subtask": False} for number, name in enumerate(TYPES)]


def is_document(value: Any, parent: str = "") -> bool:
    """Whether it is a document of the Atlassian Document Format, as far as paragraphs with text and links go."""
    if not isinstance(value, dict):
        return False
    match parent, value.get("type"):
        case "", "doc":
            return value.get("version") == 1 and all(is_document(each, "doc") for each in value.get("content", [None]))
        case "doc", "paragraph":
            return all(is_document(each, "paragraph") for each in value.get("content", []))
        case "paragraph", "text":
            marks = value.get("marks", [])
            return bool(value.get("text")) and all(each["type"] == "link" and each["attrs"]["href"] for each in marks)
    return False


def _status(name: str) -> Body:
    category = STATUSES[name]
    return {"id": str([*STATUSES].index(name)), "name": name, "statusCategory": {"key": category, "name": category}}


def _errors(status: int, *messages: str, **errors: str) -> web.Response:
    return web.json_response({"errorMessages": [*messages], "errors": errors}, status=status)
