"""`rtm/sign`: a user whom the application's own way of knowing users knows gets what a client needs to log in.

The token of that user is what the identity of this server knows, for native clients as well: a signed token, or
whatever the operator's function understands. The client id is the user it is of.
"""

from typing import Final

from unisono.domain.errors import NoUser, TokenInvalid, TokenRevoked
from unisono.domain.ids import DeviceId, Json, Platform, UserId, is_user_id
from unisono.gateways.leancloud.desk import Asked, Endpoint, text_in
from unisono.ports.identity import Credential

DEVICE: Final = DeviceId("rtm-sign")
PLATFORM: Final = Platform("leancloud")


async def _sign(asked: Asked) -> Json:
    return await _signed(asked, text_in(asked.body, "session_token"))


async def _sign_by_query(asked: Asked) -> Json:
    return await _signed(asked, text_in(dict(asked.query), "session_token"))


async def _signed(asked: Asked, token: str) -> Json:
    user = await user_of(asked, token)
    proof = asked.app.signatures.sign_login(user)
    return {"client_id": user, "signature": proof.signature, "timestamp": proof.timestamp, "nonce": proof.nonce}


async def user_of(asked: Asked, token: str) -> UserId:
    """Say whose token it is.

    Raises:
        TokenInvalid, TokenExpired, TokenRevoked, TooLarge: It lets nobody in.
        NoUser: It is good, and nobody's.
        Unavailable: The key server did not answer.
    """
    parts = asked.app.node.parts
    credential = Credential(
        token=token,
        wish=None,
        device=DEVICE,
        platform=PLATFORM,
        tab=None,
        headers={name.lower(): value for name, value in asked.headers.items()},
        query=dict(asked.query),
        cookies={},
        address=asked.address,
        path=asked.route,
    )
    principal = await parts.identity.authenticate(credential, parts.clock.now())
    if principal.user is None:
        raise NoUser()
    if not is_user_id(principal.user):
        raise TokenInvalid(reason="not a user id")
    if await parts.sessions.is_revoked(principal.user, principal.credential, principal.issued_at):
        raise TokenRevoked()
    return principal.user


SIGNING_ENDPOINTS: Final = (
    Endpoint("POST", "/1.1/rtm/sign", "key", _sign),
    Endpoint("GET", "/1.2/rtm/clients/sign", "key", _sign_by_query),
)
