"""Which addresses may be asked. The last check stands where the socket is made, so no spelling, redirect or DNS answer
comes past it: neither a feed nor a page can make us talk to the machine we run on, its network or its cloud's metadata.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from aiohttp.abc import AbstractResolver, ResolveResult

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# Bytes that wait for us in a connection at most (Linux doubles it). Whoever pours a million tiny chunks takes the event
# loop for as long as one reading of them takes: with the system's default twice to three times as long, and no page
# comes faster for it.
RECEIVED_AT_ONCE = 2**15

# The special-purpose registries of IANA (RFC 6890), the same for every Python, where `ipaddress` changes its mind.
_SPECIAL = tuple(
    ip_network(block)
    for block in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "168.63.129.16/32",  # public by number, but the inside of every machine at Azure
        "2001::/23",  # Teredo and other protocols
        "2001:db8::/32",
        "2002::/16",  # 6to4: carries any IPv4 address
        "3fff::/20",
    )
)
_UNICAST = IPv6Network("2000::/3")  # of IPv6, only this has been given out for the public internet
# Here the last four bytes are an IPv4 address: mapped, translated (RFC 6052) and the old "compatible".
_CARRIERS = tuple(IPv6Network(block) for block in ("::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96", "::/96"))


class RefusedError(OSError):
    """An address that is not on the public internet, and that `allow_private` does not name."""


def reachable(address: Address, allowed: Sequence[Network] = ()) -> bool:
    """Say whether a stranger's text may send us to this address."""
    meant = _carried(address)
    return any(seen in network for network in allowed for seen in (address, meant)) or _public(meant)


def _public(address: Address) -> bool:
    if isinstance(address, IPv6Address) and address not in _UNICAST:
        return False
    return not any(address in network for network in _SPECIAL)


def _carried(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 address only carries; any other as it is."""
    if isinstance(address, IPv6Address) and any(address in carrier for carrier in _CARRIERS):
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


class Gate:
    """Makes sockets to addresses that may be asked, and to no others."""

    def __init__(self, allowed: Sequence[Network]) -> None:
        self._allowed = tuple(allowed)

    def check(self, address: str) -> None:
        """Raise RefusedError unless this is an address, written plainly, that may be asked."""
        try:
            allowed = reachable(ip_address(address), self._allowed)
        except ValueError as error:
            raise RefusedError(f"{address} is an address in disguise") from error
        if not allowed:
            raise RefusedError(f"{address} is not a public address (allow_private does not name it)")

    def socket(self, info: tuple[int, int, int, str, tuple[object, ...]]) -> socket.socket:
        """Return a new socket for what `getaddrinfo` said; the connector connects it to that very address."""
        family, kind, protocol, _, place = info
        self.check(str(place[0]))
        made = socket.socket(family, kind, protocol)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVED_AT_ONCE)
        return made


class CheckedResolver(AbstractResolver):
    """A resolver that takes no answer at all when one of its addresses is not public: that is how rebinding begins."""

    def __init__(self, resolver: AbstractResolver, gate: Gate) -> None:
        self._resolver = resolver
        self._gate = gate
        self._asked: set[asyncio.Task[list[ResolveResult]]] = set()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of a host; raises RefusedError for one that may not be asked."""
        asked = asyncio.create_task(self._resolver.resolve(host, port, family))
        self._asked.add(asked)
        asked.add_done_callback(self._asked.discard)
        found = await asyncio.shield(asked)
        for result in found:
            self._gate.check(result["host"])
        return found

    async def close(self) -> None:
        """Let go of the name servers, and wait for their last word: it must not come when the loop is closed."""
        await self._resolver.close()
        if self._asked:
            await asyncio.wait(self._asked, timeout=1)
