"""Limits on connections and greetings, on both sides."""

from contextlib import ExitStack

import pytest

from tests.support.time_and_chance import ManualClock
from unisono.domain.errors import Draining, Overloaded, RateLimited
from unisono.gateways.hosting.admission import Admission, AdmissionLimits

WIDE = AdmissionLimits(
    connections=1000, connections_per_address=1000, handshakes_in_progress=1000, handshakes_per_s=1000
)


def admission(clock: ManualClock | None = None, **limits: int) -> Admission:
    fields = {name: limits.get(name, getattr(WIDE, name)) for name in WIDE.__struct_fields__}
    return Admission(AdmissionLimits(**fields), clock or ManualClock())


def enter(stack: ExitStack, door: Admission, address: str, times: int = 1) -> None:
    for _ in range(times):
        stack.enter_context(door.connection(address))


def test_the_node_takes_as_many_as_it_may_and_no_more() -> None:
    door = admission(connections=3)
    with ExitStack() as inside:
        for number in range(3):
            enter(inside, door, f"192.0.2.{number}")
        with pytest.raises(Overloaded) as refused:
            enter(inside, door, "192.0.2.9")
        assert refused.value.retry_after_ms is not None


def test_a_place_that_gets_free_can_be_taken() -> None:
    door = admission(connections=1)
    for _ in range(3):
        with door.connection("192.0.2.1"):
            pass


def test_a_place_gets_free_by_a_failure_too() -> None:
    door = admission(connections=1)
    with pytest.raises(ZeroDivisionError), door.connection("192.0.2.1"):
        raise ZeroDivisionError
    with door.connection("192.0.2.1"):
        pass


def test_one_address_may_have_so_many_and_another_its_own() -> None:
    door = admission(connections_per_address=2)
    with ExitStack() as inside:
        enter(inside, door, "192.0.2.1", times=2)
        with pytest.raises(RateLimited):
            enter(inside, door, "192.0.2.1")
        enter(inside, door, "192.0.2.2", times=2)
    enter(ExitStack(), door, "192.0.2.1")


def test_one_who_is_refused_takes_no_place() -> None:
    door = admission(connections_per_address=1, connections=2)
    with ExitStack() as inside:
        enter(inside, door, "192.0.2.1")
        for _ in range(5):
            with pytest.raises(RateLimited):
                enter(inside, door, "192.0.2.1")
        enter(inside, door, "192.0.2.2")
        with pytest.raises(Overloaded):
            enter(inside, door, "192.0.2.3")


def test_new_connections_are_let_in_at_a_rate_and_told_when_to_come() -> None:
    clock = ManualClock()
    door = admission(clock, handshakes_per_s=10)
    with ExitStack() as inside:
        enter(inside, door, "192.0.2.1", times=10)
        with pytest.raises(RateLimited) as refused:
            enter(inside, door, "192.0.2.1")
        wait_ms = refused.value.retry_after_ms
        assert wait_ms is not None
        assert 100 <= wait_ms <= 101
        clock.advance(wait_ms / 1000)
        enter(inside, door, "192.0.2.1")


def test_a_closed_door_lets_nobody_in() -> None:
    door = admission()
    door.close()
    assert door.is_closed
    with pytest.raises(Draining), door.connection("192.0.2.1"):
        pass


def test_so_many_greetings_are_worked_on_at_a_time() -> None:
    door = admission(handshakes_in_progress=2)
    with ExitStack() as at_work:
        at_work.enter_context(door.greeting())
        at_work.enter_context(door.greeting())
        with pytest.raises(Overloaded) as refused, door.greeting():
            pass
        assert refused.value.retry_after_ms is not None
    with pytest.raises(ZeroDivisionError), door.greeting():
        raise ZeroDivisionError
    with ExitStack() as at_work:
        at_work.enter_context(door.greeting())
        at_work.enter_context(door.greeting())
