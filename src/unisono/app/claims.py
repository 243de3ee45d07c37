"""Claims of sessions: one of a user's sessions does a piece of work."""

from functools import partial

from unisono.app.caller import Member
from unisono.app.parts import Parts
from unisono.domain.call_answers import Claimed
from unisono.domain.claims import CLAIMS_MAX, ClaimCommand, decide
from unisono.domain.commands import Claim
from unisono.ports.claims import ClaimDecide


class Claiming:
    """The claims of one app."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def answer(self, member: Member, command: ClaimCommand) -> Claimed:
        """Carry out a command of a session.

        Raises:
            Conflict: Another has the claim by now.
            LimitReached: The user holds too many at this moment.
        """
        deciding: ClaimDecide = partial(decide, command=command, session=member.session)
        claimed = await self._parts.claims.decide(member.user, command.name, CLAIMS_MAX, deciding)
        if isinstance(command, Claim):
            outcome = "given" if claimed.is_mine else "done" if claimed.is_done else "taken"
            self._parts.telemetry.count("claims", label=outcome)
        return claimed
