"""Passwords for TURN servers, by the scheme for time-limited credentials that coturn calls its REST API."""

import base64
import hmac

from unisono.domain.ids import Instant, UserId


def credentials(secret: bytes, user: UserId, now: Instant, ttl_s: int) -> tuple[str, str]:
    """Give a name and a password, good until `ttl_s` seconds from now.

    The name is the end in seconds since 1970, a colon and the user; the password the base64 of the name's HMAC-SHA1
    under the secret that the TURN server has, too (`static-auth-secret`). SHA-1 is what those servers expect.
    """
    name = f"{now // 1000 + ttl_s}:{user}"
    return name, base64.b64encode(hmac.digest(secret, name.encode(), "sha1")).decode()
