"""Erasing users: at once nobody comes in under their name, and then one trace after the other is removed.

Each step is durable by itself and may be done again, so an erasure goes on after whatever ended it, on whichever node;
two that do it at the same time do no harm.
"""

import asyncio
from contextlib import suppress
from functools import partial
from typing import Final

from msgspec import structs

from unisono.app.calls import Calling
from unisono.app.execute import Executor
from unisono.app.filing import Filing
from unisono.app.own_sessions import OwnSessions
from unisono.app.parts import Parts
from unisono.domain.commands import RecallMessage, SetWriting
from unisono.domain.contacts import set_writing, untie
from unisono.domain.conversation import Decide, Scope
from unisono.domain.erasing import leave, scrubbed, take_off
from unisono.domain.errors import Forbidden, LocalFault, NotFound
from unisono.domain.ids import NO_SEQ, ConversationId, Instant, Seq, StreamKey, UserId, conversation_stream, user_stream
from unisono.domain.ties import EVERYBODY
from unisono.ports.erasures import Erasure
from unisono.ports.traces import Left

SETTLING_MS: Final = 3_000
"""How long after it was asked for it begins: sessions are closed within 2 s, and what they sent has its place then."""
ERASURES_PER_TURN: Final = 20
PLACES_AT_ONCE: Final = 50
FACTS_AT_ONCE: Final = 500
TIES_AT_ONCE: Final = 100
FAILED_REST_MS: Final = 3_600_000
"""How long after a defect an erasure is tried again: what stood in its way may be gone, or the node a newer one."""
RECALLS_AT_ONCE: Final = 100
"""Messages taken back at a time: they share a sync to disk, and leave room for everybody else."""


class Erasing:
    """Erasures of one app."""

    def __init__(
        self, parts: Parts, own_sessions: OwnSessions, executor: Executor, filing: Filing, *, calling: Calling
    ) -> None:
        self._parts = parts
        self._own_sessions = own_sessions
        self._executor = executor
        self._filing = filing
        self._calling = calling

    async def begin(self, user: UserId) -> Erasure:
        """Void all that lets a user in, end their sessions, and have their traces removed. Asking again is no fault.

        One that is over is gone through anew, one that failed is tried again at once.
        """
        erasure = await self._parts.erasures.begin(user)
        if erasure.failed_at is not None:
            erasure = structs.replace(erasure, failed_at=None)
            await self._parts.erasures.note(erasure)
        await self._own_sessions.end_all(user, "revoked")
        return erasure

    async def find(self, user: UserId) -> Erasure:
        """Say how far an erasure is.

        Raises:
            NotFound: The user is not being erased, and was not since they were last allowed.
        """
        erasure = await self._parts.erasures.find(user)
        if erasure is None:
            raise NotFound()
        return erasure

    async def allow(self, user: UserId) -> None:
        """Let a user who was erased come again.

        Raises:
            NotFound: As for `find`.
            Forbidden: The erasure is under way.
        """
        if (await self.find(user)).finished_at is None:
            raise Forbidden(reason="the erasure is under way")
        await self._parts.erasures.forget(user)

    async def sweep(self) -> None:
        """Carry out what was asked for, to its end. One that fails for a defect is tried again after `FAILED_REST_MS`.

        Raises:
            LocalFault: The store is away, or too busy; a later turn goes on from there.
        """
        now = self._parts.clock.now()
        asked, failed = Instant(now - SETTLING_MS), Instant(now - FAILED_REST_MS)
        for erasure in await self._parts.erasures.unfinished(asked, failed, ERASURES_PER_TURN):
            try:
                await self._erase(erasure)
            except LocalFault:
                raise
            except Exception as defect:  # noqa: BLE001  (one that cannot be erased must not keep all others)
                self._parts.telemetry.defect("erasure_failed", defect, user=erasure.user)
                self._parts.telemetry.count("erasures_failed")
                await self._note_failed(erasure)

    async def _note_failed(self, erasure: Erasure) -> None:
        reached = await self._parts.erasures.find(erasure.user)
        if reached is not None and reached.asked_at == erasure.asked_at:
            await self._parts.erasures.note(structs.replace(reached, failed_at=self._parts.clock.now()))

    async def _erase(self, erasure: Erasure) -> None:
        user, erasure = erasure.user, structs.replace(erasure, failed_at=None)
        await self._own_sessions.end_all(user, "revoked")
        await self._calling.put_out(user)
        await self._parts.erasures.drop_rest(user)
        await self._filing.remove_of(user)
        await self._untie(user)
        await self._scrub_own_stream(user)
        while places := await self._parts.traces.places(user, erasure.after, PLACES_AT_ONCE):
            for place in places:
                erasure = await self._erase_in(place.conversation.id, erasure)
        if await self._parts.directory.list_of(user, None, 1):
            # Somebody added them where all was done already.
            await self._parts.erasures.note(structs.replace(erasure, after=None))
            return
        # What was asked for on another node when their sessions ended is there by now.
        await self._filing.remove_of(user)
        await self._parts.erasures.note(structs.replace(erasure, finished_at=self._parts.clock.now()))
        self._parts.telemetry.event(
            "user_erased", user=user, conversations=erasure.conversations, messages=erasure.messages
        )

    async def _untie(self, user: UserId) -> None:
        """End what the user is to others, and others to them: what they said with invitations goes with it."""
        rule = Scope(users=(user,), others=(EVERYBODY,))
        await self._place(rule, partial(set_writing, user=user, command=SetWriting("anyone")))
        after: UserId | None = None
        while page := await self._parts.contacts.every(user, after, TIES_AT_ONCE):
            for tie in page:
                scope = Scope(users=(user, tie.user), others=(tie.user,), ties_change=True)
                await self._place(scope, partial(untie, user=user, other=tie.user))
            after = page[-1].user

    async def _scrub_own_stream(self, user: UserId) -> None:
        stream, after = user_stream(user), NO_SEQ
        while page := (await self._parts.log.read(stream, after, FACTS_AT_ONCE)).facts:
            await self._scrub(stream, [placed.seq for placed in page if scrubbed(placed.fact) != placed.fact])
            after = page[-1].seq

    async def _scrub(self, stream: StreamKey, seqs: list[Seq]) -> None:
        if seqs:
            await self._parts.erasures.scrub(stream, seqs)

    async def _erase_in(self, conversation: ConversationId, erasure: Erasure) -> Erasure:
        """Remove what a user left in a conversation, then make them leave; give how far the erasure is then."""
        after, is_complete = NO_SEQ, False
        while not is_complete:
            left = await self._parts.traces.left_in(conversation, erasure.user, after)
            erasure = await self._remove(conversation, left, erasure)
            after, is_complete = left.until, left.is_complete
        scope = Scope(conversation=conversation, users=(erasure.user,), all_members=True)
        await self._place(scope, partial(leave, user=erasure.user))
        erasure = structs.replace(erasure, after=conversation, conversations=erasure.conversations + 1)
        await self._parts.erasures.note(erasure)
        return erasure

    async def _remove(self, conversation: ConversationId, left: Left, erasure: Erasure) -> Erasure:
        user = erasure.user
        said = [entry.seq for entry in left.messages if not entry.message.is_recalled]
        for start in range(0, len(said), RECALLS_AT_ONCE):
            recalls = (self._recall(conversation, seq, user) for seq in said[start : start + RECALLS_AT_ONCE])
            outcomes = await asyncio.gather(*recalls, return_exceptions=True)
            # All have ended; of several that failed one is told of.
            for outcome in outcomes:
                if isinstance(outcome, BaseException):
                    raise outcome
        for reacted in left.reactions:
            scope = Scope(conversation=conversation, users=(user,), message=reacted.seq)
            await self._place(scope, partial(take_off, user=user, reaction=reacted.reaction))
        await self._scrub(conversation_stream(conversation), list(left.described))
        if said:
            erasure = structs.replace(erasure, messages=erasure.messages + len(said))
            await self._parts.erasures.note(erasure)
        return erasure

    async def _recall(self, conversation: ConversationId, message: Seq, user: UserId) -> None:
        # What is kept for some days only may be gone since it was listed.
        with suppress(NotFound):
            await self._executor.for_operator(user, RecallMessage(conversation, message))

    async def _place(self, scope: Scope, decide: Decide) -> None:
        committed = await self._parts.log.transact(scope, decide)
        self._parts.bus.publish_nowait(committed.facts)
        self._parts.telemetry.count("facts_placed", len(committed.facts))
