"""Claims: of all sessions of a user one does a piece of work, until it is done or the lease runs out.

Each time a claim is given its number grows, so that who lost it meanwhile cannot finish it. Nobody has a claim and
nobody is refused one before the lease of the last runner is over: never two at a time, as long as a runner stops at
the end of its lease.
"""

from typing import Final

from msgspec import Struct, structs

from unisono.domain.call_answers import Claimed
from unisono.domain.commands import Claim, FinishClaim, ReleaseClaim, RenewClaim
from unisono.domain.errors import Conflict
from unisono.domain.ids import Instant, SendKey, SessionId

DONE_KEPT_MS: Final = 86_400_000
"""How long it is remembered that work was done, or given up."""
CLAIMS_MAX: Final = 10_000
"""Names of one user that are remembered at a time."""

ClaimCommand = Claim | RenewClaim | FinishClaim | ReleaseClaim


class Held(Struct, frozen=True):
    """Who has a claim, or had it last.

    `until` is the end of the lease; for what is done, when it was. `key` is the runner's.
    """

    number: int
    key: SendKey
    session: SessionId
    until: Instant
    is_done: bool = False


class ClaimDecision(Struct, frozen=True):
    """What is remembered from now on, None to leave it as it is; and the answer."""

    held: Held | None
    answer: Claimed


def decide(now: Instant, held: Held | None, command: ClaimCommand, session: SessionId) -> ClaimDecision:
    """Carry out a command about a claim.

    Raises:
        Conflict: Another has it by now, or nobody has or had it under this number.
    """
    if isinstance(command, Claim):
        return _take(now, held, command, session)
    if isinstance(command, ReleaseClaim):
        return _release(now, held, command)
    if held is None or held.number != command.number:
        raise Conflict(number=0 if held is None else held.number)
    if held.is_done:
        return ClaimDecision(None, _view(now, held, is_mine=True))
    if isinstance(command, FinishClaim):
        done = structs.replace(held, until=now, is_done=True)
        return ClaimDecision(done, _view(now, done, is_mine=True))
    renewed = structs.replace(held, until=_end(now, command.lease_s))
    return ClaimDecision(renewed, _view(now, renewed, is_mine=True))


def _take(now: Instant, held: Held | None, command: Claim, session: SessionId) -> ClaimDecision:
    """Give it, unless it is done, or another has it: a number higher than any before, whatever was forgotten."""
    until = _end(now, command.lease_s)
    if held is None or (held.until <= now and not held.is_done):
        given = Held(max(0 if held is None else held.number, now) + 1, command.key, session, until)
    elif held.is_done or held.key != command.key:
        return ClaimDecision(None, _view(now, held, is_mine=False))
    else:
        given = structs.replace(held, session=session, until=until)
    return ClaimDecision(given, _view(now, given, is_mine=True))


def _release(now: Instant, held: Held | None, command: ReleaseClaim) -> ClaimDecision:
    if held is None:
        return ClaimDecision(None, Claimed(is_mine=False))
    if held.number != command.number or held.is_done:
        return ClaimDecision(None, _view(now, held, is_mine=False))
    freed = structs.replace(held, until=min(held.until, now))
    return ClaimDecision(freed, _view(now, freed, is_mine=False))


def _end(now: Instant, lease_s: int) -> Instant:
    return Instant(now + lease_s * 1000)


def _view(now: Instant, held: Held, *, is_mine: bool) -> Claimed:
    left_ms = 0 if held.is_done else max(held.until - now, 0)
    holder = held.session if held.is_done or left_ms else None
    return Claimed(is_mine, held.is_done, held.number, left_ms, holder)
