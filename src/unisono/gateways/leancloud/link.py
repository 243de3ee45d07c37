"""One client's link: what the fan-out hands to it, made into frames in order, behind the answer that comes first."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from msgspec import Struct

from unisono.domain.errors import LocalFault, SlowConsumer, Unavailable, UnisonoError
from unisono.domain.events import Event, Priority, TransientMessage
from unisono.domain.facts import MessagePlaced, PlacedFact
from unisono.domain.ids import Checkpoint, ConversationId, SendKey, Seq, StreamKey, UserId, conversation_of
from unisono.gateways.hosting.connection import Connection
from unisono.gateways.hosting.frames import BINARY, TEXT, frame
from unisono.gateways.leancloud.foretold import Foretold
from unisono.wire.leancloud.frames import addressed
from unisono.wire.leancloud.subprotocols import Dialect

WAITING_LIMIT: Final = 10_000
"""Parcels that wait to be made into frames; beyond it the connection is too slow."""
PASSING_LIMIT: Final = WAITING_LIMIT // 2
"""What waits when events are dropped that may be: what must come has the rest."""
OWN_LIMIT: Final = 1_000
"""What this session did and was not handed yet; beyond it the oldest are forgotten."""
FORETOLD_S: Final = 60.0
"""How long the link remembers what a client heard of after its login and was not handed yet: many sweeps."""
ROOM_S: Final = 60.0
"""How long a client may take to read until there is room for what it missed; beyond it the connection is too slow."""
ROOM_LOOK_S: Final = 0.02

Place = tuple[StreamKey, Seq]
"""Where a fact stands."""


class Delivery(Struct, frozen=True):
    """Facts of one stream, as the fan-out gives them to all links."""

    facts: tuple[PlacedFact, ...]


class Push(Struct, frozen=True):
    """A frame without the client's name in it, and for whom it is: everybody who sees the fact, unless it says."""

    payload: bytes
    to: frozenset[UserId] | None = None
    but: frozenset[UserId] = frozenset()
    is_patch: bool = False
    """It is for those alone who said that they take such."""

    def is_for(self, user: UserId) -> bool:
        """Say if a user is to have it."""
        return user not in self.but and (self.to is None or user in self.to)


def framed(written: bytes | str) -> bytes:
    """Give the WebSocket frame of what was written in a dialect."""
    return frame(written.encode(), TEXT) if isinstance(written, str) else frame(written, BINARY)


Tell = Callable[[PlacedFact | Event], Awaitable[Sequence[Push]]]
"""Says what LeanCloud's clients are to hear of a fact or event."""


class LeanCloudEncoder:
    """Implements `ports.link.Encoder`: hands facts on as they are. What they become takes look-ups, so links do it."""

    def delivery(self, facts: Sequence[PlacedFact], checkpoint: Checkpoint) -> Delivery:
        """Keep facts together."""
        del checkpoint
        return Delivery(tuple(facts))

    def event(self, event: Event) -> Event:
        """Give it as it is."""
        return event


class PeerLink:
    """Implements `ports.link.Link` for one client among those of its connection.

    While a command of the client is carried out, what comes for it waits: the answer is to come first.
    """

    def __init__(
        self, user: UserId, connection: Connection, dialect: Dialect, *, encoder: LeanCloudEncoder, tell: Tell
    ) -> None:
        self.encoder = encoder
        self.ended: UnisonoError | None = None
        self.takes_patches = False
        """Whether the client said that it is to hear of messages that changed: older ones do not know what that is."""
        self.is_sent_messages: Final = dialect.catch_up == "messages"
        self._user = user
        self._connection = connection
        self._dialect = dialect
        self._tell = tell
        self._waiting: deque[Delivery | Event] = deque()
        self._holds = 0
        self._is_stopped = False
        self._own: OrderedDict[SendKey | Place, None] = OrderedDict()
        self._foretold = Foretold(user)
        self._stir = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def heard_at_s(self) -> float:
        """Say when the client last spoke."""
        return self._connection.heard_at_s

    def push_nowait(self, parcel: Any) -> None:
        """Queue facts or an event."""
        if self.ended is not None:
            return
        if len(self._waiting) >= WAITING_LIMIT:
            self._connection.end(SlowConsumer(limit=WAITING_LIMIT))
            return
        self._waiting.append(parcel)
        self._idle.clear()
        self._stir.set()

    def push_at_once_nowait(self, parcel: Any) -> None:
        """Queue what comes alone."""
        self.push_nowait(parcel)

    def push_transient_nowait(self, parcel: Any, priority: Priority) -> bool:
        """Queue an event, unless too much waits for the client."""
        if self.ended is not None or self._connection.is_congested(priority) or len(self._waiting) >= PASSING_LIMIT:
            return False
        self.push_nowait(parcel)
        return True

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

    def note_own(self, what: SendKey | Place) -> None:
        """Remember a key under which this session sends, or the place of what it did."""
        self._own[what] = None
        if len(self._own) > OWN_LIMIT:
            self._own.popitem(last=False)

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
            if isinstance(parcel, Delivery) and conversation_of(parcel.facts[0].stream) == conversation
            for placed in parcel.facts
            if isinstance(placed.fact, MessagePlaced) and placed.fact.sender != self._user
        )

    async def wait_for_room(self) -> None:
        """Wait until little waits for the client.

        Raises:
            SlowConsumer: It reads too slowly, or its connection ends anyway.
        """
        connection = self._connection
        try:
            async with asyncio.timeout(ROOM_S):
                while connection.is_congested("low") and connection.ending is None:  # noqa: ASYNC110  (a transport does not say when)
                    await asyncio.sleep(ROOM_LOOK_S)
        except TimeoutError:
            raise SlowConsumer(queued_bytes=connection.queued_bytes()) from None
        if connection.ending is not None or self._is_stopped:
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
            self._idle.set()
        return None

    async def _tell_waiting(self) -> None:
        while self._waiting and self._holds == 0 and not self._is_stopped:
            try:
                await self._tell_one(self._waiting[0])
            except UnisonoError as fault:
                # What could not be told is lost to this client: it comes back and asks for what it missed.
                self._waiting.clear()
                self.end(fault if isinstance(fault, LocalFault) else Unavailable())
                break
            self._waiting.popleft()
        if not self._waiting:
            self._idle.set()

    async def _tell_one(self, parcel: Delivery | Event) -> None:
        for what in parcel.facts if isinstance(parcel, Delivery) else (parcel,):
            if not self._is_own(what) and not (isinstance(what, PlacedFact) and self._foretold.has(what)):
                self.send(await self._tell(what))

    def send(self, pushes: Sequence[Push]) -> None:
        """Queue those of some frames that are for the client, with its name put into them."""
        for push in pushes:
            if push.is_for(self._user) and (self.takes_patches or not push.is_patch):
                self._send(push.payload)

    def _send(self, payload: bytes) -> None:
        self._connection.push_nowait(framed(addressed(payload, self._user, self._dialect)))

    def _is_own(self, what: PlacedFact | Event) -> bool:
        """Say if this session did it, and so was answered; once for each."""
        done: SendKey | Place | None = None
        if isinstance(what, PlacedFact):
            done = (what.stream, what.seq)
        elif isinstance(what, TransientMessage) and what.message.sender == self._user:
            done = what.message.key
        if done is None or done not in self._own:
            return False
        del self._own[done]
        return True
