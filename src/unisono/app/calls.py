"""Calls: rung on all sessions of whom they are for, answered once, told to all whom they concern.

What happens to a call is decided by the store. Its people hear of it by an event that says how the call is, from the
node that decided; other nodes look every sweep, so that no bus is relied on. Its end is a fact.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Final

from unisono.app.caller import Member
from unisono.app.changing import where
from unisono.app.contact_policy import ContactPolicy
from unisono.app.options import CallRules
from unisono.app.own_sessions import OwnSessions
from unisono.app.parts import Parts
from unisono.app.rates import RateLimiter
from unisono.domain import calls
from unisono.domain import commands as c
from unisono.domain.answers import Answer, Done
from unisono.domain.call_answers import CallAnswer, Calls, TurnServers
from unisono.domain.call_view import IceServer
from unisono.domain.calls import Call, CallEnd
from unisono.domain.conversation import Conversation, Decision, Scope, Snapshot
from unisono.domain.errors import Forbidden, Invalid, LimitReached, NoAnswer, NotFound, RateLimited
from unisono.domain.events import CallChanged, CallSignalled, Signal
from unisono.domain.ids import CallId, ConversationId, DeviceId, Instant, SessionId, UserId, user_stream
from unisono.domain.permitting import UNHEARD, check_willing, permit
from unisono.domain.turn import credentials
from unisono.ports.calls import CallCommitted, CallDecide

SWEPT_AT_ONCE: Final = 500
NOTHING: Final = Decision((), lambda _: Done())
"""What a decision gives that only looks."""

CallCommand = (
    c.StartCall | c.AnswerCall | c.DeclineCall | c.HangUp | c.HandOver | c.SignalCall | c.ListCalls | c.GetTurn
)


class Calling:
    """The calls of one app."""

    def __init__(
        self,
        parts: Parts,
        rules: CallRules,
        tell_here: Callable[[Signal], None],
        own_sessions: OwnSessions,
        contact_policy: ContactPolicy,
    ) -> None:
        """Know the ports, what the operator says of calls, and who gives signals to the links of this node."""
        self._parts = parts
        self._rules = rules
        self._own_sessions = own_sessions
        self._contact_policy = contact_policy
        self._rung = RateLimiter(rules.to_one, parts.clock)
        self._tell_here = tell_here
        self._told: dict[CallId, int] = {}
        self._answering: dict[tuple[CallId, UserId], asyncio.Future[Call]] = {}

    def __len__(self) -> int:
        """Count the calls of the app that were not over at the last sweep."""
        return len(self._told)

    async def answer(self, member: Member, command: CallCommand) -> Answer:
        """Carry out a command of a session.

        Raises:
            NotFound: There is no such call, conversation or session for the caller.
            NoAnswer: The session that it is handed over to has no connection.
            Invalid, Forbidden, LimitReached, TooLarge: It cannot be done so.
        """
        match command:
            case c.StartCall():
                return self._answer_of(member, await self._begin(member, command))
            case c.AnswerCall():
                return self._answer_of(member, await self._be_in(member, command))
            case c.SignalCall():
                return await self._signal(member, command)
            case c.ListCalls():
                found = await self._parts.calls.of_user(member.user)
                return Calls(tuple(calls.view(call, member.user) for call in found))
            case c.GetTurn():
                return self._servers_for(member.user)
            case _:
                return self._answer_of(member, await self._change(member, command))

    async def sweep(self) -> None:
        """Stop what rang for long enough, take out who is gone, and tell here what other nodes decided.

        Who left the conversation that is called, or was removed, is out for good.

        Raises:
            Unavailable: The store is away; the next sweep does the rest.
        """
        for call in await self._parts.calls.due(SWEPT_AT_ONCE):
            await self._decide(call, lambda now, held, _: calls.stop_ringing(held, now))
        for call, session in await self._parts.calls.lost(calls.AWAY_MS, SWEPT_AT_ONCE):
            await self._decide(call, partial(_lose, session=session))
        for call, user in await self._parts.calls.strangers(SWEPT_AT_ONCE):
            await self._decide(call, partial(_put_out, user=user))
        active = dict(await self._parts.calls.active())
        for call, revision in active.items():
            if self._told.get(call, 0) < revision and (found := await self._parts.calls.find(call)) is not None:
                self._tell(found, self._tell_here)
        self._told = {call: max(revision, self._told.get(call, 0)) for call, revision in active.items()}

    async def put_out(self, user: UserId) -> None:
        """Take a user who is to be erased out of all their calls: the others hear of it, and go on."""
        for call in await self._parts.calls.of_user(user):
            await self._commit(call.id, call.people, partial(_put_out, user=user))

    async def _begin(self, member: Member, command: c.StartCall) -> Call:
        calls.check_size(command.data, calls.DATA_MAX_BYTES)
        name = calls.call_id(member.user, command.key)
        known = await self._parts.calls.find(name)
        if known is not None:
            # A repeat, whose first answer was lost.
            return calls.take_part(known, member.user)
        users = await self._called(member.user, command)
        end = await self._end(member.user, member.session)
        self._ring(member.user, users)

        def decide(now: Instant, held: Call | None, active: int) -> Call | None:
            if held is not None:
                return None
            if active >= calls.CALLS_OF_USER_MAX:
                raise LimitReached(what="calls of a user", limit=calls.CALLS_OF_USER_MAX)
            return Call(
                id=name,
                caller=member.user,
                users=users,
                media=command.media,
                began_at=now,
                rings_until=Instant(now + command.ring_s * 1000),
                ringing=users,
                ends=(end(now),),
                joined=(member.user,),
                is_group=command.conversation is not None or len(users) > 1,
                conversation=command.conversation,
                data=command.data,
            )

        try:
            committed = await self._commit(name, (member.user, *users), decide)
        except BaseException:
            # Nobody was rung, whatever it was.
            self._ring_not(member.user, users)
            raise
        if committed.is_changed:
            self._parts.telemetry.count("calls_begun", label=command.media)
        else:
            # The same was asked twice at once.
            self._ring_not(member.user, users)
        return calls.take_part(committed.call, member.user)

    async def _called(self, user: UserId, command: c.StartCall) -> tuple[UserId, ...]:
        if (command.conversation is None) == (not command.users):
            raise Invalid(field="users", reason="name users, or a conversation")
        users = command.users
        if command.conversation is not None:
            users = await self._members(user, command.conversation)
        others = tuple(dict.fromkeys(each for each in users if each != user))
        if len(others) > c.CALLED_MAX:
            raise LimitReached(what="users of a call", limit=c.CALLED_MAX)
        others = await self._willing(user, others, is_named=command.conversation is None)
        if not others:
            raise Invalid(field="users", reason="nobody to call")
        return others

    def _ring(self, user: UserId, others: Sequence[UserId]) -> None:
        """Count that a user rings others, or none of them: each hears a call tomorrow, too, that they missed."""
        for number, other in enumerate(others):
            try:
                self._rung.spend(_pair(user, other))
            except RateLimited as fault:
                self._ring_not(user, others[:number])
                # Not as a rate: clients would try it again by themselves.
                again_ms = fault.retry_after_ms or 0
                limit = self._rules.to_one.burst
                raise LimitReached(what="calls to one user", user=other, limit=limit, again_ms=again_ms) from None

    def _ring_not(self, user: UserId, others: Iterable[UserId]) -> None:
        """Count no more that a user rings others: nobody was rung."""
        for other in others:
            self._rung.give_back(_pair(user, other))

    async def _willing(self, user: UserId, others: tuple[UserId, ...], *, is_named: bool) -> tuple[UserId, ...]:
        """Give those of some users who hear from a user: of those named, all have to; of a group the others ring.

        Raises:
            Forbidden: One who is named blocks the user, or hears from contacts alone.
        """
        found: list[UserId] = []

        def decide(snapshot: Snapshot) -> Decision:
            if is_named:
                check_willing(snapshot, user, others, is_direct=True)
            found[:] = [each for each in others if not snapshot.tie(each, user).is_blocked]
            return NOTHING

        scope = Scope(users=(user,), others=others)
        await self._parts.log.transact(scope, where(self._contact_policy.writing, decide))
        return tuple(found)

    async def _members(self, user: UserId, conversation: ConversationId) -> tuple[UserId, ...]:
        """Give the members of a conversation that a user may call: one that may say something there."""
        found: list[UserId] = []

        def check(snapshot: Snapshot) -> Decision:
            called = _check_listed(permit(c.SendMessage, snapshot, user))
            if called.member_count - 1 > c.CALLED_MAX:
                raise LimitReached(what="users of a call", limit=c.CALLED_MAX)
            return NOTHING

        def decide(snapshot: Snapshot) -> Decision:
            found[:] = [each for each, membership in snapshot.memberships.items() if membership.is_member]
            return NOTHING

        # A large group is refused by its number: to read all its members would hold up everybody who writes.
        await self._parts.log.transact(Scope(conversation=conversation, users=(user,), speaks=True), check)
        await self._parts.log.transact(Scope(conversation=conversation, users=(user,), all_members=True), decide)
        return tuple(found)

    async def _check_member(self, user: UserId, conversation: ConversationId) -> None:
        """Let a member of a conversation into its call.

        Raises:
            NotFound: The user is none, or none any more.
        """
        places = await self._parts.directory.places(conversation, (user,))
        if not any(each.is_member for each in places):
            raise NotFound()

    async def _be_in(self, member: Member, command: c.AnswerCall) -> Call:
        """Be in a call, or see who was faster: who loses asks nothing of the store that the winner asks already."""
        key = (command.call, member.user)
        while (faster := self._answering.get(key)) is not None:
            await asyncio.wait((faster,))
            if not faster.cancelled() and not calls.may_answer(faster.result(), member.user):
                return faster.result()
        decided = self._answering[key] = asyncio.get_running_loop().create_future()
        try:
            call = await self._change(member, command)
            decided.set_result(call)
        finally:
            # After a fault the next one tries.
            decided.cancel()
            del self._answering[key]
        return call

    async def _change(self, member: Member, command: c.AnswerCall | c.DeclineCall | c.HangUp | c.HandOver) -> Call:
        user = member.user
        known = calls.take_part(await self._parts.calls.find(command.call), user)
        if isinstance(command, c.AnswerCall) and known.conversation is not None:
            await self._check_member(user, known.conversation)
        if isinstance(command, c.HandOver):
            end = await self._live_end(user, command.session)
        else:
            end = await self._end(user, member.session)
        devices = await self._devices(user) if isinstance(command, c.DeclineCall) and command.busy else ()

        def decide(now: Instant, held: Call | None, _: int) -> Call | None:
            match command:
                case c.AnswerCall():
                    return calls.answer(held, now, end(now))
                case c.DeclineCall():
                    return calls.decline(held, now, user, end(now).device, command, devices=devices)
                case c.HangUp():
                    return calls.leave(held, now, user, command.session)
                case c.HandOver():
                    return calls.hand_over(held, end(now))

        return calls.take_part((await self._commit(known.id, known.people, decide)).call, user)

    async def _devices(self, user: UserId) -> Sequence[DeviceId]:
        """Give the devices of a user that have a connection."""
        return [view.device for view in await self._own_sessions.list_of(user) if view.state == "live"]

    async def _live_end(self, user: UserId, session: SessionId) -> Callable[[Instant], CallEnd]:
        """Give what makes the end of a call of another session: one that is away would be taken out of it at once.

        Raises:
            NotFound: The user has no such session.
            NoAnswer: It has no connection.
        """
        view = next((each for each in await self._own_sessions.list_of(user) if each.session == session), None)
        if view is None:
            raise NotFound()
        if view.state != "live":
            raise NoAnswer(reason="no connection")
        device, shown = view.device, view.shown
        return lambda now: CallEnd(user, session, device, shown, now)

    async def _end(self, user: UserId, session: SessionId) -> Callable[[Instant], CallEnd]:
        """Give what makes the end of a call of one of a user's sessions.

        Raises:
            NotFound: The user has no such session.
        """
        record = await self._parts.sessions.find_open(session)
        if record is None or record.user != user:
            raise NotFound()
        return lambda now: CallEnd(user, session, record.device, record.shown, now)

    async def _signal(self, member: Member, command: c.SignalCall) -> Done:
        calls.check_size(command.data, calls.SIGNAL_MAX_BYTES)
        call = await self._parts.calls.find(command.call)
        end = calls.route(call, member.user, member.session, command.session)
        tie = await self._parts.contacts.find(end.user, member.user)
        if tie is not None and tie.is_blocked:
            raise Forbidden(reason=UNHEARD, user=end.user)
        event = CallSignalled(command.call, member.user, member.session, command.data)
        self._parts.bus.signal_nowait(Signal(user_stream(end.user), event, "high", sessions=(end.session,)))
        self._parts.telemetry.count("call_signals")
        return Done()

    def _servers_for(self, user: UserId) -> TurnServers:
        rules = self._rules
        servers = [IceServer(rules.stun_urls)] if rules.stun_urls else []
        if rules.turn_secret is not None and rules.turn_urls:
            now = self._parts.clock.now()
            name, password = credentials(rules.turn_secret, user, now, rules.turn_ttl_s)
            servers.append(IceServer(rules.turn_urls, name, password))
        return TurnServers(tuple(servers), rules.turn_ttl_s)

    async def _decide(self, name: CallId, decide: CallDecide) -> Call | None:
        """Change a call that there is."""
        known = await self._parts.calls.find(name)
        return None if known is None else (await self._commit(name, known.people, decide)).call

    async def _commit(self, name: CallId, people: tuple[UserId, ...], decide: CallDecide) -> CallCommitted:
        committed = await self._parts.calls.decide(name, people, decide)
        call = committed.call
        if call is None or not committed.is_changed:
            return committed
        self._parts.bus.publish_nowait(committed.facts)
        if call.reason is not None:
            self._parts.telemetry.count("calls_ended", label=call.reason)
        self._told[name] = call.revision
        self._tell(call, self._parts.bus.signal_nowait)
        return committed

    def _tell(self, call: Call, tell: Callable[[Signal], None]) -> None:
        for user in call.concerned:
            tell(Signal(user_stream(user), CallChanged(calls.view(call, user)), "high"))

    def _answer_of(self, member: Member, call: Call) -> CallAnswer:
        return CallAnswer(calls.view(call, member.user))


def _pair(user: UserId, other: UserId) -> str:
    return f"{user}\0{other}"


def _lose(now: Instant, held: Call | None, _: int, *, session: SessionId) -> Call | None:
    return calls.lose(held, now, session)


def _put_out(now: Instant, held: Call | None, _: int, *, user: UserId) -> Call | None:
    return calls.put_out(held, now, user)


def _check_listed(conversation: Conversation) -> Conversation:
    if not conversation.lists_members:
        raise Forbidden(reason="its members do not know each other")
    return conversation
