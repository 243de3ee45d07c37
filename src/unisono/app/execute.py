"""Every command of every door comes through here.

The order that the promises rest on is in `execute`: commit, acknowledge, publish.
"""

from collections.abc import Callable
from functools import partial
from typing import Final

from unisono.app.caller import Caller
from unisono.app.fanout import Fanout
from unisono.app.options import AppOptions
from unisono.app.own_sessions import OwnSessions
from unisono.app.parts import Parts
from unisono.app.rates import RateLimiter
from unisono.app.reading import Reading
from unisono.domain import commands as c
from unisono.domain import membership, messages, revisions
from unisono.domain.answers import Answer, Done, Placed, Pong
from unisono.domain.conversation import Decide, Scope
from unisono.domain.errors import Internal
from unisono.domain.ids import SessionId, UserId
from unisono.domain.permission import Standing, check
from unisono.ports.log import Committed

Acknowledge = Callable[[Answer], None]


USERS_PER_REQUEST: Final = 10
"""So many users named cost as much as one more request: each is written to their own stream."""


class Executor:
    """Carries out the commands of greeted connections."""

    def __init__(
        self, parts: Parts, options: AppOptions, fanout: Fanout, own_sessions: OwnSessions, reading: Reading
    ) -> None:
        self._parts = parts
        self._quotas = options.quotas
        self._fanout = fanout
        self._own_sessions = own_sessions
        self._reading = reading
        self._rate = RateLimiter(options.commands, parts.clock)

    async def execute(self, caller: Caller, command: c.Command, acknowledge: Acknowledge) -> None:
        """Carry out one command and acknowledge it; what it changed is durable before that.

        Commands started one after the other on one event loop place their facts in that order.

        Raises:
            UnisonoError: It was not carried out, and nothing of it remains.
        """
        if isinstance(command, c.Ping):
            acknowledge(Pong(checkpoint=self._fanout.checkpoint))
            return
        user, session = caller.user, caller.session
        check(type(command), Standing.NOBODY if user is None else Standing.MEMBER)
        if user is None or session is None:
            raise Internal(reason="a rule lets connections without a user do this")
        self._rate.spend(user, _cost(command))
        self._parts.telemetry.count("commands", label=type(command).__name__)
        transaction = self._transaction(user, command)
        if transaction is None:
            acknowledge(await self._other(user, session, command))
            return
        started_s = self._parts.clock.monotonic_s()
        committed = await self._parts.log.transact(*transaction)
        acknowledge(committed.answer)
        self._parts.bus.publish_nowait(committed.facts)
        for signal in committed.signals:
            self._parts.bus.signal_nowait(signal)
        self._note(committed, started_s)

    def _transaction(self, user: UserId, command: c.Command) -> tuple[Scope, Decide] | None:
        """Give what a changing command needs to see and how it decides; None for one that changes no stream."""
        quotas = self._quotas
        match command:
            case c.SendMessage(conversation=conversation, key=key):
                scope = Scope(conversation=conversation, users=(user,), sender=user, key=key)
                return scope, lambda snapshot: messages.send(snapshot, user, command, quotas)
            case c.MarkRead(conversation=conversation):
                return Scope(conversation=conversation, users=(user,)), partial(
                    messages.mark_read, reader=user, command=command
                )
            case c.EditMessage(conversation=conversation, message=message):
                scope = Scope(conversation=conversation, users=(user,), message=message)
                return scope, lambda snapshot: revisions.edit(snapshot, user, command, quotas)
            case c.RecallMessage(conversation=conversation, message=message):
                scope = Scope(conversation=conversation, users=(user,), message=message)
                return scope, lambda snapshot: revisions.recall(snapshot, user, command, quotas)
            case c.React(conversation=conversation, message=message):
                scope = Scope(conversation=conversation, users=(user,), message=message)
                return scope, lambda snapshot: revisions.react(snapshot, user, command, quotas)
            case c.TellTyping(conversation=conversation):
                return Scope(conversation=conversation, users=(user,)), partial(
                    messages.typing, user=user, command=command
                )
            case c.CreateConversation():
                return self._creation(user, command)
            case c.AddMembers(conversation=conversation, users=users):
                scope = Scope(conversation=conversation, users=(user, *users), all_members=True)
                return scope, lambda snapshot: membership.add(snapshot, user, command, quotas)
            case c.RemoveMembers(conversation=conversation, users=users):
                scope = Scope(conversation=conversation, users=(user, *users), all_members=True)
                return scope, lambda snapshot: membership.remove(snapshot, user, command)
            case c.Join(conversation=conversation):
                scope = Scope(conversation=conversation, users=(user,), all_members=True)
                return scope, lambda snapshot: membership.join(snapshot, user, quotas)
            case c.Quit(conversation=conversation):
                scope = Scope(conversation=conversation, users=(user,), all_members=True)
                return scope, lambda snapshot: membership.quit_(snapshot, user)
            case _:
                return None

    def _note(self, committed: Committed, started_s: float) -> None:
        telemetry = self._parts.telemetry
        telemetry.observe_s("append", self._parts.clock.monotonic_s() - started_s)
        telemetry.count("facts_placed", len(committed.facts))
        if isinstance(committed.answer, Placed):
            telemetry.count("messages_placed")

    def _creation(self, user: UserId, command: c.CreateConversation) -> tuple[Scope, Decide]:
        new_id = self._parts.entropy.conversation_id()
        members = membership.members_to_be(user, command)
        unique_of = (command.of, members) if membership.is_unique(command) else None
        scope = Scope(users=(user,), all_members=True, sender=user, key=command.key, unique_of=unique_of)
        return scope, lambda snapshot: membership.create(snapshot, user, command, new_id, self._quotas)

    async def _other(self, user: UserId, session: SessionId, command: c.Command) -> Answer:
        reading, own = self._reading, self._own_sessions
        match command:
            case c.Sync():
                return await reading.sync(user, command)
            case c.ReadStream():
                return await reading.stream(user, command)
            case c.GetConversation():
                return await reading.conversation(user, command)
            case c.ListConversations():
                return await reading.conversations(user, command)
            case c.GetHistory():
                return await reading.history(user, command)
            case c.ListSessions():
                return await own.page_of(user, command, session)
            case c.CloseSession():
                await own.end_session(user, command.session, "closed")
            case c.CloseDevice():
                await own.end_device(user, command.device, "closed")
            case c.Logout():
                await own.end_session(user, session, "logged_out")
            case _:
                raise Internal(reason="a command without a use case")
        return Done()


def _cost(command: c.Command) -> float:
    match command:
        case c.CreateConversation(members=users) | c.AddMembers(users=users) | c.RemoveMembers(users=users):
            return 1.0 + len(users) // USERS_PER_REQUEST
        case _:
            return 1.0
