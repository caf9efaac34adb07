"""auth.*, team.*, bots.*, users.*, usergroups.*: https://docs.slack.dev/reference/methods"""

from __future__ import annotations

from sandbox import shapes
from sandbox.arguments import Arguments
from sandbox.errors import SlackError
from sandbox.methods.table import SPECIAL, TIER_2, TIER_3, TIER_4, method
from sandbox.model import Json, Person, UserGroup
from sandbox.paging import page
from sandbox.workspace import Workspace


def _shown(ws: Workspace, person: Person) -> Json:
    return shapes.person(ws, person, with_email="users:read.email" in ws.app.scopes)


@method("auth.test", SPECIAL)
def auth_test(ws: Workspace, args: Arguments) -> Json:
    return {
        "url": ws.url, "team": ws.name, "user": ws.app.name, "team_id": ws.team_id, "user_id": ws.app.bot_user,
        "bot_id": ws.app.bot_id, "is_enterprise_install": False,
    }  # fmt: skip


@method("team.info", TIER_3, "team:read", honours="team, domain")
def team_info(ws: Workspace, args: Arguments) -> Json:
    if args.text("team", ws.team_id) != ws.team_id or args.text("domain", ws.domain) != ws.domain:
        raise SlackError("team_not_found")
    return {"team": {"id": ws.team_id, "name": ws.name, "domain": ws.domain, "url": ws.url, "icon": {}}}


@method("bots.info", TIER_3, "users:read", honours="bot")
def bots_info(ws: Workspace, args: Arguments) -> Json:
    wanted = args.text("bot")
    if not wanted:
        raise SlackError("missing_argument")
    for person in ws.people.values():
        if person.is_bot and person.bot_id == wanted:
            return {"bot": {"id": person.bot_id, "app_id": person.app_id, "user_id": person.id, "name": person.name,
                            "deleted": person.deleted, "updated": person.updated, "icons": {}}}  # fmt: skip
    raise SlackError("bot_not_found")


@method("users.list", TIER_2, "users:read", honours="limit, cursor")
def list_users(ws: Workspace, args: Arguments) -> Json:
    if "limit" not in args and len(ws.people) > 1000:
        raise SlackError("limit_required")
    items, metadata = page(ws, args, list(ws.people.values()), default=999)
    return {"members": [_shown(ws, person) for person in items], "cache_ts": ws.today} | metadata


@method("users.info", TIER_4, "users:read", honours="user")
def user_info(ws: Workspace, args: Arguments) -> Json:
    return {"user": _shown(ws, _person(ws, args.required("user")))}


@method("users.lookupByEmail", TIER_3, "users:read.email", honours="email")
def lookup(ws: Workspace, args: Arguments) -> Json:
    email = args.required("email").casefold()
    for person in ws.people.values():
        if person.email.casefold() == email and not person.deleted and not person.is_bot:
            return {"user": _shown(ws, person)}
    raise SlackError("users_not_found")


@method("users.getPresence", TIER_3, "users:read", honours="user")
def presence(ws: Workspace, args: Arguments) -> Json:
    person = _person(ws, args.text("user") or ws.app.bot_user)
    if person is not ws.bot:
        return {"presence": person.presence}
    return {"presence": person.presence, "online": True, "auto_away": False, "manual_away": False,
            "connection_count": 1, "last_activity": ws.today}  # fmt: skip


def _person(ws: Workspace, user: str) -> Person:
    if user not in ws.people:
        raise SlackError("user_not_found")
    return ws.people[user]


def _paid(ws: Workspace) -> None:
    if ws.plan_is_free:
        raise SlackError("plan_upgrade_required")


@method("usergroups.list", TIER_2, "usergroups:read", honours="include_users, include_disabled, include_count")
def list_groups(ws: Workspace, args: Arguments) -> Json:
    _paid(ws)
    shown = [group for group in ws.groups.values() if args.flag("include_disabled") or not group.disabled]
    return {"usergroups": [shapes.group(ws, group, with_users=args.flag("include_users"), counted=args.flag("include_count"))
                       for group in shown]}  # fmt: skip


@method("usergroups.users.list", TIER_2, "usergroups:read", honours="usergroup, include_disabled")
def list_group_users(ws: Workspace, args: Arguments) -> Json:
    _paid(ws)
    group: UserGroup | None = ws.groups.get(args.required("usergroup"))
    if group is None or (group.disabled and not args.flag("include_disabled")):
        raise SlackError("no_such_subteam")
    return {"users": list(group.users)}
