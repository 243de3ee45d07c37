"""Delivery arithmetic: every fact of my streams once and in order, or a plain word that it cannot be. Pure.

A fact that follows the position is delivered, a lower one dropped, a higher one held until what is missing was read.
`checkpoint` moves only while nothing is missing, so that resuming from it loses nothing.

Where a stream begins for me is known from the fact that made me a member; a stream whose beginning is not known yet
waits until my own stream has told it. After my leaving, facts pass unseen until one makes me a member again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from unisono_sdk.answers import Facts, StartOver, StreamHead
from unisono_sdk.facts import (
    ConversationCreated,
    ConversationEnded,
    ConversationEntered,
    ConversationExited,
    Fact,
    MembersJoined,
    MembersLeft,
    SeqFact,
)
from unisono_sdk.frames import Delivery
from unisono_sdk.places import UNKNOWN, Deliver, Outcome, Place, Position, Read, Restart

FRUITLESS_LIMIT: Final = 3
"""Reads in a row that bring nothing, before what is missing counts as unreadable."""


class Positions:
    """The positions of one user's session in all their streams."""

    def __init__(
        self, user: str, *, held_limit: int, known: Mapping[str, Position] | None = None, checkpoint: int = 0
    ) -> None:
        """Begin with what was known before, if anything was."""
        self._user: Final = user
        self._own: Final = f"u/{user}"
        self._held_limit: Final = held_limit
        self._held = 0
        self._places: Final[dict[str, Place]] = {
            stream: Place(at.epoch, at.seq, at.seq, at.seq, at.is_left) for stream, at in (known or {}).items()
        }
        self.checkpoint = checkpoint
        self.is_fresh = not self._places
        """No state is known from before: learn the heads first, deliver what comes after."""
        self._open: Final[set[str]] = set()
        self._reached = 0
        self._synced: int | None = None
        self._is_syncing = True
        self._listed: set[str] | None = None

    def __getitem__(self, stream: str) -> Position:
        """Give the position in a stream; seq 0 in one that is not known."""
        place = self._places.get(stream)
        return Position(0, 0) if place is None else Position(place.epoch, max(place.seq, 0), place.is_left)

    def snapshot(self) -> dict[str, Position]:
        """Give all positions, to be kept."""
        return {
            stream: Position(place.epoch, place.seq, place.is_left)
            for stream, place in self._places.items()
            if place.seq != UNKNOWN
        }

    @property
    def own_stream(self) -> str:
        """Name the stream of the user."""
        return self._own

    @property
    def is_settled(self) -> bool:
        """Nothing is known to be missing."""
        return not self._is_syncing and not self._open

    # ------------------------------------------------------------ a link begins

    def begin_link(self, *, is_restored: bool) -> int:
        """Forget what was asked on the link before; give the checkpoint to sync from.

        `is_restored` says that the server knows less than this client: then all positions are compared anew.
        """
        for place in self._places.values():
            place.is_reading = place.is_asked = False
            place.resumed_at = place.seq
        if is_restored:
            self.checkpoint = self._reached = 0
        self._is_syncing, self._synced = True, None
        self._listed = set() if self.checkpoint == 0 and not self.is_fresh else None
        return self.checkpoint

    def take_heads(self, heads: Iterable[StreamHead], checkpoint: int | None) -> list[Outcome]:
        """Take a page of streams that moved. The first page's checkpoint is the one that counts."""
        if self._synced is None:
            self._synced = checkpoint
        outcomes: list[Outcome] = []
        for head in heads:
            if self._listed is not None:
                self._listed.add(head.stream)
            outcomes += self._take_fresh_head(head) if self.is_fresh else self._take_head(head)
        return outcomes

    def end_sync(self) -> list[Outcome]:
        """Note that the last page was taken."""
        outcomes: list[Outcome] = []
        if self._listed is not None:
            for stream in [stream for stream in self._places if stream not in self._listed]:
                outcomes += self._lose_vanished(stream)
        self._is_syncing = self.is_fresh = False
        self._listed = None
        for stream in list(self._open):
            outcomes += self._settle(stream, self._places[stream], self._drain(stream, self._places[stream]))
        self.reach(self._synced or 0)
        return outcomes

    def reach(self, checkpoint: int) -> None:
        """Take note of a checkpoint of the server; it becomes mine when nothing before it is missing."""
        self._reached = max(self._reached, checkpoint)
        if self.is_settled:
            self.checkpoint = max(self.checkpoint, self._reached)

    # ------------------------------------------------------------ facts come

    def take(self, delivery: Delivery) -> list[Outcome]:
        """Take facts that were pushed."""
        if not delivery.facts:
            self.reach(delivery.checkpoint)
            return []
        stream, first, last = delivery.stream, delivery.facts[0], delivery.facts[-1]
        place = self._meet(stream, delivery.epoch)
        outcomes: list[Outcome] = []
        if delivery.epoch < place.epoch:
            return []
        if delivery.epoch > place.epoch:
            outcomes.append(self._restart(stream, place, delivery.epoch, first.seq - 1, "epoch_changed"))
        place.head = max(place.head, last.seq)
        outcomes += self._take_facts(stream, place, delivery.facts)
        self._note_open(stream, place)
        self.reach(delivery.checkpoint)
        return outcomes

    def take_page(self, asked: Read, page: Facts) -> list[Outcome]:
        """Take facts that were asked for."""
        stream, place = asked.stream, self._meet(asked.stream, page.epoch)
        place.is_reading = False
        if page.epoch < place.epoch:
            return []
        if page.epoch > place.epoch:
            return self._settle(stream, place, [self._restart(stream, place, page.epoch, page.head, "epoch_changed")])
        outcomes: list[Outcome] = []
        if page.head < asked.after:
            outcomes.append(self._restart(stream, place, page.epoch, page.head, "ahead"))
        elif place.seq != UNKNOWN:
            outcomes += self._take_pages_facts(stream, place, page)
        if stream == self._own and place.seq >= page.head:
            outcomes += self._give_up_unknown()
        return self._settle(stream, place, outcomes)

    def take_start_over(self, asked: Read, told: StartOver) -> list[Outcome]:
        """Take the server's word that a position cannot be continued."""
        place = self._meet(asked.stream, told.epoch)
        place.is_reading = False
        if told.epoch < place.epoch:
            return []
        if told.epoch == place.epoch and told.reason == "trimmed":
            return self._settle(asked.stream, place, self._skip_to(asked.stream, place, told))
        restart = self._restart(asked.stream, place, told.epoch, told.until, told.reason)
        return self._settle(asked.stream, place, [replace(restart, first=told.first)])

    def give_up(self, asked: Read) -> list[Outcome]:
        """Note that the server does not let me read a stream: what is missing of it stays missing."""
        place = self._places[asked.stream]
        place.is_reading = False
        if place.seq == UNKNOWN:
            place.seq = 0
        outcomes: list[Outcome] = [
            Restart(asked.stream, place.epoch, place.seq + 1, max(place.seq, place.head), "unreadable")
        ]
        self._release(place, keep_above=place.head)
        place.seq = max(place.seq, place.head)
        return self._settle(asked.stream, place, outcomes)

    def put_back(self, asked: Read) -> None:
        """Note that a read was not answered."""
        if (place := self._places.get(asked.stream)) is not None:
            place.is_reading = place.is_asked = False

    def next_read(self) -> Read | None:
        """Give what to ask next, if anything; it counts as asked until its page, `give_up` or `put_back` comes."""
        if self.is_fresh:
            return None
        for stream in self._open:
            place = self._places[stream]
            if place.seq != UNKNOWN and not place.is_reading:
                place.is_reading = True
                return Read(stream, place.seq, place.epoch)
        return self._read_own_for_unknown()

    # ------------------------------------------------------------ inside

    def _take_fresh_head(self, head: StreamHead) -> list[Outcome]:
        place = self._meet(head.stream, head.epoch)
        if place.seq == UNKNOWN:
            place.seq = head.seq
        place.head = max(place.head, head.seq)
        return self._settle(head.stream, place, self._drain(head.stream, place))

    def _take_head(self, head: StreamHead) -> list[Outcome]:
        place = self._meet(head.stream, head.epoch)
        outcomes: list[Outcome] = []
        if head.epoch > place.epoch:
            outcomes.append(self._restart(head.stream, place, head.epoch, head.seq, "epoch_changed"))
        elif head.epoch == place.epoch and head.seq < place.resumed_at:
            # Lower than where this link began: live facts cannot explain that, only an older copy of the log can.
            outcomes.append(self._restart(head.stream, place, head.epoch, head.seq, "ahead"))
        elif head.epoch == place.epoch:
            place.head = max(place.head, head.seq)
        return self._settle(head.stream, place, outcomes)

    def _take_facts(self, stream: str, place: Place, facts: Sequence[SeqFact]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for fact in facts:
            if place.seq == UNKNOWN or fact.seq > place.seq + 1:
                self._hold(place, fact)
            elif fact.seq == place.seq + 1:
                outcomes += self._advance(stream, place, fact)
        return outcomes + self._drain(stream, place)

    def _take_pages_facts(self, stream: str, place: Place, page: Facts) -> list[Outcome]:
        outcomes: list[Outcome] = []
        lacks_from = place.seq + 1
        place.fruitless = 0 if page.facts else place.fruitless + 1
        if page.facts and page.facts[0].seq > lacks_from:
            outcomes.append(Restart(stream, place.epoch, lacks_from, page.facts[0].seq - 1, "trimmed"))
            place.seq = page.facts[0].seq - 1
        elif not page.facts and page.head >= lacks_from:
            outcomes.append(Restart(stream, place.epoch, lacks_from, page.head, "trimmed"))
            place.seq = page.head
        elif place.fruitless >= FRUITLESS_LIMIT and place.is_open:
            until = min(place.held) - 1 if place.held else place.head
            outcomes.append(Restart(stream, place.epoch, lacks_from, until, "unreadable"))
            place.seq = until
        place.head = max(place.head, page.head)
        place.is_left = place.is_left or self._was_out(place, page.facts)
        return outcomes + self._take_facts(stream, place, page.facts)

    def _advance(self, stream: str, place: Place, placed: SeqFact) -> list[Outcome]:
        """Deliver the fact that follows, and draw from it what it says about other streams."""
        place.seq = placed.seq
        place.head = max(place.head, placed.seq)
        if place.is_left and not self._lets_me_in(placed.fact):
            return []
        place.is_left = self._lets_me_out(placed.fact)
        outcomes: list[Outcome] = [Deliver(stream, place.epoch, placed)]
        if stream == self._own:
            outcomes += self._hear(placed.fact)
        return outcomes

    def _hear(self, fact: Fact) -> list[Outcome]:
        """Learn from my own stream where a conversation's began for me, and how far it goes."""
        if not isinstance(fact, ConversationEntered | ConversationExited):
            return []
        stream = f"c/{fact.conversation}"
        place = self._places.get(stream)
        if place is None:
            if isinstance(fact, ConversationExited):
                return []
            place = self._places[stream] = Place(0)
        if place.seq == UNKNOWN and isinstance(fact, ConversationEntered):
            place.seq = fact.seq - 1
        place.head = max(place.head, fact.seq)
        return self._settle(stream, place, self._drain(stream, place))

    def _drain(self, stream: str, place: Place) -> list[Outcome]:
        outcomes: list[Outcome] = []
        if place.seq == UNKNOWN and place.held and not self.is_fresh:
            self._begin(place, is_told=not self._is_syncing and self._own not in self._open)
        if place.held and place.seq != UNKNOWN:
            while (fact := place.held.pop(place.seq + 1, None)) is not None:
                self._held -= 1
                outcomes += self._advance(stream, place, fact)
            self._release(place, keep_above=place.seq)
        return outcomes

    def _hold(self, place: Place, fact: SeqFact) -> None:
        if fact.seq not in place.held and self._held < self._held_limit:
            place.held[fact.seq] = fact
            self._held += 1

    def _release(self, place: Place, *, keep_above: int) -> None:
        for seq in [seq for seq in place.held if seq <= keep_above]:
            del place.held[seq]
            self._held -= 1

    def _restart(self, stream: str, place: Place, epoch: int, until: int, reason: str) -> Restart:
        self._release(place, keep_above=max(place.held, default=0))
        place.epoch, place.seq, place.head, place.resumed_at = epoch, until, until, until
        place.is_left = False
        return Restart(stream, epoch, 1, until, reason)

    def _skip_to(self, stream: str, place: Place, told: StartOver) -> list[Outcome]:
        """Go on with the oldest fact that is kept, unless it came already."""
        place.head = max(place.head, told.until)
        lacks_from = place.seq + 1
        if told.first <= lacks_from:
            return []
        place.seq = told.first - 1
        return [Restart(stream, place.epoch, lacks_from, place.seq, "trimmed"), *self._drain(stream, place)]

    def _lose_vanished(self, stream: str) -> list[Outcome]:
        place = self._places[stream]
        if place.resumed_at == UNKNOWN:
            return []
        self._release(place, keep_above=max(place.held, default=0))
        del self._places[stream]
        self._open.discard(stream)
        return [Restart(stream, place.epoch, 1, 0, "gone")]

    def _read_own_for_unknown(self) -> Read | None:
        unknown = [place for stream in self._open if (place := self._places[stream]).seq == UNKNOWN]
        own = self._places.setdefault(self._own, Place(0, 0))
        if own.is_reading or all(place.is_asked for place in unknown):
            return None
        for place in unknown:
            place.is_asked = True
        own.is_reading = True
        return Read(self._own, max(own.seq, 0), own.epoch)

    def _give_up_unknown(self) -> list[Outcome]:
        """My own stream was read to its end and does not say where these began: say so."""
        outcomes: list[Outcome] = []
        for stream in list(self._open):
            place = self._places[stream]
            if place.seq == UNKNOWN and place.is_asked:
                self._begin(place, is_told=True)
                if place.seq == UNKNOWN:
                    place.seq = min(place.held) - 1 if place.held else place.head
                    outcomes.append(Restart(stream, place.epoch, 1, place.seq, "unknown"))
                outcomes += self._settle(stream, place, self._drain(stream, place))
        return outcomes

    def _settle(self, stream: str, place: Place, outcomes: list[Outcome]) -> list[Outcome]:
        self._note_open(stream, place)
        self.reach(0)
        return outcomes

    def _note_open(self, stream: str, place: Place) -> None:
        if place.is_open:
            self._open.add(stream)
        else:
            self._open.discard(stream)

    def _begin(self, place: Place, *, is_told: bool) -> None:
        """Begin with the first fact held, if that is where the stream begins for me.

        Unless my own stream has told all it has, I may have come and gone before the coming that is held.
        """
        first = place.held[min(place.held)] if place.held else None
        if first is not None and (first.seq == 1 or (is_told and self._lets_me_in(first.fact))):
            place.seq = first.seq - 1

    def _was_out(self, place: Place, facts: Sequence[SeqFact]) -> bool:
        """Say if the first word about me among facts that are new is that I came in."""
        for placed in facts:
            if placed.seq > place.seq and (self._lets_me_in(placed.fact) or self._lets_me_out(placed.fact)):
                return self._lets_me_in(placed.fact)
        return False

    def _meet(self, stream: str, epoch: int) -> Place:
        """Give the place of a stream, which has an epoch from now on."""
        place = self._places.setdefault(stream, Place(epoch))
        place.epoch = place.epoch or epoch
        return place

    def _lets_me_in(self, fact: Fact) -> bool:
        match fact:
            case ConversationCreated(members=users) | MembersJoined(users=users):
                return self._user in users
            case _:
                return False

    def _lets_me_out(self, fact: Fact) -> bool:
        return isinstance(fact, ConversationEnded) or (isinstance(fact, MembersLeft) and self._user in fact.users)
