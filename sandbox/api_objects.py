"""The JSON objects of the Web API: user, user group, conversation, message, file, bookmark, view.

Field names follow the samples in slackapi/java-slack-sdk, json-logs/samples.
"""

from __future__ import annotations

from sandbox.model import Bookmark, Channel, File, Json, Note, SlackMessage, SlackUser, UserGroup, View
from sandbox.workspace import WorkspaceState


def person(ws: WorkspaceState, who: SlackUser, *, with_email: bool) -> Json:
    """A user object; with the email address only where the caller may read it."""
    first, _, last = who.real_name.partition(" ")
    profile: Json = {
        "title": who.title, "real_name": who.real_name, "real_name_normalized": who.real_name,
        "display_name": who.display_name, "display_name_normalized": who.display_name,
        "first_name": first, "last_name": last, "team": ws.team_id, "status_text": "", "status_emoji": "",
    }  # fmt: skip
    if with_email and who.email:
        profile["email"] = who.email
    if who.is_bot:
        profile |= {"bot_id": who.bot_id, "api_app_id": who.app_id}
    answer: Json = {
        "id": who.id, "team_id": ws.team_id, "name": who.name, "deleted": who.deleted, "profile": profile,
        "is_bot": who.is_bot, "is_app_user": False, "updated": who.updated,
    }  # fmt: skip
    if not who.deleted:
        answer |= {
            "real_name": who.real_name, "tz": who.tz, "tz_label": who.tz, "tz_offset": who.tz_offset,
            "is_admin": who.is_admin, "is_owner": False, "is_primary_owner": False,
            "is_restricted": who.is_restricted, "is_ultra_restricted": who.is_ultra_restricted,
        }  # fmt: skip
    return answer


def group(ws: WorkspaceState, this: UserGroup, *, with_users: bool, counted: bool = False) -> Json:
    """A user group object."""
    answer: Json = {
        "id": this.id, "team_id": ws.team_id, "is_usergroup": True, "is_subteam": True, "name": this.name,
        "handle": this.handle, "description": "", "is_external": False, "date_create": this.updated,
        "date_update": this.updated, "date_delete": this.updated if this.disabled else 0,
        "prefs": {"channels": [], "groups": []},
    }  # fmt: skip
    if counted:
        answer["user_count"] = len(this.users)
    if with_users:
        answer["users"] = list(this.users)
    return answer


def channel(ws: WorkspaceState, this: Channel, viewer: str, *, counted: bool = False) -> Json:
    """A channel object as `viewer` (a user id) sees it."""
    if this.kind == "im":
        other = next((m for m in this.members if m != viewer), viewer)
        return {"id": this.id, "created": this.created, "is_im": True, "is_archived": False, "is_org_shared": False,
                "user": other, "is_user_deleted": ws.people[other].deleted, "updated": this.updated}  # fmt: skip
    answer: Json = {
        "id": this.id, "name": this.name, "name_normalized": this.name, "is_channel": this.kind == "channel",
        "is_group": False, "is_im": False, "is_mpim": this.kind == "mpim", "is_private": this.is_private,
        "is_archived": this.is_archived, "is_general": this.is_general, "is_shared": False, "is_org_shared": False,
        "is_ext_shared": False, "is_pending_ext_shared": False, "is_member": viewer in this.members,
        "created": this.created, "updated": this.updated or this.created * 1000, "creator": this.creator,
        "unlinked": 0, "topic": _note(this.topic_note), "purpose": _note(this.purpose_note),
        "previous_names": list(this.previous_names), "shared_team_ids": [ws.team_id], "pending_shared": [],
        "pending_connected_team_ids": [], "context_team_id": ws.team_id, "parent_conversation": None,
    }  # fmt: skip
    if viewer in this.members:
        answer |= {"is_open": True, "last_read": "0000000000.000000"}
    if counted:
        answer["num_members"] = len(this.members)
    if this.canvas:
        answer["properties"] = {"canvas": {"file_id": this.canvas, "is_empty": False, "quip_thread_id": ""}}
    return answer


def _note(note: Note) -> Json:
    return {"value": note.value, "creator": note.creator, "last_set": note.last_set}


def message(ws: WorkspaceState, this: SlackMessage, *, metadata: bool = False) -> Json:
    """A message object; its metadata only when asked for (`include_all_metadata`)."""
    answer: Json = {"type": "message", "user": this.user, "text": this.text, "ts": this.ts}
    if this.subtype:
        answer["subtype"] = this.subtype
    if this.by_app:
        answer |= {"bot_id": ws.app.bot_id, "app_id": ws.app.app_id, "team": ws.team_id, "bot_profile": bot_profile(ws)}
    elif not this.subtype:
        answer["team"] = ws.team_id
    for key in ("blocks", "attachments"):
        if getattr(this, key):
            answer[key] = getattr(this, key)
    if this.thread_ts:
        answer["thread_ts"] = this.thread_ts
        if this.thread_ts != this.ts:
            answer["parent_user_id"] = this.extra.get("parent_user_id", "")
    if not_deleted := [reply for reply in this.replies if not reply.deleted]:
        speakers = list(dict.fromkeys(reply.user for reply in not_deleted))
        answer |= {"thread_ts": this.ts, "reply_count": len(not_deleted), "reply_users": speakers,
                   "reply_users_count": len(speakers), "latest_reply": not_deleted[-1].ts, "is_locked": False}  # fmt: skip
    if this.reactions:
        answer["reactions"] = [{"name": n, "users": list(u), "count": len(u)} for n, u in this.reactions.items()]
    if this.files:
        answer["files"] = [file(ws, f) for f in this.files]
    if this.edited:
        answer["edited"] = this.edited
    if this.metadata and metadata:
        answer["metadata"] = this.metadata
    return answer | {k: v for k, v in this.extra.items() if k != "parent_user_id"}


def bot_profile(ws: WorkspaceState) -> Json:
    """The bot_profile that messages of the app carry."""
    return {"id": ws.app.bot_id, "app_id": ws.app.app_id, "user_id": ws.app.bot_user, "name": ws.app.name,
            "icons": {}, "deleted": False, "updated": ws.bot.updated, "team_id": ws.team_id}  # fmt: skip


def file(ws: WorkspaceState, this: File) -> Json:
    """A file object."""
    shares: Json = {}
    for channel_id, ts in this.shares:
        kind = "private" if ws.channels[channel_id].is_private else "public"
        shares.setdefault(kind, {}).setdefault(channel_id, []).append(
            {"ts": ts, "channel_name": ws.channels[channel_id].name}
        )
    return {
        "id": this.id, "created": this.created, "timestamp": this.created, "name": this.name,
        "title": this.title or this.name, "filetype": this.name.rpartition(".")[2], "user": this.user,
        "size": this.length, "mode": "snippet" if this.snippet_type else "hosted", "is_external": False,
        "url_private": f"{ws.url}files/{this.id}/{this.name}", "permalink": f"{ws.url}files/{this.id}",
        "channels": [c for c, _ in this.shares], "shares": shares,
    }  # fmt: skip


def bookmark(this: Bookmark, channel_id: str) -> Json:
    """A bookmark object."""
    return {
        "id": this.id, "channel_id": channel_id, "title": this.title, "link": this.link, "emoji": this.emoji or None,
        "icon_url": None, "type": "link", "entity_id": None, "date_created": this.created,
        "date_updated": this.updated, "rank": this.id, "last_updated_by_user_id": this.user,
        "last_updated_by_team_id": None, "shortcut_id": None, "app_id": None,
    }  # fmt: skip


def view(ws: WorkspaceState, this: View) -> Json:
    """A view object, with the state of its inputs."""
    body = this.body
    return {
        "id": this.id, "team_id": ws.team_id, "type": this.type, "blocks": this.blocks,
        "private_metadata": body.get("private_metadata", ""), "callback_id": body.get("callback_id", ""),
        "external_id": body.get("external_id", ""), "state": {"values": this.state}, "hash": this.hash,
        "title": body.get("title"), "close": body.get("close"), "submit": body.get("submit"),
        "clear_on_close": body.get("clear_on_close", False), "notify_on_close": body.get("notify_on_close", False),
        "previous_view_id": this.previous, "root_view_id": this.root, "app_id": ws.app.app_id,
        "external_app_id": "", "app_installed_team_id": ws.team_id, "bot_id": ws.app.bot_id,
    }  # fmt: skip
