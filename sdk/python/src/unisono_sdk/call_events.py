"""What happens to calls, as a program hears of it."""

from dataclasses import dataclass

from unisono_sdk.call import Call
from unisono_sdk.call_frames import CallEnd
from unisono_sdk.facts import CallEnded, Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Ringing:
    """`ringing`: somebody calls me, and this device is to ring until `ring_over`."""

    call: Call


@dataclass(frozen=True, slots=True, kw_only=True)
class RingOver:
    """`ring_over`: this device is to ring no more, for whatever reason: `call` says how it is now."""

    call: Call


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAnswered:
    """`call_answered`: a user who was called is in it now; `by` has the session, and of mine the device."""

    call: Call
    by: CallEnd


@dataclass(frozen=True, slots=True, kw_only=True)
class CallDeclined:
    """`call_declined`: a user does not take the call."""

    call: Call
    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRoster:
    """`call_roster`: others are in the call than before, or with other sessions."""

    call: Call
    ends: tuple[CallEnd, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOver:
    """`call_ended`: a call of mine is over, told once, after an absence too; without a `call` where nothing else was.

    `told` has who, when, why, and whether I missed it.
    """

    call: Call | None
    id: str
    told: CallEnded
    at: int

    @property
    def is_missed(self) -> bool:
        """Say if it rang for me, and I neither took nor declined it, or was busy."""
        return self.told.is_missed


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSignal:
    """`call_signal`: another end of a call that this session is in tells something."""

    call: Call
    user: str
    session: str
    data: Json
