"""users.* and usergroups.*: https://docs.slack.dev/reference/methods"""

from __future__ import annotations

from sandbox import api_objects
from sandbox.arguments import Arguments
from sandbox.errors import SlackError
from sandbox.events import emit
from sandbox.methods.registry import TIER_2, TIER_3, TIER_4, method
from sandbox.model import Json, SlackUser, UserGroup
from sandbox.pagination import paginate
from sandbox.workspace import WorkspaceState


def _shown(ws: WorkspaceState, person: SlackUser) -> Json:
    return api_objects.person(ws, person, with_email="users:read.email" in ws.app.scopes)


@method("users.list", TIER_2, "users:read", arguments="limit, cursor")
def list_users(ws: WorkspaceState, args: Arguments) -> Json:
    if "limit" not in args and len(ws.people) > 1000:
        raise SlackError("limit_required")
    items, metadata = paginate(ws, args, list(ws.people.values()), default=999)
    return {"members": [_shown(ws, person) for person in items], "cache_ts": ws.now_seconds} | metadata


@method("users.info", TIER_4, "users:read", arguments="user")
def user_info(ws: WorkspaceState, args: Arguments) -> Json:
    return {"user": _shown(ws, _person(ws, args.required("user")))}


@method("users.lookupByEmail", TIER_3, "users:read.email", arguments="email")
def lookup(ws: WorkspaceState, args: Arguments) -> Json:
    email = args.required("email").casefold()
    for person in ws.people.values():
        if person.email.casefold() == email and not person.deleted and not person.is_bot:
            return {"user": _shown(ws, person)}
    raise SlackError("users_not_found")


def _person(ws: WorkspaceState, user: str) -> SlackUser:
    if user not in ws.people:
        raise SlackError("user_not_found")
    return ws.people[user]


def _refuse_free_plan(ws: WorkspaceState) -> None:
    if ws.plan_is_free:
        raise SlackError("plan_upgrade_required")


@method("usergroups.list", TIER_2, "usergroups:read", arguments="include_users, include_disabled, include_count")
def list_groups(ws: WorkspaceState, args: Arguments) -> Json:
    _refuse_free_plan(ws)
    shown = [group for group in ws.groups.values() if args.flag("include_disabled") or not group.disabled]
    return {"usergroups": [api_objects.group(ws, group, with_users=args.flag("include_users"), counted=args.flag("include_count"))
                       for group in shown]}  # fmt: skip


@method("usergroups.users.list", TIER_2, "usergroups:read", arguments="usergroup, include_disabled")
def list_group_users(ws: WorkspaceState, args: Arguments) -> Json:
    _refuse_free_plan(ws)
    group: UserGroup | None = ws.groups.get(args.required("usergroup"))
    if group is None or (group.disabled and not args.flag("include_disabled")):
        raise SlackError("no_such_subteam")
    return {"users": list(group.users)}


@method("usergroups.users.update", TIER_2, "usergroups:write", arguments="usergroup, users, include_count")
def update_group_users(ws: WorkspaceState, args: Arguments) -> Json:
    """Replaces all members. A group cannot be emptied, and holds neither bots nor guests."""
    _refuse_free_plan(ws)
    group = ws.groups.get(args.required("usergroup"))
    wanted = list(dict.fromkeys(args.ids("users")))
    if not wanted:
        raise SlackError("no_users_provided")
    if ws.groups_for_admins:
        raise SlackError("permission_denied")
    if group is None or group.disabled:
        raise SlackError("no_such_subteam")
    for each in wanted:
        person = ws.people.get(each)
        if person is None or person.deleted or person.is_bot:
            raise SlackError("invalid_users")
        if person.is_ultra_restricted:
            raise SlackError("single_channel_guests_cannot_be_added")
        if person.is_restricted:
            raise SlackError("invalid_user")
    set_members(ws, group, wanted)
    return {"usergroup": api_objects.group(ws, group, with_users=True, counted=args.flag("include_count"))}


def set_members(ws: WorkspaceState, group: UserGroup, members: list[str]) -> None:
    """The group has these members: events subteam_members_changed and subteam_updated, where anything changed."""
    before, group.users = group.users, list(members)
    if set(before) == set(members):
        return
    added, removed = ([m for m in members if m not in before], [m for m in before if m not in members])
    previous, group.updated = group.updated, ws.now_seconds
    emit(ws, {
        "type": "subteam_members_changed", "subteam_id": group.id, "team_id": ws.team_id,
        "date_previous_update": previous, "date_update": group.updated,
        "added_users": added, "added_users_count": len(added),
        "removed_users": removed, "removed_users_count": len(removed),
    })  # fmt: skip
    emit(ws, {"type": "subteam_updated", "subteam": api_objects.group(ws, group, with_users=True, counted=True)})
