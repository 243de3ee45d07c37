"""Hours of silence: by the clock of a zone, over midnight, on some days, and when clocks are put forward and back."""

import pytest

from unisono.domain.ids import Instant
from unisono.domain.silence import Day, Silence, Window, find_zone

MONDAY_NOON = 1_795_435_200_000
HOUR = 3_600_000


def hours(window: Window) -> set[int]:
    """Give the hours around a monday's noon, UTC, in which a window holds."""
    return {hour for hour in range(-14, 14) if window.holds(Instant(MONDAY_NOON + hour * HOUR))}


@pytest.mark.parametrize(
    ("start", "end", "days", "expected"),
    [
        ("11:00", "12:00", (), {-1}),
        ("12:00", "14:00", (), {0, 1}),
        ("12:00", "14:00", ("tue",), set()),
        ("22:00", "02:00", (), {-14, -13, -12, -11, 10, 11, 12, 13}),
        ("22:00", "02:00", ("mon",), {10, 11, 12, 13}),
        ("22:00", "02:00", ("sun",), {-14, -13, -12, -11}),
        ("08:00", "08:00", ("mon",), set(range(-4, 14))),
    ],
)
def test_a_window_holds_in_its_hours(start: str, end: str, days: tuple[Day, ...], expected: set[int]) -> None:
    assert hours(Window(start, end, days)) == expected


def test_hours_are_those_of_the_zone() -> None:
    assert hours(Window("13:00", "14:00", zone="Europe/Oslo")) == {0}
    assert hours(Window("07:00", "08:00", zone="America/New_York")) == {0}


def test_a_night_is_the_same_night_when_clocks_change() -> None:
    """At seven in Oslo it is five in summer, UTC, and six in winter: clocks went back on 2026-10-25."""
    night = Window("22:00", "07:00", zone="Europe/Oslo")
    summer, winter = 1_792_821_600_000, 1_792_994_400_000  # 2026-10-24 and 2026-10-26, 06:00 UTC
    assert night.holds(Instant(summer - HOUR - 1))
    assert not night.holds(Instant(summer - HOUR))
    assert night.holds(Instant(winter - 1))
    assert not night.holds(Instant(winter))


def test_a_zone_that_this_machine_does_not_know_is_taken_for_utc() -> None:
    """Another node, with newer data, may have let it in."""
    assert find_zone("Europe/Atlantis") is None
    assert hours(Window("13:00", "14:00", zone="Europe/Atlantis")) == {1}


def test_a_silence_ends_and_has_its_windows() -> None:
    noon = Instant(MONDAY_NOON)
    assert Silence().holds(noon)
    assert not Silence(until=noon).holds(noon)
    assert Silence(until=Instant(noon + 1)).holds(noon)
    windows = (Window("11:00", "12:00"), Window("13:00", "14:00"))
    assert not Silence(windows=windows).holds(noon)
    assert Silence(windows=windows).holds(Instant(noon + HOUR))
    assert not Silence(until=Instant(noon + HOUR), windows=windows).holds(Instant(noon + HOUR))
