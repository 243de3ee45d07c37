"""What the writer knows while it decides: streams, conversations, members and places, as the batch changes them.

Everything is loaded when it is first asked for; `foresee` loads what a whole batch will ask for in a few statements.
Decisions change the book alone; `flush` writes what they changed. The sole writer of a database keeps its book from
one batch to the next and so reads nothing for a conversation that is talked in.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from unisono.domain.conversation import Membership
from unisono.domain.facts import Fact
from unisono.domain.ids import Instant, SendKey, Seq, StreamKey, UserId, conversation_of
from unisono.domain.placement import Head, Place
from unisono.stores.sql.compiled import ListStatement, Row, Statement
from unisono.stores.sql.driver import Connection
from unisono.stores.sql.entries import (
    UNTIL_POS,
    ConversationEntry,
    Earlier,
    StreamEntry,
    decode_fact,
    encode_fact,
    membership_row,
    read_conversation,
    read_membership,
    read_stream,
    type_of,
)
from unisono.stores.sql.foresight import Foresight, MemberKey, PlaceKey
from unisono.stores.sql.statements import Statements
from unisono.stores.sql.ties import Ties
from unisono.stores.sql.words import WordIndex

KEPT_MAX: Final = 100_000
"""Streams and memberships that a sole writer remembers; beyond it, it begins with an empty book."""


class FactAt(NamedTuple):
    """What stands at a place; `is_hidden` when some deleted it for themselves, where that is asked."""

    at: Instant
    fact: Fact
    is_hidden: bool = False


class Book:
    """The writer's knowledge. One thread uses it."""

    def __init__(self, statements: Statements, words: WordIndex, *, is_kept: bool) -> None:
        self.statements, self.words = statements, words
        self._is_kept = is_kept
        self.connection: Connection
        self.now = Instant(0)
        self._pos: int | None = None
        self._lease_now: Instant | None = None
        self.reached = 0
        self._late: set[StreamKey] = set()
        self._forget()

    def _forget(self) -> None:
        self._streams: dict[StreamKey, StreamEntry | None] = {}
        self._known = 0
        self.ties = Ties(self.statements.contacts)
        self._forget_batch()

    def _forget_batch(self) -> None:
        self._unique: dict[str, StreamKey | None] = {}
        self._places: dict[PlaceKey, Earlier | None] = {}
        self._facts: list[Row] = []
        self._moved: dict[int, StreamEntry] = {}
        self._changed: dict[int, StreamEntry] = {}
        self._joined: dict[tuple[UserId, int], Row] = {}
        self._mentions: list[Row] = []
        self._asked: list[Row] = []

    # ------------------------------------------------------------ the life of a batch

    def begin(self, connection: Connection, now: Instant) -> None:
        """Start in a transaction that has just begun."""
        self.connection, self.now = connection, now
        self._pos = self._lease_now = None

    @property
    def lease_now(self) -> Instant:
        """Give the time by which leases are kept."""
        if self._lease_now is None:
            self._lease_now = self.connection.lease_now()
        return self._lease_now

    @property
    def pos(self) -> int:
        """Give the position of what this batch places."""
        if self._pos is None:
            self._pos = self.connection.commit_position()
        return self._pos

    def flush(self) -> None:
        """Write what was changed."""
        conversations = [
            (entry.row(number), entry) for number, stream in self._changed.items() if (entry := stream.conversation)
        ]
        conversations.sort(key=lambda pair: pair[1].unique_key or "")
        self._write(self.statements.write_conversations, [row for row, _ in conversations])
        self._write(self.statements.roll.write, [row for _, row in sorted(self._joined.items())])
        self._write(self.statements.insert_facts, self._facts)
        self._write(self.statements.messages.insert_mentions, self._mentions)
        self._write(self.statements.messages.insert_asked, self._asked)
        moved = [
            (stream.id, stream.head.seq, stream.head.at, stream.pos, stream.head.messages, stream.head.said_at)
            for stream in self._moved.values()
        ]
        # Said twice it is the same, so the list may be filled up to a length whose text is there already.
        for text, values in self.statements.advance_streams.padded(moved):
            self.connection.run(text, values)
        if moved:
            self.reached = self.pos

    def settle(self) -> None:
        """Forget what must not be believed after the commit."""
        self._late.clear()
        if self._is_kept and self._known < KEPT_MAX:
            self._forget_batch()
        else:
            self._forget()

    def abandon(self) -> None:
        """Forget everything: the batch was rolled back."""
        self._forget()

    def _write(self, statement: ListStatement, rows: Sequence[Row]) -> None:
        for text, values in statement.exact(rows):
            self.connection.run(text, values)

    # ------------------------------------------------------------ asking

    def stream(self, key: StreamKey) -> StreamEntry | None:
        """Give a stream, or None when nothing ever happened in it."""
        if key not in self._streams:
            self._load_streams((key,))
        return self._streams[key]

    def existing(self, key: StreamKey) -> StreamEntry:
        """Give a stream that `writable` made sure of."""
        if (stream := self._streams[key]) is None:
            raise KeyError(key)
        return stream

    def writable(self, keys: Collection[StreamKey]) -> None:
        """Make streams that do not exist yet, so that facts can be placed in them.

        Those that nobody foresaw are locked late and out of order. Should that fail, the next attempt foresees them.
        """
        late = [key for key in keys if self._streams.get(key) is None]
        if late:
            if not self._late:
                self.connection.hurry()
            self._late.update(late)
            self._make(late)

    def _make(self, keys: Collection[StreamKey]) -> None:
        unknown = [key for key in keys if key not in self._streams]
        if unknown:
            self._load_streams(unknown)
        missing = sorted(key for key in set(keys) if self._streams[key] is None)
        if missing:
            self._create(missing)

    def member(self, stream: StreamEntry, user: UserId) -> Membership | None:
        """Give a user's membership, current or former."""
        if user not in stream.members:
            self._load_members({(stream.id, user): stream})
        return stream.members[user]

    def roster(self, stream: StreamEntry) -> list[Membership]:
        """Give all current memberships, in the order of joining."""
        if not stream.has_all_members:
            self._load_rosters({stream.id: stream})
        current = [member for member in stream.members.values() if member is not None and member.until is None]
        return sorted(current, key=lambda member: (member.since, member.user))

    def earlier(self, stream: StreamEntry, sender: UserId, key: SendKey) -> Earlier | None:
        """Give what stands under a send key."""
        place = (stream.id, sender, key)
        if place not in self._places:
            self._load_places({place: stream})
        return self._places[place]

    def unique(self, unique_key: str) -> StreamEntry | None:
        """Give the conversation that is the unique one of its members."""
        if unique_key not in self._unique:
            self._load_unique({unique_key})
        key = self._unique[unique_key]
        stream = None if key is None else self.stream(key)
        # Another writer may have changed it before our lock.
        is_so = stream is not None and stream.conversation is not None and stream.conversation.unique_key == unique_key
        return stream if is_so else None

    # ------------------------------------------------------------ changing

    def put(self, stream: StreamEntry, head: Head, row: Row) -> None:
        """Place a fact: the stream has come to `head` with it."""
        stream.head = head
        stream.pos = row[2]
        self._facts.append(row)
        self._moved[stream.id] = stream

    def fact_at(self, stream: StreamEntry, seq: Seq, *, asks_hidden: bool = False) -> FactAt | None:
        """Give what stands at a place, and since when. Nobody can have deleted what was placed in this batch."""
        for row in reversed(self._facts):
            if row[0] == stream.id and row[1] == seq:
                return FactAt(Instant(row[3]), decode_fact(row[-1]))
        messages = self.statements.messages
        rows = self._rows(messages.fact_at if asks_hidden else messages.fact, stream=stream.id, seq=seq)
        return FactAt(Instant(rows[0][0]), decode_fact(rows[0][1]), *map(bool, rows[0][2:])) if rows else None

    def fact(self, stream: StreamEntry, seq: Seq) -> Fact | None:
        """Give what stands at a place."""
        return found.fact if (found := self.fact_at(stream, seq)) else None

    def call(self, stream: StreamEntry, seq: Seq, sender: UserId, users: Iterable[str]) -> None:
        """Note whom a message calls; the empty name is everybody."""
        self._mentions.extend((user, stream.id, seq, sender) for user in users)

    def call_off(self, stream: StreamEntry, seq: Seq, users: Iterable[str]) -> None:
        """Forget whom a message called."""
        self._mentions = [row for row in self._mentions if (row[1], row[2]) != (stream.id, seq)]
        for user in users:
            self.run(self.statements.messages.drop_mention, user=user, stream=stream.id, seq=seq)

    def ask_receipt(self, stream: StreamEntry, seq: Seq, sender: UserId) -> None:
        """Note that a sender wants to hear who got a message."""
        self._asked.append((stream.id, seq, sender))

    def askers(self, stream: StreamEntry, after: Seq, until: Seq, receiver: UserId) -> tuple[UserId, ...]:
        """Give who asked to hear of messages behind one place and up to another; not the receiver."""
        values = {"stream": stream.id, "after": after, "until": until, "receiver": receiver}
        found = {sender for (sender,) in self._rows(self.statements.messages.askers, **values)}
        found |= {row[2] for row in self._asked if row[0] == stream.id and after < row[1] <= until}
        return tuple(sorted(found - {receiver}))

    def passed(self, stream: StreamEntry, seq: Seq, member: Membership) -> tuple[int, int]:
        """Count the messages up to a place, and a member's own behind it; a place before their mark is their mark.

        What lies behind the place is not looked at, so the marks of a member walk over each fact once.
        """
        start = max(member.read, member.since)
        if seq >= stream.head.seq:
            return stream.head.messages, 0
        own = self.count_own(stream, start, seq, member) if seq > start else 0
        return self.messages_up_to(stream, max(seq, start)), member.own - own

    def messages_up_to(self, stream: StreamEntry, seq: Seq) -> int:
        """Count the messages up to a place."""
        if seq >= stream.head.seq:
            return stream.head.messages
        here = [row[7] for row in self._facts if row[0] == stream.id and row[7] is not None and row[1] <= seq]
        if here:
            return int(max(here))
        rows = self._rows(self.statements.messages.nth, stream=stream.id, seq=seq)
        return int(rows[0][0]) if rows else stream.head.gone

    def count_own(self, stream: StreamEntry, after: Seq, until: Seq, member: Membership) -> int:
        """Count a user's own messages, and those they deleted, behind one place and up to another."""
        between = {"stream": stream.id, "after": after, "until": until, "user": member.user}
        sql = self.statements.messages
        counted = sql.own_or_deleted_between if member.hides_some else sql.own_between
        own = int(self._rows(counted, **between)[0][0])
        mine = [row[1] for row in self._facts if row[0] == stream.id and row[7] is not None and row[5] == member.user]
        return own + sum(1 for each in mine if after < each <= until)

    def calls(self, stream: StreamEntry, seq: Seq, user: UserId) -> int:
        """Count the messages behind a place that call a user."""
        if seq >= stream.head.seq:
            return 0
        member, sql = self.member(stream, user), self.statements.messages
        counted = sql.mentions_left_after if member is not None and member.hides_some else sql.mentions_after
        rows = self._rows(counted, stream=stream.id, seq=seq, user=user)
        waiting = {row[2] for row in self._mentions if row[1] == stream.id and row[0] in {"", user} and row[3] != user}
        return int(rows[0][0]) + sum(1 for each in waiting if each > seq)

    def _rows(self, statement: Statement, **values: object) -> list[Row]:
        return self.connection.query(statement.text, statement.bind(**values))

    def rewrite(self, stream: StreamEntry, seq: Seq, fact: Fact) -> None:
        """Put another body to a fact that has its place."""
        body, type_ = encode_fact(fact), type_of(fact)
        for index, row in enumerate(self._facts):
            if row[0] == stream.id and row[1] == seq:
                self._facts[index] = (*row[:-2], type_, body)
                return
        self.run(self.statements.messages.rewrite_fact, of=stream.id, place=seq, type=type_, body=body)

    def run(self, statement: Statement, **values: object) -> None:
        """Write at once what is too rare to be gathered."""
        self.connection.run(statement.text, statement.bind(**values))

    def remember(self, place: PlaceKey, earlier: Earlier) -> None:
        """Keep the place that a send key was given."""
        self._places[place] = earlier

    def change(self, stream: StreamEntry) -> None:
        """Note that a conversation's entry was changed or made."""
        self._changed[stream.id] = stream
        if (entry := stream.conversation) is not None and entry.unique_key is not None:
            self._unique[entry.unique_key] = stream.key

    def forget_unique(self, entry: ConversationEntry) -> None:
        """End a conversation's uniqueness."""
        if entry.unique_key is not None:
            self._unique[entry.unique_key] = None
            entry.unique_key = None

    def join(self, stream: StreamEntry, member: Membership, until_pos: int | None = None) -> None:
        """Note a new or changed membership; at which position a former member left stays as it was."""
        stream.members[member.user] = member
        earlier = self._joined.get((member.user, stream.id))
        if until_pos is None and earlier is not None and not member.is_member:
            until_pos = earlier[UNTIL_POS]
        self._joined[member.user, stream.id] = membership_row(stream.id, member, until_pos)

    def foresee_streams(self, ahead: Foresight) -> None:
        """Load the streams that a batch names, and lock them against other writers, in one order."""
        ahead.own |= self._late
        self._late.clear()
        if ahead.unique:
            self._load_unique(ahead.unique)
            ahead.streams.update(key for name in ahead.unique if (key := self._unique[name]) is not None)
        unknown = [key for key in ahead.streams | ahead.own if key not in self._streams]
        if unknown:
            self._load_streams(unknown)
        if ahead.own:
            self._make(ahead.own)
        if not self._is_kept:
            # Another writer may have made them while we waited for the locks.
            if unseen := {name for name in ahead.unique if self._unique[name] is None}:
                self._load_unique(unseen)
            if unmade := {key for key in ahead.to_be if self._streams[key] is None}:
                self._load_streams(unmade)

    def foresee_details(self, ahead: Foresight) -> None:
        """Load what belongs to the streams of a batch."""
        if ahead.members:
            self._load_members(ahead.members)
        if ahead.rosters:
            self._load_rosters(ahead.rosters)
        if ahead.places:
            self._load_places(ahead.places)

    def _query(self, statement: ListStatement, rows: Sequence[Row]) -> Iterator[Row]:
        for text, values in statement.padded(rows):
            yield from self.connection.query(text, values)

    def _load_streams(self, keys: Iterable[StreamKey]) -> None:
        ordered = sorted(keys)
        self._known += len(ordered)
        self._streams.update(dict.fromkeys(ordered))
        talks: dict[int, StreamEntry] = {}
        for row in self._query(self.statements.streams, [(key,) for key in ordered]):
            stream = read_stream(row)
            self._streams[stream.key] = stream
            if conversation_of(stream.key) is not None:
                talks[stream.id] = stream
        for row in self._query(self.statements.conversations, [(number,) for number in talks]):
            talks[row[0]].conversation = read_conversation(row)

    def _create(self, keys: Sequence[StreamKey]) -> None:
        created = {}
        for text, values in self.statements.create_streams.exact([(key, *(0,) * 6) for key in keys]):
            created.update({key: (number, epoch) for number, key, epoch in self.connection.query(text, values)})
        for key, (number, epoch) in created.items():
            self._streams[key] = StreamEntry(number, key, Head(epoch), 0)
        if len(created) < len(keys):
            self._load_streams([key for key in keys if key not in created])

    def _load_members(self, asked: dict[MemberKey, StreamEntry]) -> None:
        self._known += len(asked)
        for (_, user), stream in asked.items():
            stream.members[user] = None
        for row in self._query(self.statements.members, list(asked)):
            asked[row[1], row[0]].members[row[0]] = read_membership(row)

    def _load_rosters(self, asked: dict[int, StreamEntry]) -> None:
        for row in self._query(self.statements.all_members, [(number,) for number in asked]):
            self._known += 1
            asked[row[1]].members.setdefault(row[0], read_membership(row))
        for stream in asked.values():
            stream.has_all_members = True

    def _load_places(self, asked: dict[PlaceKey, StreamEntry]) -> None:
        self._places.update(dict.fromkeys(asked))
        for number, sender, key, seq, at, body in self._query(self.statements.places, list(asked)):
            stream = asked[number, sender, key]
            place = Place(stream.key, stream.head.epoch, Seq(seq), Instant(at), is_repeat=True)
            self._places[number, sender, key] = Earlier(place, decode_fact(body))

    def _load_unique(self, keys: Collection[str]) -> None:
        self._unique.update(dict.fromkeys(keys))
        for name, key in self._query(self.statements.unique, [(key,) for key in keys]):
            self._unique[name] = StreamKey(key)
