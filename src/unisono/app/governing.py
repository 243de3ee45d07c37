"""What an operator sees and changes of an app's policy while it runs."""

import asyncio
from itertools import groupby
from typing import Final

from msgspec import Struct

from unisono.app.admission import login_of
from unisono.app.contact_policy import ContactPolicy
from unisono.app.options import AppOptions
from unisono.app.parts import Parts
from unisono.domain.devices import DeviceRules, crowded_out
from unisono.domain.errors import Invalid
from unisono.domain.ids import UserId
from unisono.domain.policy import NOTHING_SAID, InForce, PolicyChange, Proposal, Revision, Said, propose
from unisono.ports.policy import PolicyPage
from unisono.ports.sessions import SessionRecord

USERS_AT_ONCE: Final = 200
"""Users with several sessions that are read at a time for a trial."""
USERS_PER_TRIAL: Final = 5_000
"""Users with several sessions that one trial looks at; it is gone on with behind them."""


class Standing(Struct, frozen=True):
    """What holds now, what of it was said (the rest stands in the settings), and the last change, if there was one."""

    in_force: InForce
    said: Said = NOTHING_SAID
    last: PolicyChange | None = None

    @property
    def revision(self) -> Revision:
        """Give the number of the last change."""
        return 0 if self.last is None else self.last.revision


class Trial(Struct, frozen=True):
    """Sessions that would not be there under a policy, by user; `next` is the user to go on behind."""

    crowded_out: tuple[SessionRecord, ...]
    next: UserId | None = None


class Governing:
    """The policy of one app. Logins read it in their own decision; `contact_policy` follows at every sweep."""

    def __init__(self, parts: Parts, options: AppOptions, contact_policy: ContactPolicy) -> None:
        self._parts = parts
        self._settings = InForce(options.policy, options.writing)
        self._contact_policy = contact_policy
        self._changes = 0

    async def see(self) -> Standing:
        """Tell what holds, read from the store."""
        return self._standing(await self._parts.policies.last())

    async def change(self, proposal: Proposal) -> Standing:
        """Say something else of the policy; it holds from the next login on, on every node.

        Nobody who is here is ended by it.

        Raises:
            Conflict: Somebody else changed it meanwhile.
            Invalid: It is no device policy.
        """
        if proposal.said.devices is not None:
            _check(proposal.said.devices)
        change = await self._parts.policies.change(lambda now, last: propose(self._settings, last, proposal, now))
        self._parts.telemetry.event(
            "policy_changed", revision=change.revision, by=change.by, address=change.address or ""
        )
        self._changes += 1
        self._contact_policy.writing = change.new.writing
        return self._standing(change)

    async def log(self, before: Revision | None, limit: int) -> PolicyPage:
        """List changes below a revision, or all; the newest first, fewer of large ones."""
        return await self._parts.policies.log(before, limit)

    async def try_out(self, devices: DeviceRules, after: UserId | None, limit: int) -> Trial:
        """List the sessions that would be over the limits of a policy now, of users behind one; nothing is changed.

        Stops behind the user with whom there are `limit` of them.

        Raises:
            Invalid: It is no device policy.
        """
        _check(devices)
        policy, found, looked_at = devices.slots(), list[SessionRecord](), 0
        while records := await self._parts.sessions.of_several(after, USERS_AT_ONCE):
            for user, its in groupby(records, key=lambda record: record.user):
                after = user
                held = {record.session: record for record in its}
                gone = crowded_out(policy, [login_of(record) for record in held.values()])
                # Everybody else is heard between two users.
                await asyncio.sleep(0)
                found += [held[session] for session in gone]
                looked_at += 1
                if len(found) >= limit or looked_at >= USERS_PER_TRIAL:
                    return Trial(tuple(found), user)
        return Trial(tuple(found))

    async def sweep(self) -> None:
        """Follow what was said on other nodes."""
        changes, standing = self._changes, await self.see()
        if changes == self._changes:  # else it was read before what was said here since
            self._contact_policy.writing = standing.in_force.writing

    def _standing(self, last: PolicyChange | None) -> Standing:
        said = NOTHING_SAID if last is None else last.said
        return Standing(self._settings.under(said), said, last)


def _check(devices: DeviceRules) -> None:
    if (problem := devices.problem()) is not None:
        raise Invalid(field="devices", reason=problem)
