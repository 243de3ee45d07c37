"""Any interleaving of facts, spoiled hints, sweeps, failures and arrivals: each link gets what is its own, in order."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from tests.support.recording import CountingEncoder, RecordingLink
from tests.support.virtual_time import in_virtual_time
from tests.unit.app.fanout_stage import Stage, on_stage, settle
from tests.unit.app.little_log import members_after
from tests.unit.app.stage import created, joined, left, message, users
from unisono.app import fanout as module
from unisono.bus.faulty import FaultyBus
from unisono.bus.local import LocalBus
from unisono.domain.errors import UnisonoError
from unisono.domain.facts import PlacedFact
from unisono.domain.faults import BusFaults
from unisono.domain.ids import Checkpoint, ConversationId, StreamKey, UserId, conversation_stream, user_of, user_stream

NAMES = ("alice", "bob", "carol")
CHATS = [conversation_stream(ConversationId(name)) for name in "xyz"]
CALM = ("send", "send", "send", "tell", "join", "leave", "turn", "turns", "wait", "sweep", "arrive", "echo", "echo")
STORMY = (*CALM, "away", "back")

FAULTS = st.builds(
    BusFaults,
    drop=st.sampled_from([0.0, 0.3, 1.0]),
    repeat=st.sampled_from([0.0, 0.5]),
    delay=st.sampled_from([0.0, 0.5, 1.0]),
    delay_max_s=st.just(3.0),
    seed=st.integers(0, 1000),
)


class Arrival(Struct):
    """A link and where its live delivery began."""

    user: UserId
    link: RecordingLink
    since: Checkpoint


class World:
    """A stage, a lying bus, and chance."""

    def __init__(self, stage: Stage, faults: BusFaults, seed: int) -> None:
        self.stage = stage
        self.chance = Random(seed)
        self.bus = FaultyBus(LocalBus(), faults)
        self.bus.subscribe(stage.fanout.hint)
        self.members: dict[StreamKey, set[UserId]] = {}
        self.arrivals: list[Arrival] = []
        self.sweeping: asyncio.Task[None] | None = None
        stage.log.before_read = stage.log.after_read = self.dawdle

    async def dawdle(self) -> None:
        """Take some turns of the loop, as a store does."""
        for _ in range(self.chance.randrange(4)):
            await asyncio.sleep(0)

    def place(self, stream: StreamKey, *facts: object) -> None:
        for fact in facts:
            self.members[stream] = members_after(fact, self.members.get(stream, set()))  # type: ignore[arg-type]
            self.bus.publish_nowait(self.stage.commit(fact, stream=stream))  # type: ignore[arg-type]

    def arrive(self, name: str) -> None:
        """Let a user come: the link is among the audience before the checkpoint is read."""
        encoder = CountingEncoder() if self.chance.random() < 0.5 else self.stage.encoder
        user = UserId(name)
        link = self.stage.arrive(user, session=f"{name}{len(self.arrivals)}", encoder=encoder)
        since = max((fact.checkpoint for fact in self.stage.log.facts), default=Checkpoint(0))
        self.arrivals.append(Arrival(user, link, since))

    async def step(self, what: str) -> None:
        stream, name = self.chance.choice(CHATS), self.chance.choice(NAMES)
        log = self.stage.log
        match what:
            case "send" if stream not in self.members:
                self.place(stream, created(*self.chance.sample(NAMES, 2)))
            case "send":
                self.place(stream, *(message() for _ in range(self.chance.randrange(1, 4))))
            case "tell":
                self.place(user_stream(UserId(name)), message())
            case "join" if name not in self.members.get(stream, users(*NAMES)):
                self.place(stream, joined(name))
            case "leave" if name in self.members.get(stream, ()):
                self.place(stream, left(name))
            case "turn" | "turns":
                await settle(1 if what == "turn" else 20)
            case "wait":
                await asyncio.sleep(1)
            case "echo":
                known = log.facts[-self.chance.randrange(1, 6) :]
                self.stage.fanout.hint(known[: self.chance.randrange(1, 6)])
            case "sweep" if self.sweeping is None or self.sweeping.done():
                self.sweeping = asyncio.create_task(self.sweep())
            case "away" | "back":
                log.is_away = what == "away"
            case "arrive" if len(self.arrivals) < 8:
                self.arrive(name)

    async def sweep(self) -> None:
        with suppress(UnisonoError):
            await self.stage.fanout.sweep()

    async def heal(self) -> None:
        """Let the store come back, late hints arrive, and two sweeps happen."""
        self.stage.log.is_away = False
        await asyncio.sleep(5)
        if self.sweeping is not None:
            await self.sweeping
        for _ in range(2):
            await self.stage.fanout.sweep()
            await settle(200)

    def theirs(self, arrival: Arrival) -> list[PlacedFact]:
        """Say what the link has to get: what its user may see of what was placed since it came."""
        members: dict[StreamKey, set[UserId]] = {}
        found = []
        for fact in self.stage.log.facts:
            before = members.get(fact.stream, set())
            members[fact.stream] = after = members_after(fact.fact, before)
            is_seen = arrival.user in before | after or user_of(fact.stream) == arrival.user
            if is_seen and fact.checkpoint > arrival.since:
                found.append(fact)
        return found


def by_stream(facts: Sequence[PlacedFact]) -> dict[StreamKey, list[int]]:
    """Give the seqs of each stream, each at its first appearance."""
    found: dict[StreamKey, dict[int, None]] = {}
    for fact in facts:
        found.setdefault(fact.stream, {})[fact.seq] = None
    return {stream: list(seqs) for stream, seqs in found.items()}


def assert_all_is_theirs_in_order(world: World, *, may_repeat: bool) -> None:
    position = {(fact.stream, fact.seq): fact.checkpoint for fact in world.stage.log.facts}
    for arrival in world.arrivals:
        got = [fact for fact in arrival.link.facts if position[fact.stream, fact.seq] > arrival.since]
        assert by_stream(got) == by_stream(world.theirs(arrival))
        assert may_repeat or len(got) == len({(fact.stream, fact.seq) for fact in got})
        for delivery in arrival.link.deliveries:
            first = delivery[0]
            assert [(fact.stream, fact.seq) for fact in delivery] == [
                (first.stream, first.seq + index) for index in range(len(delivery))
            ]


def assert_checkpoints_are_honest(world: World) -> None:
    """Everything committed up to a frame's checkpoint was pushed before it, or was there before the link."""
    position = {(fact.stream, fact.seq): fact.checkpoint for fact in world.stage.log.facts}
    for arrival in world.arrivals:
        owed = {(fact.stream, fact.seq) for fact in world.theirs(arrival)}
        for delivery, checkpoint in zip(arrival.link.deliveries, arrival.link.checkpoints, strict=True):
            assert not [key for key in owed if position[key] <= checkpoint]
            owed -= {(fact.stream, fact.seq) for fact in delivery}


# Drawn by seed and not by hypothesis: its lists are short, and little happens in a short one.
LENGTH, SEED = st.integers(0, 150), st.integers(0, 1 << 20)


async def play(kinds: Sequence[str], length: int, faults: BusFaults, seed: int, *, may_repeat: bool) -> None:
    async with on_stage() as stage:
        world = World(stage, faults, seed)
        for name in NAMES:
            world.arrive(name)
        for what in world.chance.choices(kinds, k=length):
            await world.step(what)
        await world.heal()
        assert_all_is_theirs_in_order(world, may_repeat=may_repeat)
        assert_checkpoints_are_honest(world)


@given(LENGTH, FAULTS, SEED)
@in_virtual_time
async def test_each_link_gets_each_fact_of_its_user_once_and_in_order(
    length: int, faults: BusFaults, seed: int
) -> None:
    await play(CALM, length, faults, seed, may_repeat=False)


@given(LENGTH, FAULTS, SEED)
@in_virtual_time
async def test_when_the_store_comes_and_goes_facts_may_be_repeated_but_none_is_lost(
    length: int, faults: BusFaults, seed: int
) -> None:
    await play(STORMY, length, faults, seed, may_repeat=True)


@given(LENGTH, FAULTS, SEED)
@in_virtual_time
async def test_a_node_that_forgets_streams_may_repeat_but_loses_nothing(
    length: int, faults: BusFaults, seed: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "CHANNELS_LIMIT", 2)
        patch.setattr(module, "READ_PAGE", 2)
        patch.setattr(module, "SWEEP_PAGE", 1)
        await play(STORMY, length, faults, seed, may_repeat=True)
