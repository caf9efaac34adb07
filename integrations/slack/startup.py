"""What is checked in Slack before anything starts, and by `check`: tokens and permissions, and whether the alert channels can
be read. Every problem is a sentence with a next step.

Sources: docs.slack.dev auth.test, apps.connections.open, "Using Socket Mode", "Tokens", conversations.info,
conversations.history, conversations.join.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass

from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from integrations.slack.channels import ChannelBook
from integrations.slack.client import call, close_client, open_client, respond
from integrations.slack.failures import SlackDeclined
from integrations.slack.rate_limits import Budget, RateLimitedClient
from integrations.slack.scopes import HEARD, NEEDED_FOR
from warroom.errors import Rejected, Retryable
from warroom.ports import Clock

BOT_PREFIXES = ("xoxb-", "xoxe.xoxb-")
APP_PREFIX = "xapp-"
GRANTED = "x-oauth-scopes"

WHERE_BOT = "It is under “OAuth & Permissions” of the Slack app, after “Install to Workspace”, and begins with xoxb-."
WHERE_APP = (
    "Make one under “Basic Information” → “App-Level Tokens” with the scope connections:write; it begins with xapp-."
)


@dataclass(frozen=True, slots=True)
class StartupReport:
    """What Slack said. `problems` keep the bot from working, `remarks` do not. Ids are empty where the token fails."""

    problems: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    bot_user_id: str = ""
    bot_id: str = ""
    team_id: str = ""
    team: str = ""
    again_after: float | None = None
    """Seconds after which asking again may help, because every problem may pass; None when asking again does not help."""

    @property
    def ok(self) -> bool:
        """Whether the bot can work."""
        return not self.problems


async def verify(bot_token: str, app_token: str, needed_scopes: Iterable[str], base_url: str) -> StartupReport:
    """What is wrong with the tokens, the permissions and the address. Raises nothing: trouble is in the report."""
    problems: list[str] = []
    remarks: list[str] = []
    waits: list[float] = []
    known: dict[str, str] = {}
    client = open_client(bot_token, base_url)
    try:
        response = await _bot(client, bot_token, problems, waits)
        if response is not None:
            known = {key: str(response.get(key) or "") for key in ("user_id", "bot_id", "team_id", "team")}
            _scopes(response, set(needed_scopes), problems, remarks)
        await _app(client, app_token, problems, waits)
    finally:
        await close_client(client)
    return StartupReport(
        problems=tuple(dict.fromkeys(problems)),
        remarks=tuple(remarks),
        bot_user_id=known.get("user_id", ""),
        bot_id=known.get("bot_id", ""),
        team_id=known.get("team_id", ""),
        team=known.get("team", ""),
        again_after=max(waits) if waits and len(waits) == len(problems) else None,
    )


async def _bot(
    client: AsyncWebClient, token: str, problems: list[str], waits: list[float]
) -> AsyncSlackResponse | None:
    if (wrong := _misfit(token, "SLACK_BOT_TOKEN", BOT_PREFIXES, "a bot token", WHERE_BOT)) is not None:
        problems.append(wrong)
        return None
    try:
        return await respond(client, "auth.test")
    except SlackDeclined as refusal:
        problems.append(f"SLACK_BOT_TOKEN does not work: {refusal}. {refusal.advice}")
    except (Retryable, Rejected) as error:
        problems.append(_away(client, error))
        if isinstance(error, Retryable):
            waits.append(error.after or 0.0)
    return None


async def _app(client: AsyncWebClient, token: str, problems: list[str], waits: list[float]) -> None:
    if (wrong := _misfit(token, "SLACK_APP_TOKEN", APP_PREFIX, "an app-level token", WHERE_APP)) is not None:
        problems.append(wrong)
        return
    try:
        await call(client, "apps.connections.open", app_token=token)
    except SlackDeclined as refusal:
        problems.append(f"SLACK_APP_TOKEN does not open Socket Mode ({refusal.code}): {_socket_words(refusal.code)}")
    except (Retryable, Rejected) as error:
        problems.append(_away(client, error))
        if isinstance(error, Retryable):
            waits.append(error.after or 0.0)


def _misfit(token: str, setting: str, prefix: str | tuple[str, ...], kind: str, where: str) -> str | None:
    """Why the setting cannot be a token of that kind; None when it can."""
    if not token:
        return f"{setting} is missing. {where}"
    if not token.startswith(prefix):
        return f"{setting} is {_kind(token)}, not {kind}. {where}"
    if any(char.isspace() for char in token.strip()):
        # Pasted in pieces: no header can carry it, and Slack would never be asked.
        return f"{setting} has a space or a line break in it. Copy it again, in one piece. {where}"
    return None


def _kind(token: str) -> str:
    kinds = {"xoxb-": "a bot token", "xoxp-": "a user token", "xapp-": "an app-level token", "xoxe": "a rotating token"}
    return next((words for prefix, words in kinds.items() if token.startswith(prefix)), "something else")


def _socket_words(code: str) -> str:
    if code == "missing_scope":
        return f"it lacks the scope connections:write. {WHERE_APP}"
    if code in ("not_allowed_token_type", "invalid_auth", "not_authed", "token_revoked", "account_inactive"):
        return f"Slack does not accept it. {WHERE_APP}"
    return "switch on “Socket Mode” in the settings of the Slack app."


def _away(client: AsyncWebClient, error: Exception) -> str:
    return f"Slack did not answer at {client.base_url}: {error}. Check SLACK_API_URL, the network and the proxy."


def _scopes(response: AsyncSlackResponse, needed: set[str], problems: list[str], remarks: list[str]) -> None:
    header = next((value for name, value in response.headers.items() if name.lower() == GRANTED), None)
    if header is None:
        remarks.append("The app's permissions could not be checked: Slack did not say which it has.")
        return
    granted = {scope.strip() for scope in header.split(",")}
    if unheard := sorted(HEARD - granted):
        remarks.append(
            f"The Slack app lacks {', '.join(map(_with_reason, unheard))}. To have it, paste manifest.yml and reinstall the app."
        )
    missing = sorted(needed - granted)
    if missing:
        problems.append(
            f"The Slack app lacks these permissions: {', '.join(map(_with_reason, missing))}. "
            "Add them under “OAuth & Permissions” → “Bot Token Scopes” (or paste manifest.yml) and reinstall the app."
        )


def _with_reason(scope: str) -> str:
    """The scope, and what does not work without it."""
    words = NEEDED_FOR.get(scope)
    return f"{scope} ({words})" if words else scope


MOST_WAITS = 5
"""How often a limit of Slack's is waited for."""
LONGEST_WAIT = 20.0


async def unreadable(
    bot_token: str, base_url: str, names: Sequence[str], clock: Clock, sleep: Callable[[float], Awaitable[None]]
) -> list[str]:
    """Why alert channels cannot be read, as sentences with a next step; none where they can. Nothing is changed in Slack."""
    client = open_client(bot_token, base_url)
    book, line = ChannelBook(clock), RateLimitedClient(client, Budget(clock))
    found = []
    try:
        for name in names:
            why = await _why_patiently(book, line, name, sleep)
            if why:
                found.append(f"the alert channel {name} (workspace.alert_channels) cannot be read: {why}")
    finally:
        await close_client(client)
    return found


async def _why_patiently(
    book: ChannelBook, line: RateLimitedClient, name: str, sleep: Callable[[float], Awaitable[None]]
) -> str | None:
    waits = 0
    while True:
        try:
            return await _why(book, line, name)
        except Rejected as error:
            return f"{error}. {error.advice}".strip()
        except Retryable as error:
            waits += 1
            if waits > MOST_WAITS:
                return f"{error}. Check again in a few minutes."
            await sleep(min(error.after if error.after is not None else 1.0, LONGEST_WAIT))


async def _why(book: ChannelBook, line: RateLimitedClient, name: str) -> str | None:
    """None where it can be read, or will be once the bot has entered it by itself. Raises Rejected or Retryable."""
    channel_id = await book.find(name, line)
    channel = (await line.call("conversations.info", channel=channel_id)).get("channel") or {}
    if channel.get("is_archived"):
        return "it is archived, so nothing is posted there. Unarchive it, or name another channel in the policy."
    if channel.get("is_member"):
        await line.call("conversations.history", channel=channel_id, limit=1)
        return None
    if channel.get("is_private"):
        return "it is private and the bot is not in it. Invite it there: /invite @Warroom"
    return None
