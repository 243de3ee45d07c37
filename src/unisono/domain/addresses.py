"""What belongs to one holder of network addresses: limits are counted by it, not by the single address."""

import ipaddress
from typing import Final

HOLDER_BITS: Final = 64
"""An IPv6 subscriber has at least 2^64 addresses (RFC 6177), and may speak from another one each time."""


def block_of(address: str) -> str:
    """Give what limits are counted by: an IPv4 address itself, the /64 of an IPv6 address, and any other text as it is.

    `address` is in its plain spelling, as `gateways.hosting.address.peer_address` gives it.
    """
    if ":" not in address:
        return address
    try:
        number = int(ipaddress.IPv6Address(address))
    except ValueError:
        return address
    rest_bits = ipaddress.IPV6LENGTH - HOLDER_BITS
    return f"{ipaddress.IPv6Address(number >> rest_bits << rest_bits)}/{HOLDER_BITS}"
