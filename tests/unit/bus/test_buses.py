"""The bus in one process, and the one that lies."""

import asyncio
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from tests.support.virtual_time import in_virtual_time
from tests.unit.app.stage import message, placed, seqs
from unisono.bus.faulty import FaultyBus
from unisono.bus.local import LocalBus
from unisono.domain.events import Passing, Signal, Typing
from unisono.domain.facts import PlacedFact
from unisono.domain.faults import BusFaults
from unisono.domain.ids import ConversationId, StreamKey, UserId

SIGNAL = Signal(StreamKey("c/x"), Typing(ConversationId("x"), UserId("ann"), is_typing=True))
HINTS = [placed(seq, message(str(seq))) for seq in range(1, 101)]


class Listener:
    """Writes down which hints came, and when."""

    def __init__(self) -> None:
        self.heard: list[int] = []
        self.times: list[float] = []

    def __call__(self, facts: Sequence[PlacedFact]) -> None:
        self.heard += seqs(facts)
        self.times += [asyncio.get_running_loop().time()] * len(facts)


async def through(faults: BusFaults, hints: Sequence[PlacedFact] = HINTS) -> Listener:
    listener = Listener()
    bus = FaultyBus(LocalBus(), faults)
    bus.subscribe(listener)
    for hint in hints:
        bus.publish_nowait((hint,))
    await asyncio.sleep(faults.delay_max_s + 1)
    return listener


def test_every_listener_hears_every_hint_at_once_and_in_order() -> None:
    bus, heard = LocalBus(), (list[PlacedFact](), list[PlacedFact]())
    for each in heard:
        bus.subscribe(each.extend)
    bus.publish_nowait(HINTS[:3])
    bus.publish_nowait(HINTS[3:5])
    assert heard == (HINTS[:5], HINTS[:5])


def test_signals_go_to_who_listens_for_them() -> None:
    bus, heard = LocalBus(), list[Passing]()
    bus.subscribe(list[PlacedFact]().extend)
    bus.subscribe(list[PlacedFact]().extend, heard.append)
    bus.signal_nowait(SIGNAL)
    assert heard == [SIGNAL]


@in_virtual_time
async def signalled(faults: BusFaults) -> list[Passing]:
    """Give what is heard of a hundred signals."""
    heard = list[Passing]()
    bus = FaultyBus(LocalBus(), faults)
    bus.subscribe(list[PlacedFact]().extend, heard.append)
    for _ in range(100):
        bus.signal_nowait(SIGNAL)
    await asyncio.sleep(faults.delay_max_s + 1)
    return heard


def test_the_bus_that_lies_drops_and_delays_signals_and_never_tells_one_twice() -> None:
    assert len(signalled(BusFaults(repeat=1, delay=0.5, seed=1))) == 100
    assert 30 < len(signalled(BusFaults(drop=0.5, repeat=1, seed=1))) < 70
    assert signalled(BusFaults(drop=1)) == []


def test_a_bus_without_listeners_loses_what_it_may_lose() -> None:
    LocalBus().publish_nowait(HINTS)


@in_virtual_time
async def test_without_faults_nothing_is_lost_repeated_or_late() -> None:
    listener = await through(BusFaults())
    assert listener.heard == seqs(HINTS)
    assert set(listener.times) == {0.0}


@in_virtual_time
async def test_a_bus_that_drops_all_says_nothing() -> None:
    assert (await through(BusFaults(drop=1))).heard == []


@in_virtual_time
async def test_a_bus_that_repeats_says_all_twice() -> None:
    assert (await through(BusFaults(repeat=1))).heard == [seq for seq in seqs(HINTS) for _ in range(2)]


@in_virtual_time
async def test_a_bus_that_delays_keeps_to_its_longest_delay_and_loses_the_order() -> None:
    listener = await through(BusFaults(delay=1, delay_max_s=2.0))
    assert sorted(listener.heard) == seqs(HINTS)
    assert listener.heard != seqs(HINTS)
    assert max(listener.times) <= 2.0
    assert min(listener.times) > 0.0


@in_virtual_time
async def test_each_fact_of_a_hint_has_its_own_fate() -> None:
    listener = Listener()
    bus = FaultyBus(LocalBus(), BusFaults(drop=0.5, seed=1))
    bus.subscribe(listener)
    bus.publish_nowait(HINTS)
    assert 20 < len(listener.heard) < 80


@in_virtual_time
async def test_the_same_seed_gives_the_same_faults_and_another_one_others() -> None:
    faults = BusFaults(drop=0.2, repeat=0.3, delay=0.4, seed=7)
    first, again = await through(faults), await through(faults)
    assert first.heard == again.heard
    other = await through(BusFaults(drop=0.2, repeat=0.3, delay=0.4, seed=8))
    assert first.heard != other.heard


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.integers())
@in_virtual_time
async def test_whatever_the_faults_nothing_is_made_up(drop: float, repeat: float, delay: float, seed: int) -> None:
    heard = (await through(BusFaults(drop=drop, repeat=repeat, delay=delay, seed=seed), HINTS[:20])).heard
    assert set(heard) <= set(seqs(HINTS[:20]))
    assert max((heard.count(seq) for seq in heard), default=0) <= 2
