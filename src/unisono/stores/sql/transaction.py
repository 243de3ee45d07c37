"""A decision over a conversation, as the writer carries it out."""

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from unisono.domain.conversation import (
    Conversation,
    Decide,
    Decision,
    Membership,
    Scope,
    SenderKey,
    Snapshot,
    Target,
    made_by,
)
from unisono.domain.facts import Fact, MessagePlaced, PlacedFact
from unisono.domain.ids import Checkpoint, StreamKey, UserId, conversation_stream, user_stream
from unisono.domain.kept import Shelf
from unisono.domain.marks import Passed, moved
from unisono.domain.placement import Draft, Head, Place, next_head
from unisono.domain.thread_facts import parent_of
from unisono.domain.ties import Pair, Tie
from unisono.ports.log import Committed
from unisono.stores.sql.arranging import count_pinned, find_silence
from unisono.stores.sql.book import Book
from unisono.stores.sql.entries import Earlier, StreamEntry, encode_fact, type_of, view
from unisono.stores.sql.foresight import Foresight
from unisono.stores.sql.hiding import take_chosen
from unisono.stores.sql.objects import take_shelf
from unisono.stores.sql.project import note_delivered, project, unique_key
from unisono.stores.sql.targets import take_target
from unisono.stores.sql.ties import both_ways, listener

KINDS: Final[Mapping[type[Fact], str]] = {kind: str(kind.__struct_config__.tag) for kind in Fact.__args__}
"""How the body of each fact names itself."""


class Work(Protocol):
    """Something the writer does within a batch."""

    def name_streams(self, ahead: Foresight) -> None:
        """Name the streams it will ask for."""

    def name_details(self, book: Book, ahead: Foresight) -> None:
        """Name what it will ask for of these streams, now that they are known."""

    def run(self, book: Book) -> object:
        """Decide and change the book. A `UnisonoError` means that nothing was changed."""


class Transaction:
    """Work of `Log.transact`."""

    __slots__ = ("_decide", "_scope", "_stream")

    def __init__(self, scope: Scope, decide: Decide) -> None:
        self._scope = scope
        self._decide = decide
        self._stream = _stream_of(scope)

    def name_streams(self, ahead: Foresight) -> None:
        """Name the conversation, and the streams of users that its members' changes or marks go to."""
        scope = self._scope
        if scope.others:
            self._name_ties(ahead)
        if scope.conversation is not None and self._stream is not None:
            ahead.streams.add(self._stream)
            if (parent := parent_of(scope.conversation)) is not None:
                ahead.streams.add(conversation_stream(parent.conversation))
            if scope.beneath is not None:
                ahead.to_be.add(self._stream)
            if scope.key is not None:
                return
        elif scope.key is not None and self._stream is not None:
            ahead.own.add(self._stream)
        ahead.streams.update(map(user_stream, scope.users))
        if scope.silence_of is not None:
            # Who changes it holds the stream of its user, so there must be one.
            ahead.own.add(user_stream(scope.silence_of))
        if scope.unique_of is not None:
            ahead.unique.add(unique_key(*scope.unique_of))
            ahead.own.update(map(user_stream, scope.unique_of[1]))

    def _name_ties(self, ahead: Foresight) -> None:
        """Name what users are to each other. Who changes it holds the stream of one of them, so there must be one."""
        scope, user = self._scope, self._scope.users[0]
        ahead.own.update(map(user_stream, scope.users))
        ahead.ties.update(both_ways(user, scope.others))
        if scope.ties_change:
            # Nothing is said between them meanwhile.
            ahead.unique.update(unique_key("direct", (user, other)) for other in scope.others)

    def name_details(self, book: Book, ahead: Foresight) -> None:
        """Name memberships and the place of the send key."""
        scope = self._scope
        stream = None if self._stream is None else book.stream(self._stream)
        if (above := find_above(scope, stream, book)) is not None:
            _name_members(scope, above, ahead)
        if stream is None:
            return
        if scope.sender is not None and scope.key is not None:
            ahead.places[stream.id, scope.sender, scope.key] = stream
        for sender, key in scope.keys:
            ahead.places[stream.id, sender, key] = stream
        if stream.conversation is None:
            return
        _name_members(scope, stream, ahead)
        is_talk = scope.speaks and stream.conversation.of == "direct"
        if is_talk:
            ahead.talks.append((stream, scope.users[0]))
        if (is_talk or (scope.all_members and stream.lists_members)) and not stream.has_all_members:
            ahead.rosters[stream.id] = stream

    def run(self, book: Book) -> Committed:
        """Decide over what the scope names, and place the drafts."""
        decision = self._decide(take_snapshot(self._scope, self._stream, book))
        if decision.delivered is not None:
            note_delivered(book, decision.delivered)
        if not decision.drafts:
            return Committed(decision.answer(()), (), decision.signals)
        return place(decision, book)


def _name_members(scope: Scope, stream: StreamEntry, ahead: Foresight) -> None:
    members = stream.members
    for user in scope.users:
        if user not in members:
            ahead.members[stream.id, user] = stream


def _stream_of(scope: Scope) -> StreamKey | None:
    """Give the stream in which a scope's send key is looked up."""
    if scope.conversation is not None:
        return conversation_stream(scope.conversation)
    return None if scope.sender is None else user_stream(scope.sender)


def take_snapshot(scope: Scope, key: StreamKey | None, book: Book) -> Snapshot:
    """Load what a scope asks for, as of now; `key` is the stream in which its send key is looked up."""
    stream = None if key is None else book.stream(key)
    earlier: Earlier | None = None
    if stream is not None and scope.sender is not None and scope.key is not None:
        earlier = book.earlier(stream, scope.sender, scope.key)
    unique = None if scope.unique_of is None else book.unique(unique_key(*scope.unique_of))
    subject = stream
    if scope.conversation is None:
        subject = unique
        if earlier is not None and (made := made_by(earlier.fact)) is not None:
            subject = book.stream(conversation_stream(made))
    above = find_above(scope, subject, book)
    if subject is None or subject.conversation is None:
        shelf = Shelf() if scope.object is None else take_shelf(book, book.statements.objects, stream, scope.object)
        return Snapshot(
            book.now,
            None,
            {},
            *_parts(earlier),
            unique=_view(unique),
            shelf=shelf,
            ties=_ties(scope, book, None),
            tallies={user: book.ties.tally(book.connection, user) for user in scope.tallied},
            silence=None
            if scope.silence_of is None
            else find_silence(book.connection, book.statements.silences, scope.silence_of),
            target=_target(scope, None, above, book),
            parent=_view(above),
            above=_places_of(scope, above, book),
        )
    other = _listener(scope, book, subject)
    return Snapshot(
        book.now,
        _view(subject),
        _memberships(scope, book, subject),
        *_parts(earlier),
        _taken(scope, book, subject),
        _view(unique),
        _target(scope, subject, above, book),
        _passed(scope, book, subject),
        pinned=count_pinned(book, scope.users[0]) if scope.pinned else 0,
        ties=_ties(scope, book, other),
        listener=other,
        parent=_view(above),
        above=_places_of(scope, above, book),
        chosen=take_chosen(scope, book, subject),
    )


def _listener(scope: Scope, book: Book, stream: StreamEntry) -> UserId | None:
    if not scope.speaks or stream.conversation is None or stream.conversation.of != "direct":
        return None
    if not stream.has_all_members:
        book.roster(stream)
    return listener(stream, scope.users[0])


def _ties(scope: Scope, book: Book, other: UserId | None) -> Mapping[Pair, Tie]:
    others = scope.others if other is None else (other,)
    return book.ties.between(book.connection, scope.users[0], others) if others else {}


def _view(stream: StreamEntry | None) -> Conversation | None:
    if stream is None or stream.conversation is None:
        return None
    return view(stream.key, stream.head, stream.conversation)


def _parts(earlier: Earlier | None) -> tuple[Place | None, Fact | None]:
    return (None, None) if earlier is None else (earlier.place, earlier.fact)


def _taken(scope: Scope, book: Book, stream: StreamEntry) -> frozenset[SenderKey]:
    return frozenset(pair for pair in scope.keys if book.earlier(stream, *pair) is not None)


def _passed(scope: Scope, book: Book, stream: StreamEntry) -> Passed | None:
    """Count for a reader whose mark will move, but for what was before they came."""
    if scope.read_to is None or (member := book.member(stream, scope.users[0])) is None or not member.is_member:
        return None
    mark = member.read if scope.mark == "read" else member.delivered
    until = moved(mark, scope.read_to, stream.head.seq)
    if until == mark and not (scope.mark == "read" and member.is_marked_unread):
        return None
    askers = book.askers(stream, max(mark, member.since), until, member.user)
    if scope.mark == "delivered":
        return Passed(0, askers=askers)
    messages, own = book.passed(stream, until, member)
    return Passed(messages, own, book.calls(stream, max(until, member.since), member.user), askers)


def _memberships(scope: Scope, book: Book, stream: StreamEntry) -> Mapping[UserId, Membership]:
    if not (scope.all_members and stream.lists_members):
        return _places_of(scope, stream, book)
    found = {member.user: member for member in book.roster(stream)}
    for user in scope.users:
        if user not in found and (member := book.member(stream, user)) is not None:
            found[user] = member
    return found


def find_above(scope: Scope, stream: StreamEntry | None, book: Book) -> StreamEntry | None:
    """Give the conversation that a thread is under, or would be."""
    is_thread = stream is not None and stream.conversation is not None and stream.conversation.parent is not None
    if scope.conversation is None or not (is_thread or scope.beneath is not None):
        return None
    parent = parent_of(scope.conversation)
    return None if parent is None else book.stream(conversation_stream(parent.conversation))


def _target(scope: Scope, stream: StreamEntry | None, above: StreamEntry | None, book: Book) -> Target | None:
    if above is not None and scope.beneath is not None:
        return take_target(book, above, scope.beneath)
    if stream is None or scope.message is None:
        return None
    return take_target(book, stream, scope.message, asks_hiders=scope.hiders)


def _places_of(scope: Scope, stream: StreamEntry | None, book: Book) -> Mapping[UserId, Membership]:
    if stream is None:
        return {}
    return {user: member for user in scope.users if (member := book.member(stream, user)) is not None}


def place(decision: Decision, book: Book) -> Committed:
    """Put drafts at the ends of their streams. Nothing is changed until all of them, and the answer, are ready."""
    drafts = decision.drafts
    bodies = [encode_fact(draft.fact) for draft in drafts]
    book.writable([draft.stream for draft in drafts])
    places = _places(drafts, book)
    answer = decision.answer(places)
    facts = [
        put(book, draft, taken, body)
        for draft, taken, body in zip(drafts, places, bodies, strict=True)
        if not taken.is_repeat
    ]
    return Committed(answer, tuple(facts), decision.signals)


def _places(drafts: Sequence[Draft], book: Book) -> list[Place]:
    """Give each draft the place it will have, or had already under its key."""
    heads: dict[StreamKey, Head] = {}
    places = []
    for draft in drafts:
        stream = book.existing(draft.stream)
        if draft.key is not None and draft.sender is not None:
            earlier = book.earlier(stream, draft.sender, draft.key)
            if earlier is not None:
                places.append(earlier.place)
                continue
        at = book.now if draft.at is None else draft.at
        head = heads[draft.stream] = next_head(heads.get(draft.stream, stream.head), at, draft.fact)
        places.append(Place(draft.stream, head.epoch, head.seq, head.at))
    return places


def put(book: Book, draft: Draft, taken: Place, body: bytes) -> PlacedFact:
    """Place one fact and bring the tables up to it."""
    stream = book.existing(draft.stream)
    fact = draft.fact
    pos = max(stream.pos, book.pos)
    head = next_head(stream.head, taken.at, fact)
    nth = head.messages if type(fact) is MessagePlaced else None
    row = (stream.id, taken.seq, pos, taken.at, KINDS[type(fact)], draft.sender, draft.key, nth, type_of(fact), body)
    book.put(stream, head, row)
    if (entry := stream.conversation) is not None and entry.oldest_at is None:
        entry.oldest_at = head.at
        book.change(stream)
    if draft.key is not None and draft.sender is not None:
        again = Place(taken.stream, taken.epoch, taken.seq, taken.at, is_repeat=True)
        book.remember((stream.id, draft.sender, draft.key), Earlier(again, fact))
    project(book, stream, fact)
    return PlacedFact(taken.stream, taken.epoch, taken.seq, taken.at, Checkpoint(pos), fact, draft.unseen_by)
