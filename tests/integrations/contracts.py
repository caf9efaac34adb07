"""What the vendors' API documents say of the calls that are made: a small table in our words, and a comparison with what was said.

Origins: PagerDuty's REST and Events API v2 documents (github.com/PagerDuty/api-schema), "The Jira Cloud platform REST API" v3,
Statuspage's "Manage API", GitHub's REST API description, version 2022-11-28. `?` after a name: it may be missing; `|` between
types: one of them. A field with inner fields is an object, `[…]` a list of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.vendors.system import Exchange

Shape = Mapping[str, Any]
TYPES: dict[str, tuple[type, ...]] = {
    "text": (str,),
    "number": (int,),
    "yes": (bool,),
    "object": (dict,),
    "list": (list,),
    "none": (type(None),),
}
OFFSET = ("limit", "offset", "total")


@dataclass(frozen=True)
class Operation:
    """One call. `sent` says every field that a body may have; `answered` only those that must be there."""

    query: tuple[str, ...] = ()
    sent: Shape | None = None
    answered: Shape | None = None
    status: tuple[int, ...] = (200,)
    headers: tuple[str, ...] = ()
    enums: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Values of parameters of the query."""


REFERENCE = {"id": "text", "type": "text"}
PD_INCIDENT = {
    "id": "text",
    "type": "text",
    "incident_number": "number",
    "title": "text",
    "created_at": "text",
    "status": "text",
    "incident_key": "text|none",
    "urgency": "text",
    "service": REFERENCE,
    "html_url": "text",
    "last_status_change_at": "text",
}
PD_NOTE = {"id": "text", "content": "text", "created_at": "text", "user": REFERENCE}
PD_USER = {"id": "text", "type": "text", "name": "text", "email": "text"}
LIST = {"limit": "number", "offset": "number", "more": "yes", "total": "number|none"}
ACCEPT = ("Accept", "Authorization")

PAGERDUTY: dict[str, Operation] = {
    "POST /v2/enqueue": Operation(
        sent={
            "routing_key": "text",
            "event_action": "text",
            "dedup_key?": "text",
            "payload?": {
                "summary": "text",
                "source": "text",
                "severity": "text",
                "timestamp?": "text",
                "component?": "text",
                "group?": "text",
                "class?": "text",
                "custom_details?": "object",
            },
            "client?": "text",
            "client_url?": "text",
            "links?": [{"href": "text", "text?": "text"}],
            "images?": "list",
        },
        answered={"status": "text", "message": "text", "dedup_key": "text"},
        status=(202,),
    ),
    "GET /incidents": Operation(
        query=(
            *OFFSET,
            *("date_range", "incident_key", "service_ids[]", "team_ids[]", "user_ids[]", "urgencies[]", "time_zone"),
            *("statuses[]", "sort_by", "include[]", "since", "until"),
        ),
        answered=LIST | {"incidents": [PD_INCIDENT]},
        headers=ACCEPT,
        enums={
            "date_range": ("all",),
            "sort_by": ("created_at:desc", "created_at:asc"),
            "include[]": ("acknowledgers",),
        },
    ),
    "GET /incidents/{}": Operation(query=("include[]",), answered={"incident": PD_INCIDENT}, headers=ACCEPT),
    "PUT /incidents/{}": Operation(
        sent={"incident": {"type": "text", "status?": "text"}},
        answered={"incident": PD_INCIDENT},
        headers=(*ACCEPT, "From"),
    ),
    "GET /incidents/{}/notes": Operation(answered={"notes": [PD_NOTE]}, headers=ACCEPT),
    "POST /incidents/{}/notes": Operation(
        sent={"note": {"content": "text"}}, answered={"note": PD_NOTE}, headers=(*ACCEPT, "From")
    ),
    "GET /incidents/{}/log_entries": Operation(
        query=(*OFFSET, "time_zone", "since", "until", "is_overview", "include[]"),
        answered=LIST | {"log_entries": [{"id": "text", "type": "text", "created_at": "text", "agent": REFERENCE}]},
        headers=ACCEPT,
    ),
    "GET /users": Operation(query=(*OFFSET, "query", "team_ids[]", "include[]"), answered=LIST | {"users": [PD_USER]}),
    "GET /users/{}": Operation(query=("include[]",), answered={"user": PD_USER}),
    "GET /oncalls": Operation(
        query=(
            *OFFSET,
            *(
                "time_zone",
                "include[]",
                "user_ids[]",
                "escalation_policy_ids[]",
                "schedule_ids[]",
                "since",
                "until",
                "earliest",
            ),
        ),
        answered=LIST
        | {"oncalls": [{"user": {"id": "text"}, "escalation_level": "number", "start": "text", "end": "text"}]},
    ),
    "GET /services/{}": Operation(answered={"service": REFERENCE | {"escalation_policy": REFERENCE}}),
    "GET /schedules/{}": Operation(answered={"schedule": REFERENCE | {"time_zone": "text"}}),
    "GET /escalation_policies/{}": Operation(
        answered={"escalation_policy": REFERENCE | {"name": "text", "escalation_rules": "list"}}
    ),
}

ISSUE = "/rest/api/3/issue"
DOCUMENT = {"type": "text", "version": "number", "content": "list"}
AUTHOR = {"accountId": "text", "displayName": "text"}
JIRA: dict[str, Operation] = {
    "GET /rest/api/3/myself": Operation(query=("expand",), answered=AUTHOR),
    "GET /rest/api/3/mypermissions": Operation(
        query=("projectKey", "projectId", "issueKey", "issueId", "permissions"), answered={"permissions": "object"}
    ),
    "GET /rest/api/3/project/{}": Operation(
        query=("expand", "properties"), answered={"key": "text", "issueTypes": "list"}
    ),
    "GET /rest/api/3/issue/createmeta/{}/issuetypes/{}": Operation(
        query=("startAt", "maxResults"),
        answered={"fields": [{"fieldId": "text", "name": "text", "required": "yes", "hasDefaultValue": "yes"}]},
    ),
    "GET /rest/api/3/priority": Operation(),
    "GET /rest/api/3/issueLinkType": Operation(answered={"issueLinkTypes": [{"id": "text", "name": "text"}]}),
    "GET /rest/api/3/user/search": Operation(
        query=("query", "username", "accountId", "startAt", "maxResults", "property")
    ),
    "GET /rest/api/3/search/jql": Operation(
        query=("jql", "nextPageToken", "maxResults", "fields", "expand", "properties", "fieldsByKeys", "failFast"),
        answered={"issues": [{"id": "text", "key": "text"}], "isLast": "yes"},
    ),
    f"POST {ISSUE}": Operation(
        query=("updateHistory",),
        sent={"fields?": "object", "update?": "object", "properties?": "list", "transition?": "object"},
        answered={"id": "text", "key": "text", "self": "text"},
        status=(201,),
    ),
    f"GET {ISSUE}/{{}}": Operation(
        query=("fields", "fieldsByKeys", "expand", "properties", "updateHistory", "failFast"),
        answered={"id": "text", "key": "text", "fields": "object"},
    ),
    f"GET {ISSUE}/{{}}/transitions": Operation(
        query=(
            "expand",
            "transitionId",
            "skipRemoteOnlyCondition",
            "includeUnavailableTransitions",
            "sortByOpsBarAndStatus",
        ),
        answered={
            "transitions": [{"id": "text", "name": "text", "to": {"name": "text", "statusCategory": {"key": "text"}}}]
        },
    ),
    f"POST {ISSUE}/{{}}/transitions": Operation(
        sent={"transition": {"id": "text"}, "fields?": "object", "update?": "object"}, status=(204,)
    ),
    f"GET {ISSUE}/{{}}/comment": Operation(
        query=("startAt", "maxResults", "orderBy", "expand"),
        answered={"comments": "list", "startAt": "number", "maxResults": "number", "total": "number"},
    ),
    f"POST {ISSUE}/{{}}/comment": Operation(
        query=("expand",),
        sent={"body": DOCUMENT, "visibility?": "object", "properties?": "list"},
        answered={"id": "text", "author": AUTHOR, "body": DOCUMENT, "created": "text"},
        status=(201,),
    ),
    f"POST {ISSUE}/{{}}/remotelink": Operation(
        sent={
            "globalId?": "text",
            "relationship?": "text",
            "application?": "object",
            "object": {"url": "text", "title": "text", "summary?": "text", "icon?": "object", "status?": "object"},
        },
        answered={"id": "number", "self": "text"},
        status=(200, 201),
    ),
    "POST /rest/api/3/issueLink": Operation(
        sent={
            "type": {"name": "text"},
            "inwardIssue": {"key": "text"},
            "outwardIssue": {"key": "text"},
            "comment?": "object",
        },
        status=(201,),
    ),
}

SP_INCIDENT = {
    "id": "text",
    "page_id": "text",
    "name": "text",
    "status": "text",
    "shortlink": "text",
    "created_at": "text",
    "updated_at": "text",
    "incident_updates": [{"id": "text", "incident_id": "text", "body": "text", "status": "text", "created_at": "text"}],
}
SP_SENT = {
    "name?": "text",
    "status?": "text",
    "body?": "text",
    "components?": "object",
    "component_ids?": "list",
    "deliver_notifications?": "yes",
    "metadata?": "object",
    "impact_override?": "text",
}
STATUSPAGE: dict[str, Operation] = {
    "GET /v1/pages/{}": Operation(answered={"id": "text", "name": "text"}, headers=("Authorization",)),
    "GET /v1/pages/{}/components": Operation(query=("page", "per_page")),
    "GET /v1/pages/{}/incidents": Operation(query=("q", "limit", "page")),
    "POST /v1/pages/{}/incidents": Operation(
        sent={"incident": SP_SENT | {"name": "text"}}, answered=SP_INCIDENT, status=(201,)
    ),
    "GET /v1/pages/{}/incidents/{}": Operation(answered=SP_INCIDENT),
    "PATCH /v1/pages/{}/incidents/{}": Operation(sent={"incident": SP_SENT}, answered=SP_INCIDENT),
}

REPOSITORY = "/repos/{}/{}"
GH_ISSUE = {
    "id": "number",
    "number": "number",
    "state": "text",
    "title": "text",
    "body": "text|none",
    "html_url": "text",
    "url": "text",
    "repository_url": "text",
    "user": {"login": "text"},
    "labels": "list",
    "locked": "yes",
    "comments": "number",
    "created_at": "text",
    "updated_at": "text",
    "closed_at": "text|none",
}
GH_HEADERS = ("Authorization", "Accept", "X-GitHub-Api-Version", "User-Agent")
GITHUB: dict[str, Operation] = {
    f"GET {REPOSITORY}": Operation(
        answered={"id": "number", "name": "text", "full_name": "text", "default_branch": "text", "has_issues": "yes"},
        headers=GH_HEADERS,
    ),
    f"GET {REPOSITORY}/issues": Operation(
        query=(
            *("milestone", "state", "assignee", "type", "creator", "mentioned", "labels", "sort", "direction", "since"),
            *("per_page", "page"),
        ),
        enums={
            "state": ("open", "closed", "all"),
            "sort": ("created", "updated", "comments"),
            "direction": ("asc", "desc"),
        },
    ),
    f"POST {REPOSITORY}/issues": Operation(
        sent={
            "title": "text",
            "body?": "text",
            "labels?": "list",
            "assignees?": "list",
            "milestone?": "number",
            "type?": "text",
        },
        answered=GH_ISSUE,
        status=(201,),
        headers=GH_HEADERS,
    ),
    f"GET {REPOSITORY}/issues/{{}}": Operation(answered=GH_ISSUE),
    f"PATCH {REPOSITORY}/issues/{{}}": Operation(
        sent={"state?": "text", "state_reason?": "text|none", "title?": "text", "body?": "text", "labels?": "list"},
        answered=GH_ISSUE,
    ),
    f"GET {REPOSITORY}/deployments": Operation(query=("sha", "ref", "task", "environment", "per_page", "page")),
    f"GET {REPOSITORY}/releases": Operation(query=("per_page", "page")),
}


def differences(exchanges: list[Exchange], known: Mapping[str, Operation]) -> list[str]:
    """What was asked or answered otherwise than the table says, as sentences, each once."""
    return list(dict.fromkeys(each for exchange in exchanges for each in _differences(exchange, known)))


def operations(exchanges: list[Exchange], known: Mapping[str, Operation]) -> set[str]:
    """The operations that were called."""
    return {name for each in exchanges if (name := _named(each, known))}


def _named(said: Exchange, known: Mapping[str, Operation]) -> str | None:
    called = f"{said.method} {said.path}"
    fitting = (name for name in known if re.fullmatch(re.escape(name).replace(r"\{\}", "[^/]+"), called))
    return next(fitting, None)


def _differences(said: Exchange, known: Mapping[str, Operation]) -> Iterator[str]:
    name = _named(said, known)
    if name is None:
        yield f"{said.method} {said.path} is not in the vendor's document"
        return
    operation = known[name]
    for parameter, value in said.query:
        if parameter not in operation.query:
            yield f"{name} has no parameter {parameter}"
        elif value not in operation.enums.get(parameter, (value,)):
            yield f"{name} knows no {parameter}={value}"
    yield from (f"{name} needs the header {each}" for each in operation.headers if each not in said.headers)
    if operation.sent is not None:
        yield from (f"{name}: the request's {each}" for each in _wrong(operation.sent, said.body, closed=True))
    elif said.body is not None:
        yield f"{name} takes no body"
    if said.status < 300:
        if said.status not in operation.status:
            yield f"{name} answers {operation.status}, not {said.status}"
        if operation.answered is not None:
            yield from (f"{name}: the answer's {each}" for each in _wrong(operation.answered, said.answer))


def _wrong(shape: Any, value: Any, path: str = "body", *, closed: bool = False) -> Iterator[str]:
    if isinstance(shape, str):
        types = tuple(each for word in shape.split("|") for each in TYPES[word])
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            yield f"{path} is {value!r}, not {shape}"
    elif isinstance(shape, list):
        if not isinstance(value, list):
            yield f"{path} is no list"
            return
        for number, each in enumerate(value):
            yield from _wrong(shape[0], each, f"{path}[{number}]", closed=closed)
    elif not isinstance(value, dict):
        yield f"{path} is no object"
    else:
        names = {name.removesuffix("?"): name for name in shape}
        if closed:
            yield from (f"{path} has a field {name}, which is not known" for name in value.keys() - names.keys())
        for plain, name in names.items():
            if plain in value:
                yield from _wrong(shape[name], value[plain], f"{path}.{plain}", closed=closed)
            elif not name.endswith("?"):
                yield f"{path} has no {plain}"
