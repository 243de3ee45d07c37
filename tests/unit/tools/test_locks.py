"""A lock that lacks, loosens or contradicts turns red."""

import pytest

from tools import locks
from tools.sources import Source, repository

HASH = " \\\n    --hash=sha256:00\n    # via somebody\n"
SERVER = """
[project]
dependencies = ["aiohttp>=3.13", "typer>=0.20,<0.29"]
[project.optional-dependencies]
client = ["unisono-sdk"]
[dependency-groups]
build = ["hatchling"]
lock = ["uv"]
test = ["pytest"]
"""
SDK = '[project]\ndependencies = ["MsgPack>=1.1"]\n'
RUN = f"aiohttp==3.14.5{HASH}msgpack==1.2.4{HASH}typer==0.28.0 ; sys_platform == 'linux'{HASH}"
BUILD = f"hatchling==1.33.0{HASH}"
GOOD = {
    "pyproject.toml": SERVER,
    "sdk/python/pyproject.toml": SDK,
    "requirements/run.txt": RUN,
    "requirements/build.txt": BUILD,
    "requirements/lock.txt": f"uv==0.13.8{HASH}",
    "requirements/test.txt": f"{RUN}{BUILD}pytest==9.2.0{HASH}",
}


def faults(**changed: str) -> list[str]:
    texts = GOOD | {f"requirements/{name}.txt": text for name, text in changed.items()}
    return [str(offence) for offence in locks.offences([Source(path, text) for path, text in texts.items()])]


def test_locks_in_step_are_fine() -> None:
    assert faults() == []


def test_what_is_asked_for_is_locked() -> None:
    assert faults(lock="") == ["requirements/lock.txt:1: uv is asked for and not locked: make lock"]
    assert len(faults(run=RUN.partition("msgpack")[0])) == 2


def test_a_locked_version_is_an_allowed_one() -> None:
    run = RUN.replace("0.28.0", "0.29.1")
    (fault,) = faults(run=run, test=run + GOOD["requirements/test.txt"].removeprefix(RUN))[:1]
    assert fault.startswith("requirements/run.txt:7: typer 0.29.1 is not what typer<0.29,>=0.20 allows")


def test_every_pin_has_a_hash() -> None:
    assert faults(lock="uv==0.13.8\n") == ["requirements/lock.txt:1: uv has no hash: make lock"]


@pytest.mark.parametrize("build", [BUILD.replace("1.33.0", "1.32.0"), f"{BUILD}editables==0.6{HASH}"])
def test_one_environment_serves_all(build: str) -> None:
    (fault,) = faults(build=build)
    assert "is not what requirements/test.txt has" in fault


def test_the_projects_own_locks_are_in_step() -> None:
    assert list(locks.offences(repository())) == []
