"""What may be asked about work that one of a user's sessions is to do, once."""

from typing import Annotated, Final

from msgspec import Meta

from unisono.domain.commands.base import Command
from unisono.domain.ids import INTEGER_MAX, ClaimNameIn, SendKeyIn

LEASE_DEFAULT_S: Final = 30
LEASE_MAX_S: Final = 300

LeaseIn = Annotated[int, Meta(ge=1, le=LEASE_MAX_S)]
NumberIn = Annotated[int, Meta(ge=1, le=INTEGER_MAX)]


class Claim(Command, frozen=True, tag="claim"):
    """Ask to be the one who does what a name stands for, among all my sessions and their tabs.

    `key` is made anew for each runner: who asks again with theirs has the claim still, for `lease_s` more seconds.
    """

    name: ClaimNameIn
    key: SendKeyIn
    lease_s: LeaseIn = LEASE_DEFAULT_S


class RenewClaim(Command, frozen=True, tag="renew_claim"):
    """Keep a claim for `lease_s` more seconds. `number` is the one it was given with."""

    name: ClaimNameIn
    number: NumberIn
    lease_s: LeaseIn = LEASE_DEFAULT_S


class FinishClaim(Command, frozen=True, tag="finish_claim"):
    """Say that the work is done: nobody is to do it again. Saying it twice changes nothing."""

    name: ClaimNameIn
    number: NumberIn


class ReleaseClaim(Command, frozen=True, tag="release_claim"):
    """Give a claim up undone: the next who asks has it. One that is another's by now is left alone."""

    name: ClaimNameIn
    number: NumberIn
