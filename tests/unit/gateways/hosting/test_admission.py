"""Limits on connections and greetings, on both sides."""

from contextlib import ExitStack

import pytest
from msgspec.structs import replace

from tests.support.recording import RecordingTelemetry
from tests.support.time_and_chance import ManualClock
from unisono.domain.errors import Draining, Overloaded, RateLimited
from unisono.domain.rates import Rate
from unisono.gateways.hosting.admission import Admission, AdmissionLimits

WIDE = AdmissionLimits(
    visitors=1000,
    visitors_per_address=1000,
    connections=1000,
    connections_per_address=1000,
    handshakes_in_progress=1000,
    handshakes_per_s=1000,
    handshakes_of_address=Rate(per_s=1000, burst=1000),
)


def admission(clock: ManualClock | None = None, **limits: int | Rate) -> Admission:
    return Admission(replace(WIDE, **limits), clock or ManualClock(), RecordingTelemetry())


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


def test_a_socket_takes_a_place_until_it_leaves() -> None:
    door = admission(visitors=2)
    assert door.enter_nowait("192.0.2.1")
    assert door.enter_nowait("192.0.2.2")
    assert not door.enter_nowait("192.0.2.3")
    assert door.visitors == 2
    door.leave("192.0.2.1")
    assert door.enter_nowait("192.0.2.3")


def test_one_address_may_have_so_many_sockets_and_another_its_own() -> None:
    door = admission(visitors_per_address=1)
    assert door.enter_nowait("192.0.2.1")
    assert not door.enter_nowait("192.0.2.1")
    assert door.enter_nowait("192.0.2.2")
    door.leave("192.0.2.1")
    assert door.enter_nowait("192.0.2.1")


def test_those_that_many_speak_through_have_no_bound_of_their_own_but_the_nodes() -> None:
    door = admission(visitors=3, visitors_per_address=1)
    assert [door.enter_nowait(None) for _ in range(4)] == [True, True, True, False]
    door.leave(None)
    assert door.enter_nowait(None)


def test_one_address_cannot_use_up_the_new_connections_of_all() -> None:
    """An address used to be able to take every handshake of a second, and nobody else got in."""
    door = admission(ManualClock(), handshakes_per_s=10, handshakes_of_address=Rate(per_s=1, burst=4))
    with ExitStack() as inside:
        enter(inside, door, "192.0.2.1", times=4)
        for _ in range(50):
            with pytest.raises(RateLimited):
                enter(inside, door, "192.0.2.1")
        enter(inside, door, "192.0.2.2", times=4)
        enter(inside, door, "192.0.2.3", times=2)


def test_all_addresses_of_a_subscriber_count_as_one() -> None:
    door = admission(connections_per_address=2, handshakes_of_address=Rate(per_s=1, burst=3))
    with ExitStack() as inside:
        enter(inside, door, "2001:db8::1")
        enter(inside, door, "2001:db8::2")
        with pytest.raises(RateLimited):
            enter(inside, door, "2001:db8::3")
        enter(inside, door, "2001:db8:0:1::1")
    enter(ExitStack(), door, "2001:db8::4")
    with pytest.raises(RateLimited):
        enter(ExitStack(), door, "2001:db8::5")


def test_each_refusal_is_counted_by_the_name_of_its_setting() -> None:
    telemetry = RecordingTelemetry()
    narrow = AdmissionLimits(
        visitors=1,
        visitors_per_address=1,
        connections=2,
        connections_per_address=1,
        handshakes_in_progress=0,
        handshakes_per_s=2,
        handshakes_of_address=Rate(per_s=1, burst=1),
    )
    door = Admission(narrow, ManualClock(), telemetry)
    assert door.enter_nowait("a")
    assert not door.enter_nowait("a")
    assert not door.enter_nowait("b")
    with pytest.raises(Overloaded), door.greeting():
        pass
    with door.connection("a"), pytest.raises(RateLimited):
        enter(ExitStack(), door, "a")
    with pytest.raises(RateLimited):
        enter(ExitStack(), door, "a")
    with door.connection("b"), pytest.raises(RateLimited):
        enter(ExitStack(), door, "c")
    wide = Admission(replace(narrow, handshakes_per_s=9), ManualClock(), telemetry)
    with wide.connection("a"), wide.connection("b"), pytest.raises(Overloaded):
        enter(ExitStack(), wide, "c")
    limits = (
        "visitors_per_address",
        "visitors",
        "handshakes_in_progress",
        "connections_per_address",
        "handshakes_per_s",
    )
    expected = [f"limits.{name}" for name in (*limits, "connections")] + ["rates.handshakes_per_s"]
    assert telemetry.counts == {("limits_hit", name): 1 for name in expected}
