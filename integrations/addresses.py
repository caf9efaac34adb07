"""Where a name leads, for integrations that call what somebody wrote down: addresses that no host of ours has, and a connection that
goes to the addresses that were checked.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence

from aiohttp.abc import AbstractResolver, ResolveResult

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
METADATA = frozenset(
    map(ipaddress.ip_address, ("fd00:ec2::254", "fd20:ce::254", "100.100.100.200", "192.0.0.192", "168.63.129.16"))
)
"""Where Amazon and Google (over IPv6, docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html), Alibaba, Oracle
and Azure tell a machine its secrets; the others do at link-local addresses (RFC 3927).
"""
TRANSLATED = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "::/96", "::ffff:0:0:0/96")))
"""What ends with the IPv4 address that a translator leads to (RFC 6052, RFC 2765), and with a compatible one (RFC 4291)."""


def inner(address: IPAddress) -> IPAddress:
    """The IPv4 address within an IPv6 one that stands for it."""
    if isinstance(address, ipaddress.IPv6Address):
        if int(address) > 1 and any(address in network for network in TRANSLATED):
            return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
        return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None) or address
    return address


class Pinned(AbstractResolver):
    """Leads only to the addresses that were checked: the name may mean something else a moment later. With `host`, in lower case and
    without a dot at its end, no other name leads anywhere.
    """

    def __init__(self, addresses: Sequence[str], host: str | None = None) -> None:
        self._host, self._addresses = host, addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Raises OSError for any other host."""
        if self._host is not None and host.rstrip(".").lower() != self._host:
            raise OSError(f"{host} is not the host that was checked")
        return [
            ResolveResult(
                hostname=host,
                host=each,
                port=port,
                family=socket.AF_INET6 if ":" in each else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for each in self._addresses
        ]

    async def close(self) -> None:
        """Nothing is open."""
