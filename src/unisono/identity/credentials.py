"""What every way has in common: what a user id may be, and how a token is named for its revocation."""

import base64
import binascii
import hashlib
from typing import Annotated, Final, TypeVar

import msgspec
from msgspec import Meta, Struct

from unisono.domain.commands import TOKEN_MAX_CHARS
from unisono.domain.errors import TokenInvalid, TooLarge
from unisono.domain.ids import INTEGER_MAX, USER_ID_MAX_CHARS, Instant, UserId, is_user_id
from unisono.ports.identity import Credential
from unisono.settings import LEEWAY_MAX_S

FOR_EVER: Final = Instant(INTEGER_MAX)
_SIGNED_PARTS: Final = 3
_S = TypeVar("_S", bound=Struct)

GRANT_TYPE: Final = "unisono-grant+jwt"
"""What the `typ` header of a grant says, and that of no token to log in with: neither is ever taken for the other."""


class RevocableToken(Struct, frozen=True):
    """How a token is named for its revocation, and until when the revocation has to be remembered."""

    credential: str
    until: Instant


class _Header(Struct):
    typ: str = ""


class _Claims(Struct):
    jti: Annotated[str, Meta(min_length=1, max_length=128)] | None = None
    exp: Annotated[float, Meta(gt=0, le=INTEGER_MAX / 1000)] | None = None


def checked_user(value: object, wish: UserId | None) -> UserId:
    """Give a user id that is fit to be one, and the one wished for, if any was.

    Raises:
        TokenInvalid: It is neither.
    """
    if not isinstance(value, str):
        raise TokenInvalid(reason="user id is not text")
    if not is_user_id(value):
        raise TokenInvalid(reason="not a user id", limit=USER_ID_MAX_CHARS, length=len(value))
    if wish is not None and wish != value:
        raise TokenInvalid(reason="user differs from that of the token")
    return UserId(value)


def checked_token(credential: Credential) -> str | None:
    """Give the token, if there is one.

    Raises:
        TooLarge: It is longer than any token we take.
        TokenInvalid: It is a grant. Whoever checks it may look at signature and user alone, which grants have as well.
    """
    token = credential.token
    if token is not None and len(token) > TOKEN_MAX_CHARS:
        raise TooLarge(what="token", limit=TOKEN_MAX_CHARS, length=len(token))
    if token and (_decoded(token, 0, _Header) or _Header()).typ.lower() == GRANT_TYPE:
        raise TokenInvalid(reason="a grant is no token to log in with")
    return token or None


def revocable(token: str) -> RevocableToken:
    """Name a token: by its `jti`, else by a hash. Does not verify it."""
    claims = _decoded(token, 1, _Claims) or _Claims()
    # Whoever checks a token is lenient by as much as clocks may differ, so it is void for longer than it says.
    until = FOR_EVER if claims.exp is None else Instant(int((claims.exp + LEEWAY_MAX_S) * 1000))
    name = f"jti:{claims.jti}" if claims.jti is not None else f"sha256:{_fingerprint(token)}"
    return RevocableToken(credential=name, until=until)


def _fingerprint(token: str) -> str:
    # Base64 readers overlook stray characters and spare bits, so one signature has many spellings; what is signed has
    # one. Hashing the signature too would let a revoked token back in under another spelling.
    head, dot, _ = token.rpartition(".")
    signed = head if dot and token.count(".") == _SIGNED_PARTS - 1 else token
    return hashlib.sha256(signed.encode("utf-8", "surrogatepass")).hexdigest()


def _decoded(token: str, part: int, kind: type[_S]) -> _S | None:
    parts = token.split(".")
    if len(parts) != _SIGNED_PARTS:
        return None
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(parts[part] + "=="), type=kind)
    except (binascii.Error, msgspec.MsgspecError, ValueError, RecursionError):
        return None
