"""What an operator changes about an app while it runs: how many devices a user may have, and who may write to whom.

The settings are the beginning; what is said here wins over them, on every node. Each change is numbered, and kept with
who made it and what it changed: the state is what the last one says.
"""

from typing import Annotated, Final

from msgspec import Meta, Struct

from unisono.domain.contact_facts import Writing
from unisono.domain.devices import DeviceRules, Policy
from unisono.domain.errors import Conflict
from unisono.domain.ids import INTEGER_MAX, Instant

CHANGES_KEPT: Final = 10_000
"""Changes that are kept of an app; of more the oldest go."""
NOTE_MAX_CHARS: Final = 500

Revision = Annotated[int, Meta(ge=0, le=INTEGER_MAX)]
Note = Annotated[str, Meta(min_length=1, max_length=NOTE_MAX_CHARS)]


class Said(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What operators say; of what they leave out, the settings hold."""

    devices: DeviceRules | None = None
    writing: Writing | None = None


NOTHING_SAID: Final = Said()


class InForce(Struct, frozen=True):
    """What holds: `devices` are the slots that logins take, `writing` is who may write to a user directly."""

    devices: Policy
    writing: Writing

    def under(self, said: Said) -> "InForce":
        """Give what holds when that much is said over it."""
        return InForce(
            self.devices if said.devices is None else said.devices.slots(),
            self.writing if said.writing is None else said.writing,
        )


class PolicyChange(Struct, frozen=True, omit_defaults=True):
    """One change: what is `said` since, and what held before and after it.

    `by` names who made it and `address` where from, as far as that is known; `note` is what they say about it.
    """

    revision: Revision
    at: Instant
    by: str
    said: Said
    old: InForce
    new: InForce
    address: str | None = None
    note: str | None = None


class Proposal(Struct, frozen=True):
    """A change that is wanted; with `expect` only of what that revision says, which is 0 while nothing was said."""

    said: Said
    by: str
    address: str | None = None
    note: str | None = None
    expect: Revision | None = None


def propose(settings: InForce, last: PolicyChange | None, proposal: Proposal, now: Instant) -> PolicyChange:
    """Give the change that a proposal makes; one that says the same as before is a change, too.

    Raises:
        Conflict: Somebody else changed it meanwhile.
    """
    revision, said = (0, NOTHING_SAID) if last is None else (last.revision, last.said)
    if proposal.expect is not None and proposal.expect != revision:
        raise Conflict(revision=revision)
    return PolicyChange(
        revision + 1,
        now,
        proposal.by,
        proposal.said,
        settings.under(said),
        settings.under(proposal.said),
        proposal.address,
        proposal.note,
    )
