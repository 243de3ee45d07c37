"""Requests and their answers: of sessions to the embedding program, and of that to sessions, on whichever node."""

import asyncio
from collections import OrderedDict
from typing import Final

import msgspec

from unisono.app.caller import Member
from unisono.app.own_sessions import OwnSessions
from unisono.app.parts import Parts
from unisono.app.rates import RateLimiter
from unisono.domain import commands as c
from unisono.domain.answers import Done
from unisono.domain.errors import HandlerFailed, NoAnswer, NoHandler, NotFound, Overloaded, Refused, UnisonoError
from unisono.domain.events import Replied, Signal
from unisono.domain.ids import Fence, Instant, Json, SessionId, UserId, user_stream
from unisono.domain.rates import Rate
from unisono.domain.telling import asked, check_data
from unisono.domain.told import Answered, Asked
from unisono.ports.program import Asker, Program

AGAIN_MS: Final = 1_000
"""After which who asks while too much is asked is to try again."""
WAITING_LIMIT: Final = 10_000
"""Questions that a node waits for the answers of."""
KNOWN_LIMIT: Final = 20_000
"""Questions that a node knows to be open, its own and others'; beyond it, the oldest cannot be answered here."""


class Questions:
    """What sessions ask the program, as long as their connections last."""

    def __init__(self, parts: Parts, rate: Rate, at_once: int) -> None:
        """Let each user ask so much, and so many questions of a connection be answered at a time."""
        self._parts = parts
        self._rate = RateLimiter(rate, parts.clock)
        self._at_once = at_once
        self._scopes: dict[tuple[SessionId, Fence], set[asyncio.Timeout]] = {}

    async def ask(self, member: Member, fence: Fence, command: c.Ask) -> Answered:
        """Have the program answer.

        Raises:
            NoHandler: It answers nothing of this name.
            Refused: It does not want to.
            HandlerFailed: It broke, or answered what is no JSON, or more than 16 KiB.
            NoAnswer: It took too long, or the asker is gone.
            RateLimited: The user asks too much.
            Overloaded: So many of the connection are being answered: more would hold up all else that it says.
            TooLarge: Beyond 16 KiB of data.
        """
        check_data(command.data)
        if len(self._scopes.get((member.session, fence), ())) >= self._at_once:
            raise Overloaded(what="questions", limit=self._at_once, retry_after_ms=AGAIN_MS)
        self._rate.spend(member.user)
        program = self._parts.program
        if program is None or not program.handles(command.name):
            raise NoHandler(name=command.name)
        scope = asyncio.timeout(command.timeout_s)
        scopes = self._scopes.setdefault((member.session, fence), set())
        scopes.add(scope)
        try:
            return await self._answer(program, Asker(member.user, member.session, command.tab), command, scope)
        finally:
            scopes.discard(scope)
            if not scopes:
                self._scopes.pop((member.session, fence), None)

    async def _answer(self, program: Program, asker: Asker, command: c.Ask, scope: asyncio.Timeout) -> Answered:
        try:
            async with scope:
                answer = await program.handle(asker, command.name, command.data)
            return Answered(_plain(answer))
        except UnisonoError:
            raise
        except Exception as problem:  # noqa: BLE001  (the program's own fault: it costs one request)
            if scope.expired():
                raise NoAnswer(limit_s=command.timeout_s) from None
            self._parts.telemetry.defect("handler_failed", problem, name=command.name)
            raise HandlerFailed() from None

    def give_up(self, session: SessionId, fence: Fence) -> None:
        """Have nothing answered any more that a connection asked: it is gone."""
        now = asyncio.get_running_loop().time()
        for scope in tuple(self._scopes.get((session, fence), ())):
            # One whose time was up is being cleaned up after already, and has no other time.
            if not scope.expired():
                scope.reschedule(now)


class Inquiries:
    """What the program asks sessions. One answer counts; a question on another node is answered over the bus."""

    def __init__(self, parts: Parts, own_sessions: OwnSessions) -> None:
        self._parts = parts
        self._own_sessions = own_sessions
        self._waiting: dict[str, asyncio.Future[Replied]] = {}
        self._known: OrderedDict[str, tuple[SessionId, Instant]] = OrderedDict()

    async def ask(self, user: UserId, to: c.Address, name: str, data: Json, timeout_s: float) -> Json:
        """Ask a session of a user, or one tab of it; give what it answers.

        A time-out does not say that nothing was done. Refusals: `domain.telling.asked`.

        Raises:
            NoAnswer: None came in time.
            Refused: It said why it does not answer.
            Overloaded: Too many answers are waited for.
        """
        view = asked(await self._own_sessions.list_of(user), to, data)
        if len(self._waiting) >= WAITING_LIMIT:
            raise Overloaded(what="questions", limit=WAITING_LIMIT, retry_after_ms=AGAIN_MS)
        question = Asked(self._parts.entropy.secret(), name, int(timeout_s * 1000), data, to.tab)
        answer = self._waiting[question.id] = asyncio.get_running_loop().create_future()
        try:
            self._parts.bus.signal_nowait(Signal(user_stream(user), question, "high", sessions=(view.session,)))
            async with asyncio.timeout(timeout_s):
                replied = await answer
        except TimeoutError:
            raise NoAnswer(limit_ms=question.within_ms) from None
        finally:
            del self._waiting[question.id]
        if replied.error is not None:
            raise Refused(reason=replied.error)
        return replied.data

    def note(self, signal: Signal) -> None:
        """Take note of a question that passes by, so that it can be answered here."""
        event = signal.event
        if not isinstance(event, Asked) or not signal.sessions:
            return
        now = self._parts.clock.now()
        while self._known and (len(self._known) >= KNOWN_LIMIT or self._is_first_over(now)):
            self._known.popitem(last=False)
        self._known[event.id] = (signal.sessions[0], Instant(now + event.within_ms))

    def reply(self, session: SessionId, command: c.ReplyTo) -> Done:
        """Pass on what a session answers.

        Raises:
            NotFound: It was not asked this, did not answer in time, or did answer.
            TooLarge: Beyond 16 KiB of data.
        """
        check_data(command.data)
        asked_one, until = self._known.get(command.id, (None, 0))
        if asked_one != session or until < self._parts.clock.now():
            raise NotFound()
        del self._known[command.id]
        self._parts.bus.signal_nowait(Replied(command.id, command.data, command.error))
        return Done()

    def take(self, replied: Replied) -> None:
        """Take an answer, if it is waited for here; the first one counts."""
        self._known.pop(replied.id, None)
        waiting = self._waiting.get(replied.id)
        if waiting is not None and not waiting.done():
            waiting.set_result(replied)

    def _is_first_over(self, now: Instant) -> bool:
        return next(iter(self._known.values()))[1] < now


class Asking:
    """Both ways to ask."""

    def __init__(self, parts: Parts, own_sessions: OwnSessions, rate: Rate, at_once: int) -> None:
        self.questions = Questions(parts, rate, at_once)
        self.inquiries = Inquiries(parts, own_sessions)


def _plain(answer: Json) -> Json:
    """Give an answer as every codec writes it alike."""
    check_data(answer)
    return msgspec.json.decode(msgspec.json.encode(answer))
