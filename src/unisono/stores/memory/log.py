"""The log port in memory."""

import asyncio
from collections.abc import Mapping, Sequence

import msgspec
from msgspec import structs

from unisono.domain.answers import Facts, Moved, SeqFact, StreamHead
from unisono.domain.conversation import (
    Chosen,
    Decide,
    Membership,
    Scope,
    SenderKey,
    Snapshot,
    Target,
    made_by,
    unique_members,
)
from unisono.domain.facts import (
    ConversationEntered,
    ConversationExited,
    ConversationKind,
    MessageRecalled,
    MessageRevised,
)
from unisono.domain.ids import (
    NO_SEQ,
    START,
    Checkpoint,
    ConversationId,
    Epoch,
    Instant,
    Seq,
    StreamKey,
    UserId,
    conversation_stream,
    user_stream,
)
from unisono.domain.kept import Shelf
from unisono.domain.marks import Passed, moved
from unisono.domain.revisions import fact_until
from unisono.domain.thread_facts import parent_of
from unisono.ports.clock import Clock
from unisono.ports.log import AppMoves, Committed, MovedStream
from unisono.ports.requests import Request
from unisono.stores.memory import hiding
from unisono.stores.memory.arranging import count_pinned
from unisono.stores.memory.objects import shelf_of
from unisono.stores.memory.requests import MemoryRequests
from unisono.stores.memory.state import State, place_of
from unisono.stores.memory.ties import between, tally


class MemoryLog:
    """Implements `ports.log.Log`."""

    def __init__(self, state: State, clock: Clock, requests: MemoryRequests) -> None:
        self._state = state
        self._clock = clock
        self._requests = requests
        self._began = clock.now() - int(clock.monotonic_s() * 1000)

    @property
    def is_busy(self) -> bool:
        """Never: each is done at once."""
        return False

    def transact(self, scope: Scope, decide: Decide, request: Request | None = None) -> "asyncio.Future[Committed]":
        """Decide and place at once: nothing else runs meanwhile."""
        done: asyncio.Future[Committed] = asyncio.get_running_loop().create_future()
        try:
            done.set_result(self._once(scope, decide, request))
        except Exception as problem:  # noqa: BLE001  (whatever it is, it must reach who waits)
            done.set_exception(problem)
        return done

    def _once(self, scope: Scope, decide: Decide, request: Request | None) -> Committed:
        earlier = None if request is None else self._requests.repeated(request)
        if earlier is not None:
            return earlier
        committed = self._transact(scope, decide)
        if request is not None:
            self._requests.remember(request, msgspec.json.encode(committed.answer))
        return committed

    def _transact(self, scope: Scope, decide: Decide) -> Committed:
        state = self._state
        state.check_open()
        now = self._clock.now()
        decision = decide(self._snapshot(scope, now))
        if decision.delivered is not None:
            state.note_delivered(decision.delivered)
        if not decision.drafts:
            return Committed(decision.answer(()), (), decision.signals)
        state.position += 1
        placed = [state.place(draft, now) for draft in decision.drafts]
        facts = tuple(fact for _, fact in placed if fact is not None)
        return Committed(decision.answer([place for place, _ in placed]), facts, decision.signals)

    def _snapshot(self, scope: Scope, now: Instant) -> Snapshot:
        state, earlier = self._state, None
        if scope.key is not None and scope.sender is not None:
            within = (
                user_stream(scope.sender) if scope.conversation is None else conversation_stream(scope.conversation)
            )
            earlier = state.stream(within).places.get((scope.sender, scope.key))
        unique: ConversationId | None = None
        if scope.unique_of is not None:
            unique = state.unique.get((scope.unique_of[0], unique_members(scope.unique_of[1])))
        subject = scope.conversation or unique
        if scope.conversation is None and earlier is not None:
            subject = made_by(earlier.fact) or subject
        listener, above = self._listener(scope, subject), self._above(scope, subject)
        return Snapshot(
            now=now,
            conversation=state.conversation(subject),
            memberships=self._memberships(scope, subject),
            earlier=None if earlier is None else place_of(earlier),
            earlier_fact=None if earlier is None else earlier.fact,
            taken=self._taken(scope),
            unique=state.conversation(unique),
            passed=self._passed(scope, subject),
            shelf=self._shelf(scope),
            pinned=count_pinned(state.members, scope.users[0]) if scope.pinned else 0,
            ties=between(state.ties, scope.users[0], scope.others if listener is None else (listener,))
            if scope.users
            else {},
            tallies={user: tally(state.ties, user) for user in scope.tallied},
            silence=None if scope.silence_of is None else state.silences.get(scope.silence_of),
            listener=listener,
            target=self._target(scope, subject, above),
            parent=state.conversation(above),
            above={} if above is None else self._places(scope, above),
            chosen=self._chosen(scope, subject),
        )

    def _chosen(self, scope: Scope, subject: ConversationId | None) -> Chosen:
        if not scope.chosen or subject is None:
            return Chosen()
        state, user = self._state, scope.users[0]
        member = state.memberships(subject).get(user)
        found = {seq: target.message for seq in scope.chosen if (target := state.target(subject, seq)) is not None}
        deleted = hiding.among(state.hidden, subject, user, scope.chosen)
        mark = NO_SEQ if member is None else max(member.read, member.since)
        return Chosen(found, deleted, hiding.count(state.hidden, user), state.passed(subject, mark, user).mentions)

    def _above(self, scope: Scope, subject: ConversationId | None) -> ConversationId | None:
        entry = self._state.conversation(subject)
        is_thread = entry is not None and entry.parent is not None
        if scope.conversation is None or not (is_thread or scope.beneath is not None):
            return None
        parent = parent_of(scope.conversation)
        return None if parent is None else parent.conversation

    def _target(self, scope: Scope, subject: ConversationId | None, above: ConversationId | None) -> Target | None:
        if above is not None and scope.beneath is not None:
            return self._state.target(above, scope.beneath)
        if scope.message is None or subject is None:
            return None
        return self._state.target(subject, scope.message, asks_hiders=scope.hiders)

    def _places(self, scope: Scope, conversation: ConversationId) -> dict[UserId, Membership]:
        known = self._state.memberships(conversation)
        return {user: known[user] for user in scope.users if user in known}

    def _listener(self, scope: Scope, subject: ConversationId | None) -> UserId | None:
        entry = self._state.conversation(subject) if scope.speaks else None
        if entry is None or entry.of != "direct":
            return None
        return next((each.user for each in self._state.roster(entry.id) if each.user != scope.users[0]), None)

    def _shelf(self, scope: Scope) -> Shelf:
        if scope.object is None or scope.sender is None:
            return Shelf()
        return shelf_of(self._state.stream(user_stream(scope.sender)).facts, scope.object)

    def _taken(self, scope: Scope) -> frozenset[SenderKey]:
        if scope.conversation is None:
            return frozenset()
        places = self._state.stream(conversation_stream(scope.conversation)).places
        return frozenset(pair for pair in scope.keys if pair in places)

    def _passed(self, scope: Scope, subject: ConversationId | None) -> Passed | None:
        if scope.read_to is None or subject is None:
            return None
        member = self._state.memberships(subject).get(scope.users[0])
        if member is None or not member.is_member:
            return None
        head = self._state.stream(conversation_stream(subject)).head
        mark = member.read if scope.mark == "read" else member.delivered
        until = moved(mark, scope.read_to, head.seq)
        if until == mark and not (scope.mark == "read" and member.is_marked_unread):
            return None
        askers = self._state.askers(subject, Seq(max(mark, member.since)), until, member.user)
        if scope.mark == "delivered":
            return Passed(0, askers=askers)
        return structs.replace(
            self._state.passed(subject, Seq(max(until, member.read, member.since)), member.user), askers=askers
        )

    def _memberships(self, scope: Scope, subject: ConversationId | None) -> Mapping[UserId, Membership]:
        if subject is None:
            return {}
        entry = self._state.conversation(subject)
        is_listed = scope.all_members and entry is not None and entry.lists_members
        current = {member.user: member for member in self._state.roster(subject)} if is_listed else {}
        return {**current, **self._places(scope, subject)}

    async def read(self, stream: StreamKey, after: Seq, limit: int, until: Seq | None = None) -> Facts:
        """Read a slice of the stream."""
        self._state.check_open()
        found = self._state.stream(stream)
        end = found.head.seq if until is None else min(until, found.head.seq)
        first = max(after, found.head.trimmed)
        facts = tuple(
            SeqFact(placed.seq, placed.at, fact_until(placed.fact, until))
            for placed in found.facts[first : min(end, first + limit)]
        )
        return Facts(stream, found.head.epoch, facts, Seq(end), found.head.oldest)

    async def passages(self, user: UserId, since: Instant, after: Seq, limit: int) -> Sequence[SeqFact]:
        """Go through the user's stream."""
        self._state.check_open()
        facts = self._state.stream(user_stream(user)).facts[after:]
        found = [
            one for one in facts if one.at > since and isinstance(one.fact, ConversationEntered | ConversationExited)
        ]
        return [SeqFact(one.seq, one.at, one.fact) for one in found[:limit]]

    async def changes(self, conversation: ConversationId, since: Instant, after: Seq, limit: int) -> Sequence[SeqFact]:
        """Go through the conversation."""
        self._state.check_open()
        found = [
            SeqFact(one.seq, one.at, one.fact)
            for one in self._state.kept(conversation)
            if one.seq > after and one.at > since and isinstance(one.fact, MessageRevised | MessageRecalled)
        ]
        return found[:limit]

    async def trim(self, of: ConversationKind, before: Instant, limit: int) -> bool:
        """Remove the oldest facts of conversations of a kind."""
        state, left = self._state, limit
        state.check_open()
        for conversation in [entry.id for entry in state.conversations.values() if entry.of == of]:
            left -= state.trim(conversation, before, left)
            if left <= 0:
                return True
        return False

    async def now(self) -> Instant:
        """Count on from when the log began."""
        self._state.check_open()
        return Instant(self._began + int(self._clock.monotonic_s() * 1000))

    async def moved(self, user: UserId, checkpoint: Checkpoint, after: StreamKey | None, limit: int) -> Moved:
        """List the user's streams that moved."""
        state = self._state
        state.check_open()
        since = self._known(checkpoint)
        ends = {
            conversation_stream(conversation): members[user].until
            for conversation, members in state.members.items()
            if user in members
        }
        ends[user_stream(user)] = None
        heads = []
        for key in sorted(ends):
            stream, until = state.stream(key), ends[key]
            facts = stream.facts[:until]
            if key > (after or "") and facts and facts[-1].checkpoint > since:
                heads.append(StreamHead(key, stream.head.epoch, facts[-1].seq))
        last = heads[limit - 1].stream if len(heads) > limit else None
        return Moved(tuple(heads[:limit]), Checkpoint(state.position), last)

    async def moved_in_app(self, checkpoint: Checkpoint, limit: int) -> AppMoves:
        """List the streams that moved, each commit whole."""
        state = self._state
        state.check_open()
        since = self._known(checkpoint)
        moves = [(stream.facts[-1].checkpoint, key, stream) for key, stream in state.streams.items() if stream.facts]
        moves = sorted((move for move in moves if move[0] > since), key=lambda move: move[0])
        reached = moves[limit - 1][0] if len(moves) > limit else Checkpoint(state.position)
        page = tuple(MovedStream(key, stream.head.epoch, stream.head.seq) for at, key, stream in moves if at <= reached)
        return AppMoves(page, reached, is_complete=reached == state.position)

    def _known(self, checkpoint: Checkpoint) -> Checkpoint:
        return checkpoint if checkpoint <= self._state.position else START

    async def epoch(self) -> Epoch:
        """Give the second in which this log began."""
        return self._state.epoch

    async def checkpoint(self) -> Checkpoint:
        """Give the last position."""
        return Checkpoint(self._state.position)
