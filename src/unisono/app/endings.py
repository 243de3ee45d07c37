"""How the end of a session is told to the client that had it."""

from unisono.domain.errors import (
    Displaced,
    Replaced,
    SessionClosed,
    SessionUnknown,
    TokenExpired,
    TokenRevoked,
    UnisonoError,
)
from unisono.domain.facts import EndReason, Label, SessionEnded


def fault_of(fact: SessionEnded) -> UnisonoError:
    """Give the fault that the ended session's live link is closed with."""
    if fact.why is not None and fact.reason == "closed":
        return SessionClosed(reason=fact.reason, why=fact.why)
    return fault_of_live(fact.reason, fact.newcomer)


def fault_of_live(reason: EndReason, newcomer: Label | None = None) -> UnisonoError:
    """Give the fault for a session that was live when it ended. Only an outlived token ends a live one by time."""
    match reason:
        case "displaced":
            return Displaced(newcomer)
        case "replaced":
            return Replaced(newcomer)
        case "revoked":
            return TokenRevoked()
        case "expired":
            return TokenExpired()
        case "logged_out" | "closed":
            return SessionClosed(reason=reason)


def fault_of_resume(reason: EndReason, newcomer: Label | None = None) -> UnisonoError:
    """Give the fault for a client that comes back to a session which ended while it was away.

    One that ran out may log in again; one that lost its place or was closed may not, by itself.
    """
    return SessionUnknown() if reason == "expired" else fault_of_live(reason, newcomer)
