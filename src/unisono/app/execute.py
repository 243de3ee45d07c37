"""Every command of every door comes through here.

The order that the promises rest on is in `_finish`: commit, acknowledge, publish.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import nullcontext
from functools import partial
from typing import Final, Protocol

from unisono.app.asking import Asking
from unisono.app.caller import Caller, Member
from unisono.app.calls import Calling
from unisono.app.changing import Change, by_operator, caused_by, change, present, where
from unisono.app.claims import Claiming
from unisono.app.contact_policy import ContactPolicy
from unisono.app.costs import cost_of
from unisono.app.fanout import Fanout
from unisono.app.filing import Filing
from unisono.app.granting import Granting, spending
from unisono.app.hooks import Hooks
from unisono.app.options import AppOptions
from unisono.app.own_sessions import OwnSessions
from unisono.app.parts import Parts
from unisono.app.presence import Watching
from unisono.app.rates import RateLimiter
from unisono.app.reading import Reading, without_messages
from unisono.app.rooms import Rooms
from unisono.app.telling import Telling
from unisono.app.thread_departures import ThreadDepartures
from unisono.app.wills import Wills
from unisono.domain import commands as c
from unisono.domain.answers import Answer, Done, Placed, Pong, Unread
from unisono.domain.conversation import Decide, Scope
from unisono.domain.errors import Internal
from unisono.domain.grants import Need
from unisono.domain.ids import INTEGER_MAX, ConversationId, Seq, SessionId, UserId
from unisono.domain.permission import Standing, check
from unisono.domain.pushing import TARGETS_PER_USER_MAX
from unisono.ports.log import Committed
from unisono.ports.requests import Request

MARKED_AT_ONCE: Final = 100
MARKS_PER_REQUEST: Final = 10
"""So many conversations of all that wait cost as much as one more request: who leaves waits until they are marked."""


class Exchange(Protocol):
    """One request of a connection: hears what comes of it."""

    def acknowledge(self, answer: Answer) -> None:
        """Hear the answer: the command was carried out, and what it changed is durable."""

    def over(self, problem: Exception | None) -> None:
        """Hear, once and last, that nothing more follows; and what went wrong, if anything did."""


class Executor:
    """Carries out the commands of greeted connections."""

    def __init__(
        self,
        parts: Parts,
        options: AppOptions,
        *,
        fanout: Fanout,
        own_sessions: OwnSessions,
        reading: Reading,
        watching: Watching,
        rooms: Rooms,
        wills: Wills,
        filing: Filing,
        claiming: Claiming,
        telling: Telling,
        asking: Asking,
        hooks: Hooks,
        calling: Calling,
        contact_policy: ContactPolicy,
        thread_departures: ThreadDepartures,
    ) -> None:
        self._parts = parts
        self._quotas = options.quotas
        self._fanout = fanout
        self._own_sessions = own_sessions
        self._reading = reading
        self._watching = watching
        self._rooms = rooms
        self._wills = wills
        self._filing = filing
        self._claiming = claiming
        self._telling = telling
        self._asking = asking
        self._hooks = hooks
        self._calling = calling
        self._contact_policy = contact_policy
        self._thread_departures = thread_departures
        self._rate = RateLimiter(options.commands, parts.clock)
        self._granting = Granting(parts, options.granted)

    def start(self, caller: Caller, command: c.Command, exchange: Exchange) -> Coroutine[None, None, None] | None:
        """Carry out one command; what it changed is durable before `exchange` hears the answer.

        What is given back is to be awaited by the caller; most commands need no task to wait for them and give None.
        Commands started one after the other on one event loop place their facts in that order, but for those that take
        a grant, or the program's leave, which those of one session take in turn. Never raises: whatever goes wrong is
        told to `exchange`, and then nothing of the command remains.
        """
        try:
            return self._start(caller, command, exchange)
        except Exception as problem:  # noqa: BLE001  (a defect costs its own request alone)
            exchange.over(problem)
            return None

    def _start(self, caller: Caller, command: c.Command, exchange: Exchange) -> Coroutine[None, None, None] | None:
        if isinstance(command, c.Ping):
            exchange.acknowledge(Pong(checkpoint=self._fanout.checkpoint))
            exchange.over(None)
            return None
        user, session = caller.user, caller.session
        check(type(command), Standing.NOBODY if user is None else Standing.MEMBER)
        if user is None or session is None:
            raise Internal(reason="a rule lets connections without a user do this")
        self._rate.spend(user, cost_of(command))
        self._parts.telemetry.count("commands", label=type(command).__name__)
        need = self._granting.need_of(user, command)
        if isinstance(command, c.Ask):
            return self._wait_for_program(caller, Member(user, session), command, exchange)
        if need is not None or self._hooks.concern(command):
            return self._wait_for_leave(Member(user, session), command, need, exchange)
        transaction = self._change(user, command)
        if transaction is None:
            return self._wait_for_other(user, session, command, exchange)
        started_s = self._parts.clock.monotonic_s()
        committing = self._parts.log.transact(*self._decided_by(session, *transaction))
        committing.add_done_callback(partial(self._finish, exchange, started_s))
        return None

    def _finish(self, exchange: Exchange, started_s: float, committing: "asyncio.Future[Committed]") -> None:
        try:
            committed = committing.result()
            exchange.acknowledge(committed.answer)
            self._pass_on(committed, started_s)
        except Exception as problem:  # noqa: BLE001  (a defect costs its own request alone)
            exchange.over(problem)
        else:
            exchange.over(None)

    async def _wait_for_other(self, user: UserId, session: SessionId, command: c.Command, exchange: Exchange) -> None:
        try:
            exchange.acknowledge(await self._other(user, session, command))
        except Exception as problem:  # noqa: BLE001  (a defect costs its own request alone)
            exchange.over(problem)
        else:
            exchange.over(None)

    async def _wait_for_program(self, caller: Caller, member: Member, command: c.Ask, exchange: Exchange) -> None:
        try:
            exchange.acknowledge(await self._asking.questions.ask(member, caller.fence, command))
        except Exception as problem:  # noqa: BLE001  (a defect costs its own request alone)
            exchange.over(problem)
        else:
            exchange.over(None)

    async def _wait_for_leave(self, member: Member, command: c.Command, need: Need | None, exchange: Exchange) -> None:
        # Who leaves a room right after entering it is out in the end, however long it takes to be let in.
        turn = self._rooms.turn(member.session) if isinstance(command, c.EnterRoom) else nullcontext()
        try:
            async with turn:
                once = None if need is None else await self._granting.check(member.user, need)
                async with self._hooks.turn(member, command) as allowed:
                    with spending():
                        answer = await self._carry_out(member, allowed, once, exchange)
                self._hooks.done(member, allowed, answer)
        except Exception as problem:  # noqa: BLE001  (a defect costs its own request alone)
            exchange.over(problem)
        else:
            exchange.over(None)

    async def _carry_out(self, member: Member, command: c.Command, once: Request | None, exchange: Exchange) -> Answer:
        transaction = self._change(member.user, command)
        if transaction is not None:
            started_s = self._parts.clock.monotonic_s()
            scope, decide = self._decided_by(member.session, *transaction)
            committed = await self._parts.log.transact(scope, decide, once)
            exchange.acknowledge(committed.answer)
            self._pass_on(committed, started_s)
            return committed.answer
        if once is not None:
            await self._parts.requests.begin(once)
        if isinstance(command, c.EnterRoom):
            answer: Answer = await self._rooms.enter(member, command)
        else:
            answer = await self._other(member.user, member.session, command)
        exchange.acknowledge(answer)
        return answer

    def _decided_by(self, session: SessionId, scope: Scope, decide: Decide) -> tuple[Scope, Decide]:
        """Give a decision as that of a session: it is known who caused it, and what rooms they are in."""
        decide = caused_by(session, decide)
        if scope.conversation is not None and self._rooms.is_in(session, scope.conversation):
            decide = present(decide)
        return scope, decide

    async def on_behalf(
        self,
        user: UserId,
        command: c.Command,
        request: Request | None = None,
        *,
        is_present: bool = False,
        session: SessionId | None = None,
    ) -> Answer:
        """Carry out a command for a user who asks on no connection; what it changed is durable by then.

        It costs nothing of what the user may ask: who asks for them counts by itself (`cost_of`). Of a `request` that
        was carried out before, under its key, the answer is given again, if it changes streams in one transaction.
        `is_present` lets them speak in a room as if they were there; `session` is the one of theirs that it comes of.

        Raises:
            UnisonoError: It was not carried out, and nothing of it remains.
        """
        self._parts.telemetry.count("commands", label=type(command).__name__)
        transaction = self._change(user, command)
        if transaction is not None:
            scope, decide = transaction
            decide = decide if session is None else caused_by(session, decide)
            return (await self._commit(scope, present(decide) if is_present else decide, request)).answer
        match command:
            case c.MarkAllRead():
                # The answer may be kept under a key, and what somebody said is to be kept in the log alone.
                return without_messages(await self._mark_all_read(user, command))
            case c.CountPeople():
                return await self._rooms.count(user, command)
            case c.RequestUpload() | c.RemoveFile():
                return await self._filing.answer(user, command)
            case c.Tell():
                return await self._telling.tell(user, command)
            case _:
                return await self._reading.answer(user, command)

    def _change(self, user: UserId, command: c.Command) -> Change | None:
        found = change(user, command, self._quotas, self._parts.entropy.conversation_id)
        return None if found is None else (found[0], where(self._contact_policy.writing, found[1]))

    def spend(self, user: UserId) -> None:
        """Count what a user asks by another way than a command as one.

        Raises:
            RateLimited: Too many; says when there is room again.
        """
        self._rate.spend(user)

    async def for_operator(self, by: UserId, command: c.Command, request: Request | None = None) -> Answer:
        """Carry out a command of the operator's; what it changed was done by the user `by`, who need not exist.

        Raises:
            UnisonoError: It was not carried out, and nothing of it remains.
        """
        self._parts.telemetry.count("commands", label=type(command).__name__)
        transaction = change(by, command, self._quotas, self._parts.entropy.conversation_id)
        if transaction is None:
            return await self._reading.for_operator(command)
        scope, decide = transaction
        return (await self._commit(scope, by_operator(decide), request)).answer

    async def _commit(self, scope: Scope, decide: Decide, request: Request | None) -> Committed:
        """Make a decision durable and pass it on."""
        started_s = self._parts.clock.monotonic_s()
        committed = await self._parts.log.transact(scope, decide, request)
        self._pass_on(committed, started_s)
        return committed

    def _pass_on(self, committed: Committed, started_s: float) -> None:
        self._parts.bus.publish_nowait(committed.facts)
        for signal in committed.signals:
            self._parts.bus.signal_nowait(signal)
        self._thread_departures.stir(committed.facts)
        self._note(committed, started_s)

    async def _mark_all_read(self, user: UserId, command: c.MarkAllRead, session: SessionId | None = None) -> Unread:
        """Read conversations to their ends, each by itself; a fault leaves those before it read.

        It counts against the rate of who asks by a session.
        """
        if command.conversations:
            await self._read_to_ends(user, command.conversations, session)
            return await self._reading.unread(user, c.GetUnread())
        after: ConversationId | None = None
        while True:
            page = await self._reading.unread(user, c.GetUnread(after=after, limit=MARKED_AT_ONCE))
            if session is not None:
                self._rate.spend(user, len(page.conversations) / MARKS_PER_REQUEST)
            await self._read_to_ends(user, [each.conversation for each in page.conversations], session)
            if (after := page.next) is None:
                return await self._reading.unread(user, c.GetUnread())

    async def _read_to_ends(
        self, user: UserId, conversations: Sequence[ConversationId], session: SessionId | None
    ) -> None:
        for conversation in dict.fromkeys(conversations):
            await self.on_behalf(user, c.MarkRead(conversation, Seq(INTEGER_MAX)), session=session)

    def _note(self, committed: Committed, started_s: float) -> None:
        telemetry = self._parts.telemetry
        telemetry.observe_s("append", self._parts.clock.monotonic_s() - started_s)
        telemetry.count("facts_placed", len(committed.facts))
        if isinstance(committed.answer, Placed):
            telemetry.count("messages_placed")

    async def _other(self, user: UserId, session: SessionId, command: c.Command) -> Answer:
        match command:
            case c.MarkAllRead():
                return await self._mark_all_read(user, command, session)
            case c.ListSessions():
                return await self._own_sessions.page_of(user, command, session)
            case c.ShareTabs(tabs=tabs):
                await self._own_sessions.share(user, session, tabs)
                return Done()
            case c.EnterRoom() | c.LeaveRoom() | c.CountPeople():
                return await self._rooms.answer(Member(user, session), command)
            case c.LeaveWill() | c.DropWill():
                return await self._wills.answer(Member(user, session), command)
            case c.RegisterPush() | c.UnregisterPush():
                return await self._register(session, command)
            case c.RequestUpload() | c.RemoveFile():
                return await self._filing.answer(user, command)
            case c.Tell() | c.ReplyTo() | c.Took():
                return await self._say(user, session, command)
            case c.AskPresence() | c.Watch() | c.Unwatch():
                return await self._watching.answer(Member(user, session), command)
            case c.CloseTab() | c.CloseSession() | c.CloseDevice() | c.Logout():
                return await self._end(user, session, command)
            case _:
                return await self._between_sessions(Member(user, session), command)

    async def _between_sessions(self, member: Member, command: c.Command) -> Answer:
        """Carry out what one session of several gets, and what is left."""
        match command:
            case c.Claim() | c.RenewClaim() | c.FinishClaim() | c.ReleaseClaim():
                return await self._claiming.answer(member, command)
            case c.StartCall() | c.AnswerCall() | c.DeclineCall() | c.HangUp() | c.HandOver():
                return await self._calling.answer(member, command)
            case c.SignalCall() | c.ListCalls() | c.GetTurn():
                return await self._calling.answer(member, command)
            case _:
                return await self._reading.answer(member.user, command)

    async def _say(self, user: UserId, session: SessionId, command: c.Tell | c.ReplyTo | c.Took) -> Answer:
        match command:
            case c.ReplyTo():
                return self._asking.inquiries.reply(session, command)
            case c.Took():
                return await self._telling.took(user, session, command)
            case c.Tell():
                return await self._telling.tell(user, command, session, partial(self._rate.spend, user))

    async def _register(self, session: SessionId, command: c.RegisterPush | c.UnregisterPush) -> Done:
        targets = self._parts.push_targets
        if isinstance(command, c.RegisterPush):
            await targets.keep(session, command.provider, command.token, TARGETS_PER_USER_MAX)
        else:
            await targets.drop(session)
        return Done()

    async def _end(
        self, user: UserId, session: SessionId, command: c.CloseTab | c.CloseSession | c.CloseDevice | c.Logout
    ) -> Done:
        own = self._own_sessions
        match command:
            case c.CloseTab():
                await own.close_tab(user, command.session, command.tab)
            case c.CloseSession():
                await own.end_session(user, command.session, "closed")
            case c.CloseDevice():
                await own.end_device(user, command.device, "closed")
            case c.Logout():
                await own.end_session(user, session, "logged_out")
        return Done()
