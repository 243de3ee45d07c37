"""The life of a session, as a table.

Resuming is not logging in: a detached session that comes back in its window keeps its slot, its id and its device.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Final

from unisono.domain.facts import EndReason
from unisono.domain.ids import Instant


def is_loss(reason: EndReason, detached_at: Instant | None) -> bool:
    """Say if a session that ends was lost: nobody ended it, it just never came back."""
    return reason == "expired" and detached_at is not None


class Phase(Enum):
    """Where a session stands."""

    GREETING = "greeting"
    LIVE = "live"
    DETACHED = "detached"
    CLOSED = "closed"


class Cue(Enum):
    """What moves a session on."""

    CREDENTIALS_ACCEPTED = "credentials accepted"
    CREDENTIALS_REFUSED = "credentials refused"
    TRANSPORT_LOST = "transport lost"
    TRANSPORT_REGAINED = "transport regained"
    DEADLINE_PASSED = "deadline passed"
    ENDED = "ended"


NEXT: Final[Mapping[tuple[Phase, Cue], Phase]] = {
    (Phase.GREETING, Cue.CREDENTIALS_ACCEPTED): Phase.LIVE,
    (Phase.GREETING, Cue.CREDENTIALS_REFUSED): Phase.CLOSED,
    (Phase.GREETING, Cue.TRANSPORT_LOST): Phase.CLOSED,
    (Phase.GREETING, Cue.DEADLINE_PASSED): Phase.CLOSED,
    (Phase.LIVE, Cue.TRANSPORT_LOST): Phase.DETACHED,
    # A half-open link looks alive to us while its client already speaks on a new one.
    (Phase.LIVE, Cue.TRANSPORT_REGAINED): Phase.LIVE,
    (Phase.LIVE, Cue.ENDED): Phase.CLOSED,
    (Phase.DETACHED, Cue.TRANSPORT_REGAINED): Phase.LIVE,
    (Phase.DETACHED, Cue.DEADLINE_PASSED): Phase.CLOSED,
    (Phase.DETACHED, Cue.ENDED): Phase.CLOSED,
}


class ImpossibleCueError(ValueError):
    """A cue came that has no meaning in the session's phase: a defect of the caller."""


def next_phase(phase: Phase, cue: Cue) -> Phase:
    """Give the phase that follows.

    Raises:
        ImpossibleCueError: The pair is not in the table.
    """
    try:
        return NEXT[phase, cue]
    except KeyError:
        raise ImpossibleCueError(f"{phase.value}: {cue.value}") from None
