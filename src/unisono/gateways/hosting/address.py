"""Where a peer speaks from, also through proxies that the operator trusts."""

import ipaddress
from collections.abc import Sequence

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def peer_address(remote: str | None, forwarded_for: str | None, trusted: Sequence[Network]) -> str:
    """Give the address of the peer.

    `forwarded_for` is the X-Forwarded-For header: each proxy adds the address it was asked from at the end, so the last
    one that is no trusted proxy is the peer. Without trust the header means nothing: anybody can write it.
    """
    address = remote or ""
    if not trusted or forwarded_for is None:
        return address
    for hop in [part.strip() for part in reversed(forwarded_for.split(","))]:
        if not _is_in(address, trusted):
            break
        if not _is_address(hop):
            break
        address = hop
    return address


def _is_in(address: str, networks: Sequence[Network]) -> bool:
    return _is_address(address) and any(ipaddress.ip_address(address) in network for network in networks)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
