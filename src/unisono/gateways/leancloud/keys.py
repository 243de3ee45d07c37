"""Who asks over HTTP: an app's clients by its app key, or its own servers by its master key."""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from unisono.domain.ids import Instant
from unisono.gateways.leancloud.apps import App, Apps
from unisono.gateways.leancloud.http import HttpRefusal

ID: Final = "X-LC-Id"
KEY: Final = "X-LC-Key"
SIGN: Final = "X-LC-Sign"
MASTER_SUFFIX: Final = ",master"
TIMESTAMP_MAX_CHARS: Final = 16
SIGN_WINDOW_MS: Final = 6 * 3_600_000
"""How far the time of a signed master key may be from now. An app key is in every client, and never grows old."""


class Access(Struct, frozen=True):
    """What a key opens."""

    app: App
    is_master: bool


def access_of(headers: Mapping[str, str], apps: Apps, now: Instant) -> Access:
    """Say which app is asked, and whether by its master key.

    `X-LC-Key` is the key itself, `X-LC-Sign` the MD5 of a time in milliseconds and the key, and that time; `,master`
    behind it says that it is the master key.

    Raises:
        Refused: 4100. No such app.
        HttpRefusal: 401. No key, or another one.
    """
    app = apps.get(headers.get(ID, ""))
    if (given := headers.get(KEY)) is not None:
        return _by_key(app, given.strip())
    if (signed := headers.get(SIGN)) is not None:
        return _by_sign(app, signed.strip(), now)
    raise _unauthorized()


def _by_key(app: App, given: str) -> Access:
    key = given.removesuffix(MASTER_SUFFIX)
    # Some of LeanCloud's libraries show the master key as it is.
    for is_master in (True,) if key != given else (False, True):
        if _is_same(key, _key_of(app, is_master=is_master)):
            return Access(app, is_master)
    raise _unauthorized()


def _by_sign(app: App, signed: str, now: Instant) -> Access:
    is_master = signed.endswith(MASTER_SUFFIX)
    digest, _, timestamp = signed.removesuffix(MASTER_SUFFIX).partition(",")
    if not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > TIMESTAMP_MAX_CHARS:
        raise _unauthorized()
    expected = hashlib.md5((timestamp + _key_of(app, is_master=is_master)).encode(), usedforsecurity=False)
    is_of_now = not is_master or abs(now - int(timestamp)) <= SIGN_WINDOW_MS
    if not _is_same(digest.lower(), expected.hexdigest()) or not is_of_now:
        raise _unauthorized()
    return Access(app, is_master)


def _key_of(app: App, *, is_master: bool) -> str:
    return (app.settings.master_key if is_master else app.settings.key).reveal()


def _is_same(given: str, key: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), key.encode())


def _unauthorized() -> HttpRefusal:
    return HttpRefusal(401, "Unauthorized.")
