"""Two users with two devices each do at random what can be done with threads: every store does as the model says.

Each device follows the streams of its user as clients do; at the end the two of a user know the same threads, those
that the store lists, and each heard once of each operation of the other one, and of none of its own.
"""

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from tests.contract.stores.acts import ANN, BOB, CIM, QUOTAS, ROOM, AnyStore, create, send
from tests.contract.stores.test_threads import settle
from unisono.app.changing import caused_by, change
from unisono.domain import commands as c
from unisono.domain.errors import Forbidden, NotFound
from unisono.domain.facts import Content, ConversationEntered, ConversationExited, Fact, MessagePlaced
from unisono.domain.ids import (
    START,
    ConversationId,
    SendKey,
    Seq,
    SessionId,
    StreamKey,
    UserId,
    conversation_stream,
    thread_id,
    user_stream,
)
from unisono.domain.origin import Caused, origin_of
from unisono.domain.thread_facts import ThreadEnded, ThreadMade, ThreadRenamed

STEPS = 120
MESSAGES = (Seq(2), Seq(3), Seq(4))
USERS = (ANN, BOB)


@dataclass
class Thread:
    """What a thread is, after all that was done."""

    creator: UserId
    members: set[UserId]
    name: str | None = None
    is_over: bool = False
    said: int = 0


@dataclass
class World:
    """A group of Ann's, and its threads. Who is out of the group is in no thread, noted or not."""

    group: set[UserId] = field(default_factory=lambda: {ANN, BOB, CIM})
    threads: dict[Seq, Thread] = field(default_factory=dict)

    def may(self, user: UserId, act: str, message: Seq) -> bool:
        thread = self.threads.get(message)
        if act == "group":
            return user == ANN or user in self.group
        if user not in self.group or thread is None or thread.is_over:
            return act == "begin" and user in self.group and thread is None
        if act in {"rename", "end"}:
            return user in {thread.creator, ANN}
        return user in thread.members or act in {"begin", "join"}

    def settle(self) -> None:
        """Note who left the group."""
        for thread in self.threads.values():
            thread.members &= self.group


class Device:
    """What one session of a user makes of the facts that reach it."""

    def __init__(self, user: UserId, number: int) -> None:
        self.user, self.session = user, SessionId(f"{user}-{number}")
        self.origin = origin_of(self.session)
        self.threads: set[ConversationId] = set()
        self.heard: Counter[tuple[str, ConversationId]] = Counter()
        self.expected: Counter[tuple[str, ConversationId]] = Counter()
        self._at: dict[StreamKey, int] = {}

    async def follow(self, store: AnyStore) -> None:
        """Read what came since, in the group and in the own stream."""
        for stream in (conversation_stream(ROOM), user_stream(self.user)):
            for placed in (await store.log.read(stream, Seq(self._at.get(stream, 0)), 10_000)).facts:
                self._at[stream] = placed.seq
                self._take(placed.fact)

    def _take(self, fact: Fact) -> None:
        match fact:
            case ConversationEntered(conversation=thread, parent=parent) if parent is not None:
                self.threads.add(thread)
                if fact.seq > 1:
                    self._hear("join", thread, fact)
            case ConversationExited(conversation=thread, parent=parent) if parent is not None:
                self.threads.discard(thread)
                self._hear("leave", thread, fact, by=fact.by)
            case ThreadMade(thread=thread, by=by):
                self._hear("begin", thread, fact, by=by)
            case ThreadRenamed(thread=thread, by=by):
                self._hear("rename", thread, fact, by=by)
            case ThreadEnded(thread=thread, by=by):
                self._hear("end", thread, fact, by=by)
            case _:
                pass

    def _hear(self, what: str, thread: ConversationId, fact: Caused, *, by: UserId | None = None) -> None:
        by = fact.by if isinstance(fact, ConversationEntered) else by
        if by == self.user and fact.origin != self.origin:
            self.heard[what, thread] += 1


def command_of(act: str, message: Seq, number: int) -> c.Command:
    thread = thread_id(ROOM, message)
    commands: Mapping[str, c.Command] = {
        "begin": c.CreateThread(ROOM, message, f"n{number}"),
        "join": c.Join(thread),
        "leave": c.Quit(thread),
        "rename": c.UpdateConversation(thread, name=f"r{number}"),
        "end": c.Dissolve(thread),
        "say": c.SendMessage(thread, SendKey(f"k{number}"), Content(text="x")),
    }
    return commands[act]


ACTS = ("begin", "begin", "join", "join", "leave", "rename", "say", "say", "say", "end")


class Life:
    """One run."""

    def __init__(self, store: AnyStore, chance: random.Random) -> None:
        self.store, self.chance, self.world = store, chance, World()
        self.devices = [Device(user, number) for user in USERS for number in (1, 2)]

    async def step(self, number: int) -> None:
        """Let somebody do something, or Bob leave the group or be taken back; note departures now and then."""
        chance = self.chance
        if chance.random() < 0.1:
            await settle(self.store)
            self.world.settle()
        if chance.random() < 0.12:
            await self._move_bob(by_himself=chance.random() < 0.5)
            return
        device, act = chance.choice(self.devices), chance.choice(ACTS)
        message = chance.choice(MESSAGES)
        if act == "end" and chance.random() < 0.7:
            act = "say"
        await self._do(device, act, message, number)

    async def _do(self, device: Device, act: str, message: Seq, number: int) -> None:
        found = change(device.user, command_of(act, message, number), QUOTAS, lambda: ConversationId("new"))
        assert found is not None
        scope, decide = found
        before = self.world.threads.get(message)
        try:
            await self.store.log.transact(scope, caused_by(device.session, decide))
        except (NotFound, Forbidden):
            # Who left may ask to leave again.
            assert act == "leave" or not self.world.may(device.user, act, message), (number, act)
            return
        if act == "leave" and (before is None or device.user not in before.members):
            return
        assert act == "leave" or self.world.may(device.user, act, message), (number, act)
        if self._note(device.user, act, message, number):
            for other in self.devices:
                if other.user == device.user and other is not device:
                    other.expected[act, thread_id(ROOM, message)] += 1

    def _note(self, user: UserId, act: str, message: Seq, number: int) -> bool:
        """Bring the model up to what was done; say if other devices hear of it."""
        threads = self.world.threads
        if act == "begin":
            is_new = message not in threads
            threads.setdefault(message, Thread(user, {user}, f"n{number}"))
            return is_new
        thread = threads[message]
        match act:
            case "join":
                is_new = user not in thread.members
                thread.members.add(user)
                return is_new
            case "leave":
                thread.members.discard(user)
            case "rename":
                thread.name = f"r{number}"
            case "end":
                thread.is_over, thread.members = True, set()
            case _:
                thread.said += 1
                return False
        return True

    async def _move_bob(self, *, by_himself: bool) -> None:
        if BOB in self.world.group:
            command: c.Command = c.Quit(ROOM) if by_himself else c.RemoveMembers(ROOM, (BOB,))
            by = BOB if by_himself else ANN
            self.world.group.discard(BOB)
        else:
            command, by = c.AddMembers(ROOM, (BOB,)), ANN
            self.world.group.add(BOB)
        found = change(by, command, QUOTAS, lambda: ConversationId("new"))
        assert found is not None
        await self.store.log.transact(*found)

    async def check(self) -> None:
        """Compare what the store and all devices say with the model."""
        store, world = self.store, self.world
        await settle(store)
        world.settle()
        for message, thread in world.threads.items():
            name = thread_id(ROOM, message)
            facts = (await store.log.read(conversation_stream(name), Seq(0), 10_000)).facts
            assert sum(isinstance(placed.fact, MessagePlaced) for placed in facts) == thread.said
            seen = await store.directory.find(name, None, with_members=True)
            assert seen is not None
            assert (set(seen.members), seen.conversation.name) == (thread.members, thread.name)
        group = await store.directory.find(ROOM, None)
        assert group is not None
        assert group.conversation.threads == sum(not thread.is_over for thread in world.threads.values())
        for user in USERS:
            await self._check_devices(user)

    async def _check_devices(self, user: UserId) -> None:
        mine = {thread_id(ROOM, at) for at, thread in self.world.threads.items() if user in thread.members}
        assert {each.conversation.id for each in await self.store.threads.of_user(user, None, 10)} == mine
        streams = {each.stream for each in (await self.store.log.moved(user, START, None, 100)).heads}
        assert {conversation_stream(thread) for thread in mine} <= streams
        for device in self.devices:
            if device.user == user:
                await device.follow(self.store)
                assert device.threads == mine
                assert device.heard == device.expected


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_all_devices_agree_on_threads_whatever_was_done(store: AnyStore, seed: int) -> None:
    await create(store, ANN, BOB, CIM)
    for number in range(len(MESSAGES)):
        await send(store, ANN, f"said-{number}")
    life = Life(store, random.Random(seed))
    for number in range(STEPS):
        await life.step(number)
    await life.check()
    assert life.world.threads
