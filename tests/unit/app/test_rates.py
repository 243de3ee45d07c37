"""Rates per key, in a table that does not grow for ever."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.time_and_chance import ManualClock
from unisono.app.rates import RateLimiter
from unisono.domain.errors import RateLimited
from unisono.domain.rates import Rate, full, take


def spend(limiter: RateLimiter, key: str, times: int) -> int:
    """Count how many of so many requests pass."""
    passed = 0
    for _ in range(times):
        try:
            limiter.spend(key)
        except RateLimited:
            continue
        passed += 1
    return passed


def test_a_burst_passes_and_the_next_one_is_told_when_to_come() -> None:
    clock = ManualClock()
    limiter = RateLimiter(Rate(per_s=2, burst=5), clock)
    assert spend(limiter, "alice", 5) == 5
    with pytest.raises(RateLimited) as refused:
        limiter.spend("alice")
    wait_ms = refused.value.retry_after_ms
    assert wait_ms == 501
    assert refused.value.retryable
    clock.advance(0.499)
    with pytest.raises(RateLimited):
        limiter.spend("alice")
    clock.advance(0.002)
    limiter.spend("alice")


def test_a_refused_request_costs_nothing() -> None:
    clock = ManualClock()
    limiter = RateLimiter(Rate(per_s=1, burst=1), clock)
    assert spend(limiter, "alice", 100) == 1
    clock.advance(1)
    assert spend(limiter, "alice", 100) == 1


def test_one_key_takes_nothing_from_another() -> None:
    limiter = RateLimiter(Rate(per_s=1, burst=3), ManualClock())
    assert spend(limiter, "alice", 9) == 3
    assert spend(limiter, "bob", 9) == 3


def test_a_pause_fills_up_to_the_burst_and_no_further() -> None:
    clock = ManualClock()
    limiter = RateLimiter(Rate(per_s=1, burst=3), clock)
    spend(limiter, "alice", 3)
    clock.advance(3600)
    assert spend(limiter, "alice", 9) == 3


def test_the_table_keeps_so_many_and_drops_the_longest_unused() -> None:
    limiter = RateLimiter(Rate(per_s=1, burst=2), ManualClock(), limit=3)
    for key in ("a", "b", "c", "a"):
        limiter.spend(key)
    limiter.spend("d")
    assert len(limiter) == 3
    assert spend(limiter, "a", 9) == 0
    assert spend(limiter, "b", 9) == 2


def test_a_single_bucket_stays() -> None:
    limiter = RateLimiter(Rate(per_s=1, burst=1), ManualClock(), limit=1)
    assert spend(limiter, "a", 2) == 1
    assert spend(limiter, "b", 2) == 1
    assert len(limiter) == 1


@given(
    st.floats(0.1, 100),
    st.integers(1, 10),
    st.lists(st.floats(0, 2), max_size=40),
)
def test_never_more_than_burst_and_rate_allow(per_s: float, burst: int, pauses: list[float]) -> None:
    rate, now_s, passed = Rate(per_s=per_s, burst=burst), 0.0, 0
    bucket = full(rate, now_s)
    for pause in pauses:
        now_s += pause
        wait_s = take(bucket, rate, now_s)
        passed += wait_s == 0.0
        assert passed <= burst + now_s * per_s + 1e-6
        assert 0.0 <= wait_s <= 1 / per_s + 1e-9
        if wait_s > 0.0:
            assert take(bucket, rate, now_s + wait_s + 1e-9) < 1e-6
            passed += 1
            now_s += wait_s + 1e-9


def test_what_costs_more_takes_more_and_never_more_than_a_burst() -> None:
    """Five hundred members used to cost as much as a ping, and their streams a second of everybody's time."""
    clock = ManualClock()
    limiter = RateLimiter(Rate(per_s=10, burst=20), clock)
    limiter.spend("alice", 15.0)
    with pytest.raises(RateLimited) as refused:
        limiter.spend("alice", 6.0)
    assert refused.value.retry_after_ms == 101
    limiter.spend("alice", 5.0)
    clock.advance(2)
    limiter.spend("alice", 1000.0)
    with pytest.raises(RateLimited):
        limiter.spend("alice")
