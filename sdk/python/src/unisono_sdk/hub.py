"""Who hears of what happens: handlers and iterators, each on its own, none able to hold up or break another."""

import asyncio
import inspect
import logging
import weakref
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final, Generic, Self, TypeVar

from unisono_sdk.clock import Clock
from unisono_sdk.errors import InvalidArgument, Overflow

log: Final = logging.getLogger("unisono_sdk")

T = TypeVar("T")
Handler = Callable[[Any], object]
"""A plain or async function of one event, whose class its name tells."""
Spawn = Callable[[Coroutine[object, object, None]], object]

EVENTS: Final = frozenset(
    {
        "message",
        "transient",
        "typing",
        "unread",
        "presence",
        "tabs",
        "told",
        "told_lost",
        "session_message",
        "room_message",
        "room_left",
        "receipt",
        "edited",
        "recalled",
        "reacted",
        "created",
        "changed",
        "member_changed",
        "restricted",
        "ended",
        "level",
        "object",
        "pinned",
        "marked",
        "silence",
        "all_silence",
        "deleted",
        "history_deleted",
        "messages_deleted",
        "draft",
        "multi_device",
        "ringing",
        "ring_over",
        "call_answered",
        "call_declined",
        "call_roster",
        "call_ended",
        "call_signal",
        "contact_invited",
        "contact_agreed",
        "contact_declined",
        "contact_removed",
        "remark_set",
        "users_blocked",
        "users_unblocked",
        "writing_set",
        "thread_made",
        "thread_renamed",
        "thread_ended",
        "members_joined",
        "members_left",
        "entered",
        "invited",
        "exited",
        "kicked",
        "read",
        "session_opened",
        "session_ended",
        "unknown_fact",
        "start_over",
        "displaced",
        "closed",
        "disconnect",
        "schedule",
        "retry",
        "reconnect",
    }
)


class EventIterator(Generic[T]):
    """Events from its making on, in order; use with `async for`, and close it or let it go out of scope when done.

    Holds a bounded number of events that were not read yet. Past the bound it gives what it holds and then raises
    `Overflow`, so nothing is missed silently; the facts themselves remain in the history. Ends with its client.
    """

    def __init__(self, limit: int, accepts: Callable[[T], bool]) -> None:
        self._limit: Final = limit
        self._accepts: Final = accepts
        self._waiting: deque[T] = deque()
        self._changed = asyncio.Event()
        self._is_over = False
        self._lost = 0

    def __aiter__(self) -> Self:
        """Give itself."""
        return self

    async def __anext__(self) -> T:
        """Wait for the next event.

        Raises:
            Overflow: More came than it may hold; this iterator is over.
        """
        while not self._waiting:
            if self._lost:
                lost, self._lost, self._is_over = self._lost, 0, True
                raise Overflow(f"not read in time, {lost} events are missing here", numbers={"lost": lost})
            if self._is_over:
                raise StopAsyncIteration
            self._changed.clear()
            await self._changed.wait()
        return self._waiting.popleft()

    async def __aenter__(self) -> Self:
        """Give itself."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close."""
        await self.aclose()

    async def aclose(self) -> None:
        """Take no more events; whoever waits is released."""
        self._waiting.clear()
        self.end()

    @property
    def room(self) -> int:
        """Tell how many more events it can hold; one that is over holds up nobody."""
        return self._limit if self._is_over or self._lost else self._limit - len(self._waiting)

    def put(self, event: T) -> None:
        """Add an event."""
        if self._is_over or not self._accepts(event):
            return
        if self._lost or len(self._waiting) >= self._limit:
            self._lost += 1
        else:
            self._waiting.append(event)
        self._changed.set()

    def end(self) -> None:
        """Let the iteration end after what is held."""
        self._is_over = True
        self._changed.set()


class _Subscription:
    """One handler. What it has to wait for runs in order, one at a time."""

    def __init__(self, handler: Handler, conversation: str | None) -> None:
        self.handler: Final = handler
        self.conversation: Final = conversation
        self.waiting: deque[Callable[[], Awaitable[object]]] = deque()
        self.is_async: Final = inspect.iscoroutinefunction(handler)
        self.is_running = False
        self.is_overflowing = False


class Hub:
    """Passes events on. Synchronous handlers run at once, asynchronous ones each in a task of their own."""

    def __init__(self, spawn: Spawn, *, limit: int) -> None:
        self._spawn = spawn
        self._limit = limit
        self._handlers: dict[str, list[_Subscription]] = {}
        self._iterators: weakref.WeakSet[EventIterator[object]] = weakref.WeakSet()

    def on(self, name: str, handler: Handler, *, conversation: str | None = None) -> Callable[[], None]:
        """Add a handler; give what takes it away again.

        Raises:
            InvalidArgument: There is no event of this name.
        """
        if name not in EVENTS:
            raise InvalidArgument(f"no such event: {name}")
        subscription = _Subscription(handler, conversation)
        self._handlers.setdefault(name, []).append(subscription)

        def off() -> None:
            subscribed = self._handlers.get(name, [])
            if subscription in subscribed:
                subscribed.remove(subscription)

        return off

    def iterate(self, accepts: Callable[[object], bool]) -> EventIterator[object]:
        """Make an iterator over what is accepted of all that happens from now on."""
        iterator: EventIterator[object] = EventIterator(self._limit, accepts)
        self._iterators.add(iterator)
        return iterator

    def emit(self, name: str, event: object, *, conversation: str | None = None) -> None:
        """Tell everybody."""
        for iterator in list(self._iterators):
            iterator.put(event)
        self.call(name, event, conversation=conversation)

    def call(self, name: str, event: object, *, conversation: str | None = None) -> None:
        """Tell the handlers alone: for a second name of an event that was told already."""
        for subscription in list(self._handlers.get(name, ())):
            if subscription.conversation is None or subscription.conversation == conversation:
                self._tell(name, subscription, event)

    def end(self) -> None:
        """Let all iterators end."""
        for iterator in list(self._iterators):
            iterator.end()

    async def wait_room(self, count: int, clock: Clock, deadline_s: float) -> None:
        """Wait until every iterator can hold so many more events, or the deadline is over."""
        waited_s = 0.0
        while waited_s < deadline_s and any(iterator.room < count for iterator in self._iterators):
            await clock.sleep(ROOM_POLL_S)
            waited_s += ROOM_POLL_S

    def _tell(self, name: str, subscription: _Subscription, event: object) -> None:
        handler = subscription.handler
        if subscription.is_async:
            self._queue(name, subscription, lambda: _awaitable(handler(event)))
            return
        try:
            result = handler(event)
        except Exception:  # a handler's task tree ends here
            log.exception("event=handler_failed name=%s", name)
            return
        if inspect.isawaitable(result):
            self._queue(name, subscription, lambda: result)

    def _queue(self, name: str, subscription: _Subscription, call: Callable[[], Awaitable[object]]) -> None:
        if len(subscription.waiting) >= self._limit:
            if not subscription.is_overflowing:
                log.error("event=handler_too_slow name=%s waiting=%d", name, len(subscription.waiting))
            subscription.is_overflowing = True
            return
        subscription.is_overflowing = False
        subscription.waiting.append(call)
        if not subscription.is_running:
            subscription.is_running = True
            self._spawn(self._drain(name, subscription))

    async def _drain(self, name: str, subscription: _Subscription) -> None:
        try:
            while subscription.waiting:
                try:
                    await subscription.waiting.popleft()()
                except Exception:  # a handler's task tree ends here
                    log.exception("event=handler_failed name=%s", name)
        finally:
            subscription.is_running = False


ROOM_POLL_S: Final = 0.05


def _awaitable(result: object) -> Awaitable[object]:
    if not inspect.isawaitable(result):
        raise TypeError("an asynchronous handler gave nothing to wait for")
    return result
