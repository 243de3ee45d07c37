"""The truth of a simulation: one log of gapless streams, and the sessions. Every change is one instant.

Decisions are the domain's own; this only loads what they ask for and places what they say, as a store does.
"""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from tests.sim.weather import Sky
from unisono.domain import facts as f
from unisono.domain import roll
from unisono.domain.answers import Answer, StreamHead
from unisono.domain.conversation import Conversation, Decide, Membership, Scope, Snapshot
from unisono.domain.devices import Login, Loss
from unisono.domain.ids import (
    NO_SEQ,
    Checkpoint,
    ConversationId,
    DeviceId,
    Epoch,
    Fence,
    Instant,
    SendKey,
    Seq,
    SessionId,
    StreamKey,
    UserId,
    conversation_of,
    conversation_stream,
    user_stream,
)
from unisono.domain.placement import Draft, Head, Place, next_head
from unisono.domain.session import Cue, Phase, next_phase

Admit = Callable[[Sequence[Login], Login], tuple[Loss, ...]]
EPOCH: Final = Epoch(1)


class Log:
    """Streams, and what they add up to."""

    def __init__(self, sky: Sky) -> None:
        self._sky = sky
        self.streams: dict[StreamKey, list[f.PlacedFact]] = {}
        self.checkpoint = Checkpoint(0)
        self.conversations: dict[ConversationId, Conversation] = {}
        self.members: dict[ConversationId, dict[UserId, Membership]] = {}
        self._heads: dict[StreamKey, Head] = {}
        self._places: dict[tuple[StreamKey, UserId, SendKey], Place] = {}

    def head(self, stream: StreamKey) -> Head:
        """Give how far a stream has come."""
        return self._heads.get(stream, Head())

    def transact(self, scope: Scope, decide: Decide) -> tuple[Answer, list[f.PlacedFact]]:
        """Load, decide, place: all at one instant."""
        decision = decide(self._snapshot(scope))
        placed = [self._place(draft) for draft in decision.drafts]
        return decision.answer([self._as_place(fact) for fact in placed]), placed

    def place_facts(self, user: UserId, facts: Sequence[f.UserFact]) -> list[f.PlacedFact]:
        """Place facts of a user's own stream."""
        return [self._place(Draft(user_stream(user), fact)) for fact in facts]

    def read(self, stream: StreamKey, after: Seq, limit: int, until: Seq | None = None) -> list[f.PlacedFact]:
        """Read facts in order."""
        last = self.head(stream).seq if until is None else until
        return self.streams.get(stream, [])[after : min(after + limit, last)]

    def moved(self, user: UserId, checkpoint: Checkpoint) -> list[StreamHead]:
        """List the user's streams with facts after a checkpoint; a former member's head is where they left."""
        mine: dict[StreamKey, Seq | None] = {user_stream(user): None}
        for conversation, members in self.members.items():
            if user in members:
                mine[conversation_stream(conversation)] = members[user].until
        heads = []
        for stream, until in sorted(mine.items()):
            facts = self.streams.get(stream, [])[:until]
            if facts and facts[-1].checkpoint > checkpoint:
                heads.append(StreamHead(stream, facts[-1].epoch, facts[-1].seq))
        return heads

    def as_of(self, stream: StreamKey, checkpoint: Checkpoint) -> tuple[Seq, set[UserId]]:
        """Give how far a stream had come at a checkpoint, and who saw it then."""
        facts = [fact for fact in self.streams.get(stream, []) if fact.checkpoint <= checkpoint]
        members: set[UserId] = set()
        for placed in facts:
            members = seen_by(members, placed.fact)
        return (facts[-1].seq if facts else NO_SEQ), members

    def _snapshot(self, scope: Scope) -> Snapshot:
        earlier = None
        if scope.conversation is not None and scope.sender is not None and scope.key is not None:
            stream = conversation_stream(scope.conversation)
            earlier = self._places.get((stream, scope.sender, scope.key))
        known = self.conversations.get(scope.conversation) if scope.conversation is not None else None
        members = self.members.get(known.id, {}) if known is not None else {}
        return Snapshot(now=Instant(self._sky.now), conversation=known, memberships=dict(members), earlier=earlier)

    def _place(self, draft: Draft) -> f.PlacedFact:
        head = self._heads[draft.stream] = next_head(self.head(draft.stream), Instant(self._sky.now), draft.fact)
        self.checkpoint = Checkpoint(self.checkpoint + 1)
        placed = f.PlacedFact(draft.stream, head.epoch, head.seq, head.at, self.checkpoint, draft.fact)
        self.streams.setdefault(draft.stream, []).append(placed)
        if draft.sender is not None and draft.key is not None:
            self._places[draft.stream, draft.sender, draft.key] = self._as_place(placed)
        self._add_up(placed)
        return placed

    def _add_up(self, placed: f.PlacedFact) -> None:
        conversation = conversation_of(placed.stream)
        if conversation is None:
            return
        members = self.members.setdefault(conversation, {})
        match placed.fact:
            case f.ConversationCreated(by=by, members=users) as fact:
                now = placed.at
                self.conversations[conversation] = Conversation(conversation, "group", by, now, now, Head(), len(users))
                members |= {user: roll.founded(fact, user, placed.seq) for user in users}
            case f.MembersJoined(users=users):
                members |= {user: roll.joined(members.get(user), user, placed.seq) for user in users}
            case f.MembersLeft(users=users):
                members |= {user: roll.left(members[user], placed.seq) for user in users}
            case f.MemberChanged(user=user) as change:
                members[user] = roll.changed(members[user], change)
            case _:
                pass
        count = sum(member.is_member for member in members.values())
        self.conversations[conversation] = msgspec.structs.replace(
            self.conversations[conversation], head=self.head(placed.stream), member_count=count
        )

    def _as_place(self, placed: f.PlacedFact) -> Place:
        return Place(placed.stream, placed.epoch, placed.seq, placed.at)


def seen_by(members: set[UserId], fact: f.Fact) -> set[UserId]:
    """Give who sees a conversation after a fact."""
    match fact:
        case f.ConversationCreated(members=users) | f.MembersJoined(users=users):
            return members | set(users)
        case f.MembersLeft(users=users):
            return members - set(users)
        case _:
            return members


class Held(msgspec.Struct):
    """A session of a user."""

    user: UserId
    login: Login
    phase: Phase
    fence: Fence = Fence(1)


class Sessions:
    """Who is logged in where; each change is decided at one instant and leaves its facts in the user's stream."""

    def __init__(self, log: Log, admit: Admit) -> None:
        self._log: Final = log
        self._admit = admit
        self.held: dict[SessionId, Held] = {}
        self.over: set[SessionId] = set()
        self.changed: set[UserId] = set()

    def of(self, user: UserId) -> list[Login]:
        """List a user's sessions that are not over."""
        return [held.login for held in self.held.values() if held.user == user]

    def log_in(self, user: UserId, login: Login) -> list[f.PlacedFact]:
        """Open a session, ending those that lose by it.

        Raises:
            DeviceRefused: No slot is free.
        """
        losses = self._admit(self.of(user), login)
        facts: list[f.UserFact] = [self._end(loss.session, loss.reason) for loss in losses]
        phase = next_phase(Phase.GREETING, Cue.CREDENTIALS_ACCEPTED)
        self.held[login.session] = Held(user, login, phase)
        self.changed.add(user)
        shown = f.Label(login.platform)
        facts.append(f.SessionOpened(login.session, login.device, shown))
        return self._log.place_facts(user, facts)

    def attach(self, session: SessionId) -> Fence | None:
        """Take a session over for a new link, or None when it is over."""
        held = self.held.get(session)
        if held is None:
            return None
        held.phase = next_phase(held.phase, Cue.TRANSPORT_REGAINED)
        held.fence = Fence(held.fence + 1)
        return held.fence

    def detach(self, session: SessionId, fence: Fence) -> None:
        """Note that a link is gone, unless a later one is there."""
        held = self.held.get(session)
        if held is not None and held.fence == fence:
            held.phase = next_phase(held.phase, Cue.TRANSPORT_LOST)

    def end(self, session: SessionId, reason: f.EndReason) -> list[f.PlacedFact]:
        """End a session, if it is not over."""
        held = self.held.get(session)
        if held is None:
            return []
        return self._log.place_facts(held.user, [self._end(session, reason)])

    def _end(self, session: SessionId, reason: f.EndReason) -> f.SessionEnded:
        held = self.held.pop(session)
        held.phase = next_phase(held.phase, Cue.ENDED)
        self.over.add(session)
        self.changed.add(held.user)
        return f.SessionEnded(session, DeviceId(held.login.device), reason)
