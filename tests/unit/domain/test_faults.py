"""What a bus may be told to do to hints."""

import msgspec
import pytest

from unisono.domain.faults import BusFaults


def test_a_bus_is_honest_unless_told_otherwise() -> None:
    faults = BusFaults()
    assert (faults.drop, faults.repeat, faults.delay) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize("field", ["drop", "repeat", "delay"])
def test_shares_go_from_0_to_1(field: str) -> None:
    for good in (0.0, 1.0):
        assert getattr(msgspec.convert({field: good}, BusFaults), field) == good
    for bad in (-0.01, 1.01):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert({field: bad}, BusFaults)
