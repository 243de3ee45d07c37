"""The checks see what is committed or about to be, and nothing else."""

import subprocess
from pathlib import Path

from tools.sources import Source, repository, run


def test_the_repository_is_what_git_would_take(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    (tmp_path / "pyproject.toml").write_text('[tool.unisono]\ngenerated = ["made/*.py"]\n')
    (tmp_path / ".gitignore").write_text("ignored.py\n")
    (tmp_path / "made").mkdir()
    for name in ("a.py", "ignored.py", "made/b.py", "gone.py"):
        (tmp_path / name).write_text("x = 1\n")
    (tmp_path / "picture.png").write_bytes(b"\xff\xd8\xff")
    (tmp_path / "link.py").symlink_to("a.py")
    subprocess.run(["git", "add", "gone.py"], cwd=tmp_path, check=True)
    (tmp_path / "gone.py").unlink()
    assert [source.path for source in repository(tmp_path)] == [".gitignore", "a.py", "pyproject.toml"]


def test_comments_are_those_of_the_code_and_not_of_its_strings() -> None:
    source = Source("a.py", 'x = "# no"  # yes\n# and this\n')
    assert dict(source.comments) == {1: "yes", 2: "and this"}


def test_a_check_fails_when_it_finds_something() -> None:
    assert run(lambda _: []) == 0
