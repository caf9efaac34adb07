"""One function per effect kind, by family, and which of them performs which effect."""

from __future__ import annotations

from collections.abc import Mapping

from integrations.slack.performers import (
    activity,
    alert_channels,
    announcements,
    archive,
    canvas,
    charts,
    direct,
    directory,
    documents,
    investigation,
    oncall,
    posts,
    private_replies,
    rooms,
    runs,
)
from integrations.slack.performers.performer import Performing

PERFORMERS: Mapping[str, Performing] = {
    "open_room": rooms.open_room,
    "rename_room": rooms.rename_room,
    "archive_room": archive.archive_room,
    "unarchive_room": archive.unarchive_room,
    "invite": rooms.invite,
    "show_card": posts.show_card,
    "show_run": runs.show_run,
    "announce": announcements.announce,
    "tell_team": announcements.tell_team,
    "tell_everybody": announcements.tell_everybody,
    "post": posts.post,
    "withdraw": posts.withdraw,
    "send_direct": direct.send_direct,
    "tell_morning": direct.tell_morning,
    "redraw_direct": direct.redraw_direct,
    "reply_to_source": direct.reply_to_source,
    "pin_card": rooms.pin_card,
    "set_topic": rooms.set_topic,
    "set_purpose": rooms.set_purpose,
    "add_bookmark": rooms.add_bookmark,
    "private_reply": private_replies.private_reply,
    "share_document": documents.share_document,
    "share_canvas": canvas.share_canvas,
    "share_picture": charts.share_picture,
    "show_investigation": investigation.show_investigation,
    "share_findings": investigation.share_findings,
    "send_chart": charts.send_chart,
    "post_review": charts.post_review,
    "publish_home": private_replies.publish_home,
    "show_override": oncall.show_override,
    "tell_shift": oncall.tell_shift,
    "keep_user_group": oncall.keep_user_group,
    "tell_user_group": oncall.tell_user_group,
    "sync_directory": directory.sync_directory,
    "read_room_members": rooms.read_room_members,
    "read_room_activity": activity.read_room_activity,
    "read_alert_channels": alert_channels.read_alert_channels,
}
"""By effect kind."""
