"""One client's link: what the fan-out hands to it, made into frames in order, behind the answer that comes first."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from unisono.domain.errors import LocalFault, SlowConsumer, Unavailable, UnisonoError
from unisono.domain.events import Priority, TransientMessage
from unisono.domain.facts import MessagePlaced, PlacedFact
from unisono.domain.ids import ConversationId, SendKey, Seq, StreamKey, UserId, conversation_of, conversation_stream
from unisono.gateways.hosting.connection import Connection
from unisono.gateways.leancloud.backlog import Backlog
from unisono.gateways.leancloud.foretold import Foretold
from unisono.gateways.leancloud.parcels import LeanCloudEncoder, Parcel, Push, Teller, What, framed
from unisono.wire.leancloud.frames import address_of, addressed
from unisono.wire.leancloud.subprotocols import Dialect

OWN_LIMIT: Final = 1_000
"""What this session did and was not handed yet; beyond it the oldest are forgotten."""
FORETOLD_S: Final = 60.0
"""How long the link remembers what a client heard of after its login and was not handed yet: many sweeps."""
ROOM_S: Final = 60.0
"""How long a client may take to read until there is room for what it missed; beyond it the connection is too slow."""
ROOM_LOOK_S: Final = 0.02

Place = tuple[StreamKey, Seq]
"""Where a fact stands."""
Keyed = tuple[StreamKey, SendKey]
"""What is sent under a key, which says nothing in another conversation."""


class PeerLink:
    """Implements `ports.link.Link` for one client among those of its connection.

    What comes is told at once, unless something has to be looked up for it, or something waits already. While a command
    of the client is carried out, what comes for it waits: the answer is to come first.
    """

    def __init__(
        self,
        user: UserId,
        connection: Connection,
        dialect: Dialect,
        *,
        encoder: LeanCloudEncoder,
        teller: Teller,
        backlog: Backlog,
    ) -> None:
        """Make it of a connection. `backlog` counts what waits for all clients of it."""
        self.encoder = encoder
        self.ended: UnisonoError | None = None
        self.takes_patches = False
        """Whether the client said that it is to hear of messages that changed: older ones do not know what that is."""
        self._user = user
        self._connection = connection
        self._dialect = dialect
        self._address = address_of(user)
        self._teller = teller
        self._backlog = backlog
        self._waiting: deque[Parcel] = deque()
        self._holds = 0
        self._is_stopped = False
        self._own: OrderedDict[Keyed | Place, int] = OrderedDict()
        self._foretold = Foretold(user)
        self._stir = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def heard_at_s(self) -> float:
        """Say when the client last spoke."""
        return self._connection.heard_at_s

    def push_nowait(self, parcel: Any) -> None:
        """Tell of facts or an event, behind what waits."""
        if self._is_on() and not self._tell_at_once(parcel, self._connection.push_nowait):
            self._queue(parcel)

    def push_at_once_nowait(self, parcel: Any) -> None:
        """Tell of what comes alone."""
        if self._is_on() and not self._tell_at_once(parcel, self._connection.push_at_once_nowait):
            self._queue(parcel)

    def push_transient_nowait(self, parcel: Any, priority: Priority) -> bool:
        """Tell of an event, unless too much waits for the client."""
        if not self._is_on() or self._connection.is_congested(priority) or not self._backlog.has_room_to_spare():
            return False
        self.push_nowait(parcel)
        return True

    def _is_on(self) -> bool:
        return self.ended is None and not self._is_stopped

    def _tell_at_once(self, parcel: Parcel, write: Callable[[bytes], None]) -> bool:
        """Tell of something, in one write; False where it has to wait."""
        if self._waiting or self._holds:
            return False
        told = parcel.told_at_once(self._teller)
        if told is None:
            return False
        frames = [
            self._frame(push)
            for what, pushes in zip(parcel.what, told, strict=True)
            if self._is_news(what)
            for push in pushes
            if self._is_for_me(push)
        ]
        if frames:
            write(frames[0] if len(frames) == 1 else b"".join(frames))
        return True

    def _queue(self, parcel: Parcel) -> None:
        if not self._backlog.add(parcel.size_bytes):
            self._connection.end(SlowConsumer(limit_bytes=self._backlog.limit_bytes))
            return
        self._waiting.append(parcel)
        self._idle.clear()
        self._stir.set()

    def end(self, fault: UnisonoError) -> None:
        """End this client's session on this link; where the fault is ours, the whole connection."""
        if self.ended is not None:
            return
        self.ended = fault
        if isinstance(fault, LocalFault):
            self._connection.end(fault)
        self._stir.set()

    def stop(self) -> None:
        """Tell the client nothing more: it leaves, or its connection is gone."""
        self._is_stopped = True
        self._stir.set()

    def drop(self) -> None:
        """Stop, and let what waits count no more: for a link that nobody runs."""
        self.stop()
        self._drop_waiting()

    def note_own(self, what: Keyed | Place) -> None:
        """Remember a key under which this session sends, or the place of what it did; as often as it is said."""
        self._own[what] = self._own.get(what, 0) + 1
        if len(self._own) > OWN_LIMIT:
            self._own.popitem(last=False)

    def note_place(self, keyed: Keyed, place: Place) -> None:
        """Remember a message by its place, now that it was answered, unless the fan-out was faster."""
        if keyed in self._own:
            self._take_own(keyed)
            self.note_own(place)

    def forget_own(self, keyed: Keyed) -> None:
        """Forget a key that one message has: nothing was said by it."""
        self._take_own(keyed)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let what comes wait while inside."""
        self._holds += 1
        try:
            yield
        finally:
            self._holds -= 1
            self._stir.set()

    def count_waiting(self, conversation: ConversationId, until: Seq) -> int:
        """Say how many messages of others up to a place wait here."""
        return sum(1 for placed in self._messages(conversation) if placed.seq <= until)

    def has_waiting(self, conversation: ConversationId, seq: Seq) -> bool:
        """Say if a message waits here."""
        return any(placed.seq == seq for placed in self._messages(conversation))

    def note_foretold(self, conversation: ConversationId, after: Seq, until: Seq) -> None:
        """Do not tell of messages of others, after a place and up to another, but of those that wait here already."""
        self._foretold.note(conversation, max([after, *(placed.seq for placed in self._messages(conversation))]), until)

    def forget_foretold_later(self) -> None:
        """Stop looking for them once all that was committed by now must have come, or is known to be late."""
        asyncio.get_running_loop().call_later(FORETOLD_S, self._foretold.clear)

    def _messages(self, conversation: ConversationId) -> Iterator[PlacedFact]:
        """Give the messages of others that wait."""
        return (
            placed
            for parcel in self._waiting
            for placed in parcel.what
            if isinstance(placed, PlacedFact)
            and isinstance(placed.fact, MessagePlaced)
            and placed.fact.sender != self._user
            and conversation_of(placed.stream) == conversation
        )

    async def wait_for_room(self) -> None:
        """Wait until little waits for the client.

        Raises:
            SlowConsumer: It reads too slowly, or its connection ends anyway.
        """
        connection = self._connection
        try:
            async with asyncio.timeout(ROOM_S):
                while connection.is_congested("low") and not connection.is_gone:  # noqa: ASYNC110  (a transport does not say when)
                    await asyncio.sleep(ROOM_LOOK_S)
        except TimeoutError:
            raise SlowConsumer(queued_bytes=connection.queued_bytes()) from None
        if connection.is_gone or self._is_stopped:
            raise SlowConsumer(queued_bytes=connection.queued_bytes())

    async def wait_until_told(self) -> None:
        """Wait until the client was told all that came so far, or will be told nothing any more."""
        await self._idle.wait()

    async def run(self) -> UnisonoError | None:
        """Tell the client what comes until the link ends, and give why; None if it was stopped."""
        try:
            while not self._is_stopped:
                if self.ended is not None and not self._waiting and self._holds == 0:
                    return self.ended
                await self._stir.wait()
                self._stir.clear()
                await self._tell_waiting()
        finally:
            self._drop_waiting()
        return None

    def _drop_waiting(self) -> None:
        while self._waiting:
            self._backlog.remove(self._waiting.popleft().size_bytes)
        self._idle.set()

    async def _tell_waiting(self) -> None:
        while self._waiting and self._holds == 0 and not self._is_stopped:
            try:
                await self._tell_one(self._waiting[0])
            except UnisonoError as fault:
                # What could not be told is lost to this client: it comes back and asks for what it missed.
                self._drop_waiting()
                self.end(fault if isinstance(fault, LocalFault) else Unavailable())
                break
            self._backlog.remove(self._waiting.popleft().size_bytes)
        if not self._waiting:
            self._idle.set()

    async def _tell_one(self, parcel: Parcel) -> None:
        for what in parcel.what:
            if self._is_news(what):
                self.send(await self._teller.of(what))

    def send(self, pushes: Sequence[Push]) -> None:
        """Queue those of some frames that are for the client, with its name put into them."""
        for push in pushes:
            if self._is_for_me(push):
                self._connection.push_nowait(self._frame(push))

    def _is_for_me(self, push: Push) -> bool:
        return push.is_for(self._user) and (self.takes_patches or not push.is_patch)

    def _frame(self, push: Push) -> bytes:
        return framed(addressed(push.payload, self._address, self._dialect))

    def _is_news(self, what: What) -> bool:
        return not self._is_own(what) and not (isinstance(what, PlacedFact) and self._foretold.has(what))

    def _is_own(self, what: What) -> bool:
        """Say if this session did it, and so was or will be answered; once for each."""
        own = self._own
        if not own:
            return False
        done = next((mark for mark in _marks_of(what, self._user) if mark in own), None)
        if done is None:
            return False
        self._take_own(done)
        return True

    def _take_own(self, what: Keyed | Place) -> None:
        """Take one of those that are remembered away."""
        count = self._own.get(what, 0)
        if count > 1:
            self._own[what] = count - 1
        else:
            self._own.pop(what, None)


def _marks_of(what: What, user: UserId) -> Iterator[Keyed | Place]:
    """Give by what a session of a user knows that it did something: its place, or the key that it was sent under."""
    if isinstance(what, PlacedFact):
        yield what.stream, what.seq
        if isinstance(what.fact, MessagePlaced) and what.fact.sender == user:
            yield what.stream, what.fact.key
    elif isinstance(what, TransientMessage) and what.message.sender == user:
        stream = conversation_stream(what.conversation)
        yield stream, what.message.key
        if what.seq is not None:
            yield stream, what.seq
