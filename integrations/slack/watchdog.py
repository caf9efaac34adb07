"""Keeps a Socket Mode client connected where the SDK's own tasks do not.

The SDK's aiohttp client asks for a new address only when it has none: when connecting fails once the single-use ticket
in the address has expired, it tries the same address for ever. Without one it asks anew on its next try.

Its three tasks (one reads the messages of a connection, one looks whether the connection still works, one passes
the messages on) are begun once for each connection, or once at all; when one ends, nobody begins it again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from slack_sdk.socket_mode.aiohttp import SocketModeClient

log = structlog.get_logger(__name__)

EVERY = 1.0
"""Seconds between two looks."""
PATIENCE = 2
"""Looks without a connection after which the address is thrown away."""


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
    """Look once a second until the client is closed."""
    missed = 0
    while not client.closed:
        await sleep(EVERY)
        if client.message_processor.done() and not client.closed:
            log.error("the task that passes on what Slack delivers ended; it is started again")
            client.message_processor = asyncio.ensure_future(client.process_messages())  # type: ignore[no-untyped-call]  # as above
        missed = 0 if await client.is_connected() else missed + 1
        if missed > PATIENCE and client.wss_uri is not None:
            log.warning("not connected to Slack; asking for a new address", seconds=missed * EVERY)
            client.wss_uri = None
