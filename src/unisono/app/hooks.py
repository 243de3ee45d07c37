"""Where the embedding program has a say in what users do on their connections, and hears of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from weakref import WeakValueDictionary

from msgspec import structs

from unisono.app.caller import Member
from unisono.app.parts import Parts
from unisono.domain import commands as c
from unisono.domain.answers import Answer, Placed
from unisono.domain.errors import Refused, UnisonoError
from unisono.domain.facts import Content
from unisono.domain.ids import SessionId
from unisono.ports.program import Act, Entering, Joining, Program, Sending, When
from unisono.ports.sessions import SessionRecord

HOOK_S: Final = 5.0
"""How long a hook may take."""
HEARD_LIMIT: Final = 1_000
"""What waits for the program to hear of it; beyond it, it hears nothing of what is new."""

Said = c.SendMessage | c.EditMessage | c.LeaveWill
"""What others read: a program that filters what is sent filters these."""
Hooked = Said | c.Join | c.EnterRoom


class Hooks:
    """Asks the program before something is done, and tells it afterwards, one after the other."""

    def __init__(self, parts: Parts) -> None:
        self._program = parts.program
        self._telemetry = parts.telemetry
        self._turns: WeakValueDictionary[SessionId, asyncio.Lock] = WeakValueDictionary()
        self._done: asyncio.Queue[Act] = asyncio.Queue(HEARD_LIMIT)

    def concern(self, command: c.Command) -> bool:
        """Say if the program wants to hear of a command, before or after."""
        if self._program is None or not isinstance(command, Hooked):
            return False
        act = Sending if isinstance(command, Said) else Joining
        return self._program.listens("before", act) or self._program.listens("after", act)

    @asynccontextmanager
    async def turn(self, member: Member, command: c.Command) -> AsyncIterator[c.Command]:
        """Give what is to be carried out while inside. Of one session one thing at a time: messages keep their order.

        Raises:
            Refused: The program does not allow it, or could not say.
        """
        if not isinstance(command, Hooked) or not self.concern(command):
            yield command
            return
        lock = self._turns.setdefault(member.session, asyncio.Lock())
        async with lock:
            content = await self._before(_act(member, command))
            if content is not None and isinstance(command, Said):
                command = structs.replace(command, content=content)
            yield command

    def done(self, member: Member, command: c.Command, answer: Answer) -> None:
        """Have the program hear of what was carried out."""
        if isinstance(command, Hooked) and not isinstance(command, c.LeaveWill):
            act = _act(member, command)
            if isinstance(act, Sending) and isinstance(answer, Placed):
                act = structs.replace(act, seq=answer.seq)
            self._after(act)

    async def before_login(self, record: SessionRecord) -> None:
        """Ask the program about a login.

        Raises:
            Refused: It does not allow it, or could not say.
        """
        await self._before(_entering(record))

    def after_login(self, record: SessionRecord) -> None:
        """Have the program hear of a login."""
        self._after(_entering(record))

    async def run(self) -> None:
        """Tell the program what was done, until cancelled."""
        while True:
            act = await self._done.get()
            program = self._listening("after", act)
            try:
                if program is not None:
                    async with asyncio.timeout(HOOK_S):
                        await program.after(act)
            except Exception as problem:  # noqa: BLE001  (the program's own fault: what it hears of is done)
                self._telemetry.defect("hook_failed", problem, hook=f"after {type(act).__name__}")

    async def _before(self, act: Act) -> Content | None:
        program = self._listening("before", act)
        if program is None:
            return None
        try:
            async with asyncio.timeout(HOOK_S):
                return await program.before(act)
        except UnisonoError:
            raise
        except Exception as problem:  # noqa: BLE001  (the program's own fault: it costs one request)
            self._telemetry.defect("hook_failed", problem, hook=f"before {type(act).__name__}")
            raise Refused() from None

    def _after(self, act: Act) -> None:
        if self._listening("after", act) is None:
            return
        try:
            self._done.put_nowait(act)
        except asyncio.QueueFull:
            self._telemetry.count("events_dropped", label="program")

    def _listening(self, when: When, act: Act) -> Program | None:
        program = self._program
        return program if program is not None and program.listens(when, type(act)) else None


def _act(member: Member, command: Hooked) -> Act:
    if not isinstance(command, Said):
        return Joining(member.user, member.session, command.conversation)
    user, session, conversation, content = member.user, member.session, command.conversation, command.content
    if isinstance(command, c.EditMessage):
        return Sending(user, session, conversation, None, content, message=command.message)
    is_will, is_transient = isinstance(command, c.LeaveWill), command.transient
    return Sending(user, session, conversation, command.key, content, is_transient=is_transient, is_will=is_will)


def _entering(record: SessionRecord) -> Entering:
    return Entering(record.user, record.session, record.device, record.shown, tag=record.tag, address=record.address)
