"""Ids of actions, forms and shortcuts, shared with `handlers`; and what a button carries."""

from __future__ import annotations

from typing import NamedTuple

ACKNOWLEDGE = "incident.acknowledge"
ON_IT = "incident.on_it"
ESCALATE = "incident.escalate"
RESOLVE = "incident.resolve"
POST_UPDATE = "incident.post_update"
REOPEN = "incident.reopen"
MERGE = "incident.merge"
CATCH_UP = "incident.catch_up"
MENU = "incident.menu"
ALERT_MENU = "incident.monitor"
RAISE = "severity.raise"
SNOOZE = "reminder.snooze"
INVITE_CANDIDATE = "candidate.invite"
PAGE_CANDIDATE = "candidate.page"
ROLE_CANDIDATE = "candidate.role"
JOIN = "incident.join"
SUBSCRIBE = "incident.subscribe"
UNSUBSCRIBE = "incident.unsubscribe"
DECLARE_TEXT = "declare.text"
EDIT_POSTMORTEM = "postmortem.edit"
PUBLISH_POSTMORTEM = "postmortem.publish"
TAKE_COVER = "oncall.take"
UNDO_COVER = "oncall.undo"
FEED = "oncall.feed"
FEED_NEW = "oncall.feed_new"
FEED_REVOKE = "oncall.feed_revoke"
DECLARE = "home.declare"
OPEN_LINK = "link.open"
INTEGRATION = "integration.choose"
TRY_AGAIN = "effect.retry"
INVESTIGATE = "investigation.run"
SHOW_INVESTIGATION = "investigation.show"
PAGE_OWNER = "investigation.page"
ANSWER_CAUSE = "investigation.judge"  # as messages that were posted carry it
EVERYTHING_LEFT = "*"
"""What Try again carries when it means all that is still open elsewhere."""
CANCEL = "incident.cancel"
RUN_CHOOSE = "run.choose"
RUN_STOP = "run.stop"
RUN_UNDO = "run.undo"
RUN_APPROVE = "run.approve"
RUN_DECLINE = "run.decline"
RUN_ANSWER = "run.answer"
RUN_HAPPENED = "run.happened"
RUN_NOT_HAPPENED = "run.not_happened"
RUN_TICK = "run.tick"
VISIBILITY = "incident.visibility"
TAKE_COMMAND = "incident.take_command"
KEEP_CHANNEL = "incident.keep_channel"
ACTION_MENU = "action.menu"
ACTION_ADD = "action.add"
HOME_MENU = "home.menu"
LIST_MORE = "list.more"

# What the menu of the card offers (`blocks.card_menu`): the value's part after the incident id.
MENU_SEVERITY = "severity"
MENU_ROLES = "roles"
MENU_PAGE = "page"
MENU_MITIGATE = "mitigate"
MENU_REOPEN = "reopen"
MENU_POSTMORTEM = "postmortem"
MENU_EDIT = "edit"
MENU_TIMELINE = "timeline"
MENU_ACTION = "action"
MENU_CANCEL = "cancel"
MENU_CATCH_UP = "catch_up"
MENU_RUN = "run"
MENU_INVESTIGATE = "investigate"

# What the menu of an incident on the App Home offers besides.
HOME_ACKNOWLEDGE = "acknowledge"
HOME_UPDATE = "update"
HOME_RESOLVE = "resolve"

# What the menu of an action item offers: the value's part after the incident id, before the item's number.
ACTION_DONE = "done"
ACTION_REOPEN = "reopen"
ACTION_EDIT = "edit"
ACTION_TAKE = "take"
ACTION_DELETE = "delete"

# The menu beside the alerts offers what integrations can do ("vendor:mute:42"), or a link ("open:…") to follow.
ALERT_MENU_LINK = "open"

FORM_DECLARE = "form.declare"
FORM_UPDATE = "form.update"
FORM_SEVERITY = "form.severity"
FORM_ROLES = "form.roles"
FORM_PAGE = "form.page"
FORM_POSTMORTEM = "form.postmortem"
FORM_INTEGRATION = "form.integration"
FORM_RESOLVE = "form.resolve"
FORM_CANCEL = "form.cancel"
FORM_EDIT = "form.edit"
FORM_NOTE = "form.note"
VIEW_FEED = "view-feed"
"""Shows a link to a calendar; nothing can be sent with it."""
FORM_ACTION = "form.action"
FORM_RUN = "form.run"
INVESTIGATION_VIEW = "investigation"

SHORTCUT_DECLARE = "declare_from_message"
SHORTCUT_TIMELINE = "add_to_timeline"
SHORTCUT_ACTION = "add_action_item"


class Carried(NamedTuple):
    """What a button's value says: which incident, and what the person saw when they pressed."""

    incident_id: str
    seen: str


def nth(action_id: str, number: int) -> str:
    """The id of one of several like buttons in a message: Slack wants each id once. A listener matches the beginning."""
    return f"{action_id}:{number}"


def carry(incident_id: str, seen: str = "") -> str:
    """A button's value. `seen` lets a second press of the same picture be recognised."""
    return f"{incident_id}|{seen}"


def carried(value: str) -> Carried:
    """The opposite of `carry`."""
    incident_id, _, seen = value.partition("|")
    return Carried(incident_id, seen)
