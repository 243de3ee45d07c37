"""What to do after a connection ended: the client's reading of the codes.

A `bye` frame says it in words; where none came, the close code does; where there is neither, the link broke.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Final


class Advice(Enum):
    """What a client does next."""

    RECONNECT = "reconnect"
    """Soon, with jitter, resuming the session."""
    LATER = "later"
    """After a delay."""
    NEW_TOKEN = "new_token"  # noqa: S105  (a word of the protocol)
    """Get a new token, then log in."""
    LOG_IN = "log_in"
    """The session is gone; log in."""
    STOP = "stop"
    """Do not come back: a person has to act."""


_BY_CODE: Final[Mapping[str, tuple[int, Advice]]] = {
    "unavailable": (4503, Advice.LATER),
    "overloaded": (4429, Advice.LATER),
    "storage_full": (4507, Advice.LATER),
    "draining": (1012, Advice.LATER),
    "slow_consumer": (4408, Advice.RECONNECT),
    "internal": (1011, Advice.LATER),
    "malformed": (1007, Advice.STOP),
    "too_large": (1009, Advice.STOP),
    "unsupported": (4415, Advice.STOP),
    "invalid": (4400, Advice.STOP),
    "timeout": (4410, Advice.RECONNECT),
    "connection_unknown": (4411, Advice.RECONNECT),
    "not_greeted": (4420, Advice.LOG_IN),
    "already_greeted": (4421, Advice.STOP),
    "no_user": (4422, Advice.STOP),
    "token_missing": (4401, Advice.NEW_TOKEN),
    "token_invalid": (4402, Advice.NEW_TOKEN),
    "token_expired": (4403, Advice.NEW_TOKEN),
    "token_revoked": (4404, Advice.NEW_TOKEN),
    "grant_missing": (4446, Advice.STOP),
    "grant_invalid": (4447, Advice.STOP),
    "grant_expired": (4448, Advice.STOP),
    "grant_used": (4449, Advice.STOP),
    "session_unknown": (4430, Advice.LOG_IN),
    "session_closed": (4431, Advice.STOP),
    "displaced": (4432, Advice.STOP),
    "replaced": (4433, Advice.STOP),
    "device_refused": (4434, Advice.STOP),
    "not_found": (4440, Advice.STOP),
    "forbidden": (4441, Advice.STOP),
    "origin_refused": (4442, Advice.STOP),
    "rate_limited": (4443, Advice.LATER),
    "limit_reached": (4444, Advice.STOP),
    "key_reused": (4445, Advice.STOP),
    "conflict": (4450, Advice.STOP),
}

_BY_CLOSE: Final[Mapping[int, str]] = {close: code for code, (close, _) in _BY_CODE.items()}


def advice_of(code: str) -> Advice:
    """Give the advice of an error code; one that is not known here means trying again later."""
    row = _BY_CODE.get(code)
    return Advice.LATER if row is None else row[1]


def close_of(code: str) -> int | None:
    """Give the close code of an error code, None for one that is not known here."""
    row = _BY_CODE.get(code)
    return None if row is None else row[0]


def code_of_close(close: int | None) -> str:
    """Give the error code behind a WebSocket close code: `link_lost` for one that says nothing."""
    return "link_lost" if close is None else _BY_CLOSE.get(close, "link_lost")


def read_advice(word: str) -> Advice:
    """Read the advice of a `bye`; a word of a newer protocol counts as trying again later."""
    try:
        return Advice(word)
    except ValueError:
        return Advice.LATER
