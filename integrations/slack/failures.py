"""What a failed call means: wait and try again, look first, or give up; and Slack's error codes in words, each with the next
step.

Rules: docs.slack.dev "Rate limits" (429, Retry-After) and "common errors" (after internal_error, fatal_error and
time-outs the act may have happened). Codes: the error table of each method. A code that is not here is shown as Slack
wrote it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError

from warroom.errors import Rejected, Retryable

log = structlog.get_logger(__name__)

PASSING = frozenset({"internal_error", "fatal_error", "request_timeout", "service_unavailable", "team_added_to_org"})
"""Codes of trouble on Slack's side."""
LIMITED = frozenset({"ratelimited", "rate_limited"})
UNTOLD_WAIT = 30.0
"""Seconds to wait when a 429 does not say how long."""


class SlackDeclined(Rejected):
    """Slack said no. `answer` is everything it said."""

    def __init__(self, message: str, *, code: str, advice: str, answer: Mapping[str, Any]) -> None:
        super().__init__(message, code=code, advice=advice)
        self.answer = answer


def failure(method: str, error: Exception) -> Retryable | Rejected:
    """The meaning of whatever the SDK or aiohttp raised for a call of `method`."""
    if isinstance(error, SlackApiError):
        return _refused(method, error.response)
    if isinstance(error, aiohttp.ClientConnectorError):
        return Retryable(f"Slack could not be reached for {method}", outcome_unknown=False)
    if isinstance(error, aiohttp.InvalidURL):
        return Rejected("the address of Slack's API is not a URL", code="invalid_url", advice="Check SLACK_API_URL.")
    if isinstance(error, TimeoutError):
        return Retryable(f"Slack took too long to answer {method}", outcome_unknown=True)
    if isinstance(error, OSError | aiohttp.ClientError):
        return Retryable(f"the connection to Slack broke during {method}", outcome_unknown=True)
    return Retryable(f"Slack answered {method} with something unreadable", outcome_unknown=True)


def _refused(method: str, response: Any) -> Retryable | Rejected:
    status, answer = _status(response), getattr(response, "data", None)
    known: Mapping[str, Any] = answer if isinstance(answer, dict) else {}
    code = str(known.get("error") or "")
    if status == 429 or code in LIMITED:
        wait = retry_after(getattr(response, "headers", {}))
        return Retryable(f"Slack asks to wait {wait:g} s before {method}", after=wait, outcome_unknown=False)
    if code in PASSING or status >= 500 or "ok" not in known:
        return Retryable(f"Slack had trouble with {method} ({code or f'HTTP {status}'})", outcome_unknown=True)
    messages = (known.get("response_metadata") or {}).get("messages")
    log.warning("Slack refused", method=method, code=code, messages=messages, needed=known.get("needed"))
    what, step = explain(code or "no code", known)
    return SlackDeclined(what, code=code, advice=step, answer=known)


def _status(response: Any) -> int:
    # The SDK gives its own response, or aiohttp's when the body was not JSON.
    return int(getattr(response, "status_code", None) or getattr(response, "status", None) or 0)


def retry_after(headers: Mapping[str, str]) -> float:
    """Seconds that a 429 asks to wait, at least 1; UNTOLD_WAIT when it does not say."""
    value = str(headers.get("Retry-After", "")).strip()
    return max(1.0, float(value)) if value.isdigit() else UNTOLD_WAIT


_RENEW_TOKEN = "Check SLACK_BOT_TOKEN (“OAuth & Permissions” of the Slack app) and start Warroom again."
_ADMIN = "Ask a workspace admin to allow it for the app, or do it by hand."
_BUG = "This is a fault in Warroom; the log line about it says what Slack objected to."
_UNARCHIVE = "Unarchive the channel by hand in Slack if it is still needed."

ADVICE: Mapping[str, tuple[str, str]] = {
    "missing_scope": ("the app lacks a permission", "Paste manifest.yml into the Slack app, and reinstall the app."),
    "not_authed": ("no token was sent", _RENEW_TOKEN),
    "invalid_auth": ("the bot token is not valid", _RENEW_TOKEN),
    "account_inactive": ("the bot's account was switched off", "Reinstall the app in the workspace."),
    "token_revoked": (
        "the bot token was revoked",
        "Reinstall the app in the workspace and set the new SLACK_BOT_TOKEN.",
    ),
    "token_expired": ("the bot token has expired", "Reinstall the app without token rotation and set the new token."),
    "not_allowed_token_type": ("this is the wrong kind of token", _RENEW_TOKEN),
    "no_permission": ("the app is not allowed to do that", _ADMIN),
    "access_denied": ("the app is not allowed to do that", _ADMIN),
    "restricted_action": ("the workspace's settings do not allow it", _ADMIN),
    "restricted_action_read_only_channel": ("only some people may post in that channel", _ADMIN),
    "restricted_action_thread_locked": ("the thread is locked", "Unlock the thread, or say it in the channel by hand."),
    "permission_denied": ("the workspace's settings do not allow it", _ADMIN),
    "cannot_create_channel": ("the app may not create channels", _ADMIN),
    "user_is_restricted": ("the account is restricted", _ADMIN),
    "cant_invite": ("Slack does not let the app invite this account", _ADMIN),
    "invitee_cant_see_channel": ("this account may not see the channel", _ADMIN),
    "no_external_invite_permission": ("the person is of another workspace", _ADMIN),
    "org_user_not_in_team": ("the person is not in this workspace", _ADMIN),
    "ura_max_channels": ("the guest is in as many channels as Slack allows", _ADMIN),
    "not_authorized": ("the channel was not made by the app", "Rename the channel by hand."),
    "not_in_channel": ("the bot is not in that channel", "Invite it there: /invite @Warroom"),
    "channel_not_found": (
        "the channel does not exist, or it is private and the bot is not in it",
        "Check the name; for a private channel, invite the bot: /invite @Warroom",
    ),
    "is_archived": ("the channel is archived", _UNARCHIVE),
    "is_inactive": ("the channel is archived", _UNARCHIVE),
    "name_taken": (
        "every channel name that was tried is taken",
        "Rename or delete an old channel, then declare again.",
    ),
    "user_not_found": ("there is no such person", "Check who was meant."),
    "users_not_found": ("there is no such person", "Check who was meant."),
    "user_not_visible": (
        "the person cannot be seen by the app",
        "Ask a workspace admin whether the app may see guests.",
    ),
    "messages_tab_disabled": (
        "the app cannot write to people directly",
        "Switch on “Messages Tab” under “App Home” of the Slack app.",
    ),
    "not_enabled": ("the Home tab is switched off", "Switch on “Home Tab” under “App Home” of the Slack app."),
    "too_many_pins": ("the channel has as many pins as Slack allows", "Remove some pins."),
    "not_pinnable": ("the message cannot be pinned", "Pin it by hand."),
    "too_many_bookmarks": ("the channel has as many bookmarks as Slack allows", "Remove some bookmarks."),
    "no_such_subteam": (
        "there is no such user group",
        "Correct the user group in the policy, or make it in Slack; one that was disabled can be enabled there.",
    ),
    "no_users_provided": ("a user group cannot be empty", "Nothing to do; its last members stay."),
    "invalid_users": (
        "somebody cannot be in a user group",
        "Guests and bots cannot; name somebody else in the schedule.",
    ),
    "invalid_user": (
        "somebody cannot be in a user group",
        "Guests and bots cannot; name somebody else in the schedule.",
    ),
    "single_channel_guests_cannot_be_added": (
        "a guest cannot be in a user group",
        "Name somebody else in the schedule.",
    ),
    "not_implemented": ("this workspace does not have that feature", "Nothing to do; the rest goes on."),
    "plan_upgrade_required": ("the workspace's plan does not have that feature", "Nothing to do; the rest goes on."),
    "method_not_supported_for_channel_type": (
        "the channel is of a kind that does not allow it",
        "For a private channel, invite the bot: /invite @Warroom",
    ),
    "invalid_link": (
        "Slack does not accept the address",
        "Correct the link in the policy: it must start with https://",
    ),
    "cant_update_message": ("the message belongs to another app", _BUG),
    "cant_delete_message": ("the message belongs to another app", "Delete it by hand."),
    "edit_window_closed": ("the workspace does not allow editing old messages", _ADMIN),
    "message_limit_exceeded": ("the workspace has reached its message limit", "Ask a workspace admin."),
    "file_uploads_disabled": ("the workspace does not allow uploads", _ADMIN),
    "storage_limit_reached": ("the workspace's file storage is full", "Delete old files or ask a workspace admin."),
    "file_type_not_allowed": ("the workspace does not allow this kind of file", _ADMIN),
    "posting_to_channel_denied": ("the app may not post in that channel", _ADMIN),
    "invalid_blocks": ("Slack did not accept how the message is drawn", _BUG),
    "invalid_blocks_format": ("Slack did not accept how the message is drawn", _BUG),
    "invalid_arguments": ("Slack did not accept the request", _BUG),
    "msg_blocks_too_long": ("the message is too long", _BUG),
    "msg_too_long": ("the message is too long", _BUG),
    "unknown_method": ("Slack does not know this request", "Check SLACK_API_URL."),
}


def explain(code: str, answer: Mapping[str, Any]) -> tuple[str, str]:
    """(what happened, the next step). `answer` is Slack's, for the scope it names under `needed`."""
    if code == "missing_scope" and answer.get("needed"):
        needed = str(answer["needed"])
        return (
            f"the app lacks the permission {needed} ({code})",
            f"Paste manifest.yml into the Slack app (or add the scope {needed} under “OAuth & Permissions”), and reinstall the app.",
        )
    what, step = ADVICE.get(code, ("Slack refused", "Look the code up at docs.slack.dev, or do it by hand."))
    return f"{what} ({code})", step
