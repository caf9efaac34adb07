"""One check of one address: does its name lead anywhere, is the port open, what does it answer. Nothing is followed elsewhere."""

from __future__ import annotations

import asyncio
import functools
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

import aiohttp

from integrations.addresses import METADATA, Pinned, inner

LONGEST = 5.0
"""Seconds of one check."""
PORTS = {"http": 80, "https": 443}
_NAMES = ThreadPoolExecutor(max_workers=4, thread_name_prefix="health-names")
"""A look-up cannot be ended. While a name server is away those of health checks hold these threads, and not the event loop's own,
through which everybody else looks up names, Slack's too.
"""


class Trouble(NamedTuple):
    """What is wrong, in words."""

    kind: Literal["health", "unreachable"]
    text: str


class _Refused(Exception):
    """The name leads to an address that is not asked."""


def may_be_asked(address: str) -> bool:
    """Whether it is an address of a service: not link-local, where clouds tell secrets to whoever asks (RFC 3927), none of their
    other addresses that do, and none that stands for many or nobody.
    """
    ip = inner(ip_address(address.partition("%")[0]))
    return not (ip.is_link_local or ip.is_multicast or ip.is_unspecified or ip in METADATA)


async def probed(address: str) -> Trouble | None:
    """What is wrong with it; None when it answers below 400, or the port is open where there is only a port."""
    parts = urlsplit(address)
    host, port = parts.hostname or "", parts.port or PORTS.get(parts.scheme, 0)
    try:
        async with asyncio.timeout(LONGEST):
            found = await _addresses(host, port)
            if parts.scheme == "tcp":
                return await _open(found, port)
            return await _answer(address, found)
    except _Refused:
        return Trouble("unreachable", f"{host} leads to an address that is never asked (link-local)")
    except socket.gaierror as error:
        return Trouble("unreachable", f"the name {host} leads nowhere ({error.strerror})")
    except UnicodeError:
        # A name with an empty or too long part, which is not even asked for.
        return Trouble("unreachable", f"the name {host} leads nowhere (it is no name of a host)")
    except TimeoutError:
        return Trouble("unreachable", f"{host}:{port} did not answer within {LONGEST:g} s")


async def _addresses(host: str, port: int) -> list[str]:
    """Where the name leads. Raises OSError, and _Refused where one of them may not be asked."""
    look_up = functools.partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    found = await asyncio.get_running_loop().run_in_executor(_NAMES, look_up)
    addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
    if not all(may_be_asked(each) for each in addresses):
        raise _Refused
    return addresses


async def _open(addresses: list[str], port: int) -> Trouble | None:
    why = ""
    for each in addresses:
        try:
            _, writer = await asyncio.open_connection(each, port)
        except OSError as error:
            why = error.strerror or type(error).__name__
            continue
        writer.close()
        return None
    return Trouble("unreachable", f"port {port} cannot be reached: {why}")


async def _answer(address: str, addresses: list[str]) -> Trouble | None:
    connector = aiohttp.TCPConnector(resolver=Pinned(addresses), use_dns_cache=False, force_close=True)
    try:
        async with (
            aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session,
            session.get(address, allow_redirects=False, headers={"User-Agent": "Warroom"}) as response,
        ):
            status, reason = response.status, (response.reason or "")[:40]
    except aiohttp.ClientConnectorCertificateError as error:
        return Trouble("health", f"the certificate is not accepted: {_why(error.certificate_error)}")
    except aiohttp.ClientConnectorError as error:
        return Trouble("unreachable", f"it cannot be reached: {error.os_error.strerror or 'no connection'}")
    except (aiohttp.ClientError, OSError) as error:
        return Trouble("health", f"the connection broke ({type(error).__name__})")
    return Trouble("health", f"the health check answers HTTP {status} {reason}".rstrip()) if status >= 400 else None


def _why(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    return type(error).__name__
