"""Whether the user of JIRA_EMAIL may do what is asked of it, and whether an issue can be made with what the policy says.

Outside sources: "Get my permissions", "Get create field metadata for a project and issue type id".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.jira.client import JiraClient
from integrations.jira.policy import JiraPolicy

ALWAYS = ("BROWSE_PROJECTS", "CREATE_ISSUES", "ADD_COMMENTS", "TRANSITION_ISSUES")
FOR_ACTION_ITEMS = ("LINK_ISSUES", "ASSIGN_ISSUES")
SENT = frozenset({"project", "issuetype", "summary", "description", "labels", "reporter"})
"""Fields that every new issue has; Jira fills in the reporter."""


async def lacking(client: JiraClient, said: JiraPolicy, email: str) -> list[str]:
    """A sentence for each permission that is missing in the project. Raises Retryable or Rejected."""
    wanted = [*ALWAYS, *(FOR_ACTION_ITEMS if said.action_type else ())]
    what = f"Looking for the permissions in the project {said.project}"
    found = await client.get(what, "mypermissions", projectKey=said.project or "", permissions=",".join(wanted))
    return [
        f"jira.project: {email} lacks the permission {_words(each)} in {said.project}; give it in the permission scheme of the project"
        for each in wanted
        if not (found["permissions"].get(each) or {}).get("havePermission")
    ]


async def needed_fields(client: JiraClient, said: JiraPolicy, project: Mapping[str, Any]) -> list[str]:
    """A sentence for each field without which Jira makes no issue, and which the policy does not say. Raises Retryable or
    Rejected.
    """
    names = [
        str(each["id"]) for each in project.get("issueTypes") or () if each["name"] == said.issue_type and "id" in each
    ]
    if not names:
        return []
    path = ("issue", "createmeta", said.project or "", "issuetypes", names[0])
    fields = (await client.get("Reading the fields of a new issue", *path, maxResults="200"))["fields"]
    known = SENT | said.fields.keys() | ({"priority"} if said.priority else set())
    return [
        f"jira.fields: an issue of the type {said.issue_type} needs {each['name']}; add {each['fieldId']}: … to jira.fields"
        for each in fields
        if each.get("required") and not each.get("hasDefaultValue") and each["fieldId"] not in known
    ]


def _words(permission: str) -> str:
    """ "CREATE_ISSUES" as Jira's pages write it: "Create issues"."""
    return permission.replace("_", " ").capitalize()
