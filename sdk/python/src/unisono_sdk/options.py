"""What all clients of one `Unisono` share."""

import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

from unisono_sdk.backoff import Backoff
from unisono_sdk.clock import Clock, SystemClock
from unisono_sdk.codec import JSON, Codec
from unisono_sdk.errors import InvalidArgument
from unisono_sdk.limits import Limits
from unisono_sdk.plugin import Plugins
from unisono_sdk.ways import Ways

Missed = Literal["counts", "messages", "nothing"]
"""What a client asks for at login of what it missed."""

PATH = "/v1/connect"
LAST_STEP = "/connect"
POLL_STEP = "/poll"
SCHEMES = {"ws": "ws", "wss": "wss", "http": "ws", "https": "wss"}


CHANCE_STEPS = 1 << 30


def _chance() -> float:
    return secrets.randbelow(CHANCE_STEPS) / CHANCE_STEPS


def _new_id() -> str:
    return uuid.uuid4().hex


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Where the server is, how to speak with it, and where time and chance come from."""

    url: str
    codec: Codec = JSON
    limits: Limits = field(default_factory=Limits)
    backoff: Backoff = field(default_factory=Backoff)
    fail_fast: bool = False
    missed: Missed = "counts"
    proxy: str | None = None
    clock: Clock = field(default_factory=SystemClock)
    chance: Callable[[], float] = _chance
    new_id: Callable[[], str] = _new_id
    plugins: Plugins = field(default_factory=Plugins)
    ways: Ways = field(default_factory=Ways)


def address(url: str) -> str:
    """Give the WebSocket address of a server, from `http:` and `ws:` addresses alike.

    Raises:
        InvalidArgument: It is neither.
    """
    parts = urlsplit(url)
    if parts.scheme not in SCHEMES or not parts.netloc:
        raise InvalidArgument(f"not an address of a server: {url}")
    path = PATH if parts.path in {"", "/"} else parts.path
    return urlunsplit((SCHEMES[parts.scheme], parts.netloc, path, parts.query, ""))


def poll_address(url: str) -> str | None:
    """Give where long polling is beside a WebSocket address; None where that ends in a path of its own."""
    parts = urlsplit(url)
    if not parts.path.endswith(LAST_STEP):
        return None
    scheme = "https" if parts.scheme == "wss" else "http"
    return urlunsplit((scheme, parts.netloc, parts.path.removesuffix(LAST_STEP) + POLL_STEP, parts.query, ""))
