"""SQLite and the fake in memory, taken through the same random life, answer alike at every step."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.contract.stores import acts
from tests.contract.stores.acts import ANN, BOB, CIM, DAN, AnyStore, conversation_id
from tests.support.time_and_chance import NOON, ManualClock
from unisono.domain.commands import Roll
from unisono.domain.errors import UnisonoError
from unisono.domain.facts import Level, Restriction, Role, Rules
from unisono.domain.ids import (
    START,
    Checkpoint,
    ConversationId,
    Fence,
    Instant,
    NodeId,
    Seq,
    SessionId,
    UserId,
    conversation_stream,
    user_stream,
)
from unisono.ports.sessions import SessionDecision
from unisono.stores.memory import MemoryStore
from unisono.stores.sql import StoreOptions, open_store

USERS = (ANN, BOB, CIM, DAN)
ROOMS = tuple(conversation_id(number) for number in range(3))
users = st.sampled_from(USERS)
rooms = st.sampled_from(ROOMS)
keys = st.sampled_from(["k1", "k2", "k3", "k4"])
sessions = st.sampled_from(["s1", "s2", "s3", "s4"])
HISTORY = {
    "limit": st.integers(1, 4),
    "before": st.integers(0, 9),
    "after": st.integers(0, 9),
    "before_at": st.integers(-30, 90),
    "after_at": st.integers(-30, 90),
    "type": st.sampled_from([-1, 3]),
    "direction": st.sampled_from(["older", "newer"]),
}
"""What a page of history may be asked for with; times in seconds from noon."""
Act = Callable[[AnyStore], Awaitable[Any]]


class TwoStores(RuleBasedStateMachine):
    """Does everything twice and compares."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = ManualClock()
        self.fake: AnyStore = MemoryStore(self.clock)
        self.real = self.open()
        self.checkpoints: list[Checkpoint] = [START]

    def open(self) -> AnyStore:
        options = StoreOptions(app="test", data_dir=Path(self.folder.name), synchronous="normal", readers=1)
        return self.runner.run(open_store(options, self.clock))

    def teardown(self) -> None:
        self.runner.run(self.real.close())
        self.runner.close()
        self.folder.cleanup()

    def both(self, act: Act) -> None:
        assert self.runner.run(outcome(act, self.real)) == self.runner.run(outcome(act, self.fake))

    @rule(creator=users, members=st.lists(users, min_size=1), room=rooms, key=keys, unique=st.booleans())
    def create(self, creator: UserId, members: list[UserId], room: ConversationId, key: str, unique: bool) -> None:
        # An id is used once: the use cases draw it anew for each attempt.
        if self.runner.run(self.fake.log.read(conversation_stream(room), Seq(0), 1)).head == 0:
            self.both(lambda store: acts.create(store, creator, *members, room=room, key=key, unique=unique))

    @rule(
        sender=users,
        room=rooms,
        key=keys,
        calls=st.lists(users, max_size=2),
        says=st.tuples(st.booleans(), st.sampled_from([-1, 3])),
    )
    def send(self, sender: UserId, room: ConversationId, key: str, calls: list[UserId], says: tuple[bool, int]) -> None:
        asks, kind = says
        more: dict[str, Any] = {"mentions": calls, "mention_all": asks, "receipt": asks, "of_type": kind}
        self.both(lambda store: acts.send(store, sender, key, room=room, **more))

    @rule(by=users, members=st.lists(users, min_size=1), room=rooms)
    def add(self, by: UserId, members: list[UserId], room: ConversationId) -> None:
        self.both(lambda store: acts.add(store, by, *members, room=room))

    @rule(by=users, members=st.lists(users, min_size=1), room=rooms)
    def remove(self, by: UserId, members: list[UserId], room: ConversationId) -> None:
        self.both(lambda store: acts.remove(store, by, *members, room=room))

    @rule(reader=users, room=rooms, seq=st.integers(0, 10))
    def mark_read(self, reader: UserId, room: ConversationId, seq: int) -> None:
        self.both(lambda store: acts.mark_read(store, reader, seq, room=room))

    @rule(user=users, room=rooms, seq=st.integers(0, 10))
    def mark_delivered(self, user: UserId, room: ConversationId, seq: int) -> None:
        self.both(lambda store: acts.mark_delivered(store, user, seq, room=room))

    @rule(room=rooms, seq=st.integers(0, 10))
    def ask_receipts(self, room: ConversationId, seq: int) -> None:
        self.both(lambda store: store.directory.receipts(room, Seq(seq)))

    @rule(user=users, room=rooms)
    def mark_unread(self, user: UserId, room: ConversationId) -> None:
        self.both(lambda store: acts.mark_unread(store, user, room=room))

    @rule(user=users, limit=st.integers(1, 3), after=st.none() | rooms, only=st.none() | rooms)
    def ask_unread(self, user: UserId, limit: int, after: ConversationId | None, only: ConversationId | None) -> None:
        self.both(lambda store: store.directory.unread(user, after, limit, only=only))

    @rule(user=users, room=rooms, seq=st.integers(0, 10), text=st.sampled_from(["a", "b", "c"]))
    def edit(self, user: UserId, room: ConversationId, seq: int, text: str) -> None:
        self.both(lambda store: acts.edit(store, user, seq, text, room=room))

    @rule(user=users, room=rooms, seq=st.integers(0, 10))
    def recall(self, user: UserId, room: ConversationId, seq: int) -> None:
        self.both(lambda store: acts.recall(store, user, seq, room=room))

    @rule(user=users, room=rooms, seq=st.integers(0, 6), reaction=st.sampled_from("xy"), on=st.booleans())
    def react(self, user: UserId, room: ConversationId, seq: int, reaction: str, on: bool) -> None:
        self.both(lambda store: acts.react(store, user, seq, reaction, on=on, room=room))

    @rule(
        user=users,
        room=rooms,
        name=st.none() | st.sampled_from(["", "tea"]),
        put=st.none() | st.dictionaries(st.sampled_from(["attr.a", "attr.b.c"]), st.integers(0, 2), max_size=2),
        unset=st.sampled_from([(), ("attr.a",), ("attr.b",)]),
        joining=st.sampled_from([None, None, "open", "invited"]),
        rules=st.sampled_from([None, None, None, Rules(remove="member", restrict="member"), Rules(add="owner")]),
    )
    def update(self, user: UserId, room: ConversationId, put: Any, **change: Any) -> None:
        self.both(lambda store: acts.update(store, user, room, set=put, **change))

    @rule(
        by=users,
        user=users,
        room=rooms,
        role=st.none() | st.sampled_from(get_args(Role)),
        attributes=st.none() | st.dictionaries(st.just("nick"), st.integers(0, 2)),
    )
    def set_member(self, by: UserId, user: UserId, room: ConversationId, **change: Any) -> None:
        self.both(lambda store: acts.set_member(store, by, user, room, **change))

    @rule(
        by=users,
        user=users,
        room=rooms,
        what=st.sampled_from(get_args(Restriction)),
        on=st.booleans(),
        for_s=st.none() | st.integers(1, 40),
    )
    def restrict(self, by: UserId, user: UserId, room: ConversationId, **how: Any) -> None:
        self.both(lambda store: acts.restrict(store, by, user, room=room, **how))

    @rule(user=users, room=rooms, level=st.sampled_from(get_args(Level)))
    def set_level(self, user: UserId, room: ConversationId, level: Level) -> None:
        self.both(lambda store: acts.set_level(store, user, level, room))

    @rule(creator=users, member=users, room=rooms, key=keys, unique=st.booleans())
    def create_temporary(self, creator: UserId, member: UserId, room: ConversationId, key: str, unique: bool) -> None:
        if self.runner.run(self.fake.log.read(conversation_stream(room), Seq(0), 1)).head == 0:
            self.both(
                lambda store: acts.create(store, creator, member, room=room, key=key, of="temporary", unique=unique)
            )

    @rule(room=rooms)
    def wait_and_expire(self, room: ConversationId) -> None:
        self.clock.advance(50_000)
        self.both(lambda store: store.directory.expired(self.clock.now(), 10))
        self.both(lambda store: acts.expire(store, room=room))

    @rule(user=users, room=rooms)
    def dissolve(self, user: UserId, room: ConversationId) -> None:
        self.both(lambda store: acts.dissolve(store, user, room))

    @rule(user=users, room=rooms)
    def come_and_go(self, user: UserId, room: ConversationId) -> None:
        self.both(lambda store: acts.join(store, user, room))
        self.both(lambda store: acts.quit_(store, user, room))

    @rule(room=rooms, who=st.sampled_from(get_args(Roll)), after=st.none() | users, limit=st.integers(1, 3))
    def call_the_roll(self, room: ConversationId, who: Roll, after: UserId | None, limit: int) -> None:
        now = self.clock.now()
        self.both(lambda store: store.directory.members(room, who, after=after, limit=limit, now=now))

    @rule(user=users, session=sessions, capacity=st.integers(1, 2))
    def log_in(self, user: UserId, session: str, capacity: int) -> None:
        wanted = acts.record(session, user, at=self.clock.now(), node=NodeId(1))
        self.both(lambda store: acts.log_in(store, wanted, acts.limit_of(capacity)))

    @rule(session=sessions, fence=st.none() | st.integers(0, 4))
    def attach(self, session: str, fence: int | None) -> None:
        asked = None if fence is None else Fence(fence)
        self.both(lambda store: store.sessions.attach(SessionId(session), acts.digest(), asked, NodeId(1), "192.0.2.7"))

    @rule(session=sessions, fence=st.integers(0, 4))
    def detach(self, session: str, fence: int) -> None:
        self.both(lambda store: store.sessions.detach(SessionId(session), Fence(fence), NodeId(1)))

    @rule(user=users)
    def log_out(self, user: UserId) -> None:
        self.both(lambda store: store.sessions.decide(user, lambda now, held: SessionDecision()))

    @rule()
    def take_lease(self) -> None:
        self.both(lambda store: store.sessions.take_lease("node", 20))

    @rule(seconds=st.integers(-5, 30))
    def wait(self, seconds: int) -> None:
        self.clock.advance(seconds)

    @rule()
    def forget(self) -> None:
        self.both(lambda store: store.sessions.forget_ended(self.clock.now()))

    @rule()
    def restart(self) -> None:
        self.runner.run(self.real.close())
        self.real = self.open()

    @rule()
    def note_checkpoint(self) -> None:
        self.both(lambda store: store.log.checkpoint())
        self.checkpoints.append(self.runner.run(self.fake.log.checkpoint()))

    @rule(user=users, room=rooms, limit=st.integers(1, 4), at=st.integers(0, 9))
    def catch_up(self, user: UserId, room: ConversationId, limit: int, at: int) -> None:
        checkpoint = self.checkpoints[at % len(self.checkpoints)]
        self.both(lambda store: store.log.moved(user, checkpoint, None, limit))
        self.both(lambda store: app_moves(store, checkpoint, limit))
        self.both(lambda store: store.directory.audience(conversation_stream(room), checkpoint))

    @rule(user=users, session=sessions)
    def close_expired(self, user: UserId, session: str) -> None:
        self.both(lambda store: store.sessions.close_expired(user))
        self.both(lambda store: store.sessions.find_ended(SessionId(session)))

    @rule(room=rooms, since=st.integers(0, 20_000), after=st.integers(0, 9), limit=st.integers(1, 4))
    def changes(self, room: ConversationId, since: int, after: int, limit: int) -> None:
        self.both(lambda store: store.log.changes(room, Instant(NOON + since), Seq(after), limit))

    @rule(user=users, room=rooms, limit=st.integers(1, 4), seq=st.none() | st.integers(0, 9))
    def read(self, user: UserId, room: ConversationId, limit: int, seq: int | None) -> None:
        place = None if seq is None else Seq(seq)
        self.both(lambda store: store.log.read(conversation_stream(room), place or Seq(0), limit))
        self.both(lambda store: store.log.read(user_stream(user), place or Seq(0), limit))
        self.both(lambda store: store.directory.find(room, user, with_members=True))
        self.both(lambda store: store.directory.list_of(user, None, limit))
        self.both(lambda store: store.sessions.list_of(user))
        self.both(lambda store: acts.history(store, user, room, before=place, limit=limit))
        self.both(lambda store: acts.history(store, user, room, after=place, limit=limit))

    @rule(reader=users, room=rooms, asked=st.fixed_dictionaries({}, optional=HISTORY))
    def look_back(self, reader: UserId, room: ConversationId, asked: dict[str, Any]) -> None:
        given = {name: NOON + value * 1000 if name.endswith("_at") else value for name, value in asked.items()}
        self.both(lambda store: acts.history(store, reader, room, **given))

    @invariant()
    def agree_on_the_checkpoint(self) -> None:
        self.both(lambda store: store.log.checkpoint())


async def app_moves(store: AnyStore, checkpoint: Checkpoint, limit: int) -> object:
    """Give what moved in the app; what moved at once has no order."""
    moves = await store.log.moved_in_app(checkpoint, limit)
    return {(move.stream, move.head) for move in moves.streams}, moves.checkpoint, moves.is_complete


async def outcome(act: Act, store: AnyStore) -> object:
    """Give the answer, or the kind of fault."""
    try:
        return await act(store)
    except UnisonoError as fault:
        return fault.code, dict(fault.numbers)


TestTwoStores = TwoStores.TestCase
TestTwoStores.settings = settings(
    max_examples=25,
    stateful_step_count=50,
    deadline=None,
    phases=[Phase.generate],
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


class AtLength(TwoStores):
    """The same, for longer, and other lives each time."""


TestTwoStoresAtLength = pytest.mark.full(AtLength.TestCase)
TestTwoStoresAtLength.settings = settings(TestTwoStores.settings, max_examples=300, derandomize=False)
