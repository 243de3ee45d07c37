"""Delays double up to a cap, spread, and obey the server."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisono_sdk.backoff import Backoff

PLAIN = Backoff(jitter=0)
chances = st.floats(0, 1)
attempts = st.integers(0, 10_000)


def test_without_jitter_delays_are_exact() -> None:
    assert [PLAIN.delay_ms(attempt, 0.7) for attempt in range(6)] == [1000, 2000, 4000, 8000, 16_000, 30_000]


@given(attempts, chances)
def test_a_delay_stays_between_its_share_and_its_whole(attempt: int, chance: float) -> None:
    whole = PLAIN.delay_ms(attempt, 0)
    assert whole // 2 <= Backoff().delay_ms(attempt, chance) <= whole <= 30_000


@given(attempts, chances, st.integers(0, 10**6))
def test_nobody_comes_back_before_the_server_asked(attempt: int, chance: float, asked_ms: int) -> None:
    assert Backoff().later_ms(attempt, chance, asked_ms) >= asked_ms


@pytest.mark.parametrize(("attempt", "expected"), [(0, 250), (1, 1500), (2, 3000)])
def test_at_once_is_soon_the_first_time_only(attempt: int, expected: int) -> None:
    assert Backoff().soon_ms(attempt, 0.5) == expected


def test_later_without_a_time_is_the_usual_delay() -> None:
    assert PLAIN.later_ms(1, 0.5, None) == 2000
