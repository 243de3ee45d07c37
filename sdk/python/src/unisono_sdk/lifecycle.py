"""The life of a client, as a table."""

from collections.abc import Mapping
from enum import Enum
from typing import Final


class Phase(Enum):
    """Where a client stands."""

    CONNECTING = "connecting"
    """A connection is being made."""
    GREETING = "greeting"
    """It is open; login or resume is on its way."""
    LIVE = "live"
    """Requests are answered, facts come."""
    WAITING = "waiting"
    """The link is down; the next attempt has its time."""
    CLOSED = "closed"
    """Over. This client does not come back."""


class Cue(Enum):
    """What moves a client on."""

    LINK_OPENED = "link opened"
    WELCOMED = "welcomed"
    LINK_LOST = "link lost"
    RETRY = "retry"
    ENDED = "ended"


NEXT: Final[Mapping[tuple[Phase, Cue], Phase]] = {
    (Phase.CONNECTING, Cue.LINK_OPENED): Phase.GREETING,
    (Phase.CONNECTING, Cue.LINK_LOST): Phase.WAITING,
    (Phase.CONNECTING, Cue.ENDED): Phase.CLOSED,
    (Phase.GREETING, Cue.WELCOMED): Phase.LIVE,
    (Phase.GREETING, Cue.LINK_LOST): Phase.WAITING,
    (Phase.GREETING, Cue.ENDED): Phase.CLOSED,
    (Phase.LIVE, Cue.LINK_LOST): Phase.WAITING,
    (Phase.LIVE, Cue.ENDED): Phase.CLOSED,
    (Phase.WAITING, Cue.RETRY): Phase.CONNECTING,
    (Phase.WAITING, Cue.ENDED): Phase.CLOSED,
}


class ImpossibleCueError(ValueError):
    """A cue came that has no meaning in the client's phase: a defect of this SDK."""


def next_phase(phase: Phase, cue: Cue) -> Phase:
    """Give the phase that follows.

    Raises:
        ImpossibleCueError: The pair is not in the table.
    """
    try:
        return NEXT[phase, cue]
    except KeyError:
        raise ImpossibleCueError(f"{phase.value}: {cue.value}") from None
