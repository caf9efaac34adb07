"""Frees a Socket Mode client that is stuck on a used-up address.

The SDK's aiohttp client asks for a new address only when it has none: when connecting fails once the single-use ticket
in the address has expired, it tries the same address for ever. Without one it asks anew on its next try.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog
from slack_sdk.socket_mode.aiohttp import SocketModeClient

log = structlog.get_logger(__name__)

EVERY = 1.0
"""Seconds between two looks."""
PATIENCE = 2
"""Looks without a connection after which the address is thrown away."""


async def watch(client: SocketModeClient, sleep: Callable[[float], Awaitable[None]]) -> None:
    """Look once a second until the client is closed."""
    missed = 0
    while not client.closed:
        await sleep(EVERY)
        missed = 0 if await client.is_connected() else missed + 1
        if missed > PATIENCE and client.wss_uri is not None:
            log.warning("not connected to Slack; asking for a new address", seconds=missed * EVERY)
            client.wss_uri = None
