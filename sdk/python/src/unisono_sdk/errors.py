"""Everything that can go wrong in the client, split first by where it went wrong.

UnisonoError
├── Refused                     the server said no; `code` is one of its codes
│   ├── Unavailable             unavailable, overloaded, storage_full, draining, slow_consumer, internal, timeout,
│   │                           rate_limited
│   ├── Unacceptable            malformed, too_large, unsupported, invalid: the request can never succeed
│   ├── NotLetIn                token_missing, token_invalid, token_expired, token_revoked, no_user, origin_refused
│   ├── SessionOver             session_unknown, session_closed, displaced, replaced, device_refused
│   │   ├── Displaced           displaced: another device took the place of this one
│   │   └── Replaced            replaced: another connection carries this session
│   ├── NotFound                not_found: does not exist, or may not be seen
│   ├── Forbidden               forbidden: visible, but not allowed
│   ├── NotGranted              grant_missing, grant_invalid, grant_expired, grant_used
│   └── LimitReached            limit_reached
└── LocalFault                  found on this side
    ├── LinkDown                link_down           no connection, and the caller did not want to wait
    ├── OutboxFull              outbox_full         too many sends wait for the link
    ├── TimedOut                timed_out           no answer within the deadline
    ├── Overflow                overflow            an iterator was not read in time; what follows is missing from it
    ├── ClaimLost           claim_lost          a claim could not be kept; another may do the work by now
    ├── ClientClosed            client_closed       the client was closed
    ├── ProtocolFault           protocol            the server said something that is not of this protocol
    ├── InvalidArgument         invalid_argument    a value that cannot be sent
    └── StateFault              state               the state file cannot be read or written
"""

from collections.abc import Mapping
from typing import ClassVar, Final

Number = int | str


class UnisonoError(Exception):
    """Root of all faults of this SDK.

    `code` is stable; `retryable` says if the same call may succeed later; `retry_after_ms` how long to wait first, if
    that is known; `numbers` explain the fault.
    """

    code: str = "error"
    retryable: bool = False

    def __init__(
        self, message: str = "", *, retry_after_ms: int | None = None, numbers: Mapping[str, Number] | None = None
    ) -> None:
        """Keep what explains the fault. `message` is for people."""
        self.retry_after_ms: Final = retry_after_ms
        self.numbers: Final[Mapping[str, Number]] = dict(numbers or {})
        super().__init__(message or self.code)


class Refused(UnisonoError):
    """The server said no. An unknown code of a newer server is of this class itself."""

    codes: ClassVar[frozenset[str]] = frozenset()

    def __init__(
        self,
        message: str = "",
        *,
        code: str = "refused",
        retryable: bool = False,
        retry_after_ms: int | None = None,
        numbers: Mapping[str, Number] | None = None,
    ) -> None:
        """Take over what the server said."""
        self.code = code
        self.retryable = retryable
        super().__init__(message, retry_after_ms=retry_after_ms, numbers=numbers)


class Unavailable(Refused):
    """The server cannot do it now."""

    codes = frozenset(
        {
            *("unavailable", "overloaded", "storage_full", "draining", "slow_consumer", "internal", "timeout"),
            "rate_limited",
        }
    )


class Unacceptable(Refused):
    """The request can never succeed as it is."""

    codes = frozenset({"malformed", "too_large", "unsupported", "invalid", "not_greeted", "already_greeted"})


class NotLetIn(Refused):
    """The credential does not let this client in."""

    codes = frozenset({"token_missing", "token_invalid", "token_expired", "token_revoked", "no_user", "origin_refused"})


class SessionOver(Refused):
    """The session cannot be used any more."""

    codes = frozenset({"session_unknown", "session_closed", "device_refused"})


class Displaced(SessionOver):
    """Another device took the place of this one. Only a person should log in again."""

    codes = frozenset({"displaced"})


class Replaced(SessionOver):
    """Another connection carries this session now."""

    codes = frozenset({"replaced"})


class NotFound(Refused):
    """Does not exist, or may not be seen: the server gives the same answer for both."""

    codes = frozenset({"not_found"})


class Forbidden(Refused):
    """Visible, but not allowed to this user."""

    codes = frozenset({"forbidden"})


class NotGranted(Refused):
    """The operator asks for a grant of the application's own server, and none that was good for this came along."""

    codes = frozenset({"grant_missing", "grant_invalid", "grant_expired", "grant_used"})


class LimitReached(Refused):
    """Members of a conversation, sessions of a user: as many as there may be."""

    codes = frozenset({"limit_reached"})


class Conflict(Refused):
    """It was changed meanwhile; `numbers["revision"]` says what it is now, 0 for nothing; `number` does of a claim."""

    codes = frozenset({"conflict"})


class LocalFault(UnisonoError):
    """Found on this side of the link."""


class LinkDown(LocalFault):
    """There is no connection, or it was lost before the answer; whether the request was carried out is not known."""

    code = "link_down"
    retryable = True


class OutboxFull(LocalFault):
    """Too many sends wait for the link."""

    code = "outbox_full"
    retryable = True


class TimedOut(LocalFault):
    """No answer came within the deadline; whether the request was carried out is not known."""

    code = "timed_out"
    retryable = True


class Overflow(LocalFault):
    """An iterator was not read in time, so it ends here. What it lost is in the history."""

    code = "overflow"


class ClaimLost(LocalFault):
    """A claim could not be kept, so another session may do the work by now."""

    code = "claim_lost"


class ClientClosed(LocalFault):
    """The client was closed, by the program or for the reason in its `closed` event."""

    code = "client_closed"


class ProtocolFault(LocalFault):
    """The server said something that is not of this protocol."""

    code = "protocol"


class InvalidArgument(LocalFault, ValueError):
    """A value that the protocol cannot carry."""

    code = "invalid_argument"


class StateFault(LocalFault):
    """The state file cannot be read or written."""

    code = "state"


_REFUSALS: Final[Mapping[str, type[Refused]]] = {
    code: kind
    for kind in (
        Unavailable,
        Unacceptable,
        NotLetIn,
        SessionOver,
        Displaced,
        Replaced,
        NotFound,
        Forbidden,
        NotGranted,
        LimitReached,
        Conflict,
    )
    for code in kind.codes
}


def refused(
    code: str,
    message: str,
    *,
    retryable: bool = False,
    retry_after_ms: int | None = None,
    numbers: Mapping[str, Number] | None = None,
) -> Refused:
    """Make the fault that belongs to a code of the server."""
    kind = _REFUSALS.get(code, Refused)
    return kind(message, code=code, retryable=retryable, retry_after_ms=retry_after_ms, numbers=numbers)
