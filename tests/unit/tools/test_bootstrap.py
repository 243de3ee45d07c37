"""A machine that lacks a program is told its package; nothing is left out silently."""

import os
import subprocess
from pathlib import Path

import pytest

from tools.sources import ROOT

PRESENT = ("bash", "id", "dirname", "cat")


def bootstrap(word: str, path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [path / "bash", ROOT / "tools" / "bootstrap.sh", word],
        env={"PATH": str(path)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """Give a folder of programs in which next to nothing is installed, and nothing can be."""
    for name in PRESENT:
        found = next(folder for folder in os.environ["PATH"].split(":") if (Path(folder) / name).exists())
        (tmp_path / name).symlink_to(Path(found) / name)
    return tmp_path


def test_what_is_missing_is_told_by_package(bare: Path) -> None:
    done = bootstrap("test", bare)
    assert done.returncode == 1
    for package in ("make", "git", "gcc", "strace", "chromium", "firefox-esr"):
        assert package in done.stderr.split("apt-get install")[1].split()


def test_the_long_runs_need_a_browser_more(bare: Path) -> None:
    lacking = [bootstrap(word, bare).stderr.split("apt-get install")[1].split() for word in ("test", "full")]
    assert lacking[1] == [*lacking[0], "webkit2gtk-driver", "xvfb"]


def test_a_machine_that_has_it_all_is_left_alone(bare: Path) -> None:
    for name in ("make", "git", "gcc", "strace", "initdb", "chromium", "firefox-esr"):
        (bare / name).write_text("#!/bin/sh\n")
        (bare / name).chmod(0o755)
    done = bootstrap("test", bare)
    if Path("/usr/include/stdio.h").exists():
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    else:
        assert "libc6-dev" in done.stderr


def test_an_unknown_word_is_refused(bare: Path) -> None:
    assert bootstrap("everything", bare).returncode == 2
