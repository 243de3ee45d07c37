"""Commands that a client cannot give by itself: the application's own server has to grant them."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from unisono.app.parts import Parts
from unisono.domain.commands import Command
from unisono.domain.errors import GrantMissing, GrantUsed, KeyReused
from unisono.domain.grants import GrantedAct, Need, check_grant, need_of
from unisono.domain.ids import UserId
from unisono.ports.requests import Request

KEY_PREFIX: Final = "grant:"
"""What sets grants apart from requests over REST, whose keys begin with the name of an admin key."""


class Granting:
    """Checks grants, for the acts that the operator says.

    A grant with a nonce is used up in the very transaction that carries out the command (`Request`): on all nodes, over
    restarts, and not at all where the command is refused. Nonces are kept for a day, far longer than a grant lives.
    """

    def __init__(self, parts: Parts, acts: frozenset[GrantedAct]) -> None:
        self._parts = parts
        self._acts = acts

    def need_of(self, user: UserId, command: Command) -> Need | None:
        """Say what it takes a grant for, if anything does here."""
        if not self._acts:
            return None
        need = need_of(user, command)
        return need if need is not None and need.act in self._acts else None

    async def check(self, user: UserId, need: Need) -> Request | None:
        """Let a command through, and give the request under which it is done once, if once is what was granted.

        It is to be carried out within `spending`.

        Raises:
            GrantMissing, GrantInvalid, GrantExpired: It is not granted.
            Unavailable: The key server did not answer.
        """
        if need.given is None:
            raise GrantMissing(act=need.act)
        now = self._parts.clock.now()
        grant = await self._parts.grants.read(need.given, now)
        check_grant(grant, user, need, now)
        if grant.nonce is None:
            return None
        # No two attempts are the same request: a repeated one is not to be answered as if it were the first.
        attempt = hashlib.sha256(self._parts.entropy.secret().encode()).digest()
        return Request(KEY_PREFIX + grant.nonce, attempt)


@contextmanager
def spending() -> Iterator[None]:
    """Carry out, while inside, what was granted once.

    Raises:
        GrantUsed: It was carried out before.
    """
    try:
        yield
    except KeyReused:
        raise GrantUsed() from None
