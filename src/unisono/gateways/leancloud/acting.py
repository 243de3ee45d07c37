"""Who carries out what is asked over HTTP: the operator, or a user in whose name an app's own server speaks."""

from typing import Final

from unisono.domain import commands as c
from unisono.domain.answers import Answer
from unisono.domain.ids import OPERATOR, Instant, SendKey, UserId
from unisono.gateways.leancloud.apps import App
from unisono.wire.leancloud.checking import checked


class Actor:
    """Implements `asking.Asker` for a user without a connection, or, with `user` None, for the operator."""

    def __init__(self, app: App, user: UserId | None = None) -> None:
        self.app: Final = app
        self.user: Final = OPERATOR if user is None else user
        self._is_operator: Final = user is None

    async def ask(self, command: c.Command) -> Answer:
        """Carry out a command; what it changed is durable then.

        Raises:
            UnisonoError: It was not carried out.
        """
        executor = self.app.node.executor
        if self._is_operator:
            return await executor.for_operator(self.user, checked(command))
        return await executor.on_behalf(self.user, checked(command))

    def now(self) -> Instant:
        """Give the time of day."""
        return self.app.node.parts.clock.now()

    def new_key(self) -> SendKey:
        """Give a key that nothing was sent under before."""
        return SendKey(self.app.node.parts.entropy.secret())
