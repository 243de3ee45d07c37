"""A path of somebody's machine or a registry's host turns red wherever it stands."""

import pytest

from tools import strays
from tools.sources import Source


def faults(text: str, path: str = "docs/guide/run.md") -> list[str]:
    return [str(offence) for offence in strays.offences([Source(path, text)])]


@pytest.mark.parametrize("place", [*strays.PLACES, *strays.HOSTS])
def test_each_place_and_host_is_found(place: str) -> None:
    assert faults(f"one\nsee {place}")[0].startswith("docs/guide/run.md:2: ")


def test_a_host_is_found_inside_an_address() -> None:
    assert faults(f"https://files.{strays.HOSTS[1]}/packages/x.whl", "requirements/run.txt")


def test_ordinary_paths_are_left_alone() -> None:
    assert faults("framework/x.py, the network/work, src/home/x, ./data, /etc/unisono.toml, /var/lib/unisono") == []
