"""What carries out a client's command, and what it may use for that."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from unisono.domain import commands as c
from unisono.domain.answers import Answer
from unisono.domain.ids import Instant, SendKey, UserId
from unisono.gateways.leancloud.apps import App
from unisono.gateways.leancloud.refused import Refused
from unisono.wire.leancloud.realtime_pb2 import GenericCommand

__all__ = ["Asker", "Handler", "Refused"]


class Asker(Protocol):
    """One client of a connection, as its commands see it: a session of ours."""

    @property
    def user(self) -> UserId:
        """Give the user, who is the client id."""

    @property
    def app(self) -> App:
        """Give the app that it belongs to."""

    async def ask(self, command: c.Command) -> Answer:
        """Carry out a command of ours as this session; what it changed is durable then.

        Raises:
            UnisonoError: It was not carried out, and nothing of it remains.
        """

    def now(self) -> Instant:
        """Give the time of day."""

    def new_key(self) -> SendKey:
        """Give a key that nothing was sent under before."""


Handler = Callable[[Asker, GenericCommand], Awaitable[GenericCommand | None]]
"""Carries out one command and gives the answer, made with `envelope.reply`; None where there is nothing to say.

Raises `UnisonoError` or `Refused`. A command without a serial is carried out alike, and its answer dropped.
"""
