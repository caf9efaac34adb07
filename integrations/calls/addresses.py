"""Which addresses a runbook may call: the names that the policy lists, on the port that it lists, and behind a name only addresses
that are no machine's own. A name is looked up once, and the connection goes to the address that was checked.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit

from integrations.addresses import METADATA, IPAddress, inner
from warroom.errors import Rejected, Retryable
from warroom.policy.remediation import Allowed, fits

PORTS = {"http": 80, "https": 443}
HOST = re.compile(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?", re.IGNORECASE)
CLOSED = tuple(map(ipaddress.ip_network, ("192.0.0.0/24", "64:ff9b:1::/48", "fec0::/10")))
"""Closed although Python calls them global: protocol assignments, addresses of local translators, and site-local ones (RFC 6890, 8215,
3879).
"""
Lookup = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a host. Raises OSError."""


class Address(NamedTuple):
    """An address that is well-formed and that the policy lists."""

    parts: SplitResult
    host: str
    port: int

    @property
    def name(self) -> str:
        """Host and port as the policy writes them."""
        shown = f"[{self.host}]" if ":" in self.host else self.host
        return shown if self.port == PORTS[self.parts.scheme] else f"{shown}:{self.port}"


def parsed(url: str) -> Address:
    """The parts of an address. Raises ValueError with a sentence."""
    if re.search(r"[\s\x00-\x20\x7f\\<>\"]", url):
        raise ValueError("the address has characters that no address has")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("the address cannot be read") from None
    if parts.scheme not in PORTS:
        raise ValueError("the address begins with neither https:// nor http://")
    if "@" in parts.netloc:
        raise ValueError("the address has a user name or password in it; use secret_headers")
    host = (parts.hostname or "").rstrip(".")
    if not HOST.fullmatch(host) and not _literal(host):
        raise ValueError("the address has no host that can be read")
    if any(unquote(piece) in (".", "..") for piece in parts.path.split("/")):
        raise ValueError("the address has . or .. in its path")
    return Address(parts, host.lower(), PORTS[parts.scheme] if port is None else port)


def listed(address: Address, allow: Allowed) -> bool:
    """Whether the policy lists the host with that port. A pattern without a port means the usual one of the scheme."""
    patterns = (allow.family("http") or {}).get("hosts", ())
    return any(_fits(pattern.lower(), address) for pattern in patterns)


def _fits(pattern: str, address: Address) -> bool:
    host, port = pattern, None
    if found := re.fullmatch(r"(\[[^\]]+\]|[^:]+):(\d+|\*)", pattern):
        host, port = found[1], found[2]
    host = host.removeprefix("[").removesuffix("]")
    same_port = address.port == PORTS[address.parts.scheme] if port is None else port in ("*", str(address.port))
    if _literal(address.host) and "*" in host:
        return False  # a pattern of names means no bare address
    return same_port and fits(host, address.host)


def _literal(host: str) -> IPAddress | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        # What the C library takes for an address too, such as 127.1, 0x7f000001 or 2130706433.
        if re.fullmatch(r"[0-9.]+|0x[0-9a-f.x]+", host, re.IGNORECASE):
            try:
                return ipaddress.ip_address(socket.inet_aton(host))
            except OSError:
                return None
        return None


PRIVATE = tuple(map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")))


def open_to(said: str, allow: Allowed) -> bool:
    """Whether a connection to that address may be made: a public one, or one of a private network; any other only where the
    policy's `addresses` list it.
    """
    try:
        address = inner(ipaddress.ip_address(said.partition("%")[0]))
    except ValueError:
        return False
    for network in (allow.family("http") or {}).get("addresses", ()):
        try:
            if address in ipaddress.ip_network(network, strict=False):
                return True
        except ValueError:
            continue
    if address in METADATA or any(address in network for network in CLOSED):
        return False
    return (address.is_global and not address.is_multicast) or any(address in network for network in PRIVATE)


async def looked_up(host: str, port: int) -> Sequence[str]:
    """By the system. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


async def checked(address: Address, allow: Allowed, lookup: Lookup) -> list[str]:
    """The addresses behind a host, every one of which may be connected to. Raises Rejected, or Retryable where it cannot be told."""
    literal = _literal(address.host)
    if literal is not None:
        found: Sequence[str] = [str(literal)]
    else:
        try:
            found = await lookup(address.host, address.port)
        except OSError as error:
            raise Retryable(f"{address.host} cannot be looked up") from error
    if not found:
        raise Retryable(f"{address.host} has no address")
    if not all(open_to(each, allow) for each in found):
        raise Rejected(
            f"{address.host} leads to an address that the policy does not allow",
            code="address_not_allowed",
            advice="If that is meant, add its network to remediation.allow.http.addresses.",
        )
    return list(found)
