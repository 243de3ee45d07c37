"""Who is it? The user id is decided by the server, from what the handshake and the login carry."""

from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct

from unisono.domain.grants import Grant
from unisono.domain.ids import DeviceId, Instant, Platform, TabId, UserId


class Credential(Struct, frozen=True):
    """What a peer brought along.

    `wish` is the user id it would like: never believed by itself. `headers` have lower-case names. `tab` is the client
    id it proposes (rows S2 to S5).
    """

    token: str | None
    wish: UserId | None
    device: DeviceId
    platform: Platform
    tab: TabId | None
    headers: Mapping[str, str]
    query: Mapping[str, str]
    cookies: Mapping[str, str]
    address: str
    path: str = "/"


class Principal(Struct, frozen=True):
    """Who it is. `user` None: let in without a user (row S13). `platform` overrules the declared one, if set (Q11).

    `credential` names the token for revocation; `issued_at` and `expires_at` are its times, None without limit.
    """

    user: UserId | None
    credential: str | None = None
    issued_at: Instant | None = None
    expires_at: Instant | None = None
    platform: Platform | None = None


class Identity(Protocol):
    """The pluggable way to know a user."""

    async def authenticate(self, credential: Credential, now: Instant) -> Principal:
        """Say who it is. Revocation is checked by the caller.

        Raises:
            TokenMissing, TokenInvalid, TokenExpired: It cannot be let in.
            Unavailable: The key server did not answer.
        """


class Grants(Protocol):
    """What the application's own server allowed, signed with the keys of its tokens (`domain.grants`)."""

    async def read(self, text: str, now: Instant) -> Grant:
        """Give what a grant says. Whether it says enough, and whether it was used, is for the caller to see.

        Raises:
            GrantInvalid: No key of ours signed it, it is another kind of token, or it says what cannot be.
            GrantExpired: It is over, by more than clocks may differ.
            Unavailable: The key server did not answer.
        """
