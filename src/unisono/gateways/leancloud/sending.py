"""Messages of one connection that are under way: placed in their order, and each answered as its commit comes.

Waiting commits share a transaction, so a client that does not wait for one answer before it sends the next message
is not held up by the disk for each. The answers leave in the order of the messages.
"""

import asyncio
from collections import deque
from typing import Final, Protocol

from unisono.domain import commands as c
from unisono.domain.answers import Answer, Placed
from unisono.domain.errors import RateLimited, UnisonoError
from unisono.domain.ids import conversation_stream
from unisono.gateways.leancloud.link import Keyed
from unisono.gateways.leancloud.messages import acked, command_of, refused
from unisono.gateways.leancloud.peer import Peer
from unisono.ports.telemetry import Telemetry
from unisono.wire.leancloud.codes import ERRORS, INTERNAL
from unisono.wire.leancloud.envelope import refusal
from unisono.wire.leancloud.realtime_pb2 import GenericCommand


class Speaker(Protocol):
    """The connection, as far as messages need it."""

    def say(self, answer: GenericCommand) -> None:
        """Queue an answer."""

    def note_stray(self, size_bytes: int) -> None:
        """Count a frame that no user's rate counts."""


class Sends:
    """The messages under way."""

    def __init__(self, speaker: Speaker, limit: int, telemetry: Telemetry) -> None:
        """Begin with none. `limit`: so many at a time; who sends more is read no further meanwhile."""
        self.speaker: Final = speaker
        self.telemetry: Final = telemetry
        self._limit = limit
        self._under_way: deque[Sending] = deque()
        self._stir = asyncio.Event()

    async def begin(self, peer: Peer, command: GenericCommand, size_bytes: int) -> None:
        """Have a message of a client placed behind those before it. Never raises: what goes wrong is answered."""
        await self._wait_until_fewer(self._limit)
        sending = Sending(self, peer, command)
        self._under_way.append(sending)
        try:
            wanted = command_of(peer, command)
        except Exception as problem:  # noqa: BLE001  (a defect costs its own message alone)
            # What is refused without asking anything is in no user's rate.
            self.speaker.note_stray(size_bytes)
            sending.over(problem)
            return
        await sending.start(wanted)

    async def wait_until_done(self) -> None:
        """Wait until all were answered: what comes behind them may depend on them."""
        await self._wait_until_fewer(1)

    async def _wait_until_fewer(self, count: int) -> None:
        while len(self._under_way) >= count:
            self._stir.clear()
            await self._stir.wait()

    def pass_answers_on(self) -> None:
        """Say the answers up to the first message that has none yet."""
        waiting = self._under_way
        while waiting and (answer := waiting[0].answer) is not None:
            waiting.popleft()
            if answer.i:
                self.speaker.say(answer)
        self._stir.set()


class Sending:
    """One of them. Implements `app.execute.Exchange`."""

    __slots__ = ("_command", "_peer", "_sends", "_wanted", "answer")

    def __init__(self, sends: Sends, peer: Peer, command: GenericCommand) -> None:
        self.answer: GenericCommand | None = None
        self._sends = sends
        self._peer = peer
        self._command = command
        self._wanted: c.SendMessage | c.LeaveWill | None = None

    async def start(self, wanted: c.SendMessage | c.LeaveWill) -> None:
        """Have it placed. Waits where the order would be lost otherwise: for one that takes a grant."""
        self._wanted = wanted
        peer = self._peer
        if isinstance(wanted, c.SendMessage):
            # The fan-out may be faster than the answer.
            peer.link.note_own(_keyed(wanted))
        work = peer.station.node.executor.start(peer.caller, wanted, self)
        if work is not None:
            await work

    def acknowledge(self, answer: Answer) -> None:
        """Say where it stands: before anybody hears of it."""
        if self._wanted is None:
            return
        if isinstance(answer, Placed):
            self._peer.link.note_place(_keyed(self._wanted), (answer.stream, answer.seq))
        self._give(acked(self._peer, self._command, self._wanted, answer))

    def over(self, problem: Exception | None) -> None:
        """Say what went wrong, if anything did."""
        if problem is None:
            return
        if self._wanted is not None:
            self._peer.link.forget_own(_keyed(self._wanted))
        telemetry = self._sends.telemetry
        if isinstance(problem, UnisonoError):
            telemetry.count("refusals", label=problem.code)
            if isinstance(problem, RateLimited):
                self._sends.speaker.note_stray(0)
            self._give(refused(self._peer, self._command, problem))
            return
        telemetry.defect("command_failed", problem, op="direct")
        self._give(refusal(self._command.i or 1, ERRORS[INTERNAL], self._peer.now(), self._peer.user))

    def _give(self, answer: GenericCommand) -> None:
        if self.answer is not None:
            return
        if not self._command.i:
            answer.ClearField("i")
        self.answer = answer
        self._sends.pass_answers_on()


def _keyed(wanted: c.SendMessage | c.LeaveWill) -> Keyed:
    return conversation_stream(wanted.conversation), wanted.key
