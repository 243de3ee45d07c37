"""Error code to close code, HTTP status and instruction: one table.

A close tells the client what to do next (`Advice`):

- `reconnect`: at once, with jitter, resuming the session
- `later`: after the delay given with the error
- `new_token`: get a new token, then log in
- `log_in`: the session is gone; log in with the token at hand
- `stop`: do not come back by yourself; a person has to act

Close codes are 4000 to 4999 (RFC 6455, section 7.4.2, private use), except the standard ones for a malformed (1007),
too large (1009) or interrupted (1011, 1012) conversation.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Final

from msgspec import Struct

from unisono.domain.errors import UnisonoError


class Advice(Enum):
    """What a client does after a close."""

    RECONNECT = "reconnect"
    LATER = "later"
    NEW_TOKEN = "new_token"  # noqa: S105  (a word of the protocol, not a secret)
    LOG_IN = "log_in"
    STOP = "stop"


class Code(Struct, frozen=True):
    """How one error code shows on each door."""

    close: int
    status: int
    advice: Advice


CODES: Final[Mapping[str, Code]] = {
    "unavailable": Code(4503, 503, Advice.LATER),
    "overloaded": Code(4429, 503, Advice.LATER),
    "storage_full": Code(4507, 507, Advice.LATER),
    "draining": Code(1012, 503, Advice.LATER),
    "slow_consumer": Code(4408, 503, Advice.RECONNECT),
    "handler_failed": Code(4508, 502, Advice.LATER),
    "internal": Code(1011, 500, Advice.LATER),
    "malformed": Code(1007, 400, Advice.STOP),
    "too_large": Code(1009, 413, Advice.STOP),
    "unsupported": Code(4415, 400, Advice.STOP),
    "invalid": Code(4400, 422, Advice.STOP),
    "timeout": Code(4410, 408, Advice.RECONNECT),
    "connection_unknown": Code(4411, 404, Advice.RECONNECT),
    "not_greeted": Code(4420, 401, Advice.LOG_IN),
    "already_greeted": Code(4421, 409, Advice.STOP),
    "no_user": Code(4422, 401, Advice.STOP),
    "token_missing": Code(4401, 401, Advice.NEW_TOKEN),
    "token_invalid": Code(4402, 401, Advice.NEW_TOKEN),
    "token_expired": Code(4403, 401, Advice.NEW_TOKEN),
    "token_revoked": Code(4404, 401, Advice.NEW_TOKEN),
    "grant_missing": Code(4446, 403, Advice.STOP),
    "grant_invalid": Code(4447, 403, Advice.STOP),
    "grant_expired": Code(4448, 403, Advice.STOP),
    "grant_used": Code(4449, 403, Advice.STOP),
    "session_unknown": Code(4430, 404, Advice.LOG_IN),
    "session_closed": Code(4431, 410, Advice.STOP),
    "displaced": Code(4432, 409, Advice.STOP),
    "replaced": Code(4433, 409, Advice.STOP),
    "device_refused": Code(4434, 409, Advice.STOP),
    "not_found": Code(4440, 404, Advice.STOP),
    "forbidden": Code(4441, 403, Advice.STOP),
    "refused": Code(4451, 403, Advice.STOP),
    "no_handler": Code(4452, 404, Advice.STOP),
    "no_answer": Code(4453, 408, Advice.LATER),
    "origin_refused": Code(4442, 403, Advice.STOP),
    "rate_limited": Code(4443, 429, Advice.LATER),
    "limit_reached": Code(4444, 409, Advice.STOP),
    "key_reused": Code(4445, 409, Advice.STOP),
    "conflict": Code(4450, 409, Advice.STOP),
}


def code_of(fault: UnisonoError) -> Code:
    """Give the row of a fault."""
    return CODES[fault.code]
