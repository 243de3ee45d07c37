"""The pure core in a hostile network, by seed: exactly once, in order, complete in the end, limits at every instant."""

import hashlib
from collections.abc import Sequence

import pytest

from tests.sim.world import POLICIES, World
from tests.support.judge import Fault
from unisono.domain import delivery
from unisono.domain.delivery import CatchUp, Gap, Push, Stale, StartOver
from unisono.domain.devices import Login, Loss, Policy
from unisono.domain.ids import Position, Seq

SEEDS = range(18)
MANY = range(100, 700)
SABOTAGE_SEEDS = range(6)


def diary(world: World) -> str:
    """Give one line that stands for everything that happened."""
    return hashlib.sha256("\n".join(world.sky.trace).encode()).hexdigest()


def kept(seed: int) -> World:
    """Run a seed and expect all promises kept."""
    world = World(seed)
    world.run().assert_clean()
    assert world.above_limit == []
    return world


@pytest.mark.parametrize("seed", SEEDS)
def test_each_session_sees_each_fact_once_and_in_order_and_no_limit_is_passed(seed: int) -> None:
    kept(seed)


def test_the_storm_is_one() -> None:
    """Between them the short seeds meet everything that a client has to live through."""
    worlds = [kept(seed) for seed in SEEDS[: len(POLICIES)]]
    text = "\n".join(line for world in worlds for line in world.sky.trace)
    for event in ("restarts", "is over", "is refused", "with fence 9"):
        assert event in text
    assert sum(len(session.acks) for world in worlds for session in world.sessions) > 400
    assert sum(len(session.log.seen) for world in worlds for session in world.sessions) > 4_000


def test_the_same_seed_gives_the_same_trace_and_another_seed_another() -> None:
    assert diary(kept(3)) == diary(kept(3))
    assert diary(kept(3)) != diary(kept(4))


@pytest.mark.full
@pytest.mark.parametrize("hundred", range(6))
def test_many_seeds(hundred: int) -> None:
    for seed in MANY[hundred * 100 : (hundred + 1) * 100]:
        kept(seed)


# --------------------------------------------------------------------- negative controls: the judge must turn red


def passes_over_gaps(delivered: Seq, first: Seq, last: Seq) -> Push | Stale | Gap:
    """Take whatever is newer, hole or not."""
    right = delivery.advance(delivered, first, last)
    return Push(first) if isinstance(right, Gap) else right


def takes_repeats(delivered: Seq, first: Seq, last: Seq) -> Push | Stale | Gap:
    """Take again what was there."""
    right = delivery.advance(delivered, first, last)
    return Push(first) if isinstance(right, Stale) else right


def is_off_by_one(delivered: Seq, first: Seq, last: Seq) -> Push | Stale | Gap:
    """Take the next but one for the next."""
    return delivery.advance(Seq(delivered + 1), first, last)


@pytest.mark.parametrize(
    ("advance", "faults"),
    [
        (passes_over_gaps, {Fault.HOLE, Fault.LOST}),
        (takes_repeats, {Fault.DOUBLED}),
        (is_off_by_one, {Fault.LOST}),
    ],
)
def test_broken_arithmetic_of_positions_is_seen(advance: object, faults: set[Fault]) -> None:
    found: set[Fault] = set()
    for seed in SABOTAGE_SEEDS:
        found |= World(seed, advance=advance).run().faults  # type: ignore[arg-type]
    assert faults <= found


def test_not_catching_up_is_seen() -> None:
    def never(held: Position, head: Position) -> CatchUp | StartOver | None:
        del held, head
        return None

    assert any(Fault.LOST in World(seed, catch_up=never).run().faults for seed in SABOTAGE_SEEDS)


def test_a_checkpoint_that_does_not_wait_for_holes_is_seen() -> None:
    assert any(Fault.LOST in World(seed, is_patient=False).run().faults for seed in range(100))


def test_a_policy_that_displaces_nobody_is_seen() -> None:
    def everybody(policy: Policy, held: Sequence[Login], newcomer: Login) -> tuple[Loss, ...]:
        del policy, held, newcomer
        return ()

    for seed in range(len(POLICIES)):
        world = World(seed, admit=everybody)
        world.run()
        assert world.above_limit
