"""What sessions leave to be said when they are lost.

A connection that is lost is no loss yet: the client comes back within seconds, as a rule. The store knows since when a
session is lost and sends its will in the transaction that forgets it, so that of several nodes one does.
"""

from functools import partial
from typing import Final

from unisono.app.caller import Member
from unisono.app.changing import present, where
from unisono.app.contact_policy import ContactPolicy
from unisono.app.parts import Parts
from unisono.app.rooms import Rooms
from unisono.domain.answers import Answer, Done
from unisono.domain.commands import DropWill, LeaveWill
from unisono.domain.conversation import Scope
from unisono.domain.errors import UnisonoError
from unisono.domain.ids import NodeId
from unisono.domain.quotas import Quotas
from unisono.domain.wills import execute, leave, message_of
from unisono.ports.wills import Will

COMING_BACK_S: Final = 45.0
"""How much longer a session has that a node lost by its own end: the client may pause for half a minute."""
SENT_AT_ONCE: Final = 200
NOTED_AT_ONCE: Final = 500


class Wills:
    """The wills of one app: left by sessions of this node, sent by whichever node looks first."""

    def __init__(self, parts: Parts, quotas: Quotas, rooms: Rooms, policy: ContactPolicy) -> None:
        self._parts = parts
        self._quotas = quotas
        self._rooms = rooms
        self._policy = policy
        self._settled: frozenset[NodeId] = frozenset()

    async def answer(self, member: Member, command: LeaveWill | DropWill) -> Answer:
        """Carry out a command of a session.

        Raises:
            NotFound, Forbidden, Invalid, TooLarge: The session could not say now what it wants to leave.
            SessionUnknown: The session is over by now.
        """
        if isinstance(command, DropWill):
            await self._parts.wills.drop(member.session)
            return Done()
        scope = Scope(conversation=command.conversation, users=(member.user,), speaks=True)
        decide = where(self._policy.writing, partial(leave, user=member.user, command=command, limits=self._quotas))
        if self._rooms.is_in(member.session, command.conversation):
            decide = present(decide)
        await self._parts.log.transact(scope, decide)
        will = Will(member.session, member.user, message_of(command), after_ms=command.after_s * 1000)
        await self._parts.wills.leave(will)
        return Done()

    async def sweep(self) -> None:
        """Send what is due.

        Raises:
            Unavailable: The store is away; the next sweep sends the rest.
        """
        await self._settle()
        is_complete = False
        while not is_complete:
            due = await self._parts.wills.due(SENT_AT_ONCE)
            gone = [await self._send(will) for will in due]
            # What is due here and was not to the writer is looked at in the next sweep.
            is_complete = len(due) < SENT_AT_ONCE or not any(gone)

    async def _settle(self) -> None:
        """Note whom nodes that are gone have left behind, once for each of their leases."""
        over = frozenset(await self._parts.wills.over_leases())
        for node in over - self._settled:
            while lost := await self._parts.wills.lost_with(node, NOTED_AT_ONCE):
                await self._parts.wills.note_lost(node, lost, int(COMING_BACK_S * 1000))
        self._settled = over

    async def _send(self, will: Will) -> bool:
        """Say if the will is gone by that."""
        message, user = will.message, will.user
        scope = Scope(conversation=message.conversation, users=(user,), sender=user, key=message.key, speaks=True)
        decide = where(self._policy.writing, partial(execute, user=user, message=message, limits=self._quotas))
        seats = await self._parts.seats.of_session(will.session)
        if any(seat.room == message.conversation for seat in seats):
            decide = present(decide)
        try:
            committed = await self._parts.wills.send(will, scope, decide)
        except UnisonoError:
            raise
        except Exception as defect:  # noqa: BLE001  (one that cannot be sent must not keep all others)
            self._parts.telemetry.defect("will_failed", defect, session=will.session)
            await self._parts.wills.drop(will.session)
            return True
        if committed is None:
            return False
        self._parts.bus.publish_nowait(committed.facts)
        for signal in committed.signals:
            self._parts.bus.signal_nowait(signal)
        self._parts.telemetry.count("wills_sent", len(committed.facts) + len(committed.signals))
        return True
