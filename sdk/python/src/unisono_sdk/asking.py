"""Asking the application's server something, and answering what it asks this client."""

import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar, Final, TypeVar

from unisono_sdk.commands import Command
from unisono_sdk.counter import Counter
from unisono_sdk.desk import Desk
from unisono_sdk.errors import LinkDown, ProtocolFault, Refused
from unisono_sdk.facts import Json
from unisono_sdk.hub import Spawn
from unisono_sdk.own_sessions import OwnSessions
from unisono_sdk.passing import Answered, Asked, Told, ToldLater
from unisono_sdk.telling import Hearing

log = logging.getLogger("unisono_sdk")

ANSWERED_AT_ONCE: Final = 100
"""Questions that are answered at a time; further ones are left to their time-out."""
MARGIN_S: Final = 5.0
"""How much longer than the server a client waits for its answer."""

Answers = Callable[[Json], Awaitable[Json]]
A = TypeVar("A", bound=Answers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask(Command):
    """Ask the program that runs the server something."""

    op: ClassVar[str] = "ask"
    name: str
    data: Json = None
    timeout_s: int = 10
    tab: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyTo(Command):
    """Answer what this session was asked, or say why not."""

    op: ClassVar[str] = "reply"
    id: str
    data: Json = None
    error: str | None = None


class Answering:
    """Hears what is for this client alone: answers what it is asked, and has the rest told."""

    def __init__(self, desk: Desk, tab: str, spawn: Spawn) -> None:
        self._desk = desk
        self._tab = tab
        self._spawn = spawn
        self._hearing = Hearing(desk, tab, spawn)
        self._answers: dict[str, Answers] = {}
        self._under_way = 0

    def put(self, name: str, function: Answers) -> None:
        """Have questions of a name answered by a function."""
        self._answers[name] = function

    def take(self, passing: Told | ToldLater | Asked) -> None:
        """Take what came."""
        if isinstance(passing, Told):
            self._hearing.take(passing)
        elif isinstance(passing, ToldLater):
            self._hearing.take_later(passing)
        elif passing.tab in {None, self._tab} and self._under_way < ANSWERED_AT_ONCE:
            self._under_way += 1
            self._spawn(self._answer(passing))

    async def _answer(self, asked: Asked) -> None:
        try:
            reply = await self._reply(asked)
            with suppress(LinkDown, Refused):
                await self._desk.request_now(reply)
        finally:
            self._under_way -= 1

    async def _reply(self, asked: Asked) -> ReplyTo:
        function = self._answers.get(asked.name)
        if function is None:
            return ReplyTo(id=asked.id, error="no_handler")
        try:
            return ReplyTo(id=asked.id, data=await function(asked.data))
        except Exception:  # the program's own function, which may raise anything
            log.exception("event=answer_failed")
            return ReplyTo(id=asked.id, error="handler_failed")


class Asking(OwnSessions):
    """The side of a `Client` that asks and answers."""

    _counter: Counter
    _answering: Answering

    async def ask(self, name: str, data: Json = None, *, timeout_s: int = 10) -> Json:
        """Ask the program that runs the server something (1 to 60 s); give what its function of that name answers.

        It is asked once: after a loss of the link it is not known whether the function ran.

        Raises:
            Refused: `code` is no_handler, no_answer, handler_failed, or refused: then the message says why.
            TimedOut, LinkDown: No answer came back.
        """
        command = Ask(name=name, data=data, timeout_s=timeout_s)
        answer = await self._counter.request_once(command, timeout_s + MARGIN_S)
        if not isinstance(answer, Answered):
            raise ProtocolFault(f"ask was answered with {answer.kind}")
        return answer.data

    def on_ask(self, name: str) -> Callable[[A], A]:
        """Have an async function answer what the server asks under a name; as a decorator.

        It gets what was asked, and gives what is answered, both JSON. What it raises is logged here, and answered with
        an error there.
        """

        def add(function: A) -> A:
            self._answering.put(name, function)
            return function

        return add
