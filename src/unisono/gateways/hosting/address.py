"""Where a peer speaks from, also through proxies that the operator trusts."""

import ipaddress
from collections.abc import Sequence

from aiohttp import hdrs

from unisono.gateways.hosting.opening import Opening

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def peer_address(remote: str | None, forwarded_for: str | None, trusted: Sequence[Network]) -> str:
    """Give the address of the peer, in its one plain spelling: limits are counted by its block (`domain.addresses`).

    `forwarded_for` is the X-Forwarded-For header, several of them joined by commas: each proxy adds the address it was
    asked from at the end, so the last one that is no trusted proxy is the peer. Without trust the header means nothing:
    anybody can write it.
    """
    address = _read(remote or "")
    if address is None:
        return remote or ""
    if forwarded_for is not None:
        for hop in map(_read, reversed(forwarded_for.split(","))):
            if hop is None or not any(address in network for network in trusted):
                break
            address = hop
    return str(address)


def address_of(request: Opening, trusted: Sequence[Network]) -> str:
    """Give the address from which a request over HTTP comes."""
    forwarded_for = ",".join(request.headers.getall(hdrs.X_FORWARDED_FOR, ())) or None
    return peer_address(request.remote, forwarded_for, trusted)


def is_among(address: str, networks: Sequence[Network]) -> bool:
    """Say if an address, in any spelling, is in one of the networks; what is no address is in none."""
    read = _read(address)
    return read is not None and any(read in network for network in networks)


def _read(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text.strip())
    except ValueError:
        return None
    # A socket for both kinds of addresses shows the old kind inside the new one.
    return (address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None) or address
