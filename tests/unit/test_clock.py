"""The owners of time and chance."""

from unisono.clock import SystemClock, SystemEntropy
from unisono.ports.clock import Clock, Entropy


def test_time_is_in_milliseconds_and_the_monotonic_clock_never_goes_back() -> None:
    clock: Clock = SystemClock()
    assert 1_700_000_000_000 < clock.now() < 4_000_000_000_000
    moments = [clock.monotonic_s() for _ in range(100)]
    assert moments == sorted(moments)


def test_names_are_new_and_have_their_form() -> None:
    entropy: Entropy = SystemEntropy()
    ids = {entropy.conversation_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(len(name) == 24 and set(name) <= set("0123456789abcdef") for name in ids)
    assert len({entropy.secret() for _ in range(1000)}) == 1000
    assert len(entropy.secret()) == 43
    assert all(0 <= entropy.fraction() < 1 for _ in range(1000))
