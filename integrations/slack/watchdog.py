"""Keeps a Socket Mode client connected where the SDK's own tasks do not.

The SDK's aiohttp client asks for a new address only when it has none: when connecting fails once the single-use ticket
in the address has expired, it tries the same address for ever. Without one it asks anew on its next try.

When a connection breaks off it looks only every `ping_interval` seconds, so people's clicks fail meanwhile: here it is
looked for more often, and a new one is asked for at once, then after pauses that grow.

Its three tasks (one reads the messages of a connection, one looks whether the connection still works, one passes
the messages on) are begun once for each connection, or once at all; when one ends, nobody begins it again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from aiohttp import ClientError
from slack_sdk.errors import SlackClientError
from slack_sdk.socket_mode.aiohttp import SocketModeClient

log = structlog.get_logger(__name__)

EVERY = 1.0
"""Seconds between two looks at the tasks."""
LOOK = 0.2
"""Seconds between two looks at the connection."""
PATIENCE = 2.0
"""Seconds without a connection after which the address is thrown away."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
"""Seconds between two tries to connect again: 1, 2, 4 … 30. The SDK tries by itself as well, every `ping_interval`."""


class ConnectionEnded(Exception):
    """A task of the SDK ended without which the connection brings nothing. The text says which."""


async def stay_connected(client: SocketModeClient, sleep: Callable[[float], Awaitable[None]]) -> None:
    """Connect, and look once a second whether the connection is still worked with, until the client is closed.

    Raises ConnectionEnded when it is not; run again it makes a new connection.
    """
    if client.message_receiver is None:
        await client.connect()  # type: ignore[no-untyped-call]  # the SDK has no types here
    async with client.connect_operation_lock:
        # Whoever held the lock may have made a new connection meanwhile.
        if _ended(client) is not None:
            client.wss_uri = None
            await client.connect()  # type: ignore[no-untyped-call]  # the SDK has no types here
    while not client.closed:
        if (ended := _ended(client)) is not None:
            raise ConnectionEnded(f"the task that {ended} ended")
        await sleep(EVERY)


def _ended(client: SocketModeClient) -> str | None:
    if client.message_receiver is None or client.message_receiver.done():
        return "reads from the socket"
    if client.current_session_monitor is None or client.current_session_monitor.done():
        return "looks after the connection"
    return None


async def watch(client: SocketModeClient, sleep: Callable[[float], Awaitable[None]]) -> None:
    """Look whether there is a connection, and see to it that there is one, until the client is closed."""
    missing, pause, wait = 0.0, FIRST_PAUSE, 0.0
    trying: asyncio.Task[None] | None = None
    try:
        while not client.closed:
            await sleep(LOOK)
            if client.message_processor.done() and not client.closed:
                log.error("the task that passes on what Slack delivers ended; it is started again")
                client.message_processor = asyncio.ensure_future(client.process_messages())  # type: ignore[no-untyped-call]  # as above
            if await client.is_connected():
                missing, pause, wait = 0.0, FIRST_PAUSE, 0.0
                continue
            missing, wait = missing + LOOK, wait - LOOK
            if _broken_off(client) and wait <= 0 and (trying is None or trying.done()):
                # A task of its own: the SDK may try one address for ever, and the address must be thrown away meanwhile.
                trying = asyncio.create_task(_connect_again(client))
                wait, pause = pause, min(pause * 2, LONGEST_PAUSE)
            if missing > PATIENCE and client.wss_uri is not None:
                log.warning("not connected to Slack; asking for a new address", seconds=round(missing, 1))
                client.wss_uri = None
    finally:
        if trying is not None:
            trying.cancel()


def _broken_off(client: SocketModeClient) -> bool:
    """Whether there was a connection, there is none, and nobody makes a new one."""
    session = client.current_session
    return session is not None and session.closed and not client.connect_operation_lock.locked() and not client.closed


async def _connect_again(client: SocketModeClient) -> None:
    try:
        await client.connect_to_new_endpoint()
    except (SlackClientError, ClientError, OSError) as error:
        log.warning("Slack gave no new connection; trying again", error=str(error))
