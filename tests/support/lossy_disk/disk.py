"""One directory on a disk that forgets: run programs on it, lose the power, look at what is left."""

import shutil
import stat
import subprocess
from pathlib import Path
from random import Random
from typing import Final

from tests.support.lossy_disk.replay import Replay, read_tree, write_tree

SHIM_SOURCE: Final = Path(__file__).with_name("shim.c")
COMPILE_TIMEOUT_S: Final = 60


def compile_shim(directory: Path) -> Path:
    """Build the shim with the system's C compiler. A machine without one cannot prove durability, and fails."""
    compiler = shutil.which("cc")
    assert compiler is not None, "the power loss tests need a C compiler: apt-get install gcc"
    shim = directory / "lossy_disk_shim.so"
    options = ["-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"]
    command = [compiler, *options, "-o", str(shim), str(SHIM_SOURCE), "-ldl", "-lpthread"]
    subprocess.run(command, check=True, timeout=COMPILE_TIMEOUT_S)
    return shim


class LossyDisk:
    """A directory whose writers are watched.

    Programs started with `environment` are. What was there before counts as safe. Only one program at a time.
    """

    def __init__(self, root: Path, shim: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self.root = root
        self._shim = shim
        self._journal = root.with_name(root.name + ".journal")
        self._base = read_tree(root)
        self._journal.unlink(missing_ok=True)

    @property
    def environment(self) -> dict[str, str]:
        """Give what a program's environment needs."""
        return {
            "LD_PRELOAD": str(self._shim),
            "LOSSY_DISK_ROOT": str(self.root.resolve()),
            "LOSSY_DISK_JOURNAL": str(self._journal),
        }

    def replay(self) -> Replay:
        """Read what was done so far."""
        return Replay(self._base, self._journal)

    def lose_power(self, chance: Random | None = None) -> Replay:
        """Put in place what a power cut now would leave, and count it as safe. The writers must be dead.

        Without `chance` all that was not synced is gone; with it some of that survives, partly torn.
        """
        replay = self.replay()
        self._replace(replay.after_power_loss(chance))
        return replay

    def branch(self, root: Path, chance: Random | None = None) -> "LossyDisk":
        """Make another disk with what a power cut now would leave; this one stays as it is."""
        write_tree(root, self.replay().after_power_loss(chance))
        return LossyDisk(root, self._shim)

    def _replace(self, files: dict[str, bytes]) -> None:
        modes = {path: stat.S_IMODE(path.stat().st_mode) for path in self.root.rglob("*") if path.is_file()}
        for path in modes:
            path.unlink()
        write_tree(self.root, files)
        for path, mode in modes.items():
            if path.exists():
                path.chmod(mode)
        self._base = files
        self._journal.unlink(missing_ok=True)
