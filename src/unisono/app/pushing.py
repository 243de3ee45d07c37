"""Push notifications: telling the operator's service of messages to users who are not there.

Nothing is done for it when a message is sent. One node at a time reads the log behind a place that is kept, and moves
the place when all up to it was handed over: what a crash cuts short is handed over again, under the same names. After a
fault of the store the node that lived on goes on where it was.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Final

import msgspec

from unisono.app.lease import Lease
from unisono.app.options import PushRules
from unisono.app.parts import Parts
from unisono.app.withdrawing import Withdrawing
from unisono.domain.errors import UnisonoError
from unisono.domain.facts import Level
from unisono.domain.ids import NO_SEQ, Checkpoint, ConversationId, Instant, Seq, UserId, is_imported
from unisono.domain.pushing import alert_of, is_called, is_wanted, quieter
from unisono.ports.due_pushes import Absent, DueMark, DueMessage, Window
from unisono.ports.push import Push, PushService

MESSAGES_AT_ONCE: Final = 100
MEMBERS_AT_ONCE: Final = 500
BATCH_BYTES: Final = 256 * 1024
"""What one request carries of texts and data, besides its first push."""
DONE_MAX: Final = 100_000
"""Conversations whose place in a window is remembered. Beyond it, one that goes on may be told of twice."""
COUNTED_AT_ONCE: Final = 50
"""Users whose unread messages are counted in one read: with 1,000 conversations each some 30 ms."""
COUNTS_MAX: Final = 100_000
"""Users whose count is remembered for a window. Beyond it, some are counted again."""


class Pushing:
    """Hands over what is due. What it remembers is bounded, however many there are to be told."""

    def __init__(self, parts: Parts, rules: PushRules, service: PushService, lease: Lease) -> None:
        self._parts = parts
        self._rules = rules
        self._service = service
        self._lease = lease
        self._ends: deque[tuple[Checkpoint, float]] = deque()
        self._until: Checkpoint | None = None
        self._window: Window | None = None
        """What a fault interrupted. All that came before `_mark` was handed over."""
        self._mark: DueMark | None = None
        self._done: dict[ConversationId, Seq] = {}
        self._unread: dict[UserId, int] = {}
        self._behind_since_s: float | None = None
        self._has_work = False
        self.withdrawing = Withdrawing(parts, rules, service) if rules.reads else None

    @property
    def has_work(self) -> bool:
        """Say if this node is the one that hands over, as far as it knows."""
        return self._has_work and self._lease.is_held

    def lag_s(self) -> float:
        """Give for how long something that was due has not been handed over by this node."""
        return 0.0 if self._behind_since_s is None else self._parts.clock.monotonic_s() - self._behind_since_s

    async def start(self) -> None:
        """Let what is said from now on be pushed, if no node ever did. Call before the first connection.

        Raises:
            UnisonoError: The store is away.
        """
        await self._parts.due_pushes.hold(self._lease.node)

    async def sweep(self) -> None:
        """Hand over what has become due, if this node is the one to do it.

        Returns when all of it is taken, refused or given up, which may be long. Being cancelled loses nothing.

        Raises:
            UnisonoError: The store is away, or too busy; the next sweep goes on where this one stopped.
        """
        parts, node = self._parts, self._lease.node
        now_s = parts.clock.monotonic_s()
        self._ends.append((await parts.log.checkpoint(), now_s))
        while self._ends and self._ends[0][1] <= now_s - self._rules.grace_s:
            self._until, _ = self._ends.popleft()
        since = await parts.due_pushes.hold(node) if self._lease.is_held else None
        self._has_work = since is not None
        if since is None or self._until is None or self._until <= since:
            self._behind_since_s = None
            return
        if self._behind_since_s is None:
            self._behind_since_s = now_s
        oldest = Instant(parts.clock.now() - int(self._rules.kept_s * 1000))
        window = self._next(since, self._until, oldest)
        self._window = None
        fault = await self._hand_over(window)
        # It ended as it should: what was gathered before a fault is handed over, and is not gathered again.
        self._window = window
        if fault is not None:
            raise fault
        if await parts.due_pushes.advance(node, window.until) and window.until == self._until:
            self._behind_since_s = None
        self._window = None

    def _next(self, since: Checkpoint, until: Checkpoint, oldest: Instant) -> Window:
        """Give the window that a fault interrupted, as far as it is worth a push by now, or a new one."""
        if self._window is not None and self._window.since == since:
            return Window(since, self._window.until, oldest)
        self._mark = None
        self._done.clear()
        self._unread.clear()
        return Window(since, until, oldest)

    async def _hand_over(self, window: Window) -> UnisonoError | None:
        """Hand over what is due in a window, or up to a fault; give that."""
        fault: UnisonoError | None = None
        async with asyncio.TaskGroup() as under_way:
            batches = _Batches(self._service, self._rules, under_way)
            try:
                await self._gather(window, batches)
            except UnisonoError as problem:
                # Raised in here it would end what is under way, and come out wrapped up.
                fault = problem
            await batches.send()
        return fault

    async def _gather(self, window: Window, batches: "_Batches") -> None:
        while True:
            page = await self._parts.due_pushes.messages(window, self._mark, MESSAGES_AT_ONCE)
            for due in page.messages:
                # Those of a conversation that goes on come up again.
                if due.seq > self._done.get(due.conversation, NO_SEQ) and not is_imported(due.message.key):
                    await self._gather_of(due, batches)
                    self._note_done(due)
            if page.next is None:
                return
            self._mark = page.next

    def _note_done(self, due: DueMessage) -> None:
        if len(self._done) >= DONE_MAX:
            self._done.clear()
        self._done[due.conversation] = due.seq

    async def _gather_of(self, due: DueMessage, batches: "_Batches") -> None:
        text = alert_of(due.message, self._rules.text, due.name)
        after: UserId | None = None
        while True:
            page = await self._parts.due_pushes.absent(due, after, MEMBERS_AT_ONCE)
            called = {absent.user: is_called(due.message, absent.user) for absent in page.absent}
            now = self._parts.clock.now()
            levels = {absent.user: _level_of(absent, now) for absent in page.absent}
            wanted = [each for each in page.absent if is_wanted(levels[each.user], is_called=called[each.user])]
            if self.withdrawing is not None:
                self.withdrawing.note([absent.user for absent in wanted], due.conversation, due.seq)
            await self._count([absent.user for absent in wanted])
            for absent in wanted:
                await batches.add(_push(due, absent, text=text, unread=self._unread[absent.user]))
            if (after := page.next) is None:
                return

    async def _count(self, users: Sequence[UserId]) -> None:
        """Know what waits for each of these users. To count it takes long, so once in a window has to do."""
        if len(self._unread) + len(users) > COUNTS_MAX:
            self._unread.clear()
        uncounted = [user for user in users if user not in self._unread]
        for start in range(0, len(uncounted), COUNTED_AT_ONCE):
            part = uncounted[start : start + COUNTED_AT_ONCE]
            counts = await self._parts.due_pushes.unread(part)
            self._unread |= {user: counts.get(user, 0) for user in part}


class _Batches:
    """Hands over many pushes, some at a time, by a few requests at a time."""

    def __init__(self, service: PushService, rules: PushRules, under_way: asyncio.TaskGroup) -> None:
        self._service = service
        self._batch_max = rules.batch_max
        self._places = asyncio.Semaphore(rules.at_once)
        self._under_way = under_way
        self._batch: list[Push] = []
        self._room = BATCH_BYTES

    async def add(self, push: Push) -> None:
        """Take a push along; wait while there is enough under way."""
        size = len(push.text) + len(msgspec.json.encode((push.data, push.devices)))
        if size > self._room:
            await self.send()
        self._batch.append(push)
        self._room -= size
        if len(self._batch) == self._batch_max:
            await self.send()

    async def send(self) -> None:
        """Hand over what was taken along."""
        if self._batch:
            await self._places.acquire()
            self._under_way.create_task(self._hand_over(self._batch))
            self._batch, self._room = [], BATCH_BYTES

    async def _hand_over(self, batch: list[Push]) -> None:
        try:
            await self._service.hand_over(batch)
        finally:
            self._places.release()


def _level_of(absent: Absent, now: Instant) -> Level:
    """Give of which messages somebody wants to be alerted: of a conversation, and of all, the quieter counts."""
    return quieter(quieter(absent.level, absent.silence, now), absent.silence_of_all, now)


def _push(due: DueMessage, absent: Absent, *, text: str, unread: int) -> Push:
    message = due.message
    return Push(
        user=absent.user,
        conversation=due.conversation,
        of=due.of,
        epoch=due.epoch,
        seq=due.seq,
        at=due.at,
        sender=message.sender,
        text=text,
        unread=unread,
        is_mentioned=is_called(message, absent.user),
        data=message.push,
        devices=absent.targets,
    )
