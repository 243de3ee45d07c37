"""Logins without a token, for development: only for peers on this machine, and only when nobody else can reach it."""

import ipaddress
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from unisono.domain.errors import TokenMissing
from unisono.domain.ids import Instant
from unisono.identity.credentials import checked_token, checked_user
from unisono.ports.identity import Credential, Identity, Principal
from unisono.settings import is_loopback_host

WARNING: Final = "every program on this machine can log in as anybody, without a token"
# A proxy in front makes every peer look local.
PROXY_HEADERS: Final = ("forwarded", "x-forwarded-for", "x-real-ip")


class Belief:
    """Implements `ports.identity.Identity`: who brings a token is checked, who brings a wish is believed."""

    def __init__(self, tokens: Identity, *, listens_on: str) -> None:
        """Believe peers of this machine.

        Raises:
            ValueError: The server can be reached from elsewhere.
        """
        if not is_loopback_host(listens_on):
            raise ValueError("--dev needs a server that listens on 127.0.0.1")
        self._tokens: Final = tokens

    async def authenticate(self, credential: Credential, now: Instant) -> Principal:
        """Say who it is, or would like to be."""
        if checked_token(credential) is not None:
            return await self._tokens.authenticate(credential, now)
        if credential.wish is None or not is_from_here(credential.address, credential.headers):
            raise TokenMissing
        return Principal(user=checked_user(credential.wish, None))


def is_from_here(address: str, headers: Mapping[str, str]) -> bool:
    """Say if a peer is a program on this machine, and no proxy or foreign page that only looks so.

    `headers` have lower-case names.
    """
    if any(name in headers for name in PROXY_HEADERS):
        return False
    # A page of a foreign site can reach us under its own name, if that name is made to lead to 127.0.0.1.
    host = headers.get("host")
    return is_loopback_address(address) and (host is None or _is_local_name(host))


def _is_local_name(host_header: str) -> bool:
    try:
        name = urlsplit("//" + host_header).hostname
    except ValueError:
        return False
    return name is not None and is_loopback_host(name)


def is_loopback_address(address: str) -> bool:
    """Say if a peer's address is one of this machine."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(parsed, "ipv4_mapped", None)
    return (mapped or parsed).is_loopback
